"""The bill of materials as a workbook (`bom.xlsx`): a buyer types prices and sees every total move.

Figures that depend on prices or assumptions are formulas with cached values. The same plan gives the same bytes.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

from xlsxwriter.worksheet import Worksheet

from qplan.assessment.facts import PlanFacts
from qplan.outputs.bill import assumptions_sheet as assumptions
from qplan.outputs.bill import offers_sheet as offers
from qplan.outputs.bill import provenance_sheet as provenance
from qplan.outputs.bill import sensitivity_sheets as sensitivity
from qplan.outputs.bill import summary_sheet as summary
from qplan.outputs.bill import year_sheet as years
from qplan.outputs.bill.allocation_sheets import MOST_PARTS, allocation_sheet, corridor_sheet, has_allocation
from qplan.outputs.bill.bill_columns import SHEET as BILL
from qplan.outputs.bill.bill_sheet import bill_sheet
from qplan.outputs.bill.books import made_book
from qplan.outputs.bill.fibre_orders import FIBRE_ORDER_HEADER, fibre_order_table, fibre_orders
from qplan.outputs.bill.schedule import SCHEDULE_HEADER, link_schedule, schedule_table
from qplan.outputs.bill.sheets import Styles, plain_table
from qplan.outputs.bill.tables import BUDGET_PARTS, LINK_HEADER, CellTable, link_table, site_table

SITE_WIDTHS = (16, 24, 18, 18, 36, 10, 8, 11, 11, 16, 44)
SCHEDULE_WIDTHS = (42, 14, 24, 34, 9, 14, 24, 34, 9, 18, 16, 26, 18, 8, 8, 13, 9, 10, 9, 9, 14)
SCHEDULE_BREAKS = (SCHEDULE_HEADER.index("System"),)
ORDER_WIDTHS = (20, 14, 24, 34, 14, 24, 34, 12, 20, 18, 16, 10, 9, 10, 9, 13, 9, 12)
ORDER_BREAKS = (FIBRE_ORDER_HEADER.index("Fibre type"),)
LINK_WIDTHS = (42, 14, 14, 18, 30, 22, 9, 10, 10, 12, 10, 10, 10, 10, 10, 11, 13, 13)
LINK_BREAKS = (LINK_HEADER.index(BUDGET_PARTS[0]),)
FINDINGS_WIDTHS = (10, 44, 120)


Fill = Callable[[Worksheet, Styles, PlanFacts], None]


def workbook_bytes(facts: PlanFacts) -> bytes:
    """The whole workbook; what has no row to show has no sheet."""
    with made_book("Bill of materials and costs", facts.inventory.economics.currency) as (book, styles, data):
        planned = tuple(_sheets(facts))
        contents = {name: holds for name, holds, _ in planned}
        summary.summary_sheet(book.add_worksheet(summary.SHEET), styles, facts, contents)
        for name, _, fill in planned:
            fill(book.add_worksheet(name), styles, facts)
    return data.getvalue()


def _sheets(facts: PlanFacts) -> Iterator[tuple[str, str, Fill]]:
    """All but the first, in order: name, what it holds, and who fills it."""
    yield BILL, "every position: what is bought, ordered and rented; prices and quotes to type", bill_sheet
    if facts.installations:
        yield "By site", "what is mounted at which site", _sites
    if facts.links:
        yield "Link schedule", "every QKD link: ends, addresses, route, what a pair must give at which loss", _schedule
        yield "Fibre orders", "strands to order: ends, km, ducts, lessor, loss", _fibre_orders
        yield "Link budgets", "what the loss of every QKD link is made of, and what is left", _link_budgets
    if has_allocation(facts):
        yield "By corridor", "what every corridor costs", corridor_sheet
        yield "Allocation", "which part of every line each corridor bears", allocation_sheet
    else:
        what = (
            f"what every corridor costs at the plan's prices: its parts of lines, more than {MOST_PARTS}, have no sheet"
        )
        yield "By corridor", what, corridor_sheet
    yield years.SHEET, "cash flow, nominal and discounted", years.year_sheet
    if facts.inventory.offers:
        yield offers.SHEET, "every offer: terms, validity, and what the plan takes of it", offers.offers_sheet
    yield sensitivity.SHEET, f"what moves the TCO, {sensitivity.HELD}; spreads to type", sensitivity.held_sheet
    what = "horizon, rates, growth and the day of judgement to type; what the plan was made under"
    yield assumptions.SHEET, what, assumptions.assumptions_sheet
    yield provenance.SHEET, "how much of the money rests on what", provenance.provenance_sheet
    yield "Sources", "where the figures of every product come from", provenance.sources_sheet
    if facts.plan.findings:
        yield "Findings", "what is unlikely about the inventory and touches the plan", _findings


def _sites(sheet: Worksheet, styles: Styles, facts: PlanFacts) -> None:
    plain_table(sheet, styles, site_table(facts), SITE_WIDTHS)


def _schedule(sheet: Worksheet, styles: Styles, facts: PlanFacts) -> None:
    plain_table(sheet, styles, schedule_table(link_schedule(facts)), SCHEDULE_WIDTHS, SCHEDULE_BREAKS)


def _fibre_orders(sheet: Worksheet, styles: Styles, facts: PlanFacts) -> None:
    plain_table(sheet, styles, fibre_order_table(fibre_orders(facts)), ORDER_WIDTHS, ORDER_BREAKS)


def _link_budgets(sheet: Worksheet, styles: Styles, facts: PlanFacts) -> None:
    plain_table(sheet, styles, link_table(facts), LINK_WIDTHS, LINK_BREAKS)


def _findings(sheet: Worksheet, styles: Styles, facts: PlanFacts) -> None:
    rows = tuple((finding.code, finding.address, finding.text) for finding in facts.plan.findings)
    plain_table(sheet, styles, CellTable(("Rule", "At", "Finding"), rows, ()), FINDINGS_WIDTHS)
