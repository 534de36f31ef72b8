"""Branching on the arc-flow relaxation's design, each subproblem by some steps of the first-order method.

A subproblem is the relaxation with some links, systems or relays held within bounds, begun where its parent ended; its
bound holds by weak duality wherever the method stands. Those of least bound come first, so that the bound of all grows
until the end.
"""

from __future__ import annotations

import heapq
import math
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field, replace
from itertools import count

import numpy as np

from qplan.candidates.prices import Prices
from qplan.optimizer.limits import Sighting
from qplan.optimizer.model.formulation import Formulation
from qplan.optimizer.model.stage import Incumbent, Task, better
from qplan.optimizer.search.arc_flow import ArcFlow, enough
from qplan.optimizer.search.guidance import links_in_use, sketch_on
from qplan.optimizer.search.root import Root
from qplan.optimizer.solvers.first_order import LOOK_EVERY, FirstOrder, Scaled, most_of_any_point
from qplan.optimizer.solvers.iterate import Iterate
from qplan.optimizer.solvers.linear_program import LinearProgram, weak_duality
from qplan.optimizer.solvers.parts import Part, likely, part_of

MOST_COLUMNS = 100_000  # of the arc flow
MUCH_RAISED = 0.1  # of what the root has left to the plan's value
STEPS = 400  # of a subproblem
GUIDE_EVERY = 10  # subproblems: the last of them guides a plan
LEAST_DOUBT = 0.01  # of what is branched on: how far it is from a whole number
LEAST_PRICE = 1e-6  # of what is branched on, in the solver's units: what costs nothing comes last
MOST_KEPT = 200_000_000  # columns and rows of all subproblems that wait


def too_large(flows: ArcFlow) -> bool:
    """Each subproblem would take seconds."""
    return len(flows.solved.program.cost) > MOST_COLUMNS


def say_more(flows: ArcFlow, root: Root | None, known: Incumbent) -> bool:
    """The flows have raised the bound of cuts by much of what these had left; else branching on cuts gets further.

    Not where rules have trees of their own: there every subproblem of cuts takes long.
    """
    if root is None or root.bound is None or root.witnesses.lifts.ruled_trees:
        return True
    return flows.bound - root.bound >= MUCH_RAISED * (known.value - root.bound)


Held = Mapping[int, tuple[float, float]]  # columns, by number, and what they are held between


@dataclass(frozen=True, order=True)
class _Node:
    """A subproblem that waits: what its columns are held between, and where its relaxation stands."""

    bound: float
    number: int
    held: Held = field(compare=False)
    last: Iterate = field(compare=False)


class FlowTree:
    """Best-first branching on the whole numbers of a design: the columns of its model are the relaxation's first.

    `promising` links are where its points are made plans; `incumbent` is the best one.
    """

    def __init__(
        self,
        task: Task,
        model: Formulation,
        solved: FirstOrder,
        incumbent: Incumbent,
        prices: Prices,
        promising: Collection[str],
    ):
        self.task, self.model, self.incumbent, self.prices = task, model, incumbent, prices
        self.promising, self.goal = set(promising), task.stage.goal(model)
        self.solved, self.program, self.clock = solved, solved.program, task.clock
        self.dearest = most_of_any_point(solved.program)
        self._take(likely(solved.program, solved.last))
        self.integer, index, price = model.integers(), model.index(), self.program.cost.copy()
        links, counts = (np.array([index[group[l].name] for l in model.link]) for group in (model.link, model.count))
        price[links] += price[counts]  # a link with one system
        self.price = np.maximum(price[self.integer], LEAST_PRICE)

    def _take(self, part: Part) -> None:
        """All subproblems are looked at on it."""
        self.part, self.scaled = part, Scaled(part.program)

    def run(self) -> float:
        """A bound of the stage's goal, until the gap asked for is reached or the time is over."""
        bound = self.goal.to_domain(self._rise())
        return min(bound, self.incumbent.value)

    def _rise(self) -> float:
        """A bound in the solver's units, at most what is enough: subproblems beyond it are not looked at."""
        best, number, most = self.solved.bound, count(1), self._enough()
        waiting = [_Node(best, 0, {}, self.solved.last)]
        while waiting and len(waiting) * sum(self.program.matrix.shape) < MOST_KEPT and not self.clock.spent:
            node = heapq.heappop(waiting)
            best, before = max(best, node.bound), best
            if best > before:
                self._tell(best)
            if best >= most or (parted := self._part(node)) is None:
                return min(best, most)
            for held in parted:
                child = self._solve(held, node, next(number))
                if child.bound < most:
                    heapq.heappush(waiting, child)
                if child.number % GUIDE_EVERY == 0:
                    self._guide(child)
                    most = self._enough()
        return max(best, min((node.bound for node in waiting), default=most))

    def _enough(self) -> float:
        return enough(self.task, self.goal, self.incumbent.value)

    def _tell(self, bound: float) -> None:
        phase = f"{self.goal.name}, branching on the arc flow"
        self.task.parameters.watch(Sighting(phase, self.incumbent.value, self.goal.to_domain(bound)))

    def _guide(self, node: _Node) -> None:
        """A plan guided by a subproblem's point, improved by local search."""
        point = np.clip(node.last.point, 0, 1)
        liked = self.promising | links_in_use(self.incumbent, self.model.values(point, self.model.link))
        found = sketch_on(self.task, self.model, self.prices, liked, point)
        self.incumbent = better(self.incumbent, found) or self.incumbent

    def _part(self, node: _Node) -> tuple[Held, Held] | None:
        """Two subproblems by the column in doubt on which most money depends; None where none is in doubt."""
        program = _hold(self.program, node.held)
        values = np.clip(node.last.point, program.lower, program.upper)[self.integer]
        doubt = np.abs(values - np.round(values))
        first = int(np.argmax(np.where(doubt >= LEAST_DOUBT, doubt * self.price, 0.0)))
        if doubt[first] < LEAST_DOUBT:
            return None
        column, below = int(self.integer[first]), math.floor(values[first])
        under, over = (program.lower[column], float(below)), (below + 1.0, program.upper[column])
        return {**node.held, column: under}, {**node.held, column: over}

    def _solve(self, held: Held, parent: _Node, number: int) -> _Node:
        """Some steps from where the parent stands; infinite where no point is left."""
        part, bound = self.part.within(_hold(self.program, held)), parent.bound
        for steps, iterate in enumerate(self.scaled.within(part.program).looks(part.of(parent.last)), 1):
            promised, _ = weak_duality(part.program, iterate.dual)
            if not math.isfinite(promised):  # beyond the range of single precision
                return replace(parent, number=number, held=held)
            ends = steps * LOOK_EVERY >= STEPS or self.clock.spent
            if promised > bound or ends:
                priced = part.price(iterate, promised)
                bound = max(bound, math.inf if priced.bound > self.dearest else priced.bound)
            if bound == math.inf or ends:
                break
        if not priced.fair:
            self._take(part_of(self.program, part.kept | part.lacking(priced), part.frozen))
        at = priced.iterate
        last = Iterate(at.point.astype(np.float32), at.dual.astype(np.float32), self.solved.last.weight)
        return _Node(bound, number, held, last)


def _hold(program: LinearProgram, held: Held) -> LinearProgram:
    lower, upper = program.lower.copy(), program.upper.copy()
    for column, between in held.items():
        lower[column], upper[column] = between
    return replace(program, lower=lower, upper=upper)
