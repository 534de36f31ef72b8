"""Lengths and losses of the fibre plant, declared or estimated, from the effective inventory.

Losses and lengths are rounded to 1e-9 (dB, km), so that a sum of decimal figures that equals a limit meets it.
"""

from __future__ import annotations

from qplan.inventory.model import Fibre, Inventory, QkdSystem
from qplan.physics.loss import O_BAND_BELOW_NM, ROUTE_FACTOR, fibre_loss_db, geodesic_km


def uses_o_band(system: QkdSystem) -> bool:
    return system.wavelength_nm < O_BAND_BELOW_NM


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


def loss_db(inventory: Inventory, fibre: Fibre, o_band: bool) -> float | None:
    """Loss of the fibre in the C band or the O band; None where the fibre cannot carry that band."""
    stated = fibre.loss_1310_db if o_band else fibre.loss_db
    if stated is not None:
        return stated
    if o_band and fibre.loss_db is not None and fibre.length_km is None:
        return None
    km = length_km(inventory, fibre)
    if km is None:
        return None
    attenuation = fibre.attenuation_1310_db_per_km if o_band else fibre.attenuation_db_per_km
    return round(fibre_loss_db(km, attenuation, fibre.connectors, fibre.splices), 9)


def bypass_loss_db(inventory: Inventory, site_id: str) -> float:
    """Loss of patching a quantum channel through a site."""
    own = inventory.sites[site_id].bypass_loss_db
    return inventory.policy.bypass_loss_db if own is None else own


def max_loss_db(system: QkdSystem) -> float:
    """Highest loss at which the system gives a key: its limit, never beyond the last point of its curve."""
    last = system.key_rate_curve[-1][0]
    return last if system.max_loss_db is None else min(system.max_loss_db, last)
