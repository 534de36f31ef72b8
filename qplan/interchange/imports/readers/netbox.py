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
from qplan.interchange.imports.rows import DEFAULTS, FibreRow, Origin, Rows, doubt, gathered
from qplan.interchange.imports.sources import Refused, SourceFile, refused
from qplan.interchange.imports.tables import Record, records_of, table_of
from qplan.inventory.source.messages import counted

Row = NetBoxRow
DARK = ("dark", "dunkel", "fiber", "fibre", "faser")


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
    """Lists of other things are passed over. Raises `Refused` where no file holds what is known."""
    kinds: dict[str, list[Row]] = {kind: [] for kind in KINDS}
    rows, unknown = Rows(), list[Diagnostic]()
    for source in sources:
        try:
            own = api_rows(source) if source.data.lstrip()[:1] in (b"{", b"[") else csv_rows(source)
        except Refused as error:
            if error.findings[0].code != "QP603":
                raise
            unknown += error.findings
            continue
        for row in own:
            kinds[row.kind].append(row)
        counts = Counter(row.kind for row in own)
        read_ = ", ".join(counted(number, kind.removesuffix("s")) for kind, number in counts.items())
        rows = rows.joined(Rows(read=(f"{source.name}: {read_ or 'nothing'}",)))
    if not any(kinds.values()):
        raise Refused(*unknown) if unknown else refused("QP605", sources[0].origin, "no sites, cables or circuits")
    rows = rows.adding(*(doubt("QP614", Origin(item.file), "", f"list not read: {item.message}") for item in unknown))
    amounts = mapping.currency_alone
    return (
        rows.joined(_sites(kinds["sites"], amounts)).joined(_cables(kinds, amounts)).joined(_circuits(kinds, amounts))
    )


def _sites(own: Sequence[Row], mapping: ImportMap) -> Rows:
    records, findings = _records(own, "sites", mapping)
    sites = []
    for record in records:
        cells = own[record.index - 1].cells
        status = as_text(cells.get("status"))
        labels = {name: text for name in ("region", "tenant", "facility") if (text := as_text(cells.get(name)))}
        labels |= {"status": status} if plain(status) not in ("active", "") else {}
        row = site(replace(record, labels=labels))
        sites.append(replace(row, aliases=tuple({*row.aliases, as_text(cells.get("name"))} - {"", row.key})))
    return Rows(sites=tuple(sites), findings=findings)


def _records(own: Sequence[Row], kind: str, mapping: ImportMap) -> tuple[list[Record], tuple[Diagnostic, ...]]:
    """Rows of one kind under the headings of inventories, with their places; what is read otherwise is no column."""
    if not own:
        return [], ()
    cells = [{name: cell for name, cell in row.cells.items() if name not in READ_OTHERWISE} for row in own]
    read = records_of(table_of(own[0].origin.whole, cells, [0] * len(own)), mapping, kind, heading_at=0)
    if read is None:
        return [], ()
    return [replace(record, origin=own[record.index - 1].origin) for record in read.rows], read.findings


READ_OTHERWISE = frozenset([
    "site a", "site b", "device a", "device b", "status", "region", "tenant", "facility", "kind", "length unit",
    "circuit", "side", "site", "provider",
])  # fmt: skip


def _cables(kinds: Mapping[str, Sequence[Row]], mapping: ImportMap) -> Rows:
    own = kinds["cables"]
    names = {as_text(row.cells.get(key)) for row in kinds["sites"] for key in ("name", "id")} - {""}
    devices = {as_text(row.cells.get("name")): as_text(row.cells.get("site")) for row in kinds["devices"]}
    places = _Places(frozenset(names), devices)
    optical, findings = _optical(own)
    placed: list[Row] = []
    endless: list[tuple[Origin, str]] = []
    for row in (_with_ends(row, places) for row in optical):
        if row.cells["from"] and row.cells["to"]:
            placed.append(row)
        else:
            endless.append((row.origin, as_text(row.cells.get("id")) or str(row.origin)))
    hint = "give the devices too (name and site), or side_a_site and side_b_site"
    findings += gathered("QP612", endless, "cable", "of which the sites cannot be told left out", hint)
    return _as_fibres(placed, mapping).joined(Rows(findings=tuple(findings)))


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


def _as_fibres(own: Sequence[Row], mapping: ImportMap) -> Rows:
    records, findings = _records(own, "fibres", mapping)
    stated = [
        replace(record, values={**record.values, "status": as_text(own[record.index - 1].cells.get("status"))})
        for record in records
    ]
    made = fibres(stated)
    return replace(made, findings=(*findings, *made.findings, *_strands(made.fibres)))


def _strands(rows: Iterable[FibreRow]) -> list[Diagnostic]:
    apart = [row for row in rows if row.ends[0] != row.ends[1] and "strands" not in row.fields]
    if not apart:
        return []
    message = (
        f"{counted(len(apart), 'cable')} between sites without free strands: {DEFAULTS.strands} are planned with, "
        "and 1 each where equal cables are made one"
    )
    return [doubt("QP653", apart[0].origin.whole, "", message, "state the free strands as `strands`")]


def _circuits(kinds: Mapping[str, Sequence[Row]], mapping: ImportMap) -> Rows:
    """Circuits of dark fibre, with their sites by their own columns or by the list of terminations."""
    own = kinds["circuits"]
    sides: dict[str, dict[str, str]] = defaultdict(dict)
    for row in kinds["terminations"]:
        sides[as_text(row.cells.get("circuit"))][plain(as_text(row.cells.get("side")))] = as_text(row.cells.get("site"))
    dark: list[Row] = []
    others: Counter[str] = Counter()
    for row in own:
        kind = as_text(row.cells.get("kind"))
        if any(word in plain(kind) for word in DARK):
            dark.append(_with_ends(_circuit(row, sides), _Places(frozenset(), {})))
        else:
            others[kind or "no type"] += 1
    rows = _as_fibres(dark, mapping)
    if others:
        words = ", ".join(f"{number} × {kind}" for kind, number in sorted(others.items()))
        message = f"circuits whose type does not say dark fibre left out: {words}"
        rows = rows.adding(doubt("QP651", own[0].origin.whole, "", message))
    return rows


def _circuit(row: Row, sides: Mapping[str, Mapping[str, str]]) -> Row:
    """A circuit as a cable: the provider is its operator, and its type is no type of fibre."""
    ends = sides.get(as_text(row.cells.get("id")), {})
    by_list = {"site a": ends.get("a", ""), "site b": ends.get("z", ends.get("b", ""))}
    stated = {name: cell for name, cell in row.cells.items() if as_text(cell) and name != "kind"}
    return replace(row, cells={**by_list, "operator": row.cells.get("provider"), **stated})
