"""Rows of NetBox under one set of words, whatever headings they came under."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from qplan.interchange.imports.fields import Cell, as_text
from qplan.interchange.imports.headings import plain
from qplan.interchange.imports.readers.csv import csv_table
from qplan.interchange.imports.rows import Origin, listed
from qplan.interchange.imports.sources import SourceFile, refused
from qplan.interchange.imports.tables import headings_of, refuse_surplus
from qplan.inventory.source.messages import shown

KINDS = ("sites", "devices", "cables", "circuits", "terminations")


@dataclass(frozen=True)
class NetBoxRow:
    """One object; its cells by the words below, and by plain heading where there is no word."""

    kind: str
    origin: Origin
    cells: Mapping[str, Cell]


def _of_side(side: str) -> dict[str, Sequence[str]]:
    """The headings that tell the site and the device at a side of a cable; the first that is filled is taken."""
    return {
        f"site {side}": (
            f"side {side} site", f"site {side}", f"termination {side} site", f"side {side} site name",
            f"termination {side} device site", f"side {side} location", f"side {side} location name",
            f"termination {side} location", f"termination {side} device location name",
        ),
        f"device {side}": (
            f"side {side} device", f"device {side}", f"termination {side} device", f"termination {side} device name",
            f"side {side} device name",
        ),
    }  # fmt: skip


STATUS, TENANT = ("status", "status name"), ("tenant", "tenant name")
WORDS: dict[str, dict[str, Sequence[str]]] = {
    "sites": {
        "id": ("slug",), "name": ("name",), "lat": ("latitude",), "lon": ("longitude",), "status": STATUS,
        "region": ("region", "region name", "parent", "parent name"), "tenant": TENANT, "facility": ("facility",),
        "address": ("physical address",),
    },
    "devices": {"name": ("name",), "site": ("site", "site name", "location name", "location")},
    "cables": {
        "id": ("label", "id"), "length": ("length",), "length unit": ("length unit",), "kind": ("type",),
        "status": STATUS, "tenant": TENANT, **_of_side("a"), **_of_side("b"),
    },
    "circuits": {
        "id": ("cid", "circuit id"), "provider": ("provider", "provider name"), "status": STATUS, "tenant": TENANT,
        "kind": ("type", "circuit type", "circuit type name"), "length": ("distance",),
        "length unit": ("distance unit",), "site a": ("side a", "a side", "termination a", "termination a site"),
        "site b": ("side z", "z side", "termination z", "termination z site"),
    },
    "terminations": {
        "circuit": ("circuit", "circuit cid", "cid"), "side": ("term side", "side"),
        "site": ("site", "site name", "termination", "location name", "location"),
    },
}  # fmt: skip
OF_CABLES = frozenset(name for names in _of_side("a").values() for name in names) | {
    "a terminations", "termination a", "side a type", "side a name",
}  # fmt: skip


def kind_of(names: set[str]) -> str | None:
    """What a list holds, by its plain headings."""
    if "term side" in names:
        return "terminations"
    if names & {"cid", "circuit id"}:
        return "circuits"
    if names & OF_CABLES:
        return "cables"
    if names & {"device type", "device role", "device type model"} and names & {
        "site",
        "location",
        "location name",
        "site name",
    }:
        return "devices"
    of_places = {"latitude", "facility", "location type", "location type name", "physical address"}
    if "name" in names and (names & of_places or {"slug", "status"} <= names):
        return "sites"
    return None


def row_of(kind: str, origin: Origin, cells: Mapping[str, Cell]) -> NetBoxRow:
    """A row under our words; `cf_loss_db` is a column `loss db`."""
    used: set[str] = set()
    own: dict[str, Cell] = {}
    for word, names in WORDS[kind].items():
        filled = [name for name in names if as_text(cells.get(name)) not in ("", "—")]
        used |= set(names)
        if filled:
            own[word] = cells[filled[0]]
    rest = {name.removeprefix("cf "): cell for name, cell in cells.items() if name not in used and name}
    return NetBoxRow(kind, origin, {**{k: v for k, v in rest.items() if k not in own and as_text(v)}, **own})


def csv_rows(source: SourceFile) -> list[NetBoxRow]:
    """Raises `Refused` where the headings are those of nothing that is known."""
    table = csv_table(source)
    headings = headings_of(table.rows[0]) if table.rows else []
    kind = kind_of({plain(heading) for heading in headings})
    if kind is None:
        words = listed([shown(heading) for heading in headings if heading]) or "none"
        hint = "known: sites (locations), devices, cables, circuits, circuit terminations"
        raise refused("QP603", source.origin, f"the headings are not those of a NetBox list: {words}", hint)
    refuse_surplus(table, 0)
    return [
        row_of(kind, Origin(source.name, line=line), dict(zip(map(plain, headings), cells, strict=False)))
        for cells, line in zip(table.rows[1:], table.lines[1:], strict=True) if any(map(as_text, cells))
    ]  # fmt: skip
