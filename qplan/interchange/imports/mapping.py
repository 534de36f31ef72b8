"""The mapping file of an import: which heading is which field, and what is to be assumed instead of inferred."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field, PrivateAttr

from qplan.errors import Diagnostic, InvalidInput, QplanError
from qplan.interchange.imports.fields import Cell, as_text
from qplan.interchange.imports.headings import KINDS, columns_of, kind_of, known
from qplan.interchange.imports.target import Target
from qplan.inventory.fields import Model
from qplan.inventory.rules import finding, printable
from qplan.inventory.source.messages import did_you_mean
from qplan.inventory.source.model_errors import parse
from qplan.inventory.source.source_map import SourceMap, dotted
from qplan.inventory.source.yaml_source import parse_yaml

MERGE_WITHIN_M, SNAP_WITHIN_M = 50.0, 100.0
Metres = Annotated[float, Field(ge=0, le=1e5, allow_inf_nan=False)]


class TableMap(Model):
    """One table of the source: a file, or `file[sheet]`; `*` stands for any characters."""

    table: str
    kind: Literal["sites", "fibres", "corridors", "equipment", "ignore"]
    header_row: Annotated[int, Field(ge=1)] | None = None
    """The row that holds the headings, counted from 1."""
    columns: dict[str, str] = Field(default_factory=dict)
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
    traces: dict[str, str] = Field(default_factory=dict)
    """OTDR file → fibre id."""

    _target: Target = PrivateAttr(default=Target())

    @property
    def target(self) -> Target:
        """What rows go into; no word of the file."""
        return self._target

    def going_into(self, target: Target) -> ImportMap:
        """The same for another target."""
        copied = self.model_copy()
        copied._target = target
        return copied

    @property
    def currency_alone(self) -> ImportMap:
        """For sources whose columns are known: no table of the file, and no entry of the target."""
        return ImportMap().going_into(Target(self.target.currency))

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
    if isinstance(read.value, dict):
        found, more = parse(ImportMap, read.value, SourceMap(read.places))
        findings += more
        findings += _unknown_fields(found, SourceMap(read.places)) if found else ()
    if findings or found is None:
        raise InvalidInput(tuple(sorted(findings)), {printable(str(path)): read.text})
    return found


def _unknown_fields(read: ImportMap, source: SourceMap) -> Iterator[Diagnostic]:
    for index, entry in enumerate(read.tables):
        fields = fields_of(entry.kind)
        for name in entry.columns:
            if name not in fields and not name.startswith("labels."):
                path = ("tables", index, "columns", name)
                message = f"a table of {entry.kind} has no field '{name}'"
                hint = did_you_mean(name, fields) or f"fields: {', '.join(fields)}, labels.…"
                yield finding("QP604", source.at_key(path), dotted(path), message, hint=hint)


def fields_of(kind: str) -> list[str]:
    """The fields that columns of a kind of table may be mapped to, in their usual order."""
    names = dict.fromkeys(field for field, _ in known()[kind].values()) if kind in KINDS else ()
    lengths = [f"length_{unit}" for unit in ("km", "m", "mi", "ft")]
    return [field for name in names for field in ([name, *lengths] if name == "length" else [name])]


def starting_map(tables: Sequence[tuple[str, int, Sequence[str], Sequence[Cell]]]) -> str:
    """A mapping file to be completed: name, header row, headings and a first row of cells of every table."""
    lines = [
        "# Which heading is which field. Complete it and give it to `qplan import … --map THIS`. What is not mapped is",
        "# not read. Fields:",
        *(f"#   {kind}: {', '.join(fields_of(kind))}" for kind in KINDS),
        "# `labels.NAME` keeps a column as a label. `kind: ignore` leaves a table out.",
        "tables:",
        *(line for table in tables for line in _table_lines(*table)),
        "# assume:                     # instead of inferring it",
        "#   coordinates: degrees      # degrees, swapped, degrees_minutes, none",
        "#   length_unit: km           # km, m, mi, ft",
        "#   lengths: routes           # also where they equal the distance between the ends",
        f"#   merge_within_m: {MERGE_WITHIN_M:g}        # sites so near are one building; 0: never",
        f"#   snap_within_m: {SNAP_WITHIN_M:g}        # the end of a drawn line belongs to a site so near",
    ]
    return "\n".join(lines) + "\n"


def _table_lines(name: str, row: int, headings: Sequence[str], cells: Sequence[Cell]) -> Iterator[str]:
    """The lines of a table: what is not recognised is a comment, with the first cell as an example."""
    kind = kind_of(headings, name)
    columns = columns_of(kind, headings) if kind else {}
    yield f"  - table: {_quoted(name)}"
    yield f"    kind: {kind or 'ignore  # sites, fibres, corridors, equipment?'}"
    if row > 1:
        yield f"    header_row: {row}"
    yield "    columns:" if columns else "    # columns:"
    for place, heading in enumerate(headings):
        field, unit = columns[place][:2] if place in columns else ("# ?", "")
        example = as_text(cells[place])[:30] if place < len(cells) else ""
        if heading:
            field = f"length_{unit}" if field == "length" and unit else field
            yield f"      {field}: {_quoted(heading)}" + (f"  # as {_quoted(example)}" if example else "")


def _quoted(text: str) -> str:
    return json.dumps(text, ensure_ascii=False)
