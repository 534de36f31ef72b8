"""Features of a map, of whatever format: points are sites, lines are fibres, properties are columns."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from qplan.errors import Diagnostic
from qplan.interchange.imports.fields import Cell
from qplan.interchange.imports.mapping import ImportMap
from qplan.interchange.imports.records import fibres, site
from qplan.interchange.imports.rows import Kind, Origin, Point, Rows, SiteRow, doubt, links_left_out
from qplan.interchange.imports.sources import Refused, SourceFile
from qplan.interchange.imports.stages.coordinates import distance_km
from qplan.interchange.imports.tables import Record, Table, records_of, table_of
from qplan.inventory.source.messages import counted

JOINT = re.compile(
    r"\b(joint|splice|closure|manhole|handhole|pole|waypoint|muffe|schacht|mast|kabelschacht)s?n?\b", re.IGNORECASE
)
CONTIGUOUS_KM = 0.005
QKD_LINK = "link"  # the `kind` of a feature in a plan's export
NO_LINE = "line of less than two points, or with one that cannot be read"


@dataclass(frozen=True)
class Feature:
    """A point, or a line of at least two, with its properties; `folder` is where it was filed."""

    origin: Origin
    points: tuple[Point, ...]
    properties: Mapping[str, Cell] = field(default_factory=dict)
    folder: str = ""

    @property
    def is_line(self) -> bool:
        return len(self.points) > 1


def tables_of(source: SourceFile, features: Sequence[Feature]) -> list[Table]:
    """The properties of points and of lines, as tables that a mapping file can name: `FILE[points]`, `FILE[lines]`."""
    found = [(name, [f for f in features if f.is_line == (name == "lines")]) for name in ("points", "lines")]
    return [_table(source, name, own) for name, own in found if own]


def _table(source: SourceFile, name: str, features: Sequence[Feature]) -> Table:
    lines = [feature.origin.line for feature in features]
    return table_of(Origin(source.name, name), [feature.properties for feature in features], lines)


def rows_of(source: SourceFile, features: Sequence[Feature], others: Counter[str], mapping: ImportMap) -> Rows:
    """The rows, with a finding about how many `others` are neither points nor lines, by kind.

    Raises `Refused` where there is neither point nor line, or where a mapping does not fit.
    """
    links = [feature for feature in features if feature.properties.get("kind") == QKD_LINK]
    features = [feature for feature in features if feature.properties.get("kind") != QKD_LINK]
    if not features:
        raise Refused(*_not_read(source, others), doubt("QP605", source.origin, "", "no points and no lines"))
    points, lines = ([f for f in features if f.is_line == flag] for flag in (False, True))
    rows = Rows(read=(f"{source.name}: {counted(len(points), 'point')}, {counted(len(lines), 'line')}",))
    rows = rows.adding(*links_left_out(source.origin, len(links)), *_not_read(source, others))
    if points:
        rows = rows.joined(_sites(source, points, mapping))
    return rows.joined(_fibres(source, lines, mapping)) if lines else rows


def _records(
    source: SourceFile, name: str, features: Sequence[Feature], mapping: ImportMap
) -> tuple[list[Record], Rows]:
    """A record for every feature, also for those without any property."""
    table = _table(source, name, features)
    read = records_of(table, mapping, "fibres" if name == "lines" else "sites", heading_at=0)
    if read is None:
        return [], Rows(read=(f"{table.origin.table}: ignored",))
    own = [replace(r, origin=f.origin, index=i, labels={**r.labels, **_folder(f)}) for i, (r, f) in enumerate(
        zip(read.rows, features, strict=True))]  # fmt: skip
    return own, Rows(findings=read.findings)


def _folder(feature: Feature) -> dict[str, str]:
    return {"folder": feature.folder} if feature.folder else {}


def _sites(source: SourceFile, points: Sequence[Feature], mapping: ImportMap) -> Rows:
    records, rows = _records(source, "points", points, mapping)
    named = [record if site(record).key else _nameless(record, points[record.index]) for record in records]
    words = Counter(site(record).key for record in named)
    sites = [_site(record, points[record.index], words) for record in named]
    return rows.joined(Rows(sites=tuple(sites)))


def _nameless(record: Record, feature: Feature) -> Record:
    lon, lat = feature.points[0]
    return replace(record, values={**record.values, "id": f"point {lat:.5f} {lon:.5f}"})


def _site(record: Record, feature: Feature, words: Counter[str]) -> SiteRow:
    """Of several points of one name each has its place in the key."""
    lon, lat = feature.points[0]
    row = site(replace(record, values={**record.values, "lat": lat, "lon": lon}))
    kind: Kind = "joint" if row.passive or JOINT.search(row.name or row.key) or JOINT.search(feature.folder) else "site"
    row = replace(row, kind=kind)
    return row if words[row.key] == 1 else replace(row, key=f"{row.key} {lat:.5f} {lon:.5f}", name=row.name or row.key)


def _fibres(source: SourceFile, lines: Sequence[Feature], mapping: ImportMap) -> Rows:
    records, rows = _records(source, "lines", lines, mapping)
    made = fibres(records)
    routes = {record.origin: lines[record.index].points for record in records}
    drawn = tuple(replace(row, route=routes[row.origin]) for row in made.fibres)
    return rows.joined(replace(made, fibres=drawn))


def joined_parts(parts: Sequence[tuple[Point, ...]]) -> list[tuple[Point, ...]]:
    """Parts of a line of several parts, those that continue each other as one."""
    found: list[tuple[Point, ...]] = []
    for part in parts:
        if found and distance_km(found[-1][-1], part[0]) <= CONTIGUOUS_KM:
            found[-1] = found[-1] + part[1:]
        else:
            found.append(part)
    return found


def _not_read(source: SourceFile, kinds: Counter[str]) -> list[Diagnostic]:
    words = ", ".join(f"{number} × {kind}" for kind, number in sorted(kinds.items()))
    return [doubt("QP614", source.origin, "", f"neither points nor lines, not read: {words}")] if words else []
