"""Optical loss of a fibre and of a route, in dB."""

from __future__ import annotations

import math
from functools import lru_cache

CONNECTOR_LOSS_DB = 0.25  # a mated pair, IEC 61753-1 grade C mean
SPLICE_LOSS_DB = 0.05  # a fusion splice, upper end of 0.02 to 0.05 dB
ROUTE_FACTOR = 1.3  # route km per geodesic km where a fibre states no length
EARTH_RADIUS_KM = 6371.0088  # mean radius, IUGG


def fibre_loss_db(length_km: float, attenuation_db_per_km: float, connectors: int, splices: int) -> float:
    """Loss of a fibre from its length: length × attenuation + mated pairs + splices."""
    return length_km * attenuation_db_per_km + connectors * CONNECTOR_LOSS_DB + splices * SPLICE_LOSS_DB


@lru_cache(maxsize=100_000)
def geodesic_km(lat_a: float, lon_a: float, lat_b: float, lon_b: float) -> float:
    """Length in km of the WGS84 geodesic between two places given in degrees (Karney 2013, by geographiclib).

    Kept, as it is slow and asked for by checks, candidates and outputs alike.
    """
    from geographiclib.geodesic import Geodesic

    length_m: float = Geodesic.WGS84.Inverse(lat_a, lon_a, lat_b, lon_b, Geodesic.DISTANCE)["s12"]
    return length_m / 1000.0


def sphere_km(lat_a: float, lon_a: float, lat_b: float, lon_b: float) -> float:
    """Great circle in km on a sphere between two places given in degrees: within 0.6 % of the geodesic, and quick."""
    lat_a, lon_a, lat_b, lon_b = map(math.radians, (lat_a, lon_a, lat_b, lon_b))
    half = math.sin((lat_b - lat_a) / 2) ** 2 + math.cos(lat_a) * math.cos(lat_b) * math.sin((lon_b - lon_a) / 2) ** 2
    return 2 * EARTH_RADIUS_KM * math.asin(math.sqrt(min(1.0, half)))
