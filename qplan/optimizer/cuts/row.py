"""A cut as a row over the columns of a model, and what separators have in common."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np
from scipy.sparse import csr_array

Point = np.ndarray


@dataclass(frozen=True)
class Row:
    """Σ weights × columns ≥ least."""

    family: str
    columns: tuple[int, ...]
    weights: tuple[float, ...]
    least: float

    def activity(self, point: Point) -> float:
        return float(np.dot(point[list(self.columns)], self.weights))


Separator = Callable[[Point], list[Row]]


def listed(rows: Sequence[Row], columns: int) -> Separator:
    """Of rows that are known beforehand, those that a point violates."""
    if not rows:
        return lambda point: []
    sizes = [len(row.columns) for row in rows]
    numbers = np.repeat(np.arange(len(rows)), sizes)
    matrix = csr_array(
        (np.concatenate([row.weights for row in rows]), (numbers, np.concatenate([row.columns for row in rows]))),
        shape=(len(rows), columns),
    )
    least = np.array([row.least for row in rows]) - 1e-3

    def separate(point: Point) -> list[Row]:
        return [rows[i] for i in np.flatnonzero(matrix @ point < least)]

    return separate


def factored(
    family: str, columns: tuple[int, ...], weights: tuple[float, ...], factor: int | None, count: float
) -> Row:
    """Σ ≥ count, or Σ − count · factor ≥ 0 where a variable says how much of it is wanted."""
    if factor is None:
        return Row(family, columns, weights, count)
    return Row(family, (*columns, factor), (*weights, -count), 0.0)


def moved(row: Row, names: list[str], columns: dict[str, int]) -> Row:
    """The row over another model's columns; what that one lacks is 0 there."""
    weights: dict[int, float] = defaultdict(float)
    for c, weight in zip(row.columns, row.weights, strict=True):
        if names[c] in columns:
            weights[columns[names[c]]] += weight
    return replace(row, columns=tuple(weights), weights=tuple(weights.values()))
