"""The bill and its views as tables: a header and rows of typed cells, for CSV, Markdown, terminal and workbook."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import astuple, dataclass

from qplan.assessment.facts import PlanFacts
from qplan.costing.bill import BillLine, Charge
from qplan.costing.cents import unpadded
from qplan.costing.firmness import price_basis, support_basis
from qplan.costing.money_text import TO_BE_QUOTED
from qplan.costing.views import MODULES
from qplan.outputs.text.tables import Cell, csv_text


@dataclass(frozen=True)
class CellTable:
    header: tuple[str, ...]
    rows: tuple[tuple[Cell, ...], ...]
    right: tuple[str, ...]
    """Columns of figures, aligned to the right."""


BILL_HEADER = (
    "Line",
    "Part number",
    "Manufacturer",
    "Description",
    "Category",
    "Quantity",
    "Unit",
    "Unit price",
    "Currency",
    "Line total",
    "Support per year",
    "Lead time (weeks)",
    "Quote ref",
    "Quote valid until",
    "Provenance",
    "Sites",
    "Charge",
    "Term (months)",
    "Supplier",
    "Offer",
    "Support provenance",
)
BILL_FIGURES = ("Quantity", "Unit price", "Line total", "Support per year", "Lead time (weeks)", "Term (months)")


def bill_table(bill: Iterable[BillLine]) -> CellTable:
    """The bill, or its view by part. A recurring line has its unit price per year and its money under support."""
    return CellTable(BILL_HEADER, tuple(bill_row(line) for line in bill), BILL_FIGURES)


def bill_row(line: BillLine) -> tuple[Cell, ...]:
    """The cells under `BILL_HEADER`."""
    return (
        line.address,
        line.part_number,
        line.manufacturer,
        line.description,
        line.category.value,
        line.quantity,
        line.unit,
        TO_BE_QUOTED if line.unit_price is None else unpadded(line.unit_price),
        line.currency,
        TO_BE_QUOTED if line.to_be_quoted and line.category.charge is Charge.ONE_OFF else line.line_total,
        line.support_per_year if line.support_per_year or not line.to_be_quoted else None,
        line.lead_time_weeks,
        line.quote_ref,
        line.quote_valid_until,
        price_basis(line),
        ", ".join(line.sites),
        line.category.charge.value,
        line.term_months,
        line.supplier,
        line.offer,
        support_basis(line),
    )


def bill_csv(facts: PlanFacts) -> str:
    """`bom.csv`."""
    table = bill_table(facts.bill)
    return csv_text(table.header, table.rows)


SITE_HEADER = (
    "Site",
    "Name",
    "What",
    "Part number",
    "Description",
    "Quantity",
    "Pairs",
    "Rack units",
    "Power (W)",
    "Far end",
    "QKD link",
)


def site_table(facts: PlanFacts) -> CellTable:
    """What is to be mounted at which site; a pair, bought as one, is counted where its transmitter stands."""
    rows = tuple(
        (
            one.site,
            facts.inventory.sites[one.site].name,
            one.what,
            one.part_number,
            one.description,
            one.quantity,
            one.quantity if one.what == MODULES[0] else None,
            one.rack_units,
            one.power_w,
            one.far_end,
            one.link,
        )
        for one in facts.installations
    )
    return CellTable(SITE_HEADER, rows, ("Quantity", "Pairs", "Rack units", "Power (W)"))


BUDGET_PARTS = ("Fibre (dB)", "Connectors (dB)", "Splices (dB)", "Patching (dB)", "Margin (dB)")
LINK_FIGURES = (
    "Systems",
    "Length (km)",
    *BUDGET_PARTS,
    "Loss (dB)",
    "Limit (dB)",
    "Headroom (dB)",
    "Key rate (bit/s)",
    "Reserved (bit/s)",
)
LINK_HEADER = ("QKD link", "First end", "Second end", "System", "Fibres", "Patched through", *LINK_FIGURES)


def link_table(facts: PlanFacts) -> CellTable:
    """What the loss of every QKD link is made of, what is left of it, and what it carries."""
    rows = []
    for entry in facts.links:
        link, parts = entry.link, (None,) * len(BUDGET_PARTS) if entry.budget is None else astuple(entry.budget)
        names = (link.id, *link.ends, link.system, ", ".join(link.fibres), ", ".join(link.bypass_sites))
        losses = (*parts, link.loss_db, entry.limit_db, math.floor(entry.headroom_db * 1000 + 1e-6) / 1000)
        rows.append((*names, link.count, entry.length_km, *losses, link.capacity_bps, link.load_bps))
    return CellTable(LINK_HEADER, tuple(rows), LINK_FIGURES)


CORRIDOR_HEADER = (
    "Corridor",
    "First end",
    "Second end",
    "Key rate (bit/s)",
    "Capex",
    "Contingency",
    "Opex of year 1",
    "TCO",
    "Lines to be quoted",
)


def corridor_table(facts: PlanFacts) -> CellTable:
    """What every corridor costs; a row without a name is for what no corridor uses."""
    corridors = facts.inventory.corridors
    demand = {corridor.id: corridor.demand_bps for corridor in facts.corridors}
    rows = tuple(
        (
            share.corridor,
            *(corridors[share.corridor].ends if share.corridor else ("", "")),
            demand.get(share.corridor),
            share.capex,
            share.contingency,
            share.opex_per_year,
            share.tco,
            share.to_be_quoted,
        )
        for share in facts.costs.shares
    )
    return CellTable(CORRIDOR_HEADER, rows, CORRIDOR_HEADER[3:])
