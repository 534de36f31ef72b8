"""A workbook in memory that is the same bytes every time, and its first sheet: what it says, in sentences."""

from __future__ import annotations

import io
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from datetime import datetime

from xlsxwriter import Workbook
from xlsxwriter.worksheet import Worksheet

from qplan.outputs.bill.sheets import FONT, Styles, fit_height, make_styles, print_set_up, write

CREATED = datetime(2000, 1, 1)  # fixed: the same plan gives the same bytes
BOOK_OPTIONS = {
    "in_memory": True,
    "strings_to_formulas": False,
    "strings_to_urls": False,
    "strings_to_numbers": False,
    "nan_inf_to_errors": True,
}
SAID_WIDTH = 130


@contextmanager
def made_book(title: str, currency: str) -> Iterator[tuple[Workbook, Styles, io.BytesIO]]:
    """The workbook, its formats, and where its bytes are when it is done."""
    buffer = io.BytesIO()
    options = BOOK_OPTIONS | {"default_format_properties": dict(FONT)}  # a copy: xlsxwriter adds to it
    with Workbook(buffer, options) as book:
        book.set_properties({"title": title, "created": CREATED})
        yield book, make_styles(book, currency), buffer


def said_sheet(sheet: Worksheet, styles: Styles, sentences: Iterable[str], title: str = "What it says") -> None:
    """A sentence a row."""
    rows = tuple(sentences)
    print_set_up(sheet, (SAID_WIDTH,))
    write(sheet, 0, 0, title, styles.header)
    sheet.print_area(0, 0, len(rows), 0)
    for number, text in enumerate(rows, start=1):
        write(sheet, number, 0, text, styles.text)
        fit_height(sheet, number, (text,), (SAID_WIDTH,))
