"""The bill of materials as a workbook (`bom.xlsx`): a buyer types prices and sees every total move.

Figures that depend on prices or assumptions are formulas with cached values. The same plan gives the same bytes.
"""

from __future__ import annotations

import io
from datetime import datetime

from xlsxwriter import Workbook
from xlsxwriter.format import Format
from xlsxwriter.worksheet import Worksheet

from qplan.assessment.facts import PlanFacts
from qplan.costing.cash_flow import convention
from qplan.costing.cents import Exact
from qplan.costing.cost import contingency, nominal_after, present_value_factor, tco
from qplan.costing.firmness import ILLUSTRATIVE, QUOTED
from qplan.costing.money_text import TO_BE_QUOTED
from qplan.costing.views import SHARING_RULE
from qplan.inventory.model import Inventory
from qplan.outputs.bill.allocation_sheets import allocation_sheet, corridor_sheet
from qplan.outputs.bill.bill_sheet import bill_range, bill_sheet
from qplan.outputs.bill.provenance_sheet import basis_cells, provenance_sheet
from qplan.outputs.bill.sheets import Styles, fit_height, formula, lay_out, make_styles, print_set_up, write
from qplan.outputs.bill.tables import CellTable, corridor_table, link_table, site_table
from qplan.outputs.bill.year_sheet import year_sheet
from qplan.outputs.text import money
from qplan.outputs.text.tables import Cell, one_line
from qplan.outputs.text.verdict import title
from qplan.plan.model import Plan

CREATED = datetime(2000, 1, 1)  # fixed: the same plan gives the same bytes
BOOK_OPTIONS = {
    "in_memory": True,
    "strings_to_formulas": False,
    "strings_to_urls": False,
    "strings_to_numbers": False,
    "nan_inf_to_errors": True,
}
SHEETS = (
    "Summary",
    "BOM",
    "By site",
    "Links",
    "By corridor",
    "Allocation",
    "Costs by year",
    "Assumptions",
    "Provenance",
    "Findings",
)
SITE_WIDTHS = (16, 24, 18, 18, 36, 10, 8, 11, 11, 16, 44)
LINK_WIDTHS = (40, 14, 14, 16, 24, 18, 9, 10, 10, 12, 10, 10, 10, 10, 10, 11, 13, 13)


def workbook_bytes(facts: PlanFacts) -> bytes:
    """The whole workbook."""
    bill, total, economics = facts.bill, facts.costs.total, facts.inventory.economics
    buffer = io.BytesIO()
    with Workbook(buffer, BOOK_OPTIONS) as book:
        book.set_properties({"title": "Bill of materials and costs", "created": CREATED})
        styles = make_styles(book, economics.currency)
        sheets = {name: book.add_worksheet(name) for name in SHEETS}
        _summary(sheets["Summary"], styles, facts)
        bill_sheet(book, sheets["BOM"], styles, facts)
        _plain_table(sheets["By site"], styles, site_table(facts), SITE_WIDTHS)
        _plain_table(sheets["Links"], styles, link_table(facts), LINK_WIDTHS)
        allocation_sheet(sheets["Allocation"], styles, bill)
        corridor_sheet(sheets["By corridor"], styles, corridor_table(facts), bill, economics)
        year_sheet(book, sheets["Costs by year"], styles, economics, total)
        _assumptions(book, sheets["Assumptions"], styles, facts)
        provenance_sheet(sheets["Provenance"], styles, facts)
        _findings(sheets["Findings"], styles, facts)
    return buffer.getvalue()


