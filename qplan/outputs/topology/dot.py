"""The topology as DOT text with every position given, for `neato -n2` (as qplan draws it) or any other reader."""

from __future__ import annotations

from collections.abc import Iterator
from html import escape
from itertools import pairwise
from typing import TYPE_CHECKING

from qplan.comparison.model import Action
from qplan.outputs.text.existing import KEPT, RETIRED
from qplan.outputs.topology.diagram import MEANING, ROLE, UNUSED_FIBRE, Diagram, DiagramLink, DiagramNode, Kind
from qplan.outputs.topology.geography import Point
from qplan.outputs.topology.layout import LABEL_PT, NAME_PT, SMALL_PT, Layout, lay_out, node_font_pt
from qplan.outputs.topology.palette import CHANGE_COLOURS, PAINT, PALE, system_lines
from qplan.outputs.topology.spread import Box
from qplan.outputs.topology.text_size import text_width

if TYPE_CHECKING:
    from graphviz import Graph

FONT = "Helvetica"
SHAPE: dict[Kind, str] = {
    "end": "box",
    "relay": "octagon",
    "end_relay": "octagon",
    "existing": "octagon",
    "end_existing": "octagon",
    "idle": "box",
    "bypass": "ellipse",
    "unused": "box",
}
FIBRE_STYLE = {"color": PALE, "style": "dotted", "penwidth": "1.4"}
RETIRED_STYLE = {"color": PALE, "fontcolor": "#666666", "style": "dashed", "penwidth": "1.4"}
CHANGES: dict[Action, str] = {"create": "+ new", "update": "~ changed", "delete": "- retired"}
AS_BEFORE = "as before"
NEW_WIDTH, EXISTING_WIDTH = "2.6", "1.2"
LEGEND_GAP_PT, LEGEND_SAMPLE_PT, LEGEND_LEAST_PT = 14.0, 36.0, 520.0


def to_dot(diagram: Diagram) -> str:
    """DOT text of the diagram: one node per site (attribute `site`), one edge per QKD link (`link`) or fibre (`fibre`).

    An edge runs from a link's first end to its second; the sites that it is patched through lie on its line. A site has
    a second node for links that are patched through it while others end there.
    """
    from graphviz import Graph

    layout = lay_out(diagram)
    graph = Graph("qplan", graph_attr=_graph_style(diagram))
    graph.attr("node", fontname=FONT, fixedsize="true")
    graph.attr("edge", fontname=FONT, fontsize=str(LABEL_PT))
    for node in diagram.nodes:
        box, label = layout.boxes[node.id], _node_label(node, layout.texts[node.id])
        graph.node(node.id, label, id=node.id, site=node.site, **_at(box), **_node_style(node.kind, node.change))
    for link in sorted(diagram.links, key=lambda link: link.system is not None):
        graph.edge(link.nodes[0], link.nodes[-1], id=link.id, **_link_attributes(link, diagram, layout))
    with graph.subgraph(name="legend") as legend:
        _draw_legend(legend, diagram, layout)
    return str(graph.source)


def _graph_style(diagram: Diagram) -> dict[str, str]:
    rows = [f'<FONT POINT-SIZE="18"><B>{_html(diagram.title)}</B></FONT>', _html(diagram.subtitle)]
    rows += [_html(diagram.hint)] if diagram.hint else []
    return {
        "layout": "neato",
        "inputscale": "72",
        "outputorder": "edgesfirst",
        "bgcolor": "white",
        "pad": "0.2",
        "fontname": FONT,
        "fontsize": str(NAME_PT),
        "labelloc": "t",
        "labeljust": "l",
        "label": _table([f'<TR><TD ALIGN="LEFT">{row}</TD></TR>' for row in rows], 'CELLPADDING="4"'),
    }


def _table(rows: list[str], attributes: str) -> str:
    return f'<<TABLE BORDER="0" CELLBORDER="0" CELLSPACING="0" {attributes}>{"".join(rows)}</TABLE>>'


def _html(text: str) -> str:
    """Text for an HTML-like label, never empty. A single backslash would call for the name of the node or the graph."""
    return escape(text).replace("\\", "\\\\") or " "


def _at(box: Box) -> dict[str, str]:
    return {"pos": f"{box.x},{box.y}!", "width": f"{box.width / 72:.4f}", "height": f"{box.height / 72:.4f}"}


def _node_label(node: DiagramNode, lines: tuple[str, ...]) -> str:
    name = "<BR/>".join(map(_html, lines))
    bold = name if node.kind in ("bypass", "unused") else f"<B>{name}</B>"
    rows = [f'<TR><TD><FONT POINT-SIZE="{node_font_pt(node)}">{bold}</FONT></TD></TR>']
    if ROLE[node.kind]:
        rows.append(f'<TR><TD><FONT POINT-SIZE="{SMALL_PT}">{_html(ROLE[node.kind])}</FONT></TD></TR>')
    return _table(rows, 'CELLPADDING="1"')


