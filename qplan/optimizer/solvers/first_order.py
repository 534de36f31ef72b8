"""Large linear relaxations by a first-order method, each of whose looks at the duals gives a bound that holds.

The primal-dual hybrid gradient method (Chambolle & Pock 2011) for linear programmes (Applegate et al. 2021), restarted,
anchored and reflected (Lu & Yang 2024), on rows and columns scaled to a like size (Ruiz 2001; Pock & Chambolle 2011).
Steps are two products with the matrix each, in single precision; bounds are worked out in double precision.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from copy import copy
from dataclasses import dataclass, replace
from itertools import count

import numpy as np
from scipy.sparse import csr_array

from qplan.optimizer.cuts.row import Point, Row, separate_none
from qplan.optimizer.solvers.iterate import Iterate
from qplan.optimizer.solvers.linear_program import LinearProgram, weak_duality
from qplan.optimizer.solvers.parts import Part, Priced, all_of, likely, part_of
from qplan.optimizer.solvers.products import Products
from qplan.time_budget import OutOfTime, TimeBudget

LOOK_EVERY = 40  # steps
SEPARATE_EVERY = 800  # steps
FEWEST_STEPS, MOST_STEPS = 800, 40_000
STALL_SHARE, STALL_GROWTH = 0.25, 5e-4  # over the last share of the steps the bound must grow by this share
APART = 2e-3  # share of the bound; while a point costs so much more, or less, the bound has not come to its end
SCALINGS = 10
ENOUGH_DECAY, SOME_DECAY = 0.2, 0.8  # of the residual since the last restart: restart at once; if it grows again
LONGEST = 0.36  # of all steps without a restart
FEWEST_ON_PART = 200  # steps before groups come in, if it is not at the same time as rows
ROUNDING = 1e-6  # of the most that a point can cost, beyond which a bound must be for there to be no point
FARTHEST = 1e4  # factor between the first weight and any later one: where no point keeps the rows they would diverge
SINGLE = np.float32


@dataclass(frozen=True)
class FirstOrder:
    """A bound, and the point at which it was found, near the optimum and nearly within the rows.

    `dual` proves the bound, of the first rows if it is shorter; `program` has all rows that were added, in their order,
    and `last` is where the method stands with them.
    """

    bound: float
    point: Point
    dual: np.ndarray
    program: LinearProgram
    last: Iterate


def bound_by_first_order(
    program: LinearProgram,
    clock: TimeBudget,
    enough: float,
    tell: Callable[[float], None],
    separate: Callable[[Point], Sequence[Row]] = separate_none,
) -> FirstOrder | None:
    """Step until the bound is enough, or stands still, or the time is over; `tell` is told of every better bound.

    From time to time the rows that a point violates are added, by `separate`, which gives none twice; tied columns that
    are likely to be 0 are left out. None where there is no bound by then, or where it exceeds what any point costs (so
    that there is none).
    """
    return _Method(program, clock, enough, tell, separate).run()


class _Method:
    """The method on one part of a programme after another."""

    def __init__(
        self,
        program: LinearProgram,
        clock: TimeBudget,
        enough: float,
        tell: Callable[[float], None],
        separate: Callable[[Point], Sequence[Row]],
    ):
        self.program, self.clock, self.enough, self.tell, self.separate = program, clock, enough, tell, separate
        self.dearest = most_of_any_point(program)
        self.best: FirstOrder | None = None
        self.bounds: list[float] = []  # the best one, at every look since there was more of the part
        self.unseparated = 0  # looks

    def run(self) -> FirstOrder | None:
        part, start = all_of(self.program), None
        with suppress(OutOfTime):
            while (then := self._until_grown(part, start)) is not None:
                # over many starts the weight would drift: that of the first one stays
                part, start = then[0], then[1] if start is None else replace(then[1], weight=start.weight)
                self.bounds = []
        return None if self.best is None or self.best.bound > self.dearest else self.best

    def _until_grown(self, part: Part, start: Iterate | None) -> tuple[Part, Iterate] | None:
        """Step on a part; at the end None, before that the part to go on with, and from where."""
        for iterate in Scaled(part.program).looks(None if start is None else part.of(start)):
            promised, _ = weak_duality(part.program, iterate.dual)
            if not math.isfinite(promised):  # beyond the range of single precision
                return None
            priced = None
            if self.best is None or promised > self.best.bound:
                priced = part.price(iterate, promised)
                self._note(priced)
            if self.clock.spent or self.best is None or self.best.bound >= min(self.enough, self.dearest):
                return None
            self.bounds.append(self.best.bound)
            self.unseparated += 1
            stalled = _stalled(self.bounds, float(part.program.cost @ iterate.point))
            then = None
            if stalled or self.unseparated * LOOK_EVERY >= SEPARATE_EVERY:
                then = self._separate(part, part.price(iterate, promised) if priced is None else priced)
            elif priced is not None and len(self.bounds) * LOOK_EVERY >= FEWEST_ON_PART:
                then = self._fill(part, priced)
            if stalled or then is not None:
                return then
        raise AssertionError("looks do not end")

    def _note(self, priced: Priced) -> None:
        if self.best is None or priced.bound > self.best.bound:
            at = priced.iterate
            self.best = FirstOrder(priced.bound, at.point, at.dual, self.program, at)
            self.tell(priced.bound)

    def _separate(self, part: Part, priced: Priced) -> tuple[Part, Iterate] | None:
        """With the rows that the point violates, or else with what the part lacks. Raises OutOfTime."""
        at, self.unseparated = priced.iterate, 0
        rows = self.separate(at.point)
        if rows:
            self.program = self.program.with_rows(rows)
            at = replace(at, dual=np.concatenate([at.dual, np.zeros(len(rows))]))
        if self.best is not None:
            self.best = replace(self.best, program=self.program, last=at)
        return (likely(self.program, at), at) if rows else self._fill(part, priced)

    def _fill(self, part: Part, priced: Priced) -> tuple[Part, Iterate] | None:
        """With the groups that the part lacks, if much of the bound is lost for want of them."""
        if priced.fair:
            return None
        lacking, at = part.lacking(priced), priced.iterate
        return (part_of(self.program, part.kept | lacking, at.dual), at) if lacking.any() else None


def most_of_any_point(program: LinearProgram) -> float:
    """What no point within the columns' bounds costs; a bound beyond proves that there is no point."""
    return program.dearest + ROUNDING * abs(program.dearest)


