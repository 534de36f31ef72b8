"""Tables of any origin → records: the row of headings is found, cells become values of fields, each with its place."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from qplan.errors import Diagnostic
from qplan.interchange.imports.currencies import may_be, unit_in
from qplan.interchange.imports.fields import Cell, Unreadable, Value, as_text, value_of
from qplan.interchange.imports.headings import KINDS, LENGTH_UNITS, MONEY, Column, columns_of, kind_of, pairs_in, plain
from qplan.interchange.imports.mapping import ImportMap, TableMap
from qplan.interchange.imports.number_formats import Shown
from qplan.interchange.imports.numbers import decimal_mark, is_nothing
from qplan.interchange.imports.rows import Origin, doubt, listed
from qplan.interchange.imports.sources import refused
from qplan.interchange.imports.target import NEEDED, Target
from qplan.inventory.source.messages import counted, did_you_mean, shown

HEADINGS_WITHIN = 20  # rows: titles and remarks may stand above
MAX_ROWS = 200_000
MAX_COLUMNS = 1_000
MOST_COUNTRIES = 5  # whose words are told with the codes that they were read as


@dataclass(frozen=True)
class Table:
    """Cells row by row with the line of each row."""

    origin: Origin
    rows: tuple[tuple[Cell, ...], ...]
    lines: tuple[int, ...]
    delimiter: str = ""
    """What parts the cells of a text."""
    how: str = ""
    """How it was read, for people: `;`, Windows-1252."""
    shown: Mapping[tuple[int, int], Shown] = field(default_factory=dict)
    """What the format of a cell shows beside its number, by line and place in the row."""


def table_of(origin: Origin, rows: Sequence[Mapping[str, Cell]], lines: Sequence[int]) -> Table:
    """Rows by heading as a table whose first row are the headings."""
    headings = tuple(dict.fromkeys(name for row in rows for name in row))
    return Table(origin, (headings, *(tuple(row.get(name) for name in headings) for row in rows)), (0, *lines))


def cell_name(table: Table, line: int, place: int) -> str:
    """`cell H7` of a sheet; `column 8` of a CSV file."""
    if not table.origin.sheet:
        return f"column {place + 1}"
    letters, place = "", place + 1
    while place:
        place, rest = divmod(place - 1, 26)
        letters = chr(ord("A") + rest) + letters
    return f"cell {letters}{line}"


@dataclass(frozen=True)
class Record:
    """One row: values by field, labels, the unit of its length, and the id of the entry that has what it leaves out."""

    index: int
    origin: Origin
    values: Mapping[str, Any]
    labels: Mapping[str, object] = field(default_factory=dict)
    unit: str = ""
    there: str = ""


@dataclass(frozen=True)
class Records:
    kind: str
    rows: tuple[Record, ...]
    findings: tuple[Diagnostic, ...]
    how: str = ""


def heading_row(table: Table, entry: TableMap | None = None) -> int:
    """The row of headings: as mapped, else among the first ones the row with the most that are known."""
    if entry and entry.header_row:
        return min(entry.header_row, max(1, len(table.rows))) - 1
    best, at = 0, 0
    for index, row in enumerate(table.rows[:HEADINGS_WITHIN]):
        texts = headings_of(row)
        most = max((len(columns_of(kind, texts)) for kind in KINDS), default=0)
        if most > best:
            best, at = most, index
    return at if best > 1 else _first_filled(table)


def _first_filled(table: Table) -> int:
    return next((index for index, row in enumerate(table.rows) if any(as_text(cell) for cell in row)), 0)


def headings_of(row: Sequence[Cell]) -> list[str]:
    return [as_text(cell) for cell in row]


def records_of(
    table: Table, mapping: ImportMap, kind: str | None = None, heading_at: int | None = None
) -> Records | None:
    """The rows of a table under its headings; None where the mapping leaves the table out.

    `kind` is what the table holds, and `heading_at` the row of the headings, where that is known without looking at
    them; only where it is not may rows be empty or remarks, or leave out what entries that are there have. Raises
    `Refused` where nothing is known of the headings, or where the mapping names one that is not there.
    """
    entry = mapping.for_table(table.origin.table)
    if entry and entry.kind == "ignore":
        return None
    if len(table.rows) > MAX_ROWS or any(len(row) > MAX_COLUMNS for row in table.rows):
        raise refused("QP602", table.origin, f"more than {MAX_ROWS} rows or {MAX_COLUMNS} columns")
    at = heading_row(table, entry) if heading_at is None else heading_at
    headings = headings_of(table.rows[at]) if table.rows else []
    kind = entry.kind if entry else kind or _kind(table, headings, at, mapping.target)
    refuse_surplus(table, at)
    columns = _mapped(table, entry, headings, at) if entry and entry.columns else dict(columns_of(kind, headings))
    mark = decimal_mark(_texts(table, at, columns), table.delimiter == ";")
    target = mapping.target if heading_at is None else mapping.currency_alone.target
    found = _Reading(table, headings, columns, mark, kind, target)
    below = range(at + 1, len(table.rows))
    rows = tuple(found.record(index) for index in below if heading_at is not None or not _is_aside(table.rows[index]))
    comma = "decimal comma" if mark == "," else ""
    how = ", ".join(filter(None, (table.how, comma, listed(sorted(found.countries), MOST_COUNTRIES))))
    return Records(kind, rows, (*_unused(table, at, columns), *found.findings()), how)


def refuse_surplus(table: Table, at: int) -> None:
    """Raises `Refused` where cells stand beyond the last heading: those before them may stand under a wrong one."""
    width = len(table.rows[at]) if table.rows else 0
    wide = [index for index in range(at + 1, len(table.rows)) if any(map(as_text, table.rows[index][width:]))]
    if not wide:
        return
    lines = listed([str(table.lines[index]) for index in wide])
    message = f"{counted(len(wide), 'row')} with more cells than there are headings ({width}): "
    message += f"{'row' if len(wide) == 1 else 'rows'} {lines}"
    if table.delimiter == "," and all(_has_decimal_commas(table.rows[index], width) for index in wide):
        hint = "decimal commas? write points, put the numbers in quotes, or part the cells by `;`"
    else:
        hint = "give each column a heading, and put a cell that holds the delimiter in quotes"
    raise refused("QP606", table.origin.at(table.lines[wide[0]]), message, hint)


def _has_decimal_commas(row: Sequence[Cell], width: int) -> bool:
    """Whether so many cells, or more, may be the decimals of the cell before as the row has too many."""
    texts = [as_text(cell) for cell in row]
    while texts and not texts[-1]:
        texts.pop()
    return len(re.findall(r"(?m)^[-+]?[0-9]+\n[0-9]+$", "\n".join(texts))) >= len(texts) - width


def _kind(table: Table, headings: Sequence[str], at: int, target: Target) -> str:
    """What a table holds: by its headings, or by ids that are there. Raises `Refused` where neither says."""
    by_headings = kind_of(headings, table.origin.table)
    if by_headings in NEEDED:
        return by_headings
    places = {kind: _places(kind, headings) for kind in KINDS}
    ids = {
        kind: [as_text(row[found["id"]]) for row in table.rows[at + 1 :] if found["id"] < len(row)]
        for kind, found in places.items() if "id" in found and len(found) > 1
    }  # fmt: skip
    if kind := target.kind_of(ids) or by_headings:
        return kind
    words = listed([shown(heading) for heading in headings if heading]) or "none"
    if not ids:
        hint = "name the columns in a mapping file, which --write-map begins for you"
        raise refused("QP603", table.origin, f"the headings are not known: {words}", hint)
    likely = max(ids, key=lambda kind: len(places[kind]))
    missing = " and ".join(name for name in NEEDED[likely] if name not in places[likely])
    message = f"a table of {likely} by its headings ({words}), without a column for {missing}, which new entries need"
    hint = f"add {missing}; without, a table changes entries that are there (--update), by their ids"
    raise refused("QP603", table.origin.at(_line(table, at)), message, hint)


def _places(kind: str, headings: Sequence[str]) -> dict[str, int]:
    return {column.field: place for place, column in columns_of(kind, headings).items()}


def _mapped(table: Table, entry: TableMap, headings: Sequence[str], at: int) -> dict[int, Column]:
    columns: dict[int, Column] = {}
    by_text = {heading: place for place, heading in reversed(list(enumerate(headings)))}
    loose = {plain(heading): place for place, heading in reversed(list(enumerate(headings)))}
    for name, heading in entry.columns.items():
        place = by_text.get(heading, loose.get(plain(heading)) if plain(heading) else None)
        if place is None:
            message = f"the mapping takes {name} from '{heading}', which is not among the headings"
            hint = did_you_mean(heading, headings) or f"they are {listed([shown(h) for h in headings if h])}"
            raise refused("QP604", table.origin.at(_line(table, at)), message, hint)
        stem, _, unit = name.rpartition("_")
        is_length = stem == "length" and unit in LENGTH_UNITS
        own = unit_in(heading) if name in MONEY else pairs_in(name, heading)
        columns[place] = Column(stem, unit) if is_length else Column(name, own)
    return columns


def _line(table: Table, index: int) -> int:
    return table.lines[index] if index < len(table.lines) else 0


def _texts(table: Table, at: int, columns: Mapping[int, Column]) -> Iterable[str]:
    for row in table.rows[at + 1 :]:
        for place in columns:
            cell = row[place] if place < len(row) else None
            if isinstance(cell, str):
                yield cell


def _unused(table: Table, at: int, columns: Mapping[int, Column]) -> list[Diagnostic]:
    headings = enumerate(headings_of(table.rows[at]) if table.rows else [])
    filled = {place for row in table.rows[at + 1 :] for place, cell in enumerate(row) if as_text(cell)}
    unused = [
        shown(heading) if heading else f"column {place + 1} (without a heading)"
        for place, heading in headings
        if place not in columns and (heading or place in filled)
    ]
    if not unused:
        return []
    message = f"{counted(len(unused), 'column')} not read: {listed(unused)}"
    hint = "a mapping file (--write-map) can name what they are"
    return [doubt("QP614", table.origin.at(_line(table, at)), "", message, hint)]


class _Reading:
    """Rows of one table to records; what cannot be read is counted by column."""

    def __init__(
        self, table: Table, headings: Sequence[str], columns: Mapping[int, Column], mark: str, kind: str, target: Target
    ):
        self.table, self.headings, self.columns, self.mark = table, headings, columns, mark
        self.kind, self.target = kind, target
        fields = {column.field for column in columns.values()}
        self.naming = {"from", "to"} if kind != "sites" else {"id"} if "id" in fields else {"name"}
        """Fields that say which site is meant, in whatever word: NAN may be one."""
        self.bad: dict[tuple[str, int, str, str], list[tuple[int, str]]] = defaultdict(list)
        self.countries = set[str]()
        """Which words were read as which codes."""

    def record(self, index: int) -> Record:
        row = self.table.rows[index]
        values: dict[str, object] = {}
        labels: dict[str, object] = {}
        unit = ""
        for place, column in self.columns.items():
            value = self._value(index, place, column) if place < len(row) else None
            if value is None:
                continue
            if column.field.startswith("labels."):
                labels[column.field.removeprefix("labels.")] = value.value
            else:
                values[column.field] = value.value
                unit = value.unit if column.field == "length" else unit
        origin = self.table.origin.at(self.table.lines[index])
        values, there = self.target.completed(self.kind, values)
        return Record(index, origin, values, labels, unit, there)

    def _value(self, index: int, place: int, column: Column) -> Value | None:
        cell = self.table.rows[index][place]
        if column.field in self.naming and is_nothing(word := as_text(cell)) and word:
            return Value(word)
        by_format, currency = self._currency_shown(index, place, column), self.target.currency
        unit = by_format if by_format and not may_be(by_format, currency) else column.unit
        try:
            value = value_of(column.field, cell, unit, self.mark, currency)
        except Unreadable as error:
            what = f"{shown(as_text(cell))}{f', by its format in {shown(by_format)},' if by_format else ''}"
            self.bad["QP611", place, str(error), error.hint].append((index, what))
            return None
        if value and value.ambiguous:
            hint = f"write thousands without marks, and decimals with `{self.mark}`"
            self.bad["QP613", place, "", hint].append((index, f"{shown(as_text(cell))} is read as {value.value:g}"))
        if value and column.field == "country" and value.value != (word := as_text(cell)).upper():
            self.countries.add(f"{shown(word)} is {value.value}")
        if isinstance(cell, str) and cell.startswith("="):
            self.bad["QP611", place, "a value, not a formula; it is kept as text", ""].append(
                (index, shown(as_text(cell)))
            )
        return value

    def _currency_shown(self, index: int, place: int, column: Column) -> str:
        """The currency that the format of a cell shows beside an amount, "" where it shows none."""
        beside = self.table.shown.get((self.table.lines[index], place))
        return beside.text if beside and beside.is_currency and column.field in MONEY else ""

    def findings(self) -> list[Diagnostic]:
        """One per column and kind of trouble, at its first place."""
        found = []
        for (code, place, words, hint), cells in self.bad.items():
            origin = self.table.origin.at(self.table.lines[cells[0][0]])
            which = f"column {shown(self.headings[place])}"
            others = f" (and in {counted(len(cells) - 1, 'more row')})" if len(cells) > 1 else ""
            if code == "QP613":
                message = f"{which}: {cells[0][1]}{others}"
            else:
                message = f"{which}: {cells[0][1]} cannot be read{others}; expected {words}"
            found.append(doubt(code, origin, "", message, hint))
        return found


def _is_aside(row: Sequence[Cell]) -> bool:
    """Is it empty, or a remark?"""
    texts = [text for cell in row if (text := as_text(cell))]
    return not texts or (len(texts) == 1 and texts[0].startswith("#"))
