"""CSV: any delimiter, decimal comma, UTF-8, UTF-16 or Windows-1252; a table of one kind in each file."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Sequence
from itertools import chain

from qplan.errors import Diagnostic
from qplan.interchange.imports.headings import KINDS, columns_of
from qplan.interchange.imports.mapping import ImportMap
from qplan.interchange.imports.records import rows_of
from qplan.interchange.imports.rows import Origin, Rows
from qplan.interchange.imports.sources import Refused, SourceFile, decoded, refused
from qplan.interchange.imports.tables import HEADINGS_WITHIN, Table, headings_of, records_of

DELIMITERS = {",": "commas", ";": "`;`", "\t": "tabs", "|": "`|`"}


def read(sources: Sequence[SourceFile], mapping: ImportMap) -> Rows:
    """The rows of all files. Raises `Refused` with every file that cannot be understood."""
    rows, refusals = Rows(), list[Diagnostic]()
    for source in sources:
        try:
            rows = rows.joined(_read(csv_table(source), mapping))
        except Refused as error:
            refusals += error.findings
    if refusals:
        raise Refused(*refusals)
    return rows


def _read(table: Table, mapping: ImportMap) -> Rows:
    records = records_of(table, mapping)
    return rows_of(records, table.origin) if records else Rows(read=(f"{table.origin.table}: ignored",))


def tables(source: SourceFile) -> list[Table]:
    return [csv_table(source)]


def csv_table(source: SourceFile) -> Table:
    """A CSV file as a table. Raises `Refused`."""
    text, encoding = decoded(source.data)
    if "\0" in text[:4096]:
        raise refused("QP601", source.origin, "not a text file")
    stated = re.match(r"sep=(.)\r?\n", text)  # Excel writes and reads this
    delimiter = stated[1] if stated else _delimiter(text)
    rows, lines = [], []
    reader = csv.reader(chain(io.StringIO(text, newline=""), [""]), delimiter=delimiter)
    before = 0
    try:
        for row in reader:
            if not (stated and before == 0):
                rows.append(tuple(row))
                lines.append(before + 1)
            before = reader.line_num
    except csv.Error as error:
        raise refused("QP602", source.origin, f"line {before + 1} cannot be read as CSV: {error}") from None
    if swallowed := rows.pop():  # the empty line at the end, unless a quote is still open there
        raise _unclosed(source.origin, swallowed[-1], reader.line_num)
    how = ", ".join(
        word for word in (DELIMITERS.get(delimiter, delimiter), encoding) if word not in ("commas", "UTF-8")
    )
    return Table(source.origin, tuple(rows), tuple(lines[:-1]), delimiter, how)


def _unclosed(origin: Origin, cell: str, end: int) -> Refused:
    """That a cell reaches to the end of the file; `end` is the line behind its last."""
    within = len(io.StringIO(cell, newline="").readlines())
    message = "not valid CSV: the quote that opens here is never closed, so that all below would be one cell"
    return refused("QP601", origin.at(end - max(within, 1)), message, 'close it, or write " within a cell as ""')


def _delimiter(text: str) -> str:
    """The delimiter under which most headings are known, else the one that gives most columns."""
    first = text[:65536]

    def worth(delimiter: str) -> tuple[int, int]:
        try:
            rows = [row for row in csv.reader(io.StringIO(first, newline=""), delimiter=delimiter) if row][
                :HEADINGS_WITHIN
            ]
        except csv.Error:
            return 0, 0
        known = max((len(columns_of(kind, headings_of(row))) for row in rows for kind in KINDS), default=0)
        return known, max((len(row) for row in rows), default=0)

    return max(DELIMITERS, key=worth)
