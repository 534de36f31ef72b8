"""What a plan means for its readers, in numbers: the facts behind the report and the terminal summary.

Everything follows from the plan's lists and the effective inventory; nothing here is text for a page.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

from qplan.assessment.weaknesses import SmallestSet, cuts_off, reveals
from qplan.inventory.model import Corridor, Inventory, Item, QkdSystem, Site
from qplan.inventory.plant import (
    band_of,
    great_circle_km,
    is_existing_relay,
    items_at,
    length_km,
    max_loss_db,
    stated_loss_db,
)
from qplan.plan.model import Link, Node, Plan, ServedCorridor


@dataclass(frozen=True)
class Space:
    """Rack units or W at a site: what the plan takes, and what was free before (None: no limit stated)."""

    used: float
    free: float | None


@dataclass(frozen=True)
class NodeFacts:
    node: Node
    site: Site
    rack_units: Space
    power_w: Space

    @property
    def existing(self) -> bool:
        return is_existing_relay(self.site)


@dataclass(frozen=True)
class LinkFacts:
    link: Link
    limit_db: float
    length_km: float | None
    """None where a fibre of the route has neither a stated length nor ends with coordinates."""

    @property
    def headroom_db(self) -> float:
        return self.limit_db - self.link.loss_db

    @property
    def spare_bps(self) -> float:
        return max(0.0, self.link.capacity_bps - self.link.load_bps)

    @property
    def utilisation(self) -> float:
        return self.link.load_bps / self.link.capacity_bps if self.link.capacity_bps else 0.0

    @property
    def sites(self) -> tuple[str, ...]:
        return (self.link.ends[0], *self.link.bypass_sites, self.link.ends[1])


@dataclass(frozen=True)
class PathFacts:
    sites: tuple[str, ...]
    """From the corridor's first end over its relays to the second."""
    relays: tuple[str, ...]
    systems: tuple[str, ...]
    spare_bps: float
    """Least over the path's links of capacity − load: what could still be reserved, never a sum."""
    length_km: float | None


@dataclass(frozen=True)
class CorridorFacts:
    id: str
    corridor: Corridor
    served: bool
    demand_bps: float
    paths: tuple[PathFacts, ...]
    revealed_by: SmallestSet | None
    """Relays that together learn the key; None where relays alone never do."""
    cut_off_by: SmallestSet | None
    """Sites (its ends apart), fibres or ducts without which it gets no key; None where it is not served."""

    @property
    def relays(self) -> tuple[str, ...]:
        return tuple(sorted({relay for path in self.paths for relay in path.relays}))

    @property
    def relay_sees_key(self) -> bool:
        """A relay learns the key by itself; else it learns one share, of which several are needed."""
        return self.corridor.shares_needed == 1

    @property
    def spare_bps(self) -> float:
        """Least over the paths, each of which carries the whole demand."""
        return min((path.spare_bps for path in self.paths), default=0.0)


@dataclass(frozen=True)
class RelayFacts:
    """A site where keys are in clear beyond those of its own corridors."""

    id: str
    site: Site
    whole_keys: tuple[str, ...]
    """Corridors whose keys the site sees by itself."""
    shares: tuple[str, ...]
    """Corridors of which it sees one share that gives no key alone."""


@dataclass(frozen=True)
class Plant:
    """How the fibres that the plan uses are known, by fibre id."""

    measured: tuple[str, ...]
    computed: tuple[str, ...]
    """Loss from length × attenuation, connectors and splices."""
    derived_length: tuple[str, ...]
    """Length from the ends' coordinates."""
    unknown_length: tuple[str, ...]


@dataclass(frozen=True)
class Facts:
    nodes: tuple[NodeFacts, ...]
    links: tuple[LinkFacts, ...]
    corridors: tuple[CorridorFacts, ...]
    relays: tuple[RelayFacts, ...]
    plant: Plant
    systems: dict[str, QkdSystem]
    """Used in the plan."""
    items: tuple[tuple[str, Item], ...]

    @property
    def system_count(self) -> int:
        return sum(facts.link.count for facts in self.links)

    @property
    def unserved(self) -> tuple[CorridorFacts, ...]:
        return tuple(facts for facts in self.corridors if not facts.served)


