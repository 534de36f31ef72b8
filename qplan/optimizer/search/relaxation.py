"""Linear relaxations on HiGHS: one that is solved again and again while rows are added, and one solved once."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

import highspy
import numpy as np
from scipy.sparse import csc_array, csr_array

from qplan.optimizer.cuts.row import Row
from qplan.optimizer.limits import SearchLimits
from qplan.optimizer.model.formulation import Formulation
from qplan.optimizer.model.objectives import Goal
from qplan.optimizer.solvers.arrays import arrays
from qplan.optimizer.solvers.highs import FEASIBILITY_TOLERANCE

INTERIOR = {"solver": "ipm", "run_crossover": "off", "ipm_optimality_tolerance": 1e-3}
SLACK_SHARE = 0.01  # of the largest dual value: what a row needs for a slack of 1, to stay


def interior_point(
    model: Formulation, goal: Goal, rows: list[Row], limits: SearchLimits
) -> tuple[float, np.ndarray] | None:
    """Bound and point of the linear relaxation with further rows, in units of the goal; None if a limit came first."""
    highs = highspy.Highs()
    lp = arrays(model, goal)
    lp.integrality_ = []
    for option, value in {"output_flag": False, "solver": "ipm", "run_crossover": "off", "threads": 1}.items():
        highs.setOptionValue(option, value)
    highs.passModel(lp)
    _add_rows(highs, rows)
    _run(highs, limits)
    if highs.getModelStatus() not in (highspy.HighsModelStatus.kOptimal, highspy.HighsModelStatus.kUnknown):
        return None
    bound, _ = _from_duals(highs)
    return bound / goal.scale, np.array(highs.getSolution().col_value)


def _run(highs: highspy.Highs, limits: SearchLimits) -> None:
    highs.HandleUserInterrupt = True
    highs.setOptionValue("time_limit", highs.getRunTime() + limits.seconds_left())
    highs.startSolve()
    while not highs.wait(0.1)[0]:
        if limits.stop.is_set():
            highs.cancelSolve()


def _from_duals(highs: highspy.Highs) -> tuple[float, np.ndarray]:
    """Bound and reduced costs from the row duals y alone, whatever their accuracy (weak duality).

    Σ y · row bound + Σ min(0, reduced cost) · upper bound.
    """
    lp = highs.getLp()
    lower, upper = np.array(lp.row_lower_), np.array(lp.row_upper_)
    dual = np.array(highs.getSolution().row_dual)
    dual[(dual > 0) & ~np.isfinite(lower)] = 0.0
    dual[(dual < 0) & ~np.isfinite(upper)] = 0.0
    matrix = lp.a_matrix_
    form = csr_array if matrix.format_ == highspy.MatrixFormat.kRowwise else csc_array
    entries = form(
        (np.array(matrix.value_), np.array(matrix.index_), np.array(matrix.start_)), shape=(len(dual), lp.num_col_)
    )
    reduced = np.array(lp.col_cost_) - entries.T @ dual
    at_rows = np.where(dual > 0, lower, np.where(dual < 0, upper, 0.0))
    return float(dual @ at_rows + np.minimum(reduced, 0.0) @ np.array(lp.col_upper_)), reduced


def _add_rows(highs: highspy.Highs, rows: Sequence[Row]) -> None:
    """Append rows Σ ≥ least. Columns that chains share may stand in a row twice, which HiGHS refuses: they are summed.

    Raises RowsRefused.
    """
    numbers = np.repeat(np.arange(len(rows)), [len(row.columns) for row in rows])
    columns = np.array([column for row in rows for column in row.columns], dtype=np.int32)
    weights = np.array([weight for row in rows for weight in row.weights], dtype=float)
    matrix = csr_array((weights, (numbers, columns)), shape=(len(rows), highs.getNumCol()))
    matrix.sum_duplicates()
    matrix.eliminate_zeros()
    least = np.array([row.least for row in rows], dtype=float)
    starts, indices = matrix.indptr[:-1].astype(np.int32), matrix.indices.astype(np.int32)
    nothing = np.full(len(rows), highspy.kHighsInf)
    if highs.addRows(len(rows), least, nothing, matrix.nnz, starts, indices, matrix.data) != highspy.HighsStatus.kOk:
        raise RowsRefused


class RowsRefused(Exception):
    """HiGHS did not take rows: a defect of the program, by which the relaxation's bound is lost."""


