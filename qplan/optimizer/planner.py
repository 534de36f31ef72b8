"""The pipeline, readable aloud: reach → search → verify → plan."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, replace
from pathlib import Path

import qplan
from qplan.candidates.design import design_of
from qplan.candidates.links import enumerate_candidates
from qplan.candidates.model import CandidateGraph
from qplan.errors import SolverFailed
from qplan.inventory.model import Inventory
from qplan.optimizer.limits import SearchLimits
from qplan.optimizer.model.stage import Task, WarmStart
from qplan.optimizer.search.stages import Search, gap, search_plan
from qplan.optimizer.solvers.arrays import write_lp
from qplan.optimizer.solvers.solver import solver_version
from qplan.plan.model import InventoryRef, Objective, Plan, ServedCorridor, Solver
from qplan.plan.verify.verifier import verify


@dataclass(frozen=True)
class Result:
    """A verified plan, or none: then `search` says whether nothing is possible or nothing was found in time."""

    search: Search
    candidates: CandidateGraph
    plan: Plan | None


def optimize(
    inventory: Inventory,
    ref: InventoryRef,
    solver: str,
    limits: SearchLimits,
    lp_file: Path | None = None,
    earlier: Plan | None = None,
) -> Result:
    """Plan an inventory, from an earlier plan if one is given; the whole model of its last stage goes to `lp_file`.

    Raises SolverFailed where the solver fails or its plan does not verify.
    """
    graph = enumerate_candidates(inventory)
    tasks: list[Task] = []
    start = WarmStart() if earlier is None else _start(inventory, graph, earlier)
    search = search_plan(inventory, graph, solver, limits, tasks.append, start)
    if lp_file is not None:
        model = tasks[-1].exact_model()
        write_lp(model, tasks[-1].stage.goal(model), lp_file)
    if graph.bypass_limit is not None:
        search = _routes_left_out(search, graph.bypass_limit)
    if search.design is None:
        return Result(search, graph, None)
    plan = _plan(inventory, ref, search, solver, limits.gap)
    if earlier is not None:
        plan = plan.model_copy(update={"start_sha256": hashlib.sha256(earlier.to_json().encode()).hexdigest()})
    violations = verify(inventory, plan)
    if violations:
        found = "\n".join(f"  {violation.text()}" for violation in violations)
        raise SolverFailed(f"the plan that {plan.solver.name} returned does not hold and was not written:\n{found}")
    return Result(search, graph, plan)


def _start(inventory: Inventory, graph: CandidateGraph, earlier: Plan) -> WarmStart:
    """What an earlier plan is worth for this inventory: its paths where they all still hold, its links in any case."""
    links = frozenset(link.id for link in earlier.links).intersection(link.id for link in graph.links)
    paths = {q.id: q.paths for q in earlier.corridors if q.served}
    corridors = tuple(
        ServedCorridor(id=q, served=q in paths, key_rate_bps=corridor.demand_bps, paths=paths.get(q, ()))
        for q, corridor in sorted(inventory.corridors.items())
    )
    if any(not links.issuperset(path.links) for q in corridors for path in q.paths):
        return WarmStart(None, links)
    design = design_of(inventory, graph, corridors)
    value = float(design.relay_count) if inventory.objective == "relays" else getattr(design.costs, inventory.objective)
    again = _plan(inventory, earlier.inventory, Search("feasible", "interrupt", design, value), "highs", 0.0)
    return WarmStart(None if verify(inventory, again) else design, links)


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
        solver=Solver(
            name=name, version=version, stopped_by=search.stopped_by, gap_asked=gap_asked, method=search.method
        ),
        notes=search.notes,
    )
