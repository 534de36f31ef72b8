"""The hardened classical (PQC) design beside a plan: what it costs, in no plan, budget or bill.

Every corridor of the inventory, served or not, has so many encryptors at each end as `classical.per_end` says, of its
own kind or the default, on the cheapest admissible terms over the horizon; their support, PQC licences, power and
refresh; and the effort of bringing over its tunnels. Every site at which corridors end has the work of `per_site`, and
`programme` is done once. What serves several corridors is borne by them in equal parts. The licence of an encryptor
for QKD is not in it: that is in the plan.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction

from qplan.costing.bill import NO_SOURCE
from qplan.costing.bill_products import label, provenance_of, runs_out_before
from qplan.costing.cost import Cost, money, tco, total
from qplan.costing.firmness import Part, judge
from qplan.costing.market import ENDS, energy_cost
from qplan.costing.planned import state_costs
from qplan.costing.terms import Terms, Tier, terms_of
from qplan.costing.views import CorridorShare, share_out
from qplan.inventory.commercial import Classical, Encryptor, WorkItem
from qplan.inventory.model import Corridor, Inventory
from qplan.plan.model import Costs

OWNED = "owned"


@dataclass(frozen=True)
class ClassicalLine:
    """One position of the classical design."""

    address: str
    description: str
    quantity: int
    unit: str
    parts: tuple[Part, ...]
    """Its money, by what that rests on."""
    to_be_quoted: bool
    """A price or the rate of a day is not stated, and counts as 0."""
    shares: tuple[tuple[str, Fraction], ...]
    """(corridor, part), sorted; the parts sum to 1."""
    effort_days: Decimal = Decimal(0)
    """Of all of it."""
    bought_again: bool = False
    """At the end of its life, at the same price."""

    @property
    def cost(self) -> Cost:
        return total(cost for _, cost in self.parts)


@dataclass(frozen=True)
class ClassicalDesign:
    lines: tuple[ClassicalLine, ...]
    total: Cost
    costs: Costs
    shares: tuple[CorridorShare, ...]
    """By corridor; every column sums to the total, to the cent."""
    unnamed: tuple[str, ...]
    """Corridors for which no encryptor is stated: counted as 0."""

    @property
    def parts(self) -> tuple[Part, ...]:
        """Its money, by what that rests on."""
        return tuple(part for line in self.lines for part in line.parts)

    @property
    def unpriced(self) -> tuple[ClassicalLine, ...]:
        return tuple(line for line in self.lines if line.to_be_quoted)


def classical_design(inventory: Inventory, as_of: str | None = None) -> ClassicalDesign | None:
    """The design that the inventory's `classical` block describes; None where there is none.

    `as_of`: the day on which quotes are judged.
    """
    block = inventory.classical
    if block is None or not inventory.corridors:
        return None
    kinds = {key: encryptor_of(corridor, block) for key, corridor in sorted(inventory.corridors.items())}
    lines = (*_encryptors(inventory, block, kinds, as_of), *_tunnels(inventory, block), *_works(inventory, block))
    whole = total(line.cost for line in lines)
    return ClassicalDesign(
        lines=lines,
        total=whole,
        costs=state_costs(inventory, whole),
        shares=share_out(inventory.economics, sorted(inventory.corridors), lines),
        unnamed=tuple(key for key, kind in kinds.items() if kind is None),
    )


def encryptor_of(corridor: Corridor, block: Classical) -> str | None:
    """The kind of encryptor at a corridor's ends, or `owned`."""
    return corridor.encryptor or block.encryptor


