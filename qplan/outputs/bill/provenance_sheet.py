"""The sheet on what the money rests on, and where the figures of every product come from."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from fractions import Fraction

from xlsxwriter.worksheet import Worksheet

from qplan.assessment.facts import PlanFacts
from qplan.costing.bill import BillLine, Charge
from qplan.costing.firmness import EXPIRED, FOREIGN, QUOTED, price_basis, yearly_basis
from qplan.inventory.model import Inventory, Item, QkdSystem
from qplan.outputs.bill.bill_sheet import bill_range
from qplan.outputs.bill.sheets import Styles, fit_height, formula, lay_out, write

BASES = (
    QUOTED,
    EXPIRED,
    FOREIGN,
    "datasheet",
    "measured",
    "paper",
    "derived",
    "illustrative",
    "inventory",
    "not stated",
)
HEADER = ("What amounts rest on", "Prices", "One-off", "Per year")
WIDTHS = (28, 20, 24, 24, 90)
SOURCES_ROW = len(BASES) + 3


def provenance_sheet(sheet: Worksheet, styles: Styles, facts: PlanFacts) -> None:
    """How much of the money rests on what, prices and support apart; then the sources."""
    rows = bill_range(facts.bill)
    provenance, support, charge = (rows.column(name) for name in ("Provenance", "Support provenance", "Charge"))
    one_off, yearly = rows.column("Line total"), rows.column("Support per year")
    lay_out(sheet, styles, HEADER, HEADER[1:], WIDTHS, len(BASES))
    for row, basis in enumerate(BASES, start=1):
        key = f"A{row + 1}"
        per_year = f'=SUMIF({support},{key},{yearly})+SUMIFS({yearly},{provenance},{key},{charge},"{Charge.YEARLY}")'
        lines, capex, opex = amounts(facts, basis)
        write(sheet, row, 0, basis, styles.text)
        formula(sheet, row, 1, f"=COUNTIF({provenance},{key})", styles.number, lines)
        formula(sheet, row, 2, f"=SUMIF({provenance},{key},{one_off})", styles.money, capex)
        formula(sheet, row, 3, per_year, styles.money, opex)
    for column, name in enumerate(("Product", "Part number", "Field", "Provenance", "Source")):
        write(sheet, SOURCES_ROW - 1, column, name, styles.header)
    for row, cells in enumerate(_sources(facts.inventory, facts.bill), start=SOURCES_ROW):
        fit_height(sheet, row, cells, WIDTHS)
        for column, cell in enumerate(cells):
            write(sheet, row, column, cell, styles.text)


def basis_cells(basis: str) -> tuple[str, str]:
    """Where the sheet has the one-off and the yearly money of a basis."""
    row = BASES.index(basis) + 2
    return f"Provenance!C{row}", f"Provenance!D{row}"


def amounts(facts: PlanFacts, basis: str) -> tuple[int, Fraction, Fraction]:
    """Lines whose price rests on it, one-off money, money per year."""
    priced = [line for line in facts.bill if price_basis(line) == basis]
    one_off = sum((Fraction(line.one_off) for line in priced), Fraction(0))
    yearly = sum((Fraction(line.yearly) for line in facts.bill if yearly_basis(line) == basis), Fraction(0))
    return len(priced), one_off, yearly


def _sources(inventory: Inventory, bill: Iterable[BillLine]) -> Iterable[tuple[str | None, ...]]:
    """One row for every product of the bill, or for every field where provenance is stated by field."""
    catalogue: dict[str, Mapping[str, QkdSystem | Item]] = {
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
