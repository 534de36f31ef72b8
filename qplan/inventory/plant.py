"""Lengths and losses of the fibre plant, declared or estimated, from the effective inventory.

Losses and lengths are rounded to 1e-9 (dB, km), so that a sum of decimal figures that equals a limit meets it.
"""

from __future__ import annotations

from qplan.inventory.model import Fibre, Inventory, QkdSystem
from qplan.physics.bands import Band, band_at
from qplan.physics.loss import ROUTE_FACTOR, fibre_loss_db, geodesic_km


def band_of(system: QkdSystem) -> Band:
    return band_at(system.wavelength_nm)


def great_circle_km(inventory: Inventory, fibre: Fibre) -> float | None:
    """Geodesic between the fibre's ends; None where an end has no coordinates."""
    a, b = (inventory.sites[end] for end in fibre.ends)
    if None in (a.lat, a.lon, b.lat, b.lon):
        return None
    return geodesic_km(a.lat, a.lon, b.lat, b.lon)


def length_km(inventory: Inventory, fibre: Fibre) -> float | None:
    """Stated length, else geodesic × 1.3; None where neither is known (then it counts as 0 km in costs)."""
    if fibre.length_km is not None:
        return fibre.length_km
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


def max_loss_db(system: QkdSystem) -> float:
    """Highest loss at which the system gives a key: its limit, never beyond the last point of its curve."""
    last = system.key_rate_curve[-1][0]
    return last if system.max_loss_db is None else min(system.max_loss_db, last)
