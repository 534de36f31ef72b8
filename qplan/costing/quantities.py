"""What a design takes of every product, and what it costs besides, whatever the terms."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from qplan.costing.cost import Cost, total
from qplan.costing.market import Market


@dataclass(frozen=True)
class Installed:
    """Systems of one kind on a route: how many were there, and how many are bought."""

    id: str
    system: str
    fibres: tuple[str, ...]
    """From the end that comes first by id."""
    existing: int
    bought: int


@dataclass(frozen=True)
class LinkNeed:
    """What matters of a QKD link for its terms."""

    id: str
    system: str
    existing: int
    bought: int
    covered: frozenset[str] = frozenset()
    """Services that the terms of its existing systems include."""


@dataclass(frozen=True)
class Units:
    """Units of a product: bought, and in use (of services also for what exists)."""

    bought: int = 0
    used: int = 0


@dataclass(frozen=True)
class Quantities:
    links: tuple[LinkNeed, ...]
    products: Mapping[str, Units]
    """By product, but for systems, and for services per system or per link: these follow from the links' terms."""
    fixed: Cost
    """Works, hosting, power, what existing systems cost, licences, spares."""


def quantities_of(
    market: Market,
    links: Iterable[Installed],
    nodes: Iterable[str],
    relays: Iterable[str],
    served: Iterable[str],
) -> Quantities:
    """The quantities of a design; every node, relay and served corridor is named once."""
    links, nodes, relays, served = tuple(links), tuple(nodes), tuple(relays), tuple(served)
    fixed = [market.spares]
    fixed += [market.node[site] for site in nodes] + [market.relay[site] for site in relays]
    fixed += [market.licence[q] for q in served]
    needs = []
    for link in links:
        fixed.append(market.power[link.system].times(link.bought))
        covered: frozenset[str] = frozenset()
        if link.existing:
            held = market.held[link.system, link.fibres]
            covered = held.covered
            fixed.append(held.unit.times(link.existing))
        needs.append(LinkNeed(link.id, link.system, link.existing, link.bought, covered))
    products = _items(market, nodes, relays) | _strands(market, links)
    products |= _services(market, links, nodes, relays, len(served))
    return Quantities(tuple(needs), {name: units for name, units in products.items() if units.used}, total(fixed))


def _items(market: Market, nodes: tuple[str, ...], relays: tuple[str, ...]) -> dict[str, Units]:
    """Pieces at the nodes and relays that are not there yet."""
    equipment = market.inventory.equipment
    new_nodes = sum(site not in market.paid_nodes for site in nodes)
    new_relays = sum(site not in market.paid_relays for site in relays)
    pieces = {f"node_items.{part}": item.quantity * new_nodes for part, item in equipment.node_items.items()}
    pieces |= {f"relay_items.{part}": item.quantity * new_relays for part, item in equipment.relay_items.items()}
    return {product: Units(count, count) for product, count in pieces.items()}


def _strands(market: Market, links: tuple[Installed, ...]) -> dict[str, Units]:
    """Strands of every fibre for the systems bought."""
    strands: Counter[str] = Counter()
    for link in links:
        for f in link.fibres if link.bought else ():
            strands[f] += link.bought * market.inventory.equipment.qkd_systems[link.system].strands
    return {f"fibres.{f}": Units(count, count) for f, count in strands.items()}


def _services(
    market: Market, links: tuple[Installed, ...], nodes: tuple[str, ...], relays: tuple[str, ...], served: int
) -> dict[str, Units]:
    """Units of the services that no offer for a system can include."""
    if not market.inventory.services:
        return {}
    new_nodes = sum(site not in market.paid_nodes for site in nodes)
    new_relays = sum(site not in market.paid_relays for site in relays)
    new_fibres = {f for link in links if link.bought for f in link.fibres}
    used_fibres = {f for link in links for f in link.fibres}
    counted = {
        "node": Units(new_nodes, len(nodes)),
        "relay": Units(new_relays, len(relays)),
        "fibre": Units(len(new_fibres), len(used_fibres)),
        "corridor": Units(served, served),
        "plan": Units(1, 1),
    }
    return {product: counted[service.per] for product, service in market.services(*counted).items()}
