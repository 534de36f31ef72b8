"""The sheet with the lines of the bill: a buyer types prices and quotes, and every figure behind them follows.

The totals have the names `capex_total` and `opex_total`. A price, a support, a number or a day of a quote that differs
from what was declared (kept in hidden columns) counts as quoted.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import NamedTuple

from xlsxwriter.format import Format
from xlsxwriter.utility import xl_col_to_name
from xlsxwriter.workbook import Workbook
from xlsxwriter.worksheet import Worksheet

from qplan.assessment.facts import PlanFacts
from qplan.costing.bill import BillLine, Charge
from qplan.costing.cents import Exact
from qplan.costing.firmness import ILLUSTRATIVE, QUOTED, price_basis, yearly_basis
from qplan.costing.money_text import TO_BE_QUOTED
from qplan.outputs.bill.sheets import Styles, fit_height, formula, lay_out, total_row, write
from qplan.outputs.bill.tables import BILL_FIGURES, BILL_HEADER, bill_table

SUPPORT_PER_UNIT = "Support per unit and year"
DECLARED_PRICE, DECLARED_SUPPORT = "Declared price", "Declared support"
DECLARED_QUOTE, DECLARED_VALIDITY = "Declared quote", "Declared validity"
HIDDEN = (DECLARED_PRICE, DECLARED_SUPPORT, DECLARED_QUOTE, DECLARED_VALIDITY)
HEADER = (*BILL_HEADER, SUPPORT_PER_UNIT, *HIDDEN)
WIDTHS = (26, 16, 17, 38, 17, 10, 15, 18, 10, 18, 17, 9, 12, 12, 14, 26, 9, 9, 12, 12, 14, 17, 9, 9, 9, 9)
COLUMN = {name: number for number, name in enumerate(HEADER)}
LETTER = {name: xl_col_to_name(number) for name, number in COLUMN.items()}


class _Cell(NamedTuple):
    """A formula and its present value."""

    text: str
    value: Exact | str


@dataclass(frozen=True)
class BillRange:
    """Rows of the sheet BOM that hold lines, counted as in a formula."""

    last: int

    def column(self, name: str) -> str:
        letter = LETTER[name]
        return f"BOM!${letter}$2:${letter}${self.last}"


def bill_range(bill: tuple[BillLine, ...]) -> BillRange:
    return BillRange(max(len(bill), 1) + 1)


def bill_sheet(book: Workbook, sheet: Worksheet, styles: Styles, facts: PlanFacts) -> None:
    """The bill; line totals, support and provenance are formulas."""
    rows, total = bill_range(facts.bill), facts.costs.total
    lay_out(sheet, styles, HEADER, (*BILL_FIGURES, SUPPORT_PER_UNIT), WIDTHS, rows.last - 1)
    sheet.set_column(COLUMN[HIDDEN[0]], COLUMN[HIDDEN[-1]], None, None, {"hidden": True})
    for row, (line, cells) in enumerate(zip(facts.bill, bill_table(facts.bill).rows, strict=True), start=1):
        for column, cell in enumerate(cells):
            write(sheet, row, column, cell, styles.text if isinstance(cell, str) else styles.number)
        _inputs(sheet, styles, row, line)
        _formulas(sheet, styles, row, line)
        fit_height(sheet, row, cells, WIDTHS)
    total_row(sheet, styles, rows.last, len(BILL_HEADER) + 1)
    for name, amount, called in (
        ("Line total", total.capex, "capex_total"),
        ("Support per year", total.opex_per_year, "opex_total"),
    ):
        letter = LETTER[name]
        formula(sheet, rows.last, COLUMN[name], f"=SUM({letter}2:{letter}{rows.last})", styles.total, amount)
        book.define_name(called, f"=BOM!${letter}${rows.last + 1}")
    _marks(sheet, styles, rows)


def _inputs(sheet: Worksheet, styles: Styles, row: int, line: BillLine) -> None:
    """What a buyer may type, and beside it, hidden, what was declared."""
    price = TO_BE_QUOTED if line.unit_price is None else line.unit_price
    supported = line.category.charge is Charge.ONE_OFF and (line.support_per_unit or not line.to_be_quoted)
    support = line.support_per_unit if supported else None
    for name, cell in (("Unit price", price), (SUPPORT_PER_UNIT, support)):
        write(sheet, row, COLUMN[name], cell, styles.money_input)
    write(sheet, row, COLUMN["Quote ref"], line.quote_ref, styles.text_input)
    for name in ("Quote valid until", DECLARED_VALIDITY):
        _date(sheet, row, COLUMN[name], line.quote_valid_until, styles)
    for name, cell in ((DECLARED_PRICE, price), (DECLARED_SUPPORT, support), (DECLARED_QUOTE, line.quote_ref)):
        write(sheet, row, COLUMN[name], cell, styles.number)


def _date(sheet: Worksheet, row: int, column: int, text: str, styles: Styles) -> None:
    """A day as a date; what is none as the text that it is."""
    try:
        sheet.write_datetime(row, column, date.fromisoformat(text), styles.date_input)
    except ValueError:
        write(sheet, row, column, text, styles.text_input)


def _formulas(sheet: Worksheet, styles: Styles, row: int, line: BillLine) -> None:
    at = {name: f"{letter}{row + 1}" for name, letter in LETTER.items()}
    same_quote = f"{at['Quote ref']}={at[DECLARED_QUOTE]},{at['Quote valid until']}={at[DECLARED_VALIDITY]}"
    quantity, price, support = at["Quantity"], at["Unit price"], at[SUPPORT_PER_UNIT]
    basis = _judged(price, at[DECLARED_PRICE], same_quote, price_basis(line))
    cells: dict[str, tuple[_Cell, Format]] = {"Provenance": (basis, styles.text)}
    if line.category.recurring:
        write(sheet, row, COLUMN["Line total"], None, styles.money)
        cells["Support per year"] = (_Cell(f"={quantity}*{price}", line.yearly), styles.money)
    elif line.category.charge is Charge.ONE_OFF:
        total = TO_BE_QUOTED if line.to_be_quoted else line.one_off
        priced = f'=IF(ISNUMBER({price}),{quantity}*{price},"{TO_BE_QUOTED}")'
        yearly: Exact | str = line.yearly if line.support_per_unit or not line.to_be_quoted else ""
        supported = f'=IF(ISNUMBER({support}),{quantity}*{support},"")'
        cells["Line total"] = (_Cell(priced, total), styles.money)
        cells["Support per year"] = (_Cell(supported, yearly), styles.money)
        basis = _judged(support, at[DECLARED_SUPPORT], same_quote, yearly_basis(line))
        cells["Support provenance"] = (basis, styles.text)
    for name, (cell, style) in cells.items():
        formula(sheet, row, COLUMN[name], cell.text, style, cell.value)


def _judged(typed: str, declared: str, same_quote: str, basis: str) -> _Cell:
    """What an amount rests on: what was declared, until it or its quote's number or day is typed over."""
    return _Cell(f'=IF(ISNUMBER({typed}),IF(AND({typed}={declared},{same_quote}),"{basis}","{QUOTED}"),"")', basis)


def _marks(sheet: Worksheet, styles: Styles, rows: BillRange) -> None:
    price, provenance = LETTER["Unit price"], LETTER["Provenance"]
    for criteria, style in (
        (f'=${price}2="{TO_BE_QUOTED}"', styles.to_be_quoted),
        (f'=${provenance}2="{ILLUSTRATIVE}"', styles.illustrative),
    ):
        for name in ("Unit price", "Line total", "Provenance"):
            columns = f"{LETTER[name]}2:{LETTER[name]}{rows.last}"
            sheet.conditional_format(columns, {"type": "formula", "criteria": criteria, "format": style})
