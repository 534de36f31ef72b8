"""Open Fibre Data Standard 0.3: networks with nodes and spans, as JSON or as GeoJSON."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from qplan.errors import Diagnostic
from qplan.interchange.imports.figures import Figures
from qplan.interchange.imports.json_values import (
    as_line,
    as_mapping,
    as_point,
    as_text,
    items,
    json_documents,
)
from qplan.interchange.imports.mapping import ImportMap
from qplan.interchange.imports.records import fibre_counts
from qplan.interchange.imports.rows import FibreRow, Kind, Origin, Point, Rows, SiteRow, doubt, gathered, listed
from qplan.interchange.imports.sources import SourceFile, refused
from qplan.interchange.imports.status import judged
from qplan.inventory.source.messages import counted

KINDS: dict[str, Kind] = {"borderCrossing": "joint", "aggregationPoint": "joint", "repeaterSite": "amplifier"}
DEPLOYMENTS = {"aboveGround": "aerial", "belowGround": "buried"}
LANDING = "cableLanding"
NOT_PLANNED_WITH = ("contracts", "phases", "organisations")
Item = tuple[Origin, str, Mapping[str, Any]]
"""Where a node or span stands, its network, and what it says."""


def read(sources: Sequence[SourceFile], mapping: ImportMap) -> Rows:
    """Raises `Refused`."""
    nodes: list[Item] = []
    spans: list[Item] = []
    rows = Rows()
    for source in sources:
        network_names: list[str] = []
        own = list(_items(source, network_names))
        nodes += [item for kind, item in own if kind == "node"]
        spans += [item for kind, item in own if kind == "span"]
        counts = Counter(kind for kind, _ in own)
        read_ = f"{source.name}: {counted(counts['node'], 'node')}, {counted(counts['span'], 'span')}"
        name = network_names[0] if len(set(network_names)) == 1 else None
        rows = rows.joined(Rows(read=(read_,), name=name, findings=tuple(_passed_over(source))))
    several = len({network for _, network, _ in (*nodes, *spans)}) > 1
    nodes += [(origin, network, span[side]) for origin, network, span in spans for side in ("start", "end")
              if isinstance(span.get(side), dict)]  # fmt: skip
    sites = [_site(item, several) for item in nodes]
    landings = {site.key for site in sites if site.key and LANDING in str(site.labels.get("type", ""))}
    fibres, findings = _fibres(spans, several, landings)
    return rows.joined(Rows(tuple(sites), tuple(fibres), findings=(*_astray(nodes, spans), *findings)))


def _astray(nodes: Sequence[Item], spans: Sequence[Item]) -> list[Diagnostic]:
    """That places and routes are stated which cannot be read."""
    points = [(origin, _called(origin, node)) for origin, _, node in nodes
              if _coordinates(node.get("location")) and not as_point(_coordinates(node.get("location")))]  # fmt: skip
    lines = [(origin, _called(origin, span)) for origin, _, span in spans
             if _coordinates(span.get("route")) and not as_line(_coordinates(span.get("route")))]  # fmt: skip
    return [
        *gathered("QP635", points, "node", "with coordinates that are no degrees, kept without them"),
        *gathered("QP635", lines, "route", "with points that are no degrees, or less than two, left out"),
    ]


def _called(origin: Origin, item: Mapping[str, Any]) -> str:
    return as_text(item.get("id")) or str(origin)


def _coordinates(geometry: object) -> object:
    return as_mapping(geometry).get("coordinates")


def _items(source: SourceFile, names: list[str]) -> Iterator[tuple[str, Item]]:
    """Nodes and spans of every network; the networks' names are added to `names`."""
    found = False
    for value in json_documents(source):
        document = as_mapping(value)
        read_ = _of_features if str(document.get("type")).startswith("Feature") else _of_networks
        for kind, item in read_(source, document, names):
            found = True
            yield kind, item
    if not found:
        raise refused("QP601", source.origin, "not the Open Fibre Data Standard: no nodes and no spans")


def _of_features(source: SourceFile, document: Mapping[str, Any], names: list[str]) -> Iterator[tuple[str, Item]]:
    features = document.get("features") if document.get("type") == "FeatureCollection" else [document]
    for index, feature in enumerate(items(features)):
        properties = as_mapping(feature.get("properties"))
        network = as_mapping(properties.get("network"))
        names.append(as_text(network.get("name")))
        kind = "node" if as_text(properties.get("featureType")) == "node" or "start" not in properties else "span"
        shape = {"location" if kind == "node" else "route": feature.get("geometry")}
        origin = Origin(source.name, item=f"features[{index}]")
        yield kind, (origin, as_text(network.get("id")), {**properties, **shape})


def _of_networks(source: SourceFile, document: Mapping[str, Any], names: list[str]) -> Iterator[tuple[str, Item]]:
    for network in items(document.get("networks", [document])):
        names.append(as_text(network.get("name")))
        for kind in ("node", "span"):
            for index, item in enumerate(items(network.get(f"{kind}s"))):
                yield kind, (Origin(source.name, item=f"{kind}s[{index}]"), as_text(network.get("id")), item)


