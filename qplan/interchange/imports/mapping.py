"""The mapping file of an import: which heading is which field, and what is to be assumed instead of inferred."""

from __future__ import annotations

import json
from collections.abc import Sequence
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field

from qplan.errors import Diagnostic, InvalidInput, QplanError
from qplan.interchange.imports.fields import Cell, as_text
from qplan.interchange.imports.headings import KINDS, columns_of, kind_of, known
from qplan.inventory.model import Model
from qplan.inventory.rules import finding, printable
from qplan.inventory.source.messages import did_you_mean
from qplan.inventory.source.model_errors import parse
from qplan.inventory.source.source_map import SourceMap
from qplan.inventory.source.yaml_source import UNREADABLE, parse_yaml

MERGE_WITHIN_M, SNAP_WITHIN_M = 50.0, 100.0
Metres = Annotated[float, Field(ge=0, le=1e5, allow_inf_nan=False)]


class TableMap(Model):
    """One table of the source: a file, or `file[sheet]`; `*` stands for any characters."""

    table: str
    kind: Literal["sites", "fibres", "corridors", "equipment", "ignore"]
    header_row: Annotated[int, Field(ge=1)] | None = None
    """The row that holds the headings, counted from 1."""
    columns: dict[str, str] = {}
    """Field (or `labels.NAME`) → heading."""


class Assumptions(Model):
    """What is taken for granted; what is left out is inferred, and said."""

    coordinates: Literal["degrees", "swapped", "degrees_minutes", "none"] | None = None
    length_unit: Literal["km", "m", "mi", "ft"] | None = None
    lengths: Literal["routes"] | None = None
    """Lengths that equal the great circle are routes all the same."""
    merge_within_m: Metres = MERGE_WITHIN_M
    """Sites so near are one building; 0: never."""
    snap_within_m: Metres = SNAP_WITHIN_M
    """The end of a drawn line belongs to a site so near."""


class ImportMap(Model):
    tables: Annotated[tuple[TableMap, ...], Field(strict=False)] = ()
    assume: Assumptions = Assumptions()
    traces: dict[str, str] = {}
    """OTDR file → fibre id."""

    def for_table(self, name: str) -> TableMap | None:
        return next((entry for entry in self.tables if fnmatchcase(name, entry.table) or name == entry.table), None)


def read_map(path: Path) -> ImportMap:
    """Raises `QplanError` where the file cannot be read, `InvalidInput` with every finding where it is wrong."""
    try:
        data = path.read_bytes()
    except (OSError, ValueError) as error:
        raise QplanError(f"cannot read {printable(str(path))}: {getattr(error, 'strerror', error)}") from error
    read = parse_yaml(printable(str(path)), data)
    findings, found = list(read.findings), None
    if read.value is not UNREADABLE:
        found, more = parse(ImportMap, read.value, SourceMap(read.places))
        findings += more
        findings += _unknown_fields(read.value, SourceMap(read.places)) if found else []
    if findings or found is None:
        raise InvalidInput(tuple(sorted(findings)), {printable(str(path)): read.text})
    return found


def _unknown_fields(value: object, source: SourceMap) -> list[Diagnostic]:
    found = []
    for index, entry in enumerate(value.get("tables", ())):
        fields = fields_of(entry["kind"])
        for name in entry.get("columns", {}):
            if name not in fields and not name.startswith("labels."):
                path = ("tables", index, "columns", name)
                message = f"a table of {entry['kind']} has no field '{name}'"
                hint = did_you_mean(name, fields) or f"fields: {', '.join(fields)}, labels.…"
                found.append(finding("QP604", source.at_key(path), f"tables[{index}].columns.{name}", message, hint=hint))
    return found


def fields_of(kind: str) -> list[str]:
    """The fields that columns of a kind of table may be mapped to, in their usual order."""
    names = list(dict.fromkeys(field for field, _ in known()[kind].values())) if kind in KINDS else []
    at = names.index("length") if "length" in names else None
    return names if at is None else [*names[:at], "length", *(f"length_{u}" for u in ("km", "m", "mi", "ft")), *names[at + 1 :]]


def starting_map(tables: Sequence[tuple[str, int, Sequence[str], Sequence[Cell]]]) -> str:
    """A mapping file to be completed: name, header row, headings and a first row of cells of every table."""
    lines = [
        "# Which heading is which field. Complete it and give it to `qplan import … --map THIS`. What is not mapped is",
        "# not read. Fields:",
        *(f"#   {kind}: {', '.join(fields_of(kind))}" for kind in KINDS),
        "# `labels.NAME` keeps a column as a label. `kind: ignore` leaves a table out.",
        "tables:",
    ]
    for name, row, headings, cells in tables:
        kind = kind_of(headings, name)
        lines += [f"  - table: {_quoted(name)}", f"    kind: {kind or 'ignore  # sites, fibres, corridors, equipment?'}"]
        lines += [f"    header_row: {row}"] if row > 1 else []
        columns = columns_of(kind, headings) if kind else {}
        lines += ["    columns:" if columns else "    # columns:"]
        for place, heading in enumerate(headings):
            shown = as_text(cells[place])[:30] if place < len(cells) else ""
            example = f"  # as {_quoted(shown)}" if shown else ""
            column = columns.get(place)
            field = f"length_{column.unit}" if column and column.field == "length" and column.unit else column and column.field
            lines += [f"      {field or '# ?'}: {_quoted(heading)}{example}"] if heading else []
    lines += [
        "# assume:                     # instead of inferring it",
        "#   coordinates: degrees      # degrees, swapped, degrees_minutes, none",
        "#   length_unit: km           # km, m, mi, ft",
        f"#   merge_within_m: {MERGE_WITHIN_M:g}        # sites so near are one building; 0: never",
        f"#   snap_within_m: {SNAP_WITHIN_M:g}        # the end of a drawn line belongs to a site so near",
    ]
    return "\n".join(lines) + "\n"


def _quoted(text: str) -> str:
    return json.dumps(text, ensure_ascii=False)