def _link_attributes(link: DiagramLink, diagram: Diagram, layout: Layout) -> dict[str, str]:
    line = {"pos": _spline(layout.routes[link.id])}
    if not link.lines:
        return {"fibre": link.source, **FIBRE_STYLE, **line}
    label = layout.labels[link.id]
    rows = [f"<TR><TD>{_html(row)}</TD></TR>" for row in link.lines]
    if diagram.compared:
        style = _change_style(link.change)
    else:
        style = RETIRED_STYLE if link.system is None else _system_style(diagram, link.system, link.existing)
    paper = f'CELLPADDING="0" BGCOLOR="white" WIDTH="{label.width:.0f}" HEIGHT="{label.height:.0f}"'
    key = "link" if link.system is not None else "retired"
    return {key: link.source, "label": _table(rows, paper), "lp": f"{label.x},{label.y}", **style, **line}


def _change_style(change: Action | None) -> dict[str, str]:
    colours = {"color": CHANGE_COLOURS[change], "fontcolor": CHANGE_COLOURS[change]}
    if change is None:
        return {**colours, "penwidth": "1.4"}
    return {**colours, "penwidth": "4", "style": "dashed" if change == "delete" else "solid"}


def _node_style(kind: Kind, change: Action | None = None) -> dict[str, str]:
    paint = PAINT[kind]
    return {
        "shape": SHAPE[kind],
        "style": "rounded,filled" if kind in ("end", "idle") else "filled",
        "fillcolor": paint.fill,
        "color": CHANGE_COLOURS[change] if change else paint.line,
        "fontcolor": paint.text,
        "penwidth": "4.4" if change else "3.6" if paint.bold_line else "1.6",
    }


def _system_style(diagram: Diagram, system_id: str, existing: bool = False) -> dict[str, str]:
    colour, dashed = system_lines(diagram.catalogue)[system_id]
    width = EXISTING_WIDTH if existing else NEW_WIDTH
    return {"color": colour, "fontcolor": colour, "penwidth": width, "style": "dashed" if dashed else "solid"}


def _spline(corners: tuple[Point, ...]) -> str:
    """A broken line as the cubic Bézier pieces that DOT asks for."""
    points = [corners[0]]
    for (ax, ay), (bx, by) in pairwise(corners):
        points += [((2 * ax + bx) / 3, (2 * ay + by) / 3), ((ax + 2 * bx) / 3, (ay + 2 * by) / 3), (bx, by)]
    return " ".join(f"{x:.1f},{y:.1f}" for x, y in points)


def _draw_legend(graph: Graph, diagram: Diagram, layout: Layout) -> None:
    """Samples below the drawing, each with its meaning: a shape holds its text, a line has it at its side."""
    left = min((box.x - box.width / 2 for box in layout.boxes.values()), default=0.0)
    right = max((box.x + box.width / 2 for box in layout.boxes.values()), default=0.0)
    top = min((box.y - box.height / 2 for box in layout.boxes.values()), default=0.0) - 3 * LEGEND_GAP_PT
    entries: list[tuple[str, Kind | dict[str, str]]] = [(MEANING[kind], kind) for kind in diagram.legend]
    entries += _line_entries(diagram)
    if diagram.shows_fibres:
        entries.append((UNUSED_FIBRE, FIBRE_STYLE))
    widths = [
        text_width(text) * SMALL_PT + 30 + (LEGEND_SAMPLE_PT if isinstance(s, dict) else 0) for text, s in entries
    ]
    places = _flow(widths, left, max(right, left + LEGEND_LEAST_PT), top)
    for number, ((text, style), width, (x, y)) in enumerate(zip(entries, widths, places, strict=True), 1):
        box = Box(round(x + width / 2, 1), y, round(width, 1), 26.0)
        label = f'<<FONT POINT-SIZE="{SMALL_PT}">{_html(text)}</FONT>>'
        if isinstance(style, dict):
            _line_sample(graph, f"k{number}", box, label, style)
        else:
            graph.node(f"k{number}", label, id=f"k{number}", **_at(box), **_node_style(style))


def _line_entries(diagram: Diagram) -> Iterator[tuple[str, dict[str, str]]]:
    """What the lines of QKD links mean."""
    if diagram.compared:
        yield from ((words, _change_style(change)) for change, words in CHANGES.items())
        yield AS_BEFORE, _change_style(None)
        return
    for system in diagram.systems:
        yield f"QKD link, {system}", _system_style(diagram, system)
    if diagram.shows_existing:
        yield f"thin: {KEPT}", {"color": "#444444", "penwidth": EXISTING_WIDTH}
    if diagram.shows_retired:
        yield RETIRED, RETIRED_STYLE


def _flow(widths: list[float], left: float, right: float, top: float) -> Iterator[Point]:
    """Left edges and heights of entries that run on like words."""
    x, y = left, top
    for width in widths:
        if x > left and x + width > right:
            x, y = left, y - 26.0 - LEGEND_GAP_PT / 2
        yield round(x, 1), round(y, 1)
        x += width + LEGEND_GAP_PT


def _line_sample(graph: Graph, name: str, box: Box, label: str, style: dict[str, str]) -> None:
    start, end = (box.x - box.width / 2, box.y), (box.x - box.width / 2 + LEGEND_SAMPLE_PT, box.y)
    for side, (x, y) in (("a", start), ("b", end)):
        graph.node(name + side, "", shape="point", width="0.01", style="invis", pos=f"{x:.1f},{y:.1f}!")
    graph.edge(name + "a", name + "b", pos=_spline((start, end)), **style)
    text = Box(round(box.x + LEGEND_SAMPLE_PT / 2, 1), box.y, round(box.width - LEGEND_SAMPLE_PT, 1), box.height)
    graph.node(name, label, id=name, shape="plaintext", **_at(text))
