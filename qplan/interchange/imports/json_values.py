"""Values of foreign JSON, taken for what they should be, or for nothing."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from typing import Any

from qplan.interchange.imports.rows import Point, clean
from qplan.interchange.imports.sources import Refused, SourceFile, decoded, json_value


def json_documents(source: SourceFile) -> list[object]:
    """The value of a JSON file, or of every line where each is a document of its own. Raises `Refused`."""
    try:
        return [json_value(source)]
    except Refused:
        lines = [line for line in decoded(source.data)[0].splitlines() if line.strip()]
        if len(lines) < 2 or not all(
            line.lstrip().startswith("{") and line.rstrip().endswith("}") for line in lines[:2]
        ):
            raise
    return [json_value(SourceFile(source.name, line.encode())) for line in lines]


def as_mapping(value: object) -> Mapping[str, Any]:
    return value if isinstance(value, dict) else {}


def items(value: object) -> Iterator[Mapping[str, Any]]:
    """The mappings in a list."""
    yield from (item for item in value if isinstance(item, dict)) if isinstance(value, list) else ()


def as_text(value: object) -> str:
    """Text in one line; numbers as text; empty for anything else."""
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        return ""
    return clean(str(value))


def as_number(value: object) -> float | None:
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    try:
        number = float(value)
    except OverflowError:
        return None
    return number if math.isfinite(number) else None


def as_point(value: object) -> Point | None:
    """Longitude and latitude of a GeoJSON position."""
    if not isinstance(value, list) or len(value) < 2:
        return None
    lon, lat = as_number(value[0]), as_number(value[1])
    return None if lon is None or lat is None else (lon, lat)


def as_line(value: object) -> tuple[Point, ...] | None:
    """The points of a GeoJSON line; None where it has not two, or one that is no position."""
    points = [as_point(item) for item in value] if isinstance(value, list) else []
    line = tuple(point for point in points if point)
    return line if len(line) == len(points) > 1 else None
