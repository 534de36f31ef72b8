"""Checks of fibre lengths against the coordinates of their ends."""

from __future__ import annotations

from collections.abc import Collection, Iterator

from qplan.errors import Diagnostic
from qplan.inventory.checks.view import View
from qplan.inventory.model import Fibre
from qplan.inventory.plant import coordinates, course, drawn_km, great_circle_km, length_km
from qplan.inventory.source.messages import counted
from qplan.inventory.source.units import UNITS
from qplan.physics.loss import ROUTE_FACTOR, sphere_km

GREAT_CIRCLE_TOLERANCE = 0.001  # relative: coordinates are rounded
DETOUR, DETOUR_KM = 5.0, 20.0  # no route is so many times, and so many km beside, as long as its ends are apart
ASTRAY_KM = 1.0  # from a site to where the geometry of its fibre ends: a large campus
DRAWN_TOLERANCE = 0.01  # relative: by so much a drawing may be longer than the cable
DRAWN, DRAWN_KM = 2.0, 2.0  # no cable is so many times, and so many km beside, as long as its drawing
LOOP_KM = 0.05  # of ends that are nearer than this the fibre is a coil, or a loop that is led back
LONGEST_KM = 1000.0  # far beyond any span without amplifiers; for ends whose coordinates are not known
OTHER_UNITS = {unit: float(UNITS["_km"].others[unit]) for unit in ("m", "mi", "ft")}
FEWEST_SHORT, SHARE_SHORT = 3, 0.2  # so many fibres, and such a part of all, make one suspect the coordinates
SHARE_STILL_SHORT = 0.1  # of these may be short with the other coordinates too: there are other mistakes


def check_lengths(view: View) -> Iterator[Diagnostic]:
    """A stated length fits the great circle between the ends; a length that is derived or unknown is said to be."""
    short = dict.fromkeys(name for name, fibre in view.fibres() if _is_short(view, fibre))
    exchanged = _exchanged(view, short)
    if exchanged:
        yield exchanged
    for name, fibre in view.fibres():
        if fibre.length_km is None:
            yield from _unstated(view, name, fibre)
        elif name in short and not exchanged:
            yield _too_short(view, name, fibre, fibre.length_km)
        elif fibre.length_km > _most_km(view, fibre):
            yield _too_long(view, name, fibre, fibre.length_km)
        if fibre.geometry is not None:
            yield from _against_geometry(view, name, fibre)


def _apart_km(view: View, fibre: Fibre) -> float | None:
    """Great circle between the ends on a sphere: not exact, but quick; None where coordinates are missing."""
    a, b = (coordinates(view.inventory.sites[end]) for end in fibre.ends)
    return None if a is None or b is None else sphere_km(*a, *b)


def _most_km(view: View, fibre: Fibre) -> float:
    apart = _apart_km(view, fibre)
    return LONGEST_KM if apart is None or apart < LOOP_KM else DETOUR * apart + DETOUR_KM


def _is_short(view: View, fibre: Fibre) -> bool:
    """Whether the stated length is less than the geodesic, which is slow to compute and seldom needed."""
    apart = _apart_km(view, fibre)
    if fibre.length_km is None or apart is None or fibre.length_km > 1.01 * apart > 0:
        return False
    geodesic = great_circle_km(view.inventory, fibre)
    return geodesic is not None and fibre.length_km < geodesic * (1 - GREAT_CIRCLE_TOLERANCE)


def _exchanged(view: View, short: Collection[str]) -> Diagnostic | None:
    """One finding where fibres are too short for the coordinates, and hardly any with `lat` and `lon` exchanged."""
    fibres = view.inventory.fibres
    judged = [f for _, f in view.fibres() if f.length_km is not None and _apart_km(view, f) is not None]
    if len(short) < max(FEWEST_SHORT, SHARE_SHORT * len(judged)):
        return None
    still = 0
    for fibre in judged:
        a, b = (coordinates(view.inventory.sites[end]) for end in fibre.ends)
        if a is None or b is None or max(abs(a[1]), abs(b[1])) > 90:
            return None
        still += (fibre.length_km or 0.0) < sphere_km(*a[::-1], *b[::-1]) * 0.99
    if still > SHARE_STILL_SHORT * len(short):
        return None
    message = (
        f"as the coordinates stand, {len(short)} of {counted(len(judged), 'fibre')} are shorter than their ends are "
        f"apart, and {still or 'none'} with lat and lon exchanged"
    )
    first = fibres[next(iter(short))].ends[0]
    return view.finding("QP319", ("sites", first, "lat"), message, hint="lat comes from the equator, -90 to 90")


