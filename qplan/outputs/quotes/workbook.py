"""A request for quotation as a workbook: what is asked on A4 pages, and one sheet on which it is answered.

No cell is a formula; a text stands as text, whatever it begins with. The same request gives the same bytes.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import astuple
from typing import NamedTuple

from xlsxwriter import Workbook
from xlsxwriter.format import Format
from xlsxwriter.worksheet import Worksheet

from qplan.inventory.answer_form import ANSWERS, COMPLIES, INCLUDED, KINDS, LINE, QUANTITY, SPECIFIED, UNIT, WHAT, WHOLE
from qplan.outputs.bill.books import made_book
from qplan.outputs.bill.sheets import FONT, LINE_HEIGHT, STATED_SHARE, Styles, fit_height, lay_out, print_set_up, write
from qplan.outputs.bill.tables import BUDGET_PARTS
from qplan.outputs.quotes.lines import AskedLine, AskedLink
from qplan.outputs.quotes.request import Request
from qplan.outputs.text.tables import Cell, format_number

SPARE_ROWS = 12  # below the lines, for tiers and further offers
CURRENCIES = ("CHF", "EUR", "GBP", "USD")
LIGHT = "#FFFBE6"  # of a cell to be filled in
OFFER_HEADER = (LINE, WHAT, QUANTITY, UNIT, *ANSWERS.values())
OFFER_WIDTHS = (14, 25, 9, 8, 15, 10, 9, 11, 10, 10, 10, 10, 10, 11, 9, 10, 20)
FORMATS = {"discount": STATED_SHARE, "until": "yyyy-mm-dd", **dict.fromkeys(("price", "support", "fee"), "#,##0.00")}
PLACE_HEADER = (LINE, "Quantity", "Part", "Site", "Name", "Address", "Contact")
LINK_HEADER = (
    "Link", LINE, "Pairs", "End", "Side", "Other end", "Other side", "Length (km)", *BUDGET_PARTS, "Loss (dB)",
    "Guaranteed rate (bit/s)", "Wavelength (nm)", "Strands per pair",
)  # fmt: skip


class _Sheet(NamedTuple):
    name: str
    header: tuple[str, ...]
    widths: tuple[float, ...]
    rows: tuple[tuple[Cell, ...], ...]
    figures: tuple[str, ...] = ()


def request_workbook(request: Request) -> bytes:
    """The whole workbook."""
    with made_book(f"Request for quotation {request.code}", request.currency) as (book, styles, buffer):
        _cover(book, book.add_worksheet("Request"), styles, request)
        for table in _tables(request):
            _fill(book, book.add_worksheet(table.name), styles, table)
        _offer(book, book.add_worksheet("Offer"), styles, request)
        _questions(book, book.add_worksheet("Questions"), styles, request)
    return buffer.getvalue()


def _tables(request: Request) -> list[_Sheet]:
    needs = tuple(
        (*((line.code, line.what, line.quantity, line.unit) if not number else ("",) * 4), *need)
        for line in request.lines
        for number, need in enumerate((*_more(line), *line.requirements))
    )
    tables = [_Sheet("Specification", SPECIFIED, (14, 34, 9, 10, 34, 72), needs, (QUANTITY,))]
    links = tuple(_link(line.code, link) for line in request.lines for link in line.links)
    if links:
        widths = (6, 14, 6, 24, 6, 24, 7, 8, 8, 11, 8, 9, 8, 8, 12, 11, 9)
        tables.append(_Sheet("Links", LINK_HEADER, widths, links, ("Link", "Pairs", *LINK_HEADER[7:])))
    places = tuple(
        (line.code, place.quantity, place.part, place.site, place.name, place.address, place.contact)
        for line in request.lines
        for place in line.places
    )
    if places:
        tables.append(_Sheet("Places", PLACE_HEADER, (15, 9, 8, 18, 30, 50, 34), places, ("Quantity",)))
    return tables


def _more(line: AskedLine) -> Iterator[tuple[str, str]]:
    if line.part:
        yield "Part", f"{line.part}, or its successor"
    if line.spares:
        yield "Spares", f"{format_number(line.spares)} on top of the quantity"


def _link(code: str, link: AskedLink) -> tuple[Cell, ...]:
    first, second = link.ends
    parts = (None,) * len(BUDGET_PARTS) if link.budget is None else astuple(link.budget)
    return (
        link.number, code, link.pairs, first.name or first.site, first.side,
        second.name or second.site, second.side, link.length_km,
        *parts, link.loss_db, link.required_bps, link.wavelength_nm, link.strands,
    )  # fmt: skip


def _fill(book: Workbook, sheet: Worksheet, styles: Styles, table: _Sheet) -> None:
    lay_out(sheet, styles, table.header, table.figures, table.widths, max(len(table.rows), 1))
    figure = book.add_format({**FONT, "valign": "vcenter", "num_format": "0.###"})
    for row, cells in enumerate(table.rows, start=1):
        fit_height(sheet, row, cells, table.widths)
        for column, cell in enumerate(cells):
            write(sheet, row, column, cell, styles.text if isinstance(cell, str) else figure)


def _to_fill_in(book: Workbook, number_format: str = "General", **more: object) -> Format:
    """Of a cell that the supplier, or the buyer before sending, fills in."""
    look = {**FONT, "valign": "vcenter", "border": 1, "border_color": "#C9C2A5"}
    return book.add_format({**look, "bg_color": LIGHT, "num_format": number_format, "text_wrap": True, **more})


def _cover(book: Workbook, sheet: Worksheet, styles: Styles, request: Request) -> None:
    """Who asks for what, on which terms; the supplier's own particulars; how to answer."""
    widths = (34, 52, 60)
    print_set_up(sheet, widths)
    write(sheet, 0, 0, f"Request for quotation {request.code}", styles.title)
    row = 2
    fill, day = _to_fill_in(book, align="left", indent=1), _to_fill_in(book, "yyyy-mm-dd", align="left", indent=1)
    for label, cell, note in _terms(request):
        _labelled(sheet, styles, row, label, note, widths)
        if cell is None:
            sheet.write_blank(row, 1, None, day)
        else:
            write(sheet, row, 1, cell, styles.text)
        fit_height(sheet, row, (label, cell, note), widths)
        row += 1
    row = _headline(sheet, styles, row + 1, "To be filled in by the supplier")
    given = {"supplier": request.supplier, "all_currency": request.currency}
    notes = {"vat": "named beside the prices, which are without it", "all_currency": "where a line names no other",
             "all_until": "where a line names no other day; year-month-day"}  # fmt: skip
    for field, label in WHOLE.items():
        _labelled(sheet, styles, row, label, notes.get(field, ""), widths)
        write(sheet, row, 1, given.get(field, ""), day if field in ("quoted", "all_until") else fill)
        if field == "all_currency":
            _choices(sheet, (row, 1, row, 1), _currencies(request), strict=False)
        row += 1
    row = _headline(sheet, styles, row + 1, "How to answer")
    for text in _guide(request):
        sheet.merge_range(row, 0, row, 2, "", styles.text)
        write(sheet, row, 0, text, styles.text)
        fit_height(sheet, row, (text,), (sum(widths),))
        row += 1
    sheet.print_area(0, 0, row - 1, len(widths) - 1)


