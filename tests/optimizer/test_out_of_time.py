"""The time ends at the n-th look at the clock, for many n: what is said then of value and bound is true."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

import pytest
from networks import ONE, fibre, network
from oracle.engine_instances import engine_instance
from oracle.search import best_value
from planning import REF

from qplan.candidates import routes
from qplan.candidates.links import enumerate_candidates
from qplan.explain.infeasibility.explanation import explain
from qplan.inventory.model import Inventory
from qplan.optimizer.limits import ENDED_BY_ITSELF, SearchParameters, Status
from qplan.optimizer.planner import optimize
from qplan.optimizer.search.stages import search_plan
from qplan.time_budget import OutOfTime, TimeBudget

SEEDS = (1, 2, 3)


@dataclass(frozen=True)
class Countdown(TimeBudget):
    """Over at a look inside a step, however early the steps themselves have looked."""

    left: list[int] = field(default_factory=lambda: [10**9])

    def check(self) -> None:
        self.left[0] -= 1
        if self.left[0] < 0:
            raise OutOfTime


@pytest.mark.parametrize("seed", SEEDS)
def test_a_step_that_is_given_up_leaves_what_was_known(seed):
    inventory = Inventory.model_validate(engine_instance(seed))
    best, candidates = best_value(inventory), enumerate_candidates(inventory)
    looks, ended = 0, None
    while ended not in ENDED_BY_ITSELF:
        clock = Countdown(left=[looks])
        found = search_plan(inventory, candidates, "highs", replace(SearchParameters(0.0), clock=clock))
        ended = found.stopped_by
        assert not found.notes or best is None
        if best is None:
            assert found.status in (Status.UNKNOWN, Status.INFEASIBLE)
        elif found.design is None:
            assert found.status is Status.UNKNOWN and 0 <= found.bound <= best.value + 0.01
        else:
            assert found.bound - 0.01 <= best.value <= found.value + 0.01
        looks = looks * 3 // 2 + 25
    assert looks > 25 or best is None


@pytest.mark.parametrize(
    ("seconds", "most", "why"),
    [(0.0, 60_000, "the routes were not all looked at in time"), (60.0, 0, "the fibre graph has too many routes to")],
)
def test_plan_and_explanation_say_why_routes_were_left_out(monkeypatch, seconds, most, why):
    monkeypatch.setattr(routes, "MAX_ROUTES", most)
    inventory = network({"f": fibre("b", "m"), "g": fibre("m", "a")}, ONE, policy={"max_bypass_sites": 1})
    parameters = SearchParameters(0.0, TimeBudget.of(seconds))
    result = optimize(inventory, REF, "highs", parameters)
    explanation = explain(inventory, result.candidates, "unknown", "highs", parameters)
    for notes in (result.search.notes, explanation.notes):
        assert any(f"through at most 0 patched sites were considered: {why}" in note for note in notes)
