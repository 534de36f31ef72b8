"""Branch and cut on the design: a tree of relaxations in which cuts are found at every subproblem.

Subproblems are taken by least bound, after a plunge from the last one; the variable to branch on comes from
pseudo-costs. An integral point is routed without the solver; where that fails and no cut of the separators is violated,
the subproblem is left to the exact model with its bound.
"""

from __future__ import annotations

import heapq
import math
from dataclasses import dataclass, field

import numpy as np

from qplan.candidates.prices import Prices
from qplan.optimizer.cuts.row import Point, Row
from qplan.optimizer.heuristics.guided_search import GuidedSearch
from qplan.optimizer.limits import Sighting
from qplan.optimizer.model.formulation import Formulation
from qplan.optimizer.model.stage import CENT, Incumbent, Task, better
from qplan.optimizer.search.guidance import sketch_on
from qplan.optimizer.search.pseudo_costs import PseudoCosts
from qplan.optimizer.search.root import VIOLATED, Root
from qplan.optimizer.solvers.relaxation import LpEnding, Relaxation
from qplan.time_budget import OutOfTime

MOST_SUBPROBLEMS = 3000
STALL_SUBPROBLEMS = 150  # over which the bound must rise
INTEGRAL = 1e-6  # distance from a whole number
CUT_ROUNDS = 8  # at a subproblem
LEAST_PROGRESS = 0.1  # share of a subproblem's distance to the value known that a round of cuts must gain
STRONG_STEPS = 60  # of the simplex method per trial
HEURISTIC_EVERY = 50  # subproblems

Bounds = tuple[float, float]


@dataclass(frozen=True)
class Branching:
    """The rounding by which a subproblem was made."""

    column: int
    upwards: bool
    distance: float


@dataclass(order=True)
class Subproblem:
    """Bounds of columns that differ from the root's, and a valid bound of the goal under these."""

    bound: float
    number: int
    fixed: dict[int, Bounds] = field(compare=False)
    branching: Branching | None = field(compare=False, default=None)


@dataclass(frozen=True)
class BranchingResult:
    """How the tree ended: the best design, a valid bound, the cuts found, the subproblems looked at."""

    incumbent: Incumbent | None
    bound: float
    rows: tuple[Row, ...]
    subproblems: int


