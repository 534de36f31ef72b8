"""The search for a plan, stage by stage: priority of optional corridors, the objective, its tie-break."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, replace
from decimal import Decimal

from qplan.candidates.design import Design
from qplan.candidates.model import CandidateGraph
from qplan.candidates.precheck import Precheck, precheck
from qplan.inventory.model import Inventory
from qplan.optimizer.limits import SearchLimits
from qplan.optimizer.model.objectives import cost_goal, hold_priority, hold_relays, lost_priority_goal, relays_goal
from qplan.optimizer.model.stage import CENT, SideConstraint, Stage, Task, WarmStart
from qplan.optimizer.search.minimization import minimize

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
    method: str = ""
    """What gave the bound, or the proof that nothing is possible."""
    precheck: Precheck = Precheck()
    """What the graph proved before any solver ran."""


def stages(inventory: Inventory) -> list[Stage]:
    """What an optimal plan is, in order: priority of optional corridors, the objective, the tie-break of `relays`."""
    order = []
    if any(not corridor.required for corridor in inventory.corridors.values()):
        order.append(
            Stage(
                lost_priority_goal,
                lambda design: -_priority(inventory, design),
                lambda design: _hold_priority(inventory, _priority(inventory, design)),
                True,
                False,
            )
        )
    if inventory.objective == "relays":
        order.append(
            Stage(
                relays_goal,
                lambda design: float(design.relay_count),
                lambda design: _hold_relays(design.relay_count),
                True,
                True,
            )
        )
    metric = "capex" if inventory.objective == "capex" else "tco"
    order.append(
        Stage(
            lambda model: cost_goal(model, metric),
            lambda design: getattr(design.costs, metric),
            None,
            False,
            inventory.objective != "relays",
        )
    )
    return order


def _hold_priority(inventory: Inventory, total: float) -> SideConstraint:
    return SideConstraint(
        lambda model: hold_priority(model, total), lambda design: _priority(inventory, design) >= total
    )


def _hold_relays(count: int) -> SideConstraint:
    return SideConstraint(
        lambda model: hold_relays(model, count), lambda design: design.relay_count <= count, of_relays=True
    )


def _priority(inventory: Inventory, design: Design) -> float:
    """Total priority of the optional corridors that the design serves."""
    chosen = (inventory.corridors[q.id] for q in design.corridors if q.served)
    return float(sum((Decimal(repr(c.priority)) for c in chosen if not c.required), Decimal(0)))


def search_plan(
    inventory: Inventory,
    graph: CandidateGraph,
    solver: str,
    limits: SearchLimits,
    begun: Callable[[Task], None] = lambda task: None,
    start: WarmStart = WarmStart(),
    side_constraints: tuple[SideConstraint, ...] = (),
) -> Search:
    """Search the stages in turn; stop at the first that a limit ends. `begun` is told of each stage's task.

    `holds` are what every plan must keep besides the inventory.
    """
    design: Design | None = None
    bound: float | None = None
    method = ""
    checked = precheck(inventory, graph)
    for stage in stages(inventory):
        asked = replace(limits, gap=0.0) if stage.exact else limits
        served = None if design is None else frozenset(q.id for q in design.corridors if q.served)
        task = Task(inventory, graph, stage, side_constraints, served, solver, asked, start)
        begun(task)
        if checked.impossible:
            return Search("infeasible", "proof", method="precheck", precheck=checked)
        found = minimize(task)
        if stage.objective:
            bound, method = found.bound, found.method
        if found.incumbent is None and design is None:
            nothing = found.stopped_by == "proof"
            return Search("infeasible" if nothing else "unknown", found.stopped_by, method=found.method)
        design = design if found.incumbent is None else found.incumbent.design
        finished = found.incumbent is not None and found.stopped_by in ("proof", "gap")
        if not finished:
            break
        if stage.hold is not None:
            side_constraints = (*side_constraints, stage.hold(design))
    ended = _ended(inventory, design, bound, found.stopped_by, limits.gap, finished)
    return replace(ended, method=method, notes=(*ended.notes, *([found.note] if found.note else [])))


def objective_value(inventory: Inventory, design: Design) -> float:
    objective = inventory.objective
    return float(design.relay_count) if objective == "relays" else getattr(design.costs, objective)


def gap(value: float, bound: float) -> float:
    """Relative gap as it stands in the plan file."""
    return (value - bound) / max(abs(value), 1e-9)


def _ended(
    inventory: Inventory, design: Design, bound: float | None, stopped_by: str, gap_asked: float, finished: bool
) -> Search:
    """The search with its design; optimal only where every stage ended by itself and the gap is kept."""
    objective, value = inventory.objective, objective_value(inventory, design)
    bound = _rounded_bound(objective, value, bound)
    within = finished and bound is not None and gap(value, bound) <= gap_asked
    notes = ()
    if objective == "relays" and not within and bound == value:
        notes = ("The number of relays is proven the least; that no plan with as few relays has a lower tco is not.",)
    return Search("optimal" if within else "feasible", stopped_by, design, value, bound, notes)


def _rounded_bound(objective: str, value: float, bound: float | None) -> float | None:
    """A bound that is still valid after rounding: counts rounded up, money down to the cent; never above the value."""
    if bound is None:
        return None
    if objective == "relays":
        return min(value, float(math.ceil(bound - 1e-6)))
    bound -= BOUND_SAFETY * abs(bound)
    if value - bound < max(CENT, 2 * BOUND_SAFETY * abs(value)):  # money is exact to the cent, the solver to this share
        return value
    return max(0.0, math.floor(bound / CENT) * CENT)
