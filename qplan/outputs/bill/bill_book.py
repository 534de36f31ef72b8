"""One view of the bill, or one of its lists, as a workbook: a table that prints on A4, its sums as formulas."""

from __future__ import annotations

from decimal import Decimal

from xlsxwriter.utility import xl_col_to_name
from xlsxwriter.worksheet import Worksheet

from qplan.assessment.facts import PlanFacts
from qplan.costing.groups import BillView
from qplan.outputs.bill.books import made_book, said_sheet
from qplan.outputs.bill.lists import PlanList
from qplan.outputs.bill.sheets import Styles, formula, plain_table, total_row, write
from qplan.outputs.bill.tables import CellTable
from qplan.outputs.bill.views import SUMMED, head, notes, view_table
from qplan.outputs.bill.workbook import ORDER_BREAKS, ORDER_WIDTHS, SCHEDULE_BREAKS, SCHEDULE_WIDTHS

WIDTHS = {"Line": 30, "Description": 38, "Sites": 26, "Site": 16, "QKD link": 42, "Category": 17, "Stands here": 30}
MONEY_WIDTH, OTHER_WIDTH = 19, 14
PAGES_BEGIN = ("Unit price", "Quote ref", "Charge")
"""Columns at which a further page of A4 begins."""
LIST_PAGES = {"Link schedule": (SCHEDULE_WIDTHS, SCHEDULE_BREAKS), "Fibre orders": (ORDER_WIDTHS, ORDER_BREAKS)}


def view_workbook(facts: PlanFacts, view: BillView) -> bytes:
    """What it says first, then the bill."""
    table, above = view_table(facts, view), head(facts, view)
    with made_book(above.title, facts.plan.costs.currency) as (book, styles, data):
        figures = (f"{label}: {value}" for label, value in above.figures)
        said_sheet(book.add_worksheet("Summary"), styles, (*above.warnings, *figures, *notes(facts, view)), above.title)
        sheet = book.add_worksheet("Bill")
        widths = [MONEY_WIDTH if name in SUMMED else WIDTHS.get(name, OTHER_WIDTH) for name in table.header]
        plain_table(sheet, styles, table, widths, [table.header.index(name) for name in PAGES_BEGIN])
        last = max(len(table.rows), 1) + 1
        total_row(sheet, styles, last, len(table.header))
        for name in SUMMED:
            _summed(sheet, styles, table, table.header.index(name), last)
    return data.getvalue()


def _summed(sheet: Worksheet, styles: Styles, table: CellTable, column: int, last: int) -> None:
    """A column of money with its sum."""
    total = Decimal(0)
    for row, cells in enumerate(table.rows, start=1):
        cell = cells[column]
        if isinstance(cell, Decimal):
            write(sheet, row, column, cell, styles.money)
            total += cell
    letter = xl_col_to_name(column)
    formula(sheet, last, column, f"=SUM({letter}2:{letter}{last})", styles.total, total)


def list_workbook(listed: PlanList, currency: str) -> bytes:
    """A list on a sheet called as it is."""
    widths, breaks = LIST_PAGES[listed.name]
    with made_book(listed.name, currency) as (book, styles, data):
        plain_table(book.add_worksheet(listed.name), styles, listed.table, widths, breaks)
    return data.getvalue()
