"""One minimisation: root bound, a plan on the root's support, then rounds of master problem, routing and cuts.

The master problem is the design (what is built) with the directed lift and the cuts found so far. It knows the paths of
a corridor only once these have been asked for: a relaxation with few columns, whose bound holds for the whole model.
Its design is routed by the exact model on the links it installs. Where that fails, the cuts that forbid the design are
added, or, where no cut of the families of `cuts.py` does, the paths of the corridors that it fails: branch and cut with
the separation between the solves (Benders 1962; the exact model is reached at the latest when all paths are in).
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np

from qplan.inventory.model import Inventory
from qplan.planning.assemble import Design, assemble
from qplan.planning.construct import construct
from qplan.planning.cuts import Row, Separator, path_cuts
from qplan.planning.formulation import (
    Formulation,
    Goal,
    add_key_rate,
    add_routing_of,
    formulate,
    formulate_design,
    tight_links,
)
from qplan.planning.networks import CorridorNetwork
from qplan.planning.reach import ReachGraph, Usability
from qplan.planning.root import Root, strengthen
from qplan.planning.solver import Effort, SearchLimits, Solution, solve
from qplan.planning.trees import add_trees

SUPPORT = 1e-6  # a link with less than this in the relaxation is not in its support
PROOF = 1e-9  # relative difference of value and bound at which they count as equal
CENT = 0.01
FIRST_PLAN_NODES = 500  # branch-and-bound nodes of a solve on the support
FIRST_PLAN_ROUNDS = 3
ROOT_SHARE = 0.5  # of the time left, at the most, goes to the root

Hold = Callable[[Formulation], None]


@dataclass(frozen=True)
class Stage:
    """What is minimised: the goal, its value in a design, and the row by which later stages keep to it."""

    goal: Callable[[Formulation], Goal]
    measure: Callable[[Design], float]
    hold: Callable[[Formulation, Design], None] | None
    exact: bool  # solved at gap 0
    objective: bool  # its value and bound are the plan's


@dataclass(frozen=True)
class Known:
    """A design that is known to be possible, its value, and the solution of the exact model that it came from."""

    design: Design
    value: float
    solution: Solution


@dataclass(frozen=True)
class Found:
    """How a minimisation ended, and the model that was solved last."""

    stopped_by: str
    design: Design | None
    bound: float | None
    model: Formulation


@dataclass(frozen=True)
class Task:
    """What stays the same throughout one minimisation."""

    inventory: Inventory
    graph: ReachGraph
    stage: Stage
    holds: tuple[Hold, ...]
    solver: str
    limits: SearchLimits

    def on(self, links: set[str]) -> Task:
        """The same on some of the links."""
        kept = tuple(link for link in self.graph.links if link.id in links)
        return replace(self, graph=replace(self.graph, links=kept))

    def design_model(self) -> Formulation:
        model = formulate_design(self.inventory, self.graph)
        for hold in self.holds:
            hold(model)
        return model

    def exact_model(self) -> Formulation:
        model = formulate(self.inventory, self.graph)
        for hold in self.holds:
            hold(model)
        return model

    def within(self, value: float, bound: float | None) -> bool:
        """The value is proven within the gap asked for."""
        return bound is not None and value - bound <= max(self.limits.gap, PROOF) * max(abs(value), 1e-9)


def minimise(task: Task) -> Found:
    """Minimise the stage's goal over all designs that serve the required corridors."""
    model = task.design_model()
    half = replace(task.limits, deadline=time.monotonic() + ROOT_SHARE * task.limits.seconds_left())
    root = strengthen(model, task.stage.goal(model), half)
    if root.infeasible:
        return Found("proof", None, None, model)
    names = [variable.name for variable in model.columns]
    known: Known | None = None
    support = _support(model, root)
    if 0 < len(support) < len(model.link):
        first = Rounds(task.on(set(support)), names, root.rows, Effort(nodes=FIRST_PLAN_NODES))
        first.run(None, root.bound, FIRST_PLAN_ROUNDS)
        known = first.known or _constructed(task, support)
        if known is not None and task.within(known.value, root.bound):
            return Found(_reason(known.value, root.bound), known.design, root.bound, first.model)
    rounds = Rounds(task.on(_not_fixed(model, root, known)), names, root.rows, Effort())
    return rounds.run(known, root.bound, None)


