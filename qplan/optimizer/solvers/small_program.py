"""A small integer program given by columns and rows, solved by HiGHS to its end."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import highspy
import numpy as np

from qplan.errors import SolverFailed
from qplan.optimizer.solvers.highs import FEASIBILITY_TOLERANCE

Column = int
LARGEST = 1000.0  # coefficient of a goal, to which it is scaled
Weights = dict[Column, float]
Bounded = tuple[float, Weights, float]


@dataclass
class SmallProgram:
    """Columns from 0 to their upper bounds, and rows least ≤ Σ weight · column ≤ most."""

    upper: list[float] = field(default_factory=list)
    integral: list[bool] = field(default_factory=list)
    rows: list[Bounded] = field(default_factory=list)

    def column(self, upper: float, integral: bool = True) -> Column:
        self.upper.append(upper)
        self.integral.append(integral)
        return len(self.upper) - 1

    def row(self, least: float, weights: Weights, most: float) -> None:
        self.rows.append((least, weights, most))

    def minimum(self, goal: np.ndarray, further: Sequence[Bounded] = ()) -> np.ndarray | None:
        """A point at which Σ goal · column is least, under further rows; None where there is none.

        Raises SolverFailed. An "infeasible" counts once it is found without presolve too.
        """
        if not self.upper:  # which HiGHS calls empty, whatever the rows
            return np.zeros(0) if all(low <= 0 <= high for low, _, high in (*self.rows, *further)) else None
        for presolve in ("choose", "off"):
            highs = highspy.Highs()  # type: ignore[no-untyped-call]  # highspy states no types there
            for option, value in {
                "output_flag": False,
                "threads": 1,
                "presolve": presolve,
                "mip_rel_gap": 0.0,
                "mip_abs_gap": 1e-9,
                "mip_feasibility_tolerance": FEASIBILITY_TOLERANCE,
                "primal_feasibility_tolerance": FEASIBILITY_TOLERANCE,
            }.items():
                highs.setOptionValue(option, value)
            if highs.passModel(self._lp(goal, further)) == highspy.HighsStatus.kError:
                raise SolverFailed("HiGHS did not take the program of offers")
            highs.run()
            status = highs.getModelStatus()
            if status == highspy.HighsModelStatus.kOptimal:
                return np.array(highs.getSolution().col_value)
            if status not in (highspy.HighsModelStatus.kInfeasible, highspy.HighsModelStatus.kUnboundedOrInfeasible):
                raise SolverFailed(f"HiGHS ended with status {highs.modelStatusToString(status)!r}")
        return None

    def _lp(self, goal: np.ndarray, further: Sequence[Bounded]) -> highspy.HighsLp:
        rows = [*self.rows, *further]
        lp = highspy.HighsLp()
        lp.num_col_, lp.num_row_ = len(self.upper), len(rows)
        lp.col_cost_ = goal * (LARGEST / max(1e-9, float(np.abs(goal).max(initial=0.0))))
        lp.col_lower_, lp.col_upper_ = np.zeros(len(self.upper)), np.array(self.upper, dtype=float)
        kinds = highspy.HighsVarType
        lp.integrality_ = [kinds.kInteger if whole else kinds.kContinuous for whole in self.integral]
        lp.row_lower_ = np.array([least for least, _, _ in rows])
        lp.row_upper_ = np.array([most for _, _, most in rows])
        lp.a_matrix_.format_ = highspy.MatrixFormat.kRowwise
        lp.a_matrix_.start_ = np.cumsum([0, *(len(weights) for _, weights, _ in rows)])
        lp.a_matrix_.index_ = np.array([column for _, weights, _ in rows for column in weights], dtype=np.int32)
        lp.a_matrix_.value_ = np.array([w for _, weights, _ in rows for w in weights.values()], dtype=float)
        return lp