def _stalled(bounds: list[float], cost: float) -> bool:
    """The bound grows no more, and the point costs little more or less than that."""
    looks, size = len(bounds), abs(bounds[-1])
    if looks * LOOK_EVERY < FEWEST_STEPS:
        return False
    before = bounds[looks - 1 - int(STALL_SHARE * looks)]
    still = bounds[-1] - before <= STALL_GROWTH * size and abs(cost - bounds[-1]) <= APART * size
    return still or looks * LOOK_EVERY >= MOST_STEPS


class Scaled:
    """A programme with rows and columns of like size, in the orders of its products, and a step of the method on it."""

    def __init__(self, program: LinearProgram):
        matrix = program.matrix
        rows, columns = _scales(program)
        entries = matrix.data * np.repeat(rows, np.diff(matrix.indptr)) * columns[matrix.indices]
        scaled = csr_array((entries.astype(SINGLE), matrix.indices, matrix.indptr), shape=matrix.shape)
        self.products = Products(scaled, program.copies)
        self.row_order, self.column_order = self.products.row_order, self.products.column_order
        self.rows, self.columns = rows[self.row_order], columns[self.column_order]
        self.cost = (program.cost[self.column_order] * self.columns).astype(SINGLE)
        self._bound_columns(program)
        self.row_lower, self.row_upper = (
            (side[self.row_order] * self.rows).astype(SINGLE) for side in (program.row_lower, program.row_upper)
        )

    def _bound_columns(self, program: LinearProgram) -> None:
        self.lower, self.upper = (
            (side[self.column_order] / self.columns).astype(SINGLE) for side in (program.lower, program.upper)
        )

    def within(self, program: LinearProgram) -> Scaled:
        """The same with the bounds that columns have in another programme, which is like it otherwise."""
        other = copy(self)
        other._bound_columns(program)
        return other

    def step(self, x: np.ndarray, y: np.ndarray, weight: float) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """One step of the primal-dual hybrid gradient method, of sizes 1 / weight and weight; and 2 · new x − x."""
        new_x = self.products.times_transposed(y)
        new_x -= self.cost
        new_x *= SINGLE(1 / weight)
        new_x += x
        np.maximum(new_x, self.lower, out=new_x)
        np.minimum(new_x, self.upper, out=new_x)
        reflected = new_x + new_x
        reflected -= x
        length = SINGLE(weight)
        new_y = self.products.times(reflected)
        new_y *= -length
        new_y += y
        at_upper = length * self.row_upper
        at_upper += new_y
        np.minimum(at_upper, 0, out=at_upper)
        new_y += length * self.row_lower
        np.maximum(new_y, at_upper, out=new_y)
        return new_x, new_y, reflected

    def residual(self, dx: np.ndarray, dy: np.ndarray, weight: float) -> float:
        """How far a step goes, in the norm in which no step goes farther than the one before."""
        across = 2 * _dot(dy, self.products.times(dx))
        return max(0.0, weight * _dot(dx, dx) - across + _dot(dy, dy) / weight)

    def looks(self, start: Iterate | None = None) -> Iterator[Iterate]:
        """Where the method stands after every so many steps, without end; from nothing, or from a start.

        z ← k/(k+1) · (2 step(z) − z) + 1/(k+1) · anchor, k steps after the restart that took z as the anchor.
        """
        x = np.clip(np.zeros(len(self.cost), SINGLE), self.lower, self.upper)
        y = np.zeros(len(self.rows), SINGLE)
        sides = np.where(np.isfinite(self.row_lower), self.row_lower, self.row_upper)
        usual = _balance(self.cost, sides[np.isfinite(sides)])
        weight = usual
        if start is not None:
            x = np.clip((start.point[self.column_order] / self.columns).astype(SINGLE), self.lower, self.upper)
            y, weight = (start.dual[self.row_order] / self.rows).astype(SINGLE), start.weight
        anchor_x, anchor_y, since, longest, last = x, y, 0, 0.0, 0.0
        for steps in count(1):
            new_x, new_y, reflected = self.step(x, y, weight)
            since += 1
            if steps % LOOK_EVERY == 0:
                yield self._iterate(new_x, new_y, weight)
            if since == 1 or since % LOOK_EVERY == 0:
                residual = self.residual(new_x - x, new_y - y, weight)
                if since == 1:
                    longest = residual
                elif _to_restart(residual, longest, last) or since >= LONGEST * steps:
                    moved = _balance(new_y - anchor_y, new_x - anchor_x)
                    weight = min(max(math.sqrt(weight * moved), usual / FARTHEST), usual * FARTHEST)
                    anchor_x, anchor_y, since = new_x, new_y, 0
                last = residual
            share = SINGLE(since / (since + 1))  # 0 after a restart
            x = _mean(reflected, anchor_x, share)
            y = _mean(2 * new_y - y, anchor_y, share)

    def _iterate(self, x: np.ndarray, y: np.ndarray, weight: float) -> Iterate:
        point, dual = np.empty(len(x)), np.empty(len(y))
        point[self.column_order] = x * self.columns
        dual[self.row_order] = y * self.rows
        return Iterate(point, dual, weight)


