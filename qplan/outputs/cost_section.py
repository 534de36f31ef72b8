"""The report's section on money: totals, categories, what has no price yet and how firm the prices are."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from decimal import Decimal

from qplan.costing.bill import BillLine
from qplan.inventory.model import Economics, Inventory
from qplan.outputs import wording
from qplan.outputs.document import Section, Table
from qplan.outputs.tables import format_money, format_number
from qplan.plan.model import Plan

PRICE_BASIS = {"inventory": "stated in the inventory", "": "no price"}


def cost_section(inventory: Inventory, plan: Plan, bill: tuple[BillLine, ...]) -> Section:
    costs, economics = plan.costs, inventory.economics
    totals = Table(
        "Totals",
        ("Total", "Amount"),
        (
            ("Capex", format_money(costs.capex, costs.currency)),
            (
                f"Contingency ({wording.percent(economics.contingency, 5)} of capex)",
                format_money(costs.contingency, costs.currency),
            ),
            ("Opex per year", format_money(costs.opex_per_year, costs.currency)),
            (wording.tco_label(economics), format_money(costs.tco, costs.currency)),
        ),
        right=("Amount",),
    )
    categories = _grouped("By category", "Category", bill, lambda line: line.category.value, costs.currency)
    firmness = _grouped("How firm the prices are", "Price is", bill, price_basis, costs.currency)
    quotes = Table(
        "To be quoted, not in any total",
        ("What", "Quantity", "Unit", "Sites"),
        tuple(
            (line.description, format_number(line.quantity), line.unit, wording.listed(line.sites))
            for line in bill
            if line.to_be_quoted
        ),
        right=("Quantity",),
    )
    return Section("costs", "Costs", (_conventions(economics),), (totals, categories, firmness, quotes))


def _conventions(economics: Economics) -> str:
    return (
        f"Capex and contingency fall in year 0; opex falls in years 1 to {economics.horizon_years}, discounted at "
        f"{wording.percent(economics.discount_rate, 5)} per year. Amounts are in {economics.currency}, without tax, "
        "inflation, residual value or replacement of equipment within the horizon."
    )


def price_basis(line: BillLine) -> str:
    return "to be quoted" if line.to_be_quoted else PRICE_BASIS.get(line.provenance, line.provenance)


def _grouped(title: str, what: str, bill: Iterable[BillLine], key: Callable[[BillLine], str], currency: str) -> Table:
    """One-off and yearly money by group, in the order in which the groups first appear in the bill."""
    groups: dict[str, list[BillLine]] = {}
    for line in bill:
        groups.setdefault(key(line), []).append(line)
    rows = []
    for group, lines in groups.items():
        yearly = sum((line.support_per_year for line in lines), Decimal(0))
        rows.append((group, _one_off(lines, currency), format_money(yearly, currency)))
    return Table(title, (what, "One-off", "Per year"), tuple(rows), right=("One-off", "Per year"))


def _one_off(lines: list[BillLine], currency: str) -> str:
    """One-off money of lines; those without a price are counted beside it, never as 0."""
    priced = [line for line in lines if not line.to_be_quoted]
    unpriced = len(lines) - len(priced)
    total = sum((line.line_total or Decimal(0) for line in priced), Decimal(0))
    words = [format_money(total, currency)] * bool(priced) + [f"{unpriced} to be quoted"] * bool(unpriced)
    return " + ".join(words)


def firmness_sentence(plan: Plan, bill: tuple[BillLine, ...]) -> str:
    """How much of the capex rests on illustrative prices, and how many lines have none."""
    unpriced = sum(line.to_be_quoted for line in bill)
    illustrative = sum(line.line_total or Decimal(0) for line in bill if line.provenance == "illustrative")
    words = [f"{wording.counted(unpriced, 'line')} to be quoted (in no total)"] if unpriced else []
    if plan.costs.capex:
        share = float(illustrative) / plan.costs.capex
        words.insert(0, f"{wording.percent(share)} of capex is illustrative")
    return "; ".join(words) or "none needed"
