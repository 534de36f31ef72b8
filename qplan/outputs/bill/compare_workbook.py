"""Plans side by side as a workbook: amounts, and differences from the baseline as formulas with cached values."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal

from xlsxwriter.utility import xl_col_to_name
from xlsxwriter.worksheet import Worksheet

from qplan.comparison.columns import Column, SideBySide
from qplan.costing.cost import contingency, opex_of_year, refresh_of_year, tco
from qplan.outputs.bill.books import made_book, said_sheet
from qplan.outputs.bill.sheets import Styles, fit_height, formula, in_cents, lay_out, plain_table, total_row, write
from qplan.outputs.bill.tables import CellTable
from qplan.outputs.compare.page import heading, headline
from qplan.outputs.compare.remarks import said
from qplan.outputs.compare.rows import Row, Value, rows
from qplan.outputs.text.money import firmness_text
from qplan.outputs.text.tables import Cell
from qplan.outputs.text.wording import settings

FIRST = 1  # row of the first value
NAME, GROUP, VALUE = 40, 26, 24  # widths
COLUMNS_A_PAGE = 5
YEARS_MOST = 100


def compared_workbook(table: SideBySide) -> bytes:
    """What decides first, then every row, costs by year, and what each was planned under."""
    with made_book("Plans side by side", _currency(table)) as (book, styles, data):
        said_sheet(book.add_worksheet("Summary"), styles, (headline(table), *said(table), *_firmness(table)))
        _compare(book.add_worksheet("Compare"), styles, table)
        if any(column.facts is not None for column in table.columns):
            _years(book.add_worksheet("Costs by year"), styles, table)
            _assumptions(book.add_worksheet("Assumptions"), styles, table)
    return data.getvalue()


def _currency(table: SideBySide) -> str:
    """Of all columns, "" where they are in several."""
    found = {column.facts.plan.costs.currency for column in table.columns if column.facts is not None}
    return found.pop() if len(found) == 1 else ""


def _firmness(table: SideBySide) -> Iterator[str]:
    for column in table.columns:
        if column.facts is not None:
            yield f"{column.id}: {firmness_text(column.facts)}."


def _breaks(first: int, columns: int) -> tuple[int, ...]:
    """A page for so many columns of plans."""
    return tuple(range(first + COLUMNS_A_PAGE, first + columns, COLUMNS_A_PAGE))


def _compare(sheet: Worksheet, styles: Styles, table: SideBySide) -> None:
    names = tuple(column.id for column in table.columns)
    found = rows(table)
    widths = (NAME, GROUP, *(VALUE for _ in names))
    lay_out(sheet, styles, ("What", "Group", *names), names, widths, max(len(found), 1), _breaks(2, len(names)))
    at = {row.key: number for number, row in enumerate(found, FIRST)}
    base = names.index(table.baseline)
    for number, row in enumerate(found, FIRST):
        write(sheet, number, 0, row.name, styles.text)
        write(sheet, number, 1, row.group, styles.text)
        for column, value in enumerate(row.values):
            if row.kind == "change" and isinstance(value, int | float):
                source = at[row.key.rpartition(".")[0]] + 1
                here, there = (f"{xl_col_to_name(2 + each)}{source}" for each in (column, base))
                share = row.key.endswith(".share")
                text = f"=IF({there}=0,0,({here}-{there})/{there})" if share else f"={here}-{there}"
                formula(sheet, number, 2 + column, text, styles.change_share if share else styles.change, value)
            else:
                _write(sheet, number, 2 + column, row, value, styles)
        fit_height(sheet, number, (row.name, row.group, *row.values), widths)


def _write(sheet: Worksheet, number: int, column: int, row: Row, value: Value, styles: Styles) -> None:
    style = {"money": styles.money, "share": styles.share, "db": styles.loss}.get(row.kind, styles.number)
    style = styles.least_money if row.least and row.least[column - 2] else style
    write(sheet, number, column, value, styles.right_text if isinstance(value, str) else style)


def _years(sheet: Worksheet, styles: Styles, table: SideBySide) -> None:
    """Nominal money by year; the last row is what it comes to when discounted at each column's own rate."""
    names = tuple(map(heading, table.columns))
    years = min(max(_horizon(column) for column in table.columns), YEARS_MOST)
    last = years + 2
    widths = (14, *(VALUE for _ in names))
    lay_out(sheet, styles, ("Year", *names), names, widths, last - 1, _breaks(1, len(names)))
    for year in range(years + 1):
        write(sheet, FIRST + year, 0, year, styles.text)
    total_row(sheet, styles, last, len(names) + 1, "Nominal")
    write(sheet, last + 1, 0, "Discounted", styles.text)
    for number, column in enumerate(table.columns, start=1):
        amounts = _flow(column)
        if column.facts is None or not amounts or len(amounts) > years + 1:
            continue
        letter = xl_col_to_name(number)
        for year, amount in enumerate(amounts):
            write(sheet, FIRST + year, number, amount, styles.money)
        span = f"{letter}2:{letter}{last}"
        nominal = column.facts.costs.nominal
        formula(sheet, last, number, f"=SUMPRODUCT({in_cents(span)})", styles.total, nominal)
        rate = f"Assumptions!{xl_col_to_name(number)}{RATE_ROW}"
        text = f"=SUMPRODUCT({span},(1+{rate})^-$A$2:$A${last})"
        discounted = tco(column.facts.inventory.economics, column.facts.costs.total)
        formula(sheet, last + 1, number, text, styles.money, discounted)
    sheet.print_area(0, 0, last + 1, len(names))


