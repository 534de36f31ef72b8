"""GraphML as the Topology Zoo and yEd write it, and node-link JSON as topohub and networkx have it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from qplan.errors import Diagnostic
from qplan.interchange.imports.fields import Cell
from qplan.interchange.imports.headings import plain
from qplan.interchange.imports.json_values import as_mapping, as_text, items
from qplan.interchange.imports.mapping import ImportMap
from qplan.interchange.imports.records import fibre, site
from qplan.interchange.imports.rows import FibreRow, Kind, Origin, Rows, SiteRow, clean, doubt, links_left_out, listed
from qplan.interchange.imports.sources import Element, SourceFile, json_value, refused, xml_root
from qplan.interchange.imports.tables import Record, records_of, table_of
from qplan.inventory.source.messages import counted

LOGICAL = frozenset(["ip", "layer 3", "mpls", "virtual"])
KEY = "id"  # the heading of what the graph calls a node or an edge
READ_OTHERWISE = frozenset(
    ["internal", "hyperedge", "key", "geocode id", "geocode append", "geocode country", "doubted"]
)
LABELS = ("type", "link type", "link label", "link speed")
SEA = "seacable"
OF_QKD_LINKS = frozenset(["system", "key rate bps", "fibres"])  # data of an edge in a plan's export
Data = Mapping[str, str]


@dataclass(frozen=True)
class Node:
    key: str
    data: Data
    line: int = 0

    @property
    def is_outside(self) -> bool:
        return self.data.get("internal") == "0"


@dataclass(frozen=True)
class Edge:
    ends: tuple[str, str]
    key: str
    data: Data

    @property
    def is_qkd_link(self) -> bool:
        return self.data.keys() >= OF_QKD_LINKS


@dataclass(frozen=True)
class Graph:
    """Nodes and edges with their data by plain name, and data about the whole."""

    data: Data
    nodes: Sequence[Node]
    edges: Sequence[Edge]


def read(sources: Sequence[SourceFile], mapping: ImportMap) -> Rows:
    """Raises `Refused`."""
    rows = Rows()
    for source in sources:
        is_json = source.data.lstrip()[:1] == b"{"
        rows = rows.joined(_rows(source, _node_link(source) if is_json else _graphml(source), mapping.currency_alone))
    return rows


def _graphml(source: SourceFile) -> Graph:
    root = xml_root(source)
    element = root.child("graph")
    if root.name != "graphml" or element is None:
        raise refused("QP601", source.origin, "not GraphML: no <graphml> with a <graph>")
    names = {key.get("id"): key.get("attr.name") for key in root.children if key.name == "key"}
    nodes = [Node(clean(node.get("id")), _data(node, names), node.line) for node in element.all("node")]
    edges = [
        Edge((clean(edge.get("source")), clean(edge.get("target"))), clean(edge.get("id")), _data(edge, names))
        for edge in element.all("edge")
    ]
    return Graph(_data(element, names), nodes, edges)


def _data(element: Element, names: Mapping[str, str]) -> dict[str, str]:
    """The data of an element by plain name; of what yEd draws, the label."""
    found = {}
    for child in element.children:
        if child.name == "data":
            drawn = [*child.all("NodeLabel"), *child.all("EdgeLabel")]
            name = "label" if drawn else names.get(child.get("key"), "")
            found[plain(name)] = clean(drawn[0].text if drawn else child.text)
    return {name: text for name, text in found.items() if name and text}


def _node_link(source: SourceFile) -> Graph:
    value = as_mapping(json_value(source))
    nodes = []
    for item in items(value.get("nodes")):
        position = item.get("pos")
        place = position if isinstance(position, list) and len(position) == 2 else []
        at = dict(zip(("longitude", "latitude"), map(as_text, place), strict=False))
        nodes.append(Node(as_text(item.get("id")), {**_texts(item), **at}))
    edges = [
        Edge((as_text(item.get("source")), as_text(item.get("target"))), "", _texts(item))
        for item in [*items(value.get("edges")), *items(value.get("links"))]
    ]
    if not nodes:
        raise refused("QP601", source.origin, "neither GraphML nor node-link JSON: no list `nodes`")
    return Graph(_texts(as_mapping(value.get("graph"))), nodes, edges)


def _texts(item: Mapping[str, object]) -> dict[str, str]:
    """The plain values of an object by plain name, but for ids; topohub's `dist` is a length in km."""
    named = {"length km" if key == "dist" else plain(key): as_text(value) for key, value in item.items()}
    return {key: text for key, text in named.items() if text and key not in ("id", "source", "target", "key")}


