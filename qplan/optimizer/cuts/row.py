"""A cut as a row over the columns of a model, and what separators have in common."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
from scipy.sparse import csr_array

Point = np.ndarray  # a value per column


@dataclass(frozen=True)
class Row:
    """Σ weights × columns ≥ least."""

    family: str
    columns: tuple[int, ...]
    weights: tuple[float, ...]
    least: float

    def activity(self, point: Point) -> float:
        return float(np.dot(point[list(self.columns)], self.weights))

    def violated(self, point: Point, by: float) -> bool:
        return self.activity(point) < self.least - by


@dataclass(frozen=True)
class Separator:
    """Finds rows of its families that a point violates: a pure function, built once for a model.

    `dear`: it takes long, and is asked where the cheap ones have found few.
    """

    family: str
    separate: Callable[[Point], list[Row]]
    dear: bool = False

    def violated(self, point: Point, by: float) -> list[Row]:
        """Rows that the point violates by more than that."""
        return [row for row in self.separate(point) if row.violated(point, by)]


def separate_none(point: Point) -> list[Row]:
    """There is nothing that a point could violate."""
    return []


def together(separators: Sequence[Separator]) -> Separator:
    """Separators of one family as one."""
    return Separator(separators[0].family, lambda point: [row for each in separators for row in each.separate(point)])


def separate_from(rows: Sequence[Row], columns: int) -> Callable[[Point], list[Row]]:
    """Of rows that are known beforehand, pick those that a point violates."""
    if not rows:
        return separate_none
    sizes = [len(row.columns) for row in rows]
    numbers = np.repeat(np.arange(len(rows)), sizes)
    matrix = csr_array(
        (np.concatenate([row.weights for row in rows]), (numbers, np.concatenate([row.columns for row in rows]))),
        shape=(len(rows), columns),
    )
    least = np.array([row.least for row in rows]) - 1e-3

    def separate(point: Point) -> list[Row]:
        return [rows[i] for i in np.flatnonzero(matrix @ point < least).tolist()]

    return separate


def require(family: str, columns: tuple[int, ...], count: float, wanted: int | None) -> Row:
    """Σ ≥ count, or Σ − count · wanted ≥ 0 where a column says how much of it is wanted."""
    weights = (1.0,) * len(columns)
    if wanted is None:
        return Row(family, columns, weights, count)
    return Row(family, (*columns, wanted), (*weights, -count), 0.0)


def at_least(family: str, much: Sequence[int], little: Sequence[int]) -> Row:
    """Σ much ≥ Σ little."""
    return Row(family, (*much, *little), (*(1.0,) * len(much), *(-1.0,) * len(little)), 0.0)


def translate(row: Row, names: Sequence[str], columns: Mapping[str, int]) -> Row:
    """Say the row over another model's columns; what that one lacks is 0 there."""
    weights: dict[int, float] = defaultdict(float)
    for c, weight in zip(row.columns, row.weights, strict=True):
        if names[c] in columns:
            weights[columns[names[c]]] += weight
    return replace(row, columns=tuple(weights), weights=tuple(weights.values()))
