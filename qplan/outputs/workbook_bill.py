"""The sheets of the bill: its lines, their allocation to corridors, and what every corridor costs.

Every figure that depends on a price is a formula that leads back to a unit price in the bill. The totals have the names
`capex_total` and `opex_total`.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction

from xlsxwriter.workbook import Workbook
from xlsxwriter.worksheet import Worksheet

from qplan.costing.bill import BillLine
from qplan.costing.unit_costs import Cost
from qplan.outputs.bill_tables import BILL_HEADER, CORRIDOR_HEADER, CellTable
from qplan.outputs.tables import TO_BE_QUOTED
from qplan.outputs.workbook_sheets import Styles, formula, lay_out, write

BILL_WIDTHS = (6, 16, 20, 52, 24, 10, 14, 18, 9, 20, 18, 11, 14, 14, 13, 40, 18)
QUANTITY, UNIT_PRICE, LINE_TOTAL, SUPPORT, PROVENANCE = "F", "H", "J", "K", "O"
SUPPORT_PER_UNIT = "Q"


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
    lay_out(sheet, styles, (*BILL_HEADER, "Support per unit and year"), BILL_WIDTHS, rows.last - 1)
    for row, (line, cells) in enumerate(zip(bill, table.rows, strict=True), start=1):
        for column, cell in enumerate(cells):
            write(sheet, row, column, cell, styles.text if isinstance(cell, str) else styles.number)
        _money_cells(sheet, styles, row, line)
    write(sheet, rows.last, 3, "Total", styles.total_text)
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
Block = tuple[int, int]


def allocation_sheet(sheet: Worksheet, styles: Styles, bill: tuple[BillLine, ...]) -> dict[str, Block]:
    """Which part of every line each corridor bears; returns the first and last row of each corridor's block."""
    rows = bill_range(bill)
    shares = sorted((corridor, line.line, share, line) for line in bill for corridor, share in line.shares)
    lay_out(sheet, styles, ALLOCATION_HEADER, (24, 6, 60, 9, 20, 20, 10), max(len(shares), 1))
    blocks: dict[str, Block] = {}
    lines, quoted = rows.column("A"), rows.column(UNIT_PRICE)
    for row, (corridor, number, share, line) in enumerate(shares, start=1):
        here = row + 1
        blocks[corridor] = (blocks.get(corridor, (here, here))[0], here)
        write(sheet, row, 0, corridor, styles.text)
        write(sheet, row, 1, number, styles.number)
        write(sheet, row, 2, line.description, styles.text)
        write(sheet, row, 3, float(share), styles.share)
        for column, source, amount in ((4, LINE_TOTAL, line.one_off), (5, SUPPORT, line.yearly)):
            found = f"SUMIF({lines},B{here},{rows.column(source)})"
            formula(sheet, row, column, f"=D{here}*{found}", styles.money, float(share * Fraction(amount)))
        count = f'=COUNTIFS({lines},B{here},{quoted},"{TO_BE_QUOTED}")'
        formula(sheet, row, 6, count, styles.number, int(line.to_be_quoted))
    return blocks


def corridor_sheet(sheet: Worksheet, styles: Styles, table: CellTable, blocks: dict[str, Block]) -> None:
    """The share of every corridor, from its block of the sheet Allocation."""
    last = max(len(table.rows), 1) + 1
    lay_out(sheet, styles, CORRIDOR_HEADER, (24, 20, 20, 16, 20, 20, 20, 20, 10), last - 1)
    for row, (corridor, first_end, second_end, rate, *amounts) in enumerate(table.rows, start=1):
        capex, reserve, opex, tco, quoted = amounts
        write(sheet, row, 0, corridor or "(no corridor)", styles.text)
        write(sheet, row, 1, first_end, styles.text)
        write(sheet, row, 2, second_end, styles.text)
        write(sheet, row, 3, rate, styles.number)
        here = row + 1
        sums = ("=0",) * 3
        if corridor in blocks:
            first, final = blocks[corridor]
            sums = tuple(f"=SUM(Allocation!{letter}{first}:{letter}{final})" for letter in "EFG")
        formula(sheet, row, 4, sums[0], styles.money, capex)
        formula(sheet, row, 5, f"=E{here}*contingency_share", styles.money, reserve)
        formula(sheet, row, 6, sums[1], styles.money, opex)
        formula(sheet, row, 7, f"=E{here}+F{here}+G{here}*annuity", styles.money, tco)
        formula(sheet, row, 8, sums[2], styles.number, quoted)
    write(sheet, last, 0, "Total", styles.total_text)
    for column, letter in ((4, "E"), (5, "F"), (6, "G"), (7, "H")):
        amount = sum((row[column] for row in table.rows), Decimal(0))
        formula(sheet, last, column, f"=SUM({letter}2:{letter}{last})", styles.total, amount)
