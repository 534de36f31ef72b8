"""Each rule of offers, tiers, years and existing plant on a case that pen and paper solve."""

from __future__ import annotations

import math

import numpy as np
import pytest
from networks import LINE, ONE, corridor, fibre, network, system
from planning import REF, planned

from qplan.optimizer.limits import SearchParameters
from qplan.optimizer.planner import optimize
from qplan.optimizer.solvers.small_program import SmallProgram
from qplan.plan.model import Plan
from qplan.time_budget import TimeBudget

FLAT = {"discount_rate": 0.0}
SPAN = {"f": fibre("a", "b", strands=99)}
LOOP = {**LINE, "d": fibre("a", "b")}
PILOT = {
    "west": {"ends": ["a", "m"], "fibres": ["f"], "system": "q"},
    "east": {"ends": ["b", "m"], "fibres": ["g"], "system": "q"},
}


def plan(*args, **rest) -> Plan:
    return planned(network(*args, **rest)).plan


def existing(**fields) -> dict:
    return {"links": {name: link | fields for name, link in PILOT.items()}, "relays": ["m"]}


def offer(**fields) -> dict:
    return {"for": "qkd_systems.q"} | fields


@pytest.mark.parametrize(("years", "bought", "tco"), [(10, "managed", 490), (1, "buy", 230)])
def test_a_managed_offer_beats_purchase_in_the_long_run_only(years, bought, tco):
    """Purchase 200 + 30 a year, managed 10 + 4 a month in terms of 60 months.

    Over ten years 500 against 10 + 480; over one year 230 against 10 + 240, as a whole term is paid.
    """
    offers = {
        "buy": offer(list_price=200, support_per_year=30),
        "managed": offer(kind="managed", setup_fee=10, fee_per_month=4, term_months=60),
    }
    found = plan(SPAN, ONE, offers=offers, economics=FLAT | {"horizon_years": years})
    assert (found.links[0].offer, found.costs.tco) == (bought, tco)


def test_nine_units_cost_less_as_ten():
    """9 × 100 = 900, but from ten on 80 each: ten are paid, 800, and nine installed."""
    offers = {"o": offer(list_price=100, tiers=[{"from": 10, "discount": 0.2}])}
    found = plan(SPAN, {"c": corridor("a", "b", key_rate_bps=9000.0)}, offers=offers, economics={"horizon_years": 0})
    assert (found.costs.capex, found.links[0].count) == (800, 9)
    assert (found.offers[0].units, found.offers[0].paid, found.offers[0].tier_from) == (9, 10, 10)
    eight = plan(SPAN, {"c": corridor("a", "b", key_rate_bps=8000.0)}, offers=offers, economics={"horizon_years": 0})
    assert (eight.costs.capex, eight.offers[0].paid) == (800, 8)  # as dear: no more is paid than is needed


def test_an_existing_detour_beats_a_new_direct_link():
    """Over m two links and the relay are there and cost 2 × 3 a year; a direct one costs 100."""
    found = plan(LOOP, ONE, existing=existing(support_per_year=3), economics=FLAT)
    assert [link.existing for link in found.links] == [1, 1]
    assert (found.costs.capex, found.costs.tco) == (0, 60)
    assert plan(LOOP, ONE, economics=FLAT).costs.tco == 100


@pytest.mark.parametrize(("keep", "links", "tco"), [(True, 3, 100 + 10 * 40), (False, 1, 100)])
def test_what_need_not_stay_is_retired(keep, links, tco):
    """The detour costs 2 × 20 a year and m may not relay: direct for 100, with what stays beside it."""
    found = plan(
        LOOP,
        {"c": corridor("a", "b", max_relays=0)},
        existing=existing(support_per_year=20, keep=keep),
        economics=FLAT,
    )
    assert (len(found.links), found.costs.tco) == (links, tco)
    assert [node.roles for node in found.nodes if node.site == "m"] == ([()] if keep else [])


def test_a_refresh_in_year_8_of_10():
    """A life of 8 years: 100 at once and 100 in year 8; bought 3 years before year 1: in year 5 alone."""
    systems = {"q": system(life_years=8)}
    new = plan(SPAN, ONE, systems=systems, economics=FLAT)
    assert new.costs.tco == 200
    assert [(y.first, y.last, y.refresh) for y in new.costs.by_year] == [(1, 7, 0), (8, 8, 100), (9, 10, 0)]
    there = {"links": {"x": {"ends": ["a", "b"], "fibres": ["f"], "system": "q", "bought": "2024-01"}}}
    old = plan(SPAN, ONE, systems=systems, existing=there, economics=FLAT | {"start": "2027-01"})
    assert old.costs.tco == 100
    assert [(y.first, y.last, y.refresh) for y in old.costs.by_year] == [(1, 4, 0), (5, 5, 100), (6, 10, 0)]


def test_a_lease_of_36_months_over_ten_years_pays_144():
    """Four terms of 36 months cover 120: 12 months a year, 36 in the last; opex per year says 12."""
    offers = {"o": offer(kind="lease", fee_per_month=1, term_months=36)}
    found = plan(SPAN, ONE, offers=offers, economics=FLAT)
    assert (found.costs.tco, found.costs.opex_per_year) == (144, 12)
    assert [(y.first, y.last, y.opex) for y in found.costs.by_year] == [(1, 9, 12), (10, 10, 36)]


def test_a_budget_makes_one_of_two_links_leased():
    """Two links, 100 each or 3 a month (360 in ten years): with 150 at once one is bought and one let."""
    offers = {"buy": offer(list_price=100), "let": offer(kind="lease", fee_per_month=3, term_months=12)}
    ends = {"c": corridor("a", "m"), "d": corridor("m", "b")}
    free = plan(LINE, ends, offers=offers, economics=FLAT)
    tight = plan(LINE, ends, offers=offers, economics=FLAT, budget={"capex": 150})
    assert (free.costs.tco, tight.costs.tco) == (200, 460)
    assert sorted(link.offer for link in tight.links) == ["buy", "let"]


def test_fewest_changes_come_before_money():
    """The earlier plan was direct; a pair of cheap links over m would save 30 but change three links and a relay."""
    dear = {"f": fibre("a", "m"), "g": fibre("m", "b"), "d": fibre("a", "b", setup_cost_per_strand=130)}
    earlier = plan(LOOP, ONE)
    assert [link.fibres for link in earlier.links] == [("d",)]

    def again(**options) -> Plan:
        return optimize(network(dear, ONE), REF, "highs", SearchParameters(0.0, TimeBudget.of(60)), **options).plan

    assert again().costs.tco == 200
    kept = again(keep=earlier)
    assert (kept.costs.tco, kept.objective.changes) == (230, 0)
    for cost, tco, changes in ((5.0, 200, 4), (10.0, 230, 0)):  # four changes are worth 30 below 7.50 each
        found = again(earlier=earlier, change_cost=cost)
        assert (found.costs.tco, found.objective.changes) == (tco, changes)
        assert found.objective.value == tco + cost * changes


def test_where_nothing_is_left_to_choose_the_ceiling_decides():
    """As in a plan of existing plant alone under a budget."""
    program, nothing = SmallProgram(), np.zeros(0)
    assert program.minimum(nothing, [(-math.inf, {}, 1.0)]) is not None
    assert program.minimum(nothing, [(-math.inf, {}, -1.0)]) is None