class BranchAndCut:
    """The search tree over the relaxation of a root; `promising` links are where its points are made plans."""

    def __init__(
        self,
        task: Task,
        model: Formulation,
        root: Root,
        incumbent: Incumbent | None,
        prices: Prices,
        promising: set[str],
    ):
        assert isinstance(root.relaxation, Relaxation)
        self.task, self.model, self.relaxation, self.separators = task, model, root.relaxation, root.separators
        self.relaxation.clock, self.witnesses = task.clock, root.witnesses
        self.incumbent, self.prices, self.promising = incumbent, prices, set(promising)
        self.integer = model.integers()
        self.upper = np.array([float(v.upBound) for v in model.columns])
        extra = root.witnesses.lifts.trees.extra
        self.extra = -1 if extra is None else model.index()[extra.name]
        goal = {variable.name for variable, _ in self.relaxation.goal.terms} if task.stage.whole else set()
        self.counted = {column for column, v in enumerate(model.columns) if v.name in goal}
        self.rows: list[Row] = []
        self.pseudo_costs = PseudoCosts()
        self.made = 1
        self.cut_short = False
        self.left = math.inf  # least bound of subproblems that were closed without proof of their value
        if incumbent is not None and root.bound is not None:  # reduced costs that no better plan can pay
            room = incumbent.value - root.bound + CENT
            self.upper[(root.point <= INTEGRAL) & (root.reduced_costs > room)] = 0.0
            self.relaxation.drop_columns(incumbent.value + CENT)
        if root.layered and self.relaxation.solve() is LpEnding.SOLVED:
            self.relaxation.drop_slack(tight=True)  # which the root has kept, and which slow every subproblem

    def run(self, bound: float) -> BranchingResult:
        """Work through the tree from a bound of its root."""
        heap = [Subproblem(bound, 0, {})]
        done = 0
        risen = bound, 0  # the bound when it last rose, and after how many subproblems
        plunge: Subproblem | None = None
        while (heap or plunge) and done < MOST_SUBPROBLEMS and not self.task.clock.spent:
            here = plunge or heapq.heappop(heap)
            plunge = None
            done += 1
            lowest = min([here.bound, self.left, *(other.bound for other in heap[:1])])
            if lowest > risen[0] + 1e-6 * abs(lowest):
                risen = lowest, done
            elif done - risen[1] > STALL_SUBPROBLEMS and not self.counted:
                heapq.heappush(heap, here)
                break
            self.task.parameters.watch(Sighting(f"{self.relaxation.goal.name}, branch and cut", self._value(), lowest))
            children: tuple[Subproblem, Subproblem] | None = None
            try:
                children = self._branch(here, done % HEURISTIC_EVERY == 0)
            except OutOfTime:
                self.cut_short = True
            if self.cut_short:  # nothing is known of the subproblem but its bound
                heapq.heappush(heap, here)
                break
            if children is not None:
                plunge, other = children
                heapq.heappush(heap, other)
        open_bounds = [one.bound for one in (*heap, *([plunge] if plunge else ()))]
        bound = max(bound, min([*open_bounds, self.left, self._value_or_inf()]))
        return BranchingResult(self.incumbent, bound, tuple(self.rows), done)

    def _branch(self, here: Subproblem, guided: bool) -> tuple[Subproblem, Subproblem] | None:
        """Bound the subproblem; its two children, the more promising first, or None where it is closed."""
        if self._close(here.bound):
            return None
        point = self._solve(here)
        if point is None:
            return None
        if guided:
            self.incumbent = better(self.incumbent, self._guide(point))
        if self._close(here.bound):
            return None
        fractional = self._fractional(point)
        if not fractional:
            self.left = min(self.left, here.bound)
            return None
        column = self._choose(here, fractional)
        up, down = self._children(here, point, column)
        return (up, down) if point[column] - math.floor(point[column]) > 0.3 else (down, up)

    def _choose(self, here: Subproblem, fractional: list[tuple[int, float]]) -> int:
        """The column to branch on: the number of links beyond the trees before all others, or what the goal counts."""
        if self.extra in dict(fractional):
            return self.extra
        counted = [(column, value) for column, value in fractional if column in self.counted]
        fractional = counted or fractional
        return self.pseudo_costs.choose(fractional, lambda *rounding: self._try(here, *rounding))

    def _children(self, here: Subproblem, point: Point, column: int) -> tuple[Subproblem, Subproblem]:
        """The subproblem with the column rounded up, and rounded down."""
        at = math.floor(point[column] + INTEGRAL)
        low, high = here.fixed.get(column, (0.0, self.upper[column]))
        up, down = float(at + 1 - point[column]), float(point[column] - at)
        number, self.made = self.made, self.made + 2
        return (
            Subproblem(here.bound, number, here.fixed | {column: (at + 1.0, high)}, Branching(column, True, up)),
            Subproblem(here.bound, number + 1, here.fixed | {column: (low, float(at))}, Branching(column, False, down)),
        )

    def _value(self) -> float | None:
        return None if self.incumbent is None else self.incumbent.value

    def _value_or_inf(self) -> float:
        return math.inf if self.incumbent is None else self.incumbent.value

    def _close(self, bound: float) -> bool:
        """Nothing here is better than the plan known by more than the gap asked for; the bound then counts."""
        if self.incumbent is None or not self.task.within(self.incumbent.value, bound):
            return False
        self.left = min(self.left, bound)
        return True

    def _solve(self, here: Subproblem) -> Point | None:
        """Bound the subproblem under cuts; its point, or None where it is empty, closed, or settled by its point."""
        relaxation = self.relaxation
        relaxation.set_bounds(here.fixed, self.upper)
        before = here.bound
        turn = 0
        while True:
            solved = relaxation.solve()
            self.cut_short = solved is LpEnding.STOPPED
            if solved is not LpEnding.SOLVED:
                return None
            last, here.bound = here.bound, max(here.bound, relaxation.bound)
            if turn == 0 and here.branching is not None:
                self._learn(here.branching, here.bound - before)
            if self._close(here.bound):
                return None
            point = relaxation.point
            whole = not self._fractional(point)
            if whole:
                self.incumbent = better(self.incumbent, self._route(point))
                if self._close(here.bound):
                    return None
            slow = here.bound - last < LEAST_PROGRESS * (self._value_or_inf() - here.bound)
            enough = not whole and (turn >= CUT_ROUNDS or (turn > 0 and slow))  # a whole point is cut to the end
            rows = [] if enough else self._cut(point)
            if not rows:
                if whole:
                    self.left = min(self.left, here.bound)
                    return None
                return point
            self.witnesses.judge(rows, self.incumbent)
            relaxation.add(rows)
            self.rows += rows
            turn += 1

    def _route(self, point: Point) -> Incumbent | None:
        """A plan on the links of an integral point, else on these and all that were promising."""
        installed = {link for link, value in self.model.values(point, self.model.link).items() if value > 0.5}
        served = {q for q, value in self.model.values(point, self.model.served).items() if value > 0.5}
        found = GuidedSearch(self.task, self.prices, installed).plan(served, {}, {})
        if found is None:
            self.promising |= installed
            planner = GuidedSearch(self.task, self.prices, self.promising)
            found = planner.plan(served, dict.fromkeys(installed, 1.0), {})
        return found

    def _guide(self, point: Point) -> Incumbent | None:
        """A plan guided by a fractional point, improved by local search."""
        links = self.model.values(point, self.model.link)
        self.promising |= {link for link, value in links.items() if value > INTEGRAL}
        return sketch_on(self.task, self.model, self.prices, self.promising, point)

    def _cut(self, point: Point) -> list[Row]:
        """Cuts of the first family that gives some."""
        for separator in self.separators:
            rows = separator.violated(point, VIOLATED)
            if rows:
                return list(dict.fromkeys(rows))
        return []

    def _fractional(self, point: Point) -> list[tuple[int, float]]:
        """Integer columns whose value is not whole, with it."""
        values = point[self.integer]
        found = np.abs(values - np.round(values)) > INTEGRAL
        return list(zip(self.integer[found].tolist(), values[found].tolist(), strict=True))

    def _try(self, here: Subproblem, column: int, value: float, upwards: bool) -> float:
        """How far the bound rises within a few simplex steps when the column is rounded."""
        low, high = here.fixed.get(column, (0.0, float(self.upper[column])))
        bounds = (math.floor(value) + 1.0, high) if upwards else (low, float(math.floor(value)))
        raised = self.relaxation.try_bounds(column, bounds, (low, high), STRONG_STEPS)
        ceiling = self._value_or_inf() - here.bound
        return min(max(0.0, raised - here.bound), ceiling if math.isfinite(ceiling) else abs(here.bound) + 1.0)

    def _learn(self, branching: Branching, gain: float) -> None:
        per_unit = max(0.0, gain) / max(branching.distance, INTEGRAL)
        self.pseudo_costs.learn(branching.column, branching.upwards, per_unit)
