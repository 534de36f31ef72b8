"""The sheet with the lines of the bill: a buyer types prices and quotes, and every figure behind them follows.

The totals have the names `capex_total` and `opex_total`, what is paid later and discounted `renewals_value` and
`yearly_value`. A price, a support, a number or a day of a quote that differs from what was declared counts as quoted,
or as what the buyer picks. Every formula but a sum stays within its row or looks lines up by their keys, so that the
rows may be sorted. What is bought again, and what a tier asks for beyond the need, has the price of its first purchase.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from datetime import date
from decimal import Decimal
from typing import get_args

from xlsxwriter.worksheet import Worksheet

from qplan.assessment.facts import PlanFacts
from qplan.costing.bill import BillLine, Category, Charge
from qplan.costing.cost import ZERO, Cost, present_value
from qplan.costing.firmness import ILLUSTRATIVE
from qplan.costing.money_text import TO_BE_QUOTED
from qplan.inventory.commercial import Economics
from qplan.inventory.fields import Provenance
from qplan.outputs.bill.bill_columns import (
    BEHIND,
    BEHIND_WIDTH,
    BREAKS,
    COLUMN,
    HEADER,
    LAST_FEE,
    LATER_PRICE,
    LATER_YEARLY,
    LETTER,
    ONE_OFF,
    PRINTED,
    SHEET,
    SUPPORT_PER_UNIT,
    TYPED_BASIS,
    WIDTHS,
    YEARLY,
    BillRange,
    bill_range,
)
from qplan.outputs.bill.bill_row import Row, fee_of_last_year, write_amounts, write_behind, write_price
from qplan.outputs.bill.sheets import Styles, fit_height, fold, formula, lay_out, total_row, write
from qplan.outputs.bill.tables import BILL_FIGURES, bill_table

FOLLOWERS = (Category.SURPLUS, Category.REFRESH)
TOTALS = {
    ONE_OFF: "capex_total",
    YEARLY: "opex_total",
    LAST_FEE: "fee_last_year",
    LATER_PRICE: "renewals_value",
    LATER_YEARLY: "yearly_value",
}
"""Columns with a sum, and its name."""
SHOWN_AS = {ONE_OFF: "Line total", YEARLY: "Support per year"}
"""Where the sum of what is exact is shown."""


def bill_sheet(sheet: Worksheet, styles: Styles, facts: PlanFacts) -> None:
    """The bill; line totals, yearly money and provenance are formulas."""
    rows, economics, sources = bill_range(facts.bill), facts.inventory.economics, _sources(facts.bill)
    figures = (*BILL_FIGURES, SUPPORT_PER_UNIT)
    lay_out(sheet, styles, PRINTED, figures, WIDTHS, rows.last - 1, BREAKS)
    fold(sheet, styles, len(PRINTED), BEHIND, BEHIND_WIDTH, rows.last - 1)
    for number, (line, cells) in enumerate(zip(facts.bill, bill_table(facts.bill).rows, strict=True), start=1):
        for column, cell in enumerate(cells):
            write(sheet, number, column, cell, styles.text if isinstance(cell, str) else styles.number)
        row = Row(sheet, styles, economics, line, number, sources.get(number), rows.last)
        write_price(row)
        write_amounts(row)
        write_behind(row)
        fit_height(sheet, number, cells, WIDTHS)
    total_row(sheet, styles, rows.last, len(HEADER))
    values = (facts.costs.total.capex, facts.costs.total.opex_per_year, *_later(economics, facts.bill))
    for (name, called), value in zip(TOTALS.items(), values, strict=True):
        letter = LETTER[name]
        formula(sheet, rows.last, COLUMN[name], f"=SUM({letter}2:{letter}{rows.last})", styles.total, value)
        if name in SHOWN_AS:
            formula(sheet, rows.last, COLUMN[SHOWN_AS[name]], f"={called}", styles.total, value)
        styles.book.define_name(called, f"={SHEET}!${letter}${rows.last + 1}")
    _marks(sheet, styles, rows)
    _choices(sheet, rows)


def _sources(bill: tuple[BillLine, ...]) -> dict[int, str]:
    """By row: the key of the purchase whose price a line has, where there is just one of that name."""
    names = Counter(line.address.casefold() for line in bill)
    found = {}
    for number, line in enumerate(bill, start=1):
        if line.category in FOLLOWERS:
            same = [
                other.address
                for other in bill
                if other.category.charge is Charge.ONE_OFF
                and other.category not in (Category.SURPLUS, Category.SPARE)
                and (other.key, other.offer, other.unit_price) == (line.key, line.offer, line.unit_price)
            ]
            if len(same) == 1 and names[same[0].casefold()] == 1:
                found[number] = same[0]
    return found


def _later(economics: Economics, bill: tuple[BillLine, ...]) -> Iterator[Decimal]:
    """Of all lines: fees of the last year, renewals and yearly money, discounted."""
    whole = [line.cost for line in bill]
    yield sum((fee_of_last_year(economics, line) for line in bill), ZERO)
    yield sum((present_value(economics, Cost(refreshes=cost.refreshes)) for cost in whole), ZERO)
    yield sum((present_value(economics, replace(cost, refreshes=())) for cost in whole), ZERO)


def _marks(sheet: Worksheet, styles: Styles, rows: BillRange) -> None:
    price, provenance = LETTER["Unit price"], LETTER["Provenance"]
    for told, style in (
        (f"NOT(ISNUMBER(${price}2))", styles.to_be_quoted),
        (f'${provenance}2="{ILLUSTRATIVE}"', styles.illustrative),
    ):
        for name in ("Unit price", "Line total", "Provenance"):
            letter = LETTER[name]
            rule = {"type": "formula", "criteria": f'=AND({told},{letter}2<>"")', "format": style}
            sheet.conditional_format(f"{letter}2:{letter}{rows.last}", rule)


def _choices(sheet: Worksheet, rows: BillRange) -> None:
    """What may be typed into the blue cells, with a list to pick from where words are."""
    price = f"{LETTER['Unit price']}2"
    for name, options in (
        (
            "Unit price",
            {
                "validate": "custom",
                "value": f'=OR(ISNUMBER({price}),{price}="{TO_BE_QUOTED}")',
                "error_message": f"A number, without the currency, or: {TO_BE_QUOTED}.",
            },
        ),
        (
            SUPPORT_PER_UNIT,
            {"validate": "decimal", "criteria": ">=", "value": 0, "error_message": "A number, without the currency."},
        ),
        (
            "Quote valid until",
            {
                "validate": "date",
                "criteria": ">=",
                "value": date(2000, 1, 1),
                "error_message": "The last day on which the quote holds, as a date.",
            },
        ),
        (TYPED_BASIS, {"validate": "list", "source": list(get_args(Provenance))}),
    ):
        sheet.data_validation(1, COLUMN[name], rows.last - 1, COLUMN[name], options)
