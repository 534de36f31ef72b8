"""The pipeline, readable aloud: reach → search → verify → plan."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

import qplan
from qplan.errors import SolverFailed
from qplan.inventory.model import Inventory
from qplan.plan.model import InventoryRef, Objective, Plan, Solver
from qplan.plan.verify import verify
from qplan.planning.reach import ReachGraph, reach
from qplan.planning.search import Search, gap, search_plan
from qplan.planning.solver import SearchLimits, solver_version, write_lp
from qplan.planning.task import Task


@dataclass(frozen=True)
class Result:
    """A verified plan, or none: then `search` says whether nothing is possible or nothing was found in time."""

    search: Search
    reach: ReachGraph
    plan: Plan | None


def optimise(
    inventory: Inventory, ref: InventoryRef, solver: str, limits: SearchLimits, lp_file: Path | None = None
) -> Result:
    """Plan an inventory; the whole model of its last stage goes to `lp_file`.

    Raises SolverFailed where the solver fails or its plan does not verify.
    """
    graph = reach(inventory)
    tasks: list[Task] = []
    search = search_plan(inventory, graph, solver, limits, tasks.append)
    if lp_file is not None:
        model = tasks[-1].exact_model()
        write_lp(model, tasks[-1].stage.goal(model), lp_file)
    if graph.bypass_limit is not None:
        search = _routes_left_out(search, graph.bypass_limit)
    if search.design is None:
        return Result(search, graph, None)
    plan = _plan(inventory, ref, search, solver, limits.gap)
    violations = verify(inventory, plan)
    if violations:
        found = "\n".join(f"  {violation.text()}" for violation in violations)
        raise SolverFailed(f"the plan that {plan.solver.name} returned does not hold and was not written:\n{found}")
    return Result(search, graph, plan)


def _routes_left_out(search: Search, bypass_limit: int) -> Search:
    note = (
        f"The fibre graph has too many routes to consider all: only QKD links through at most {bypass_limit} "
        "patched sites were considered. A cheaper plan may exist, so this one is not called optimal."
    )
    status = {"optimal": "feasible", "infeasible": "unknown"}.get(search.status, search.status)
    reason = "route_limit" if search.stopped_by in ("proof", "gap") else search.stopped_by
    return replace(search, status=status, stopped_by=reason, bound=None, notes=(*search.notes, note))


def _plan(inventory: Inventory, ref: InventoryRef, search: Search, solver: str, gap_asked: float) -> Plan:
    name, version = solver_version(solver)
    design = search.design
    return Plan(
        qplan_version=qplan.__version__,
        inventory=ref,
        status=search.status,
        objective=Objective(
            name=inventory.objective,
            value=search.value,
            bound=search.bound,
            gap=None if search.bound is None else gap(search.value, search.bound),
        ),
        nodes=design.nodes,
        links=design.links,
        corridors=design.corridors,
        costs=design.costs,
        solver=Solver(name=name, version=version, stopped_by=search.stopped_by, gap_asked=gap_asked),
        notes=search.notes,
    )
