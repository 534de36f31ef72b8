"""How firm a plan's money is: what each amount rests on, as a share of the total cost."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from fractions import Fraction

from qplan.costing.bill import BillLine
from qplan.costing.cost import (
    ZERO,
    Cost,
    contingency,
    present_value,
    present_value_beyond_first_terms,
    tco,
    total,
)
from qplan.inventory.commercial import Economics

QUOTED, EXPIRED, FOREIGN, ILLUSTRATIVE = "quote", "expired quote", "foreign currency", "illustrative"
EXPIRED_FOREIGN = f"{EXPIRED}, {FOREIGN}"
PUBLISHED = ("datasheet", "measured", "paper", "derived")
CONTINGENCY = "contingency"
Part = tuple[str, Cost]
"""What some money rests on, and the money."""


@dataclass(frozen=True)
class Firmness:
    """What the tco rests on: shares (0 to 1) by the basis of its amounts, which sum to 1 where anything costs.

    A basis is a word of provenance, `EXPIRED`, `FOREIGN`, `EXPIRED_FOREIGN`, `NO_SOURCE` or `CONTINGENCY`.
    """

    shares: dict[str, float]
    unpriced_lines: int
    beyond_terms: float = 0.0
    """The part of `quoted` that lies beyond the quoted terms: fees of further terms, and what is bought again."""

    def share(self, basis: str) -> float:
        return self.shares.get(basis, 0.0)

    @property
    def quoted(self) -> float:
        """The firm part: by a quote that has not run out, in the plan's currency."""
        return self.share(QUOTED)


def price_basis(line: BillLine) -> str:
    """What the unit price of a line rests on; "" where there is none."""
    return _basis(line, line.provenance)


def support_basis(line: BillLine) -> str:
    """What the support rests on that a line brings along; "" where there is none."""
    return _basis(line, line.support_provenance)


def yearly_basis(line: BillLine) -> str:
    """What the yearly money of a line rests on: of a recurring line its price, else the support of what it buys."""
    return price_basis(line) if line.category.recurring else support_basis(line)


def _basis(line: BillLine, provenance: str) -> str:
    return judge(provenance, line.expired, line.foreign)


def judge(provenance: str, expired: bool, foreign: bool) -> str:
    """What an amount of that provenance rests on."""
    expired = expired and provenance == QUOTED
    if foreign and provenance:
        return EXPIRED_FOREIGN if expired else FOREIGN
    return EXPIRED if expired else provenance


def priced_parts(bill: Iterable[BillLine]) -> Iterator[Part]:
    """The money of a bill by what it rests on: what is paid at once and again, and what is paid every year."""
    for line in bill:
        yield price_basis(line), Cost(line.cost.capex, refreshes=line.cost.refreshes)
        yield yearly_basis(line), replace(line.cost, capex=ZERO, refreshes=())


def firmness(economics: Economics, bill: Iterable[BillLine]) -> Firmness:
    lines = tuple(bill)
    return firmness_of(economics, priced_parts(lines), sum(line.to_be_quoted for line in lines))


def firmness_of(economics: Economics, parts: Iterable[Part], unpriced_lines: int) -> Firmness:
    """The same of any money: of the tco of all parts, its contingency apart; no shares where nothing costs."""
    known = tuple(parts)
    everything = total(cost for _, cost in known)
    whole = Fraction(tco(economics, everything))
    if not whole:
        return Firmness({}, unpriced_lines)
    amounts = {CONTINGENCY: Fraction(contingency(economics, everything.capex))}
    for basis, cost in known:
        amounts[basis] = amounts.get(basis, Fraction(0)) + Fraction(cost.capex + present_value(economics, cost))
    shares = {basis: float(amounts[basis] / whole) for basis in sorted(amounts) if amounts[basis]}
    quoted = (cost for basis, cost in known if basis == QUOTED)
    beyond = sum((Fraction(present_value_beyond_first_terms(economics, cost)) for cost in quoted), Fraction(0))
    return Firmness(shares, unpriced_lines, float(beyond / whole))
