"""Answered forms, as workbook or CSV → answers with their places; what cannot be read is refused with its cell."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence, Set
from dataclasses import dataclass
from decimal import Decimal
from functools import cache
from typing import Any

from qplan.errors import Diagnostic
from qplan.interchange.imports.currencies import CODES, code_of, may_be
from qplan.interchange.imports.fields import Cell, Unreadable, as_text
from qplan.interchange.imports.headings import plain
from qplan.interchange.imports.number_formats import Shown
from qplan.interchange.imports.offers import cells
from qplan.interchange.imports.offers.asked import specified
from qplan.interchange.imports.readers.csv import csv_table
from qplan.interchange.imports.readers.workbook import sheets_of
from qplan.interchange.imports.rows import Origin, doubt, listed
from qplan.interchange.imports.sources import OLE, Refused, SourceFile, refused
from qplan.interchange.imports.tables import HEADINGS_WITHIN, MAX_ROWS, Table, cell_name, refuse_surplus
from qplan.inventory.answer_form import (
    ANSWERS,
    ASKED,
    COMPLIES,
    INCLUDED,
    KINDS,
    LINE,
    NO,
    PARTLY,
    PREFIXES,
    WHOLE,
    YES,
)
from qplan.inventory.source.messages import counted, shown

LEAST_HEADINGS = 3  # beside that of the line, by which a table is known for a form
CODE = re.compile(r"RFQ-[0-9a-f]{8}")
CODE_OF_LINE = re.compile(rf"({'|'.join(sorted(set(PREFIXES.values())))})-[0-9a-f]{{8}}", re.IGNORECASE)
KIND_WORDS = {
    **{word: word for word in KINDS}, "kauf": "purchase", "buy": "purchase", "sale": "purchase", "miete": "lease",
    "leasing": "lease", "rent": "lease", "rental": "lease", "managed service": "managed",
}  # fmt: skip
COMPLIES_WORDS = {
    **{word: word for word in COMPLIES}, "y": YES, "ja": YES, "oui": YES, "n": NO, "nein": NO, "non": NO,
    "partial": PARTLY, "partially": PARTLY, "teilweise": PARTLY,
}  # fmt: skip
INCLUDED_WORDS = frozenset([INCLUDED, "incl", "inclusive", "inbegriffen", "inklusive", "enthalten"])
NEEDED = frozenset(["kind", "from", "price", "discount", "currency", "support", "fee", "term", "until"])
"""Fields without which, or with another value, the money would be another."""
CURRENCY_FIELDS = ("currency", "all_currency")
MONEY_FIELDS = ("price", "support", "fee")
DECISIVE = frozenset(["all_currency", "all_until"])
"""Likewise, of what is said for all lines."""


@dataclass(frozen=True)
class Answer:
    """One row: a product at a price, from a quantity on; None where nothing is said."""

    code: str
    """Of the line, as it stands there."""
    origin: Origin
    values: Mapping[str, Any]
    """By field: `Money`, `Share`, day, number, word."""
    places: Mapping[str, str]
    """Words for the cell of each field, and of each heading of `asked`, that is filled."""
    asked: Mapping[str, str]
    """What stands under the headings of what the buyer fills in."""

    def get(self, field: str) -> Any:
        return self.values.get(field)

    def place(self, field: str) -> str:
        return self.places[field] if field in self.places else f"the empty cell under {ANSWERS[field]}"


@dataclass(frozen=True)
class Form:
    """A file that came back."""

    source: str
    code: str
    """Of the request; "" where it is not said."""
    whole: Mapping[str, Any]
    """What is said once for all lines, by field."""
    lines: tuple[str, ...]
    """Codes of all rows, answered or not, each once."""
    asked: Mapping[str, Mapping[str, str]]
    """What was asked, by line and heading, where a sheet of the file says it apart from the answers."""
    answers: tuple[Answer, ...]
    findings: tuple[Diagnostic, ...]


def read_form(source: SourceFile, currencies: Set[str] = frozenset()) -> Form:
    """Amounts are in currencies of ISO 4217 and in these. Raises `Refused` where the file is no answered form."""
    currencies = currencies | CODES
    is_book = source.data[:2] == b"PK" or source.data[:4] == OLE
    sheets = sheets_of(source) if is_book else None
    tables = [sheet.table for sheet in sheets] if sheets is not None else [csv_table(source)]
    forms = [(table, at) for table in tables if (at := _heading_row(table)) is not None]
    if not forms:
        wanted = f"a row of headings with {LINE} and {LEAST_HEADINGS} of {', '.join(ANSWERS.values())}"
        hint = "is it what `qplan rfq` wrote, filled in?"
        raise refused("QP603", source.origin, f"no table to be answered; expected {wanted}", hint)
    whole, findings = _whole(tables, forms, currencies)
    answers: list[Answer] = []
    lines: dict[str, None] = {}
    for table, at in forms:
        refuse_surplus(table, at)
        reading = _Reading(table, at, currencies, whole.get("all_currency", ""))
        answers += reading.answers()
        findings += reading.findings
        lines |= dict.fromkeys(reading.lines)
    of_forms = [sheet for sheet in sheets or () if any(sheet.table is table for table, _ in forms)]
    hidden = [item for sheet in of_forms for item in sheet.findings]
    hidden += [item for sheet in sheets or () for item in sheet.comments]
    if source.data[:4] == OLE:
        message = "currencies that only the format of a cell shows are not seen in an XLS"
        hidden.append(doubt("QP616", source.origin, "", message, "save it as XLSX"))
    codes = [
        match[0] for table in tables for row in table.rows for cell in row if (match := CODE.search(as_text(cell)))
    ]
    request = codes[0] if codes else ""
    said = (*findings, *hidden)
    return Form(source.name, request, whole, tuple(lines), specified(tables), tuple(answers), said)


def _heading_row(table: Table) -> int | None:
    """The first row that has the headings of the form. Raises `Refused` where the table is too long for one."""
    if len(table.rows) > MAX_ROWS:
        raise refused("QP602", table.origin, f"more than {MAX_ROWS} rows")
    for index, row in enumerate(table.rows[:HEADINGS_WITHIN]):
        columns = _columns(row)
        if LINE in columns and len(columns.keys() & ANSWERS.keys()) >= LEAST_HEADINGS:
            return index
    return None


@cache
def _spelt() -> dict[str, str]:
    """Field, or heading of what is asked, by its heading in plain letters; a unit in brackets may be missing."""
    asked = {heading: heading for heading in ASKED}
    known = {**asked, **{heading: field for field, heading in {**ANSWERS, **WHOLE}.items()}}
    return {plain(form): field for heading, field in known.items() for form in (heading, heading.partition(" (")[0])}


def _columns(row: Sequence[Cell]) -> dict[str, int]:
    """Fields, and headings of what is asked, by their headings in any order."""
    found: dict[str, int] = {}
    for place, cell in enumerate(row):
        field = _spelt().get(plain(as_text(cell)))
        if field is not None:
            found.setdefault(field, place)
    return found


def _whole(
    tables: Sequence[Table], forms: Sequence[tuple[Table, int]], currencies: Set[str]
) -> tuple[dict[str, Any], list[Diagnostic]]:
    """What is said for all lines: beside its label, or in a column of the form."""
    cells_found = [*_beside_labels(tables), *(found for table, at in forms for found in _in_columns(table, at))]
    values: dict[str, Any] = {}
    findings: list[Diagnostic] = []
    texts: dict[str, set[str]] = {}
    for field, cell, origin, place in cells_found:
        texts.setdefault(field, set()).add(as_text(cell))
        if len(texts[field]) > 1:
            several = f"{WHOLE[field]} is said in several ways: {', '.join(sorted(map(shown, texts[field])))}"
            raise refused("QP691", origin, several, "one file is the answer of one supplier; split it")
        try:
            values[field] = _said(field, cell, "", currencies)
        except Unreadable as error:
            finding = _unread("QP691" if field in DECISIVE else "QP611", origin, place, cell, error)
            if field in DECISIVE:
                raise Refused(finding) from None
            findings.append(finding)
    return values, findings


def _beside_labels(tables: Sequence[Table]) -> Iterator[tuple[str, Cell, Origin, str]]:
    labels = {plain(label): field for field, label in WHOLE.items()}
    for table in tables:
        for row, line in zip(table.rows, table.lines, strict=True):
            if len(row) > 1 and cells.filled(row[1]) and _is_label(row):
                yield labels[plain(as_text(row[0]))], row[1], table.origin.at(line), cell_name(table, line, 1)


def _is_label(row: Sequence[Cell]) -> bool:
    """Whether a row begins with the label of what is said for all lines, and is no row of headings."""
    return bool(row) and plain(as_text(row[0])) in map(plain, WHOLE.values()) and len(_columns(row)) == 1


def _in_columns(table: Table, at: int) -> Iterator[tuple[str, Cell, Origin, str]]:
    for field, place in _columns(table.rows[at]).items():
        if field in WHOLE:
            for row, line in zip(table.rows[at + 1 :], table.lines[at + 1 :], strict=True):
                if place < len(row) and cells.filled(row[place]):
                    yield field, row[place], table.origin.at(line), cell_name(table, line, place)


class _Reading:
    """The rows of one form, below its headings."""

    def __init__(self, table: Table, at: int, currencies: Set[str], currency: str):
        self.table, self.at, self.columns, self.currencies = table, at, _columns(table.rows[at]), currencies
        self.currency = currency  # of the whole form
        texts = [
            cell
            for row in table.rows[at + 1 :]
            for field in MONEY_FIELDS
            if isinstance(cell := self._cell(row, field), str)
        ]
        self.mark = cells.fraction_mark(texts)
        self.findings = list(self._not_read())
        self.lines: list[str] = []

    def answers(self) -> Iterator[Answer]:
        for row, line in zip(self.table.rows[: self.at], self.table.lines[: self.at], strict=True):
            self._say_note(row, line)
        for row, line in zip(self.table.rows[self.at + 1 :], self.table.lines[self.at + 1 :], strict=True):
            code = as_text(self._cell(row, LINE)).strip()
            said = [field for field in ANSWERS if cells.filled(self._cell(row, field))]
            if code:
                self.lines.append(code)
            origin = self.table.origin.at(line)
            if not said:
                self._say_note(row, line)
            elif not code:
                place = cell_name(self.table, line, self.columns[LINE])
                message = f"an answer without a line: {place} is empty"
                hint = "put in the code of the line that the row is about"
                self.findings.append(doubt("QP691", origin, "", message, hint))
            elif (answer := self._answer(row, line, code, said)) is not None:
                yield answer

    def _say_note(self, row: Sequence[Cell], line: int) -> None:
        """Of a row that answers nothing: what it says, unless it is a line, or a particular of the supplier."""
        whole = {self.columns.get(field) for field in WHOLE}
        texts = [as_text(cell) for place, cell in enumerate(row) if cells.filled(cell) and place not in whole]
        if texts and not _is_label(row) and not CODE_OF_LINE.fullmatch(as_text(self._cell(row, LINE)).strip()):
            message = f"a row without a line, not read: {listed(list(map(shown, texts)))}"
            self.findings.append(doubt("QP614", self.table.origin.at(line), "", message))

    def _answer(self, row: Sequence[Cell], line: int, code: str, said: Sequence[str]) -> Answer | None:
        """None where what it asks for cannot be known."""
        origin, values, places, bad = self.table.origin.at(line), {}, {}, False
        for field in said:
            cell, beside = self._cell(row, field), self._shown(row, line, field)
            places[field] = cell_name(self.table, line, self.columns[field])
            try:
                values[field] = _said(field, cell, self.mark, self.currencies, beside)
            except Unreadable as error:
                bad = bad or field in NEEDED
                finding = _unread(
                    "QP691" if field in NEEDED else "QP611", origin, places[field], cell, error, code, beside
                )
                self.findings.append(finding)
            else:
                if beside and not beside.is_currency:
                    message = f"{places[field]} shows {shown(beside.text)} beside its number, by its format: not read"
                    self.findings.append(doubt("QP614", origin, "", message))
        asked = {heading: as_text(cell) for heading in ASKED if cells.filled(cell := self._cell(row, heading))}
        places |= {heading: cell_name(self.table, line, self.columns[heading]) for heading in asked}
        return None if bad else Answer(code, origin, values, places, asked)

    def _cell(self, row: Sequence[Cell], field: str) -> Cell:
        place = self.columns.get(field, len(row))
        return row[place] if place < len(row) else None

    def _shown(self, row: Sequence[Cell], line: int, field: str) -> Shown | None:
        """What the format of a cell shows beside its number, of an amount or a discount.

        A sign of several currencies is the one of the row, else of the form, where that has it.
        """
        if not isinstance(self._cell(row, field), int | float) or field not in (*MONEY_FIELDS, "discount"):
            return None
        found = self.table.shown.get((line, self.columns[field]))
        meant = code_of(as_text(self._cell(row, "currency"))) or self.currency
        return found._replace(text=meant) if found and found.is_currency and may_be(found.text, meant) else found

    def _not_read(self) -> Iterator[Diagnostic]:
        """Columns of the form that have gone, and others that have come."""
        origin = self.table.origin.at(self.table.lines[self.at])
        gone = [heading for field, heading in ANSWERS.items() if field not in self.columns]
        if gone:
            yield doubt("QP614", origin, "", f"{counted(len(gone), 'column')} of the form not found: {', '.join(gone)}")
        headings = {place: as_text(cell) for place, cell in enumerate(self.table.rows[self.at])}
        taken = set(self.columns.values())
        others = [text for place, text in headings.items() if text and place not in taken]
        if others:
            message = (
                f"{counted(len(others), 'column')} that the form has not, not read: {listed(list(map(shown, others)))}"
            )
            yield doubt("QP614", origin, "", message)


def _said(field: str, cell: Cell, mark: str, currencies: Set[str], beside: Shown | None = None) -> Any:
    """The value of a field, its currency if any among those that there are. Raises `Unreadable`.

    A currency that the format shows beside the cell's number counts as one that is typed there.
    """
    value = PARSERS[field](cell, mark)
    if beside and beside.is_currency:
        if not isinstance(value, cells.Money):
            raise Unreadable("a discount, as 12 %")
        value = value._replace(currency=cells.currency(beside.text))
    code = value.currency if isinstance(value, cells.Money) else value if field in CURRENCY_FIELDS else ""
    if code and code not in currencies:
        amount = "" if field in CURRENCY_FIELDS else "an amount in full, with nothing beside it but "
        raise Unreadable(f"{amount}a currency of ISO 4217, as EUR")
    return value


def _unread(
    code: str,
    origin: Origin,
    place: str,
    cell: Cell,
    error: Unreadable,
    line: str = "",
    beside: Shown | None = None,
) -> Diagnostic:
    left_out = f"{line}: row left out, " if line and code == "QP691" else ""
    what = f"{shown(as_text(cell))}{f', by its format in {shown(beside.text)}' if beside else ''}"
    return doubt(code, origin, "", f"{left_out}{place} is {what}; expected {error}")


def _support(cell: Cell, mark: str) -> cells.Money | str:
    if isinstance(cell, str) and plain(cell) in INCLUDED_WORDS:
        return INCLUDED
    try:
        return cells.money(cell, mark)
    except Unreadable as error:
        raise Unreadable(f"{error}; or: {INCLUDED}") from None


def _markless(parse: Callable[[Cell], Any]) -> Callable[[Cell, str], Any]:
    """Of cells that hold no fractions."""
    return lambda cell, mark: parse(cell)


def _months(cell: Cell) -> Decimal:
    return cells.counted_in(cell, cells.IN_MONTHS, "months")


def _term(cell: Cell) -> int:
    return cells.whole_number(float(_months(cell)), 1)


PARSERS: dict[str, Callable[[Cell, str], Any]] = {
    "kind": _markless(lambda cell: cells.choice(cell, KIND_WORDS, ", ".join(KINDS))),
    "from": _markless(lambda cell: cells.whole_number(cell, 1)),
    "price": cells.money,
    "discount": cells.share,
    "support": _support,
    "fee": cells.money,
    "term": _markless(_term),
    "lead": _markless(lambda cell: cells.counted_in(cell, cells.IN_WEEKS, "weeks")),
    "complies": _markless(lambda cell: cells.choice(cell, COMPLIES_WORDS, ", ".join(COMPLIES))),
    "warranty": _markless(_months),
    **dict.fromkeys(CURRENCY_FIELDS, _markless(cells.currency)),
    **dict.fromkeys(("until", "quoted", "all_until"), _markless(cells.day)),
    **dict.fromkeys(("part", "remark", "supplier", "quote", "vat"), _markless(as_text)),
}
"""By field: the cell, and the mark that parts fractions in the table. Raise `Unreadable`."""
