"""Short hands for tests that plan: an inventory from a dict, a plan from an inventory."""

from __future__ import annotations

from qplan.inventory.model import Inventory
from qplan.optimizer.limits import SearchParameters
from qplan.optimizer.planner import Result, optimize
from qplan.plan.model import InventoryRef
from qplan.time_budget import TimeBudget

REF = InventoryRef(name="test", sha256="", files=(), scenario=None, set={}, effective_sha256="")


def planned(inventory: dict | Inventory, gap: float = 0.0, solver: str = "highs", seconds: float = 60.0) -> Result:
    if isinstance(inventory, dict):
        inventory = Inventory.model_validate(inventory)
    return optimize(inventory, REF, solver, SearchParameters(gap, TimeBudget.of(seconds)))


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
