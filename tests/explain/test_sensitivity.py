"""Break-evens and swings against what they are by hand."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

from qplan.assessment.facts import PlanFacts, assess
from qplan.explain.sensitivity import BreakEven, Sensitivities, Turnover, sensitivities
from qplan.explain.trials import Trials
from qplan.inventory.model import Inventory
from qplan.optimizer.limits import SearchParameters, Status
from qplan.optimizer.planner import optimize
from qplan.optimizer.search.stages import Search
from qplan.outputs.compare.sensitivity import break_even_text, sensitivity_section
from qplan.plan.model import InventoryRef
from qplan.time_budget import TimeBudget

REF = InventoryRef(name="", sha256="", files=(), scenario=None, set={}, effective_sha256="")
HORIZON = 10
DIRECT, HOP, PRICE = 10.0, 1.0, 100.0  # leases a year, and a system
MEETING = PRICE / (HORIZON * (DIRECT - 2 * HOP))  # price + 10 × direct × f = 2 × price + 10 × 2 × hop × f
LIMIT_DB, LOSS_DB = 20.0, 16.0
SITE_COSTS = ("node_cost", "node_cost_per_year", "relay_cost", "relay_cost_per_year")


def detour(**budget: float) -> Inventory:
    """From a to b over one dear fibre, or over a relay with two systems on two cheap ones."""
    return Inventory.model_validate_json(
        json.dumps(
            {
                "qplan": 1,
                "sites": {"a": {}, "b": {}, "c": {}},
                "fibres": {
                    "ab": {"ends": ["a", "b"], "length_km": 1, "loss_db": LOSS_DB, "cost_per_strand_km_year": DIRECT},
                    "ac": {"ends": ["a", "c"], "length_km": 1, "loss_db": 5, "cost_per_strand_km_year": HOP},
                    "bc": {"ends": ["b", "c"], "length_km": 1, "loss_db": 5, "cost_per_strand_km_year": HOP},
                },
                "equipment": {"qkd_systems": {"s": {"key_rate_curve": [[0, 1000], [LIMIT_DB, 10]], "price": PRICE}}},
                "corridors": {"q": {"ends": ["a", "b"], "key_rate_bps": 1}},
                "policy": {"max_bypass_sites": 0},
                "economics": {"horizon_years": HORIZON, "discount_rate": 0.0},
                "budget": budget,
            }
        )
    )


class Ended(Trials):
    """After so many plans nothing more is proven, or found at all."""

    def __init__(self, left: int, found: bool):
        super().__init__("highs", SearchParameters(0.0, TimeBudget.of(60)))
        self.left, self.found = [left], found  # which parts of the time share

    def plan(self, *arguments, **options) -> Search:
        search = super().plan(*arguments, **options)
        self.left[0] -= 1
        if self.left[0] >= 0:
            return search
        return (
            replace(search, status=Status.FEASIBLE)
            if self.found
            else replace(search, status=Status.UNKNOWN, design=None)
        )


def found_for(inventory: Inventory, trials: Trials | None = None, **spreads: float) -> Sensitivities:
    parameters = SearchParameters(0.0, TimeBudget.of(60))
    plan = optimize(inventory, REF, "highs", parameters).plan
    return sensitivities(trials or Trials("highs", parameters), inventory, plan, spreads, lambda driver: None)


def assessed() -> PlanFacts:
    inventory, parameters = detour(), SearchParameters(0.0, TimeBudget.of(60))
    return assess(inventory, optimize(inventory, REF, "highs", parameters).plan)


@pytest.fixture(scope="module")
def found() -> Sensitivities:
    return found_for(detour())


def all_drivers() -> Inventory:
    """The detour, the only way, with money of every kind; only systems are bought again."""
    stated = detour().model_dump(by_alias=True, mode="json", exclude_unset=True)
    stated["economics"] |= {"discount_rate": 0.04, "contingency": 0.1, "energy_per_kwh": 0.2, "day_rate": 10}
    stated["sites"] = dict.fromkeys("abc", dict.fromkeys(SITE_COSTS, 7))
    stated["fibres"]["ab"]["loss_db"] = LIMIT_DB + 5
    for name in ("ac", "bc"):
        stated["fibres"][name]["setup_cost_per_strand"] = 3
    item = {"price": 11, "support_per_year": 2}
    stated["equipment"] |= {"node_items": {"n": item}, "relay_items": {"r": item}}
    stated["equipment"]["encryptors"] = {"e": {"qkd_licence_per_year": 6}}
    stated["equipment"]["qkd_systems"]["s"] |= {"life_years": 4, "support_per_year": 3, "power_w": 50}
    stated["corridors"]["q"]["encryptor"] = "e"
    stated["services"] = {"w": {"per": "link", "effort_days": 2, "price": 5, "price_per_year": 1}}
    stated["existing"] = {
        "links": {"old": {"ends": ["a", "c"], "fibres": ["ac"], "system": "s", "support_per_year": 4}}
    }
    return Inventory.model_validate(stated)


def test_a_driver_that_costs_have_too_moves_the_total_by_the_same():
    inventory, parameters = all_drivers(), SearchParameters(0.0, TimeBudget.of(60))
    plan = optimize(inventory, REF, "highs", parameters).plan
    swings = {swing.driver: swing for swing in found_for(inventory).swings}
    drivers = {each.driver: each for each in assess(inventory, plan).costs.drivers}
    assert drivers.keys() - swings.keys() == {
        "systems, one-off",
        "refresh",
    }  # system prices and fees, and fees with them
    assert swings.keys() - drivers.keys() == {"system prices and fees", "fibre loss", "key rate", "demand"}
    for name in swings.keys() & drivers.keys():
        sides = (swings[name].lower.held, swings[name].higher.held)
        assert sides == (float(drivers[name].tco_if_lower), float(drivers[name].tco_if_higher)), name
        assert sides[0] != sides[1], name


def test_two_plans_meet_where_their_lines_do(found):
    point = next(each for each in found.break_evens if each.driver == "fibre lease")
    assert point.exact and point.at_least == pytest.approx(MEETING, rel=1e-9)
    assert (point.turnover.gone, point.turnover.new) == ((("a", "b"),), (("a", "c"), ("b", "c")))
    assert break_even_text(point, "EUR") == (
        "fibre lease: above 1.25 times what is stated a–b disappears, a–c, b–c come."
    )
    other = replace(point, turnover=Turnover((("a", "b"), ("b", "c")), (("a", "b"),)))
    assert break_even_text(other, "EUR").endswith("b–c disappears, a–b takes another system or route.")


def test_a_loss_is_bracketed(found):
    point = next(each for each in found.break_evens if each.driver == "fibre loss")
    assert not point.exact and point.at_least <= LIMIT_DB / LOSS_DB <= point.at_most
    assert point.at_most - point.at_least < 0.02 and point.turnover.gone == (("a", "b"),)


def test_what_never_changes_the_plan_is_told_together(found):
    point = next(each for each in found.break_evens if each.driver == "system prices and fees")
    told = sensitivity_section(assessed(), found).points
    assert point.at_most is None and "demand: up to 4 times what is stated the same links are the best." in told
    assert "system prices and fees: up to 3 times what is stated the same links are the best." in told
    assert len(told) == len(found.break_evens)
    more = sensitivity_section(assessed(), replace(found, break_evens=(*found.break_evens, replace(point, driver="x"))))
    assert "system prices and fees, x: up to 3 times what is stated the same links are the best." in more.points


def test_swings_are_those_by_hand(found):
    swings = {swing.driver: swing for swing in found.swings}
    assert "discount rate" not in swings  # it is 0, and so are its multiples
    lease = swings["fibre lease"]
    assert (lease.lower.held, lease.higher.held) == (PRICE + 10 * DIRECT * 0.8, PRICE + 10 * DIRECT * 1.2)
    assert (lease.lower.anew, lease.higher.anew) == (lease.lower.held, lease.higher.held)
    loss = found_for(detour(), **{"fibre loss": 0.3}).swings
    higher = next(swing.higher for swing in loss if swing.driver == "fibre loss")
    assert (higher.held, higher.anew) == (None, 2 * PRICE + 10 * 2 * HOP)


def test_a_plan_holds_where_a_cheaper_system_would_do():
    stated = detour().model_dump(by_alias=True, mode="json", exclude_unset=True)
    stated["equipment"]["qkd_systems"]["short"] = {"key_rate_curve": [[0, 1000], [12, 100]], "price": PRICE / 2}
    stated["fibres"] |= {"ac": {"ends": ["a", "c"], "loss_db": 99}}
    swings = found_for(Inventory.model_validate(stated), **{"fibre loss": 0.3}).swings
    lower = next(swing.lower for swing in swings if swing.driver == "fibre loss")
    assert (lower.held, lower.anew) == (PRICE + 10 * DIRECT, PRICE / 2 + 10 * DIRECT)


def test_a_budget_that_may_bind_is_bracketed_not_computed():
    budgeted = found_for(detour(tco=205.0))
    point = next(each for each in budgeted.break_evens if each.driver == "fibre lease")
    assert not point.exact and point.at_least <= 1.05 <= point.at_most


def test_the_section_draws_and_says_it(found):
    section = sensitivity_section(assessed(), found)
    assert section.points and section.pictures[0].startswith("<svg")


@pytest.mark.parametrize("anything", [True, False])
def test_where_nothing_was_proven_nothing_is_said(anything):
    found = found_for(detour(), Ended(0, anything))
    for point in found.break_evens:
        assert break_even_text(point, "EUR").endswith("where another plan would be better was not decided in time.")
    names = {swing.driver for swing in found.swings}
    sides = {f"{name} ({side})" for name in names for side in ("lower", "higher")}
    ends = {f"{point.driver} (break-even)" for point in found.break_evens}
    assert set(found.undecided) == sides | ends
    assert f"Not decided in time: {', '.join(found.undecided)}." in sensitivity_section(assessed(), found).paragraphs


def test_what_was_proven_before_the_time_ended_is_said(found):
    whole = {point.driver: point for point in found.break_evens}
    assert not found.undecided
    for left in range(2 * len(found.swings), 60):
        for point in found_for(detour(), Ended(left, True)).break_evens:
            _agrees(point, whole[point.driver])


def _agrees(early: BreakEven, late: BreakEven) -> None:
    """What is said early is no more than what is said with all the time."""
    if early.decided:
        assert early == late
    elif early.at_least is not None:
        assert early.at_least <= late.at_least and late.at_most <= early.at_most
        assert break_even_text(early, "EUR").endswith("; where was not decided more closely in time.")


@pytest.mark.parametrize(
    ("rate_bps", "said"),
    [(400.0, "there is no plan any more."), (20.0, "another plan is the best.")],  # no room; one system more
)
def test_no_plan_is_told_apart_from_one_with_the_same_links(rate_bps, said):
    stated = detour().model_dump(by_alias=True, mode="json", exclude_unset=True)
    stated["corridors"]["q"]["key_rate_bps"] = rate_bps
    stated["fibres"]["ac"]["cost_per_strand_km_year"] = 100 * DIRECT
    points = found_for(Inventory.model_validate(stated)).break_evens
    demand = next(each for each in points if each.driver == "demand")
    assert break_even_text(demand, "EUR").endswith(f"what is stated {said}")


def with_option(capex: float) -> Inventory:
    """A system for the corridor, and one for another that is served within the budget."""
    stated = detour(capex=capex).model_dump(by_alias=True, mode="json", exclude_unset=True)
    stated["fibres"]["bc"]["cost_per_strand_km_year"] = 100 * DIRECT
    stated["corridors"]["opt"] = {"ends": ["a", "c"], "key_rate_bps": 1, "required": False}
    return Inventory.model_validate(stated)


@pytest.mark.parametrize(
    ("capex", "falls", "cell", "said"),
    [
        (1.71 * PRICE, True, "EUR 270, with opt", " downwards opt is served too, a–c comes."),
        (2.3 * PRICE, False, "EUR 220, without opt", " opt is no longer served, a–c disappears."),
    ],
)
def test_corridors_that_come_and_go_are_named_beside_the_total(capex, falls, cell, said):
    found = found_for(with_option(capex))
    swing = next(each for each in found.swings if each.driver == "system prices and fees")
    assert not swing.lower.over_budget and swing.higher.over_budget is not falls
    (row,) = (row for row in sensitivity_section(assessed(), found).tables[0].rows if row[0] == swing.driver)
    assert row[4 if falls else 5] == cell and ("over the budget" in row[3]) is not falls
    point = next(each for each in found.break_evens if (each.driver, each.falls) == (swing.driver, falls))
    assert point.at_least <= capex / (2 * PRICE) <= point.at_most <= point.at_least + 0.07
    assert break_even_text(point, "EUR").endswith(said)


def test_where_a_driver_falls_to_another_plan_is_told_where_that_is_within_its_spread():
    points = found_for(detour(), **{"fibre lease": 0.5, "key rate": 0.9}).break_evens
    assert not [point for point in points if point.falls]
    dear = detour().model_dump(by_alias=True, mode="json", exclude_unset=True)
    dear["fibres"]["ab"]["cost_per_strand_km_year"] = 2 * DIRECT  # the detour is the best, down to where lines meet
    (point,) = (
        point for point in found_for(Inventory.model_validate(dear), **{"fibre lease": 0.5}).break_evens if point.falls
    )
    meeting = PRICE / (HORIZON * (2 * DIRECT - 2 * HOP))
    assert point.driver == "fibre lease" and point.exact and point.at_most == pytest.approx(meeting, rel=1e-9)
    assert break_even_text(point, "EUR").startswith("fibre lease: below 0.5556 times what is stated a–c, b–c disappear")


def test_a_budget_that_a_dearer_plan_breaks_leaves_none():
    sides = {swing.driver: swing.higher for swing in found_for(detour(tco=205.0), **{"fibre lease": 0.5}).swings}
    assert (sides["fibre lease"].anew, sides["fibre lease"].status) == (None, "infeasible")
