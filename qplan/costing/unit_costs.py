"""What one QKD system on a route, one QKD node and one relay cost, in capex and per year.

The optimiser's coefficients, the bill of materials and the cost summary all start here. Money is `Decimal`, made from
the shortest decimal text of the declared figure, so that cents add up exactly.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from qplan.inventory.model import Economics, Inventory, Item
from qplan.inventory.plant import is_existing_relay, length_km, relay_items


@dataclass(frozen=True)
class Cost:
    """One-off and yearly money, in the inventory's currency."""

    capex: Decimal = Decimal(0)
    opex_per_year: Decimal = Decimal(0)

    def __add__(self, other: Cost) -> Cost:
        return Cost(self.capex + other.capex, self.opex_per_year + other.opex_per_year)

    def times(self, quantity: int) -> Cost:
        """The cost of so many."""
        return Cost(self.capex * quantity, self.opex_per_year * quantity)


def money(amount: float | None) -> Decimal:
    """A declared amount as exact decimal; a missing price counts as 0 (and is listed as "to be quoted")."""
    return Decimal(0) if amount is None else Decimal(repr(amount))


def strand_cost(inventory: Inventory, fibre_id: str) -> Cost:
    """One strand of a fibre: set-up, fixed lease and lease per km."""
    fibre = inventory.fibres[fibre_id]
    km = money(length_km(inventory, fibre))
    return Cost(
        money(fibre.setup_cost_per_strand),
        money(fibre.cost_per_strand_year) + money(fibre.cost_per_strand_km_year) * km,
    )


def system_cost(inventory: Inventory, system_id: str, fibres: tuple[str, ...]) -> Cost:
    """One system (Tx + Rx pair) on a route over the given fibres, with the strands it takes on each."""
    system = inventory.equipment.qkd_systems[system_id]
    total = Cost(money(system.price), money(system.support_per_year))
    for fibre_id in fibres:
        total += strand_cost(inventory, fibre_id).times(system.strands)
    return total


def items_cost(items: dict[str, Item]) -> Cost:
    """Every item of a list in its quantity."""
    total = Cost()
    for item in items.values():
        total += Cost(money(item.price), money(item.support_per_year)).times(item.quantity)
    return total


def node_cost(inventory: Inventory, site_id: str) -> Cost:
    """A site that hosts any QKD module."""
    site = inventory.sites[site_id]
    return Cost(money(site.node_cost), money(site.node_cost_per_year)) + items_cost(inventory.equipment.node_items)


def relay_cost(inventory: Inventory, site_id: str) -> Cost:
    """A site that relays keys, on top of the node; at an `existing` one only the yearly cost is due."""
    site = inventory.sites[site_id]
    once = None if is_existing_relay(site) else site.relay_cost
    return Cost(money(once), money(site.relay_cost_per_year)) + items_cost(relay_items(inventory, site_id))


def contingency(economics: Economics, capex: Decimal) -> Decimal:
    """The reserve on top of a capex."""
    return money(economics.contingency) * capex


def present_value_factor(economics: Economics) -> Decimal:
    """Σ over years 1 … horizon of 1 / (1 + discount_rate)^year, in closed form."""
    rate = money(economics.discount_rate)
    if rate < Decimal("1e-18"):  # below this the closed form loses its digits
        return Decimal(economics.horizon_years)
    return (1 - (1 + rate) ** -economics.horizon_years) / rate


def tco(economics: Economics, cost: Cost) -> Decimal:
    """capex + contingency + discounted opex over the horizon."""
    return cost.capex + contingency(economics, cost.capex) + cost.opex_per_year * present_value_factor(economics)
