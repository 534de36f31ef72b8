"""A small linear programme solved for one point of a design after the other, and what it asks of designs."""

from __future__ import annotations

from collections.abc import Sequence

import highspy
import numpy as np

from qplan.optimizer.cuts.row import Point, Row
from qplan.optimizer.solvers.linear_program import LinearProgram, program_to, weak_projection
from qplan.optimizer.solvers.session import Option, Session

QUICKLY: dict[str, Option] = {"threads": 1, "presolve": "off", "solver": "simplex"}  # from the last point's basis


class Projection:
    """A programme whose first columns, so many, are the design's: bounded by a point, free within [0, upper] else."""

    def __init__(self, program: LinearProgram, kept: int):
        self.program, self.kept = program, kept
        self._session = Session(program_to(program), QUICKLY)

    def solve(self, most: np.ndarray) -> tuple[Point, np.ndarray] | None:
        """A best point with no more than `most` of the first columns, and multipliers of rows; None if not found."""
        numbers = np.arange(self.kept)
        self._session.set_bounds(numbers, np.zeros(self.kept), np.minimum(most, self.program.upper[: self.kept]))
        if self._session.run_briefly() != highspy.HighsModelStatus.kOptimal:
            return None
        found = self._session.solution()
        return np.array(found.col_value), np.array(found.row_dual)

    def add(self, rows: Sequence[Row]) -> None:
        """Rows Σ ≥ least over its columns."""
        known = len(self.program.row_lower)
        self.program = self.program.with_rows(rows)
        self._session.add_rows(self.program.matrix[known:], self.program.row_lower[known:])

    def shadow(self, dual: np.ndarray) -> tuple[np.ndarray, float]:
        """Weights w of the first columns and a number with Σ w · x ≥ number for every point that keeps the rows."""
        return weak_projection(self.program, dual, 0, self.kept)