class Relaxation:
    """The linear relaxation of a model under a goal, solved again and again while rows are added.

    By the dual simplex method, from the last basis; `interior`, once that has taken too many steps: by the interior
    point method, whose points and bounds are near the optimum.
    """

    def __init__(
        self, model: Formulation, goal: Goal, limits: SearchLimits, fixed: Sequence[Row] = (), interior: bool = False
    ):
        """`fixed`: rows that are never taken out."""
        self.goal, self.limits = goal, limits
        self.highs = highspy.Highs()
        self.highs.setOptionValue("output_flag", False)
        self.highs.setOptionValue("threads", 1)
        self.highs.setOptionValue("primal_feasibility_tolerance", FEASIBILITY_TOLERANCE)
        lp = arrays(model, goal)
        lp.integrality_ = []
        self.highs.passModel(lp)
        self.add(fixed)
        self.fixed_rows = lp.num_row_ + len(fixed)
        self.interior = False
        if interior:
            self._turn_interior()
        self._bound, self._reduced = -math.inf, np.zeros(lp.num_col_)

    def solve(self, most_steps: int = highspy.kHighsIInf) -> bool | None:
        """True: solved to optimality; False: infeasible; None: a limit came first. Beyond `most_steps`: `interior`."""
        ended = highspy.HighsModelStatus
        self.highs.setOptionValue("simplex_iteration_limit", most_steps)
        _run(self.highs, self.limits)
        if self.highs.getModelStatus() == ended.kIterationLimit and not self.interior:
            self._turn_interior()
            _run(self.highs, self.limits)
        status = self.highs.getModelStatus()
        if self.interior and status in (ended.kOptimal, ended.kUnknown):
            self._bound, self._reduced = _from_duals(self.highs)
            return True
        if status == ended.kOptimal:
            self._bound = self.highs.getInfo().objective_function_value
            self._reduced = np.array(self.highs.getSolution().col_dual)
            return True
        return False if status == ended.kInfeasible else None

    def _turn_interior(self) -> None:
        self.interior = True
        for option, value in INTERIOR.items():
            self.highs.setOptionValue(option, value)

    def set_bounds(self, fixed: Mapping[int, tuple[float, float]], upper: np.ndarray) -> None:
        """Columns from 0 to `upper`, those `fixed` within their own bounds."""
        low, high = np.zeros(len(upper)), upper.copy()
        for column, limits in fixed.items():
            low[column], high[column] = limits
        self.highs.changeColsBounds(len(upper), np.arange(len(upper), dtype=np.int32), low, high)

    def trial(self, column: int, limits: tuple[float, float], back: tuple[float, float], iterations: int) -> float:
        """The bound after some dual simplex steps with other bounds of a column; infinite where nothing is left."""
        basis = self.highs.getBasis()
        self.highs.changeColBounds(column, *limits)
        self.highs.setOptionValue("simplex_iteration_limit", iterations)
        self.highs.run()
        empty = self.highs.getModelStatus() == highspy.HighsModelStatus.kInfeasible
        bound = math.inf if empty else self.highs.getInfo().objective_function_value / self.goal.scale
        self.highs.changeColBounds(column, *back)
        self.highs.setBasis(basis)
        return bound

    @property
    def bound(self) -> float:
        """Value of the relaxation, or a bound on it, in the units of the goal."""
        return self._bound / self.goal.scale

    @property
    def point(self) -> np.ndarray:
        return np.array(self.highs.getSolution().col_value)

    @property
    def reduced_costs(self) -> np.ndarray:
        """Per column, in the units of the goal: what its value of 1 adds to the bound at least."""
        return self._reduced / self.goal.scale

    def add(self, rows: Sequence[Row]) -> None:
        """Append rows Σ ≥ least."""
        _add_rows(self.highs, rows)

    def drop_slack(self) -> list[bool]:
        """Take out added rows that are slack with no dual value; says for each added row whether it stays."""
        solution = self.highs.getSolution()
        duals = np.abs(np.array(solution.row_dual)[self.fixed_rows :])
        keep = duals > 1e-9
        if self.interior:  # there every row has a dual value; that of a slack one is small for its slack
            least = np.array(self.highs.getLp().row_lower_)[self.fixed_rows :]
            slack = np.array(solution.row_value)[self.fixed_rows :] - least
            keep = duals > SLACK_SHARE * duals.max(initial=0.0) * slack
        gone = np.flatnonzero(~keep) + self.fixed_rows
        if len(gone):
            self.highs.deleteRows(len(gone), gone.astype(np.int32))
        return list(keep)
