"""Square cells over a drawing, to look up what may be near without looking at everything."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Iterator
from itertools import pairwise

from qplan.outputs.topology.geography import Point

Area = tuple[float, float, float, float]
"""Left, bottom, right, top."""


class Cells:
    """Items by number in the cells that their areas touch."""

    def __init__(self, side: float):
        self._side = max(side, 1.0)
        self._items: dict[tuple[int, int], list[int]] = defaultdict(list)

    def put(self, item: int, area: Area) -> None:
        for cell in self._touched(area):
            self._items[cell].append(item)

    def put_line(self, item: int, a: Point, b: Point) -> None:
        for area in stretches(a, b, self._side):
            self.put(item, area)

    def near(self, area: Area) -> list[int]:
        """Items whose cells the area touches: all that meet it, and some beside; ascending."""
        return sorted({item for cell in self._touched(area) for item in self._items.get(cell, ())})

    def near_line(self, a: Point, b: Point, margin: float) -> list[int]:
        """The same for a line and what lies up to `margin` beside it."""
        cells = {
            cell
            for left, low, right, top in stretches(a, b, self._side)
            for cell in self._touched((left - margin, low - margin, right + margin, top + margin))
        }
        return sorted({item for cell in cells for item in self._items.get(cell, ())})

    def _touched(self, area: Area) -> Iterator[tuple[int, int]]:
        left, low, right, top = (math.floor(edge / self._side) for edge in area)
        return ((x, y) for x in range(left, right + 1) for y in range(low, top + 1))


def stretches(a: Point, b: Point, longest: float) -> Iterator[Area]:
    """The areas of a line's stretches, none longer than asked."""
    (ax, ay), (bx, by) = a, b
    count = max(1, math.ceil(max(abs(bx - ax), abs(by - ay)) / longest))
    corners = [(ax + (bx - ax) * k / count, ay + (by - ay) * k / count) for k in range(count + 1)]
    for (px, py), (qx, qy) in pairwise(corners):
        yield min(px, qx), min(py, qy), max(px, qx), max(py, qy)
