"""Cash flow of a plan by year, under the convention that `convention` states."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from qplan.costing.cents import apportion, cents
from qplan.costing.cost import (
    MONTHS,
    ZERO,
    Cost,
    contingency,
    money,
    months_paid,
    nominal_after,
    opex_of_year,
    present_value_factor,
    refresh_of_year,
    tco,
)
from qplan.inventory.commercial import Economics, Escalation

YEARS_LISTED = 100
"""Later years of a longer horizon stand in one row."""


@dataclass(frozen=True)
class CashFlow:
    """Money of the years `year` to `last_year` (the same, but for the row of later years), to the cent."""

    year: int
    last_year: int
    nominal: Decimal
    discounted: Decimal
    kinds: dict[str, Decimal]
    """What the nominal amount is made of, by `KINDS`."""


OPEX_KINDS = ("support", "lease", "hosting", "energy", "fees")
KINDS = ("capex", "contingency", *OPEX_KINDS, "refresh")


def cash_flow(economics: Economics, cost: Cost) -> tuple[CashFlow, ...]:
    """Year 0 and every year of the horizon.

    Capex, contingency, and each year's opex and refresh are each to the cent, as a plan states them; the discounted
    column sums to the plan's tco, to the cent.
    """
    horizon, growth = economics.horizon_years, 1 + money(economics.discount_rate)
    listed = min(horizon, YEARS_LISTED)
    one_off = {"capex": cost.capex, "contingency": contingency(economics, cost.capex)}
    spans, kinds, discounted = [(0, 0)], [_kinds(one_off)], [sum(one_off.values(), ZERO)]
    parts = _by_kind(cost)
    for year in range(1, listed + 1):
        exact = {
            kind: opex_of_year(economics, part, year) + refresh_of_year(economics, part, year)
            for kind, part in parts.items()
        }
        spans.append((year, year))
        kinds.append(_kinds(exact))
        discounted.append(sum(exact.values(), ZERO) * growth**-year)
    if horizon > listed:
        spans.append((listed + 1, horizon))
        kinds.append(_kinds({kind: nominal_after(economics, part, listed) for kind, part in parts.items()}))
        discounted.append(tco(economics, cost) - sum(discounted))
    rows = zip(spans, kinds, apportion(discounted, cents(tco(economics, cost))), strict=True)
    return tuple(CashFlow(*span, sum(amounts.values(), ZERO), now, amounts) for span, amounts, now in rows)


def _by_kind(cost: Cost) -> dict[str, Cost]:
    return {
        "support": Cost(support=cost.support),
        "lease": Cost(lease=cost.lease),
        "hosting": Cost(hosting=cost.hosting),
        "energy": Cost(energy=cost.energy),
        "fees": Cost(fees=cost.fees),
        "refresh": Cost(refreshes=cost.refreshes),
    }


def _kinds(exact: dict[str, Decimal]) -> dict[str, Decimal]:
    """To the cent: each alone, but for the kinds of opex, whose sum is their exact sum to the cent."""
    found = {kind: cents(exact.get(kind, ZERO)) for kind in KINDS}
    opex = apportion([exact.get(kind, ZERO) for kind in OPEX_KINDS])
    return found | dict(zip(OPEX_KINDS, opex, strict=True))


def annualised(economics: Economics, cost: Cost) -> Decimal | None:
    """What the tco is `a year`, to the cent; None without a horizon."""
    return level_payment(economics, tco(economics, cost))


def level_payment(economics: Economics, worth: Decimal) -> Decimal | None:
    """The equal payment at the end of every year that is worth an amount, to the cent; None without a horizon."""
    factor = present_value_factor(economics)
    return cents(worth / factor) if factor else None


def escalation_within(economics: Economics, cost: Cost) -> Decimal:
    """What opex grows by over the horizon, nominal, to the cent."""
    steady = economics.model_copy(update={"escalation": Escalation()})
    return cents(nominal_after(economics, cost, 0) - nominal_after(steady, cost, 0))


def fees_beyond(economics: Economics, cost: Cost) -> Decimal:
    """Fees of whole terms for months after the horizon, to the cent."""
    horizon = economics.horizon_years
    extra = (fee * (months_paid(horizon, term, horizon) - MONTHS) for term, fee in cost.fees if horizon)
    return cents(sum(extra, ZERO))


def convention(economics: Economics, cost: Cost) -> str:
    """How money of different years is counted, in words."""
    words = ["Year 0: capex and contingency, at full value.", "Years 1 to the horizon: opex"]
    if cost.refreshes:
        words[-1] += " and, before the last year, what is bought again at the end of its life"
    words[-1] += ", paid at the end of each year and discounted by (1 + discount_rate)^year."
    grown = [name for name in ("support", "lease", "energy") if getattr(economics.escalation, name)]
    if grown:
        named = " and ".join([", ".join(grown[:-1]), grown[-1]] if grown[1:] else grown)
        words.append(f"From year 2 {named} {'grow' if grown[1:] else 'grows'} as stated under escalation.")
    if cost.fees:
        words.append("Monthly fees are paid for whole terms until the horizon is covered.")
    untold = ["tax", "inflation", "residual value", "replacement"]
    untold.remove("replacement") if cost.refreshes else None
    untold.remove("inflation") if grown else None
    words.append(f"No {', '.join(untold[:-1])} or {untold[-1]}.")
    return " ".join(words)
