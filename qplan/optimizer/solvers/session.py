"""One HiGHS object, every status of which is looked at: the only place that calls HiGHS."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import highspy
import numpy as np
from scipy.sparse import csr_array

from qplan.errors import SolverFailed
from qplan.time_budget import TimeBudget

Option = bool | int | float | str
POLL_S = 0.1  # between looks at the flag that the user sets, and at the clock


class Session:
    """A model in HiGHS. Every call raises SolverFailed where HiGHS does not do what it is asked for."""

    def __init__(self, lp: highspy.HighsLp, options: Mapping[str, Option]):
        self._highs = highspy.Highs()  # type: ignore[no-untyped-call]  # highspy states no types there
        self._highs.HandleUserInterrupt = True
        self.set({"output_flag": False, **options})
        # a warning tells of coefficients too small to count
        _check("the model", self._highs.passModel(lp), highspy.HighsStatus.kWarning)

    def set(self, options: Mapping[str, Option]) -> None:
        for name, value in options.items():
            _check(f"the option {name}", self._highs.setOptionValue(name, value))

    def run(self, clock: TimeBudget, tell: Callable[[], None] = lambda: None) -> highspy.HighsModelStatus:
        """Solve until the clock ends it; `tell` is called every now and then. Says how it ended."""
        self.set({"time_limit": self._highs.getRunTime() + clock.seconds_left()})
        self._highs.startSolve()
        ended, status = self._highs.wait(POLL_S)
        while not ended:
            tell()
            if clock.spent:
                self._highs.cancelSolve()  # type: ignore[no-untyped-call]  # nor there
            ended, status = self._highs.wait(POLL_S)
        if status is None or status == highspy.HighsStatus.kError:
            raise SolverFailed("HiGHS failed on the model")
        return self._status()

    def run_briefly(self) -> highspy.HighsModelStatus:
        """Solve within the limits set before: for a few steps of the simplex method."""
        if self._highs.run() == highspy.HighsStatus.kError:
            raise SolverFailed("HiGHS failed on the model")
        return self._status()

    def _status(self) -> highspy.HighsModelStatus:
        status = self._highs.getModelStatus()
        if status != highspy.HighsModelStatus.kModelEmpty:
            return status
        lp = self._highs.getLp()  # without columns; HiGHS looks at none of its rows
        possible = max(lp.row_lower_, default=0.0) <= 0.0 <= min(lp.row_upper_, default=0.0)
        return highspy.HighsModelStatus.kOptimal if possible else highspy.HighsModelStatus.kInfeasible

    def run_anew(self, clock: TimeBudget) -> highspy.HighsModelStatus:
        """Solve from scratch by the simplex method without presolve, whatever the options; they stay as they were.

        Interior points end in an error on some models that have no point.
        """
        _, method = self._highs.getOptionValue("solver")
        self.set({"presolve": "off", "solver": "simplex"})
        _check("to begin anew", self._highs.clearSolver())
        status = self.run(clock)
        self.set({"presolve": "choose", "solver": method})
        return status

    def dual_ray(self) -> np.ndarray | None:
        """Row multipliers that are to prove that the model is infeasible; None where HiGHS has none."""
        status, there, ray = self._highs.getDualRay()  # type: ignore[attr-defined]  # nor of that
        return np.array(ray) if status == highspy.HighsStatus.kOk and there else None

    def subscribe(self, note: Callable[[highspy.HighsCallbackEvent], None]) -> None:
        """`note` is told of the progress of branch and bound."""
        self._highs.cbMipLogging.subscribe(note)

    def start_from(self, known: Mapping[int, float]) -> None:
        """Give the values of some columns in a known solution."""
        if known:
            columns, values = np.array(list(known), dtype=np.int32), np.array(list(known.values()))
            _check("a start", self._highs.setSolution(len(known), columns, values))

    def add_rows(self, matrix: csr_array, least: np.ndarray) -> None:
        """Append rows Σ ≥ least, each column once in a row."""
        most = np.full(len(least), highspy.kHighsInf)
        starts, indices = matrix.indptr[:-1].astype(np.int32), matrix.indices.astype(np.int32)
        _check("rows", self._highs.addRows(len(least), least, most, matrix.nnz, starts, indices, matrix.data))

    def delete_rows(self, numbers: np.ndarray) -> None:
        _check("rows to take out", self._highs.deleteRows(len(numbers), numbers.astype(np.int32)))

    def delete_columns(self, gone: np.ndarray) -> None:
        """Take out the columns of a mask, none of which is basic; the basis, if there is one, stays."""
        basis, numbers = self.basis(), np.flatnonzero(gone).astype(np.int32)
        _check("columns to take out", self._highs.deleteCols(len(numbers), numbers))
        basis.col_status = [status for status, out in zip(basis.col_status, gone.tolist(), strict=True) if not out]
        if basis.valid:
            self.set_basis(basis)

    def set_bounds(self, columns: np.ndarray, lower: np.ndarray, upper: np.ndarray) -> None:
        _check("bounds", self._highs.changeColsBounds(len(columns), columns.astype(np.int32), lower, upper))

    def set_row_bounds(self, rows: np.ndarray, lower: np.ndarray, upper: np.ndarray) -> None:
        for row, low, high in zip(rows.tolist(), lower.tolist(), upper.tolist(), strict=True):
            _check("bounds of a row", self._highs.changeRowBounds(row, low, high))

    def basis(self) -> highspy.HighsBasis:
        return self._highs.getBasis()

    def set_basis(self, basis: highspy.HighsBasis) -> None:
        _check("a basis", self._highs.setBasis(basis))

    def solution(self) -> highspy.HighsSolution:
        return self._highs.getSolution()

    def info(self) -> highspy.HighsInfo:
        return self._highs.getInfo()

    def lp(self) -> highspy.HighsLp:
        """The model as it now is."""
        return self._highs.getLp()

    def columns(self) -> int:
        return int(self._highs.getNumCol())

    def write(self, path: str) -> None:
        """The model as a file, in the format that its name ends with."""
        _check(path, self._highs.writeModel(path), highspy.HighsStatus.kWarning)


def _check(what: str, status: highspy.HighsStatus, *accepted: highspy.HighsStatus) -> None:
    if status not in (highspy.HighsStatus.kOk, *accepted):
        raise SolverFailed(f"HiGHS did not take {what}")