def _too_short(view: View, name: str, fibre: Fibre, length: float) -> Diagnostic:
    apart = great_circle_km(view.inventory, fibre) or 0.0
    message = (
        f"fibres.{name} is {length:g} km long, but its ends are {apart:.2f} km apart (the length is used as stated)"
    )
    return view.finding("QP304", ("fibres", name, "length_km"), message, hint=_in_other_unit(view, fibre, length))


def _too_long(view: View, name: str, fibre: Fibre, length: float) -> Diagnostic:
    apart = _apart_km(view, fibre)
    against = "beyond any span without amplifiers" if apart is None else f"but its ends are {apart:.3g} km apart"
    message = f"fibres.{name} is {length:g} km long, {against} (the length is used as stated)"
    return view.finding("QP316", ("fibres", name, "length_km"), message, hint=_in_other_unit(view, fibre, length))


def _against_geometry(view: View, name: str, fibre: Fibre) -> Iterator[Diagnostic]:
    """The geometry leads from end to end, and the stated length fits it: a cable is no shorter than its drawing."""
    places, path = course(view.inventory, fibre, fibre.ends[0]), ("fibres", name, "geometry")
    outermost = dict(zip(fibre.ends, (places[0], places[-1]), strict=True))
    sites = {end: place for end in fibre.ends if (place := coordinates(view.inventory.sites[end])) is not None}
    astray_km = {end: sphere_km(*outermost[end], *place) for end, place in sites.items()}
    if max(astray_km.values(), default=0.0) > ASTRAY_KM:
        end = max(astray_km, key=lambda end: astray_km[end])
        exchanged = [min(sphere_km(lon, lat, *site) for lat, lon in outermost.values()) for site in sites.values()]
        hint = "lon comes before lat, as in GeoJSON" if max(exchanged) <= ASTRAY_KM else ""
        message = f"the geometry of fibres.{name} comes no nearer to {end} than {astray_km[end]:.1f} km"
        yield view.finding("QP320", path, message, hint=hint)
        return
    drawn = drawn_km(fibre) or 0.0
    least, most = drawn * (1 - DRAWN_TOLERANCE), DRAWN * drawn + DRAWN_KM
    if fibre.length_km is not None and not least <= fibre.length_km <= most:
        lengths = f"is {fibre.length_km:g} km long and its geometry {drawn:.2f} km"
        yield view.finding("QP321", path, f"fibres.{name} {lengths} (the length is used as stated)")


def _in_other_unit(view: View, fibre: Fibre, length: float) -> str:
    """The length in km if it was meant in a unit in which it fits the coordinates; empty where there is none."""
    apart = _apart_km(view, fibre) or 0.0
    for unit, km in OTHER_UNITS.items():
        if apart * 0.999 <= length * km <= _most_km(view, fibre) and length * km > 0.1:
            name = {"m": "metres", "mi": "miles", "ft": "feet"}[unit]
            return f"in {name}? then it is {length * km:.6g}"
    return ""


def _unstated(view: View, name: str, fibre: Fibre) -> Iterator[Diagnostic]:
    path, derived = ("fibres", name), length_km(view.inventory, fibre)
    if derived is not None:
        of = "that of its geometry" if fibre.geometry else f"the great circle × {ROUTE_FACTOR:g}"
        message = f"fibres.{name} states no length; {derived:.2f} km is used, {of}"
        yield view.finding("QP305", path, message, hint="give length_km", key=True)
    elif fibre.loss_db is not None:
        message = f"fibres.{name} has no known length and counts as 0 km; systems with max_length_km cannot use it"
        yield view.finding("QP306", path, message, hint="give length_km, or the coordinates of both ends", key=True)
