"""GNPy's JSON: elements (fibres, ROADMs, amplifiers) and one-way connections → places and fibres of two strands."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import zip_longest
from typing import Any

from qplan.errors import Diagnostic
from qplan.interchange.imports.fields import KM_PER
from qplan.interchange.imports.figures import Figures
from qplan.interchange.imports.headings import plain
from qplan.interchange.imports.json_values import as_mapping, as_text, items
from qplan.interchange.imports.numbers import is_nothing
from qplan.interchange.imports.readers.gnpy_units import connector_pairs
from qplan.interchange.imports.rows import DEFAULTS, FibreRow, Kind, Origin, Rows, SiteRow, gathered
from qplan.interchange.imports.sources import SourceFile, json_value, refused
from qplan.inventory.source.messages import counted

FIBRES = frozenset(["Fiber", "RamanFiber"])
STATIONS, AMPLIFIERS = frozenset(["Roadm", "Transceiver"]), frozenset(["Edfa", "Multiband_amplifier"])
OTHER_LENGTH = 0.01  # relative: lengths there and back that differ by more are said to
CONNECTORS = ("con_in", "con_out", "att_in")
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
    km: float | None
    db_per_km: float | None
    connectors_db: float
    variety: str


def read(source: SourceFile) -> Rows:
    """Raises `Refused` where there are no elements."""
    graph, findings = _graph(source)
    places, figures = _places(graph), Figures()
    chains = list(_chains(graph, places))
    spans = [_span(source, graph, ends, uids, figures) for ends, uids in chains]
    sites = _sites(source, graph, places, figures)
    fibres, more = _both_ways(source, spans)
    joined = {uid for _, uids in chains for uid in uids}
    loose = [(source.origin, uid) for uid in graph.elements if graph.is_fibre(uid) and uid not in joined]
    findings += [*figures.findings(), *more, *gathered("QP612", loose, "fibre", "not connected at both ends left out")]
    read_ = f"{source.name}: {counted(len(sites), 'place')}, {counted(len(spans), 'span')} one way"
    value = as_mapping(json_value(source))
    name = as_text(value.get("network_name")) or None
    return Rows(tuple(sites), tuple(fibres), findings=tuple(findings), read=(read_,), name=name)


def _graph(source: SourceFile) -> tuple[_Graph, list[Diagnostic]]:
    value = as_mapping(json_value(source))
    found = list(items(value.get("elements")))
    elements = {uid: item for item in found if (uid := as_text(item.get("uid")))}
    bare = [(source.origin, f"elements[{at}]") for at, item in enumerate(found) if not as_text(item.get("uid"))]
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
    return graph, [
        *gathered("QP612", bare, "element", "without a uid left out"),
        *gathered("QP612", lost, "connection", "of unknown elements left out"),
    ]


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
    cities = (as_text(_location(graph, uid).get("city")) for uid in [*stations, *group])
    return next((city for city in cities if not is_nothing(city)), (stations or list(group))[0])


def _location(graph: _Graph, uid: str) -> Mapping[str, Any]:
    return as_mapping(as_mapping(graph.elements[uid].get("metadata")).get("location"))


def _chains(graph: _Graph, places: dict[str, str]) -> Iterator[tuple[tuple[str, str], tuple[str, ...]]]:
    """Fibres that follow each other from place to place, with the places."""
    for uid in graph.elements:
        starts = [a for a in graph.before[uid] if a in places]
        if not graph.is_fibre(uid) or not starts:
            continue
        chain = [uid]
        while following := [z for z in graph.after[chain[-1]] if graph.is_fibre(z) and z not in chain]:
            chain.append(following[0])
        ends = [z for z in graph.after[chain[-1]] if z in places]
        if ends:
            yield (places[starts[0]], places[ends[0]]), tuple(chain)


def _span(source: SourceFile, graph: _Graph, ends: tuple[str, str], uids: tuple[str, ...], figures: Figures) -> _Span:
    """A length is known where all are; a fibre that states no loss beside others that do has the default."""
    lengths, coefficients, connectors = list[float | None](), list[float | None](), 0.0
    for uid in uids:
        params, origin = as_mapping(graph.elements[uid].get("params")), Origin(source.name, item=uid)
        lengths.append(_km(params, origin, figures))
        coefficients.append(_db_per_km(params.get("loss_coef"), origin, figures))
        stated = (figures.read("loss_db", params.get(name), origin, f"{uid} {name}") for name in CONNECTORS)
        connectors += sum(loss.value or 0.0 for loss in stated)
    variety = as_text(graph.elements[uids[0]].get("type_variety"))
    return _Span(ends, uids, _sum(lengths), _mean(coefficients, lengths), connectors, variety)


def _sum(lengths: Sequence[float | None]) -> float | None:
    known = [length for length in lengths if length]
    return sum(known) if len(known) == len(lengths) else None


def _mean(coefficients: Sequence[float | None], lengths: Sequence[float | None]) -> float | None:
    """By length, the worst where one is not known; None where no fibre states any."""
    if not any(coefficients):
        return None
    known = [DEFAULTS.attenuation_db_per_km if each is None else each for each in coefficients]
    km = _sum(lengths)
    return sum(a * (b or 0.0) for a, b in zip(known, lengths, strict=True)) / km if km else max(known)


def _km(params: Mapping[str, Any], origin: Origin, figures: Figures) -> float | None:
    unit = str(params.get("length_units") or "km")
    length = figures.read("length", params.get("length"), origin, f"{origin.item} length", plain(unit) or unit)
    return None if length.value is None else length.value * KM_PER[length.unit]


def _db_per_km(coefficient: object, origin: Origin, figures: Figures) -> float | None:
    """A number, or values by frequency, of which the worst is taken; None where none is stated."""
    values = as_mapping(coefficient).get("value")
    several = values if isinstance(values, list) else [coefficient]
    read = [figures.read("attenuation_db_per_km", value, origin, f"{origin.item} loss_coef").value for value in several]
    return max((value for value in read if value is not None), default=None)


def _sites(source: SourceFile, graph: _Graph, places: dict[str, str], figures: Figures) -> list[SiteRow]:
    members: dict[str, list[str]] = defaultdict(list)
    for uid, place in places.items():
        members[place].append(uid)
    return [_site(source, graph, place, uids, figures) for place, uids in members.items()]


def _site(source: SourceFile, graph: _Graph, place: str, uids: Sequence[str], figures: Figures) -> SiteRow:
    kinds = {as_text(graph.elements[uid].get("type")) for uid in uids}
    kind: Kind = "site" if kinds & STATIONS else "amplifier" if kinds & AMPLIFIERS else "joint"
    where = next((_location(graph, uid) for uid in uids if _location(graph, uid)), {})
    region, origin = as_text(where.get("region")), Origin(source.name, item=uids[0])
    lat, lon = (
        figures.read(field_name, where.get(name), origin, f"{place} {name}").value
        for field_name, name in (("lat", "latitude"), ("lon", "longitude"))
    )
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
            lengths = [span.km for span in both if span.km]
            if len(both) == 1:
                alone.append((source.origin, both[0].uids[0]))
            elif len(lengths) == 2 and max(lengths) - min(lengths) > OTHER_LENGTH * min(lengths):
                differing.append((source.origin, f"{both[0].uids[0]} ({lengths[0]:g} and {lengths[1]:g} km)"))
    return fibres, [
        *gathered("QP653", alone, "span", "in one direction only, taken as a single strand"),
        *gathered("QP628", differing, "span", "of other lengths there and back, the longer taken"),
    ]


def _fibre(source: SourceFile, both: Sequence[_Span]) -> FibreRow:
    first, km = both[0], max((span.km for span in both if span.km), default=None)
    worst = max((span.db_per_km for span in both if span.db_per_km), default=None)
    connectors = max(span.connectors_db for span in both)
    fields: dict[str, object] = {"strands": len(both)}
    fields |= {"attenuation_db_per_km": round(worst, 6)} if worst else {}
    fields |= {"connectors": connector_pairs(connectors)} if connectors else {}
    fields |= {"fibre_type": first.variety} if first.variety else {}
    fields |= {"splices": len(first.uids) - 1} if len(first.uids) > 1 else {}
    match = CABLE.fullmatch(first.uids[0])
    key = match[1] if match else first.uids[0]
    length = None if km is None else round(km, 6)
    return FibreRow(key, first.ends, Origin(source.name, item=first.uids[0]), length, "km", fields=fields)
