"""About one corridor of an inventory, planned as if it were the only one."""

from __future__ import annotations

from dataclasses import replace

from qplan.inventory.model import Inventory
from qplan.plan.model import InventoryRef, Plan
from qplan.planning.about_corridor import about_corridor
from qplan.planning.alternatives import Replanner
from qplan.planning.answers import Answer
from qplan.planning.margins import margins
from qplan.planning.planner import optimise
from qplan.planning.what_if import Trials, alone_of


def about_alone(trials: Trials, inventory: Inventory, ref: InventoryRef, q: str) -> tuple[Plan, Answer] | None:
    """The best plan for the corridor alone, and what can be said of it; None where none was found in time.

    The corridor can be served. Raises SolverFailed.
    """
    alone = alone_of(inventory, q)
    plan = optimise(alone, ref, trials.solver, trials.limits).plan
    if plan is None:
        return None
    answer = about_corridor(Replanner(trials, alone, plan), plan.corridors[0])
    return plan, replace(answer, without=(), margins=tuple(margins(trials, alone)))
