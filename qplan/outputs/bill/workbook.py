"""The bill of materials as a workbook (`bom.xlsx`): a buyer types prices and sees every total move.

Figures that depend on prices or assumptions are formulas with cached values. The same plan gives the same bytes.
"""

from __future__ import annotations

import io
from collections.abc import Iterable
from datetime import datetime

from xlsxwriter import Workbook
from xlsxwriter.worksheet import Worksheet

from qplan.costing.bill import BillLine, bill_of_materials, bill_total
from qplan.costing.cash_flow import CONVENTION
from qplan.costing.unit_costs import Cost, contingency, present_value_factor, tco
from qplan.costing.views import SHARING_RULE, by_corridor, by_site
from qplan.inventory.model import Inventory, Item, QkdSystem
from qplan.outputs.bill.bill_sheets import BillRange, allocation_sheet, bill_range, bill_sheet, corridor_sheet
from qplan.outputs.bill.sheets import Styles, fit_height, formula, lay_out, make_styles, print_set_up, write
from qplan.outputs.bill.tables import SITE_HEADER, CellTable, bill_table, corridor_table, site_table
from qplan.outputs.bill.year_sheet import year_sheet
from qplan.outputs.text.tables import TO_BE_QUOTED, Cell
from qplan.plan.model import Plan

CREATED = datetime(2000, 1, 1)  # fixed: the same plan gives the same bytes
SHEETS = (
    "Summary",
    "BOM",
    "By site",
    "By corridor",
    "Allocation",
    "Costs by year",
    "Assumptions",
    "Provenance",
)
PROVENANCES = ("datasheet", "quote", "measured", "paper", "derived", "illustrative", "inventory", "not stated")


def workbook_bytes(inventory: Inventory, plan: Plan) -> bytes:
    """The whole workbook; the inventory must be the plan's own."""
    bill = bill_of_materials(inventory, plan)
    total = bill_total(bill)
    corridors = corridor_table(inventory, plan, by_corridor(inventory, plan, bill))
    buffer = io.BytesIO()
    options = {
        "in_memory": True,
        "strings_to_formulas": False,
        "strings_to_urls": False,
        "strings_to_numbers": False,
        "nan_inf_to_errors": True,
    }
    with Workbook(buffer, options) as book:
        book.set_properties({"title": "Bill of materials and costs", "created": CREATED})
        styles = make_styles(book, inventory.economics.currency)
        sheets = {name: book.add_worksheet(name) for name in SHEETS}
        _summary(sheets["Summary"], styles, inventory, plan, bill, total)
        bill_sheet(book, sheets["BOM"], styles, bill, bill_table(bill), total)
        _plain_table(sheets["By site"], styles, site_table(inventory, by_site(inventory, plan)))
        allocation_sheet(sheets["Allocation"], styles, bill)
        corridor_sheet(sheets["By corridor"], styles, corridors, bill, inventory.economics)
        year_sheet(book, sheets["Costs by year"], styles, inventory.economics, total)
        _assumptions(book, sheets["Assumptions"], styles, inventory, plan)
        _provenance(sheets["Provenance"], styles, inventory, bill, total)
    return buffer.getvalue()


def _summary(
    sheet: Worksheet, styles: Styles, inventory: Inventory, plan: Plan, bill: tuple[BillLine, ...], total: Cost
) -> None:
    economics, rows = inventory.economics, bill_range(bill)
    print_set_up(sheet, (40, 24, 70))
    write(sheet, 0, 0, inventory.metadata.name or plan.inventory.name, styles.title)
    write(sheet, 1, 0, "Bill of materials and costs of a QKD network plan", styles.text)
    reserve = contingency(economics, total.capex)
    nominal = total.capex + reserve + total.opex_per_year * economics.horizon_years
    figures = (
        ("Capex", "=capex_total", total.capex, "one-off: sum of the line totals in BOM"),
        ("Contingency", "=capex_total*contingency_share", reserve, "share of capex, see Assumptions"),
        ("Opex per year", "=opex_total", total.opex_per_year, "support, hosting, relay operation and leases"),
        ("Total over the horizon, nominal", "=nominal_total", nominal, "capex, contingency and opex of every year"),
        ("Total over the horizon, discounted", "=tco_total", tco(economics, total), "TCO, see Costs by year"),
        ("Illustrative part of capex", *_illustrative(rows, bill), "prices that no vendor has confirmed"),
    )
    for row, (name, text, value, note) in enumerate(figures, start=3):
        write(sheet, row, 0, name, styles.text)
        formula(sheet, row, 1, text, styles.money, value)
        write(sheet, row, 2, note, styles.text)
    write(sheet, 9, 0, "Lines to be quoted, not in any total", styles.text)
    count = sum(line.to_be_quoted for line in bill)
    formula(sheet, 9, 1, f'=COUNTIF({rows.column("H")},"{TO_BE_QUOTED}")', styles.number, count)
    sheet.conditional_format("B10", {"type": "cell", "criteria": ">", "value": 0, "format": styles.to_be_quoted})
    for row, (name, cell) in enumerate(_plan_figures(plan), start=11):
        write(sheet, row, 0, name, styles.text)
        write(sheet, row, 1, cell, styles.text)
    for row, (text, style) in enumerate(_legend(styles), start=17):
        sheet.merge_range(row, 0, row, 2, text, style)