def _mean(one: np.ndarray, other: np.ndarray, share: np.float32) -> np.ndarray:
    """share · one + (1 − share) · other, in place of the one."""
    one *= share
    one += (1 - share) * other
    return one


def _to_restart(residual: float, longest: float, last: float) -> bool:
    """The squared residual has fallen enough since the last restart; or somewhat, and grows again."""
    return residual <= ENOUGH_DECAY**2 * longest or (residual <= SOME_DECAY**2 * longest and residual > last)


def _scales(program: LinearProgram) -> tuple[np.ndarray, np.ndarray]:
    """Factors of rows and columns, by largest entries again and again, then by sums: no singular value is above 1.

    All copies of a block have the same, those of the largest entries.
    """
    matrix = program.matrix
    count_rows, count_columns = matrix.shape
    rows, columns = np.ones(count_rows), np.ones(count_columns)
    place, size = np.repeat(np.arange(count_rows), np.diff(matrix.indptr)), np.abs(matrix.data)
    for turn in range(SCALINGS + 1):
        if turn < SCALINGS:
            of_row, of_column = np.zeros(count_rows), np.zeros(count_columns)
            np.maximum.at(of_row, place, size)
            np.maximum.at(of_column, matrix.indices, size)
        else:
            of_row = np.bincount(place, size, count_rows)
            of_column = np.bincount(matrix.indices, size, count_columns)
        for copies in program.copies:
            of_row[copies.rows] = of_row[copies.rows].max(axis=1, keepdims=True)
            of_column[copies.columns] = of_column[copies.columns].max(axis=1, keepdims=True)
        by_row, by_column = (1 / np.sqrt(np.where(most > 0, most, 1.0)) for most in (of_row, of_column))
        rows, columns = rows * by_row, columns * by_column
        size = size * by_row[place] * by_column[matrix.indices]
    return rows, columns


def _balance(one: np.ndarray, other: np.ndarray) -> float:
    """The ratio of two lengths; 1 where one of them is none."""
    ratio = math.sqrt(_dot(one, one)) / (math.sqrt(_dot(other, other)) or math.inf)
    return ratio if ratio > 0 else 1.0


def _dot(one: np.ndarray, other: np.ndarray) -> float:
    """Summed in one order on any number of threads, in double precision."""
    return float(np.multiply(one, other).sum(dtype=float))
