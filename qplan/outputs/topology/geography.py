"""Longitudes and latitudes as plane positions."""

from __future__ import annotations

import math
from collections.abc import Sequence

Point = tuple[float, float]


def unwrapped(longitudes: Sequence[float]) -> list[float]:
    """Longitudes in degrees, some 360 higher, so that the widest empty gap lies outside and no span is cut at 180°."""
    if not longitudes:
        return []
    around = sorted({longitude % 360 for longitude in longitudes})
    gaps = [(following - here, here) for here, following in zip(around, [*around[1:], around[0] + 360], strict=True)]
    last = max(gaps)[1]
    turned = [longitude % 360 if longitude % 360 <= last else longitude % 360 - 360 for longitude in longitudes]
    shift = -360 if min(turned) >= 180 else 0
    return [round(longitude + shift, 9) for longitude in turned]


def plane(places: Sequence[Point]) -> list[Point]:
    """Latitudes and longitudes in degrees as x eastwards and y northwards in degrees of latitude (equirectangular)."""
    if not places:
        return []
    latitudes = [latitude for latitude, _ in places]
    narrow = narrowing(latitudes)
    longitudes = unwrapped([longitude for _, longitude in places])
    return [(round(lon * narrow, 9), lat) for lon, lat in zip(longitudes, latitudes, strict=True)]


def narrowing(latitudes: Sequence[float]) -> float:
    """A degree of longitude as a part of a degree of latitude, half way between the outermost latitudes."""
    return round(math.cos(math.radians((min(latitudes) + max(latitudes)) / 2)), 6)
