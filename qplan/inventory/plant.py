"""What fibres and sites amount to in the effective inventory: lengths and losses, stated or derived; items and room.

Losses and lengths are rounded to 1e-9 (dB, km), so that a sum of decimal figures that equals a limit meets it.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable
from itertools import pairwise
from typing import Literal, Protocol

from qplan.inventory.model import Fibre, Inventory, Item, QkdSystem, Site
from qplan.physics.bands import Band, band_at
from qplan.physics.loss import ROUTE_FACTOR, fibre_loss_db, geodesic_km, sphere_km

Room = Literal["rack_units", "power_w"]
ROOMS: tuple[Room, ...] = ("rack_units", "power_w")
"""What a site has room for, by the key that states it."""


class Lit(Protocol):
    """A QKD link, planned or existing: so many systems over its fibres."""

    @property
    def system(self) -> str: ...

    @property
    def count(self) -> int: ...

    @property
    def fibres(self) -> tuple[str, ...]: ...


def strands_taken(inventory: Inventory, links: Iterable[Lit]) -> dict[str, int]:
    """Strands that the links take, by the fibres that they run over; sorted by id."""
    taken: Counter[str] = Counter()
    for link in links:
        each = link.count * inventory.equipment.qkd_systems[link.system].strands
        for fibre in link.fibres:
            taken[fibre] += each
    return dict(sorted(taken.items()))


def band_of(system: QkdSystem) -> Band:
    """The band that the system works in."""
    return band_at(system.wavelength_nm)


def coordinates(site: Site) -> tuple[float, float] | None:
    """Latitude and longitude in degrees; None where one of them is not stated."""
    return None if site.lat is None or site.lon is None else (site.lat, site.lon)


def great_circle_km(inventory: Inventory, fibre: Fibre) -> float | None:
    """Geodesic between the fibre's ends; None where an end has no coordinates."""
    a, b = (coordinates(inventory.sites[end]) for end in fibre.ends)
    return None if a is None or b is None else geodesic_km(*a, *b)


def course(inventory: Inventory, fibre: Fibre, start: str) -> tuple[tuple[float, float], ...]:
    """Latitudes and longitudes along the fibre's geometry from one of its ends on; none where it states no geometry.

    Which of its ends the geometry begins at, the ends' coordinates say; without these it is the first.
    """
    places = tuple((lat, lon) for lon, lat in fibre.geometry or ())
    first, second = (coordinates(inventory.sites[end]) for end in fibre.ends)
    if places and first and second:
        along = sphere_km(*first, *places[0]) + sphere_km(*second, *places[-1])
        against = sphere_km(*second, *places[0]) + sphere_km(*first, *places[-1])
        places = places if along <= against else places[::-1]
    return places if start == fibre.ends[0] else places[::-1]


def drawn_km(fibre: Fibre) -> float | None:
    """Geodesic along the fibre's geometry; None where it states none."""
    places = [(lat, lon) for lon, lat in fibre.geometry or ()]
    return math.fsum(geodesic_km(*a, *b) for a, b in pairwise(places)) if places else None


def length_km(inventory: Inventory, fibre: Fibre) -> float | None:
    """Stated length, else that of its geometry, else geodesic × 1.3; None where none is known (0 km in costs)."""
    if fibre.length_km is not None:
        return fibre.length_km
    if (drawn := drawn_km(fibre)) is not None:
        return round(drawn, 9)
    geodesic = great_circle_km(inventory, fibre)
    return None if geodesic is None else round(geodesic * ROUTE_FACTOR, 9)


def stated_loss_db(fibre: Fibre, band: Band) -> float | None:
    """The loss measured in the band; None where none is stated."""
    return fibre.loss_1310_db if band is Band.O else fibre.loss_db


def loss_db(inventory: Inventory, fibre: Fibre, band: Band) -> float | None:
    """Loss of the fibre in the band; None where the fibre cannot carry it."""
    stated = stated_loss_db(fibre, band)
    if stated is not None:
        return stated
    if band is Band.O and fibre.loss_db is not None and fibre.length_km is None:
        return None
    km = length_km(inventory, fibre)
    if km is None:
        return None
    attenuation = fibre.attenuation_1310_db_per_km if band is Band.O else fibre.attenuation_db_per_km
    return round(fibre_loss_db(km, attenuation, fibre.connectors, fibre.splices), 9)


def bypass_loss_db(inventory: Inventory, site_id: str) -> float:
    """Loss of patching a quantum channel through a site."""
    own = inventory.sites[site_id].bypass_loss_db
    return inventory.policy.bypass_loss_db if own is None else own


def route_loss_db(inventory: Inventory, fibres_db: Iterable[float | None], bypass_sites: Iterable[str]) -> float | None:
    """Loss of a route from the losses of its fibres in one band, with the sites patched through and the margin.

    None where a fibre cannot carry the band (its loss is None).
    """
    losses = list(fibres_db)
    known = [loss for loss in losses if loss is not None]
    if len(known) < len(losses):
        return None
    patched = sum(bypass_loss_db(inventory, site) for site in bypass_sites)
    return round(sum(known) + patched + inventory.policy.loss_margin_db, 9)


def max_loss_db(system: QkdSystem) -> float:
    """Highest loss at which the system gives a key: its limit, never beyond the last point of its curve."""
    last = system.key_rate_curve[-1][0]
    return last if system.max_loss_db is None else min(system.max_loss_db, last)


def is_existing_relay(inventory: Inventory, site_id: str) -> bool:
    """Whether the site relays keys already: what that costs once, and the relay items, are there."""
    return inventory.sites[site_id].trusted_node == "existing" or site_id in inventory.existing.relays


def relay_items(inventory: Inventory, site_id: str) -> dict[str, Item]:
    """What stands at a site that relays keys, by part number, beside what every QKD node has.

    At one that is called existing by itself that stands elsewhere; at one of `existing.relays` it is there, but takes
    the room that the inventory states.
    """
    elsewhere = inventory.sites[site_id].trusted_node == "existing" and site_id not in inventory.existing.relays
    return {} if elsewhere else inventory.equipment.relay_items


def items_at(inventory: Inventory, site_id: str, *, relays: bool) -> list[Item]:
    """Every item that stands at a QKD node, in its quantity; at one that relays keys with the relay items."""
    return [
        *inventory.equipment.node_items.values(),
        *(relay_items(inventory, site_id).values() if relays else ()),
    ]


def items_room(items: Iterable[Item], room: Room) -> float:
    """Rack units, or W, that the items take in their quantities."""
    return math.fsum(getattr(item, room) * item.quantity for item in items)
