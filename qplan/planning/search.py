"""The search for a plan, stage by stage, and within a stage: root bound → plan on its support → exact search.

1. The root relaxation (`root.py`) gives a bound and a support: the links that it uses.
2. The exact model on the support alone gives a first plan, and mostly already one within the gap.
3. Links whose reduced cost exceeds what is left between plan and bound can be in no better plan: the exact model on
   the other links, with the cuts of the root, decides the rest.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from decimal import Decimal

from qplan.inventory.model import Inventory
from qplan.planning.assemble import Design, assemble
from qplan.planning.cuts import Row
from qplan.planning.formulation import (
    Formulation,
    Goal,
    add_routing,
    cost_goal,
    formulate_design,
    hold_priority,
    hold_relays,
    lost_priority_goal,
    relays_goal,
)
from qplan.planning.reach import ReachGraph
from qplan.planning.root import Root, strengthen
from qplan.planning.solver import Effort, SearchLimits, Solution, solve
from qplan.planning.trees import add_trees

CENT = 0.01
BOUND_SAFETY = 1e-9  # relative; taken off a solver's bound, far above its rounding and far below any gap asked for
SUPPORT = 1e-6  # a link with less than this in the relaxation is not in its support
FIRST_PLAN_NODES = 500  # branch-and-bound nodes spent on the support
ROOT_SHARE = 0.5  # of the time left, at the most, goes to the root


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
class Stage:
    """One minimisation: its goal, the goal's value in a design, and the row that later stages keep to."""

    goal: Callable[[Formulation], Goal]
    measure: Callable[[Design], float]
    hold: Callable[[Formulation, Design], None] | None
    exact: bool  # solved at gap 0
    objective: bool  # its value and bound are the plan's


@dataclass(frozen=True)
class Found:
    """How a stage ended, and the model that was solved last."""

    stopped_by: str
    design: Design | None
    bound: float | None
    model: Formulation


Hold = Callable[[Formulation], None]


def stages(inventory: Inventory) -> list[Stage]:
    """The order of `MODEL.md` "Optimum": priority of optional corridors, the objective, the tie-break of `relays`."""
    order = []
    if any(not corridor.required for corridor in inventory.corridors.values()):
        order.append(Stage(
            lost_priority_goal, lambda design: -_priority(inventory, design),
            lambda model, design: hold_priority(model, _priority(inventory, design)), True, False,
        ))  # fmt: skip
    if inventory.objective == "relays":
        order.append(Stage(
            relays_goal, lambda design: float(design.relay_count),
            lambda model, design: hold_relays(model, design.relay_count), True, True,
        ))  # fmt: skip
    metric = "capex" if inventory.objective == "capex" else "tco"
    order.append(Stage(
        lambda model: cost_goal(model, metric), lambda design: getattr(design.costs, metric), None, False,
        inventory.objective != "relays",
    ))  # fmt: skip
    return order


def _priority(inventory: Inventory, design: Design) -> float:
    """Total priority of the optional corridors that the design serves."""
    chosen = (inventory.corridors[q.id] for q in design.corridors if q.served)
    return float(sum((Decimal(repr(c.priority)) for c in chosen if not c.required), Decimal(0)))


def search_plan(
    inventory: Inventory, graph: ReachGraph, solver: str, limits: SearchLimits,
    keep: Callable[[Formulation], None] = lambda model: None,
) -> Search:  # fmt: skip
    """Search the stages in turn; stop at the first that a limit ends. `keep` is shown each model solved last."""
    design: Design | None = None
    bound: float | None = None
    holds: list[Hold] = []
    found = None
    for stage in stages(inventory):
        asked = replace(limits, gap=0.0) if stage.exact else limits
        found = minimise(inventory, graph, stage, holds, solver, asked)
        keep(found.model)
        bound = found.bound if stage.objective else bound
        if found.design is None and design is None:
            nothing = found.stopped_by == "proof"
            return Search("infeasible" if nothing else "unknown", found.stopped_by)
        design = found.design or design
        if found.design is None or found.stopped_by in ("time_limit", "interrupt"):
            return _ended(inventory, design, bound, found.stopped_by, limits.gap, finished=False)
        if stage.hold is not None:
            holds.append(lambda model, stage=stage, design=design: stage.hold(model, design))
    return _ended(inventory, design, bound, found.stopped_by, limits.gap, finished=True)


