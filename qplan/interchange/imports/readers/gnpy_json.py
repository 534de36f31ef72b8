"""GNPy's JSON: elements (fibres, ROADMs, amplifiers) and one-way connections → places and fibres of two strands."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import zip_longest
from typing import Any

from qplan.errors import Diagnostic
from qplan.interchange.imports.json_values import as_mapping, as_number, as_text, items
from qplan.interchange.imports.readers.gnpy_units import KM_PER_UNIT, connector_pairs
from qplan.interchange.imports.rows import FibreRow, Kind, Origin, Rows, SiteRow, gathered
from qplan.interchange.imports.sources import SourceFile, json_value, refused
from qplan.inventory.source.messages import counted

FIBRES = frozenset(["Fiber", "RamanFiber"])
STATIONS, AMPLIFIERS = frozenset(["Roadm", "Transceiver"]), frozenset(["Edfa", "Multiband_amplifier"])
OTHER_LENGTH = 0.01  # relative: lengths there and back that differ by more are said to
CABLE = re.compile(r"fiber \(.* → .*\)-(.*)")


@dataclass
class _Graph:
    """Elements by their ids, and what follows and precedes each."""

    elements: dict[str, Mapping[str, Any]]
    after: dict[str, list[str]] = field(default_factory=lambda: defaultdict(list))
    before: dict[str, list[str]] = field(default_factory=lambda: defaultdict(list))

    def is_fibre(self, uid: str) -> bool:
        return as_text(self.elements[uid].get("type")) in FIBRES


@dataclass(frozen=True)
class _Span:
    """Fibres in a row, one way, from place to place."""

    ends: tuple[str, str]
    uids: tuple[str, ...]
    km: float
    db: float
    connectors_db: float
    variety: str


def read(source: SourceFile) -> Rows:
    """Raises `Refused` where there are no elements."""
    graph, findings = _graph(source)
    places = _places(graph)
    spans = list(_spans(graph, places))
    sites = _sites(source, graph, places)
    fibres, more = _both_ways(source, spans)
    read_ = f"{source.name}: {counted(len(sites), 'place')}, {counted(len(spans), 'span')} one way"
    value = as_mapping(json_value(source))
    name = as_text(value.get("network_name")) or None
    return Rows(tuple(sites), tuple(fibres), findings=(*findings, *more), read=(read_,), name=name)


def _graph(source: SourceFile) -> tuple[_Graph, list[Diagnostic]]:
    value = as_mapping(json_value(source))
    elements = {as_text(item.get("uid")): item for item in items(value.get("elements"))}
    elements.pop("", None)
    if not elements:
        raise refused("QP601", source.origin, "not a GNPy topology: no list `elements` with a `uid` each")
    graph = _Graph(elements)
    lost: list[tuple[Origin, str]] = []
    for item in items(value.get("connections")):
        a, z = as_text(item.get("from_node")), as_text(item.get("to_node"))
        if a in elements and z in elements:
            graph.after[a].append(z)
            graph.before[z].append(a)
        else:
            lost.append((source.origin, f"{a} → {z}"))
    return graph, gathered("QP612", lost, "connection", "of unknown elements left out")


def _places(graph: _Graph) -> dict[str, str]:
    """The place of everything that is no fibre: its city, else what is directly connected is one place."""
    beside: dict[str, set[str]] = defaultdict(set)
    for a, following in graph.after.items():
        for z in following:
            if not graph.is_fibre(a) and not graph.is_fibre(z):
                beside[a].add(z)
                beside[z].add(a)
    places: dict[str, str] = {}
    for uid in graph.elements:
        if graph.is_fibre(uid) or uid in places:
            continue
        group, open_ = {uid}, [uid]
        while open_:
            fresh = beside[open_.pop()] - group
            group |= fresh
            open_ += fresh
        key = _place(graph, sorted(group))
        places |= dict.fromkeys(group, key)
    return places


def _place(graph: _Graph, group: Sequence[str]) -> str:
    stations = [uid for uid in group if as_text(graph.elements[uid].get("type")) in STATIONS]
    cities = [city for uid in [*stations, *group] if (city := as_text(_location(graph, uid).get("city")))]
    return cities[0] if cities else (stations or list(group))[0]


def _location(graph: _Graph, uid: str) -> Mapping[str, Any]:
    return as_mapping(as_mapping(graph.elements[uid].get("metadata")).get("location"))


def _spans(graph: _Graph, places: dict[str, str]) -> Iterator[_Span]:
    """Fibres that follow each other are one span; what hangs loose ends at nothing and is left out."""
    for uid in graph.elements:
        starts = [a for a in graph.before[uid] if a in places]
        if not graph.is_fibre(uid) or not starts:
            continue
        chain = [uid]
        while following := [z for z in graph.after[chain[-1]] if graph.is_fibre(z) and z not in chain]:
            chain.append(following[0])
        ends = [z for z in graph.after[chain[-1]] if z in places]
        if ends:
            yield _span(graph, (places[starts[0]], places[ends[0]]), tuple(chain))


def _span(graph: _Graph, ends: tuple[str, str], uids: tuple[str, ...]) -> _Span:
    km = db = connectors = 0.0
    for uid in uids:
        params = as_mapping(graph.elements[uid].get("params"))
        length = (as_number(params.get("length")) or 0.0) * KM_PER_UNIT.get(as_text(params.get("length_units")), 1.0)
        km += length
        db += length * _db_per_km(params.get("loss_coef"))
        connectors += sum(as_number(params.get(name)) or 0.0 for name in ("con_in", "con_out", "att_in"))
    return _Span(ends, uids, km, db, connectors, as_text(graph.elements[uids[0]].get("type_variety")))


def _db_per_km(coefficient: object) -> float:
    """A number, or values by frequency, of which the worst is taken; 0 where none is stated."""
    values = as_mapping(coefficient).get("value")
    several = values if isinstance(values, list) else [coefficient]
    return max((number for value in several if (number := as_number(value))), default=0.0)


def _sites(source: SourceFile, graph: _Graph, places: dict[str, str]) -> list[SiteRow]:
    members: dict[str, list[str]] = defaultdict(list)
    for uid, place in places.items():
        members[place].append(uid)
    return [_site(source, graph, place, uids) for place, uids in members.items()]


def _site(source: SourceFile, graph: _Graph, place: str, uids: Sequence[str]) -> SiteRow:
    kinds = {as_text(graph.elements[uid].get("type")) for uid in uids}
    kind: Kind = "site" if kinds & STATIONS else "amplifier" if kinds & AMPLIFIERS else "joint"
    where = next((_location(graph, uid) for uid in uids if _location(graph, uid)), {})
    lat, lon = as_number(where.get("latitude")), as_number(where.get("longitude"))
    region = as_text(where.get("region"))
    origin = Origin(source.name, item=uids[0])
    return SiteRow(place, origin, None, lat, lon, kind, labels={"region": region} if region else {})


def _both_ways(source: SourceFile, spans: Sequence[_Span]) -> tuple[list[FibreRow], list[Diagnostic]]:
    """One span there and one back are a fibre of two strands, with the longer and the worse of both."""
    pairs: dict[frozenset[str], list[_Span]] = defaultdict(list)
    for span in spans:
        pairs[frozenset(span.ends)].append(span)
    fibres = []
    alone: list[tuple[Origin, str]] = []
    differing: list[tuple[Origin, str]] = []
    for own in pairs.values():
        there = [span for span in own if span.ends == own[0].ends]
        back = [span for span in own if span.ends != own[0].ends]
        for one, other in zip_longest(there, back):
            both = [span for span in (one, other) if span]
            fibres.append(_fibre(source, both))
            lengths = [span.km for span in both]
            if len(both) == 1:
                alone.append((source.origin, both[0].uids[0]))
            elif max(lengths) - min(lengths) > OTHER_LENGTH * min(lengths):
                differing.append((source.origin, f"{both[0].uids[0]} ({lengths[0]:g} and {lengths[1]:g} km)"))
    return fibres, [
        *gathered("QP653", alone, "span", "in one direction only, taken as a single strand"),
        *gathered("QP628", differing, "span", "of other lengths there and back, the longer taken"),
    ]


def _fibre(source: SourceFile, both: Sequence[_Span]) -> FibreRow:
    first, km = both[0], max(span.km for span in both)
    worst = max((span.db / span.km for span in both if span.km), default=0.0)
    connectors = max(span.connectors_db for span in both)
    fields: dict[str, object] = {"strands": len(both)}
    fields |= {"attenuation_db_per_km": round(worst, 6)} if worst else {}
    fields |= {"connectors": connector_pairs(connectors)} if connectors else {}
    fields |= {"fibre_type": first.variety} if first.variety else {}
    fields |= {"splices": len(first.uids) - 1} if len(first.uids) > 1 else {}
    match = CABLE.fullmatch(first.uids[0])
    key = match[1] if match else first.uids[0]
    return FibreRow(key, first.ends, Origin(source.name, item=first.uids[0]), round(km, 6) or None, "km", fields=fields)
