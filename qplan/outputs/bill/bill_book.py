"""One view of the bill, or one of its lists, as a workbook: a table that prints on A4, its sums as formulas."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import islice

from xlsxwriter.utility import xl_col_to_name
from xlsxwriter.worksheet import Worksheet

from qplan.assessment.facts import PlanFacts
from qplan.costing.groups import BillView, Money
from qplan.outputs.bill.books import made_book, said_sheet
from qplan.outputs.bill.lists import PlanList
from qplan.outputs.bill.sheets import Styles, fit_height, formula, lay_out, plain_table, total_row, write
from qplan.outputs.bill.views import REFRESH, STANDS, SUMMED, TCO, head, heading, notes, view_table
from qplan.outputs.bill.workbook import ORDER_BREAKS, ORDER_WIDTHS, SCHEDULE_BREAKS, SCHEDULE_WIDTHS
from qplan.outputs.text.tables import Cell, one_line

COLUMNS = {
    "Line": 30,
    "Description": 38,
    "Quantity": 10,
    "Unit": 15,
    "Unit price": 15,
    "Line total": 19,
    "Support per year": 19,
    REFRESH: 19,
    TCO: 19,
    "Part number": 16,
    "Manufacturer": 16,
    "Supplier": 16,
    "Offer": 14,
    "Quote ref": 16,
    "Quote valid until": 12,
    "Charge": 10,
    "Term (months)": 10,
    "Lead time (weeks)": 10,
    "Provenance": 14,
    "Support provenance": 14,
    "Sites": 30,
    STANDS: 30,
}
"""Those of the view, with their widths; what something costs stands on the first page."""
SECOND_PAGE = "Part number"
LIST_PAGES = {"Link schedule": (SCHEDULE_WIDTHS, SCHEDULE_BREAKS), "Fibre orders": (ORDER_WIDTHS, ORDER_BREAKS)}


def view_workbook(facts: PlanFacts, view: BillView) -> bytes:
    """What it says first, then the bill with a sum under every group."""
    above = head(facts, view)
    with made_book("Bill of materials", facts.plan.costs.currency) as (book, styles, data):
        figures = (f"{label}: {value}" for label, value in above.figures)
        said = (*above.warnings, *figures, *notes(facts, view))
        said_sheet(book.add_worksheet("Summary"), styles, said, one_line(above.title))
        _bill(book.add_worksheet("Bill"), styles, facts, view)
    return data.getvalue()


def _bill(sheet: Worksheet, styles: Styles, facts: PlanFacts, view: BillView) -> None:
    table = view_table(facts, view)
    names = [name for name in COLUMNS if name in table.header]
    widths = [COLUMNS[name] for name in names]
    lines, row = iter(table.rows), 1
    for group in view.groups:
        title, first = heading(facts, view, group), row + bool(heading(facts, view, group))
        if title:
            write(sheet, row, 0, title, styles.header)
        for row, cells in enumerate(islice(lines, len(group.entries)), start=first):
            shown = [cells[table.header.index(name)] for name in names]
            fit_height(sheet, row, shown, widths)
            for column, (name, cell) in enumerate(zip(names, shown, strict=True)):
                _write(sheet, styles, row, column, name, cell)
        row += 1
        if title:
            _sums(sheet, styles, names, (first, row), group.money, "Sum")
            row += 2
    row = max(row, 2)  # a sum of no line at all must not count itself
    _sums(sheet, styles, names, (1, row), view.money, "Total")
    lay_out(sheet, styles, names, table.right, widths, row - 1, (names.index(SECOND_PAGE),))


def _write(sheet: Worksheet, styles: Styles, row: int, column: int, name: str, cell: Cell) -> None:
    style = styles.money if name in SUMMED else styles.price if name == "Unit price" else styles.number
    words = styles.text if style is styles.number else styles.right_text
    write(sheet, row, column, cell, words if isinstance(cell, str) else style)


def _sums(
    sheet: Worksheet, styles: Styles, names: Sequence[str], rows: tuple[int, int], money: Money, label: str
) -> None:
    """A row of sums of the rows from one to before another, without the sums among them."""
    first, here = rows
    total_row(sheet, styles, here, len(names), label)
    amounts = (money.capex, money.opex_per_year, money.refresh, money.tco)
    for name, amount in zip(SUMMED, amounts, strict=True):
        column = names.index(name)
        letter = xl_col_to_name(column)
        text = f"=SUBTOTAL(9,{letter}{first + 1}:{letter}{here})"
        formula(sheet, here, column, text, styles.total, amount)


def list_workbook(listed: PlanList, currency: str) -> bytes:
    """A list on a sheet called as it is."""
    widths, breaks = LIST_PAGES[listed.name]
    with made_book(listed.name, currency) as (book, styles, data):
        plain_table(book.add_worksheet(listed.name), styles, listed.table, widths, breaks)
    return data.getvalue()
