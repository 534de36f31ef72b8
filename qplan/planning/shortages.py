"""What a design takes beyond the limits of an inventory: strands, rack units, power, key rate, budget."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

from qplan.inventory.model import Inventory
from qplan.planning.assemble import Design

INSTEAD = "without that limit the cheapest design found"
SLACK = 1e-9  # a limit is kept up to this, relative above 1


@dataclass(frozen=True)
class Shortage:
    """A place where the design takes more than there is."""

    where: str
    taken: float
    free: float
    text: str


def strands(inventory: Inventory, design: Design) -> Iterator[Shortage]:
    taken: dict[str, int] = defaultdict(int)
    for link in design.links:
        for f in link.fibres:
            taken[f] += link.count * inventory.equipment.qkd_systems[link.system].strands
    for f, count in sorted(taken.items()):
        free = inventory.fibres[f].strands
        if count > free:
            text = f"Too few free strands on {f}: {INSTEAD} takes {count}; {free} are free."
            yield Shortage(f"fibres.{f}", count, free, text)


def rack_units(inventory: Inventory, design: Design) -> Iterator[Shortage]:
    for s, taken, free in _room(inventory, design, "rack_units"):
        text = f"Too few rack units at {s}: {INSTEAD} takes {taken:g}; {free:g} are free."
        yield Shortage(f"sites.{s}", taken, free, text)


def power(inventory: Inventory, design: Design) -> Iterator[Shortage]:
    for s, taken, free in _room(inventory, design, "power_w"):
        text = f"Too little power at {s}: {INSTEAD} takes {taken:g} W; {free:g} W are free."
        yield Shortage(f"sites.{s}", taken, free, text)


def _room(inventory: Inventory, design: Design, resource: str) -> Iterator[tuple[str, float, float]]:
    """Sites where the equipment takes more than is free: site, taken, free."""
    equipment = inventory.equipment
    for node in design.nodes:
        site, free = inventory.sites[node.site], getattr(inventory.sites[node.site], resource)
        if free is None:
            continue
        bought = [(item, item.quantity) for item in equipment.node_items.values()]
        if "relay" in node.roles and site.trusted_node != "existing":
            bought += [(item, item.quantity) for item in equipment.relay_items.values()]
        bought += [(equipment.qkd_systems[x.system], x.count) for x in design.links if node.site in x.ends]
        taken = round(sum(getattr(item, resource) * count for item, count in bought), 9)
        if taken > free + SLACK * max(1.0, free):
            yield node.site, taken, free


def key_rate(inventory: Inventory, design: Design) -> Iterator[Shortage]:
    """Links of a design made for no demand at all, on which the real demands ask for more than is installed."""
    load: dict[str, float] = defaultdict(float)
    for corridor in design.corridors:
        for path in corridor.paths:
            for link in path.links:
                load[link] += inventory.corridors[corridor.id].demand_bps
    for link in design.links:
        gives = link.count * link.key_rate_bps
        if load[link.id] > gives * (1 + SLACK):
            systems = f"one {link.system}" if link.count == 1 else f"{link.count} × {link.system}"
            text = (
                f"Too little key rate from {link.ends[0]} to {link.ends[1]} over {', '.join(link.fibres)}: "
                f"{load[link.id]:g} bit/s are asked for, {systems} gives {gives:g} bit/s at {link.loss_db:.2f} dB, and "
                "the limits leave no room for as many as it would take."
            )
            yield Shortage(f"links.{link.id}", load[link.id], gives, text)


def over_budget(inventory: Inventory, design: Design) -> Iterator[Shortage]:
    for metric in ("capex", "tco"):
        ceiling, cost = getattr(inventory.budget, metric), getattr(design.costs, metric)
        if ceiling is not None and cost > ceiling:
            text = (
                f"Over budget: the cheapest design found has a {metric} of {money(inventory, cost)}; the budget is "
                f"{money(inventory, ceiling)}."
            )
            yield Shortage(f"budget.{metric}", cost, ceiling, text)


def money(inventory: Inventory, amount: float) -> str:
    return f"{inventory.economics.currency} {amount:,.2f}".replace(",", " ").removesuffix(".00")


SHORTAGES: Mapping[str, Callable[[Inventory, Design], Iterator[Shortage]]] = {
    "strands": strands,
    "rack_units": rack_units,
    "power_w": power,
    "key_rate": key_rate,
    "budget": over_budget,
}
