"""The sheet with the costs by year, calculated from the bill and the assumptions, and the discounted total.

Every amount is a formula, also of years that differ; `nominal_total` and `tco_total` are the names of its sums. What is
nominal is to the cent, as in the plan: capex, contingency, and each year's opex and refresh.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal

from xlsxwriter.format import Format
from xlsxwriter.worksheet import Worksheet

from qplan.assessment.facts import PlanFacts
from qplan.costing.bill import BillLine
from qplan.costing.cash_flow import YEARS_LISTED
from qplan.costing.cost import (
    Cost,
    contingency,
    money,
    nominal_after,
    opex_of_year,
    present_value,
    refresh_of_year,
)
from qplan.inventory.commercial import Economics
from qplan.outputs.bill.bill_columns import AGE, LIFE, RENEWAL, bill_range
from qplan.outputs.bill.sheets import Styles, formula, in_cents, lay_out, total_row, write

SHEET = "Costs by year"
PARTS = ("One-off", "Support", "Leases", "Energy", "Hosting", "Fees", "Bought again")
HEADER = ("Year", *PARTS, "Nominal", "Discount factor", "Discounted", "Cumulated")
WIDTHS = (7, 17, 16, 16, 16, 16, 16, 16, 18, 10, 18, 18)
LAST_PART = "H"
NOMINAL, FACTOR, DISCOUNTED = "I", "J", "K"


@dataclass(frozen=True)
class _Part:
    """One kind of money: its formula in a year and in the row of later years, and its value."""

    each: str
    """`{year}`: the cell of the year."""
    later: str
    """`{listed}`: the last year that has a row."""
    cost: Cost


@dataclass(frozen=True)
class _Flow:
    """The bill's money by kind, as formulas and as values."""

    economics: Economics
    parts: tuple[_Part, ...]

    @property
    def listed(self) -> int:
        return min(self.economics.horizon_years, YEARS_LISTED)

    def year(self, part: _Part, year: int) -> Decimal:
        return opex_of_year(self.economics, part.cost, year) + refresh_of_year(self.economics, part.cost, year)

    def after(self, part: _Part) -> Decimal:
        """Nominal, of the years that have no row."""
        return nominal_after(self.economics, part.cost, self.listed)

    def discounted(self, year: int) -> Decimal:
        growth = 1 + money(self.economics.discount_rate)
        return sum((self.year(part, year) for part in self.parts), Decimal(0)) * growth**-year

    @property
    def discounted_after(self) -> Decimal:
        if self.economics.horizon_years == self.listed:
            return Decimal(0)
        whole = sum((present_value(self.economics, part.cost) for part in self.parts), Decimal(0))
        return whole - sum((self.discounted(year) for year in range(1, self.listed + 1)), Decimal(0))


def year_sheet(sheet: Worksheet, styles: Styles, facts: PlanFacts) -> None:
    """Year 0, the years of the horizon, and one row for later years, which a longer horizon typed in reaches."""
    economics, total = facts.inventory.economics, facts.costs.total
    flow = _Flow(economics, _parts(total, facts.bill))
    last = flow.listed + 3
    lay_out(sheet, styles, HEADER, HEADER[1:], WIDTHS, last - 1)
    one_off = total.capex + contingency(economics, total.capex)
    sums = [Decimal(0)] * len(PARTS)
    cumulated, years = Decimal(0), facts.costs.years
    for row in range(1, last):
        amounts = [one_off if row == 1 else Decimal(0), *_amounts(flow, row)]
        _write_amounts(sheet, styles, flow, row, amounts)
        discounted = one_off if row == 1 else flow.discounted_after if row == last - 1 else flow.discounted(row - 1)
        cumulated += discounted
        paid = years[row - 1].nominal if row <= len(years) else Decimal(0)
        _write_sums(sheet, styles, flow, row, paid, discounted, cumulated)
        sums = [before + amount for before, amount in zip(sums, amounts, strict=True)]
    total_row(sheet, styles, last, len(HEADER))
    for letter, amount in (*zip("BCDEFGH", sums, strict=True), (NOMINAL, facts.costs.nominal), (DISCOUNTED, cumulated)):
        formula(sheet, last, "ABCDEFGHIJK".index(letter), f"=SUM({letter}2:{letter}{last})", styles.total, amount)
    for letter, name in ((NOMINAL, "nominal_total"), (DISCOUNTED, "tco_total")):
        styles.book.define_name(name, f"='{SHEET}'!${letter}${last + 1}")


