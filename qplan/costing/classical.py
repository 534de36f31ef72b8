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

from qplan.costing.cost import Cost, money, tco, total
from qplan.costing.market import ENDS, energy_cost
from qplan.costing.planned import state_costs
from qplan.costing.terms import terms_of
from qplan.costing.views import CorridorShare, share_out
from qplan.inventory.commercial import Classical, WorkItem
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
    cost: Cost
    to_be_quoted: bool
    """A price or the rate of a day is not stated, and counts as 0."""
    shares: tuple[tuple[str, Fraction], ...]
    """(corridor, part), sorted; the parts sum to 1."""
    effort_days: Decimal = Decimal(0)
    """Of all of it."""


@dataclass(frozen=True)
class ClassicalDesign:
    lines: tuple[ClassicalLine, ...]
    total: Cost
    costs: Costs
    shares: tuple[CorridorShare, ...]
    """By corridor; every column sums to the total, to the cent."""
    unnamed: tuple[str, ...]
    """Corridors for which no encryptor is stated: counted as 0."""


def classical_design(inventory: Inventory) -> ClassicalDesign | None:
    """The design that the inventory's `classical` block describes; None where there is none."""
    block = inventory.classical
    if block is None or not inventory.corridors:
        return None
    kinds = {key: encryptor_of(corridor, block) for key, corridor in sorted(inventory.corridors.items())}
    lines = (*_encryptors(inventory, block, kinds), *_tunnels(inventory, block), *_works(inventory, block))
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


def _encryptors(inventory: Inventory, block: Classical, kinds: Mapping[str, str | None]) -> Iterator[ClassicalLine]:
    for name, encryptor in sorted(inventory.equipment.encryptors.items()):
        users = [corridor for corridor, kind in kinds.items() if kind == name]
        if not users:
            continue
        units = ENDS * block.per_end * len(users)
        bought, unpriced = _cheapest(inventory, name, units)
        licence = Cost(support=money(encryptor.pqc_licence_per_year) * units)
        power = energy_cost(inventory, money(encryptor.power_w) * units)
        yield ClassicalLine(
            address=f"encryptors.{name}",
            description=encryptor.model or name,
            quantity=units,
            unit="piece",
            cost=bought + licence + power,
            to_be_quoted=unpriced,
            shares=_equal(users),
        )


def _cheapest(inventory: Inventory, name: str, units: int) -> tuple[Cost, bool]:
    """Units of an encryptor on their best terms, and whether these lack a price."""
    economics, found = inventory.economics, []
    for terms in terms_of(inventory, f"encryptors.{name}"):
        for tier in terms.tiers:
            cost = terms.bought(units, tier) + terms.yearly.times(units)
            unpriced = terms.offer is None and inventory.equipment.encryptors[name].price is None
            found.append((tco(economics, cost), terms.offer or "", tier.at_least, cost, unpriced))
    *_, cost, unpriced = min(found, key=lambda each: each[:3])
    return cost, unpriced


def _tunnels(inventory: Inventory, block: Classical) -> Iterator[ClassicalLine]:
    tunnels = {
        key: corridor.rekey.tunnels if corridor.rekey else 1 for key, corridor in sorted(inventory.corridors.items())
    }
    if block.effort_days_per_tunnel:
        count = sum(tunnels.values())
        shares = tuple((key, Fraction(number, count)) for key, number in tunnels.items())
        work = WorkItem(item="Migration of tunnels", effort_days=block.effort_days_per_tunnel)
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
    each = money(work.price) + effort * money(rate)
    return ClassicalLine(
        address=f"classical.{address}",
        description=work.item,
        quantity=count,
        unit=unit,
        cost=Cost(capex=each * count),
        to_be_quoted=bool(effort) and rate is None,
        shares=shares,
        effort_days=effort * count,
    )


def _equal(corridors: list[str]) -> tuple[tuple[str, Fraction], ...]:
    return tuple((corridor, Fraction(1, len(corridors))) for corridor in corridors)
