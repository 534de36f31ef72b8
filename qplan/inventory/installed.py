"""What QKD plant is there (`existing`), in the terms of a plan: routes, ages, and what of it can carry keys."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from itertools import product
from typing import NamedTuple

from qplan.inventory import plant
from qplan.inventory.existing import ExistingLink
from qplan.inventory.model import Inventory
from qplan.physics.key_rate import rate_at_bps


def sites_along(inventory: Inventory, start: str, fibres: Iterable[str]) -> tuple[str, ...] | None:
    """The sites that fibres lead through one after the other, both ends among them; None where they do not join up."""
    sites = [start]
    for fibre_id in fibres:
        fibre = inventory.fibres.get(fibre_id)
        if fibre is None or sites[-1] not in fibre.ends:
            return None
        sites.append(fibre.ends[1] if sites[-1] == fibre.ends[0] else fibre.ends[0])
    return tuple(sites)


def in_id_order(link: ExistingLink) -> tuple[tuple[str, str], tuple[str, ...]]:
    """Ends and fibres of a link, from the end that comes first by id."""
    first, second = link.ends
    return (link.ends, link.fibres) if first < second else ((second, first), link.fibres[::-1])


def carries_no_key(inventory: Inventory, link: ExistingLink) -> str | None:
    """Why no path may use the link, in words with the figures; None where it may."""
    system = inventory.equipment.qkd_systems[link.system]
    fibres = [inventory.fibres[f] for f in link.fibres]
    amplified = [f for f in link.fibres if inventory.fibres[f].amplified]
    if amplified:
        return f"fibre {amplified[0]} is amplified"
    losses = [plant.loss_db(inventory, fibre, plant.band_of(system)) for fibre in fibres]
    loss = plant.route_loss_db(inventory, losses, (sites_along(inventory, link.ends[0], link.fibres) or ())[1:-1])
    if loss is None:
        return f"fibre {link.fibres[losses.index(None)]} has no loss at {system.wavelength_nm:g} nm"
    if loss > plant.max_loss_db(system):
        return f"its loss of {loss:.6g} dB is above the {plant.max_loss_db(system):g} dB of {link.system}"
    most = system.max_length_km
    total = _total([plant.length_km(inventory, fibre) for fibre in fibres])
    if most is not None and (total is None or total > most):
        length = "unknown" if total is None else f"{total:.6g} km"
        return f"its length ({length}) is not within the {most:g} km of {link.system}"
    if rate_at_bps(system.key_rate_curve, loss) * (1 - inventory.policy.key_rate_reserve) <= 0:
        return f"{link.system} gives no key at {loss:.6g} dB"
    return None


def _total(lengths: list[float | None]) -> float | None:
    known = [length for length in lengths if length is not None]
    return round(sum(known), 9) if len(known) == len(lengths) else None


def age_years(inventory: Inventory, link: ExistingLink) -> int:
    """Whole years from the purchase to the start of year 1; 0 where one of them is not stated or the order is odd."""
    start = inventory.economics.start
    return 0 if start is None or link.bought is None else max(0, (_months(start) - _months(link.bought)) // 12)


def _months(month: str) -> int:
    year, _, number = month.partition("-")
    return 12 * int(year) + int(number)


class Overfull(NamedTuple):
    """A fibre or a site that gives less than the existing plant that stays takes."""

    address: tuple[str, str]
    key: str
    """`strands`, `rack_units` or `power_w`."""
    taken: float
    free: float


def find_overfull(inventory: Inventory) -> list[Overfull]:
    """Where the existing links that stay, with the items of the nodes at their ends, do not fit."""
    kept = [link for link in inventory.existing.links.values() if link.keep]
    systems = inventory.equipment.qkd_systems
    taken: dict[tuple[str, str, str], float] = defaultdict(float)
    for fibre, strands in plant.strands_taken(inventory, kept).items():
        taken["fibres", fibre, "strands"] = strands
    for link in kept:
        for end, room in product(link.ends, plant.ROOMS):
            taken["sites", end, room] += link.count * getattr(systems[link.system], room)
    for site, room in product({end for link in kept for end in link.ends}, plant.ROOMS):
        taken["sites", site, room] += plant.items_room(inventory.equipment.node_items.values(), room)
    found = []
    for (kind, name, key), amount in sorted(taken.items()):
        free = getattr(getattr(inventory, kind)[name], key)
        if free is not None and round(amount, 9) > free:
            found.append(Overfull((kind, name), key, amount, free))
    return found


def paid_nodes(inventory: Inventory) -> frozenset[str]:
    """Sites whose node cost and node items are there."""
    return frozenset(inventory.existing.nodes).union(*(link.ends for link in inventory.existing.links.values()))


def paid_relays(inventory: Inventory) -> frozenset[str]:
    """Sites whose relay cost and relay items are there."""
    return frozenset(site for site in inventory.sites if plant.is_existing_relay(inventory, site))
