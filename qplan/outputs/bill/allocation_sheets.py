"""The sheets of costs by corridor: each corridor's part of every line of the bill, and their sums."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from typing import Any

from xlsxwriter.worksheet import Worksheet

from qplan.assessment.facts import PlanFacts
from qplan.costing.bill import BillLine
from qplan.costing.cost import money, present_value
from qplan.inventory.commercial import Economics
from qplan.outputs.bill.bill_columns import LATER_PRICE, LATER_YEARLY, ONE_OFF, OPEN, YEARLY, bill_range
from qplan.outputs.bill.sheets import Styles, fit_height, fold, formula, in_cents, lay_out, total_row, write
from qplan.outputs.bill.tables import CORRIDOR_HEADER, corridor_table

NOBODY = "(no corridor)"
MONEY, EXACT, PLACE = "EFGH", "JKLM", "N"
"""Columns of capex, contingency, opex and tco, to the cent and exact; of the order in which equal rests get a cent."""
BEHIND, BEHIND_WIDTH = (*(f"{name}, exact" for name in CORRIDOR_HEADER[4:8]), "Place"), 15
"""Folded away behind the table."""
LATER = "0.000002"  # of a cent: by so much the rest of every row counts less than that of the row before
MOST_PARTS = 20_000  # rows of the sheet Allocation, over which every corridor's sums run
ALLOCATION_HEADER = (
    "Corridor",
    "Line",
    "Description",
    "Share",
    "One-off",
    "Per year",
    "Later, discounted",
    "To be quoted",
)


@dataclass(frozen=True)
class Allocation:
    """A corridor's part of one line, in money."""

    corridor: str
    line: BillLine
    share: Fraction
    worth: Fraction
    """Of the whole line: what is due later, discounted."""

    @property
    def one_off(self) -> Fraction:
        return self.share * Fraction(self.line.one_off)

    @property
    def yearly(self) -> Fraction:
        return self.share * Fraction(self.line.yearly)

    @property
    def later(self) -> Fraction:
        return self.share * self.worth


def allocations(facts: PlanFacts) -> tuple[Allocation, ...]:
    """Every corridor's part of every line, by corridor and in the order of the bill."""
    worth = ((line, Fraction(present_value(facts.inventory.economics, line.cost))) for line in facts.bill)
    parts = (Allocation(corridor, line, share, later) for line, later in worth for corridor, share in line.shares)
    return tuple(sorted(parts, key=lambda part: part.corridor))


def has_allocation(facts: PlanFacts) -> bool:
    """Whether the parts of all corridors are few enough for a sheet; else sums stand as values, without formulas."""
    return sum(len(line.shares) for line in facts.bill) <= MOST_PARTS


def allocation_sheet(sheet: Worksheet, styles: Styles, facts: PlanFacts) -> None:
    """Which part of every line each corridor bears."""
    bill = facts.bill
    rows, parts = bill_range(bill), allocations(facts)
    widths = (22, 26, 50, 9, 18, 18, 18, 10)
    lay_out(sheet, styles, ALLOCATION_HEADER, ALLOCATION_HEADER[3:], widths, max(len(parts), 1))
    lines = rows.column("Line")
    exact = len({line.address.casefold() for line in bill}) < len(bill)  # SUMIF knows no case
    for row, part in enumerate(parts, start=1):
        here = row + 1
        write(sheet, row, 0, part.corridor or NOBODY, styles.text)
        write(sheet, row, 1, part.line.address, styles.text)
        write(sheet, row, 2, part.line.description, styles.text)
        write(sheet, row, 3, float(part.share), styles.share)
        fit_height(sheet, row, (part.corridor, part.line.address, part.line.description), widths)
        for column, sources, amount in (
            (4, (ONE_OFF,), part.one_off),
            (5, (YEARLY,), part.yearly),
            (6, (LATER_PRICE, LATER_YEARLY), part.later),
        ):
            found = "+".join(_looked_up(lines, f"B{here}", rows.column(source), exact) for source in sources)
            formula(sheet, row, column, f"=D{here}*({found})", styles.money, amount)
        count = _looked_up(lines, f"B{here}", rows.column(OPEN), exact)
        formula(sheet, row, 7, f"={count}", styles.number, int(part.line.to_be_quoted))


def _looked_up(lines: str, key: str, amounts: str, exact: bool) -> str:
    return f"SUMPRODUCT(--EXACT({lines},{key}),{amounts})" if exact else f"SUMIF({lines},{key},{amounts})"