def _horizon(column: Column) -> int:
    return 0 if column.facts is None else column.facts.inventory.economics.horizon_years


def _flow(column: Column) -> list[Decimal]:
    """Nominal, of year 0 and of every year of the horizon; nothing without a plan or over too many years."""
    if column.facts is None or _horizon(column) > YEARS_MOST:
        return []
    economics, total = column.facts.inventory.economics, column.facts.costs.total
    years = range(1, economics.horizon_years + 1)
    later = (opex_of_year(economics, total, year) + refresh_of_year(economics, total, year) for year in years)
    return [total.capex + contingency(economics, total.capex), *later]


RATE_ROW = 4
"""Of the discount rate in Assumptions, counted as in a formula."""


def _assumptions(sheet: Worksheet, styles: Styles, table: SideBySide) -> None:
    names = tuple(column.id for column in table.columns)
    cells = tuple(zip(*(_told(column) for column in table.columns), strict=True))
    labelled = tuple((label, *row) for label, row in zip(TOLD, cells, strict=True))
    widths = (NAME, *(VALUE for _ in names))
    plain_table(sheet, styles, CellTable(("Assumption", *names), labelled, names), widths, _breaks(1, len(names)))
    for row in (RATE_ROW, RATE_ROW + 1):
        for number, rate in enumerate(labelled[row - 2][1:], start=1):
            write(sheet, row - 1, number, rate, styles.stated_share)


TOLD = (
    "Currency",
    "Horizon (years)",
    "Discount rate per year",
    "Contingency, share of capex",
    "Manufacturers",
    "Offers",
    "Scenario",
    "Set besides",
    "Quotes are judged on",
    "sha256 of the effective inventory",
)


def _told(column: Column) -> Iterator[Cell]:
    """Of a column: a cell for every one of `TOLD`."""
    if column.facts is None:
        yield from (None for _ in TOLD)
        return
    inventory, ref = column.facts.inventory, column.facts.plan.inventory
    economics, policy = inventory.economics, inventory.policy
    yield economics.currency
    yield economics.horizon_years
    yield economics.discount_rate
    yield economics.contingency
    yield "any" if policy.manufacturers is None else ", ".join(policy.manufacturers)
    yield policy.offers if isinstance(policy.offers, str) else ", ".join(policy.offers)
    yield ref.scenario
    yield settings(ref)
    yield ref.as_of or "no day: none runs out"
    yield ref.effective_sha256
