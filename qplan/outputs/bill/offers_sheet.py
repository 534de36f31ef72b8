"""The sheet with every offer of the inventory: who asks how much on which terms, and what the plan takes of it."""

from __future__ import annotations

from datetime import date

from xlsxwriter.worksheet import Worksheet

from qplan.assessment.facts import PlanFacts
from qplan.costing.bill_products import runs_out_before
from qplan.costing.firmness import QUOTED, judge
from qplan.inventory.commercial import Offer, Sla
from qplan.outputs.bill.sheets import Styles, fit_height, formula, lay_out, write
from qplan.outputs.text import wording
from qplan.outputs.text.tables import Cell, format_number

SHEET = "Offers"
HEADER = (
    "Offer",
    "For",
    "Supplier",
    "Kind",
    "List price",
    "Discount",
    "Tiers",
    "Set-up fee",
    "Fee per month",
    "Term (months)",
    "Support per year",
    "Currency",
    "In the plan",
    "Paid",
    "Quote ref",
    "Quoted",
    "Valid until",
    "Firm",
    "Lead time (weeks)",
    "Warranty (months)",
    "Includes",
    "Spares",
    "SLA",
    "Provenance",
)
FIGURES = (
    *("List price", "Discount", "Set-up fee", "Fee per month", "Term (months)", "Support per year"),
    *("In the plan", "Paid", "Lead time (weeks)", "Warranty (months)"),
)
WIDTHS = (16, 27, 17, 11, 12, 10, 24, 11, 11, 10, 12, 10, 9, 8, 18, 12, 12, 18, 10, 11, 22, 28, 40, 14)
BREAKS = (HEADER.index("Quote ref"),)
DAYS = ("Quoted", "Valid until")


def offers_sheet(sheet: Worksheet, styles: Styles, facts: PlanFacts) -> None:
    """Amounts are those of the offers, in their own currency; what is firm follows the day in Assumptions."""
    offers = sorted(facts.inventory.offers.items())
    lay_out(sheet, styles, HEADER, FIGURES, WIDTHS, max(len(offers), 1), BREAKS)
    currency = facts.inventory.economics.currency
    bought = {offer.id: (offer.units, offer.paid) for offer in facts.plan.offers}
    until = "ABCDEFGHIJKLMNOPQRSTUVWX"[HEADER.index("Valid until")]
    for row, (name, offer) in enumerate(offers, start=1):
        cells = _cells(name, offer, currency, *bought.get(name, (0, 0)))
        for column, (label, cell) in enumerate(zip(HEADER, cells, strict=True)):
            figure = styles.stated_share if label == "Discount" else styles.number
            style = styles.text if isinstance(cell, str) else figure
            if label in DAYS and isinstance(cell, str):
                sheet.write_datetime(row, column, date.fromisoformat(cell), styles.date)
            else:
                write(sheet, row, column, cell, style)
        day = f"{until}{row + 1}"
        foreign = offer.currency not in (None, currency)
        expired, holds = (_firm(judge(offer.provenance, out, foreign)) for out in (True, False))
        text = f'=IF(AND(ISNUMBER({day}),ISNUMBER(as_of)),IF({day}<as_of,"{expired}","{holds}"),"{holds}")'
        run_out = runs_out_before(offer.valid_until or "", facts.plan.inventory.as_of)
        formula(sheet, row, HEADER.index("Firm"), text, styles.text, expired if run_out else holds)
        fit_height(sheet, row, cells, WIDTHS)


def _cells(name: str, offer: Offer, currency: str, units: int, paid: int) -> tuple[Cell, ...]:
    purchase = offer.kind == "purchase"
    return (
        name,
        offer.product,
        offer.supplier,
        offer.kind,
        offer.list_price,
        offer.discount if purchase else None,
        ", ".join(f"from {tier.at_least}: {wording.stated_percent(tier.discount)}" for tier in offer.tiers),
        None if purchase else offer.setup_fee,
        offer.fee_per_month,
        offer.term_months,
        offer.support_per_year,
        offer.currency or currency,
        units,
        paid,
        offer.quote_ref,
        offer.quoted,
        offer.valid_until,
        None,
        offer.lead_time_weeks,
        offer.warranty_months,
        ", ".join(offer.includes),
        None if offer.spares is None else str(offer.spares),
        "" if offer.sla is None else _promised(offer.sla),
        offer.provenance,
    )


def _promised(sla: Sla) -> str:
    parts = (
        (sla.availability, "available {}"),
        (sla.key_rate_bps, "{} bit/s per system"),
        (sla.restoration_h, "restored within {} h"),
    )
    return ", ".join(words.format(format_number(value)) for value, words in parts if value is not None)


def _firm(basis: str) -> str:
    """`yes`, or what it is instead."""
    return "yes" if basis == QUOTED else f"no: {basis}"
