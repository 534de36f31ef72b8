"""What a plan costs: the full account."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal
from math import fsum

from qplan.costing.bill import BillLine, bill_total
from qplan.costing.cash_flow import CashFlow, cash_flow
from qplan.costing.cents import cents
from qplan.costing.cost import ZERO, Cost, contingency, money, refresh_over_horizon, tco
from qplan.costing.firmness import Firmness, firmness, price_basis, yearly_basis
from qplan.costing.money_text import TO_BE_QUOTED
from qplan.costing.sensitivity import Sensitivity, sensitivities
from qplan.costing.views import CorridorShare, by_corridor
from qplan.inventory.commercial import Economics
from qplan.inventory.model import Inventory
from qplan.plan.model import Plan


@dataclass(frozen=True)
class PriceGroup:
    """Money of the lines of one group, to the cent."""

    name: str
    lines: int
    to_be_quoted: int
    capex: Decimal | None
    """None where nothing in the group has a price."""
    opex_per_year: Decimal
    refresh: Decimal
    """Of all years, nominal."""


@dataclass(frozen=True)
class CostReport:
    """The full account of a plan's costs: amounts to the cent; every list sums to the total that it belongs to."""

    economics: Economics
    total: Cost
    """Exact; lines to be quoted count as 0."""
    capex: Decimal
    contingency: Decimal
    opex_per_year: Decimal
    nominal: Decimal
    """Of all years, undiscounted."""
    tco: Decimal
    years: tuple[CashFlow, ...]
    by_category: tuple[PriceGroup, ...]
    by_basis: tuple[PriceGroup, ...]
    """By what amounts rest on, prices and support apart; what has no price is the group `TO_BE_QUOTED`."""
    firmness: Firmness
    shares: tuple[CorridorShare, ...]
    drivers: tuple[Sensitivity, ...]
    delivered_bps: float
    """Key rate of the corridors served, together."""
    tco_per_bps: float | None


def cost_report(inventory: Inventory, plan: Plan, bill: tuple[BillLine, ...]) -> CostReport:
    """The account of a plan from its bill."""
    economics, total = inventory.economics, bill_total(bill)
    years = cash_flow(economics, total)
    delivered_bps = fsum(corridor.key_rate_bps for corridor in plan.corridors if corridor.served)
    return CostReport(
        economics=economics,
        total=total,
        capex=cents(total.capex),
        contingency=cents(contingency(economics, total.capex)),
        opex_per_year=cents(total.opex_per_year),
        nominal=sum((year.nominal for year in years), Decimal(0)),
        tco=cents(tco(economics, total)),
        years=years,
        by_category=_by_category(economics, bill),
        by_basis=_by_basis(economics, bill),
        firmness=firmness(economics, bill),
        shares=by_corridor(inventory, plan, bill),
        drivers=sensitivities(economics, bill),
        delivered_bps=delivered_bps,
        tco_per_bps=per_bps(tco(economics, total), delivered_bps),
    )


def per_bps(amount: Decimal, rate_bps: float) -> float | None:
    """Money per delivered secret bit/s, to six significant digits; None where nothing is delivered."""
    return float(f"{amount / money(rate_bps):.6g}") if rate_bps else None


def _by_category(economics: Economics, bill: Iterable[BillLine]) -> tuple[PriceGroup, ...]:
    """In the order of the bill."""
    groups: dict[str, list[BillLine]] = {}
    for line in bill:
        groups.setdefault(line.category.value, []).append(line)
    return tuple(_group(economics, name, lines, lines) for name, lines in groups.items())


def _by_basis(economics: Economics, bill: Iterable[BillLine]) -> tuple[PriceGroup, ...]:
    """In the order of the bill; a line whose price and support rest on different things is in two groups."""
    priced: dict[str, list[BillLine]] = {}
    yearly: dict[str, list[BillLine]] = {}
    for line in bill:
        priced.setdefault(TO_BE_QUOTED if line.to_be_quoted else price_basis(line), []).append(line)
        if line.yearly:
            yearly.setdefault(yearly_basis(line), []).append(line)
    names = {**priced, **yearly}
    return tuple(_group(economics, name, priced.get(name, []), yearly.get(name, [])) for name in names)


def _group(economics: Economics, name: str, priced: list[BillLine], yearly: list[BillLine]) -> PriceGroup:
    unpriced = sum(line.to_be_quoted for line in priced)
    capex = sum((line.line_total or Decimal(0) for line in priced), Decimal(0))
    opex = sum((line.support_per_year for line in yearly), Decimal(0))
    lines = len({line.address for line in (*priced, *yearly)})
    later = cents(sum((refresh_over_horizon(economics, line.cost) for line in priced), ZERO))
    return PriceGroup(name, lines, unpriced, None if priced and unpriced == len(priced) else capex, opex, later)