def _passed_over(source: SourceFile) -> Iterator[Diagnostic]:
    """Parts of the standard that say nothing about fibres, and parts that lie in other files."""
    for value in json_documents(source):
        for network in items(as_mapping(value).get("networks")):
            parts = {name: network.get(name) for name in NOT_PLANNED_WITH}
            unread = [f"{len(part)} × {name}" for name, part in parts.items() if part and isinstance(part, list)]
            if unread:
                yield doubt("QP614", source.origin, "", f"not read: {', '.join(unread)}")
            elsewhere = [as_text(link.get("href")) for link in items(network.get("links"))
                         if as_text(link.get("rel")).endswith(("File", "API"))]  # fmt: skip
            if elsewhere:
                message = f"parts of the network that lie elsewhere are not read: {listed(elsewhere)}"
                yield doubt("QP614", source.origin, "", message, "give those files too")


def _words(value: object) -> list[str]:
    return [as_text(word) for word in value] if isinstance(value, list) else []


def _key(network: str, identifier: str, several: bool) -> str:
    """Ids are unique within a network only."""
    return f"{network}/{identifier}" if several and identifier else identifier


def _site(item: Item, several: bool) -> SiteRow:
    origin, network, node = item
    point: Point | None = as_point(_coordinates(node.get("location")))
    address = as_mapping(node.get("address"))
    kinds = _words(node.get("type"))
    country = as_text(address.get("country")).upper()
    parts = [as_text(address.get(name)) for name in ("streetAddress", "postalCode", "locality", "region")]
    fields = {
        "country": country if len(country) == 2 and country.isascii() and country.isalpha() else None,
        "operator": as_text(as_mapping(node.get("physicalInfrastructureProvider")).get("name")) or None,
        "address": ", ".join(part for part in parts if part) or None,
    }
    status = as_text(node.get("status"))
    labels = {"type": ", ".join(kinds), "status": status if status not in ("", "operational") else ""}
    key, name = as_text(node.get("id")), as_text(node.get("name"))
    kind: Kind = next((KINDS[word] for word in kinds if word in KINDS), "site")
    lon, lat = point or (None, None)
    return SiteRow(
        _key(network, key, several), origin, name or None, lat, lon, kind,
        fields={key: value for key, value in fields.items() if value}, labels={k: v for k, v in labels.items() if v},
    )  # fmt: skip


def _fibres(spans: Sequence[Item], several: bool, landings: set[str]) -> tuple[list[FibreRow], list[Diagnostic]]:
    stated, dark, figures = [], [], Figures()
    other_media: Counter[str] = Counter()
    for item in spans:
        origin, network, span = item
        media = _words(span.get("transmissionMedium"))
        if media and "fibre" not in media:
            other_media[" and ".join(media)] += 1
            continue
        ends = tuple(_key(network, _end(span.get(side)), several) for side in ("start", "end"))
        row = _fibre(item, (ends[0], ends[1]), landings, figures)
        stated.append((row, as_text(span.get("status"))))
        dark += [(origin, row.key)] if span.get("darkFibre") is False else []
    rows, findings = judged(stated)
    findings += figures.findings()
    hint = "set strands where you can have some all the same"
    findings += gathered("QP653", dark, "span", "without access to dark fibre, kept with 0 strands", hint)
    if other_media:
        words = ", ".join(f"{number} × {medium}" for medium, number in sorted(other_media.items()))
        findings.append(doubt("QP651", spans[0][0].whole, "", f"spans of other media left out: {words}"))
    return rows, [*findings, *fibre_counts(rows)]


def _end(value: object) -> str:
    """An end is an id in JSON, and the whole node in GeoJSON."""
    return as_text(as_mapping(value).get("id")) if isinstance(value, dict) else as_text(value)


def _fibre(item: Item, ends: tuple[str, str], landings: set[str], figures: Figures) -> FibreRow:
    origin, _, span = item
    key = as_text(span.get("id"))
    kinds = [DEPLOYMENTS.get(word, "") for word in _words(span.get("deployment"))]
    deployment = "submarine" if landings.issuperset(ends) else "aerial" if "aerial" in kinds else next(iter(kinds), "")
    subtype = as_text(as_mapping(span.get("fibreTypeDetails")).get("fibreSubtype"))
    count = figures.read("fibre_count", span.get("fibreCount"), origin, f"{key} fibreCount").value
    length = figures.read("length", span.get("fibreLength"), origin, f"{key} fibreLength")
    fields = {
        "strands": 0 if span.get("darkFibre") is False else None,
        "fibre_type": subtype or as_text(span.get("fibreType")) or None,
        "operator": as_text(as_mapping(span.get("physicalInfrastructureProvider")).get("name")) or None,
        "deployment": deployment or None,
    }
    labels = {"fibre_count": count, "name": as_text(span.get("name")) or None}
    return FibreRow(
        key, ends, origin, length.value, length.unit or "km", unit_is_claimed=not length.unit,
        route=as_line(_coordinates(span.get("route"))) or (),
        fields={key: value for key, value in fields.items() if value is not None},
        labels={key: value for key, value in labels.items() if value},
    )  # fmt: skip
