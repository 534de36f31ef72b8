"""Linear relaxations on HiGHS: one that is solved again and again while rows are added, and one solved once."""

from __future__ import annotations

import math
from collections.abc import Mapping

import highspy
import numpy as np
from scipy.sparse import csc_array, csr_array

from qplan.planning.cuts import Row
from qplan.planning.formulation import Formulation
from qplan.planning.goals import Goal
from qplan.planning.limits import SearchLimits
from qplan.planning.solver import FEASIBILITY_TOLERANCE, arrays


def interior_point(
    model: Formulation, goal: Goal, rows: list[Row], limits: SearchLimits
) -> tuple[float, np.ndarray] | None:
    """Bound and point of the linear relaxation with further rows, in the units of the goal; None where a limit came first.

    The bound is worked out from the row duals y alone, whatever their accuracy (weak duality): Σ y · row bound +
    Σ min(0, reduced cost) · upper bound.
    """
    highs = highspy.Highs()
    lp = arrays(model, goal)
    lp.integrality_ = []
    for option, value in {"output_flag": False, "solver": "ipm", "run_crossover": "off", "threads": 1}.items():
        highs.setOptionValue(option, value)
    highs.setOptionValue("time_limit", limits.seconds_left())
    highs.passModel(lp)
    _add_rows(highs, rows)
    highs.HandleUserInterrupt = True
    highs.startSolve()
    while not highs.wait(0.1)[0]:
        if limits.stop.is_set():
            highs.cancelSolve()
    if highs.getModelStatus() not in (highspy.HighsModelStatus.kOptimal, highspy.HighsModelStatus.kUnknown):
        return None
    solution, whole = highs.getSolution(), highs.getLp()
    lower, upper = np.array(whole.row_lower_), np.array(whole.row_upper_)
    dual = np.array(solution.row_dual)
    dual[(dual > 0) & ~np.isfinite(lower)] = 0.0
    dual[(dual < 0) & ~np.isfinite(upper)] = 0.0
    matrix = whole.a_matrix_
    shape = (len(dual), whole.num_col_)
    form = csr_array if matrix.format_ == highspy.MatrixFormat.kRowwise else csc_array
    entries = form((np.array(matrix.value_), np.array(matrix.index_), np.array(matrix.start_)), shape=shape)
    reduced = np.array(whole.col_cost_) - entries.T @ dual
    at_rows = np.where(dual > 0, lower, np.where(dual < 0, upper, 0.0))
    bound = float(dual @ at_rows + np.minimum(reduced, 0.0) @ np.array(whole.col_upper_))
    return bound / goal.scale, np.array(solution.col_value)


def _add_rows(highs: highspy.Highs, rows: list[Row]) -> None:
    """Append rows Σ ≥ least."""
    starts = np.cumsum([0, *(len(row.columns) for row in rows)])[:-1].astype(np.int32)
    columns = np.array([column for row in rows for column in row.columns], dtype=np.int32)
    weights = np.array([weight for row in rows for weight in row.weights], dtype=float)
    least = np.array([row.least for row in rows], dtype=float)
    highs.addRows(len(rows), least, np.full(len(rows), highspy.kHighsInf), len(columns), starts, columns, weights)


class Relaxation:
    """The linear relaxation of a model under a goal, solved again and again while rows are added."""

    def __init__(self, model: Formulation, goal: Goal, limits: SearchLimits):
        self.goal, self.limits = goal, limits
        self.highs = highspy.Highs()
        self.highs.setOptionValue("output_flag", False)
        self.highs.setOptionValue("threads", 1)
        self.highs.setOptionValue("primal_feasibility_tolerance", FEASIBILITY_TOLERANCE)
        lp = arrays(model, goal)
        lp.integrality_ = []
        self.highs.passModel(lp)
        self.highs.HandleUserInterrupt = True
        self.fixed_rows = lp.num_row_

    def solve(self) -> bool | None:
        """True: solved to optimality; False: infeasible; None: a limit came first."""
        self.highs.setOptionValue("time_limit", self.highs.getRunTime() + self.limits.seconds_left())
        self.highs.startSolve()
        while not self.highs.wait(0.1)[0]:
            if self.limits.stop.is_set():
                self.highs.cancelSolve()
        status = self.highs.getModelStatus()
        if status == highspy.HighsModelStatus.kOptimal:
            return True
        return False if status == highspy.HighsModelStatus.kInfeasible else None

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
        bound = math.inf if empty else self.bound
        self.highs.setOptionValue("simplex_iteration_limit", highspy.kHighsIInf)
        self.highs.changeColBounds(column, *back)
        self.highs.setBasis(basis)
        return bound

    @property
    def bound(self) -> float:
        """Value of the relaxation, in the units of the goal."""
        return self.highs.getInfo().objective_function_value / self.goal.scale

    @property
    def point(self) -> np.ndarray:
        return np.array(self.highs.getSolution().col_value)

    @property
    def reduced_costs(self) -> np.ndarray:
        """Per column, in the units of the goal: what its value of 1 adds to the bound at least."""
        return np.array(self.highs.getSolution().col_dual) / self.goal.scale

    def add(self, rows: list[Row]) -> None:
        """Append rows Σ ≥ least."""
        _add_rows(self.highs, rows)

    def drop_slack(self) -> list[bool]:
        """Take out added rows that are slack with no dual value; says for each added row whether it stays."""
        solution = self.highs.getSolution()
        duals = np.array(solution.row_dual)[self.fixed_rows:]
        keep = np.abs(duals) > 1e-9
        gone = np.flatnonzero(~keep) + self.fixed_rows
        if len(gone):
            self.highs.deleteRows(len(gone), gone.astype(np.int32))
        return list(keep)
