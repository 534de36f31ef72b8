"""The linear relaxation on HiGHS that is solved again and again while rows are added."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import replace
from enum import Enum, auto

import highspy
import numpy as np

from qplan.errors import SolverFailed
from qplan.optimizer.cuts.row import Point, Row
from qplan.optimizer.model.formulation import Formulation
from qplan.optimizer.model.objectives import Goal
from qplan.optimizer.solvers.highs import FEASIBILITY_TOLERANCE, IMPOSSIBLE
from qplan.optimizer.solvers.linear_program import LinearProgram, matrix_of, program_of, weak_duality
from qplan.optimizer.solvers.lp import lp_of
from qplan.optimizer.solvers.session import Option, Session
from qplan.time_budget import TimeBudget

INTERIOR: dict[str, Option] = {"solver": "ipm", "run_crossover": "off", "ipm_optimality_tolerance": 1e-3}
SLACK_SHARE = 0.01  # of the largest dual value: what a row needs for a slack of 1, to stay
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

    By the dual simplex method, from the last basis; `approximate`, once that has taken too many steps: by the interior
    point method, whose points and bounds are near the optimum.
    """

    def __init__(self, model: Formulation, goal: Goal, clock: TimeBudget):
        lp = lp_of(model, goal)
        super().__init__(goal, clock, lp.num_col_)
        lp.integrality_ = []
        self._session = Session(lp, {"threads": 1, "primal_feasibility_tolerance": FEASIBILITY_TOLERANCE})
        self.fixed_rows = lp.num_row_
        self.approximate = False

    def solve(self, most_steps: int = NO_LIMIT) -> LpEnding:
        """Solve to optimality; beyond so many steps of the simplex method by interior points."""
        ended = highspy.HighsModelStatus
        self._session.set({"simplex_iteration_limit": most_steps})
        status = self._session.run(self.clock)
        if status == ended.kIterationLimit and not self.approximate:
            self.approximate = True
            self._session.set(INTERIOR)
            status = self._session.run(self.clock)
        if status in IMPOSSIBLE and not _proves_infeasible(self._session):
            self._session.set({"simplex_iteration_limit": NO_LIMIT})
            status = self._session.run_anew(self.clock)
        if self.approximate and status in NEARLY_OPTIMAL:
            self._bound, self._reduced = _from_duals(self._session)
            return LpEnding.SOLVED
        if status == ended.kOptimal:
            self._bound = self._session.info().objective_function_value
            self._reduced = np.array(self._session.solution().col_dual)
            return LpEnding.SOLVED
        if status in IMPOSSIBLE:
            return LpEnding.INFEASIBLE
        if status in (ended.kTimeLimit, ended.kInterrupt):
            return LpEnding.STOPPED
        raise SolverFailed(f"HiGHS ended with status {status.name!r}")

    def set_bounds(self, fixed: Mapping[int, tuple[float, float]], upper: np.ndarray) -> None:
        """Columns from 0 to `upper`, those `fixed` within their own bounds."""
        low, high = np.zeros(len(upper)), upper.copy()
        for column, bounds in fixed.items():
            low[column], high[column] = bounds
        self._session.set_bounds(np.arange(len(upper)), low, high)

    def try_bounds(self, column: int, bounds: tuple[float, float], back: tuple[float, float], most_steps: int) -> float:
        """The bound after some dual simplex steps with other bounds of a column; infinite where nothing is left."""
        session, basis = self._session, self._session.basis()
        session.set_bounds(np.array([column]), *(np.array([bound]) for bound in bounds))
        session.set({"simplex_iteration_limit": most_steps})
        status = session.run_briefly()
        bound = self.goal.to_domain(session.info().objective_function_value)
        session.set_bounds(np.array([column]), *(np.array([bound]) for bound in back))
        session.set_basis(basis)
        return math.inf if status == highspy.HighsModelStatus.kInfeasible else bound

    @property
    def settled(self) -> bool:
        """The point is as near the optimum as it can be brought."""
        return True

    @property
    def point(self) -> Point:
        return np.array(self._session.solution().col_value)

    @property
    def program(self) -> LinearProgram:
        """The model with all rows that there are."""
        return program_of(self._session.lp())

    def add(self, rows: Sequence[Row]) -> None:
        """Append rows Σ ≥ least. Raises SolverFailed."""
        session = self._session
        session.add_rows(matrix_of(rows, session.columns()), np.array([row.least for row in rows], dtype=float))

    def drop_slack(self) -> list[bool]:
        """Take out added rows that are slack with no dual value; says for each added row whether it stays."""
        solution = self._session.solution()
        duals = np.abs(np.array(solution.row_dual)[self.fixed_rows :])
        keep = duals > 1e-9
        if self.approximate:  # there every row has a dual value; that of a slack one is small for its slack
            least = np.array(self._session.lp().row_lower_)[self.fixed_rows :]
            slack = np.array(solution.row_value)[self.fixed_rows :] - least
            keep = duals > SLACK_SHARE * duals.max(initial=0.0) * slack
        gone = np.flatnonzero(~keep) + self.fixed_rows
        if len(gone):
            self._session.delete_rows(gone)
        return list(keep)
