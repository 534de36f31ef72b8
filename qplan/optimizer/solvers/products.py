"""Products of a matrix and of its transpose with vectors, in which a block that is copied is gone through but once.

What stands at one place in all copies lies side by side in the vectors, so that each entry of the block multiplies a
stretch of memory: a fourth of the time of a sparse matrix that spells the copies out.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy.sparse import csr_array

from qplan.optimizer.solvers.linear_program import Copies


@dataclass(frozen=True)
class _Block:
    """What a copy has in its own columns and in those of no copy, and what rows of no copy have in it by its weight.

    Each beside its transpose, both row by row.
    """

    own: tuple[csr_array, csr_array]
    common: tuple[csr_array, csr_array]
    shared: tuple[csr_array, csr_array]
    weights: np.ndarray
    rows: slice
    columns: slice


class Products:
    """Products with a matrix, for rows and columns in orders of their own: those of no copy, then copies side by side.

    `row_order` and `column_order` are their numbers in the matrix.
    """

    def __init__(self, matrix: csr_array, copies: Sequence[Copies]):
        alone = _of_no_copy(matrix.shape[0], [each.rows for each in copies])
        common = _of_no_copy(matrix.shape[1], [each.columns for each in copies])
        self.row_order = np.concatenate([alone, *(each.rows.ravel() for each in copies)])
        self.column_order = np.concatenate([common, *(each.columns.ravel() for each in copies)])
        self.rows, self.columns = len(alone), len(common)
        of_alone, shared = matrix[alone], np.zeros(len(alone), dtype=bool)
        row, column, self.blocks = len(alone), len(common), list[_Block]()
        for each in copies:
            k, said = int(np.argmax(each.weights)), np.isin(alone, each.shared)
            mine, of_copy = each.columns[:, k], matrix[each.rows[:, k]]
            weights = (each.weights / (each.weights[k] or 1.0)).astype(matrix.dtype)
            rows, columns = slice(row, row + each.rows.size), slice(column, column + each.columns.size)
            own, common_too, of_shared = of_copy[:, mine], of_copy[:, common], _only(of_alone[:, mine], said)
            self.blocks.append(_Block(_both(own), _both(common_too), _both(of_shared), weights, rows, columns))
            row, column, shared = rows.stop, columns.stop, shared | said
        self.rest = _both(of_alone[:, common])
        self.loose = _only(of_alone, ~shared)[:, self.column_order[self.columns :]]
        """What rows of no copy have in copies, each as it comes."""

    def times(self, x: np.ndarray) -> np.ndarray:
        """matrix · x."""
        common, y = x[: self.columns], np.empty(len(self.row_order), x.dtype)
        alone = self.rest[0] @ common
        if self.loose.nnz:
            alone += self.loose @ x[self.columns :]
        for block in self.blocks:
            mine = x[block.columns].reshape(-1, len(block.weights))
            alone += block.shared[0] @ np.einsum("ik,k->i", mine, block.weights)
            own = block.own[0] @ mine
            np.add(own, (block.common[0] @ common)[:, None], out=y[block.rows].reshape(own.shape))
        y[: self.rows] = alone
        return y

    def times_transposed(self, y: np.ndarray) -> np.ndarray:
        """matrixᵀ · y."""
        alone, x = y[: self.rows], np.empty(len(self.column_order), y.dtype)
        common = self.rest[1] @ alone
        for block in self.blocks:
            mine = y[block.rows].reshape(-1, len(block.weights))
            common += block.common[1] @ np.einsum("ik->i", mine)
            own, here = block.own[1] @ mine, x[block.columns]
            np.einsum("i,k->ik", block.shared[1] @ alone, block.weights, out=here.reshape(own.shape))
            here += own.ravel()
        x[: self.columns] = common
        if self.loose.nnz:
            x[self.columns :] += self.loose.T @ alone
        return x


def _of_no_copy(count: int, taken: Sequence[np.ndarray]) -> np.ndarray:
    free = np.ones(count, dtype=bool)
    for numbers in taken:
        free[numbers] = False
    return np.flatnonzero(free)


def _both(matrix: csr_array) -> tuple[csr_array, csr_array]:
    return matrix, csr_array(matrix.T)


def _only(matrix: csr_array, rows: np.ndarray) -> csr_array:
    """The matrix with nothing in other rows than those of a mask."""
    left = matrix.copy()
    left.data *= np.repeat(rows, np.diff(left.indptr))
    left.eliminate_zeros()
    return left
