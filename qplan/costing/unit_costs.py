"""What one QKD system on a route, one QKD node and one relay cost, each part at the least price that it can be had at.

A product's least price is that of its offer and tier of least tco, whatever the quantity: a tier may ask for more.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from qplan.costing.choice import Choices, every_option, figures_of, link_units, offered
from qplan.costing.cost import Cost, total
from qplan.costing.market import Market
from qplan.costing.planned import plan_choices
from qplan.costing.quantities import LinkNeed, Units
from qplan.costing.terms import Tier
from qplan.inventory.model import Item
from qplan.plan.model import Link, Plan


def least_unit(market: Market, product: str) -> Cost:
    """One unit of a product on the terms of least tco."""
    options = (terms.unit(tier) for terms, tier in every_option(market.terms(product)))
    return min(options, key=lambda cost: figures_of(market, cost)[::-1])


def service_unit(market: Market, *per: str, new: bool = True) -> Cost:
    """The services counted per one of these things, for one of it; without what is paid once where it is there."""
    costs = (least_unit(market, product) for product in market.services(*per))
    return total(cost if new else Cost(support=cost.support, fees=cost.fees) for cost in costs)


def strand_cost(market: Market, fibre_id: str) -> Cost:
    """One strand of a fibre: set-up, fixed lease and lease per km."""
    return least_unit(market, f"fibres.{fibre_id}")


def system_cost(market: Market, system_id: str, fibres: tuple[str, ...]) -> Cost:
    """One system (Tx + Rx pair) on a route over the given fibres, with the strands that it takes on each."""
    strands = market.inventory.equipment.qkd_systems[system_id].strands
    parts = [least_unit(market, f"qkd_systems.{system_id}"), market.power[system_id], service_unit(market, "system")]
    return total([*parts, *(strand_cost(market, fibre_id).times(strands) for fibre_id in fibres)])


def items_cost(market: Market, kind: str, items: Mapping[str, Item]) -> Cost:
    """Every item of a list in its quantity."""
    return total(least_unit(market, f"{kind}.{part}").times(item.quantity) for part, item in items.items())


def node_cost(market: Market, site_id: str) -> Cost:
    """A site that hosts any QKD module; at one that does already only the yearly costs are due."""
    new = site_id not in market.paid_nodes
    items = items_cost(market, "node_items", market.inventory.equipment.node_items) if new else Cost()
    return total([market.node[site_id], items, service_unit(market, "node", new=new)])


def relay_cost(market: Market, site_id: str) -> Cost:
    """A site that relays keys, on top of the node; at an existing one only the yearly costs are due."""
    new = site_id not in market.paid_relays
    items = items_cost(market, "relay_items", market.inventory.equipment.relay_items) if new else Cost()
    return total([market.relay[site_id], items, service_unit(market, "relay", new=new)])


def link_cost(market: Market, plan: Plan, link: Link) -> Cost:
    """What a plan's QKD link costs, on the terms that the plan states, with its strands and power.

    What tiers ask for beyond the need, and services per fibre, are no part of it.
    """
    choices = plan_choices(market, plan)
    parts = [market.power[link.system].times(link.bought)]
    need = LinkNeed(link.id, link.system, link.existing, link.bought)
    terms = None
    if link.existing:
        held = market.held[link.system, link.fibres]
        parts.append(held.unit.times(link.existing))
        need = replace(need, covered=held.covered)
    if link.bought:
        terms = offered(market, f"qkd_systems.{link.system}", link.offer)
        parts.append(terms.unit(choices.tier(terms)).times(link.bought))
        strands = link.bought * market.inventory.equipment.qkd_systems[link.system].strands
        for f in link.fibres:
            parts.append(_on_terms(market, choices, f"fibres.{f}", Units(strands, strands)))
    for product in market.link_services:
        parts.append(_on_terms(market, choices, product, link_units(market, product, need, terms)))
    return total(parts)


def _on_terms(market: Market, choices: Choices, product: str, units: Units) -> Cost:
    terms = offered(market, product, choices.products.get(product, market.terms(product)[0].offer))
    price = Tier(1, choices.tier(terms).unit_price)
    return terms.bought(units.bought, price) + terms.yearly.times(units.used)
