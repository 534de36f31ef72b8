"""GraphML as the Topology Zoo and yEd write it, and node-link JSON as topohub and networkx have it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from qplan.errors import Diagnostic
from qplan.interchange.imports.fields import Unreadable, value_of
from qplan.interchange.imports.headings import plain
from qplan.interchange.imports.json_values import as_mapping, as_number, as_text, items
from qplan.interchange.imports.mapping import ImportMap
from qplan.interchange.imports.numbers import NOTHING
from qplan.interchange.imports.rows import FibreRow, Kind, Origin, Rows, SiteRow, clean, doubt, listed
from qplan.interchange.imports.sources import Element, SourceFile, json_value, refused, xml_root
from qplan.inventory.source.messages import counted

LOGICAL = frozenset(["ip", "layer 3", "mpls", "virtual"])
LENGTHS = {"dist": "km", "distance": None, "length": None, "length km": "km", "km": "km", "distance km": "km"}
NOT_LABELS = frozenset(["id", "label", "name", "latitude", "longitude", "lat", "lon", "country", "internal", "hyperedge", "key",
                        "graphics", "pos", "x", "y"])  # fmt: skip


@dataclass(frozen=True)
class Graph:
    """Nodes and edges with their data, and data about the whole; `joints` and `outside` are ids of nodes."""

    data: Mapping[str, str]
    nodes: Mapping[str, Mapping[str, str]]
    edges: Sequence[tuple[str, str, str, Mapping[str, str]]]
    lines: Mapping[str, int] = field(default_factory=dict)


def read(sources: Sequence[SourceFile], mapping: ImportMap) -> Rows:
    """Raises `Refused`."""
    rows = Rows()
    for source in sources:
        is_json = source.data.lstrip()[:1] == b"{"
        graph = _node_link(source) if is_json else _graphml(source)
        rows = rows.joined(_rows(source, graph))
    return rows


def _graphml(source: SourceFile) -> Graph:
    root = xml_root(source)
    element = root.child("graph")
    if root.name != "graphml" or element is None:
        raise refused("QP601", source.origin, "not GraphML: no <graphml> with a <graph>")
    names = {key.attributes.get("id", ""): key.attributes.get("attr.name", "") for key in root.children if key.name == "key"}
    nodes = {node.attributes.get("id", ""): _data(node, names) for node in element.all("node")}
    lines = {node.attributes.get("id", ""): node.line for node in element.all("node")}
    edges = [
        (edge.attributes.get("source", ""), edge.attributes.get("target", ""), edge.attributes.get("id", ""), _data(edge, names))
        for edge in element.all("edge")
    ]  # fmt: skip
    return Graph(_data(element, names), nodes, edges, lines)


def _data(element: Element, names: Mapping[str, str]) -> dict[str, str]:
    """The data of an element by plain name; of what yEd draws, the label."""
    found = {}
    for child in element.children:
        if child.name == "data":
            drawn = [*child.all("NodeLabel"), *child.all("EdgeLabel")]
            name = "label" if drawn else names.get(child.attributes.get("key", ""), "")
            found[plain(name)] = clean(drawn[0].text if drawn else child.text)
    return {name: text for name, text in found.items() if name and text}


def _node_link(source: SourceFile) -> Graph:
    value = as_mapping(json_value(source))
    nodes: dict[str, dict[str, str]] = {}
    for item in items(value.get("nodes")):
        own = {plain(key): as_text(entry) for key, entry in item.items() if as_text(entry)}
        position = item.get("pos")
        if isinstance(position, list) and len(position) == 2 and None not in map(as_number, position):
            own |= {"longitude": str(position[0]), "latitude": str(position[1])}
        nodes[as_text(item.get("id"))] = own
    edges = [
        (as_text(item.get("source")), as_text(item.get("target")), "",
         {plain(key): as_text(entry) for key, entry in item.items() if as_text(entry) and key not in ("source", "target")})
        for item in [*items(value.get("edges")), *items(value.get("links"))]
    ]  # fmt: skip
    if not nodes:
        raise refused("QP601", source.origin, "neither GraphML nor node-link JSON: no list `nodes`")
    return Graph({plain(k): as_text(v) for k, v in as_mapping(value.get("graph")).items() if as_text(v)}, nodes, edges)


def _rows(source: SourceFile, graph: Graph) -> Rows:
    outside = {key for key, data in graph.nodes.items() if data.get("internal") == "0"}
    sites = [_site(source, graph, key, data) for key, data in graph.nodes.items() if key not in outside]
    fibres = [
        _fibre(source, number, edge) for number, edge in enumerate(graph.edges)
        if not outside.intersection(edge[:2]) and all(edge[:2])
    ]  # fmt: skip
    read_ = f"{source.name}: {counted(len(graph.nodes), 'node')}, {counted(len(graph.edges), 'edge')}"
    name = graph.data.get("network") or graph.data.get("name") or graph.data.get("label")
    return Rows(tuple(sites), tuple(fibres), findings=tuple(_said(source, graph, outside)), read=(read_,), name=name)


def _said(source: SourceFile, graph: Graph, outside: set[str]) -> Iterator[Diagnostic]:
    if outside:
        called = listed(sorted(graph.nodes[key].get("label", key) for key in outside))
        edges = sum(bool(outside.intersection(edge[:2])) for edge in graph.edges)
        message = f"{counted(len(outside), 'node')} outside the network, with {counted(edges, 'edge')}, left out: {called}"
        yield doubt("QP651", source.origin, "", message)
    layer = graph.data.get("layer", "")
    if plain(layer) in LOGICAL:
        message = f"the source says that its links are of the layer {layer}: each may run over several fibres, or share one"
        yield doubt("QP655", source.origin, "", message, "take the fibre plan of the operator where you can have it")
    links = [edge for edge in graph.edges if edge[3].get("link type") and not _is_fibre(edge[3]["link type"])]
    kinds = sorted({edge[3]["link type"] for edge in links})
    if kinds:
        yield doubt("QP655", source.origin, "", f"{counted(len(links), 'edge')} with a kind of link, kept as label: {listed(kinds)}")


def _is_fibre(kind: str) -> bool:
    return any(word in plain(kind) for word in ("fibre", "fiber", "faser"))


def _site(source: SourceFile, graph: Graph, key: str, data: Mapping[str, str]) -> SiteRow:
    name = next((data[word] for word in ("label", "name") if data.get(word, "").casefold() not in NOTHING), None)
    country = _country(data.get("country", ""))
    kind: Kind = "joint" if data.get("hyperedge") == "1" or "waypoint" in data.get("type", "").casefold() else "site"
    labels = {word: text for word, text in data.items() if word not in NOT_LABELS}
    labels |= {"country": data["country"]} if data.get("country") and not country else {}
    return SiteRow(
        key, Origin(source.name, line=graph.lines.get(key, 0), item="" if key in graph.lines else f"node {key}"), name,
        _number(data.get("latitude", data.get("lat"))), _number(data.get("longitude", data.get("lon"))), kind,
        aliases=(name,) if name else (), fields={"country": country} if country else {}, labels=labels,
    )  # fmt: skip


def _country(text: str) -> str | None:
    try:
        value = value_of("country", text, "", ".")
    except Unreadable:
        return None
    return str(value.value) if value else None


def _number(text: str | None) -> float | None:
    try:
        return as_number(float(text)) if text else None
    except ValueError:
        return None


def _fibre(source: SourceFile, number: int, edge: tuple[str, str, str, Mapping[str, str]]) -> FibreRow:
    a, b, key, data = edge
    name = next((name for name in LENGTHS if _number(data.get(name))), None)
    labels = {word: data[word] for word in ("link type", "link label", "link speed", "type") if data.get(word)}
    fields = {"deployment": "submarine"} if "seacable" in "".join(data.values()).casefold() else {}
    return FibreRow(
        data.get("label", "") if not key else key, (a, b), Origin(source.name, item=f"edge {number}"),
        _number(data.get(name)) if name else None, LENGTHS[name] if name else None, fields=fields,
        labels={word.replace(" ", "_"): text for word, text in labels.items()},
    )  # fmt: skip
