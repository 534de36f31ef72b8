"""What stands at each QKD node, and the room and power that it takes there."""

from __future__ import annotations

import math
from dataclasses import dataclass

from qplan.inventory.model import Inventory, Item, QkdSystem, Site
from qplan.inventory.plant import is_existing_relay, items_at
from qplan.plan.model import Node, Plan


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
    existing: bool
    """The site is a trusted relay already."""


def node_facts(inventory: Inventory, plan: Plan, node: Node) -> NodeFacts:
    site, equipment = inventory.sites[node.site], inventory.equipment
    pieces: list[tuple[QkdSystem | Item, int]] = [
        (equipment.qkd_systems[link.system], link.count) for link in plan.links if node.site in link.ends
    ]
    pieces += [(item, item.quantity) for item in items_at(inventory, node.site, relays="relay" in node.roles)]
    return NodeFacts(
        node,
        site,
        Space(math.fsum(piece.rack_units * count for piece, count in pieces), site.rack_units),
        Space(math.fsum(piece.power_w * count for piece, count in pieces), site.power_w),
        is_existing_relay(inventory, node.site),
    )
