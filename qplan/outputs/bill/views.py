"""The bill in groups, for a terminal, as Markdown, CSV and workbook."""

from __future__ import annotations

from collections.abc import Iterator

from qplan.assessment.facts import PlanFacts
from qplan.costing.bill import BillLine, Category, Charge
from qplan.costing.cents import cents
from qplan.costing.firmness import price_basis
from qplan.costing.groups import BillView, By, Entry, Group, Money
from qplan.costing.money_text import TO_BE_QUOTED, plain_money, plain_price, some_money, thousands
from qplan.costing.views import MODULES
from qplan.inventory.commercial import Offer
from qplan.inventory.source.messages import counted
from qplan.outputs.bill.tables import BILL_FIGURES, BILL_HEADER, CellTable, bill_row
from qplan.outputs.text.head import Head, buyer_figures, buyer_warnings, head_markdown, head_text
from qplan.outputs.text.tables import (
    UNLIMITED,
    csv_text,
    drop_columns,
    escape_markdown,
    format_number,
    isolated,
    markdown_table,
    one_line,
    shortened,
)
from qplan.outputs.text.verdict import title

COLUMN: dict[By, str] = {"site": "Site", "link": "QKD link", "corridor": "Corridor", "supplier": "Sold by"}
"""What the groups of a view are, where no column of the bill says so already."""
UNGROUPED: dict[By, str] = {
    "site": "at no site",
    "link": "on no single link",
    "corridor": "for no corridor",
    "supplier": "seller not stated",
}
"""What the last group is called."""
REFRESH, TCO, STANDS = "Refresh over the horizon", "TCO", "Stands here"
SUMMED = ("Line total", "Support per year", REFRESH, TCO)
SHOWN = ("Line", "Description", "Quantity", "Unit", "Unit price", "One-off", "Per year", "Refresh", "TCO", "Provenance")
DROPPED = ("Unit", "Refresh", "Provenance", "Description", "Unit price")
"""Columns that give way in a narrow window, in turn."""
SHOWN_FIGURES = ("Quantity", "Unit price", "One-off", "Per year", "Refresh", "TCO")
DESCRIPTION_CHARACTERS = 34
HALVES = {
    "site": "Half of a pair and of a strand stands at either end.",
    "corridor": "What several corridors use they bear in equal parts.",
    "link": "What serves whole nodes or the whole plan is on no single link.",
}


def view_table(facts: PlanFacts, view: BillView) -> CellTable:
    """Every line of every group, with the columns of the bill, its refresh, and its part of the TCO."""
    group = (COLUMN[view.by],) if view.by in COLUMN else ()
    stands = (STANDS,) if view.by == "site" else ()
    rows = []
    for each in view.groups:
        for entry in each.entries:
            cells = [*bill_row(entry.line), entry.money.refresh, entry.money.tco]
            cells += [_stands(facts, view, each, entry.line)] if stands else []
            rows.append((*((each.id,) if group else ()), *cells))
    return CellTable((*group, *BILL_HEADER, REFRESH, TCO, *stands), tuple(rows), (*BILL_FIGURES, REFRESH, TCO))


def _stands(facts: PlanFacts, view: BillView, group: Group, line: BillLine) -> str:
    """`Tx to dc-east, 2 Rx from co-south`: which side of the systems of a line stands at a site."""
    if view.by != "site" or line.category is not Category.QKD_SYSTEM:
        return ""
    on = {link for link, _ in line.on_links}
    sides = []
    for one in facts.installations:
        if one.site == group.id and one.key == line.key and one.link in on:
            count = f"{one.quantity} " if one.quantity > 1 else ""
            sides.append(f"{count}{'Tx to' if one.what == MODULES[0] else 'Rx from'} {one.far_end}")
    return ", ".join(sides)


def view_csv(facts: PlanFacts, view: BillView) -> str:
    """One line each, without sums."""
    table = view_table(facts, view)
    return csv_text(table.header, table.rows)


def view_text(facts: PlanFacts, view: BillView, window: int | None = None) -> str:
    """What is quoted, what it costs, then the lines with a sum under every group."""
    table = "\n".join(_lines(facts, view, window))
    return head_text(head(facts, view)) + "\n".join([table, "", *notes(facts, view), ""])


def view_markdown(facts: PlanFacts, view: BillView) -> str:
    """The same, with a table for every group."""
    blocks = [head_markdown(head(facts, view)).rstrip()]
    for group in view.groups:
        name = heading(facts, view, group)
        blocks += [f"**{escape_markdown(name)}**"] if name else []
        blocks.append(markdown_table(SHOWN, _group_rows(facts, view, group, UNLIMITED), SHOWN_FIGURES).rstrip())
    blocks.append(markdown_table(SHOWN, [_total_row(facts, view)], SHOWN_FIGURES).rstrip())
    return "\n\n".join([*blocks, *map(escape_markdown, notes(facts, view))]) + "\n"