def _labelled(sheet: Worksheet, styles: Styles, row: int, label: str, note: str, widths: Sequence[float]) -> None:
    write(sheet, row, 0, label, styles.text)
    write(sheet, row, 2, note, styles.text)
    fit_height(sheet, row, (label, None, note), widths)


def _headline(sheet: Worksheet, styles: Styles, row: int, text: str) -> int:
    for column, cell in enumerate((text, "", "")):
        write(sheet, row, column, cell, styles.header)
    return row + 1


def _terms(request: Request) -> tuple[tuple[str, Cell, str], ...]:
    """Label, value (None: the buyer fills it in) and note."""
    dates = request.dates
    start = f"year 1 of the plan begins in {request.start}" if request.start else ""
    answer, delivery = (None if day is None else day.isoformat() for day in (dates.answer_by, dates.deliver_by))
    return (
        ("About", request.about, ""),
        ("For", request.network, ""),
        ("Asked by", request.owner, "questions go there, too"),
        ("Answer wanted by", answer, ""),
        ("Delivery wanted by", delivery, start),
        ("Prices", f"per unit, in {request.currency}; another currency is named in the line", "without VAT"),
        ("VAT", "named by the supplier: rate, country, and who owes it", "never in a price"),
        ("Quantities", "as in the sheet Offer", "more or fewer may be ordered; prices by quantity are welcome"),
        ("Support", f"per unit and year, for {request.horizon_years} years", "or included, where a price has it in it"),
        ("Delivery", "to the addresses in the sheet Places", "what has none there: the address comes with the order"),
        ("Acceptance", "each line as in the sheet Specification", "rates are measured at the losses stated"),
        ("Confidentiality", "this request and its sheets are for the supplier alone", ""),
    )


