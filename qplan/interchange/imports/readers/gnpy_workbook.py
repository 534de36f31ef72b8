"""GNPy's workbook: the sheet Nodes (City, …, Type) and the sheet Links (Node A, Node Z, then east and west alike)."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from qplan.errors import Diagnostic
from qplan.interchange.imports.fields import Cell, as_text
from qplan.interchange.imports.figures import Figures
from qplan.interchange.imports.headings import plain
from qplan.interchange.imports.readers.gnpy_units import connector_pairs
from qplan.interchange.imports.readers.workbook import sheets_of
from qplan.interchange.imports.rows import FibreRow, Kind, Origin, Rows, SiteRow, gathered, listed
from qplan.interchange.imports.sources import SourceFile, refused
from qplan.interchange.imports.tables import HEADINGS_WITHIN, Table
from qplan.inventory.source.messages import counted

OTHER_LENGTH = 0.01  # relative: lengths there and back that differ by more are said to


@dataclass
class _Doubts:
    """What was found while cells were read, by the rule it comes under."""

    figures: Figures = field(default_factory=lambda: Figures("cell"))
    other_lengths: list[tuple[Origin, str]] = field(default_factory=list)

    def findings(self) -> list[Diagnostic]:
        return [
            *self.figures.findings(),
            *gathered("QP628", self.other_lengths, "link", "of other lengths there and back, the longer taken"),
        ]


@dataclass(frozen=True)
class _Row:
    """Cells by plain heading; the second heading of a name is `west …`."""

    origin: Origin
    cells: Mapping[str, Cell]
    doubts: _Doubts

    def text(self, name: str) -> str:
        return as_text(self.cells.get(name))

    def value(self, field_name: str, name: str) -> Any:
        """The value of a cell as that of a field; None where it says nothing that can be used."""
        return self.doubts.figures.read(field_name, self.cells.get(name), self.origin, name).value


def read(source: SourceFile) -> Rows:
    """Raises `Refused` where a sheet, or a heading that is needed, is missing."""
    tables = {plain(sheet.table.origin.sheet): sheet.table for sheet in sheets_of(source)}
    missing = [name for name in ("Nodes", "Links") if plain(name) not in tables]
    if missing:
        message = f"a GNPy workbook has the sheets Nodes and Links; missing: {listed(missing)}"
        raise refused("QP601", source.origin, message)
    doubts = _Doubts()
    nodes = _rows(tables["nodes"], "city", doubts)
    fibres = [_fibre(row) for row in _rows(tables["links"], "node a", doubts)]
    degree = Counter(end for fibre in fibres if all(fibre.ends) for end in {*fibre.ends})
    sites = [_site(row, degree[row.text("city")]) for row in nodes]
    read_ = f"{source.name}: {counted(len(sites), 'node')}, {counted(len(fibres), 'link')}"
    return Rows(tuple(sites), tuple(fibres), findings=tuple(doubts.findings()), read=(read_,))


def _rows(table: Table, first: str, doubts: _Doubts) -> list[_Row]:
    """The rows below the heading `first`."""
    for at, row in enumerate(table.rows[:HEADINGS_WITHIN]):
        headings = [plain(as_text(cell)) for cell in row]
        if first in headings:
            names = [f"west {name}" if name in headings[:place] else name for place, name in enumerate(headings)]
            return [
                _Row(table.origin.at(line), dict(zip(names, cells, strict=False)), doubts)
                for line, cells in zip(table.lines[at + 1 :], table.rows[at + 1 :], strict=True)
                if any(map(as_text, cells))
            ]
    raise refused("QP603", table.origin, f"no heading '{first}' in the first {HEADINGS_WITHIN} rows")


def _site(row: _Row, degree: int) -> SiteRow:
    """In-line amplifiers are those so named, or unnamed with two fibres, as GNPy takes them."""
    stated = plain(row.text("type"))
    is_amplifier = stated == "ila" or (stated not in ("roadm", "fused") and degree == 2)
    kind: Kind = "joint" if stated == "fused" else "amplifier" if is_amplifier else "site"
    country = row.value("country", "country")
    labels = {name: text for name in ("state", "region", "type") if (text := row.text(name))}
    return SiteRow(
        row.text("city"), row.origin, None, row.value("lat", "latitude"), row.value("lon", "longitude"), kind,
        fields={"country": country} if country else {}, labels=labels,
    )  # fmt: skip


def _fibre(row: _Row) -> FibreRow:
    """Both directions as one fibre of two strands, with the longer length and the worse attenuation of the two."""
    a, z = row.text("node a"), row.text("node z")
    lengths = _stated(row, "length", "distance km")
    attenuations, connectors = _stated(row, "loss_db", "lineic att"), _stated(row, "loss_db", "con in", "con out")
    if lengths and max(lengths) - min(lengths) > OTHER_LENGTH * min(lengths):
        row.doubts.other_lengths.append((row.origin, f"{a} – {z} ({' and '.join(f'{km:g}' for km in lengths)} km)"))
    fields = {
        "strands": 2,
        "attenuation_db_per_km": max(attenuations, default=None),
        "connectors": connector_pairs(sum(connectors[:2])) if connectors else None,
        "fibre_type": row.text("fiber type") or None,
    }
    kept = {name: value for name, value in fields.items() if value is not None}
    return FibreRow(row.text("cable id"), (a, z), row.origin, max(lengths, default=None), "km", fields=kept)


def _stated(row: _Row, field_name: str, *names: str) -> list[float]:
    """What is stated above zero, eastwards first."""
    values = [row.value(field_name, f"{side}{name}") for side in ("", "west ") for name in names]
    return [value for value in values if value]
