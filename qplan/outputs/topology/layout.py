"""Where everything stands in a topology drawing, in points (1/72 inch), y upwards.

Sites stand as on a map when all that are shown have coordinates, else as neato places them (many as sfdp does, very
many in rows); then boxes are pushed apart until nothing collides and every link has room for its label. Only + - * /
and square roots are used on the way, so that the result is the same on every machine.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise

from qplan.outputs.topology.diagram import MOST_LAID_OUT, ROLE, Diagram, DiagramNode, Kind
from qplan.outputs.topology.geography import Point, plane
from qplan.outputs.topology.graphviz_pure import run_graphviz
from qplan.outputs.topology.labels import place_labels
from qplan.outputs.topology.spread import Box, Span, spread
from qplan.outputs.topology.text_size import text_width, wrapped

NAME_PT, SMALL_PT, LABEL_PT = 11.0, 9.0, 8.5
LINE_SPACING = 1.25
OCTAGON_PT = (38.0, 18.0)
PADDING_PT: dict[Kind, Point] = {
    "end": (20.0, 14.0),
    "idle": (20.0, 14.0),
    "relay": OCTAGON_PT,
    "end_relay": OCTAGON_PT,
    "existing": OCTAGON_PT,
    "end_existing": OCTAGON_PT,
    "bypass": (30.0, 16.0),
    "unused": (14.0, 8.0),
}
PARALLEL_PT = 8.0
TYPICAL_LINK_PT = 210.0
MOST_BY_STRESS = 200
"""Nodes without places: more take seconds."""
SIDE_PT = 420.0
"""Side of the square that a single site may take before links are shortened to fit."""


@dataclass(frozen=True)
class Layout:
    boxes: dict[str, Box]
    """By node id."""
    texts: dict[str, tuple[str, ...]]
    """By node id: the name, broken into lines."""
    routes: dict[str, tuple[Point, ...]]
    """By link id: the corners of its line."""
    labels: dict[str, Box]
    """By link id, for those with a label."""


@lru_cache(maxsize=1)  # one drawing goes into several files
def lay_out(diagram: Diagram) -> Layout:
    """Positions of all nodes, lines and labels of a diagram."""
    texts = {node.id: wrapped(node.name) for node in diagram.nodes}
    sizes = [_node_size(node, texts[node.id]) for node in diagram.nodes]
    label_sizes = {link.id: _label_size(link.lines) for link in diagram.links if link.lines}
    index = {node.id: number for number, node in enumerate(diagram.nodes)}
    spans = _spans(diagram, index, label_sizes)
    start = _start(diagram, index, spans)
    boxes = [Box(x, y, *size) for (x, y), size in zip(start, sizes, strict=True)]
    placed = dict(zip(index, spread(boxes, spans), strict=True))
    routes = _routes(diagram, placed)
    return Layout(placed, texts, routes, place_labels(placed, routes, label_sizes))


def node_font_pt(node: DiagramNode) -> float:
    return SMALL_PT if node.kind in ("bypass", "unused") else NAME_PT


def _node_size(node: DiagramNode, lines: tuple[str, ...]) -> Point:
    font = node_font_pt(node)
    width = max(text_width(line) for line in lines) * font * 1.06
    height = len(lines) * font * LINE_SPACING
    if ROLE[node.kind]:
        width = max(width, text_width(ROLE[node.kind]) * SMALL_PT)
        height += SMALL_PT * LINE_SPACING + 2
    across, up = PADDING_PT[node.kind]
    return round(width + across, 1), round(height + up, 1)


def _label_size(lines: tuple[str, ...]) -> Point:
    width = max(text_width(line) for line in lines) * LABEL_PT
    return round(width + 6, 1), round(len(lines) * LABEL_PT * LINE_SPACING + 2, 1)


def _spans(diagram: Diagram, index: dict[str, int], label_sizes: dict[str, Point]) -> list[Span]:
    """Pairs of neighbouring sites, with the label that must find room between them (on a route's first piece)."""
    spans: dict[tuple[int, int], Span] = {}
    for link in diagram.links:
        for piece, (a, b) in enumerate(pairwise(link.nodes)):
            width, height = label_sizes.get(link.id, (0.0, 0.0)) if piece == 0 else (0.0, 0.0)
            key = (min(index[a], index[b]), max(index[a], index[b]))
            known = spans.get(key, Span(*key, 0.0, 0.0))
            spans[key] = Span(*key, max(known.width, width), known.height + height)
    return list(spans.values())


def _start(diagram: Diagram, index: dict[str, int], spans: list[Span]) -> list[Point]:
    if not diagram.nodes:
        return []
    places = [node.place for node in diagram.nodes if node.place is not None]
    points = _evened(plane(places)) if len(places) == len(diagram.nodes) else _without_places(diagram, spans)
    lengths = sorted(_distance(points[span.a], points[span.b]) for span in spans)
    typical = lengths[len(lengths) // 2] if lengths else 0.0
    extent = max(max(axis) - min(axis) for axis in zip(*points, strict=True))
    scales = [SIDE_PT * math.sqrt(len(points)) / extent] if extent else []
    scales += [TYPICAL_LINK_PT / typical] if typical else []
    scale = min(scales, default=1.0)
    left, bottom = (min(axis) for axis in zip(*points, strict=True))
    return [(round((x - left) * scale, 1), round((y - bottom) * scale, 1)) for x, y in points]


def _evened(points: list[Point]) -> list[Point]:
    """Half way between true positions and evenly filled rows and columns: towns open up, far places come nearer.

    North stays north and east stays east of everything.
    """
    extent = max(max(axis) - min(axis) for axis in zip(*points, strict=True))
    axes = []
    for axis in zip(*points, strict=True):
        levels = sorted(set(axis))
        rank = {value: number / max(1, len(levels) - 1) for number, value in enumerate(levels)}
        span = levels[-1] - levels[0]
        axes.append([(value - levels[0] + rank[value] * max(span, extent / 3)) / 2 for value in axis])
    return list(zip(*axes, strict=True))


def _distance(p: Point, q: Point) -> float:
    return math.sqrt((p[0] - q[0]) ** 2 + (p[1] - q[1]) ** 2)


def _without_places(diagram: Diagram, spans: list[Span]) -> list[Point]:
    """Stress layout takes time with the square of the nodes, multilevel forces in proportion, rows next to none."""
    if len(diagram.nodes) > MOST_LAID_OUT:
        return _in_rows(len(diagram.nodes), spans)
    return _drawn_by_graphviz(diagram, spans, "neato" if len(diagram.nodes) <= MOST_BY_STRESS else "sfdp")


def _drawn_by_graphviz(diagram: Diagram, spans: list[Span], engine: str) -> list[Point]:
    """Positions by a layout of Graphviz, every node a point and every link of equal length."""
    by_site = {node.site: node.id for node in diagram.nodes}  # both nodes of a site begin at one place
    names = [by_site[node.site] for node in diagram.nodes]
    lines = ["graph {", "node [shape=point]", *names]
    lines += [f"{names[span.a]} -- {names[span.b]} [len=3]" for span in spans]
    plain = run_graphviz("\n".join([*lines, "}"]), f"-K{engine}", "-Tplain")
    rows = (line.split() for line in plain.splitlines())
    found = {row[1]: (float(row[2]), float(row[3])) for row in rows if row[0] == "node"}
    return [found[name] for name in names]


def _in_rows(count: int, spans: list[Span]) -> list[Point]:
    """Rows to and fro, breadth first from the first node, so that neighbours stand near each other."""
    neighbours: dict[int, list[int]] = {number: [] for number in range(count)}
    for span in spans:
        neighbours[span.a].append(span.b)
        neighbours[span.b].append(span.a)
    order: dict[int, None] = {}
    for root in range(count):
        layer = [root]
        while layer := [number for number in layer if number not in order]:
            order.update(dict.fromkeys(layer))
            layer = [near for number in layer for near in neighbours[number]]
    width = math.isqrt(count - 1) + 1
    places = [(place // width, place % width) for place in range(count)]
    points = [(3.0 * (width - 1 - column if row % 2 else column), -3.0 * row) for row, column in places]
    return [point for _, point in sorted(zip(order, points, strict=True))]


def _routes(diagram: Diagram, placed: dict[str, Box]) -> dict[str, tuple[Point, ...]]:
    """Lines from centre to centre; those between the same two sites run side by side."""
    bundles: dict[tuple[str, str], list[str]] = {}
    for link in diagram.links:
        for a, b in pairwise(link.nodes):
            bundles.setdefault((min(a, b), max(a, b)), []).append(link.id)
    routes = {}
    for link in diagram.links:
        corners: list[Point] = []
        for a, b in pairwise(link.nodes):
            bundle = bundles[min(a, b), max(a, b)]
            side = (bundle.index(link.id) - (len(bundle) - 1) / 2) * PARALLEL_PT * (1 if a < b else -1)
            corners += _beside(placed[a], placed[b], side)
        routes[link.id] = tuple(corners)
    return routes


def _beside(a: Box, b: Box, side: float) -> tuple[Point, Point]:
    length = _distance((a.x, a.y), (b.x, b.y)) or 1.0
    dx, dy = (a.y - b.y) / length * side, (b.x - a.x) / length * side
    return (round(a.x + dx, 1), round(a.y + dy, 1)), (round(b.x + dx, 1), round(b.y + dy, 1))