def _summary(sheet: Worksheet, styles: Styles, facts: PlanFacts) -> None:
    print_set_up(sheet, (40, 24, 70))
    write(sheet, 0, 0, title(facts), styles.title)
    write(sheet, 1, 0, "Bill of materials and costs of a QKD network plan", styles.text)
    missing = [text for text in (money.decided_text(facts), money.unstated_text(facts)) if text]
    if missing:
        said = one_line(" ".join(f"{text[:1].upper()}{text[1:].removesuffix('.')}." for text in missing))
        sheet.merge_range(2, 0, 2, 2, said, styles.warning)
        fit_height(sheet, 2, (said,), (120,))
    figures = [(styles.money, *total) for total in _totals(facts)] + [(styles.share, *part) for part in _shares(facts)]
    for row, (style, name, text, value, note) in enumerate(figures, start=3):
        write(sheet, row, 0, name, styles.text)
        formula(sheet, row, 1, text, style, value)
        write(sheet, row, 2, note, styles.text)
    write(sheet, 10, 0, "Lines to be quoted, not in any total", styles.text)
    count = f'=COUNTIF({bill_range(facts.bill).column("Unit price")},"{TO_BE_QUOTED}")'
    formula(sheet, 10, 1, count, styles.number, facts.lines_to_be_quoted)
    sheet.conditional_format("B11", {"type": "cell", "criteria": ">", "value": 0, "format": styles.to_be_quoted})
    for row, (name, cell) in enumerate(_plan_figures(facts), start=12):
        write(sheet, row, 0, name, styles.text)
        write(sheet, row, 1, cell, styles.text)
    for row, (text, style) in enumerate(_legend(styles), start=18):
        sheet.merge_range(row, 0, row, 2, text, style)


def _totals(facts: PlanFacts) -> tuple[tuple[str, str, Exact | float, str], ...]:
    """Label, formula, its present value and a note."""
    economics, total = facts.inventory.economics, facts.costs.total
    reserve = contingency(economics, total.capex)
    nominal = total.capex + reserve + nominal_after(economics, total, 0)
    one_off, yearly, least = (money.at_least(facts, charge) and ", at least" for charge in ("one-off", "yearly", None))
    return (
        (f"Capex{one_off}", "=capex_total", total.capex, "one-off: sum of the line totals in BOM"),
        (f"Contingency{one_off}", "=capex_total*contingency_share", reserve, "share of capex, see Assumptions"),
        (f"Opex per year{yearly}", "=opex_total", total.opex_per_year, "support, hosting, relay operation and leases"),
        (
            f"Total over the horizon, nominal{least}",
            "=nominal_total",
            nominal,
            "capex, contingency, opex of every year",
        ),
        (f"Total over the horizon, discounted{least}", "=tco_total", tco(economics, total), "TCO, see Costs by year"),
    )


def _shares(facts: PlanFacts) -> tuple[tuple[str, str, float, str], ...]:
    """What part of the total is firm, and what part is a guess: label, formula, its present value and a note."""
    firmness = facts.costs.firmness
    return (
        ("Quoted part of the TCO", _share_of(QUOTED), firmness.quoted, "quotes that hold, in the plan's currency"),
        ("Illustrative part of the TCO", _share_of(ILLUSTRATIVE), firmness.share(ILLUSTRATIVE), "confirmed by no one"),
    )


def _share_of(basis: str) -> str:
    one_off, yearly = basis_cells(basis)
    return f"=IF(tco_total=0,0,({one_off}+{yearly}*annuity)/tco_total)"


def _plan_figures(facts: PlanFacts) -> tuple[tuple[str, Cell], ...]:
    plan, served = facts.plan, len(facts.corridors) - len(facts.unserved)
    return (
        ("QKD nodes", len(plan.nodes)),
        ("of these trusted relays", len(plan.relays)),
        ("QKD links", len(plan.links)),
        ("QKD systems (Tx and Rx pairs)", facts.system_count),
        ("Corridors served", f"{served} of {len(facts.corridors)}"),
    )


def _legend(styles: Styles) -> tuple[tuple[str, Format], ...]:
    return (
        ("How to use this workbook", styles.header),
        ("What is blue in BOM (unit price, support per unit, quote) and Assumptions may be typed over.", styles.text),
        ("A price, a support, a number or a day of a quote that is typed over counts as quoted.", styles.text),
        ("Every total follows; the plan itself does not: it was made with the prices declared.", styles.text),
        ("to be quoted: no price is known, and none is in the totals", styles.to_be_quoted),
        ("illustrative: an order of magnitude that no vendor has confirmed", styles.illustrative),
    )


