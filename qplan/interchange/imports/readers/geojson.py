"""GeoJSON (RFC 7946): points are sites, lines are fibres; longitude first."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from qplan.interchange.imports.fields import Cell
from qplan.interchange.imports.json_values import as_line, as_mapping, as_point, as_text, items, json_documents
from qplan.interchange.imports.mapping import ImportMap
from qplan.interchange.imports.readers.features import NO_LINE, Feature, joined_parts, rows_of, tables_of
from qplan.interchange.imports.rows import Origin, Point, Rows
from qplan.interchange.imports.sources import SourceFile, refused
from qplan.interchange.imports.tables import Table

PARTS = {"Point": 0, "LineString": 0, "MultiPoint": 1, "MultiLineString": 1}


def read(sources: Sequence[SourceFile], mapping: ImportMap) -> Rows:
    """Raises `Refused`."""
    rows = Rows()
    for source in sources:
        found, others = features(source)
        rows = rows.joined(rows_of(source, found, others, mapping))
    return rows


def tables(source: SourceFile) -> list[Table]:
    return tables_of(source, features(source)[0])


def features(source: SourceFile) -> tuple[list[Feature], Counter[str]]:
    """Points and lines, and how many of other kinds there are. Raises `Refused`."""
    found: list[Feature] = []
    others: Counter[str] = Counter()
    for index, item in enumerate(_features(source)):
        properties = as_mapping(item.get("properties"))
        if as_text(properties.get("featureType")) in ("node", "span"):
            raise refused(
                "QP601", source.origin, "this is the Open Fibre Data Standard as GeoJSON", "import it as ofds"
            )
        own = {"id": as_text(item["id"])} if as_text(item.get("id")) and "id" not in properties else {}
        cells: dict[str, Cell] = {**own, **{key: _cell(value) for key, value in properties.items()}}
        origin = Origin(source.name, item=f"features[{index}]")
        shapes = list(_shapes(as_mapping(item.get("geometry")), others))
        for number, points in enumerate(shapes):
            at = origin if len(shapes) == 1 else Origin(source.name, item=f"features[{index}].geometry[{number}]")
            found.append(Feature(at, points, cells))
    return found, others


def _features(source: SourceFile) -> Iterator[Mapping[str, Any]]:
    for value in json_documents(source):
        document = as_mapping(value)
        kind = as_text(document.get("type"))
        if kind == "FeatureCollection":
            yield from items(document.get("features"))
        elif kind == "Feature":
            yield document
        elif kind in PARTS or kind == "GeometryCollection":
            yield {"geometry": document}
        else:
            raise refused("QP601", source.origin, "not GeoJSON: no FeatureCollection and no Feature")


def _shapes(geometry: Mapping[str, Any], others: Counter[str]) -> Iterator[tuple[Point, ...]]:
    """The points of every point and line in a geometry."""
    kind, coordinates = as_text(geometry.get("type")) or "no geometry", geometry.get("coordinates")
    if kind == "GeometryCollection":
        for part in items(geometry.get("geometries")):
            yield from _shapes(part, others)
        return
    parts = coordinates if kind in PARTS and PARTS[kind] and isinstance(coordinates, list) else [coordinates]
    if kind in ("Point", "MultiPoint"):
        points = [(point,) for part in parts if (point := as_point(part))]
        yield from points
        others.update(["point without coordinates"] * (len(parts) - len(points)))
    elif kind in ("LineString", "MultiLineString"):
        lines = [as_line(part) for part in parts]
        yield from joined_parts([line for line in lines if line])
        others.update([NO_LINE] * lines.count(None))
    else:
        others[kind] += 1


def _cell(value: object) -> Cell:
    if isinstance(value, list):
        return ", ".join(as_text(item) for item in value)
    return value if isinstance(value, str | int | float | bool) else None
