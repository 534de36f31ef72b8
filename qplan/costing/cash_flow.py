"""Cash flow of a plan by year, under the convention that `CONVENTION` states."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from qplan.costing.cents import apportion
from qplan.costing.unit_costs import Cost, contingency, money, present_value_factor
from qplan.inventory.model import Economics

CONVENTION = (
    "Year 0: capex and contingency, at full value. Years 1 to the horizon: opex, paid at the end of each year and "
    "discounted by (1 + discount_rate)^year. No tax, inflation, residual value or replacement."
)
YEARS_LISTED = 100
"""Later years of a longer horizon stand in one row."""


@dataclass(frozen=True)
class CashFlow:
    """Money of the years `year` to `last_year` (the same, but for the row of later years), to the cent."""

    year: int
    last_year: int
    nominal: Decimal
    discounted: Decimal


def cash_flow(economics: Economics, cost: Cost) -> tuple[CashFlow, ...]:
    """Year 0, every year of the horizon; the discounted column sums to the plan's tco, to the cent."""
    horizon, growth = economics.horizon_years, 1 + money(economics.discount_rate)
    listed = min(horizon, YEARS_LISTED)
    one_off = cost.capex + contingency(economics, cost.capex)
    factors = [growth**-year for year in range(1, listed + 1)]
    spans = [(0, 0), *((year, year) for year in range(1, listed + 1))]
    nominal = [one_off, *[cost.opex_per_year] * listed]
    discounted = [one_off, *(cost.opex_per_year * factor for factor in factors)]
    if horizon > listed:
        spans.append((listed + 1, horizon))
        nominal.append(cost.opex_per_year * (horizon - listed))
        discounted.append(cost.opex_per_year * (present_value_factor(economics) - sum(factors)))
    rows = zip(spans, apportion(nominal), apportion(discounted), strict=True)
    return tuple(CashFlow(*span, *amounts) for span, *amounts in rows)
