"""A table of the bill as a workbook of one sheet, with its sums."""

from __future__ import annotations

from collections.abc import Collection

from xlsxwriter.utility import xl_col_to_name

from qplan.outputs.bill.books import made_book
from qplan.outputs.bill.sheets import fit_height, formula, lay_out, total_row, write
from qplan.outputs.bill.tables import CellTable

WIDTHS = {"Description": 38, "Line": 28, "Sites": 26, "Fibres": 26}
NARROW, WIDE = 12, 18


def table_workbook(title: str, table: CellTable, currency: str, money: Collection[str] = ()) -> bytes:
    """The table on a sheet called as its title; the columns of `money` have a sum as a formula."""
    with made_book(title, currency) as (book, styles, data):
        sheet = book.add_worksheet(title)
        widths = [WIDTHS.get(name, WIDE if name in money else NARROW) for name in table.header]
        last = max(len(table.rows), 1) + 1
        lay_out(sheet, styles, table.header, table.right, widths, last - 1)
        for row, cells in enumerate(table.rows, start=1):
            fit_height(sheet, row, cells, widths)
            for column, (name, cell) in enumerate(zip(table.header, cells, strict=True)):
                number = styles.money if name in money else styles.number
                write(sheet, row, column, cell, styles.text if isinstance(cell, str) else number)
        if money:
            total_row(sheet, styles, last, len(table.header))
        for column, name in enumerate(table.header):
            if name in money:
                letter = xl_col_to_name(column)
                values = [row[column] for row in table.rows]
                amount = float(sum(value for value in values if value is not None and not isinstance(value, str)))
                formula(sheet, last, column, f"=SUM({letter}2:{letter}{last})", styles.total, amount)
    return data.getvalue()
