"""The register of quotes that a plan's money rests on: who quoted, under which number, until when, for which lines."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal

from qplan.costing.bill import BillLine, Charge
from qplan.costing.cents import apportion, cents
from qplan.costing.cost import ZERO, present_value, present_value_beyond_first_terms, tco
from qplan.costing.firmness import QUOTED, price_basis, yearly_basis
from qplan.inventory.commercial import Economics
from qplan.inventory.model import Inventory


@dataclass(frozen=True)
class Quote:
    """Lines of the bill on one quote, or on one offer without a number; money to the cent."""

    seller: str
    """"" where nobody is stated, as of `number`, `quoted` and `valid_until`."""
    number: str
    quoted: str
    """Day of the quote."""
    valid_until: str
    """Its last day."""
    offers: tuple[str, ...]
    lines: tuple[str, ...]
    """Keys of the bill's lines, in its order."""
    one_off: Decimal
    per_year: Decimal
    tco: Decimal
    """With its part of the contingency."""
    before_contingency: Decimal
    """The same without it: what `Firmness.shares` are of."""
    beyond_terms: Decimal
    """The part of that which lies beyond the quoted terms: fees of further terms, and what is bought again."""
    basis: tuple[str, ...]
    """What the prices of its lines rest on."""
    support_basis: tuple[str, ...]
    """What the support rests on that its lines bring along."""

    run_out: bool
    """On the day that the plan's quotes are judged as of."""

    @property
    def firm(self) -> bool:
        """All of it is a quote that holds, in the plan's currency."""
        return {*self.basis, *self.support_basis} == {QUOTED}


def register_quotes(inventory: Inventory, bill: Iterable[BillLine]) -> tuple[Quote, ...]:
    """Everything that is on an offer, has the number of a quote or is called one; sorted by seller and number."""
    lines = [line for line in bill if line.offer or line.quote_ref or line.provenance == QUOTED]
    economics = inventory.economics
    totals = apportion([tco(economics, line.cost) for line in lines])
    bare = apportion([line.one_off + present_value(economics, line.cost) for line in lines])
    groups: dict[tuple[str, ...], list[tuple[BillLine, Decimal, Decimal]]] = {}
    for line, total, amount in zip(lines, totals, bare, strict=True):
        quoted = (inventory.offers[line.offer].quoted or "") if line.offer else ""
        unnumbered = "" if line.quote_ref else line.offer
        key = line.seller, line.quote_ref, quoted, line.quote_valid_until, unnumbered
        groups.setdefault(key, []).append((line, total, amount))
    return tuple(_quote(economics, key, groups[key]) for key in sorted(groups))


def _quote(economics: Economics, key: tuple[str, ...], members: list[tuple[BillLine, Decimal, Decimal]]) -> Quote:
    seller, number, quoted, valid_until, _ = key
    lines = [line for line, *_ in members]
    return Quote(
        seller=seller,
        number=number,
        quoted=quoted,
        valid_until=valid_until,
        offers=tuple(sorted({line.offer for line in lines if line.offer})),
        lines=tuple(line.address for line in lines),
        one_off=sum((line.line_total or ZERO for line in lines), ZERO),
        per_year=sum((line.support_per_year for line in lines), ZERO),
        tco=sum((total for _, total, _ in members), ZERO),
        before_contingency=sum((amount for _, _, amount in members), ZERO),
        beyond_terms=cents(sum((present_value_beyond_first_terms(economics, line.cost) for line in lines), ZERO)),
        basis=tuple(sorted({price_basis(line) for line in lines})),
        support_basis=tuple(sorted({yearly_basis(line) for line in lines if _supported(line)})),
        run_out=any(line.expired for line in lines),
    )


def _supported(line: BillLine) -> bool:
    return line.category.charge is Charge.ONE_OFF and bool(line.support_per_year)
