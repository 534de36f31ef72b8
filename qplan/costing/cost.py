"""Money of a plan, or of a part of it, by year: what is paid once, and the kinds of yearly money that grow apart.

Year 0 has the capex; opex of year y = 1 … H is

    support (1 + e_support)^(y−1) + lease (1 + e_lease)^(y−1) + energy (1 + e_energy)^(y−1) + hosting + Σ fee · k(y),

with k(y) = 12 months of a monthly fee, in year H as many as whole terms from year 1 on still ask for. In a year y < H
what has a life of n years and an age of a is bought again where n divides y + a (refresh). Money is `Decimal`, made
from the shortest decimal text of the declared figure, so that cents add up exactly.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal
from functools import lru_cache
from typing import NamedTuple, TypeVar

from qplan.inventory.commercial import Economics

ZERO = Decimal(0)
K = TypeVar("K", int, "Life")
MONTHS = 12
PLAIN_RATE = Decimal("1e-18")  # below this the closed form of an annuity loses its digits


class Life(NamedTuple):
    """When something is bought again: after so many years, the first time earlier by its age."""

    life_years: int
    age_years: int = 0

    def ends_in(self, year: int) -> bool:
        return (year + self.age_years) % self.life_years == 0


@dataclass(frozen=True)
class Cost:
    """One-off money, yearly money at the prices of year 1 by its kind, monthly fees by term, and refreshes by life."""

    capex: Decimal = ZERO
    support: Decimal = ZERO
    lease: Decimal = ZERO
    energy: Decimal = ZERO
    hosting: Decimal = ZERO
    """Hosting of nodes and operation of relays, which do not grow."""
    fees: tuple[tuple[int, Decimal], ...] = ()
    """(months of a term, fee per month), sorted by term."""
    refreshes: tuple[tuple[Life, Decimal], ...] = ()
    """(life, price), sorted by life."""

    def __add__(self, other: Cost) -> Cost:
        return Cost(
            self.capex + other.capex,
            self.support + other.support,
            self.lease + other.lease,
            self.energy + other.energy,
            self.hosting + other.hosting,
            _joined(self.fees, other.fees),
            _joined(self.refreshes, other.refreshes),
        )

    def times(self, quantity: int | Decimal) -> Cost:
        return Cost(
            self.capex * quantity,
            self.support * quantity,
            self.lease * quantity,
            self.energy * quantity,
            self.hosting * quantity,
            tuple((term, fee * quantity) for term, fee in self.fees),
            tuple((life, price * quantity) for life, price in self.refreshes),
        )

    @property
    def opex_per_year(self) -> Decimal:
        """Opex of year 1, with twelve months of every fee."""
        fees = sum((fee for _, fee in self.fees), ZERO)
        return self.support + self.lease + self.energy + self.hosting + MONTHS * fees


def total(costs: Iterable[Cost]) -> Cost:
    """The sum of costs."""
    parts = list(costs)
    fees: dict[int, Decimal] = {}
    refreshes: dict[Life, Decimal] = {}
    for part in parts:
        for term, fee in part.fees:
            fees[term] = fees.get(term, ZERO) + fee
        for life, price in part.refreshes:
            refreshes[life] = refreshes.get(life, ZERO) + price
    return Cost(
        sum((part.capex for part in parts), ZERO),
        sum((part.support for part in parts), ZERO),
        sum((part.lease for part in parts), ZERO),
        sum((part.energy for part in parts), ZERO),
        sum((part.hosting for part in parts), ZERO),
        tuple(sorted(fees.items())),
        tuple(sorted(refreshes.items())),
    )


def _joined(
    first: tuple[tuple[K, Decimal], ...], second: tuple[tuple[K, Decimal], ...]
) -> tuple[tuple[K, Decimal], ...]:
    if not first or not second:
        return first or second
    sums = dict(first)
    for key, amount in second:
        sums[key] = sums.get(key, ZERO) + amount
    return tuple(sorted(sums.items()))


def money(amount: float | None) -> Decimal:
    """A declared amount as exact decimal; a missing price counts as 0 (and is listed as "to be quoted")."""
    return ZERO if amount is None else Decimal(repr(amount))


def contingency(economics: Economics, capex: Decimal) -> Decimal:
    return money(economics.contingency) * capex


def present_value_factor(economics: Economics) -> Decimal:
    """Σ over years 1 … horizon of 1 / (1 + discount_rate)^year, in closed form."""
    return _annuity(economics.horizon_years, economics.discount_rate)


def tco(economics: Economics, cost: Cost) -> Decimal:
    """capex + contingency + discounted opex and refresh over the horizon."""
    return cost.capex + contingency(economics, cost.capex) + present_value(economics, cost)


def present_value(economics: Economics, cost: Cost) -> Decimal:
    """Opex and refresh of all years, discounted."""
    horizon, rate = economics.horizon_years, economics.discount_rate
    by_growth: dict[float, Decimal] = {0.0: cost.hosting}
    for growth, amount in _growing(economics, cost):
        by_growth[growth] = by_growth.get(growth, ZERO) + amount
    value = sum((amount * _growing_annuity(horizon, rate, g) for g, amount in by_growth.items() if amount), ZERO)
    for term, fee in cost.fees:
        value += fee * _fee_factor(horizon, rate, term)
    for life, price in cost.refreshes:
        value += price * _refresh_factor(horizon, rate, life)
    return value


def present_value_beyond_first_terms(economics: Economics, cost: Cost) -> Decimal:
    """The part of `present_value` that no term agreed now covers: fees of further terms, and refreshes."""
    horizon, growth = economics.horizon_years, 1 + money(economics.discount_rate)
    value = present_value(economics, Cost(refreshes=cost.refreshes))
    for term, fee in cost.fees:
        for year in range(term // MONTHS + 1, horizon + 1):
            agreed = max(0, term - MONTHS * (year - 1))
            value += fee * (months_paid(horizon, term, year) - agreed) * growth**-year
    return value


def opex_of_year(economics: Economics, cost: Cost, year: int) -> Decimal:
    """Opex of a year from 1 to the horizon."""
    grown = (amount * (1 + money(growth)) ** (year - 1) for growth, amount in _growing(economics, cost) if amount)
    fees = (fee * months_paid(economics.horizon_years, term, year) for term, fee in cost.fees)
    return sum(grown, cost.hosting) + sum(fees, ZERO)


def refresh_of_year(economics: Economics, cost: Cost, year: int) -> Decimal:
    """What is bought again in a year from 1 to the horizon; nothing in the last one."""
    if year >= economics.horizon_years:
        return ZERO
    return sum((price for life, price in cost.refreshes if life.ends_in(year)), ZERO)


def refresh_over_horizon(economics: Economics, cost: Cost) -> Decimal:
    """All that is bought again within the horizon, undiscounted."""
    horizon = economics.horizon_years
    return sum((price * len(_renewals(horizon, life)) for life, price in cost.refreshes), ZERO)


def months_paid(horizon_years: int, term_months: int, year: int) -> int:
    """Months of a fee in a year: 12, in the last one what is left of whole terms that cover the horizon."""
    if year < horizon_years:
        return MONTHS
    terms = -(-MONTHS * horizon_years // term_months)
    return term_months * terms - MONTHS * (horizon_years - 1)


def nominal_after(economics: Economics, cost: Cost, listed: int) -> Decimal:
    """Opex and refresh of the years after some, undiscounted."""
    horizon = economics.horizon_years
    if not varies(economics, cost):
        return cost.opex_per_year * (horizon - listed)
    years = range(listed + 1, horizon + 1)
    return sum((opex_of_year(economics, cost, y) + refresh_of_year(economics, cost, y) for y in years), ZERO)


def varies(economics: Economics, cost: Cost) -> bool:
    """Whether opex or refresh differ from year to year."""
    last = economics.horizon_years
    uneven = any(fee and months_paid(last, term, last) != MONTHS for term, fee in cost.fees)
    grows = any(growth and amount for growth, amount in _growing(economics, cost))
    return last > 0 and (uneven or grows or any(price for _, price in cost.refreshes))


def _growing(economics: Economics, cost: Cost) -> tuple[tuple[float, Decimal], ...]:
    escalation = economics.escalation
    return ((escalation.support, cost.support), (escalation.lease, cost.lease), (escalation.energy, cost.energy))


@lru_cache(maxsize=1024)
def _annuity(horizon: int, rate: float) -> Decimal:
    exact = money(rate)
    if exact < PLAIN_RATE:
        return Decimal(horizon)
    return (1 - (1 + exact) ** -horizon) / exact


@lru_cache(maxsize=1024)
def _growing_annuity(horizon: int, rate: float, growth: float) -> Decimal:
    """Σ over years 1 … horizon of (1 + growth)^(year − 1) / (1 + rate)^year."""
    if not growth:
        return _annuity(horizon, rate)
    factor, each, value = (1 + money(growth)) / (1 + money(rate)), 1 / (1 + money(rate)), ZERO
    for _ in range(horizon):
        value += each
        each *= factor
    return value


@lru_cache(maxsize=1024)
def _fee_factor(horizon: int, rate: float, term_months: int) -> Decimal:
    if not horizon:
        return ZERO
    extra = months_paid(horizon, term_months, horizon) - MONTHS
    return MONTHS * _annuity(horizon, rate) + extra * (1 + money(rate)) ** -horizon


@lru_cache(maxsize=1024)
def _refresh_factor(horizon: int, rate: float, life: Life) -> Decimal:
    return sum(((1 + money(rate)) ** -year for year in _renewals(horizon, life)), ZERO)


def _renewals(horizon: int, life: Life) -> range:
    """The years before the last in which a life ends."""
    return range(life.life_years - life.age_years % life.life_years, horizon, life.life_years)
