"""Halves of sums of rows that hold already, rounded up: what closes points whose values are halves.

With multipliers of 1/2 a sum of rows Σ a · column ≥ b of whole numbers over whole columns gives Σ ⌈a / 2⌉ · column ≥
⌈b / 2⌉ ({0, 1/2} Chvátal-Gomory cuts, Caprara & Fischetti 1996). It cuts a point off where the rows are tight, the
coefficients of columns at neither bound are even, and the right-hand side is odd: a sum of rows that is 0 modulo 2,
found by elimination (Koster, Zymolka & Kutschka 2009). On the cuts of several disjoint paths these are, among others,
the F-partition inequalities of networks with two paths (Mahjoub 1994).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np
from scipy.sparse import csr_array

from qplan.optimizer.cuts.row import Point, Row, Separator
from qplan.optimizer.model.families import row_family
from qplan.optimizer.model.formulation import Formulation
from qplan.optimizer.solvers.linear_program import LinearProgram

TIGHT = 1e-6  # slack, and distance from a bound
MOST_SLACK = 0.9  # of what is summed; the sum's half is violated by half of what is left to 1
LARGEST = 12  # coefficient
MOST_ROWS = 40  # of one call
MOST_SUMMED = 60  # rows


@row_family("zero_half")
def zero_half_cuts(model: Formulation, known: Callable[[], LinearProgram]) -> Separator:
    """Σ ⌈a / 2⌉ · column ≥ ⌈b / 2⌉ for sums Σ a · column ≥ b of rows known, bounds of columns among them."""
    whole = np.array([v.cat == "Integer" for v in model.columns])
    most = np.array([float(v.upBound) for v in model.columns])

    def separate(point: Point) -> list[Row]:
        matrix, least = _whole_rows(known(), whole)
        halving = _Halving(matrix, least, most, point)
        found = sorted(halving.even_sums(), key=lambda one: (round(one.slack, 6), one.rows.bit_count(), one.rows))
        rows: dict[Row, None] = {}
        for one in found:
            row = halving.halve(one)
            if row is not None:
                rows[row] = None
            if len(rows) >= MOST_ROWS:
                break
        return list(rows)

    return Separator("zero_half", separate, dear=True)


def _whole_rows(known: LinearProgram, whole: np.ndarray) -> tuple[csr_array, np.ndarray]:
    """Those rows, as Σ ≥ least, that have whole numbers only, over whole columns."""
    matrix, lower, upper = known.matrix, known.row_lower, known.row_upper
    numbers = np.repeat(np.arange(len(lower)), np.diff(matrix.indptr))
    broken = (matrix.data != np.round(matrix.data)) | ~whole[matrix.indices]
    below = np.isfinite(lower)
    least = np.where(below, lower, -upper)
    usable = (np.bincount(numbers, broken, len(lower)) == 0) & np.isfinite(least) & (least == np.round(least))
    signs = np.where(below, 1.0, -1.0)
    signed = csr_array((matrix.data * signs[numbers], matrix.indices, matrix.indptr), shape=matrix.shape)
    kept = np.flatnonzero(usable)
    return csr_array(signed[kept]), least[kept]


@dataclass(frozen=True)
class EvenSum:
    """Rows, as a set of bits, whose sum is even but for its right-hand side; one column may be moved to its bound."""

    slack: float
    rows: int
    raised: int | None = None  # the column whose upper bound is in the sum


class _Halving:
    """Rows modulo 2 at a point."""

    def __init__(self, matrix: csr_array, least: np.ndarray, most: np.ndarray, point: Point):
        self.most, self.point = most, point
        self.raised = np.abs(point - most) <= TIGHT  # columns at their upper bound
        self.free = np.flatnonzero((point > TIGHT) & ~self.raised)
        slack = matrix @ point - least
        near = np.flatnonzero(slack < MOST_SLACK)
        parts = csr_array(csr_array(matrix[near])[:, self.free])
        masks = [0] * len(near)
        numbers = np.repeat(np.arange(len(near)), np.diff(parts.indptr))
        odd = parts.data % 2 == 1
        for row, column in zip(numbers[odd].tolist(), parts.indices[odd].tolist(), strict=True):
            masks[row] |= 1 << column
        rest = least - matrix @ np.where(self.raised, most, 0.0)
        self.odd = 1 << len(self.free)  # stands for the right-hand side
        slack = np.maximum(slack[near], 0.0)
        order = sorted(range(len(near)), key=lambda i: (slack[i] > TIGHT, masks[i].bit_count(), slack[i], i))
        self.slack = slack[order]
        self.masks = [masks[i] + self.odd * (round(rest[near[i]]) % 2) for i in order]
        self.matrix, self.least = csr_array(matrix[near[order]]), least[near[order]]

    def even_sums(self) -> Iterator[EvenSum]:
        """Sums of tight rows, with one that is not at the most, by elimination in the order of the rows."""
        basis: dict[int, tuple[int, int]] = {}  # by highest bit: a sum of tight rows modulo 2, and which
        for number, (mask, slack) in enumerate(zip(self.masks, self.slack.tolist(), strict=True)):
            rows = 1 << number
            while (high := (mask & (self.odd - 1)).bit_length()) in basis:
                other, others = basis[high]
                mask, rows = mask ^ other, rows ^ others
            odd, left = mask & self.odd, mask & (self.odd - 1)
            if left and slack <= TIGHT:
                basis[high] = mask, rows
            if not left and odd:
                yield EvenSum(slack, rows)
            elif left.bit_count() == 1:
                column = int(self.free[high - 1])
                if odd:
                    yield EvenSum(slack + float(self.point[column]), rows)
                elif self.most[column] % 2:
                    yield EvenSum(slack + float(self.most[column] - self.point[column]), rows, column)

    def halve(self, one: EvenSum) -> Row | None:
        """The row that comes of a sum, where it is violated and small."""
        members = [n for n in range(one.rows.bit_length()) if one.rows >> n & 1]
        if one.slack > MOST_SLACK or len(members) > MOST_SUMMED:
            return None
        total = self.matrix[members].sum(axis=0)
        columns = np.flatnonzero(total)
        odd = total[columns] % 2 == 1
        upper = odd & (self.raised[columns] | (columns == one.raised))  # with column ≤ most, others with column ≥ 0
        least = float(self.least[members].sum() - self.most[columns[upper]].sum())
        half = (total[columns] + np.where(upper, -1, odd)) / 2
        if least % 2 == 0 or np.abs(half).max(initial=0) > LARGEST:
            return None
        kept = half != 0
        return Row("zero_half", tuple(columns[kept].tolist()), tuple(half[kept].tolist()), (least + 1) / 2)
