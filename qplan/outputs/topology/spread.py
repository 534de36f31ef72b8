"""Boxes pushed apart until none overlaps another and neighbours have room for what stands between them."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import combinations

from qplan.outputs.topology.cells import Area, Cells
from qplan.outputs.topology.geography import Point

GAP_PT = 16.0
ROUNDS = 250
MOST_STEPS = 1_200_000
"""Pairs looked at altogether: large drawings get fewer rounds."""
FEW = 120
"""Of so many boxes every pair is looked at; of more only those that are near when a round begins."""
LOOK_UP = 12
"""Times as long as a pair takes, to find one that is near."""


@dataclass(frozen=True)
class Box:
    """A box by its centre and size."""

    x: float
    y: float
    width: float
    height: float

    def area(self, gap: float = 0.0) -> Area:
        """What the box covers, a gap around it included."""
        across, up = self.width / 2 + gap, self.height / 2 + gap
        return self.x - across, self.y - up, self.x + across, self.y + up

    def reach(self, ux: float, uy: float) -> float:
        """From the centre to the border in a direction (a unit vector)."""
        across = self.width / 2 / abs(ux) if ux else math.inf
        up = self.height / 2 / abs(uy) if uy else math.inf
        return min(across, up)

    def overlap(self, other: Box, gap: float = 0.0) -> Point | None:
        """By how much the boxes, a gap between them, overlap across and up; None where they do not."""
        across = (self.width + other.width) / 2 + gap - abs(self.x - other.x)
        up = (self.height + other.height) / 2 + gap - abs(self.y - other.y)
        return (across, up) if across > 0 and up > 0 else None


@dataclass(frozen=True)
class Span:
    """Two neighbouring boxes by index, and the size of the labels on the line between them (0: no line to be seen)."""

    a: int
    b: int
    width: float
    height: float


def spread(boxes: Sequence[Box], spans: Sequence[Span]) -> list[Box]:
    """The boxes, moved as little as such rounds need: overlaps parted, short lines stretched, lines freed of boxes."""
    points = [[box.x, box.y] for box in boxes]
    by_pairs, by_lines = _effort(points, boxes, spans)
    for _ in range(min(ROUNDS, 2 + MOST_STEPS // (by_pairs + by_lines))):
        moved = _stretch(points, boxes, spans)
        moved = _free_lines(points, boxes, spans) or moved
        moved = _part(points, boxes) or moved
        if not moved:
            break
    for _ in range(min(ROUNDS, 10 + 2 * MOST_STEPS // by_pairs)):
        if not _part(points, boxes):
            break
    return [Box(round(x, 1), round(y, 1), box.width, box.height) for (x, y), box in zip(points, boxes, strict=True)]


def _effort(points: Sequence[Sequence[float]], boxes: Sequence[Box], spans: Sequence[Span]) -> tuple[int, int]:
    """About what a round looks at: pairs of boxes, and boxes near lines."""
    if len(boxes) <= FEW:
        return max(1, len(boxes) ** 2 // 2), len(boxes) * len(spans)
    cells, now = _cells(points, boxes)
    pairs = sum(len(cells.near(box.area(GAP_PT / 2))) for box in now)
    lines = sum(len(cells.near_line((now[s.a].x, now[s.a].y), (now[s.b].x, now[s.b].y), GAP_PT)) for s in spans)
    return LOOK_UP * pairs, LOOK_UP * lines


def _cells(points: Sequence[Sequence[float]], boxes: Sequence[Box]) -> tuple[Cells, list[Box]]:
    """Where the boxes are now, and in which cells."""
    now = [Box(x, y, box.width, box.height) for (x, y), box in zip(points, boxes, strict=True)]
    cells = Cells(max(max(box.width, box.height) for box in boxes) + GAP_PT)
    for number, box in enumerate(now):
        cells.put(number, box.area(GAP_PT / 2))
    return cells, now


def _pairs(points: Sequence[Sequence[float]], boxes: Sequence[Box]) -> Iterable[tuple[int, int]]:
    """Those that may overlap."""
    if len(boxes) <= FEW:
        return combinations(range(len(boxes)), 2)
    cells, now = _cells(points, boxes)
    return ((i, j) for i, box in enumerate(now) for j in cells.near(box.area(GAP_PT / 2)) if i < j)


def _part(points: list[list[float]], boxes: Sequence[Box]) -> bool:
    """Overlapping boxes go apart along the axis that needs less."""
    moved = False
    for i, j in _pairs(points, boxes):
        (xi, yi), (xj, yj) = points[i], points[j]
        across = (boxes[i].width + boxes[j].width) / 2 + GAP_PT - abs(xi - xj)
        up = (boxes[i].height + boxes[j].height) / 2 + GAP_PT - abs(yi - yj)
        if across <= 0.1 or up <= 0.1:
            continue
        axis, need = (0, across) if across < up else (1, up)
        step = need / 2 if points[i][axis] >= points[j][axis] else -need / 2
        points[i][axis] += step
        points[j][axis] -= step
        moved = True
    return moved


def _stretch(points: list[list[float]], boxes: Sequence[Box], spans: Sequence[Span]) -> bool:
    """Lines too short for their label grow at both ends."""
    moved = False
    for span in spans:
        (xa, ya), (xb, yb) = points[span.a], points[span.b]
        length = math.sqrt((xb - xa) ** 2 + (yb - ya) ** 2)
        ux, uy = ((xb - xa) / length, (yb - ya) / length) if length else (1.0, 0.0)
        label = Box(0, 0, span.width, span.height).reach(ux, uy) * 2
        need = boxes[span.a].reach(ux, uy) + boxes[span.b].reach(ux, uy) + label + GAP_PT - length
        if need <= 0.1:
            continue
        for point, sign in ((points[span.a], -1), (points[span.b], 1)):
            point[0] += sign * ux * need / 4
            point[1] += sign * uy * need / 4
        moved = True
    return moved


def _free_lines(points: list[list[float]], boxes: Sequence[Box], spans: Sequence[Span]) -> bool:
    """A box on a line between two others goes aside, and the line a little the other way."""
    moved = False
    cells = _cells(points, boxes)[0] if len(boxes) > FEW else None
    for span in spans:
        (xa, ya), (xb, yb) = points[span.a], points[span.b]
        for k in range(len(boxes)) if cells is None else cells.near_line((xa, ya), (xb, yb), GAP_PT):
            if k in (span.a, span.b):
                continue
            a, b, c = points[span.a], points[span.b], points[k]
            dx, dy = b[0] - a[0], b[1] - a[1]
            square = dx * dx + dy * dy
            share = ((c[0] - a[0]) * dx + (c[1] - a[1]) * dy) / square if square else -1.0
            if not 0 < share < 1:
                continue
            length = math.sqrt(square)
            nx, ny = -dy / length, dx / length
            off = (c[0] - a[0]) * nx + (c[1] - a[1]) * ny
            half = (boxes[k].width * abs(nx) + boxes[k].height * abs(ny)) / 2 + GAP_PT / 2
            need = half - abs(off)
            if need <= 0.1:
                continue
            step = (need if off >= 0 else -need) / 4
            for point, sign in ((c, 2), (a, -1), (b, -1)):
                point[0] += sign * nx * step
                point[1] += sign * ny * step
            moved = True
    return moved
