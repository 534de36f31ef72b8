"""GNPy's workbook: the sheet Nodes (City, …, Type) and the sheet Links (Node A, Node Z, then east and west alike)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from qplan.interchange.imports.fields import Cell, Unreadable, as_text, value_of
from qplan.interchange.imports.headings import plain
from qplan.interchange.imports.readers.gnpy_units import connector_pairs
from qplan.interchange.imports.readers.workbook import sheets_of
from qplan.interchange.imports.rows import FibreRow, Origin, Rows, SiteRow, doubt, listed
from qplan.interchange.imports.sources import SourceFile, refused
from qplan.interchange.imports.tables import HEADINGS_WITHIN, Table
from qplan.inventory.source.messages import counted

Row = Mapping[str, Cell]


def read(source: SourceFile) -> Rows:
    """Raises `Refused` where a sheet, or a heading that is needed, is missing."""
    tables = {plain(sheet.table.origin.sheet): sheet.table for sheet in sheets_of(source)}
    missing = [name for name in ("Nodes", "Links") if plain(name) not in tables]
    if missing:
        raise refused("QP601", source.origin, f"a GNPy workbook has the sheets Nodes and Links; missing: {listed(missing)}")
    nodes, links = tables["nodes"], tables["links"]
    cities = [(line, row) for line, row in _rows(nodes, "city") if as_text(row.get("city"))]
    sites = [_site(Origin(source.name, nodes.origin.sheet, line), row) for line, row in cities]
    fibres, findings = _fibres(source, links)
    kinds = {as_text(row["city"]): plain(as_text(row.get("type"))) for _, row in cities}
    amplifiers = _amplifiers(kinds, fibres)
    sites = [replace(s, kind="joint" if kinds[s.key] == "fused" else "amplifier" if s.key in amplifiers else "site") for s in sites]
    read_ = f"{source.name}: {counted(len(sites), 'node')}, {counted(len(fibres), 'link')}"
    return Rows(tuple(sites), tuple(fibres), findings=tuple(findings), read=(read_,))


def _amplifiers(kinds: Mapping[str, str], fibres: Sequence[FibreRow]) -> set[str]:
    """Sites of in-line amplifiers: so named, or unnamed with two fibres, as GNPy takes them."""
    degree = {key: sum(key in row.ends for row in fibres) for key in kinds}
    return {key for key, kind in kinds.items() if kind == "ila" or (kind not in ("roadm", "fused") and degree[key] == 2)}


def _rows(table: Table, first: str) -> list[tuple[int, Row]]:
    """The rows below the heading `first`, with their lines; of headings that stand twice the second is `west …`."""
    for at, row in enumerate(table.rows[:HEADINGS_WITHIN]):
        headings = [plain(as_text(cell)) for cell in row]
        if first in headings:
            seen: set[str] = set()
            names = [f"west {name}" if name in seen or seen.add(name) else name for name in headings]  # type: ignore[func-returns-value]
            below = range(at + 1, len(table.rows))
            return [(table.lines[i], dict(zip(names, table.rows[i], strict=False))) for i in below]
    raise refused("QP603", table.origin, f"no heading '{first}' in the first {HEADINGS_WITHIN} rows")


def _site(origin: Origin, row: Row) -> SiteRow:
    city = as_text(row["city"])
    fields = {"country": code} if (code := _value("country", row.get("country"))) else {}
    labels = {name: as_text(row[name]) for name in ("state", "region", "type") if row.get(name) not in ("", None)}
    return SiteRow(city, origin, None, _value("lat", row.get("latitude")), _value("lon", row.get("longitude")),
                   fields=fields, labels=labels)  # fmt: skip


def _value(field: str, cell: Cell) -> object:
    """The value of a cell; None where it says nothing that can be used."""
    try:
        value = value_of(field, cell, "", ".")
    except Unreadable:
        return None
    return value.value if value else None


def _fibres(source: SourceFile, table: Table) -> tuple[list[FibreRow], list]:
    fibres, findings = [], []
    for line, row in _rows(table, "node a"):
        a, z = as_text(row.get("node a")), as_text(row.get("node z"))
        origin = Origin(source.name, table.origin.sheet, line)
        if a and z:
            fibres.append(_fibre(origin, a, z, row))
            length = fibres[-1].length
            west = _value("length", row.get("west distance km"))
            if west is not None and length is not None and abs(west - length) > 0.01 * length:
                message = f"{a} – {z} is {length:g} km eastwards and {west:g} km westwards: the longer is taken"
                findings.append(doubt("QP628", origin, f"{a} – {z}", message))
                fibres[-1] = replace(fibres[-1], length=max(west, length))
        elif a or z:
            findings.append(doubt("QP612", origin, "", f"a row without both ends left out: {a or z}"))
    return fibres, findings


def _fibre(origin: Origin, a: str, z: str, row: Row) -> FibreRow:
    """Both directions as one fibre of two strands, with the worse attenuation and connectors of the two."""
    attenuations = [_value("loss_db", row.get(name)) for name in ("lineic att", "west lineic att")]
    connectors = [_value("loss_db", row.get(name)) for name in ("con in", "con out")]
    fields: dict[str, object] = {"strands": 2}
    if stated := [x for x in attenuations if isinstance(x, float) and x > 0]:
        fields["attenuation_db_per_km"] = max(stated)
    if sum(x for x in connectors if isinstance(x, float)):
        fields["connectors"] = connector_pairs(sum(x for x in connectors if isinstance(x, float)))
    if kind := as_text(row.get("fiber type")):
        fields["fibre_type"] = kind
    key = as_text(row.get("cable id"))
    length = _value("length", row.get("distance km"))
    return FibreRow(key, (a, z), origin, length if isinstance(length, float) and length else None, "km", fields=fields)
