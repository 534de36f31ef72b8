"""What everything in an inventory costs, looked up once: sites, corridors, existing systems, terms of products."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from functools import cached_property

from qplan.costing.cost import ZERO, Cost, money, total
from qplan.costing.terms import (
    Terms,
    existing_terms,
    existing_unit,
    least_purchase_price,
    strand_lease,
    terms_of,
)
from qplan.inventory.commercial import Service
from qplan.inventory.existing import ExistingLink
from qplan.inventory.installed import in_id_order, paid_nodes, paid_relays
from qplan.inventory.model import Inventory, Item
from qplan.inventory.plant import relay_items
from qplan.inventory.recent import once_per_inventory

KWH_PER_WATT_YEAR = Decimal("8.76")
ENDS = 2
PER_LINK = ("link", "system")


@dataclass(frozen=True)
class Held:
    """A system of an existing link: what it costs from year 1 on, and the services that its terms include."""

    entry: str
    """Id of the existing link."""
    unit: Cost
    covered: frozenset[str]


class Market:
    """Prices of one inventory."""

    def __init__(self, inventory: Inventory):
        self.inventory = inventory
        self._terms: dict[str, tuple[Terms, ...]] = {}

    @cached_property
    def paid_nodes(self) -> frozenset[str]:
        return paid_nodes(self.inventory)

    @cached_property
    def paid_relays(self) -> frozenset[str]:
        return paid_relays(self.inventory)

    def terms(self, product: str) -> tuple[Terms, ...]:
        """Every way to buy a product."""
        if product not in self._terms:
            self._terms[product] = terms_of(self.inventory, product)
        return self._terms[product]

    @cached_property
    def node(self) -> dict[str, Cost]:
        """A QKD node without its items: works where it is not there yet, hosting, power of the items."""
        power = energy_cost(self.inventory, _watts(self.inventory.equipment.node_items))
        return {
            name: power
            + Cost(
                capex=money(0.0 if name in self.paid_nodes else site.node_cost),
                hosting=money(site.node_cost_per_year),
            )
            for name, site in self.inventory.sites.items()
        }

    @cached_property
    def relay(self) -> dict[str, Cost]:
        """A site that relays keys, on top of the node, without its items."""
        return {
            name: energy_cost(self.inventory, _watts(relay_items(self.inventory, name)))
            + Cost(
                capex=money(0.0 if name in self.paid_relays else site.relay_cost),
                hosting=money(site.relay_cost_per_year),
            )
            for name, site in self.inventory.sites.items()
        }

    @cached_property
    def licence(self) -> dict[str, Cost]:
        """QKD licences of the encryptors at both ends of a corridor, where it is served."""
        return {name: _licence(self.inventory, name) for name in self.inventory.corridors}

    @cached_property
    def spares(self) -> Cost:
        """What is kept in stock, whatever the plan."""
        inventory = self.inventory
        prices = (least_purchase_price(inventory, product) * count for product, count in inventory.spares.items())
        return Cost(capex=sum(prices, ZERO))

    @cached_property
    def power(self) -> dict[str, Cost]:
        """A year of power of a pair of each system."""
        systems = self.inventory.equipment.qkd_systems.items()
        return {name: energy_cost(self.inventory, ENDS * money(system.power_w)) for name, system in systems}

    @cached_property
    def held(self) -> dict[tuple[str, tuple[str, ...]], Held]:
        """One system of every existing link with its leases and power, by system and fibres in id order of the ends."""
        return {
            (link.system, in_id_order(link)[1]): Held(name, self._held_unit(link), self._covered(link))
            for name, link in self.inventory.existing.links.items()
        }

    def _held_unit(self, link: ExistingLink) -> Cost:
        strands = self.inventory.equipment.qkd_systems[link.system].strands
        leases = [strand_lease(self.inventory, f).times(strands) for f in link.fibres]
        return total([existing_unit(self.inventory, link), self.power[link.system], *leases])

    def _covered(self, link: ExistingLink) -> frozenset[str]:
        return existing_terms(self.inventory, link).includes

    def services(self, *per: str) -> Mapping[str, Service]:
        """The services counted per one of these things, by product, in id order."""
        services = sorted(self.inventory.services.items())
        return {f"services.{name}": service for name, service in services if service.per in per}

    @cached_property
    def link_services(self) -> Mapping[str, Service]:
        """Services that an offer for a system may include."""
        return self.services(*PER_LINK)


@once_per_inventory
def market_of(inventory: Inventory) -> Market:
    """The market of an inventory."""
    return Market(inventory)


def energy_cost(inventory: Inventory, watts: Decimal) -> Cost:
    """A year of power at the price of year 1."""
    price = money(inventory.economics.energy_per_kwh)
    return Cost(energy=KWH_PER_WATT_YEAR * price * watts) if price else Cost()


def _watts(items: Mapping[str, Item]) -> Decimal:
    return sum((money(item.power_w) * item.quantity for item in items.values()), ZERO)


def licence_count(inventory: Inventory, corridor_id: str) -> tuple[str, int]:
    """The encryptor at a corridor's ends, and how many of them need a QKD licence where it is served."""
    classical = inventory.classical
    name = inventory.corridors[corridor_id].encryptor or (None if classical is None else classical.encryptor) or ""
    if name not in inventory.equipment.encryptors:
        return name, 0
    return name, ENDS * (1 if classical is None else classical.per_end)


def _licence(inventory: Inventory, corridor_id: str) -> Cost:
    name, count = licence_count(inventory, corridor_id)
    if not count:
        return Cost()
    return Cost(support=money(inventory.equipment.encryptors[name].qkd_licence_per_year) * count)
