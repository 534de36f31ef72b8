"""Break-evens and swings against what they are by hand."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

from qplan.assessment.facts import PlanFacts, assess
from qplan.explain.sensitivity import BreakEven, Sensitivities, sensitivities
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


def test_a_driver_that_costs_have_too_moves_the_total_by_the_same():
    stated = detour().model_dump(by_alias=True, mode="json", exclude_unset=True)
    stated["economics"] = {"horizon_years": HORIZON, "discount_rate": 0.04, "contingency": 0.1}
    stated["equipment"]["qkd_systems"]["s"] |= {"life_years": 4, "support_per_year": 3}
    stated["sites"]["a"]["node_cost_per_year"] = 7
    inventory, parameters = Inventory.model_validate(stated), SearchParameters(0.0, TimeBudget.of(60))
    plan = optimize(inventory, REF, "highs", parameters).plan
    swings = sensitivities(Trials("highs", parameters), inventory, plan, {}, lambda driver: None).swings
    drivers = {each.driver: each for each in assess(inventory, plan).costs.drivers}
    shared = [swing for swing in swings if swing.driver in drivers]
    assert {swing.driver for swing in shared} == {"fibre lease", "node hosting", "discount rate"}
    for swing in shared:
        one = drivers[swing.driver]
        assert (swing.lower.held, swing.higher.held) == (float(one.tco_if_lower), float(one.tco_if_higher))


def test_two_plans_meet_where_their_lines_do(found):
    point = next(each for each in found.break_evens if each.driver == "fibre lease")
    assert point.exact and point.at_least == pytest.approx(MEETING, rel=1e-9)
    assert (point.gone, point.new) == ((("a", "b"),), (("a", "c"), ("b", "c")))
    assert break_even_text(point, "EUR") == (
        "fibre lease: above 1.25 times what is stated a–b disappears, a–c, b–c come."
    )
    other = replace(point, gone=(("a", "b"), ("b", "c")), new=(("a", "b"),))
    assert break_even_text(other, "EUR").endswith("b–c disappears, a–b takes another system or route.")


def test_a_loss_is_bracketed(found):
    point = next(each for each in found.break_evens if each.driver == "fibre loss")
    assert not point.exact and point.at_least <= LIMIT_DB / LOSS_DB <= point.at_most
    assert point.at_most - point.at_least < 0.02 and point.gone == (("a", "b"),)


def test_what_never_changes_the_plan_is_told(found):
    point = next(each for each in found.break_evens if each.driver == "system prices and fees")
    assert point.at_most is None and "the same links are the best" in break_even_text(point, "EUR")


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
    assert len(section.points) == len(found.break_evens) and section.pictures[0].startswith("<svg")


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


def test_a_budget_that_a_dearer_plan_breaks_leaves_none():
    sides = {swing.driver: swing.higher for swing in found_for(detour(tco=205.0), **{"fibre lease": 0.5}).swings}
    assert (sides["fibre lease"].anew, sides["fibre lease"].status) == (None, "infeasible")
