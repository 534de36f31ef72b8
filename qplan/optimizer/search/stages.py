"""The search for a plan, stage by stage: priority of optional corridors, the objective, its tie-break."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence, Set
from dataclasses import dataclass, replace
from decimal import Decimal

from qplan.candidates.design import Design
from qplan.candidates.model import CandidateGraph
from qplan.candidates.precheck import Precheck, precheck
from qplan.candidates.prices import Metric, money_of_ends
from qplan.inventory.model import Corridor, Inventory
from qplan.optimizer.limits import ENDED_BY_ITSELF, SearchParameters, Status, StopReason, gap
from qplan.optimizer.model.changes import Reference, hold_changes
from qplan.optimizer.model.designs import price_design
from qplan.optimizer.model.formulation import Formulation
from qplan.optimizer.model.objectives import (
    changes_goal,
    cost_goal,
    hold_priority,
    hold_relays,
    lost_priority_goal,
    relays_goal,
)
from qplan.optimizer.model.stage import CENT, WHOLE, Found, SideConstraint, Stage, Task, WarmStart
from qplan.optimizer.search.minimization import minimize
from qplan.optimizer.search.served_sets import best_set, serve_most

SETS_SHARE = 0.9  # of the time left, at the most, goes to sets of optional corridors within a budget
PRECHECK_SHARE = 0.2  # of the time left, at the most, goes to what the graph proves
NO_SEARCH = "no cost is negative"  # what gives a bound of 0
ENDS_ALONE = "nodes at the ends of corridors"
BOUND_SAFETY = 1e-9  # relative; taken off a solver's bound, far above its rounding and far below any gap asked for


@dataclass(frozen=True)
class Search:
    """How the search ended: a design with value and bound of the objective, or none and why."""

    status: Status
    stopped_by: StopReason
    design: Design | None = None
    value: float | None = None
    bound: float | None = None
    notes: tuple[str, ...] = ()
    method: str = ""
    """What gave the bound, or the proof that nothing is possible."""
    precheck: Precheck = Precheck()
    """What the graph proved before any solver ran."""


def stages(inventory: Inventory, reference: Reference | None = None) -> list[Stage]:
    """What an optimal plan is, in order: priority of optional corridors, the objective, the tie-break of `relays`.

    Where changes against an earlier plan come first, their number stands after the priorities.
    """
    order = []
    priorities = [corridor.priority for corridor in inventory.corridors.values() if not corridor.required]
    if priorities:
        order.append(
            Stage(
                lost_priority_goal,
                lambda design: -_priority(inventory, design),
                lambda design: _hold_priority(inventory, _priority(inventory, design)),
                exact=True,
                whole=all(priority.is_integer() for priority in priorities),
                objective=False,
                of_corridors=True,
            )
        )
    if reference is not None and reference.first:
        order.append(
            Stage(
                lambda model: changes_goal(model, reference),
                lambda design: float(reference.changes(design)),
                lambda design: _hold_changes(reference, reference.changes(design)),
                exact=True,
                whole=True,
                objective=False,
            )
        )
    if inventory.objective == "relays":
        order.append(
            Stage(
                relays_goal,
                lambda design: float(design.relay_count),
                lambda design: _hold_relays(design.relay_count),
                exact=True,
                whole=True,
                objective=True,
            )
        )
    metric: Metric = "capex" if inventory.objective == "capex" else "tco"
    order.append(
        Stage(
            lambda model: cost_goal(model, metric, reference),
            lambda design: price_design(design, metric, reference),
            None,
            exact=False,
            whole=False,
            objective=inventory.objective != "relays",
        )
    )
    return order


def _hold_priority(inventory: Inventory, total: float) -> SideConstraint:
    """The total of all corridors that are optional in the inventory; some may be required by now."""

    def row(model: Formulation) -> None:
        optional = {q: c.priority for q, c in inventory.corridors.items() if not c.required}
        given = _sum(priority for q, priority in optional.items() if q not in model.served)
        hold_priority(model, total - float(given))

    return SideConstraint(row, lambda design: _priority(inventory, design) >= total)


def _leave_out(impossible: Set[str]) -> SideConstraint:
    """Optional corridors that no design serves are not served."""

    def row(model: Formulation) -> None:
        for q in impossible & model.served.keys():
            model.served[q].upBound = 0

    return SideConstraint(row, lambda design: True)


def _settle_corridors(
    inventory: Inventory, design: Design, impossible: Set[str], too_dear: Sequence[frozenset[str]]
) -> tuple[Inventory, SideConstraint]:
    """With the optional corridors required that every plan serves which is of as high a total priority.

    What no such plan serves is left out. No plan serves any that is `impossible`, nor any set that is `too_dear`.
    """
    optional = {q: c for q, c in inventory.corridors.items() if not c.required and q not in impossible}
    priority = {q: c.priority for q, c in optional.items()}
    total = _sum(priority[q.id] for q in design.corridors if q.served and q.id in priority)
    sure, never = dict[str, Corridor](), set(impossible)
    for q, corridor in optional.items():
        others = {each: priority[each] for each in priority if each != q}
        without = best_set(others, [one for one in too_dear if q not in one])
        beside = best_set(others, [one - {q} for one in too_dear])
        if without is None or _sum(priority[each] for each in without) < total:
            sure[q] = corridor.model_copy(update={"required": True})
        if beside is None or _sum(priority[each] for each in {q, *beside}) < total:
            never.add(q)
    return inventory.model_copy(update={"corridors": {**inventory.corridors, **sure}}), _leave_out(never)


def _hold_relays(count: int) -> SideConstraint:
    return SideConstraint(
        lambda model: hold_relays(model, count), lambda design: design.relay_count <= count, of_relays=True
    )


def _hold_changes(reference: Reference, count: int) -> SideConstraint:
    return SideConstraint(
        lambda model: hold_changes(model, reference, count), lambda design: reference.changes(design) <= count
    )


def _priority(inventory: Inventory, design: Design) -> float:
    """Total priority of the optional corridors that the design serves."""
    chosen = (inventory.corridors[q.id] for q in design.corridors if q.served)
    return float(_sum(corridor.priority for corridor in chosen if not corridor.required))


def _sum(priorities: Iterable[float]) -> Decimal:
    """As they are written, without rounding."""
    return sum((Decimal(repr(priority)) for priority in priorities), Decimal(0))


def search_plan(
    inventory: Inventory,
    candidates: CandidateGraph,
    solver: str,
    parameters: SearchParameters,
    begun: Callable[[Task], None] = lambda task: None,
    start: WarmStart = WarmStart(),
    side_constraints: tuple[SideConstraint, ...] = (),
    reference: Reference | None = None,
) -> Search:
    """Search the stages in turn; stop at the first that a limit ends. `begun` is told of each stage's task.

    `side_constraints` are what every plan must keep besides the inventory.
    """
    design: Design | None = None
    objective, last = Found(StopReason.PROOF, None, None), Found(StopReason.PROOF, None, None)
    notes: dict[str, None] = {}
    checked = precheck(inventory, candidates, parameters.clock.share(PRECHECK_SHARE))
    impossible = checked.optional.keys()
    if impossible:
        side_constraints = (*side_constraints, _leave_out(impossible))
    asked_for = inventory
    for stage in stages(inventory, reference):
        asked = replace(parameters, gap=0.0) if stage.exact else parameters
        task = Task(asked_for, candidates, stage, side_constraints, design, solver, asked, start, reference)
        begun(task)
        if checked.impossible:
            return Search(Status.INFEASIBLE, StopReason.PROOF, method="precheck", precheck=checked)
        last = _minimize(task, impossible)
        notes |= dict.fromkeys(last.notes)
        if stage.objective:
            objective = _at_least_ends(last, inventory, candidates)
        if last.incumbent is not None:
            design = last.incumbent.design
        if design is None:
            status = Status.INFEASIBLE if last.infeasible else Status.UNKNOWN
            found = Search(status, last.stopped_by, notes=tuple(notes), method=last.method)
            return found if last.infeasible else _bound_without_design(found, inventory, candidates, objective)
        if not _finished(last):
            break
        if stage.hold is not None:
            side_constraints = (*side_constraints, stage.hold(design))
        if stage.of_corridors:
            asked_for, left_out = _settle_corridors(inventory, design, impossible, last.too_dear)
            side_constraints = (*side_constraints, left_out)
    assert design is not None  # there is a stage, and it has found one
    found = _conclude(inventory, design, objective, last, parameters.gap, reference)
    return replace(found, notes=(*found.notes, *notes))


def _minimize(task: Task, impossible: Set[str]) -> Found:
    """One stage; a budget first says which sets of optional corridors are too dear."""
    budget = task.inventory.budget
    if not task.stage.of_corridors or (budget.capex is None and budget.tco is None):
        return minimize(task, known=task.before is not None)
    optional = {q for q, corridor in task.inventory.corridors.items() if not corridor.required} - impossible
    sets = serve_most(task.part(SETS_SHARE), optional)
    if sets.stopped_by is StopReason.PROOF:
        return sets
    known = None if sets.incumbent is None else sets.incumbent.design
    found = minimize(replace(task, start=replace(task.start, design=known or task.start.design)))
    found = replace(found, notes=(*sets.notes, *found.notes), too_dear=sets.too_dear)
    proven = found.incumbent is not None and task.within(found.incumbent.value, sets.bound)
    return replace(found, stopped_by=StopReason.PROOF) if proven else found


def _at_least_ends(found: Found, inventory: Inventory, candidates: CandidateGraph) -> Found:
    """With the bound that no search is needed for, where the time ended before there was one."""
    if found.bound is not None or found.stopped_by not in (StopReason.TIME_LIMIT, StopReason.INTERRUPT):
        return found
    bound, method = bound_of_ends(inventory, candidates)
    return replace(found, bound=bound, method=method)


def bound_of_ends(inventory: Inventory, candidates: CandidateGraph) -> tuple[float, str]:
    """A bound that holds whatever links there are, and what gives it."""
    if inventory.objective == "relays":
        return 0.0, NO_SEARCH
    money = money_of_ends(inventory, candidates.standing, inventory.objective)
    cents = math.floor(money / CENT + 1e-4)  # a sum of floats may lie just below
    return (cents * CENT, ENDS_ALONE) if cents else (0.0, NO_SEARCH)


def _bound_without_design(search: Search, inventory: Inventory, candidates: CandidateGraph, objective: Found) -> Search:
    """What no plan goes below, though none was found."""
    bound, method = _round_bound(inventory.objective, math.inf, objective.bound), objective.method
    if bound is None:
        bound, method = bound_of_ends(inventory, candidates)
    return replace(search, bound=bound, method=method)


def _finished(found: Found) -> bool:
    return found.incumbent is not None and found.stopped_by in ENDED_BY_ITSELF


def objective_value(inventory: Inventory, design: Design, reference: Reference | None = None) -> float:
    """The value of the objective: relays, or money with what changes cost."""
    if inventory.objective == "relays":
        return float(design.relay_count)
    return price_design(design, inventory.objective, reference)


def _conclude(
    inventory: Inventory,
    design: Design,
    objective: Found,
    last: Found,
    gap_asked: float,
    reference: Reference | None,
) -> Search:
    """The search with its design; optimal only where every stage ended by itself and the gap is kept."""
    value = objective_value(inventory, design, reference)
    bound = _round_bound(inventory.objective, value, objective.bound)
    within = _finished(last) and bound is not None and gap(value, bound) <= gap_asked
    notes: tuple[str, ...] = ()
    if inventory.objective == "relays" and not within and bound == value:
        notes = ("The number of relays is proven the least; that no plan with as few relays has a lower tco is not.",)
    status = Status.OPTIMAL if within else Status.FEASIBLE
    return Search(status, last.stopped_by, design, value, bound, notes, objective.method)


def _round_bound(objective: str, value: float, bound: float | None) -> float | None:
    """A bound that is still valid after rounding: counts rounded up, money down to the cent; never above the value."""
    if bound is None:
        return None
    if objective == "relays":
        return min(value, float(math.ceil(bound - WHOLE)))
    bound -= BOUND_SAFETY * abs(bound)
    if value - bound < max(CENT, 2 * BOUND_SAFETY * abs(value)):  # money is exact to the cent, the solver to this share
        return value
    return max(0.0, math.floor(bound / CENT) * CENT)
