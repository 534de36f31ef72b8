"""NetBox's REST API as JSON: a list under `results`, a plain list, or several lists by their names."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from qplan.interchange.imports.fields import Cell
from qplan.interchange.imports.headings import plain
from qplan.interchange.imports.json_values import as_mapping, as_text, items
from qplan.interchange.imports.readers.netbox_rows import NetBoxRow, kind_of, row_of
from qplan.interchange.imports.rows import Origin
from qplan.interchange.imports.sources import SourceFile, json_value, refused


def api_rows(source: SourceFile) -> list[NetBoxRow]:
    """Raises `Refused` where there is nothing that is known."""
    rows = [row for place, item in _objects(json_value(source)) if (row := _row(source, place, item))]
    if not rows:
        raise refused("QP603", source.origin, "no sites, devices, cables or circuits as NetBox's API gives them")
    return rows


def _objects(value: object) -> Iterator[tuple[str, Mapping[str, Any]]]:
    if isinstance(value, list):
        yield from ((f"[{index}]", item) for index, item in enumerate(items(value)))
    document = as_mapping(value)
    for name, entry in document.items():
        if isinstance(entry, list):
            yield from ((f"{name}[{index}]", item) for index, item in enumerate(items(entry)))
        elif isinstance(entry, dict) and isinstance(entry.get("results"), list):
            yield from ((f"{name}[{index}]", item) for index, item in enumerate(items(entry["results"])))


def _row(source: SourceFile, place: str, item: Mapping[str, Any]) -> NetBoxRow | None:
    cells = _flat(item)
    kind = kind_of(set(cells))
    return row_of(kind, Origin(source.name, item=place), cells) if kind else None


def _flat(item: Mapping[str, Any]) -> dict[str, Cell]:
    """The fields of an object by plain name: of what is nested, its value, name or display."""
    cells: dict[str, Cell] = {}
    for name, value in item.items():
        if name == "custom_fields":
            cells |= {f"cf {plain(key)}": _plain_value(entry) for key, entry in as_mapping(value).items()}
        elif name in ("a_terminations", "b_terminations"):
            cells |= _terminations(name[0], value)
        elif name in ("termination_a", "termination_b", "termination_z") and isinstance(value, dict):
            cells |= _termination(plain(name), as_mapping(value))
        else:
            cells[plain(name)] = _plain_value(value)
    return cells


def _plain_value(value: object) -> Cell:
    nested = as_mapping(value)
    if nested:
        return next(
            (as_text(nested[key]) for key in ("value", "name", "display", "label") if as_text(nested.get(key))), ""
        )
    return value if isinstance(value, str | int | float | bool) else ""


def _terminations(side: str, value: object) -> dict[str, Cell]:
    """Sites and devices at one end of a cable; several are joined by commas, as the export does."""
    objects = [as_mapping(item.get("object")) for item in items(value)]
    sites = {name for found in objects if (name := _site_of(found))}
    devices = {name for found in objects if (name := as_text(as_mapping(found.get("device")).get("name")))}
    return {
        f"site {side}": ",".join(sorted(sites)),
        f"device {side}": ",".join(sorted(devices)),
        f"side {side} type": "",
    }


def _termination(name: str, value: Mapping[str, Any]) -> dict[str, Cell]:
    device = as_text(as_mapping(value.get("device")).get("name"))
    return {f"{name} site": _site_of(value) or _site_of(as_mapping(value.get("termination"))) or (
        as_text(as_mapping(value.get("termination")).get("name"))), f"{name} device": device}  # fmt: skip


def _site_of(found: Mapping[str, Any]) -> str:
    device = as_mapping(found.get("device"))
    for holder in (found, device):
        for word in ("site", "location", "_site"):
            if name := as_text(as_mapping(holder.get(word)).get("name")):
                return name
    return ""
