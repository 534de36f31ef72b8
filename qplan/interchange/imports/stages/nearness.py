"""What lies near a point, without looking at everything: a grid over the globe."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Iterable, Iterator
from typing import Generic, TypeVar

from qplan.interchange.imports.rows import Point
from qplan.interchange.imports.stages.coordinates import distance_km

T = TypeVar("T")
CELL_DEG = 0.02  # about 2 km of latitude
KM_PER_DEG = 110.5  # of latitude, at least


class Nearby(Generic[T]):
    """Things at points; `nearest` and `within` look into the cells around a point."""

    def __init__(self, things: Iterable[tuple[Point, T]]):
        self._cells: dict[tuple[int, int], list[tuple[Point, T]]] = defaultdict(list)
        for point, thing in things:
            self.add(point, thing)

    def add(self, point: Point, thing: T) -> None:
        self._cells[self._cell(point)].append((point, thing))

    def within(self, point: Point, km: float) -> list[tuple[float, T]]:
        """Everything within a distance, in the order in which it was added per cell."""
        found = []
        for cell in self._around(point, km):
            for other, thing in self._cells.get(cell, ()):
                distance = distance_km(point, other)
                if distance <= km:
                    found.append((distance, thing))
        return found

    def nearest(self, point: Point, km: float) -> tuple[float, T] | None:
        return min(self.within(point, km), key=lambda found: found[0], default=None)

    def _cell(self, point: Point) -> tuple[int, int]:
        return math.floor(point[0] / CELL_DEG), math.floor(point[1] / CELL_DEG)

    def _around(self, point: Point, km: float) -> Iterator[tuple[int, int]]:
        lat = km / KM_PER_DEG
        lon = min(180.0, lat / max(0.01, math.cos(math.radians(min(89.4, abs(point[1]) + lat)))))
        low, high = self._cell((point[0] - lon, point[1] - lat)), self._cell((point[0] + lon, point[1] + lat))
        for x in range(low[0], high[0] + 1):
            for y in range(low[1], high[1] + 1):
                yield x, y