def corridor_sheet(sheet: Worksheet, styles: Styles, facts: PlanFacts) -> None:
    """The share of every corridor: sums over its rows of the sheet Allocation, to the cent and so that they add up.

    Where there is no such sheet, they stand as values.
    """
    table, listed = corridor_table(facts), has_allocation(facts)
    parts = allocations(facts) if listed else ()
    last = max(len(table.rows), 1) + 1
    header = (*CORRIDOR_HEADER, *BEHIND) if listed else CORRIDOR_HEADER
    lay_out(sheet, styles, CORRIDOR_HEADER, table.right, (24, 20, 20, 16, 20, 20, 20, 20, 10), last - 1)
    if listed:
        fold(sheet, styles, len(CORRIDOR_HEADER), BEHIND, BEHIND_WIDTH, last - 1)
    exact = len({str(corridor).casefold() for corridor, *_ in table.rows}) < len(table.rows)
    mine: dict[str, list[Allocation]] = defaultdict(list)
    for part in parts:
        mine[part.corridor].append(part)
    spans = {letter: f"Allocation!${letter}$2:${letter}${max(len(parts), 1) + 1}" for letter in "AEFGH"}
    for row, (corridor, first_end, second_end, rate, *shares) in enumerate(table.rows, start=1):
        for column, cell in enumerate((corridor or NOBODY, first_end, second_end)):
            write(sheet, row, column, cell, styles.text)
        write(sheet, row, 3, rate, styles.number)
        if listed:
            sums = {letter: _looked_up(spans["A"], f"A{row + 1}", spans[letter], exact) for letter in "EFGH"}
            _write_exact(sheet, styles, row, mine[str(corridor)], sums, facts.inventory.economics)
            _write_rounded(sheet, styles, row, last, shares, sums["H"])
        else:
            for column, cell in enumerate(shares, start=4):
                write(sheet, row, column, cell, styles.money if column < 8 else styles.number)
    total_row(sheet, styles, last, len(header))
    for column, letter in enumerate(MONEY, start=4):
        total = sum((Decimal(str(cells[column])) for cells in table.rows), Decimal(0))
        formula(sheet, last, column, f"=SUM({letter}2:{letter}{last})", styles.total, total)


def _write_exact(
    sheet: Worksheet,
    styles: Styles,
    row: int,
    parts: Sequence[Allocation],
    sums: Mapping[str, str],
    economics: Economics,
) -> None:
    """What a corridor bears before it is rounded, and its place; `sums`: the formula for each column of its parts."""
    capex = sum((part.one_off for part in parts), Fraction(0))
    reserve = capex * Fraction(money(economics.contingency))
    opex = sum((part.yearly for part in parts), Fraction(0))
    tco, here = capex + reserve + sum((part.later for part in parts), Fraction(0)), row + 1
    texts = (f"={sums['E']}", f"=J{here}*contingency_share", f"={sums['F']}", f"=J{here}+K{here}+{sums['G']}")
    first = len(CORRIDOR_HEADER)
    for column, (text, value) in enumerate(zip(texts, (capex, reserve, opex, tco), strict=True), first):
        formula(sheet, row, column, text, styles.money, value)
    write(sheet, row, first + len(EXACT), row, styles.number)


def _write_rounded(sheet: Worksheet, styles: Styles, row: int, last: int, shares: Sequence[Any], count: str) -> None:
    """Whole cents, and one more for so many of the largest rests as the whole needs; then the lines to be quoted."""
    *amounts, to_be_quoted = shares

    def rest(coins: str, place: str) -> str:
        return f"{coins}-INT({coins})-{LATER}*{place}"

    for column, (letter, value) in enumerate(zip(EXACT, amounts, strict=True), start=4):
        here, every = f"100*{letter}{row + 1}", f"100*{letter}$2:{letter}${last}"
        mine, others = rest(here, f"{PLACE}{row + 1}"), rest(every, f"{PLACE}$2:{PLACE}${last}")
        whole = in_cents(f"SUM({letter}$2:{letter}${last})")
        missing = f"ROUND(100*{whole},0)-SUMPRODUCT(INT({every}))"
        more = f"IF(SUMPRODUCT(--({others}>{mine}))<{missing},1,0)"
        formula(sheet, row, column, f"=(INT({here})+{more})/100", styles.money, value)
    formula(sheet, row, 8, f"={count}", styles.number, to_be_quoted)