def _plain_table(sheet: Worksheet, styles: Styles, table: CellTable, widths: tuple[int, ...]) -> None:
    lay_out(sheet, styles, table.header, table.right, widths, max(len(table.rows), 1))
    for row, cells in enumerate(table.rows, start=1):
        fit_height(sheet, row, cells, widths)
        for column, cell in enumerate(cells):
            write(sheet, row, column, cell, styles.text if isinstance(cell, str) else styles.number)


def _findings(sheet: Worksheet, styles: Styles, facts: PlanFacts) -> None:
    """What is unlikely about the inventory and touches the plan."""
    header, widths = ("Rule", "At", "Finding"), (10, 44, 120)
    lay_out(sheet, styles, header, (), widths, max(len(facts.plan.findings), 1))
    for row, finding in enumerate(facts.plan.findings, start=1):
        cells = (finding.code, finding.address, finding.text)
        fit_height(sheet, row, cells, widths)
        for column, cell in enumerate(cells):
            write(sheet, row, column, cell, styles.text)


def _assumptions(book: Workbook, sheet: Worksheet, styles: Styles, facts: PlanFacts) -> None:
    """The inputs of the calculation first, by name, then what the plan was made under."""
    economics = facts.inventory.economics
    text = convention(economics, facts.costs.total)
    widths = (34, 24, 90)
    print_set_up(sheet, widths)
    for column, name in enumerate(("Assumption", "Value", "Meaning")):
        write(sheet, 0, column, name, styles.header)
    inputs = (
        ("Horizon (years)", "horizon_years", economics.horizon_years, styles.number_input, text),
        ("Discount rate per year", "discount_rate", economics.discount_rate, styles.share_input, ""),
        ("Contingency", "contingency_share", economics.contingency, styles.share_input, "share of capex"),
    )
    for row, (label, name, value, style, meaning) in enumerate(inputs, start=1):
        write(sheet, row, 0, label, styles.text)
        write(sheet, row, 1, value, style)
        write(sheet, row, 2, meaning, styles.text)
        fit_height(sheet, row, (label, None, meaning), widths)
        book.define_name(name, f"=Assumptions!$B${row + 1}")
    write(sheet, 4, 0, "Annuity factor", styles.text)
    closed_form = "=IF(discount_rate=0,horizon_years,(1-(1+discount_rate)^-horizon_years)/discount_rate)"
    formula(sheet, 4, 1, closed_form, styles.factor, present_value_factor(economics))
    write(sheet, 4, 2, "present value of 1 per year over the horizon", styles.text)
    book.define_name("annuity", "=Assumptions!$B$5")
    for row, (label, cell, meaning) in enumerate(_basis(facts.inventory, facts.plan), start=6):
        write(sheet, row, 0, label, styles.text)
        write(sheet, row, 1, cell, styles.text if isinstance(cell, str) else styles.number)
        write(sheet, row, 2, meaning, styles.text)
        fit_height(sheet, row, (label, cell, meaning), widths)


def _basis(inventory: Inventory, plan: Plan) -> tuple[tuple[str, Cell, str], ...]:
    return (
        ("Currency", inventory.economics.currency, "without tax; every amount of the workbook"),
        ("Shares of corridors", "equal parts", SHARING_RULE),
        ("Key-rate reserve", inventory.policy.key_rate_reserve, "share of every link's rate kept for authentication"),
        ("Loss margin (dB)", inventory.policy.loss_margin_db, "added once to every QKD link"),
        ("Objective", plan.objective.name, "what the plan is the least of"),
        ("Plan", plan.status, "optimal: proven within the gap asked for; feasible: the best plan found"),
        ("Scenario", plan.inventory.scenario, ""),
        ("Inventory", plan.inventory.name, f"sha256 of the effective inventory: {plan.inventory.effective_sha256}"),
        ("qplan", plan.qplan_version, ""),
    )
