"""The pipeline, readable aloud: reach → formulate → solve in stages → assemble → verify → plan."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

import qplan
from qplan.errors import SolverFailed
from qplan.inventory.model import Inventory
from qplan.plan.model import InventoryRef, Objective, Plan, Solver
from qplan.plan.verify import verify
from qplan.planning.assemble import Design, assemble
from qplan.planning.formulation import (
    Formulation,
    Goal,
    cost_goal,
    formulate,
    lost_priority_goal,
    relays_goal,
)
from qplan.planning.reach import ReachGraph, reach
from qplan.planning.solver import SearchLimits, Solution, solve, solver_version, write_lp

CENT = 0.01
PRIORITY_TOLERANCE = 1e-7  # of the largest priority: totals closer than this count as equal
BOUND_SAFETY = 1e-9  # relative; taken off a solver's bound, far above its rounding and far below any gap asked for


@dataclass(frozen=True)
class Search:
    """How the search ended: a design with value and bound of the objective, or none and why."""

    status: str  # "optimal" | "feasible" | "infeasible" | "unknown"
    stopped_by: str
    design: Design | None = None
    value: float | None = None
    bound: float | None = None
    notes: tuple[str, ...] = ()


@dataclass(frozen=True)
class Result:
    """A verified plan, or none: then `search` says whether nothing is possible or nothing was found in time."""

    search: Search
    reach: ReachGraph
    plan: Plan | None


@dataclass(frozen=True)
class Stage:
    """One minimisation; `hold` adds the row that later stages keep to; an exact stage is solved at gap 0."""

    goal: Goal
    exact: bool
    hold: Callable[[Formulation, Solution], None] | None
    measure: Callable[[Design], float] | None  # value of the objective in a design, where the stage optimises it


def optimise(
    inventory: Inventory, ref: InventoryRef, solver: str, limits: SearchLimits, lp_file: Path | None = None
) -> Result:
    """Plan an inventory; the model as last solved goes to `lp_file`.

    Raises SolverFailed where the solver fails or its plan does not verify.
    """
    graph = reach(inventory)
    model = formulate(inventory, graph)
    stages = planning_stages(model)
    try:
        search = search_plan(model, stages, solver, limits)
    finally:
        if lp_file is not None:
            write_lp(model, lp_file)
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


def planning_stages(model: Formulation) -> list[Stage]:
    """The order of `MODEL.md` "Optimum": priority of optional corridors, the objective, the tie-break of `relays`."""
    stages = []
    if model.served:
        stages.append(Stage(lost_priority_goal(model), True, _hold_priority, None))
    if model.inventory.objective == "relays":
        stages.append(Stage(relays_goal(model), True, _hold_relays, lambda design: float(design.relay_count)))
        stages.append(Stage(cost_goal(model, "tco"), False, None, None))
    else:
        metric = model.inventory.objective
        stages.append(
            Stage(cost_goal(model, metric), False, None, lambda design: getattr(design.costs, metric))
        )
    return stages


def search_plan(model: Formulation, stages: list[Stage], solver: str, limits: SearchLimits) -> Search:
    """Solve the stages in turn, each from the solution of the one before; stop at the first that a limit ends."""
    last: Solution | None = None
    bound: float | None = None
    for stage in stages:
        exact = replace(limits, gap=0.0) if stage.exact else limits
        found = solve(model, stage.goal, solver, exact, last.values if last else None)
        if stage.measure is not None:
            bound = found.bound
        if found.values is None and last is None:
            return Search("infeasible" if found.infeasible else "unknown", found.stopped_by)
        unfinished = found.values is None or found.stopped_by in ("time_limit", "interrupt")
        last = last if found.values is None else found
        if unfinished:
            return _ended(model, last, bound, "time_limit" if found.infeasible else found.stopped_by)
        if stage.hold is not None:
            stage.hold(model, found)
    return _ended(model, last, bound, last.stopped_by, proven_within=limits.gap)


def _ended(
    model: Formulation, last: Solution, bound: float | None, stopped_by: str, proven_within: float | None = None
) -> Search:
    """The search with its design; optimal only where every stage ended by itself and the gap is kept."""
    design = assemble(model, last)
    objective = model.inventory.objective
    value = float(design.relay_count) if objective == "relays" else getattr(design.costs, objective)
    bound = _rounded_bound(objective, value, bound)
    within = proven_within is not None and bound is not None and gap(value, bound) <= proven_within
    notes = ()
    if objective == "relays" and not within and bound == value:
        notes = ("The number of relays is proven the least; that no plan with as few relays has a lower tco is not.",)
    return Search("optimal" if within else "feasible", stopped_by, design, value, bound, notes)


def gap(value: float, bound: float) -> float:
    """Relative gap as it stands in the plan file."""
    return (value - bound) / max(abs(value), 1e-9)


def _rounded_bound(objective: str, value: float, bound: float | None) -> float | None:
    """A bound that is still valid after rounding: counts rounded up, money down to the cent; never above the value."""
    if bound is None:
        return None
    if objective == "relays":
        return min(value, float(math.ceil(bound - 1e-6)))
    bound -= BOUND_SAFETY * abs(bound)
    if value - bound < CENT:  # money is exact to the cent
        return value
    return max(0.0, math.floor(bound / CENT) * CENT)


def _hold_priority(model: Formulation, found: Solution) -> None:
    """Σ priority · served(q) ≥ the highest total found, in units of the largest priority."""
    gained = [(variable, -weight) for variable, weight in lost_priority_goal(model).terms]
    highest = sum(weight for variable, weight in gained if found.chosen(variable))
    model.add(gained, ">=", highest - PRIORITY_TOLERANCE, "priority")


def _hold_relays(model: Formulation, found: Solution) -> None:
    """Σ relay(s) ≤ the least number found."""
    count = sum(found.chosen(v) for v in model.relay.values())
    model.add([(v, 1.0) for v in model.relay.values()], "<=", count, "relays")


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
