"""The sheets on what the money rests on, and where the figures of every product come from."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from fractions import Fraction

from xlsxwriter.worksheet import Worksheet

from qplan.assessment.facts import PlanFacts
from qplan.costing.bill import NO_SOURCE, BillLine
from qplan.costing.cost import Cost, contingency, present_value, present_value_beyond_first_terms, tco
from qplan.costing.firmness import (
    CONTINGENCY,
    EXPIRED,
    EXPIRED_FOREIGN,
    FOREIGN,
    ILLUSTRATIVE,
    PUBLISHED,
    QUOTED,
    price_basis,
    yearly_basis,
)
from qplan.inventory.model import Inventory, Item, QkdSystem
from qplan.outputs.bill.bill_columns import BEYOND, LATER_PRICE, LATER_YEARLY, ONE_OFF, YEARLY, YEARLY_BASIS, bill_range
from qplan.outputs.bill.sheets import Styles, fit_height, formula, lay_out, total_row, write

SHEET = "Provenance"
BASES = (QUOTED, EXPIRED, FOREIGN, EXPIRED_FOREIGN, *PUBLISHED, ILLUSTRATIVE, NO_SOURCE)
FIGURES = ("Prices", "One-off", "Per year", "Later, discounted", "TCO", "Share of the TCO", "Of it beyond the terms")
HEADER = ("What amounts rest on", *FIGURES)
WIDTHS = (28, 10, 20, 20, 20, 20, 16, 20)
SOURCES_HEADER, SOURCES_WIDTHS = ("Product", "Part number", "Field", "Provenance", "Source"), (28, 20, 24, 18, 90)


@dataclass(frozen=True)
class _Amounts:
    """Of one basis: prices, one-off money, money of year 1, and what follows over the horizon, discounted.

    `beyond` is the part of it that no term agreed now covers: fees of further terms, and what is bought again.
    """

    prices: int
    one_off: Fraction
    yearly: Fraction
    later: Fraction
    beyond: Fraction


def provenance_sheet(sheet: Worksheet, styles: Styles, facts: PlanFacts) -> None:
    """How much of the money rests on what, prices and yearly money apart; the sum is the TCO."""
    rows, last = bill_range(facts.bill), len(BASES) + 2
    price, yearly = rows.column("Provenance"), rows.column(YEARLY_BASIS)
    lay_out(sheet, styles, HEADER, FIGURES, WIDTHS, last - 1)
    whole, beyond = Fraction(tco(facts.inventory.economics, facts.costs.total)), Fraction(0)
    for row, basis in enumerate(BASES, start=1):
        key, found = f"A{row + 1}", _amounts(facts, basis)
        one_off = f"SUMIF({price},{key},{rows.column(ONE_OFF)})"
        later = f"SUMIF({price},{key},{rows.column(LATER_PRICE)})+SUMIF({yearly},{key},{rows.column(LATER_YEARLY)})"
        write(sheet, row, 0, basis, styles.text)
        formula(sheet, row, 1, f"=COUNTIF({price},{key})", styles.number, found.prices)
        formula(sheet, row, 2, f"={one_off}", styles.money, found.one_off)
        formula(sheet, row, 3, f"=SUMIF({yearly},{key},{rows.column(YEARLY)})", styles.money, found.yearly)
        formula(sheet, row, 4, f"={later}", styles.money, found.later)
        _in_all(sheet, styles, row, f"=C{row + 1}+E{row + 1}", found.one_off + found.later, whole)
        formula(sheet, row, 7, f"=SUMIF({price},{key},{rows.column(BEYOND)})", styles.money, found.beyond)
        beyond += found.beyond
    reserve = Fraction(contingency(facts.inventory.economics, facts.costs.total.capex))
    write(sheet, last - 1, 0, CONTINGENCY, styles.text)
    _in_all(sheet, styles, last - 1, "=capex_total*contingency_share", reserve, whole)
    total_row(sheet, styles, last, len(HEADER))
    sums = (Fraction(facts.costs.total.capex), Fraction(facts.costs.total.opex_per_year))
    later_money = Fraction(present_value(facts.inventory.economics, facts.costs.total))
    for letter, amount in zip("CDEFH", (*sums, later_money, whole, beyond), strict=True):
        formula(sheet, last, "ABCDEFGH".index(letter), f"=SUM({letter}2:{letter}{last})", styles.total, amount)


def _in_all(sheet: Worksheet, styles: Styles, row: int, text: str, amount: Fraction, whole: Fraction) -> None:
    formula(sheet, row, 5, text, styles.money, amount)
    share = f"=IF(tco_total=0,0,F{row + 1}/tco_total)"
    formula(sheet, row, 6, share, styles.share, amount / whole if whole else 0)


def basis_cells(*bases: str) -> str:
    """A formula of the part of the TCO that rests on some of the bases."""
    order = (*BASES, CONTINGENCY)
    return "+".join(f"{SHEET}!F{order.index(basis) + 2}" for basis in bases)


def beyond_cell() -> str:
    """Where the part of what is quoted is that lies beyond the quoted terms."""
    return f"{SHEET}!H{BASES.index(QUOTED) + 2}"


def _amounts(facts: PlanFacts, basis: str) -> _Amounts:
    economics = facts.inventory.economics
    priced = [line.cost for line in facts.bill if price_basis(line) == basis]
    yearly = [line.cost for line in facts.bill if yearly_basis(line) == basis and line.yearly]
    later = [present_value(economics, Cost(refreshes=cost.refreshes)) for cost in priced]
    later += [
        present_value(economics, cost) - present_value(economics, Cost(refreshes=cost.refreshes)) for cost in yearly
    ]
    return _Amounts(
        len(priced),
        sum((Fraction(cost.capex) for cost in priced), Fraction(0)),
        sum((Fraction(cost.opex_per_year) for cost in yearly), Fraction(0)),
        sum(map(Fraction, later), Fraction(0)),
        sum((Fraction(present_value_beyond_first_terms(economics, cost)) for cost in priced), Fraction(0)),
    )


def sources_sheet(sheet: Worksheet, styles: Styles, facts: PlanFacts) -> None:
    """Where the figures of every product of the bill come from."""
    found = tuple(_sources(facts.inventory, facts.bill))
    lay_out(sheet, styles, SOURCES_HEADER, (), SOURCES_WIDTHS, max(len(found), 1))
    for row, cells in enumerate(found, start=1):
        fit_height(sheet, row, cells, SOURCES_WIDTHS)
        for column, cell in enumerate(cells):
            write(sheet, row, column, cell, styles.text)


def _sources(inventory: Inventory, bill: Iterable[BillLine]) -> Iterator[tuple[str | None, ...]]:
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
