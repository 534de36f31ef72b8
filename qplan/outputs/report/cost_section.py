"""The report's section on money: totals, shares, what has no price yet and how firm the prices are."""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal

from qplan.assessment.facts import PlanFacts
from qplan.costing.cash_flow import convention
from qplan.costing.cost import ZERO
from qplan.costing.costs import PriceGroup
from qplan.costing.money_text import TO_BE_QUOTED, format_money, plain_money, some_money
from qplan.costing.sensitivity import SWING
from qplan.costing.views import SHARING_RULE
from qplan.outputs.compare.charts import tornado
from qplan.outputs.report.document import Section, Table
from qplan.outputs.text import money, wording
from qplan.outputs.text.tables import format_number

PRICE_BASIS = {"": "no price needed"}
OPEX = {
    "support": "Support, services, licences",
    "lease": "Fibre leases",
    "hosting": "Hosting, relay operation",
    "energy": "Energy",
    "fees": "Lease and managed fees",
}
DRIVERS_SHOWN, YEARS_SHOWN = 8, 30
HELD = (
    "The plan is held as it is, and one driver moves at a time: systems, one-off, without their refresh and fees, "
    "which are drivers of their own. To plan anew, and to see from where on another plan is better: qplan compare PLAN "
    "--sensitivity, where system prices and fees move together."
)


def cost_section(facts: PlanFacts) -> Section:
    tables = (
        _totals(facts),
        _groups("By category", "Category", facts.costs.by_category, facts),
        _groups("What prices and support rest on", "Basis", facts.costs.by_basis, facts),
        *([years_table(facts, "By year")] if len(facts.costs.years) <= YEARS_SHOWN else []),
        unpriced_table(facts),
        _shares(facts),
    )
    unstated = money.unstated_text(facts)
    texts = (convention(facts.inventory.economics, facts.costs.total), SHARING_RULE, *([unstated] if unstated else []))
    return Section("costs", "Costs", texts, tables)


def _totals(facts: PlanFacts) -> Table:
    costs, economics = facts.plan.costs, facts.inventory.economics
    share = wording.stated_percent(economics.contingency)
    one_off, yearly, least = money.at_least(facts, "one-off"), money.at_least(facts, "yearly"), money.at_least(facts)
    amounts = (
        ("Capex", one_off, costs.capex),
        (f"Contingency ({share} of capex)", one_off, costs.contingency),
        (wording.opex_label(costs), yearly, costs.opex_per_year),
        (wording.tco_label(economics), least, costs.tco),
    )
    rows = tuple((label, prefix + format_money(amount, costs.currency)) for label, prefix, amount in amounts)
    return Table("Totals", ("Total", "Amount"), rows, right=("Amount",))


def years_table(facts: PlanFacts, title: str = "") -> Table:
    figures = ("One-off", "Opex", "Refresh", "Nominal", "Discounted")
    rows, totals = [], [ZERO] * 5
    for row in facts.costs.years:
        opex = sum((row.kinds[kind] for kind in OPEX), ZERO)
        once = row.kinds["capex"] + row.kinds["contingency"]
        amounts = (once, opex, row.kinds["refresh"], row.nominal, row.discounted)
        totals = [total + amount for total, amount in zip(totals, amounts, strict=True)]
        span = str(row.year) if row.year == row.last_year else f"{row.year}–{row.last_year}"
        rows.append((span, *map(some_money, amounts[:3]), *map(plain_money, amounts[3:])))
    rows.append(("Total", *map(plain_money, totals)))
    return Table(title, ("Year", *figures), tuple(rows), right=figures)


def _groups(title: str, key: str, groups: Iterable[PriceGroup], facts: PlanFacts) -> Table:
    """One-off, yearly and refresh money by group; lines without a price are counted, never shown as 0."""
    currency = facts.plan.costs.currency
    rows = tuple(
        (
            PRICE_BASIS.get(group.name, group.name),
            _one_off(group.capex, group.to_be_quoted, currency),
            format_money(group.opex_per_year, currency),
            format_money(group.refresh, currency) if group.refresh else "",
        )
        for group in groups
    )
    figures = ("One-off", wording.opex_label(facts.plan.costs), "Due again later")
    return Table(title, (key, *figures), rows, right=figures)


def _one_off(capex: Decimal | None, unpriced: int, currency: str) -> str:
    words = [] if capex is None else [format_money(capex, currency)]
    return " + ".join(words + [f"{unpriced} {TO_BE_QUOTED}"] * bool(unpriced))


def unpriced_table(facts: PlanFacts) -> Table:
    rows = tuple(
        (line.description, format_number(line.quantity), line.unit, wording.listed(line.sites))
        for line in facts.bill
        if line.to_be_quoted
    )
    return Table("To be quoted, in no total", ("What", "Quantity", "Unit", "Sites"), rows, right=("Quantity",))


def _shares(facts: PlanFacts) -> Table:
    currency, unserved = facts.inventory.economics.currency, {corridor.id for corridor in facts.unserved}
    figures = ("Capex", wording.opex_label(facts.plan.costs), "TCO")
    rows = tuple(
        (
            share.corridor,
            _one_off(share.capex, share.to_be_quoted, currency),
            format_money(share.opex_per_year, currency),
            format_money(share.tco, currency),
        )
        for share in facts.costs.shares
        if share.corridor not in unserved
    )
    return Table("By corridor", ("Corridor", *figures), rows, right=figures)


def drivers_section(facts: PlanFacts) -> Section:
    """What moves the total most, this plan held: tornado and table."""
    currency, spread = facts.inventory.economics.currency, wording.percent(float(SWING))
    figures = ("TCO with it lower", "TCO with it higher")
    moving = [driver for driver in facts.costs.drivers if driver.tco_if_lower != driver.tco_if_higher][:DRIVERS_SHOWN]
    rows = tuple(
        (driver.driver, format_money(driver.tco_if_lower, currency), format_money(driver.tco_if_higher, currency))
        for driver in moving
    )
    title = f"What moves the TCO most (each ± {spread})"
    swings = [(driver.driver, float(driver.tco_if_lower), float(driver.tco_if_higher)) for driver in moving]
    return Section(
        "drivers",
        title,
        (HELD,),
        (Table("", ("Driver", *figures), rows, right=figures),),
        pictures=(tornado(title, float(facts.costs.tco), swings, currency),) if swings else (),
    )
