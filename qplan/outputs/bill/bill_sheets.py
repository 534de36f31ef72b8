"""The sheets of the bill: its lines, their allocation to corridors, and what every corridor costs.

Every figure that depends on a price is a formula that leads back to a unit price in the bill. The totals have the names
`capex_total` and `opex_total`.
"""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from itertools import groupby

from xlsxwriter.workbook import Workbook
from xlsxwriter.worksheet import Worksheet

from qplan.costing.bill import BillLine
from qplan.costing.money_text import TO_BE_QUOTED
from qplan.costing.unit_costs import Cost, money, present_value_factor
from qplan.inventory.model import Economics
from qplan.outputs.bill.sheets import Styles, fit_height, formula, lay_out, total_row, write
from qplan.outputs.bill.tables import BILL_FIGURES, BILL_HEADER, CORRIDOR_HEADER, CellTable

BILL_WIDTHS = (7, 16, 17, 38, 17, 10, 15, 18, 10, 18, 17, 9, 12, 12, 13, 26, 17)
QUANTITY, UNIT_PRICE, LINE_TOTAL, SUPPORT, PROVENANCE = "F", "H", "J", "K", "O"
SUPPORT_PER_UNIT = "Q"
NOBODY = "(no corridor)"


@dataclass(frozen=True)
class BillRange:
    """Rows of the sheet BOM that hold lines, counted as in a formula."""

    last: int

    def column(self, letter: str) -> str:
        return f"BOM!${letter}$2:${letter}${self.last}"


def bill_range(bill: tuple[BillLine, ...]) -> BillRange:
    return BillRange(max(len(bill), 1) + 1)


def bill_sheet(
    book: Workbook, sheet: Worksheet, styles: Styles, bill: tuple[BillLine, ...], table: CellTable, total: Cost
) -> None:
    """The bill; line totals and support are formulas, so that a typed price moves everything behind it."""
    rows = bill_range(bill)
    header = (*BILL_HEADER, "Support per unit and year")
    lay_out(sheet, styles, header, (*BILL_FIGURES, header[-1]), BILL_WIDTHS, rows.last - 1)
    for row, (line, cells) in enumerate(zip(bill, table.rows, strict=True), start=1):
        for column, cell in enumerate(cells):
            write(sheet, row, column, cell, styles.text if isinstance(cell, str) else styles.number)
        _money_cells(sheet, styles, row, line)
        fit_height(sheet, row, cells, BILL_WIDTHS)
    total_row(sheet, styles, rows.last, len(header))
    for letter, amount, name in (
        (LINE_TOTAL, total.capex, "capex_total"),
        (SUPPORT, total.opex_per_year, "opex_total"),
    ):
        formula(sheet, rows.last, ord(letter) - ord("A"), f"=SUM({letter}2:{letter}{rows.last})", styles.total, amount)
        book.define_name(name, f"=BOM!${letter}${rows.last + 1}")
    marks = ((f'=$H2="{TO_BE_QUOTED}"', styles.to_be_quoted), ('=$O2="illustrative"', styles.illustrative))
    for criteria, style in marks:
        for columns in (f"H2:H{rows.last}", f"J2:J{rows.last}", f"O2:O{rows.last}"):
            sheet.conditional_format(columns, {"type": "formula", "criteria": criteria, "format": style})


def _money_cells(sheet: Worksheet, styles: Styles, row: int, line: BillLine) -> None:
    """Unit price, line total, support and support per unit of one line."""
    excel_row = row + 1
    price = TO_BE_QUOTED if line.unit_price is None else line.unit_price
    write(sheet, row, 7, price, styles.money_input)
    product = f"{QUANTITY}{excel_row}*{UNIT_PRICE}{excel_row}"
    if line.category.recurring:
        write(sheet, row, 9, None, styles.money)
        formula(sheet, row, 10, f"={product}", styles.money, line.yearly)
        write(sheet, row, 16, None, styles.money)
        return
    priced = f'=IF(ISNUMBER({UNIT_PRICE}{excel_row}),{product},"{TO_BE_QUOTED}")'
    formula(sheet, row, 9, priced, styles.money, TO_BE_QUOTED if line.to_be_quoted else line.one_off)
    known = line.support_per_unit or not line.to_be_quoted
    write(sheet, row, 16, line.support_per_unit if known else None, styles.money_input)
    support = f'=IF(ISNUMBER({SUPPORT_PER_UNIT}{excel_row}),{QUANTITY}{excel_row}*{SUPPORT_PER_UNIT}{excel_row},"")'
    formula(sheet, row, 10, support, styles.money, line.yearly if known else "")


ALLOCATION_HEADER = ("Corridor", "Line", "Description", "Share", "One-off", "Per year", "To be quoted")


