"""The linear relaxation on HiGHS that is solved again and again while rows are added."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import replace
from enum import Enum, auto

import highspy
import numpy as np
from scipy.sparse import csr_array

from qplan.errors import SolverFailed
from qplan.optimizer.cuts.row import Point, Row
from qplan.optimizer.model.formulation import Formulation
from qplan.optimizer.model.objectives import Goal
from qplan.optimizer.solvers.highs import FEASIBILITY_TOLERANCE, IMPOSSIBLE
from qplan.optimizer.solvers.linear_program import LinearProgram, matrix_of, program_of, program_to, relax, weak_duality
from qplan.optimizer.solvers.session import Option, Session
from qplan.optimizer.solvers.sums import Sums
from qplan.time_budget import TimeBudget

INTERIOR: dict[str, Option] = {"solver": "ipm", "run_crossover": "off", "ipm_optimality_tolerance": 1e-3}
MANY_ROWS = 5000  # before the first solution: the simplex method would take up to ten times as long
SLACK_SHARE = 0.01  # of the largest dual value: what a row needs for a slack of 1, to stay
LEAST_GONE = 0.1  # of the columns: fewer are not worth a new basis
FARKAS_MARGIN = 1e-6  # above the rounding of sums of rows; a ray has 1 as its largest entry
NO_LIMIT = highspy.kHighsIInf  # of steps
NEARLY_OPTIMAL = (highspy.HighsModelStatus.kOptimal, highspy.HighsModelStatus.kUnknown)  # of interior points


class LpEnding(Enum):
    """How the solution of a relaxation ended."""

    SOLVED = auto()
    INFEASIBLE = auto()
    STOPPED = auto()  # by a limit


def _from_duals(session: Session) -> tuple[float, np.ndarray]:
    """Bound and reduced costs from the row duals alone, whatever their accuracy."""
    return weak_duality(program_of(session.lp()), np.array(session.solution().row_dual))


def _proves_infeasible(session: Session) -> bool:
    """A dual ray by which no point keeps all rows (Farkas): the same bound, without costs, is above 0."""
    ray = session.dual_ray()
    if ray is None or not np.isfinite(ray).all() or not (size := np.abs(ray).max(initial=0.0)):
        return False
    program = program_of(session.lp())
    bound, _ = weak_duality(replace(program, cost=np.zeros(len(program.cost))), ray / size)
    return bound > FARKAS_MARGIN


class Bounding:
    """What a relaxation says of its value under a goal, once it is solved."""

    def __init__(self, goal: Goal, clock: TimeBudget, columns: int):
        self.goal, self.clock = goal, clock
        self._bound, self._reduced = -math.inf, np.zeros(columns)

    @property
    def bound(self) -> float:
        """The relaxation's value, or a bound on it, in the units of the goal."""
        return self.goal.to_domain(self._bound)

    @property
    def reduced_costs(self) -> np.ndarray:
        """Per column, in the units of the goal: what its value of 1 adds to the bound at least."""
        return self._reduced / self.goal.scale


