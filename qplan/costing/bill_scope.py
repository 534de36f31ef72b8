"""What the lines of a bill are made from, and how a line comes out of quantities and a price."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from functools import cached_property
from math import lcm

from qplan.costing.bill import ADDRESS, BillLine, Category, Parts
from qplan.costing.choice import Choices, offered
from qplan.costing.cost import ZERO
from qplan.costing.market import Market
from qplan.costing.planned import plan_choices, plan_quantities
from qplan.costing.quantities import Quantities
from qplan.costing.terms import Terms
from qplan.costing.usage import NO_CORRIDOR, Usage, usage_of
from qplan.inventory.commercial import Encryptor, Service
from qplan.inventory.model import Fibre, Inventory, Item, QkdSystem, Site
from qplan.plan.model import Plan


@dataclass(frozen=True)
class Need:
    """A quantity that one element of the plan needs, the corridors that use it, where it stands, links it is for."""

    quantity: Decimal
    corridors: tuple[str, ...]
    sites: tuple[str, ...]
    links: tuple[str, ...] = ()


@dataclass(frozen=True)
class BillScope:
    """A plan, its inventory, and what follows from both."""

    inventory: Inventory
    plan: Plan

    @cached_property
    def market(self) -> Market:
        return Market(self.inventory)

    @cached_property
    def usage(self) -> Usage:
        return usage_of(self.plan)

    @cached_property
    def choices(self) -> Choices:
        return plan_choices(self.market, self.plan)

    @cached_property
    def quantities(self) -> Quantities:
        return plan_quantities(self.market, self.plan)

    @cached_property
    def served(self) -> tuple[str, ...]:
        """The corridors that bear what is there for the whole plan."""
        return tuple(sorted(c.id for c in self.plan.corridors if c.served)) or (NO_CORRIDOR,)

    @cached_property
    def new_nodes(self) -> dict[str, tuple[str, ...]]:
        """The users of the nodes that are set up for the plan."""
        return {site: users for site, users in self.usage.nodes.items() if site not in self.market.paid_nodes}

    @cached_property
    def new_relays(self) -> dict[str, tuple[str, ...]]:
        """The users of the relays that are fitted out for the plan."""
        return {site: users for site, users in self.usage.relays.items() if site not in self.market.paid_relays}

    @cached_property
    def shared_keys(self) -> frozenset[str]:
        """Ids that products of more than one kind have: what follows from buying one says of which kind it is."""
        inventory, equipment = self.inventory, self.inventory.equipment
        kinds = (equipment.qkd_systems, equipment.node_items, equipment.relay_items, inventory.services)
        found = Counter(key for kind in (*kinds, inventory.fibres, inventory.existing.links) for key in kind)
        return frozenset(key for key, count in found.items() if count > 1)

    def kind_of(self, category: Category, key: str) -> str:
        """What tells lines that follow from a purchase of that category apart; "" where the key does."""
        return ADDRESS[category] if key in self.shared_keys else ""

    def terms(self, product: str) -> Terms:
        """On which a product other than a system is bought."""
        chosen = self.choices.products.get(product, self.market.terms(product)[0].offer)
        return offered(self.market, product, chosen)

    def line(
        self,
        category: Category,
        key: str,
        description: str,
        unit: str,
        unit_price: Decimal | None,
        needs: list[Need],
        priced_at: Site | Fibre | QkdSystem | Item | Service | Encryptor | None = None,
    ) -> BillLine:
        """A line at a price (None: to be quoted), without its money; `priced_at` states the price."""
        quantity = sum((need.quantity for need in needs), ZERO)
        currency = self.inventory.economics.currency
        return BillLine(
            key=key,
            description=description,
            category=category,
            quantity=quantity,
            unit=unit,
            unit_price=unit_price,
            currency=currency,
            foreign=priced_at is not None and priced_at.labels.get("currency", currency) != currency,
            shares=_parts(quantity, ((need.quantity, need.corridors) for need in needs)),
            at_sites=_parts(quantity, ((need.quantity, need.sites) for need in needs)),
            on_links=_parts(quantity, ((need.quantity, need.links) for need in needs)),
        )


def _parts(quantity: Decimal, needs: Iterable[tuple[Decimal, tuple[str, ...]]]) -> Parts:
    """What of the quantity falls to each id: a need in equal parts to each of its own."""
    shares = [(Fraction(amount) / Fraction(quantity) / (len(ids) or 1), ids or ("",)) for amount, ids in needs]
    whole = lcm(*(share.denominator for share, _ in shares))  # sums of whole numbers: of fractions they take long
    parts: Counter[str] = Counter()
    for share, ids in shares:
        part = int(share * whole)
        for each in ids:
            parts[each] += part
    return tuple((each, Fraction(part, whole)) for each, part in sorted(parts.items()))
