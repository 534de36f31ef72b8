"""The linear relaxation by a first-order method, solved again and again while rows are added."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace
from itertools import count

import numpy as np

from qplan.optimizer.cuts.row import Point, Row
from qplan.optimizer.model.formulation import Formulation
from qplan.optimizer.model.objectives import Goal
from qplan.optimizer.solvers.first_order import LOOK_EVERY, Scaled, most_of_any_point
from qplan.optimizer.solvers.iterate import Iterate
from qplan.optimizer.solvers.linear_program import relax, weak_duality
from qplan.optimizer.solvers.relaxation import NO_LIMIT, Bounding, LpEnding
from qplan.time_budget import TimeBudget

FIRST_STEPS, FURTHER_STEPS = 1200, 400  # at the most: of the first solution, and of those after more rows
NEAR = 5e-4  # of the bound: what the point's cost may exceed it by at the end
TIGHT = 1e-6  # most slack of a tight row


class ApproximateRelaxation(Bounding):
    """The linear relaxation of a model under a goal, solved again and again while rows are added.

    Every solution begins where the last one ended. Its point is near the optimum, and nearly keeps the rows; its bound
    holds all the same, by weak duality. What takes the simplex method, or interior points, too long.
    """

    approximate = True

    def __init__(self, model: Formulation, goal: Goal, clock: TimeBudget, fixed: Sequence[Row]):
        """`fixed`: rows that are never taken out."""
        self.program = relax(model, goal, fixed)
        super().__init__(goal, clock, len(self.program.cost))
        self.fixed_rows = len(self.program.row_lower)
        self.settled = False  # the last point's cost is near the bound
        self._last: Iterate | None = None

    def solve(self, most_steps: int = NO_LIMIT) -> LpEnding:
        """Step until the point's cost is near the bound, or often enough; steps of the simplex method are not taken."""
        start, most = self._last, FURTHER_STEPS if self._last else FIRST_STEPS
        self._bound, dearest = -math.inf, most_of_any_point(self.program)
        for steps, iterate in zip(count(LOOK_EVERY, LOOK_EVERY), Scaled(self.program).looks(start), strict=False):
            # over many short solutions the weight would drift, and the bound suffer: that of the first one stays
            self._last = iterate if start is None else replace(iterate, weight=start.weight)
            bound, reduced = weak_duality(self.program, iterate.dual)
            if bound > self._bound:
                self._bound, self._reduced = bound, reduced
            if bound > dearest:
                return LpEnding.INFEASIBLE
            if self.clock.spent or not math.isfinite(bound):  # beyond the range of single precision
                return LpEnding.STOPPED
            excess = float(self.program.cost @ iterate.point) - self._bound
            self.settled = abs(excess) <= NEAR * abs(self._bound)
            if self.settled or steps >= most:
                break
        return LpEnding.SOLVED

    @property
    def point(self) -> Point:
        assert self._last is not None
        return self._last.point

    def add(self, rows: Sequence[Row]) -> None:
        """Append rows Σ ≥ least."""
        self.program = self.program.with_rows(rows)
        if self._last is not None:
            self._last = replace(self._last, dual=np.concatenate([self._last.dual, np.zeros(len(rows))]))

    def drop_slack(self, tight: bool) -> list[bool]:
        """Take out added rows without a dual value, tight ones too or not; says for each added row whether it stays."""
        assert self._last is not None
        program, dual = self.program, self._last.dual
        slack = program.matrix @ self._last.point - program.row_lower
        keep = (dual > 0) | (slack < (0.0 if tight else TIGHT))
        keep[: self.fixed_rows] = True
        self.program = program.on_rows(keep)
        self._last = replace(self._last, dual=dual[keep])
        return [bool(kept) for kept in keep[self.fixed_rows :]]