class Rounds:
    """Master problem, routing and cuts in turn on the links of a task; `known` is the best design so far."""

    def __init__(self, task: Task, names: list[str], rows: tuple[Row, ...], effort: Effort):
        self.task, self.effort = task, effort
        self.model = task.design_model()
        add_trees(self.model)
        self.goal = task.stage.goal(self.model)
        self.known: Known | None = None
        self.routed: set[str] = set()  # corridors whose paths the master knows
        self.columns = tuple(self.model.index())  # without the paths that come later
        index = self.model.index()
        self._add([_moved(row, names, index) for row in rows])
        self.separate: Separator = path_cuts(self.model, list(self.model.networks))

    def run(self, known: Known | None, bound: float | None, most_rounds: int | None) -> Found:
        """Rounds until proven, impossible, stopped by a limit, or `most_rounds` have passed."""
        self.known = known
        turn = 0
        while True:
            start = None if self.known is None else self.known.solution.values
            last = solve(self.model, self.goal, self.task.solver, self.task.limits, replace(self.effort, start=start))
            if last.infeasible:  # nothing else, or nothing at all, on these links
                bound = None if self.known is None else self.known.value
                return self._found("proof", bound)
            bound = _highest(bound, last.bound)
            if last.values is None or last.stopped_by in ("time_limit", "interrupt"):
                self._learn(last)
                return self._found(last.stopped_by, bound)
            self._learn(last)
            if self.known is not None and self.task.within(self.known.value, bound):
                return self._found(_reason(self.known.value, bound), bound)
            turn += 1
            if turn == most_rounds:
                return self._found("nodes", bound)
            if not self._forbid(last):
                return self._found(last.stopped_by, bound)

    def _found(self, stopped_by: str, bound: float | None) -> Found:
        design = None if self.known is None else self.known.design
        if design is not None and bound is not None:
            bound = min(bound, self.known.value)
        return Found(stopped_by, design, bound, self.model)

    def _learn(self, last: Solution) -> None:
        """Route the master's design, and see whether it is a better plan than the one known."""
        if last.values is None:
            return
        installed = {link for link, v in self.model.link.items() if last.chosen(v)}
        better = route(self.task.on(installed))
        if better is None and self.known is not None:
            better = route(self.task.on(installed.union(link.id for link in self.known.design.links)))
        if better is not None and (self.known is None or better.value < self.known.value):
            self.known = better

    def _forbid(self, last: Solution) -> bool:
        """Add what the master's design violates: cuts, else the paths of the corridors that it does not serve."""
        point = np.array([round(last.values[name], 3) for name in self.columns])
        rows = [row for row in self.separate(point) if row.activity(point) < row.least - 0.5]
        self._add(rows)
        if rows:
            return True
        installed = {link for link, v in self.model.link.items() if last.chosen(v)}
        waiting = [network for network in self.model.networks if network.corridor not in self.routed]
        failing = [network for network in waiting if not self._served_alone(network, installed)] or waiting
        if not failing:
            return False
        tight = tight_links(self.model)
        rated = {n.corridor for n in self.model.networks if any(tight.issuperset(b.links) for b in n.bundles)}
        if tight and (failing == waiting or rated.intersection(n.corridor for n in failing)):
            failing = waiting
        for network in failing:
            add_routing_of(self.model, network)
            self.routed.add(network.corridor)
        if len(failing) == len(waiting):
            add_key_rate(self.model)
        return True

    def _served_alone(self, network: CorridorNetwork, installed: set[str]) -> bool:
        """The corridor alone finds its paths on the links installed."""
        q = network.corridor
        corridor = self.task.inventory.corridors[q].model_copy(update={"required": True})
        inventory = self.task.inventory.model_copy(update={"corridors": {q: corridor}})
        graph = replace(
            self.task.on(installed).graph, usability=Usability({q: self.task.graph.usability.permitted[q]})
        )
        model = formulate(inventory, graph)
        found = solve(model, Goal("paths", (), 1.0), self.task.solver, replace(self.task.limits, gap=0.0))
        return found.values is not None

    def _add(self, rows: list[Row]) -> None:
        for row in rows:
            terms = [(self.model.columns[c], w) for c, w in zip(row.columns, row.weights, strict=True)]
            self.model.add(terms, ">=", row.least, row.family, len(self.model.problem.constraints()))


def route(task: Task) -> Known | None:
    """The best plan on the links of the task, by the exact model and within a number of nodes."""
    model = task.exact_model()
    limits = replace(task.limits, watch=lambda sighting: None)
    found = solve(model, task.stage.goal(model), task.solver, limits, Effort(nodes=FIRST_PLAN_NODES))
    if found.values is None:
        return None
    design = assemble(model, found)
    return Known(design, task.stage.measure(design), found)


def _moved(row: Row, names: list[str], columns: dict[str, int]) -> Row:
    """The row over another model's columns; what that one lacks is 0 there."""
    kept = [(columns[names[c]], w) for c, w in zip(row.columns, row.weights, strict=True) if names[c] in columns]
    return replace(row, columns=tuple(c for c, _ in kept), weights=tuple(w for _, w in kept))


def _support(model: Formulation, root: Root) -> dict[str, float]:
    """Links that the relaxation uses, with their values."""
    if root.bound is None:
        return {}
    index = model.index()
    values = {link: root.point[index[v.name]] for link, v in model.link.items()}
    return {link: float(value) for link, value in values.items() if value > SUPPORT}


def _constructed(task: Task, support: dict[str, float]) -> Known | None:
    """The best plan on the links of a design made corridor by corridor."""
    links = construct(task.inventory, task.graph, support, task.solver, task.limits)
    return None if links is None else route(task.on(links))


def _not_fixed(model: Formulation, root: Root, known: Known | None) -> set[str]:
    """Links that a better plan may use: their reduced cost fits between the bound and the value known."""
    if known is None or root.bound is None:
        return set(model.link)
    index = model.index()
    room = known.value - root.bound + max(CENT, PROOF * abs(known.value))
    return {
        link for link, v in model.link.items()
        if root.point[index[v.name]] > SUPPORT or root.reduced_costs[index[v.name]] <= room
    }  # fmt: skip


def _highest(*bounds: float | None) -> float | None:
    return max((bound for bound in bounds if bound is not None), default=None)


def _reason(value: float, bound: float) -> str:
    return "proof" if value - bound <= PROOF * max(1.0, abs(value)) else "gap"