def _illustrative(rows: BillRange, bill: tuple[BillLine, ...]) -> tuple[str, float]:
    amount = bill_total(line for line in bill if line.provenance == "illustrative").capex
    return f'=SUMIF({rows.column("O")},"illustrative",{rows.column("J")})', float(amount)


def _plan_figures(plan: Plan) -> tuple[tuple[str, Cell], ...]:
    served = sum(corridor.served for corridor in plan.corridors)
    return (
        ("QKD nodes", len(plan.nodes)),
        ("of these trusted relays", len(plan.relays)),
        ("QKD links", len(plan.links)),
        ("QKD systems (Tx and Rx pairs)", sum(link.count for link in plan.links)),
        ("Corridors served", f"{served} of {len(plan.corridors)}"),
    )


def _legend(styles: Styles) -> tuple[tuple[str, object], ...]:
    return (
        ("How to use this workbook", styles.header),
        ("Blue figures in BOM (unit price, support per unit) and in Assumptions may be typed over.", styles.text),
        ("Every total follows; the plan itself does not: it was made with the prices declared.", styles.text),
        ("to be quoted: no price is known, and none is in the totals", styles.to_be_quoted),
        ("illustrative: an order of magnitude that no vendor has confirmed", styles.illustrative),
    )


def _plain_table(sheet: Worksheet, styles: Styles, table: CellTable) -> None:
    widths = (16, 24, 18, 18, 36, 10, 11, 11, 16, 44)
    lay_out(sheet, styles, SITE_HEADER, table.right, widths, max(len(table.rows), 1))
    for row, cells in enumerate(table.rows, start=1):
        fit_height(sheet, row, cells, widths)
        for column, cell in enumerate(cells):
            write(sheet, row, column, cell, styles.text if isinstance(cell, str) else styles.number)


def _assumptions(book: Workbook, sheet: Worksheet, styles: Styles, inventory: Inventory, plan: Plan) -> None:
    """The inputs of the calculation first, by name, then what the plan was made under."""
    economics = inventory.economics
    widths = (34, 24, 90)
    print_set_up(sheet, widths)
    for column, name in enumerate(("Assumption", "Value", "Meaning")):
        write(sheet, 0, column, name, styles.header)
    inputs = (
        ("Horizon (years)", "horizon_years", economics.horizon_years, styles.number_input, CONVENTION),
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
    for row, (label, cell, meaning) in enumerate(_basis(inventory, plan), start=6):
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


def _provenance(
    sheet: Worksheet, styles: Styles, inventory: Inventory, bill: tuple[BillLine, ...], total: Cost
) -> None:
    """How much of the money rests on which kind of price, then where the figures of every product come from."""
    rows = bill_range(bill)
    header, widths = ("Provenance of the price", "Lines", "One-off", "Per year"), (28, 20, 24, 24, 90)
    lay_out(sheet, styles, header, header[1:], widths, len(PROVENANCES))
    for row, word in enumerate(PROVENANCES, start=1):
        lines = [line for line in bill if line.provenance == word]
        money = bill_total(lines)
        key = f"{rows.column('O')},A{row + 1}"
        write(sheet, row, 0, word, styles.text)
        formula(sheet, row, 1, f"=COUNTIF({key})", styles.number, len(lines))
        formula(sheet, row, 2, f"=SUMIF({key},{rows.column('J')})", styles.money, money.capex)
        formula(sheet, row, 3, f"=SUMIF({key},{rows.column('K')})", styles.money, money.opex_per_year)
    for column, name in enumerate(("Product", "Part number", "Field", "Provenance", "Source")):
        write(sheet, 11, column, name, styles.header)
    for row, cells in enumerate(_sources(inventory, bill), start=12):
        fit_height(sheet, row, cells, widths)
        for column, cell in enumerate(cells):
            write(sheet, row, column, cell, styles.text)


def _sources(inventory: Inventory, bill: Iterable[BillLine]) -> Iterable[tuple[str | None, ...]]:
    """One row for every product of the bill, or for every field where provenance is stated by field."""
    catalogue: dict[str, dict[str, QkdSystem | Item]] = {
        "QKD system": inventory.equipment.qkd_systems,
        "node equipment": inventory.equipment.node_items,
        "relay equipment": inventory.equipment.relay_items,
    }
    for line in bill:
        product = catalogue.get(line.category, {}).get(line.key)
        if product is None:
            continue
        stated = product.provenance
        fields = {"every field": stated} if isinstance(stated, str) else dict(sorted(stated.items()))
        for field, word in fields.items():
            yield line.key, line.part_number, field, word, product.source
