"""NetBox and Nautobot: CSV under the headings of import or of export, JSON of the REST API; sites, cables, circuits.

A cable ends at a port of a device, so its sites come from its own columns, or through a list of devices. What stays
within one site is a patch cord; circuits are taken where their type says dark fibre.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from qplan.errors import Diagnostic
from qplan.interchange.imports.fields import Cell, as_text
from qplan.interchange.imports.headings import plain
from qplan.interchange.imports.mapping import ImportMap
from qplan.interchange.imports.readers.netbox_api import api_rows
from qplan.interchange.imports.readers.netbox_rows import KINDS, NetBoxRow, csv_rows
from qplan.interchange.imports.records import fibres, site
from qplan.interchange.imports.rows import FibreRow, Rows, doubt, listed
from qplan.interchange.imports.sources import SourceFile, refused
from qplan.interchange.imports.tables import Table, records_of
from qplan.inventory.source.messages import counted

Row = NetBoxRow
DARK = ("dark", "dunkel", "fiber", "fibre", "faser")
USED_CIRCUITS = frozenset(["active", "planned", "provisioning", ""])


@dataclass(frozen=True)
class _Places:
    """Which site a word means: its name or slug, or a device's."""

    sites: frozenset[str]
    devices: Mapping[str, str]

    def of(self, row: Row, side: str) -> str:
        """The site at a side of a cable; empty where it cannot be told."""
        stated = _one(as_text(row.cells.get(f"site {side}")), self.sites)
        return stated or self.devices.get(_one(as_text(row.cells.get(f"device {side}")), frozenset(self.devices)), "")


def _one(text: str, known: frozenset[str]) -> str:
    """One word of a cell that may hold several with commas: those of one cable's end are mostly the same."""
    if text in known or "," not in text:
        return text
    words = {word.strip() for word in text.split(",")}
    return words.pop() if len(words) == 1 else ""


def read(sources: Sequence[SourceFile], mapping: ImportMap) -> Rows:
    """Raises `Refused` where a file holds none of the things that are known."""
    kinds: dict[str, list[Row]] = {kind: [] for kind in KINDS}
    rows = Rows()
    for source in sources:
        own = api_rows(source) if source.data.lstrip()[:1] in (b"{", b"[") else csv_rows(source)
        for row in own:
            kinds[row.kind].append(row)
        counts = Counter(row.kind for row in own)
        read_ = ", ".join(counted(number, kind.removesuffix("s")) for kind, number in counts.items())
        rows = rows.joined(Rows(read=(f"{source.name}: {read_ or 'nothing'}",)))
    if not any(kinds.values()):
        raise refused("QP605", sources[0].origin, "no sites, cables or circuits")
    return rows.joined(_sites(kinds["sites"])).joined(_cables(kinds)).joined(_circuits(kinds))


def _sites(own: Sequence[Row]) -> Rows:
    if not own:
        return Rows()
    records = records_of(_table(own), ImportMap(), "sites", heading_at=0)
    if records is None:
        return Rows()
    sites = []
    for record in records.rows:
        cells = own[record.index - 1].cells
        if not (record.values.get("id") or record.values.get("name")):
            continue
        status = as_text(cells.get("status"))
        labels = {name: as_text(cells[name]) for name in ("region", "tenant", "facility") if as_text(cells.get(name))}
        labels |= {"status": status} if plain(status) not in ("active", "") else {}
        row = site(replace(record, origin=own[record.index - 1].origin, labels=labels))
        sites.append(replace(row, aliases=tuple({*row.aliases, as_text(cells.get("name"))} - {"", row.key})))
    return Rows(sites=tuple(sites), findings=records.findings)


def _table(own: Sequence[Row]) -> Table:
    """Rows of one kind as a table under the headings of inventories; what is read otherwise is no column of it."""
    headings = tuple(dict.fromkeys(name for row in own for name in row.cells if name not in READ_OTHERWISE))
    cells = [tuple(row.cells.get(name) for name in headings) for row in own]
    lines = (0, *(row.origin.line for row in own))
    origin = replace(own[0].origin.whole, sheet="" if len({row.origin.file for row in own}) == 1 else "…")
    return Table(origin, (headings, *cells), lines)


READ_OTHERWISE = frozenset([
    "site a", "site b", "device a", "device b", "status", "region", "tenant", "facility", "kind", "length unit", "circuit",
    "side", "site", "provider", "numeric id",
])  # fmt: skip