def _encryptors(
    inventory: Inventory, block: Classical, kinds: Mapping[str, str | None], as_of: str | None
) -> Iterator[ClassicalLine]:
    for name, encryptor in sorted(inventory.equipment.encryptors.items()):
        users = [corridor for corridor, kind in kinds.items() if kind == name]
        if not users:
            continue
        units = ENDS * block.per_end * len(users)
        terms, tier = _cheapest(inventory, name, units)
        yearly, unpriced = terms.yearly.times(units), terms.offer is None and encryptor.price is None
        priced, supported, licensed = _bases(inventory, encryptor, terms, as_of)
        yield ClassicalLine(
            address=f"encryptors.{name}",
            description=encryptor.model or name,
            quantity=units,
            unit="piece",
            parts=(
                (priced, terms.bought(units, tier) + Cost(fees=yearly.fees)),
                (supported, Cost(support=yearly.support)),
                (licensed, Cost(support=money(encryptor.pqc_licence_per_year) * units)),
                (NO_SOURCE, energy_cost(inventory, money(encryptor.power_w) * units)),
            ),
            to_be_quoted=unpriced,
            shares=_equal(users),
            bought_again=terms.life_years is not None,
        )


def _cheapest(inventory: Inventory, name: str, units: int) -> tuple[Terms, Tier]:
    """The best terms for units of an encryptor."""
    economics, found = inventory.economics, []
    for terms in terms_of(inventory, f"encryptors.{name}"):
        for tier in terms.tiers:
            cost = terms.bought(units, tier) + terms.yearly.times(units)
            found.append((tco(economics, cost), terms.offer or "", tier.at_least, terms, tier))
    *_, terms, tier = min(found, key=lambda each: each[:3])
    return terms, tier


def _bases(inventory: Inventory, encryptor: Encryptor, terms: Terms, as_of: str | None) -> tuple[str, str, str]:
    """What price, support and PQC licence rest on."""
    currency = inventory.economics.currency
    until, foreign = label(encryptor, "quote_valid_until"), encryptor.labels.get("currency", currency) != currency

    def own(field: str) -> str:
        return judge(provenance_of(encryptor, field), runs_out_before(until, as_of), foreign)

    price, support, licence = map(own, ("price", "support_per_year", "pqc_licence_per_year"))
    if terms.offer is None:
        return price, support, licence
    offer = inventory.offers[terms.offer]
    run_out = runs_out_before(offer.valid_until or "", as_of)
    offered = judge(offer.provenance, run_out, offer.currency not in (None, currency))
    return offered, support if offer.support_per_year is None else offered, licence


def _tunnels(inventory: Inventory, block: Classical) -> Iterator[ClassicalLine]:
    tunnels = {
        key: corridor.rekey.tunnels if corridor.rekey else 1 for key, corridor in sorted(inventory.corridors.items())
    }
    if block.effort_days_per_tunnel:
        count = sum(tunnels.values())
        shares = tuple((key, Fraction(number, count)) for key, number in tunnels.items())
        days = block.effort_days_per_tunnel
        work = WorkItem(item="Migration of tunnels", effort_days=days, provenance=block.provenance)
        yield _work(inventory, "tunnels", work, count, "tunnel", shares)


def _works(inventory: Inventory, block: Classical) -> Iterator[ClassicalLine]:
    corridors = inventory.corridors
    ends = Counter(end for corridor in corridors.values() for end in corridor.ends)
    by_site = tuple(
        (key, sum((Fraction(1, ends[end] * len(ends)) for end in corridor.ends), Fraction(0)))
        for key, corridor in sorted(corridors.items())
    )
    for number, work in enumerate(block.per_site):
        yield _work(inventory, f"per_site.{number}", work, len(ends), "site", by_site)
    for number, work in enumerate(block.programme):
        yield _work(inventory, f"programme.{number}", work, 1, "lump sum", _equal(sorted(corridors)))


def _work(
    inventory: Inventory,
    address: str,
    work: WorkItem,
    count: int,
    unit: str,
    shares: tuple[tuple[str, Fraction], ...],
) -> ClassicalLine:
    rate, effort = inventory.economics.day_rate, money(work.effort_days)
    whole = Cost(capex=(money(work.price) + effort * money(rate)) * count)
    return ClassicalLine(
        address=f"classical.{address}",
        description=work.item,
        quantity=count,
        unit=unit,
        parts=((work.provenance, whole),),
        to_be_quoted=bool(effort) and rate is None,
        shares=shares,
        effort_days=effort * count,
    )


def _equal(corridors: list[str]) -> tuple[tuple[str, Fraction], ...]:
    return tuple((corridor, Fraction(1, len(corridors))) for corridor in corridors)
