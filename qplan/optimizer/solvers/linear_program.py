"""A linear programme as arrays, and what multipliers of its rows prove of it, whatever their accuracy."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import highspy
import numpy as np
from scipy.sparse import csc_array, csr_array, vstack

from qplan.optimizer.cuts.row import Row
from qplan.optimizer.model.formulation import Formulation
from qplan.optimizer.model.objectives import Goal
from qplan.optimizer.solvers.lp import lp_of


@dataclass(frozen=True)
class Copies:
    """Columns and rows of a programme that are one block many times: [i, k] is the number of the i-th in copy k.

    A row of a copy has entries in columns of this copy and of none, the same ones in every copy. The rows `shared` are
    of no copy; in the columns of copy k they have `weights[k]` times the same entries.
    """

    columns: np.ndarray
    rows: np.ndarray
    shared: np.ndarray
    weights: np.ndarray


@dataclass(frozen=True)
class Ties:
    """Columns that only something built may have, each with the weight 1 in a row ≤ 0, its tie, among free columns.

    One entry per column: its number, its tie, and the number of its group; groups are left out as a whole (`parts.py`).
    """

    columns: np.ndarray
    rows: np.ndarray
    groups: np.ndarray

    @property
    def count(self) -> int:
        """Of groups."""
        return int(self.groups.max(initial=-1)) + 1


NO_TIES = Ties(*(np.zeros(0, dtype=np.int64),) * 3)


@dataclass(frozen=True)
class LinearProgram:
    """Least cost · x with row_lower ≤ matrix · x ≤ row_upper and lower ≤ x ≤ upper; only rows may be without bounds.

    `copies` and `ties` say what is known of the matrix's structure; no column and no row is in two of the copies.
    """

    cost: np.ndarray
    matrix: csr_array
    row_lower: np.ndarray
    row_upper: np.ndarray
    lower: np.ndarray
    upper: np.ndarray
    copies: tuple[Copies, ...] = ()
    ties: Ties = NO_TIES

    @property
    def dearest(self) -> float:
        """What no point within the columns' bounds exceeds."""
        return float(np.maximum(self.cost * self.lower, self.cost * self.upper).sum())

    def grown(
        self, matrix: csr_array, row_lower: np.ndarray, row_upper: np.ndarray, upper: np.ndarray
    ) -> LinearProgram:
        """With further rows over all columns, the last of which are new: free of cost, from 0 to `upper`."""
        known, new = self.matrix.copy(), np.zeros(len(upper))
        known.resize(known.shape[0], len(self.cost) + len(upper))
        return LinearProgram(
            np.concatenate([self.cost, new]),
            csr_array(vstack([known, matrix])),
            np.concatenate([self.row_lower, row_lower]),
            np.concatenate([self.row_upper, row_upper]),
            np.concatenate([self.lower, new]),
            np.concatenate([self.upper, upper]),
            self.copies,
            self.ties,
        )

    def with_rows(self, rows: Sequence[Row]) -> LinearProgram:
        """With rows Σ ≥ least."""
        least = np.array([row.least for row in rows], dtype=float)
        return self.grown(matrix_of(rows, len(self.cost)), least, np.full(len(rows), np.inf), np.zeros(0))

    def on_rows(self, kept: np.ndarray) -> LinearProgram:
        """With only the rows that a mask keeps; of a programme without copies."""
        assert not self.copies and not self.ties.count
        return replace(self, matrix=self.matrix[kept], row_lower=self.row_lower[kept], row_upper=self.row_upper[kept])


def program_of(lp: highspy.HighsLp) -> LinearProgram:
    """A model of HiGHS, without what is whole in it."""
    entries = lp.a_matrix_
    form = csr_array if entries.format_ == highspy.MatrixFormat.kRowwise else csc_array
    matrix = form(
        (np.array(entries.value_), np.array(entries.index_), np.array(entries.start_)),
        shape=(lp.num_row_, lp.num_col_),
    )
    return LinearProgram(
        np.array(lp.col_cost_),
        csr_array(matrix),
        np.array(lp.row_lower_),
        np.array(lp.row_upper_),
        np.array(lp.col_lower_),
        np.array(lp.col_upper_),
    )


def program_to(program: LinearProgram) -> highspy.HighsLp:
    """The programme as a model of HiGHS."""
    lp, matrix = highspy.HighsLp(), program.matrix
    lp.num_col_, lp.num_row_ = len(program.cost), len(program.row_lower)
    lp.col_cost_, lp.col_lower_, lp.col_upper_ = program.cost, program.lower, program.upper
    lp.row_lower_, lp.row_upper_ = program.row_lower, program.row_upper
    lp.a_matrix_.format_ = highspy.MatrixFormat.kRowwise
    lp.a_matrix_.start_, lp.a_matrix_.index_ = matrix.indptr.astype(np.int32), matrix.indices.astype(np.int32)
    lp.a_matrix_.value_ = matrix.data
    return lp


def relax(model: Formulation, goal: Goal, rows: Sequence[Row]) -> LinearProgram:
    """The linear relaxation of a model with rows Σ ≥ least over its columns. Raises OutOfTime."""
    return program_of(lp_of(model, goal)).with_rows(rows)


def matrix_of(rows: Sequence[Row], columns: int) -> csr_array:
    """The rows' weights. Columns that chains share may stand in a row twice: they are summed."""
    numbers = np.repeat(np.arange(len(rows)), [len(row.columns) for row in rows])
    places = np.array([column for row in rows for column in row.columns], dtype=np.int32)
    weights = np.array([weight for row in rows for weight in row.weights], dtype=float)
    matrix = csr_array((weights, (numbers, places)), shape=(len(rows), columns))
    matrix.sum_duplicates()
    matrix.eliminate_zeros()
    return matrix


def weak_duality(program: LinearProgram, dual: np.ndarray) -> tuple[float, np.ndarray]:
    """Least cost of any point that keeps the rows, as far as row multipliers tell, and the reduced costs.

    Σ dual · row bound + Σ min over the column's bounds of reduced cost · value; a multiplier of a bound that is not
    there counts as 0.
    """
    dual, at_rows = _counted(program, dual)
    reduced = program.cost - program.matrix.T @ dual
    at_columns = np.minimum(reduced * program.lower, reduced * program.upper)
    return float((dual * at_rows).sum() + at_columns.sum()), reduced


def weak_projection(program: LinearProgram, dual: np.ndarray, first: int, kept: int) -> tuple[np.ndarray, float]:
    """Weights w and a number with Σ w · x ≥ number over the first `kept` columns, for every point that keeps the rows.

    Σ dual · row over the rows from the `first` on, less the most that the other columns give within their bounds
    (Benders 1962).
    """
    dual, at_rows = _counted(program, np.where(np.arange(len(dual)) < first, 0.0, dual))
    weights = program.matrix.T @ dual
    most = np.maximum(weights * program.lower, weights * program.upper)[kept:]
    return weights[:kept], float((dual * at_rows).sum() - most.sum())


def _counted(program: LinearProgram, dual: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Multipliers, 0 for a bound that is not there, and the bound of its row that each counts for."""
    lower, upper = program.row_lower, program.row_upper
    dual = np.where(((dual > 0) & ~np.isfinite(lower)) | ((dual < 0) & ~np.isfinite(upper)), 0.0, dual)
    return dual, np.where(dual > 0, lower, np.where(dual < 0, upper, 0.0))
