"""Where the label of each link stands: on its line, where it hides least."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import pairwise, product

from qplan.outputs.topology.cells import Cells
from qplan.outputs.topology.geography import Point
from qplan.outputs.topology.spread import Box

SHARES = (0.5, 0.43, 0.57, 0.36, 0.64, 0.29, 0.71, 0.22, 0.78)
"""Places along a line, the best first."""
FEW, MANY_SHARES = 300, 3
"""Of more labels only so many places are tried."""
ASIDE = (0.0, -0.4, 0.4)
"""Of its width a label may stand beside the middle of its line: it still lies on it, and frees what is near."""
CLEAR_PT = 4.0
"""Between a label and a box."""


def place_labels(
    boxes: Mapping[str, Box], routes: Mapping[str, tuple[Point, ...]], sizes: Mapping[str, Point]
) -> dict[str, Box]:
    """A place for every label, those on short lines first, each where it covers least of nodes, labels and lines."""
    pieces = [(key, piece) for key, route in routes.items() for piece in _pieces(route)]
    taken = list(boxes.values())
    side = max((max(box.width, box.height) for box in taken), default=1.0)
    of_boxes, of_lines = Cells(side), Cells(side)
    for number, box in enumerate(taken):
        of_boxes.put(number, box.area(CLEAR_PT))
    for number, (_, piece) in enumerate(pieces):
        of_lines.put_line(number, *piece)
    placed, shares = {}, SHARES if len(sizes) <= FEW else SHARES[:MANY_SHARES]
    for key in sorted(sizes, key=lambda key: (_longest(routes[key]), key)):
        width, height = sizes[key]
        candidates = [Box(x, y, width, height) for x, y in _candidates(routes[key], width, shares)]
        costs = []
        for number, label in enumerate(candidates):
            near = (pieces[other] for other in of_lines.near(label.area()))
            lines = [piece for other, piece in near if other != key]
            costs.append(_cost(label, [taken[other] for other in of_boxes.near(label.area())], lines) + number * height)
        placed[key] = candidates[costs.index(min(costs))]
        of_boxes.put(len(taken), placed[key].area(CLEAR_PT))
        taken.append(placed[key])
    return placed


def _pieces(route: tuple[Point, ...]) -> list[tuple[Point, Point]]:
    """The straight parts of a route, without the jogs hidden beneath its patched-through sites."""
    return list(pairwise(route))[::2]


def _longest(route: tuple[Point, ...]) -> float:
    return max((ax - bx) ** 2 + (ay - by) ** 2 for (ax, ay), (bx, by) in _pieces(route))


def _candidates(route: tuple[Point, ...], width: float, shares: Sequence[float]) -> Iterator[Point]:
    for aside, share in product(ASIDE, shares):
        for (ax, ay), (bx, by) in _pieces(route):
            yield round(ax + (bx - ax) * share + aside * width, 1), round(ay + (by - ay) * share, 1)


def _cost(label: Box, taken: list[Box], lines: list[tuple[Point, Point]]) -> float:
    """Area of boxes beneath the label, and every line beneath it as half the label's area."""
    cost = 0.0
    for box in taken:
        over = label.overlap(box, CLEAR_PT)
        if over:
            cost += 4 * min(over[0], box.width, label.width) * min(over[1], box.height, label.height)
    crossed = sum(_crosses(label, a, b) for a, b in lines)
    return cost + crossed * label.width * label.height / 2


def _crosses(box: Box, a: Point, b: Point) -> bool:
    """Does the line from a to b touch the box (Liang-Barsky)?"""
    low, high = 0.0, 1.0
    sides = ((a[0], b[0], box.x, box.width / 2), (a[1], b[1], box.y, box.height / 2))
    for start, end, centre, half in sides:
        change = end - start
        if change == 0:
            if abs(start - centre) > half:
                return False
            continue
        first, second = sorted(((centre - half - start) / change, (centre + half - start) / change))
        low, high = max(low, first), min(high, second)
    return low <= high