def _guide(request: Request) -> tuple[str, ...]:
    services = any(line.ware == "services" for line in request.lines)
    return (
        "Fill in the sheet Offer. Rows may be moved; the code in the column Line says what a row is about.",
        "A discount is off the price of its row.",
        "A price from a quantity on: a further row with the same line, the quantity in From quantity, and the price "
        "or the discount that holds from there.",
        "Another kind of offer (lease, managed service): a further row with the same line. Its price is the set-up "
        "fee; the fee is per month, and the term in months.",
        f"Support that another price has in it: write {INCLUDED} instead of an amount.",
        *([f"The price of a service that is due by the year: {ANSWERS['support']}."] if services else []),
        "A line that you do not offer stays empty. What you cannot keep: Complies is partly or no; say in Remark what.",
        f"Send the workbook back as it is, or the CSV of the same name. Say {request.code} when you ask.",
    )


def _offer(book: Workbook, sheet: Worksheet, styles: Styles, request: Request) -> None:
    """The lines with the cells to be filled in, and empty rows below them."""
    last = len(request.lines) + SPARE_ROWS
    lay_out(sheet, styles, OFFER_HEADER, (QUANTITY,), OFFER_WIDTHS, last)
    sheet.freeze_panes(1, 2)
    sheet.set_row(0, 3.5 * LINE_HEIGHT)
    plain = _to_fill_in(book)
    formats = {field: _to_fill_in(book, text) for field, text in FORMATS.items()}
    for row in range(1, last + 1):
        line = request.lines[row - 1] if row <= len(request.lines) else None
        asked = (line.code, line.what, line.quantity, line.unit) if line else (None,) * 4
        for column, cell in enumerate(asked):
            style = plain if line is None else styles.number if column == OFFER_HEADER.index(QUANTITY) else styles.text
            write(sheet, row, column, cell, style)
        for column, field in enumerate(ANSWERS, start=len(asked)):
            sheet.write_blank(row, column, None, formats.get(field, plain))
        sheet.set_row(row, 2 * LINE_HEIGHT)
    first = len(OFFER_HEADER) - len(ANSWERS)
    for field, words, strict in (
        ("kind", KINDS, True),
        ("currency", _currencies(request), False),
        ("complies", COMPLIES, True),
    ):
        column = first + list(ANSWERS).index(field)
        _choices(sheet, (1, column, last, column), words, strict=strict)


def _currencies(request: Request) -> tuple[str, ...]:
    return tuple(sorted({request.currency, *CURRENCIES}))


def _choices(sheet: Worksheet, cells: tuple[int, int, int, int], words: Sequence[str], *, strict: bool) -> None:
    """A drop-down; where it is not strict, another word only asks whether it is meant."""
    sheet.data_validation(*cells, {
        "validate": "list", "source": list(words), "error_type": "stop" if strict else "information",
        "error_title": "One of the list", "error_message": ", ".join(words),
    })  # fmt: skip


def _questions(book: Workbook, sheet: Worksheet, styles: Styles, request: Request) -> None:
    widths = (6, 80, 80)
    lay_out(sheet, styles, ("No.", "Question", "Answer"), ("No.",), widths, len(request.questions))
    fill = _to_fill_in(book)
    for row, question in enumerate(request.questions, start=1):
        write(sheet, row, 0, row, styles.number)
        write(sheet, row, 1, question, styles.text)
        sheet.write_blank(row, 2, None, fill)
        fit_height(sheet, row, (None, f"{question:{int(widths[1]) + 1}}"), widths)