class Relaxation(Bounding):
    """The linear relaxation of a model under a goal, solved again and again while rows are added.

    By the dual simplex method, from the last basis, with many rows at first from one that interior points lead to;
    `approximate`, once that has taken too many steps: by the interior point method, whose points and bounds are near
    the optimum. Within, links are what they have beyond a tree (`sums.py`), and bounds of such sums are rows that come
    where they are needed.
    """

    def __init__(self, model: Formulation, goal: Goal, clock: TimeBudget, as_is: bool = False):
        """`as_is`: `program` has the model's columns, all of them and to the end."""
        program = relax(model, goal, ())
        columns = len(program.cost)
        super().__init__(goal, clock, columns)
        self._sums = Sums.of(program) if not as_is else Sums.none(columns)
        self._matrix, self._high = self._sums.matrix, program.upper
        self._as_is = as_is
        self._kept, self._costs = np.arange(columns), np.zeros(columns)  # columns still in HiGHS, reduced costs
        program = self._sums.substitute(program)
        options: dict[str, Option] = {"threads": 1, "primal_feasibility_tolerance": FEASIBILITY_TOLERANCE}
        self._session = Session(program_to(program), options)
        self.fixed_rows = len(program.row_lower)
        self._bounded: list[int] = []  # per row added: the sum that it bounds, none (-1) where it is a cut
        self.approximate = False

    def solve(self, most_steps: int = NO_LIMIT) -> LpEnding:
        """Solve to optimality; beyond so many steps of the simplex method by interior points."""
        while (ended := self._solve(most_steps)) is LpEnding.SOLVED:
            sums, point = np.unique(self._sums.columns), self.point
            over = sums[point[sums] > self._high[sums] + FEASIBILITY_TOLERANCE]
            if not self._bound_sums(over.tolist(), np.zeros(len(point)), self._high):
                break
        return ended

    def _bound_sums(self, sums: Sequence[int], low: np.ndarray, high: np.ndarray) -> bool:
        """Rows with the bounds of sums, where there are none yet; whether some came."""
        new = [column for column in sums if column not in self._bounded]
        if new:
            self._session.add_rows(csr_array(self._matrix[new]), low[new])
            self._bounded += new
            self._set_sums(new, low[new], high[new])
        return bool(new)

    def _set_sums(self, sums: Sequence[int], low: np.ndarray, high: np.ndarray) -> None:
        rows = np.array([self._bounded.index(column) for column in sums], dtype=np.int64) + self.fixed_rows
        self._session.set_row_bounds(rows, low, high)

    def _solve(self, most_steps: int) -> LpEnding:
        ended = highspy.HighsModelStatus
        self._session.set({"simplex_iteration_limit": most_steps})
        status = self._run()
        if status == ended.kIterationLimit and not self.approximate:
            self.approximate = True
            self._session.set(INTERIOR)
            status = self._session.run(self.clock)
        lost = status == ended.kUnknown and not self.approximate  # the simplex method, from the last basis
        if lost or (status in IMPOSSIBLE and not _proves_infeasible(self._session)):
            self._session.set({"simplex_iteration_limit": NO_LIMIT})
            status = self._session.run_anew(self.clock)
        if self.approximate and status in NEARLY_OPTIMAL:
            self._learn(*_from_duals(self._session))
            return LpEnding.SOLVED
        if status == ended.kOptimal:
            duals = np.array(self._session.solution().col_dual)
            self._learn(self._session.info().objective_function_value, duals)
            return LpEnding.SOLVED
        if status in IMPOSSIBLE:
            return LpEnding.INFEASIBLE
        if status in (ended.kTimeLimit, ended.kInterrupt):
            return LpEnding.STOPPED
        raise SolverFailed(f"HiGHS ended with status {status.name!r}")

    def _run(self) -> highspy.HighsModelStatus:
        """From the last basis; where there is none and rows are many, by interior points to one."""
        if not (self.approximate or self._session.basis().valid) and self._session.lp().num_row_ >= MANY_ROWS:
            self._session.set({"solver": "ipm"})
            status = self._session.run(self.clock)
            self._session.set({"solver": "choose"})
            if status != highspy.HighsModelStatus.kUnknown:
                return status
        return self._session.run(self.clock)

    def _learn(self, bound: float, costs: np.ndarray) -> None:
        """Take up a bound and reduced costs; those of columns taken out are beyond all values of interest."""
        self._bound, self._costs = bound, costs
        of_all = np.full(len(self._high), np.inf)
        of_all[self._kept] = costs
        self._reduced = self._sums.reduced(of_all)

    def drop_columns(self, most: float) -> bool:
        """Take out what no point worth at most so much has above 0, by reduced costs; whether that was enough to pay.

        From then on nothing is said of points worth more, and of the last point nothing before the next solution.
        """
        gone = self._costs > (most - self.goal.constant) * self.goal.scale - self._bound
        if self._as_is or self.approximate or gone.all() or gone.sum() < LEAST_GONE * len(gone):
            return False
        self._session.delete_columns(gone)
        self._kept, self._costs = self._kept[~gone], self._costs[~gone]
        self._matrix = csr_array(self._sums.matrix[:, self._kept])
        return True

    def set_bounds(self, fixed: Mapping[int, tuple[float, float]], upper: np.ndarray) -> None:
        """Columns from 0 to `upper`, those `fixed` within their own bounds."""
        low, high = np.zeros(len(upper)), upper.copy()
        for column, bounds in fixed.items():
            low[column], high[column] = bounds
        sums = self._sums
        self._high = high.copy()
        self._bound_sums([c for c in fixed if low[c] > 0 and c in sums.columns], low, high)
        known = [column for column in self._bounded if column >= 0]
        self._set_sums(known, low[known], high[known])
        high[sums.others] = np.minimum(high[sums.others], high[sums.columns])
        low[sums.columns] = 0.0
        self._session.set_bounds(np.arange(len(self._kept)), low[self._kept], high[self._kept])

    def try_bounds(self, column: int, bounds: tuple[float, float], back: tuple[float, float], most_steps: int) -> float:
        """The bound after some dual simplex steps with other bounds of a column; infinite where nothing is left."""
        session, is_sum = self._session, column in self._sums.columns
        if is_sum:
            self._bound_sums([column], np.zeros(len(self._high)), self._high)

        def set_bounds(low: float, high: float) -> None:
            if is_sum:
                self._set_sums([column], np.array([low]), np.array([high]))
            else:
                session.set_bounds(np.searchsorted(self._kept, [column]), np.array([low]), np.array([high]))

        basis = session.basis()
        set_bounds(*bounds)
        session.set({"simplex_iteration_limit": most_steps})
        status = session.run_briefly()
        bound = self.goal.to_domain(session.info().objective_function_value)
        set_bounds(*back)
        session.set_basis(basis)
        return math.inf if status == highspy.HighsModelStatus.kInfeasible else bound

    @property
    def settled(self) -> bool:
        """The point is as near the optimum as it can be brought."""
        return True

    @property
    def point(self) -> Point:
        point: Point = self._matrix @ np.array(self._session.solution().col_value)
        return point

    @property
    def program(self) -> LinearProgram:
        """The model with all rows that there are."""
        return program_of(self._session.lp())

    def add(self, rows: Sequence[Row]) -> None:
        """Append rows Σ ≥ least. Raises SolverFailed."""
        session = self._session
        matrix = csr_array(matrix_of(rows, len(self._high)) @ self._matrix)
        matrix.eliminate_zeros()
        session.add_rows(matrix, np.array([row.least for row in rows], dtype=float))
        self._bounded += [-1] * len(rows)

    def drop_slack(self, tight: bool) -> list[bool]:
        """Take out added rows without a dual value, tight ones too or not; says for each added row whether it stays."""
        solution = self._session.solution()
        duals = np.abs(np.array(solution.row_dual)[self.fixed_rows :])
        slack = np.array(solution.row_value)[self.fixed_rows :]
        slack -= np.array(self._session.lp().row_lower_)[self.fixed_rows :]
        keep = duals > 1e-9
        if not tight:
            keep |= slack <= FEASIBILITY_TOLERANCE
        if self.approximate:  # there every row has a dual value; that of a slack one is small for its slack
            keep = duals > SLACK_SHARE * duals.max(initial=0.0) * slack
        cuts = np.array(self._bounded) < 0
        keep |= ~cuts
        gone = np.flatnonzero(~keep) + self.fixed_rows
        if len(gone):
            self._session.delete_rows(gone)
            self._bounded = [column for column, kept in zip(self._bounded, keep, strict=True) if kept]
        return list(keep[cuts])