def listed_rows(economics: Economics) -> tuple[int, int]:
    """Row of year 0 and of the last year that has one, counted as in a formula."""
    return 2, min(economics.horizon_years, YEARS_LISTED) + 2


def _parts(total: Cost, bill: tuple[BillLine, ...]) -> tuple[_Part, ...]:
    lines = bill_range(bill)
    paid, life, age = (lines.column(name) for name in (RENEWAL, LIFE, AGE))
    renewed = f"SUMPRODUCT({paid}*(MOD({{year}}+{age},{life})=0))"
    later = f"SUMPRODUCT({paid}*(INT((horizon_years-1+{age})/{life})-INT(({{listed}}+{age})/{life})))"
    return (
        *(
            _Part(f"{name}_year_1*(1+escalation_{name})^({{year}}-1)", _later_growing(name), cost)
            for name, cost in (
                ("support", Cost(support=total.support)),
                ("lease", Cost(lease=total.lease)),
                ("energy", Cost(energy=total.energy)),
            )
        ),
        _Part("hosting_year_1", "hosting_year_1*(horizon_years-{listed})", Cost(hosting=total.hosting)),
        _Part(
            "IF({year}=horizon_years,fee_last_year,fees_year_1)",
            "fees_year_1*(horizon_years-1-{listed})+fee_last_year",
            Cost(fees=total.fees),
        ),
        _Part(f"IF({{year}}=horizon_years,0,{renewed})", later, Cost(refreshes=total.refreshes))
        if total.refreshes
        else _Part("0", "0", Cost()),
    )


def _later_growing(name: str) -> str:
    growth = f"escalation_{name}"
    grown = f"((1+{growth})^horizon_years-(1+{growth})^{{listed}})/{growth}"
    return f"{name}_year_1*IF({growth}=0,horizon_years-{{listed}},{grown})"


def _amounts(flow: _Flow, row: int) -> Iterator[Decimal]:
    for part in flow.parts:
        if row == 1:
            yield Decimal(0)
        else:
            yield flow.after(part) if row == flow.listed + 2 else flow.year(part, row - 1)


def _write_amounts(sheet: Worksheet, styles: Styles, flow: _Flow, row: int, amounts: list[Decimal]) -> None:
    listed, last = flow.listed, row == flow.listed + 2
    write(sheet, row, 0, "later" if last else row - 1, styles.text)
    if row == 1:
        formula(sheet, 1, 1, "=capex_total*(1+contingency_share)", styles.money, amounts[0])
    for column, (part, amount) in enumerate(zip(flow.parts, amounts[1:], strict=True), start=2):
        if row == 1:
            write(sheet, row, column, 0, styles.money)
        elif last:
            text = f"=IF(horizon_years>{listed},{part.later.format(listed=listed)},0)"
            formula(sheet, row, column, text, styles.money, amount)
        else:
            year = f"$A{row + 1}"
            text = f"=IF({year}<=horizon_years,{part.each.format(year=year)},0)"
            formula(sheet, row, column, text, styles.money, amount)


def _write_sums(
    sheet: Worksheet,
    styles: Styles,
    flow: _Flow,
    row: int,
    nominal: Decimal,
    discounted: Decimal,
    cumulated: Decimal,
) -> None:
    here, listed = row + 1, flow.listed
    factor, text = f"=(1+discount_rate)^-A{here}", f"=SUM(B{here}:H{here})*{FACTOR}{here}"
    paid = (f"SUM(C{here}:G{here})", f"H{here}") if row > 1 else ("capex_total", "(capex_total*contingency_share)")
    if row == listed + 2:
        factor = ""
        before = f"SUM({DISCOUNTED}3:{DISCOUNTED}{row})" if listed else "0"
        text = f"=IF(horizon_years>{listed},yearly_value+renewals_value-{before},0)"
    value = (1 + money(flow.economics.discount_rate)) ** -(row - 1)
    cells: tuple[tuple[int, str, Format, Decimal], ...] = (
        (8, f"={'+'.join(map(in_cents, paid))}", styles.money, nominal),
        (9, factor, styles.factor, value),
        (10, text, styles.money, discounted),
        (11, f"=SUM({DISCOUNTED}$2:{DISCOUNTED}{here})", styles.money, cumulated),
    )
    for column, cell, style, amount in cells:
        if cell:
            formula(sheet, row, column, cell, style, amount)