def _rows(source: SourceFile, graph: Graph, mapping: ImportMap) -> Rows:
    nodes = [node for node in graph.nodes if not node.is_outside]
    outside = {node.key for node in graph.nodes if node.is_outside}
    fibres = [edge for edge in graph.edges if not edge.is_qkd_link]
    edges = [edge for edge in fibres if not outside.intersection(edge.ends)]
    read_ = f"{source.name}: {counted(len(graph.nodes), 'node')}, {counted(len(graph.edges), 'edge')}"
    name = graph.data.get("network") or graph.data.get("name") or graph.data.get("label")
    rows = Rows(findings=tuple(_said(source, graph, outside)), read=(read_,), name=name)
    return rows.joined(_sites(source, nodes, mapping)).joined(_fibres(source, edges, mapping))


def _said(source: SourceFile, graph: Graph, outside: set[str]) -> Iterator[Diagnostic]:
    if outside:
        called = listed(sorted(node.data.get("label", node.key) for node in graph.nodes if node.is_outside))
        edges = counted(sum(bool(outside.intersection(edge.ends)) for edge in graph.edges), "edge")
        message = f"{counted(len(outside), 'node')} outside the network, with {edges}, left out: {called}"
        yield doubt("QP651", source.origin, "", message)
    yield from links_left_out(source.origin, sum(edge.is_qkd_link for edge in graph.edges))
    layer = graph.data.get("layer", "")
    if plain(layer) in LOGICAL:
        message = (
            f"the source says that its links are of the layer {layer}: each may run over several fibres, or share one"
        )
        yield doubt("QP655", source.origin, "", message, "take the fibre plan of the operator where you can have it")
    kinds = [kind for edge in graph.edges if (kind := edge.data.get("link type")) and not _is_fibre(kind)]
    if kinds:
        message = f"{counted(len(kinds), 'edge')} with a kind of link, kept as label: {listed(sorted(set(kinds)))}"
        yield doubt("QP655", source.origin, "", message)


def _is_fibre(kind: str) -> bool:
    return any(word in plain(kind) for word in ("fibre", "fiber", "faser"))


def _sites(source: SourceFile, nodes: Sequence[Node], mapping: ImportMap) -> Rows:
    own = [{KEY: node.key, **_columns(node.data)} for node in nodes]
    records, rows = _records(source, "sites", own, [node.line for node in nodes], mapping)
    return rows.joined(Rows(sites=tuple(_site(record, nodes[record.index - 1].data) for record in records)))


def _columns(data: Data) -> dict[str, Cell]:
    return {name: text for name, text in data.items() if name not in READ_OTHERWISE and name not in LABELS}


def _records(
    source: SourceFile, kind: str, own: Sequence[Mapping[str, Cell]], lines: Sequence[int], mapping: ImportMap
) -> tuple[list[Record], Rows]:
    noun = "node" if kind == "sites" else "edge"
    read = records_of(table_of(source.origin, own, lines), mapping, kind, heading_at=0) if own else None
    if read is None:
        return [], Rows()
    named = [
        record if record.origin.line else replace(record, origin=Origin(source.name, item=f"{noun} {record.index - 1}"))
        for record in read.rows
    ]
    return named, Rows(findings=read.findings)


def _site(record: Record, data: Data) -> SiteRow:
    row = site(record)
    kind: Kind = "joint" if data.get("hyperedge") == "1" or "waypoint" in data.get("type", "").casefold() else "site"
    return replace(row, kind=kind, labels={**row.labels, **_labels(data)})


def _labels(data: Data) -> dict[str, str]:
    return {name.replace(" ", "_"): data[name] for name in LABELS if name in data}


def _fibres(source: SourceFile, edges: Sequence[Edge], mapping: ImportMap) -> Rows:
    own = [{KEY: edge.key, "from": edge.ends[0], "to": edge.ends[1], **_columns(edge.data)} for edge in edges]
    records, rows = _records(source, "fibres", own, [0] * len(own), mapping)
    return rows.joined(Rows(fibres=tuple(_fibre(record, edges[record.index - 1]) for record in records)))


def _fibre(record: Record, edge: Edge) -> FibreRow:
    row = fibre(record)
    sea = {"deployment": "submarine"} if SEA in " ".join(edge.data.values()).casefold() else {}
    return replace(row, fields={**row.fields, **sea}, labels={**row.labels, **_labels(edge.data)})
