"""Where the sheet Bill has what: the bill's columns, what a buyer types, and what other sheets calculate with."""

from __future__ import annotations

from dataclasses import dataclass

from xlsxwriter.utility import xl_col_to_name

from qplan.costing.bill import BillLine
from qplan.outputs.bill.tables import BILL_HEADER

SHEET = "Bill"
SUPPORT_PER_UNIT, TYPED_BASIS = "Support per unit and year", "If typed over, rests on"
DECLARED_PRICE, DECLARED_SUPPORT = "Declared price", "Declared support"
DECLARED_QUOTE, DECLARED_VALIDITY = "Declared quote", "Declared validity"
ONE_OFF, YEARLY = "Line total, exact", "Support per year, exact"
RUN_OUT, YEARLY_BASIS, GROWS_AS = "Quote has run out", "Yearly money rests on", "Yearly money is"
LAST_FEE, LIFE, AGE, RENEWAL = "Fee of the last year", "Life (years)", "Age (years)", "Paid at each renewal"
LATER_PRICE, LATER_YEARLY = "Renewals, discounted", "Yearly money, discounted"
BEYOND, OPEN = "Beyond the terms, discounted", "To be quoted"
BEHIND = (
    *(DECLARED_PRICE, DECLARED_SUPPORT, DECLARED_QUOTE, DECLARED_VALIDITY, ONE_OFF, YEARLY),
    *(RUN_OUT, YEARLY_BASIS, GROWS_AS, LAST_FEE, LIFE, AGE, RENEWAL, LATER_PRICE, LATER_YEARLY, BEYOND, OPEN),
)
"""Folded away behind the table."""
PRINTED = (*BILL_HEADER, SUPPORT_PER_UNIT, TYPED_BASIS)
HEADER = (*PRINTED, *BEHIND)
WIDTHS = (26, 14, 14, 36, 24, 9, 15, 16, 10, 17, 16, 10, 14, 12, 17, 31, 9, 9, 14, 13, 17, 16, 13)
BEHIND_WIDTH = 15
BREAKS = (PRINTED.index("Lead time (weeks)"),)
"""The first page has what a line is and costs, the second on what terms."""
COLUMN = {name: number for number, name in enumerate(HEADER)}
LETTER = {name: xl_col_to_name(number) for name, number in COLUMN.items()}


@dataclass(frozen=True)
class BillRange:
    """Rows of the sheet that hold lines, counted as in a formula."""

    last: int

    def column(self, name: str) -> str:
        letter = LETTER[name]
        return f"{SHEET}!${letter}$2:${letter}${self.last}"


def bill_range(bill: tuple[BillLine, ...]) -> BillRange:
    return BillRange(max(len(bill), 1) + 1)