def gather(inventory: Inventory, plan: Plan) -> Facts:
    """All facts of a plan. The plan must be one for this inventory."""
    systems = inventory.equipment.qkd_systems
    links = {link.id: _link_facts(inventory, link) for link in plan.links}
    corridors = tuple(_corridor_facts(inventory, served, links) for served in plan.corridors)
    return Facts(
        nodes=tuple(_node_facts(inventory, plan, node) for node in plan.nodes),
        links=tuple(links.values()),
        corridors=corridors,
        relays=tuple(_relay_facts(inventory, site_id, corridors) for site_id in plan.relays),
        plant=_plant(inventory, plan),
        systems={key: systems[key] for key in sorted({link.system for link in plan.links})},
        items=_items(inventory, plan),
    )


def _node_facts(inventory: Inventory, plan: Plan, node: Node) -> NodeFacts:
    site, equipment = inventory.sites[node.site], inventory.equipment
    ends = [(equipment.qkd_systems[link.system], link.count) for link in plan.links if node.site in link.ends]
    items = items_at(inventory, node.site, relays="relay" in node.roles)
    pieces = [*ends, *((item, item.quantity) for item in items)]
    return NodeFacts(
        node,
        site,
        Space(math.fsum(piece.rack_units * count for piece, count in pieces), site.rack_units),
        Space(math.fsum(piece.power_w * count for piece, count in pieces), site.power_w),
    )


def _link_facts(inventory: Inventory, link: Link) -> LinkFacts:
    known = all(length_km(inventory, inventory.fibres[fibre]) is not None for fibre in link.fibres)
    limit = max_loss_db(inventory.equipment.qkd_systems[link.system])
    return LinkFacts(link, limit, link.length_km if known else None)


def _corridor_facts(inventory: Inventory, served: ServedCorridor, links: dict[str, LinkFacts]) -> CorridorFacts:
    corridor = inventory.corridors[served.id]
    paths = []
    for path in served.paths:
        used = [links[link_id] for link_id in path.links]
        lengths = [facts.length_km for facts in used]
        paths.append(
            PathFacts(
                sites=(corridor.ends[0], *path.relays, corridor.ends[1]),
                relays=path.relays,
                systems=tuple(facts.link.system for facts in used),
                spare_bps=min((facts.spare_bps for facts in used), default=0.0),
                length_km=None if None in lengths else math.fsum(lengths),
            )
        )
    plan_links = {link_id: facts.link for link_id, facts in links.items()}
    return CorridorFacts(
        served.id,
        corridor,
        served.served,
        served.key_rate_bps,
        tuple(paths),
        revealed_by=reveals(corridor, served.paths) if served.served else None,
        cut_off_by=cuts_off(inventory, corridor, served.paths, plan_links) if served.served else None,
    )


def _relay_facts(inventory: Inventory, site_id: str, corridors: tuple[CorridorFacts, ...]) -> RelayFacts:
    relayed = [facts for facts in corridors if site_id in facts.relays]
    alone = tuple(facts.id for facts in relayed if facts.relay_sees_key)
    shares = tuple(facts.id for facts in relayed if not facts.relay_sees_key)
    return RelayFacts(site_id, inventory.sites[site_id], alone, shares)


def _plant(inventory: Inventory, plan: Plan) -> Plant:
    """A fibre counts as computed when any system on it works in a band without a stated loss."""
    measured: dict[str, bool] = {}
    for link in plan.links:
        band = band_of(inventory.equipment.qkd_systems[link.system])
        for fibre_id in link.fibres:
            fibre = inventory.fibres[fibre_id]
            stated = stated_loss_db(fibre, band)
            measured[fibre_id] = measured.get(fibre_id, True) and stated is not None
    lengthless = [key for key in sorted(measured) if inventory.fibres[key].length_km is None]
    placed = {key: great_circle_km(inventory, inventory.fibres[key]) is not None for key in lengthless}
    return Plant(
        measured=tuple(key for key in sorted(measured) if measured[key]),
        computed=tuple(key for key in sorted(measured) if not measured[key]),
        derived_length=tuple(key for key in lengthless if placed[key]),
        unknown_length=tuple(key for key in lengthless if not placed[key]),
    )


def _items(inventory: Inventory, plan: Plan) -> tuple[tuple[str, Item], ...]:
    """Items bought, by part number: node items wherever there is a node, relay items wherever a relay is built."""
    bought = [*inventory.equipment.node_items.items()] if plan.nodes else []
    if not all(is_existing_relay(inventory.sites[relay]) for relay in plan.relays):
        bought += inventory.equipment.relay_items.items()
    return tuple(sorted(bought, key=lambda entry: entry[0]))