def head(facts: PlanFacts, view: BillView) -> Head:
    """What stands above the lines."""
    return Head(f"{title(facts)}: bill of materials by {view.by}", buyer_warnings(facts), buyer_figures(facts))


def notes(facts: PlanFacts, view: BillView) -> Iterator[str]:
    """What stands below them."""
    economics = facts.inventory.economics
    reserve = " with its contingency" if economics.contingency else ""
    yield f"Amounts in {economics.currency}, without tax. TCO is a line's part of the whole, discounted{reserve}."
    for currency in sorted({offer.currency or economics.currency for offer in _offers(facts)} - {economics.currency}):
        rate = f"1 {currency} = {format_number(economics.exchange_rates[currency])} {economics.currency}"
        yield f"What is offered in {currency} is converted at {rate}; only totals are rounded."
    if any(map(_moved_by_rounding, facts.bill)):
        yield "Lines are rounded so that they add up: one may be a cent off its quantity times its unit price."
    if view.by in HALVES:
        yield HALVES[view.by]


def _offers(facts: PlanFacts) -> Iterator[Offer]:
    """Those that lines of the bill are on."""
    return (facts.inventory.offers[line.offer] for line in facts.bill if line.offer)


def _moved_by_rounding(line: BillLine) -> bool:
    """Whether an amount is not what it is alone to the cent."""
    return line.support_per_year != cents(line.yearly) or line.line_total not in (None, cents(line.one_off))


def _lines(facts: PlanFacts, view: BillView, window: int | None) -> Iterator[str]:
    """One table, so that all groups have the same columns."""
    rows: list[tuple[str, ...]] = []
    before: dict[int, str] = {}
    for group in view.groups:
        before[len(rows)] = heading(facts, view, group)
        rows += _group_rows(facts, view, group, UNLIMITED if window is None else DESCRIPTION_CHARACTERS)
    before[len(rows)] = ""
    rows.append(_total_row(facts, view))
    shown = drop_columns(SHOWN, rows, SHOWN_FIGURES, DROPPED, window).splitlines()
    yield from shown[:2]
    for number, line in enumerate(shown[2:]):
        if number in before and (number or before[number]):
            yield ""
        if before.get(number):
            yield one_line(before[number])
        yield line


def heading(facts: PlanFacts, view: BillView, group: Group) -> str:
    """What a group is called; nothing where there is but one."""
    if view.by == "part":
        return ""
    name = facts.inventory.sites[group.id].name if view.by == "site" and group.id else None
    return f"{group.id} ({isolated(name)})" if name else group.id or UNGROUPED[view.by]


def _group_rows(facts: PlanFacts, view: BillView, group: Group, characters: int) -> list[tuple[str, ...]]:
    """Its lines, and their sum where there are other groups; descriptions cut to so many characters."""
    rows = [_row(entry, _stands(facts, view, group, entry.line), characters) for entry in group.entries]
    return rows if view.by == "part" else [*rows, _sum_row("Sum", group.to_be_quoted, group.money)]


def _row(entry: Entry, stands: str, characters: int) -> tuple[str, ...]:
    line, paid = entry.line, entry.money
    again = line.category is Category.REFRESH
    return (
        one_line(line.address),
        shortened(one_line(stands or line.description), characters),
        thousands(format_number(line.quantity)),
        one_line(line.unit),
        TO_BE_QUOTED if line.unit_price is None else plain_price(line.unit_price),
        _one_off(line, paid),
        some_money(paid.opex_per_year),
        TO_BE_QUOTED if line.to_be_quoted and again else some_money(paid.refresh),
        some_money(paid.tco),
        price_basis(line),
    )


def _one_off(line: BillLine, paid: Money) -> str:
    if line.category.charge is not Charge.ONE_OFF:
        return ""
    return TO_BE_QUOTED if line.to_be_quoted else plain_money(paid.capex)


def _total_row(facts: PlanFacts, view: BillView) -> tuple[str, ...]:
    """A line that stands in several groups is one."""
    return _sum_row("Total", facts.lines_to_be_quoted, view.money)


def _sum_row(name: str, unpriced: int, paid: Money) -> tuple[str, ...]:
    open_lines = f"{counted(unpriced, 'line')} {TO_BE_QUOTED}" if unpriced else ""
    amounts = (paid.capex, paid.opex_per_year, paid.refresh, paid.tco)
    return (name, open_lines, "", "", "", *map(plain_money, amounts), "")
