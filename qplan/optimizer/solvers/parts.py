"""A programme without columns that are 0 for all one knows, and multipliers of the whole from those of such a part.

Most flows of the arc-flow relaxation are on links that no plan takes. Without them a step takes a fraction of the time;
what they have to pay for their links follows from the multipliers of the other rows, and where that is more than a link
costs its flows come in.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from scipy.sparse import csr_array

from qplan.optimizer.solvers.iterate import Iterate
from qplan.optimizer.solvers.linear_program import Copies, LinearProgram, weak_duality

CARRIED = 0.01  # less is nothing: points are approximate
NEAR = 0.1  # of the mean cost of a column: links with less left are likely to be asked for soon
WORTHWHILE = 0.7  # of all groups: a part of more saves nothing
FAIR = 3e-4  # of a bound: what a part may promise more than the whole has
SHORT = 1e-6  # what a reduced cost may be below 0


@dataclass(frozen=True)
class Priced:
    """Where a method stands on a whole programme, the bound that its multipliers prove, and what a part promised."""

    iterate: Iterate
    bound: float
    promised: float

    @property
    def fair(self) -> bool:
        """Little of what the part promised is lost for want of groups."""
        return self.promised - self.bound <= FAIR * abs(self.bound)


@dataclass(frozen=True)
class Part:
    """A programme with the tied columns of some groups alone. Rows that are left with none keep their multipliers.

    `kept` says of each group whether the part has it; `frozen` has a multiplier for each row of the whole. `columns`
    and `rows` are masks of the whole's.
    """

    whole: LinearProgram
    kept: np.ndarray
    frozen: np.ndarray
    columns: np.ndarray
    rows: np.ndarray
    program: LinearProgram

    def of(self, iterate: Iterate) -> Iterate:
        """Where a method stands on the whole, on the part."""
        return replace(iterate, point=iterate.point[self.columns], dual=iterate.dual[self.rows])

    def price(self, iterate: Iterate, promised: float) -> Priced:
        """On the whole: nothing in the columns left out, which pay for their ties as little as they can.

        `promised`: the bound of the part.
        """
        if self.columns.all():
            return Priced(iterate, promised, promised)
        whole, dual, point = self.whole, self.frozen.copy(), np.zeros(len(self.columns))
        point[self.columns], dual[self.rows] = iterate.point, iterate.dual
        rows, columns = self._left_out()
        dual[rows] = 0.0
        _, reduced = weak_duality(whole, dual)
        np.minimum.at(dual, rows, np.where(whole.upper[columns] > 0, reduced[columns], 0.0))
        bound, _ = weak_duality(whole, dual)
        return Priced(replace(iterate, point=point, dual=dual), bound, promised)

    def lacking(self, priced: Priced, left: float = -SHORT) -> np.ndarray:
        """Of each group, whether it is left out and pays for a column that has less than so much left."""
        whole, dual = self.whole, priced.iterate.dual
        _, reduced = weak_duality(whole, dual)
        scarce = reduced < left
        scarce[whole.ties.columns] = False
        rows, _ = self._left_out()
        asking = rows[(dual[rows] < 0) & (abs(whole.matrix[rows]) @ scarce > 0)]
        lacking = np.zeros(len(self.kept), dtype=bool)
        lacking[whole.ties.groups[np.isin(whole.ties.rows, asking)]] = True
        return lacking

    def _left_out(self) -> tuple[np.ndarray, np.ndarray]:
        """The ties, each with its column."""
        ties = self.whole.ties
        out = ~self.columns[ties.columns]
        return ties.rows[out], ties.columns[out]

    def within(self, whole: LinearProgram) -> Part:
        """The same with the bounds that columns have in another programme, which is like the whole otherwise."""
        lower, upper = whole.lower[self.columns], whole.upper[self.columns]
        return replace(self, whole=whole, program=replace(self.program, lower=lower, upper=upper))


def all_of(program: LinearProgram) -> Part:
    return part_of(program, np.ones(program.ties.count, dtype=bool), np.zeros(len(program.row_lower)))


def likely(program: LinearProgram, at: Iterate) -> Part:
    """With the groups that have something at a point, and those whose multipliers leave little of a column's cost."""
    ties, kept = program.ties, np.zeros(program.ties.count, dtype=bool)
    kept[ties.groups[at.point[ties.columns] > CARRIED]] = True
    part = part_of(program, kept, at.dual)
    near = NEAR * np.abs(program.cost).sum() / max(1, np.count_nonzero(program.cost))
    kept = kept | part.lacking(part.price(part.of(at), 0.0), near)
    return part_of(program, kept, at.dual) if kept.sum() <= WORTHWHILE * len(kept) else all_of(program)


def part_of(whole: LinearProgram, kept: np.ndarray, frozen: np.ndarray) -> Part:
    """The part by itself: what frozen multipliers take of a column's cost is taken."""
    ties, columns, tied = whole.ties, np.ones(len(whole.cost), dtype=bool), np.zeros(len(whole.cost))
    columns[ties.columns] = kept[ties.groups]
    if columns.all():
        return Part(whole, kept, frozen, columns, np.ones(len(whole.row_lower), dtype=bool), whole)
    tied[ties.columns] = 1.0
    sizes, holds_alone = abs(whole.matrix), (whole.row_lower != 0) & (whole.row_upper != 0)
    rows = holds_alone | (sizes @ tied == 0) | (sizes @ (tied * columns) > 0)
    for each in whole.copies:
        rows[each.rows] = rows[each.rows].any(axis=1, keepdims=True)
    paid = np.where(rows, 0.0, frozen)
    paid[ties.rows] = 0.0
    _, cost = weak_duality(whole, paid)
    number_of_column, number_of_row = np.cumsum(columns) - 1, np.cumsum(rows) - 1
    copies = tuple(
        Copies(
            number_of_column[each.columns[columns[each.columns[:, 0]]]],
            number_of_row[each.rows[rows[each.rows[:, 0]]]],
            number_of_row[each.shared[rows[each.shared]]],
            each.weights,
        )
        for each in whole.copies
    )
    program = LinearProgram(
        cost[columns],
        csr_array(whole.matrix[rows][:, columns]),
        whole.row_lower[rows],
        whole.row_upper[rows],
        whole.lower[columns],
        whole.upper[columns],
        copies,
    )
    return Part(whole, kept, frozen, columns, rows, program)