def minimise(
    inventory: Inventory, graph: ReachGraph, stage: Stage, holds: list[Hold], solver: str, limits: SearchLimits
) -> Found:
    """One stage, from root to exact search."""
    model = _design_model(inventory, graph, holds)
    goal = stage.goal(model)
    root = strengthen(model, goal, _with_share(limits, ROOT_SHARE))
    if root.infeasible:
        return Found("proof", None, None, model)
    names = [variable.name for variable in model.columns]
    best: tuple[Solution, Design] | None = None
    support = _support(model, root)
    if 0 < len(support) < len(graph.links):
        narrow = _exact_model(inventory, _subgraph(graph, support), holds, names, root.rows)
        best = _try(narrow, stage, solver, limits, _target(root.bound, limits.gap))
        if best is not None and _within(stage.measure(best[1]), root.bound, limits.gap):
            return Found(_reason(stage.measure(best[1]), root.bound), best[1], root.bound, narrow)
    remaining = _not_fixed(model, root, None if best is None else stage.measure(best[1]))
    exact = _exact_model(inventory, _subgraph(graph, remaining), holds, names, root.rows)
    last = solve(exact, stage.goal(exact), solver, limits, Effort(start=None if best is None else best[0].values))
    design = None if last.values is None else assemble(exact, last)
    return _closed(stage, exact, root, best, last, design)


def _closed(
    stage: Stage, exact: Formulation, root: Root, best: tuple[Solution, Design] | None, last: Solution,
    design: Design | None,
) -> Found:  # fmt: skip
    """Put the exact search and the plan on the support together: the better design, the bound valid for both."""
    if best is not None and (design is None or stage.measure(best[1]) < stage.measure(design)):
        design = best[1]
    if design is None:
        return Found(last.stopped_by, None, root.bound, exact)
    value = stage.measure(design)
    elsewhere = value if last.infeasible else last.bound  # no better design than the plan known, or this bound
    bounds = [b for b in (root.bound, elsewhere) if b is not None]
    return Found(last.stopped_by, design, min(max(bounds), value) if bounds else None, exact)


def _design_model(inventory: Inventory, graph: ReachGraph, holds: list[Hold]) -> Formulation:
    model = formulate_design(inventory, graph)
    for hold in holds:
        hold(model)
    return model


def _exact_model(
    inventory: Inventory, graph: ReachGraph, holds: list[Hold], names: list[str], rows: tuple[Row, ...]
) -> Formulation:
    """The whole model on a part of the links, with the lift and the cuts of the root."""
    model = _design_model(inventory, graph, holds)
    add_trees(model)
    columns = {variable.name: variable for variable in model.columns}
    for i, row in enumerate(rows, 1):
        terms = [(columns[names[c]], w) for c, w in zip(row.columns, row.weights, strict=True) if names[c] in columns]
        model.add(terms, ">=", row.least, row.family, i)
    add_routing(model)
    return model


def _try(
    model: Formulation, stage: Stage, solver: str, limits: SearchLimits, target: float | None
) -> tuple[Solution, Design] | None:
    """A first plan: at most so many nodes, and no further than the target."""
    found = solve(model, stage.goal(model), solver, limits, Effort(nodes=FIRST_PLAN_NODES, target=target))
    return None if found.values is None else (found, assemble(model, found))


def _support(model: Formulation, root: Root) -> set[str]:
    if root.bound is None:
        return set()
    index = model.index()
    return {link for link, v in model.link.items() if root.point[index[v.name]] > SUPPORT}


def _not_fixed(model: Formulation, root: Root, value: float | None) -> set[str]:
    """Links that a better plan may use: their reduced cost fits between the bound and the value known."""
    if value is None or root.bound is None:
        return set(model.link)
    index = model.index()
    room = value - root.bound + max(CENT, BOUND_SAFETY * abs(value))
    return {
        link for link, v in model.link.items()
        if root.point[index[v.name]] > SUPPORT or root.reduced_costs[index[v.name]] <= room
    }  # fmt: skip


def _subgraph(graph: ReachGraph, links: set[str]) -> ReachGraph:
    return replace(graph, links=tuple(link for link in graph.links if link.id in links))


def _with_share(limits: SearchLimits, share: float) -> SearchLimits:
    return replace(limits, deadline=time.monotonic() + share * limits.seconds_left())


def _target(bound: float | None, gap_asked: float) -> float | None:
    return None if bound is None or gap_asked == 0 else bound + 0.5 * gap_asked * abs(bound)


def _within(value: float, bound: float | None, gap_asked: float) -> bool:
    return bound is not None and (gap(value, bound) <= gap_asked or value - bound <= BOUND_SAFETY * max(1.0, abs(value)))


def _reason(value: float, bound: float) -> str:
    return "proof" if value - bound <= BOUND_SAFETY * max(1.0, abs(value)) else "gap"


def gap(value: float, bound: float) -> float:
    """Relative gap as it stands in the plan file."""
    return (value - bound) / max(abs(value), 1e-9)


def _ended(
    inventory: Inventory, design: Design, bound: float | None, stopped_by: str, gap_asked: float, finished: bool
) -> Search:
    """The search with its design; optimal only where every stage ended by itself and the gap is kept."""
    objective = inventory.objective
    value = float(design.relay_count) if objective == "relays" else getattr(design.costs, objective)
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