@dataclass(frozen=True)
class Allocation:
    """A corridor's part of one line, in money."""

    corridor: str
    line: BillLine
    share: Fraction

    @property
    def one_off(self) -> Fraction:
        return self.share * Fraction(self.line.one_off)

    @property
    def yearly(self) -> Fraction:
        return self.share * Fraction(self.line.yearly)


def allocations(bill: tuple[BillLine, ...]) -> tuple[Allocation, ...]:
    """Every corridor's part of every line, by corridor and line."""
    parts = (Allocation(corridor, line, share) for line in bill for corridor, share in line.shares)
    return tuple(sorted(parts, key=lambda part: (part.corridor, part.line.line)))


def allocation_sheet(sheet: Worksheet, styles: Styles, bill: tuple[BillLine, ...]) -> None:
    """Which part of every line each corridor bears."""
    rows = bill_range(bill)
    parts = allocations(bill)
    widths = (24, 7, 70, 9, 20, 20, 10)
    figures = ("Line", "Share", "One-off", "Per year", "To be quoted")
    lay_out(sheet, styles, ALLOCATION_HEADER, figures, widths, max(len(parts), 1))
    lines, prices = rows.column("A"), rows.column(UNIT_PRICE)
    for row, part in enumerate(parts, start=1):
        here = row + 1
        write(sheet, row, 0, part.corridor or NOBODY, styles.text)
        write(sheet, row, 1, part.line.line, styles.number)
        write(sheet, row, 2, part.line.description, styles.text)
        write(sheet, row, 3, float(part.share), styles.share)
        for column, source, amount in ((4, LINE_TOTAL, part.one_off), (5, SUPPORT, part.yearly)):
            found = f"SUMIF({lines},B{here},{rows.column(source)})"
            formula(sheet, row, column, f"=D{here}*{found}", styles.money, amount)
        count = f'=COUNTIFS({lines},B{here},{prices},"{TO_BE_QUOTED}")'
        formula(sheet, row, 6, count, styles.number, int(part.line.to_be_quoted))


def corridor_sheet(
    sheet: Worksheet, styles: Styles, table: CellTable, bill: tuple[BillLine, ...], economics: Economics
) -> None:
    """The share of every corridor: sums over its rows of the sheet Allocation, which stand together."""
    last = max(len(table.rows), 1) + 1
    lay_out(sheet, styles, CORRIDOR_HEADER, table.right, (24, 20, 20, 16, 20, 20, 20, 20, 10), last - 1)
    first_row = 2
    grouped = {corridor: tuple(parts) for corridor, parts in groupby(allocations(bill), lambda part: part.corridor)}
    totals = [Fraction(0)] * 4
    for row, (corridor, first_end, second_end, rate, *_) in enumerate(table.rows, start=1):
        for column, cell in enumerate((corridor or NOBODY, first_end, second_end)):
            write(sheet, row, column, cell, styles.text)
        write(sheet, row, 3, rate, styles.number)
        parts = grouped.get(corridor, ())
        if parts:
            amounts = _corridor_money(sheet, styles, row, parts, first_row, economics)
            totals = [total + amount for total, amount in zip(totals, amounts, strict=True)]
            first_row += len(parts)
    total_row(sheet, styles, last, len(CORRIDOR_HEADER))
    for column, letter, total in zip((4, 5, 6, 7), "EFGH", totals, strict=True):
        formula(sheet, last, column, f"=SUM({letter}2:{letter}{last})", styles.total, total)


def _corridor_money(
    sheet: Worksheet, styles: Styles, row: int, parts: tuple[Allocation, ...], first_row: int, economics: Economics
) -> tuple[Fraction, ...]:
    """Capex, contingency, opex per year and tco of one corridor, written and returned."""
    capex = sum((part.one_off for part in parts), Fraction(0))
    opex = sum((part.yearly for part in parts), Fraction(0))
    reserve = capex * Fraction(money(economics.contingency))
    tco = capex + reserve + opex * Fraction(present_value_factor(economics))
    here, last_row = row + 1, first_row + len(parts) - 1
    for column, text, value in (
        (4, f"=SUM(Allocation!E{first_row}:E{last_row})", capex),
        (5, f"=E{here}*contingency_share", reserve),
        (6, f"=SUM(Allocation!F{first_row}:F{last_row})", opex),
        (7, f"=E{here}+F{here}+G{here}*annuity", tco),
    ):
        formula(sheet, row, column, text, styles.money, value)
    quoted = sum(part.line.to_be_quoted for part in parts)
    formula(sheet, row, 8, f"=SUM(Allocation!G{first_row}:G{last_row})", styles.number, quoted)
    return capex, reserve, opex, tco