def _cables(kinds: Mapping[str, Sequence[Row]]) -> Rows:
    own = kinds["cables"]
    names = {as_text(row.cells.get(key)) for row in kinds["sites"] for key in ("name", "id")} - {""}
    devices = {as_text(row.cells.get("name")): as_text(row.cells.get("site")) for row in kinds["devices"]}
    places = _Places(frozenset(names), devices)
    optical, findings = _optical(own)
    ended = [_with_ends(row, places) for row in optical]
    endless = [row for row in ended if not as_text(row.cells.get("from")) or not as_text(row.cells.get("to"))]
    if endless:
        called = listed([as_text(row.cells.get("id")) or str(row.origin) for row in endless])
        message = f"{counted(len(endless), 'cable')} of which the sites cannot be told left out: {called}"
        hint = "give the devices too (name and site), or side_a_site and side_b_site"
        findings.append(doubt("QP612", endless[0].origin, "", message, hint))
    return _as_fibres([row for row in ended if row not in endless]).joined(Rows(findings=tuple(findings)))


def _optical(own: Sequence[Row]) -> tuple[list[Row], list[Diagnostic]]:
    """Cables that may carry a quantum channel: single-mode, or of no stated type."""
    kept, others = [], defaultdict(list)
    for row in own:
        kind = plain(as_text(row.cells.get("kind")))
        if not kind or kind.startswith(("smf", "single")):
            kept.append(row)
        else:
            others[as_text(row.cells.get("kind"))].append(row)
    if not others:
        return kept, []
    words = ", ".join(f"{len(rows)} × {kind}" for kind, rows in sorted(others.items()))
    first = next(iter(others.values()))[0].origin
    return kept, [doubt("QP651", first.whole, "", f"cables that are no single-mode fibre left out: {words}")]


def _with_ends(row: Row, places: _Places) -> Row:
    length, unit = as_text(row.cells.get("length")), as_text(row.cells.get("length unit"))
    cells: dict[str, Cell] = {**row.cells, "from": places.of(row, "a"), "to": places.of(row, "b")}
    if length:
        cells["length"] = f"{length} {unit}".strip()
    if as_text(row.cells.get("kind")):
        cells["fibre type"] = as_text(row.cells["kind"])
    return replace(row, cells=cells)


def _as_fibres(own: Sequence[Row]) -> Rows:
    if not own:
        return Rows()
    records = records_of(_table(own), ImportMap(), "fibres", heading_at=0)
    if records is None:
        return Rows()
    placed = [
        replace(record, origin=own[record.index - 1].origin,
                values={**record.values, "status": as_text(own[record.index - 1].cells.get("status"))})
        for record in records.rows
    ]  # fmt: skip
    made = fibres(placed, lambda record: bool(record.values.get("from") and record.values.get("to")))
    return replace(made, findings=(*records.findings, *made.findings, *_strands(made.fibres)))


def _strands(rows: Iterable[FibreRow]) -> list[Diagnostic]:
    apart = [row for row in rows if row.ends[0] != row.ends[1] and "strands" not in row.fields]
    if not apart:
        return []
    message = f"{counted(len(apart), 'cable')} between sites without free strands: 2 are planned with, and 1 each where "
    message += "equal cables are made one"
    return [doubt("QP653", apart[0].origin.whole, "", message, "state the free strands as `strands`")]


def _circuits(kinds: Mapping[str, Sequence[Row]]) -> Rows:
    own = kinds["circuits"]
    sides: dict[str, dict[str, str]] = defaultdict(dict)
    for row in kinds["terminations"]:
        sides[as_text(row.cells.get("circuit"))][plain(as_text(row.cells.get("side")))] = as_text(row.cells.get("site"))
    dark: list[Row] = []
    others: Counter[str] = Counter()
    for row in own:
        kind = as_text(row.cells.get("kind"))
        if not any(word in plain(kind) for word in DARK):
            others[kind or "no type"] += 1
            continue
        ends = sides.get(as_text(row.cells.get("id")), {})
        cells = {"site a": ends.get("a", ""), "site b": ends.get("z", ends.get("b", "")), "operator": row.cells.get("provider")}
        stated = {name: value for name, value in row.cells.items() if as_text(value)}
        dark.append(_with_ends(replace(row, cells={**cells, **stated}), _Places(frozenset(), {})))
    rows = _as_fibres([replace(row, cells={k: v for k, v in row.cells.items() if k != "fibre type"}) for row in dark])
    if others:
        words = ", ".join(f"{number} × {kind}" for kind, number in sorted(others.items()))
        message = f"circuits whose type does not say dark fibre left out: {words}"
        rows = rows.adding(doubt("QP651", own[0].origin.whole, "", message))
    return rows
