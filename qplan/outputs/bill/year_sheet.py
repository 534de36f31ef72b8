"""The sheet with the costs by year, calculated from the bill's totals and the assumptions.

It reads the names `capex_total`, `opex_total`, `contingency_share`, `horizon_years`, `discount_rate` and `annuity`, and
gives its own totals the names `nominal_total` and `tco_total`.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal

from xlsxwriter.workbook import Workbook
from xlsxwriter.worksheet import Worksheet

from qplan.costing.cash_flow import YEARS_LISTED
from qplan.costing.cost import (
    Cost,
    contingency,
    money,
    nominal_after,
    opex_of_year,
    present_value,
    present_value_factor,
    refresh_of_year,
    varies,
)
from qplan.inventory.commercial import Economics
from qplan.outputs.bill.sheets import Styles, formula, lay_out, total_row, write

HEADER = ("Year", "One-off", "Recurring", "Nominal", "Discount factor", "Discounted", "Discounted, cumulated")


@dataclass(frozen=True)
class _Figure:
    """A formula with its present value; `{row}` is the row that it stands in."""

    formula: str
    value: Decimal


@dataclass(frozen=True)
class _Year:
    label: int | str
    one_off: _Figure
    recurring: _Figure
    factor: _Figure | None
    discounted: _Figure


NOTHING = _Figure("=0", Decimal(0))


def year_sheet(book: Workbook, sheet: Worksheet, styles: Styles, economics: Economics, total: Cost) -> None:
    """Year 0, the years of the horizon, and one row for later years, which a longer horizon typed in reaches."""
    years = list(_years(economics, total))
    last = len(years) + 1
    lay_out(sheet, styles, HEADER, HEADER, (10, 20, 20, 20, 16, 20, 22), last - 1)
    nominal = discounted = Decimal(0)
    for row, year in enumerate(years, start=1):
        here = row + 1
        here_nominal = year.one_off.value + year.recurring.value
        nominal, discounted = nominal + here_nominal, discounted + year.discounted.value
        write(sheet, row, 0, year.label, styles.text)
        for column, figure, style in (
            (1, year.one_off, styles.money),
            (2, year.recurring, styles.money),
            (3, _Figure("=B{row}+C{row}", here_nominal), styles.money),
            (4, year.factor, styles.factor),
            (5, year.discounted, styles.money),
            (6, _Figure(f"=SUM(F$2:F{here})", discounted), styles.money),
        ):
            if figure is not None:
                formula(sheet, row, column, figure.formula.format(row=here), style, figure.value)
    total_row(sheet, styles, last, len(HEADER))
    for column, name, amount in ((3, "nominal_total", nominal), (5, "tco_total", discounted)):
        letter = "ABCDEFG"[column]
        formula(sheet, last, column, f"=SUM({letter}2:{letter}{last})", styles.total, amount)
        book.define_name(name, f"='Costs by year'!${letter}${last + 1}")


def _years(economics: Economics, total: Cost) -> Iterator[_Year]:
    horizon, growth, opex = economics.horizon_years, 1 + money(economics.discount_rate), total.opex_per_year
    listed = min(horizon, YEARS_LISTED)
    one_off = total.capex + contingency(economics, total.capex)
    yield _Year(
        0,
        _Figure("=capex_total*(1+contingency_share)", one_off),
        NOTHING,
        _Figure("=(1+discount_rate)^-A{row}", Decimal(1)),
        _Figure("=D{row}*E{row}", one_off),
    )
    for year in range(1, listed + 1):
        yield _Year(
            year,
            NOTHING,
            _recurring(economics, total, year),
            _Figure("=(1+discount_rate)^-A{row}", growth**-year),
            _Figure("=D{row}*E{row}", _recurring(economics, total, year).value * growth**-year),
        )
    factors = f"SUM(E3:E{listed + 2})" if listed else "0"
    beyond = Decimal(0)
    if varies(economics, total):
        later = nominal_after(economics, total, listed)
        paid = (_recurring(economics, total, year).value * growth**-year for year in range(1, listed + 1))
        beyond = present_value(economics, total) - sum(paid, Decimal(0)) if horizon > listed else beyond
        yield _Year("later", NOTHING, _Figure(f"={later}", later), None, _Figure(f"={beyond}", beyond))
        return
    if horizon > listed:
        beyond = present_value_factor(economics) - sum(growth**-year for year in range(1, listed + 1))
    yield _Year(
        "later",
        NOTHING,
        _Figure(f"=MAX(horizon_years-{listed},0)*opex_total", opex * (horizon - listed)),
        None,
        _Figure(f"=IF(horizon_years>{listed},opex_total*(annuity-{factors}),0)", opex * beyond),
    )


def _recurring(economics: Economics, total: Cost, year: int) -> _Figure:
    """Opex and refresh of a year: the bill's total where every year is alike, else the plan's own figure."""
    if not varies(economics, total):
        return _Figure("=IF(A{row}<=horizon_years,opex_total,0)", total.opex_per_year)
    amount = opex_of_year(economics, total, year) + refresh_of_year(economics, total, year)
    return _Figure(f"=IF(A{{row}}<=horizon_years,{amount},0)", amount)
