"""Short hands for tests that plan: an inventory from a dict, a plan from an inventory."""

from __future__ import annotations

import random
from collections.abc import Collection

import pytest

from qplan.candidates.prices import Prices
from qplan.inventory.model import Inventory
from qplan.optimizer.cuts.components import apart_alone
from qplan.optimizer.heuristics.guided_search import GuidedSearch
from qplan.optimizer.limits import SearchParameters, StopReason
from qplan.optimizer.model.formulation import Formulation
from qplan.optimizer.model.stage import Incumbent, Task
from qplan.optimizer.planner import Result, optimize
from qplan.plan.model import InventoryRef
from qplan.time_budget import TimeBudget

REF = InventoryRef(name="test", sha256="", files=(), scenario=None, set={}, effective_sha256="")
PATIENCE_S = 600.0  # for what takes less than a second alone: tests of values must not fail on a loaded machine


def planned(inventory: dict | Inventory, gap: float = 0.0, solver: str = "highs") -> Result:
    """Fails as out of time, not as wrong, where the time ended the search."""
    if isinstance(inventory, dict):
        inventory = Inventory.model_validate(inventory)
    result = optimize(inventory, REF, solver, SearchParameters(gap, TimeBudget.of(PATIENCE_S)))
    if result.search.stopped_by is StopReason.TIME_LIMIT:
        pytest.fail("out of time: nothing is known of the value")
    return result


def singles_apart(model: Formulation, binding: Collection[str]) -> list[frozenset[str]]:
    """In place of `ways_apart`: ends of one corridor, and no others."""
    return [apart_alone(model.inventory, binding)]


def plan_on_some_links(task: Task, prices: Prices, rng: random.Random) -> Incumbent | None:
    """A plan, seldom a good one: often with cycles, and ends that do not relay."""
    links = [link.id for link in task.candidates.links if rng.random() < 0.8]
    return GuidedSearch(task, prices, links).plan(None, {link: rng.random() for link in links}, {})


def worth(result: Result, inventory: Inventory) -> tuple | None:
    """What an optimal plan is judged by: priority served, value, tco where it breaks ties; None if infeasible."""
    if result.plan is None:
        assert result.search.status == "infeasible"
        return None
    assert result.plan.status == "optimal"
    optional = (inventory.corridors[q.id] for q in result.plan.corridors if q.served)
    priority = sum(corridor.priority for corridor in optional if not corridor.required)
    tie_break = result.plan.costs.tco if inventory.objective == "relays" else 0.0
    return round(priority, 6), result.plan.objective.value, tie_break
