"""A plan as the plant that is there once it is built: the `existing` block of the inventory of its next phase."""

from __future__ import annotations

from collections.abc import Iterator

from qplan.costing.choice import offered
from qplan.costing.cost import ZERO, money
from qplan.costing.market import Market
from qplan.inventory.existing import ExistingLink
from qplan.inventory.model import Inventory
from qplan.inventory.source.built import Built, route_key
from qplan.plan.model import Link, Plan


def as_built(inventory: Inventory, plan: Plan) -> Built:
    """Links, nodes and relays of a plan for the inventory that it was made from, as an inventory states them.

    Each link with its count, offer and transmitters; one that was there keeps its id, whether it must stay, and its
    month, others stay and were bought in the month in which year 1 of the plan began. The yearly support of a system
    is what the plan pays for it.
    """
    market = Market(inventory)
    links = dict(_link(market, link) for link in plan.links)
    block = {"links": links, "nodes": [node.site for node in plan.nodes], "relays": list(plan.relays)}
    retired = {
        route_key(link.system, link.fibres) for name, link in inventory.existing.links.items() if name not in links
    }
    return Built(block, frozenset(retired), plan.sha256)


def _link(market: Market, link: Link) -> tuple[str, dict[str, object]]:
    entries = market.inventory.existing.links
    held = market.held.get((link.system, link.fibres if link.ends[0] < link.ends[1] else link.fibres[::-1]))
    there = None if held is None else entries[held.entry]
    forward = link.transmitters_at == link.ends[0]
    ends, fibres = (link.ends, link.fibres) if forward else (link.ends[::-1], link.fibres[::-1])
    return link.id if held is None else held.entry, {
        "ends": list(ends),
        "fibres": list(fibres),
        "system": link.system,
        "count": link.count,
        **dict(_stated(market, link, there)),
    }


def _stated(market: Market, link: Link, there: ExistingLink | None) -> Iterator[tuple[str, object]]:
    """Whether it stays, so that an override may say otherwise; the rest only where there is something to say."""
    yield "keep", there is None or there.keep
    bought = there.bought if there is not None and there.bought is not None else market.inventory.economics.start
    if bought is not None:
        yield "bought", bought
    support = _support(market, link, there)
    if support:
        yield "support_per_year", support
    if link.offer is not None:
        yield "offer", link.offer


def _support(market: Market, link: Link, there: ExistingLink | None) -> float:
    """Per system and year, the mean of those that were there and those bought."""
    total = ZERO
    if link.bought:
        total += link.bought * offered(market, f"qkd_systems.{link.system}", link.offer).yearly.support
    if there is not None and there.support_per_year is not None:
        total += link.existing * money(there.support_per_year)
    return float(total / link.count)
