"""The pipeline, readable aloud: candidates → search → verify → plan."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from pathlib import Path

import qplan
from qplan.candidates.design import Design
from qplan.candidates.links import enumerate_candidates
from qplan.candidates.model import BypassLimit, CandidateGraph
from qplan.errors import SolverFailed
from qplan.inventory.model import Inventory
from qplan.optimizer.limits import ENDED_BY_ITSELF, SearchParameters, Status, StopReason, gap
from qplan.optimizer.model.changes import Reference, reference_to
from qplan.optimizer.model.designs import design_of
from qplan.optimizer.model.stage import Task, WarmStart
from qplan.optimizer.search.stages import Search, bound_of_ends, objective_value, search_plan
from qplan.optimizer.solvers.lp import write_lp
from qplan.optimizer.solvers.versions import solver_version
from qplan.plan.model import InventoryRef, Objective, Plan, ServedCorridor, Solver
from qplan.plan.verify.verifier import verify
from qplan.time_budget import OutOfTime

REACH_SHARE = 0.4  # of the time, at the most, goes to the enumeration of what could be built


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
    parameters: SearchParameters,
    lp_file: Path | None = None,
    earlier: Plan | None = None,
    keep: Plan | None = None,
    change_cost: float = 0.0,
) -> Result:
    """Plan an inventory, from an earlier plan if one is given; the whole model of its last stage goes to `lp_file`.

    The plan has the fewest changes against `keep`, if given; else each change against `earlier` costs `change_cost`.
    Raises SolverFailed where the solver fails or its plan does not verify.
    """
    against = keep or (earlier if change_cost else None)
    reference = None if against is None else reference_to(against, change_cost, first=keep is not None)
    counted = frozenset[str]() if reference is None else reference.links
    used = frozenset(f for plan in (earlier, keep) if plan is not None for link in plan.links for f in link.fibres)
    candidates = enumerate_candidates(inventory, counted, parameters.clock.share(REACH_SHARE), used)
    tasks: list[Task] = []
    begun = earlier or keep
    start = WarmStart() if begun is None else _start_from(inventory, candidates, begun)
    search = search_plan(inventory, candidates, solver, parameters, tasks.append, start, reference=reference)
    if lp_file is not None:
        search = _write_model(search, tasks[-1], lp_file)
    if candidates.bypass_limit is not None:
        search = _weaken(search, candidates.bypass_limit, bound_of_ends(inventory, candidates))
    if search.design is None:
        return Result(search, candidates, None)
    plan = _make_plan(inventory, ref, search, search.design, solver, parameters.gap, reference)
    if earlier is not None:
        plan = plan.model_copy(update={"start_sha256": earlier.sha256})
    violations = verify(inventory, plan, against)
    if violations:
        found = "\n".join(f"  {violation.text()}" for violation in violations)
        raise SolverFailed(f"the plan that {plan.solver.name} returned does not hold and was not written:\n{found}")
    return Result(search, candidates, plan)


def _write_model(search: Search, task: Task, lp_file: Path) -> Search:
    """Write the whole model, however long that takes, unless the user asks for an end: then the search says so."""
    try:
        model = task.exact_model(replace(task.clock, deadline=math.inf))
        write_lp(model, task.stage.goal(model), lp_file)
    except OutOfTime:
        return replace(search, notes=(*search.notes, "The model was not written, for want of time."))
    return search


def _start_from(inventory: Inventory, candidates: CandidateGraph, earlier: Plan) -> WarmStart:
    """What an earlier plan is worth for this inventory: its paths where they all still hold, its links in any case."""
    links = frozenset(link.id for link in earlier.links).intersection(link.id for link in candidates.links)
    paths = {q.id: q.paths for q in earlier.corridors if q.served}
    corridors = tuple(
        ServedCorridor(id=q, served=q in paths, key_rate_bps=corridor.demand_bps, paths=paths.get(q, ()))
        for q, corridor in sorted(inventory.corridors.items())
    )
    if any(not links.issuperset(path.links) for q in corridors for path in q.paths):
        return WarmStart(None, links)
    design = design_of(inventory, candidates, corridors)
    search = Search(Status.FEASIBLE, StopReason.INTERRUPT, design, objective_value(inventory, design))
    again = _make_plan(inventory, earlier.inventory, search, design, "highs", 0.0)
    return WarmStart(None if verify(inventory, again) else design, links)


def _weaken(search: Search, bypass_limit: BypassLimit, bound: tuple[float, str]) -> Search:
    """Say no more than what holds where routes were left out; the bound that holds all the same, and what gives it."""
    note = f"{bypass_limit.text} A cheaper plan may exist, so this one is not called optimal."
    weaker = {Status.OPTIMAL: Status.FEASIBLE, Status.INFEASIBLE: Status.UNKNOWN}
    reason = StopReason.ROUTE_LIMIT if search.stopped_by in ENDED_BY_ITSELF else search.stopped_by
    status = weaker.get(search.status, search.status)
    least, method = bound
    return replace(search, status=status, stopped_by=reason, bound=least, method=method, notes=(*search.notes, note))


def _make_plan(
    inventory: Inventory,
    ref: InventoryRef,
    search: Search,
    design: Design,
    solver: str,
    gap_asked: float,
    reference: Reference | None = None,
) -> Plan:
    name, version = solver_version(solver)
    value = objective_value(inventory, design, reference)
    return Plan(
        qplan_version=qplan.__version__,
        inventory=ref,
        status="optimal" if search.status is Status.OPTIMAL else "feasible",
        objective=Objective(
            name=inventory.objective,
            value=value,
            bound=search.bound,
            gap=None if search.bound is None else gap(value, search.bound),
            change_cost=reference.change_cost if reference is not None and not reference.first else None,
            changes=None if reference is None else reference.changes(design),
        ),
        nodes=design.nodes,
        links=design.links,
        corridors=design.corridors,
        costs=design.costs,
        offers=design.offers,
        solver=Solver.model_validate(
            {
                "name": name,
                "version": version,
                "stopped_by": search.stopped_by.value,
                "gap_asked": gap_asked,
                "method": search.method,
            }
        ),
        notes=search.notes,
    )
