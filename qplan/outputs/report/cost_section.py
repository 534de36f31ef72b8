"""The report's section on money: totals, shares, what has no price yet and how firm the prices are."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from qplan.costing.bill import bill_of_materials
from qplan.costing.costs import cost_report
from qplan.inventory.model import Inventory
from qplan.outputs.report.document import Section, Table
from qplan.outputs.text import wording
from qplan.outputs.text.tables import format_money, format_number
from qplan.plan.model import Costs, Plan

PRICE_BASIS = {"inventory": "stated in the inventory", "": "no price needed"}
DRIVERS_SHOWN = 5
Money = Callable[[float], str]


def cost_section(inventory: Inventory, plan: Plan) -> Section:
    report = cost_report(inventory, plan)
    currency = inventory.economics.currency

    def money(amount: float) -> str:
        return format_money(amount, currency)

    sensitivity = report["sensitivity"]
    swing = wording.percent(sensitivity["swing"])
    tables = (
        _totals(inventory, plan.costs),
        _groups("By category", "category", report["by_category"], money),
        _groups("How firm the prices are", "provenance", report["by_price_provenance"], money),
        _unpriced(inventory, plan),
        _shares(plan, report["by_corridor"]["shares"], money),
        _drivers(f"What moves the TCO most (each ± {swing})", sensitivity["drivers"], money),
    )
    return Section("costs", "Costs", (report["convention"], report["by_corridor"]["rule"]), tables)


def _totals(inventory: Inventory, costs: Costs) -> Table:
    share = wording.percent(inventory.economics.contingency, 5)
    amounts = (
        ("Capex", costs.capex),
        (f"Contingency ({share} of capex)", costs.contingency),
        ("Opex per year", costs.opex_per_year),
        (wording.tco_label(inventory.economics), costs.tco),
    )
    rows = tuple((label, format_money(amount, costs.currency)) for label, amount in amounts)
    return Table("Totals", ("Total", "Amount"), rows, right=("Amount",))


def _groups(title: str, key: str, groups: Sequence[Mapping[str, Any]], money: Money) -> Table:
    """One-off and yearly money by group; lines without a price are counted, never shown as 0."""
    rows = []
    for group in groups:
        name = group[key]
        rows.append((PRICE_BASIS.get(name, name), _one_off(group, money), money(group["opex_per_year"])))
    return Table(title, (key.capitalize(), "One-off", "Per year"), tuple(rows), right=("One-off", "Per year"))


def _one_off(group: Mapping[str, Any], money: Money) -> str:
    words = [] if group["capex"] is None else [money(group["capex"])]
    unpriced = group["to_be_quoted"]
    return " + ".join(words + [f"{unpriced} to be quoted"] * bool(unpriced))


def _unpriced(inventory: Inventory, plan: Plan) -> Table:
    rows = tuple(
        (line.description, format_number(line.quantity), line.unit, wording.listed(line.sites))
        for line in bill_of_materials(inventory, plan)
        if line.to_be_quoted
    )
    return Table("To be quoted, in no total", ("What", "Quantity", "Unit", "Sites"), rows, right=("Quantity",))


def _shares(plan: Plan, shares: Sequence[Mapping[str, Any]], money: Money) -> Table:
    unserved = {corridor.id for corridor in plan.corridors if not corridor.served}
    figures = ("Capex", "Opex per year", "TCO")
    rows = tuple(
        (share["corridor"], _one_off(share, money), money(share["opex_per_year"]), money(share["tco"]))
        for share in shares
        if share["corridor"] not in unserved
    )
    return Table("By corridor", ("Corridor", *figures), rows, right=figures)


def _drivers(title: str, drivers: Sequence[Mapping[str, Any]], money: Money) -> Table:
    figures = ("TCO with it lower", "TCO with it higher")
    moving = [driver for driver in drivers if driver["tco_if_lower"] != driver["tco_if_higher"]][:DRIVERS_SHOWN]
    rows = tuple((driver["driver"], money(driver["tco_if_lower"]), money(driver["tco_if_higher"])) for driver in moving)
    return Table(title, ("Driver", *figures), rows, right=figures)
