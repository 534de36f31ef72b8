"""Are the coordinates degrees? Pixels, exchanged pairs, degrees.minutes, 0 to 360: found, mended where sure, said."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import NamedTuple

from qplan.interchange.imports.mapping import Assumptions
from qplan.interchange.imports.rows import FibreRow, Origin, Point, Rows, SiteRow, doubt, gathered, listed
from qplan.inventory.source.messages import counted
from qplan.physics.loss import sphere_km

FEWEST_WHOLE = 3  # so many sites with whole numbers alone are placed on a grid, not on the globe
FEWEST_MINUTES = 10  # sites whose hundredths are all below 60: by chance once in 27,000
FEWEST_LENGTHS = 5
MOST_ASTRAY = 0.1  # share of points out of range that are slips, as a single one is; above it, none are degrees
Move = Callable[[Point], Point]


def settled(rows: Rows, assume: Assumptions) -> Rows:
    """The rows with coordinates that are degrees in WGS84, or without, and the findings about what was done.

    Sites that stand in the inventory already were looked at when they came there.
    """
    there = tuple(site for site in rows.sites if site.there)
    settled_rows = _settled(replace(rows, sites=tuple(site for site in rows.sites if not site.there)), assume)
    return replace(settled_rows, sites=settled_rows.sites + there)


def _settled(rows: Rows, assume: Assumptions) -> Rows:
    rows = _without(rows, "one of latitude and longitude alone", lambda s: (s.lat is None) != (s.lon is None))
    rows = _without(rows, "coordinates 0, 0", lambda s: s.place == (0, 0))
    placed = [site for site in rows.sites if site.place]
    points = [site.place for site in placed if site.place] + [point for row in rows.fibres for point in row.route]
    if not points:
        return rows
    origin = (placed or rows.fibres)[0].origin.whole
    if assume.coordinates == "none" or not rows.degrees:
        return _dropped(rows, origin, "the source says that its coordinates are no degrees" if not rows.degrees else "")
    verdict = _verdict(rows, [site.place for site in placed if site.place], points, assume)
    if verdict and verdict.move is None:
        return _dropped(rows, origin, verdict.words)
    if verdict and verdict.move:
        rows = _moved(rows, verdict.move).adding(doubt(verdict.code, origin, "", verdict.words, HOW_TO_KEEP))
    return _within_range(rows)


HOW_TO_KEEP = "`assume: {coordinates: degrees}` in a mapping file takes them as they stand"


class Verdict(NamedTuple):
    """What to do with every point (None: leave it out), under which code, in which words."""

    move: Move | None
    code: str
    words: str


def _verdict(rows: Rows, sites: Sequence[Point], points: Sequence[Point], assume: Assumptions) -> Verdict | None:
    """None where the coordinates are taken as they stand."""
    if assume.coordinates:
        return {
            "degrees": None,
            "swapped": Verdict(_swap, "QP632", "latitude and longitude are exchanged, as the mapping file says"),
            "degrees_minutes": Verdict(_from_minutes, "QP633", "read as degrees.minutes, as the mapping file says"),
        }[assume.coordinates]
    return _out_of_range(sites, points) or _implausible(rows, sites, points)


def _out_of_range(sites: Sequence[Point], points: Sequence[Point]) -> Verdict | None:
    if len(set(sites)) >= FEWEST_WHOLE and all(float(x).is_integer() for point in sites for x in point):
        return Verdict(None, "QP631", "all coordinates are whole numbers: places on a drawing, not on the globe")
    highest = max(abs(lat) for _, lat in points)
    if highest > 90 and all(abs(lon) <= 90 and abs(lat) <= 180 for lon, lat in points):
        return Verdict(_swap, "QP632", f"latitudes up to {highest:g}: latitude and longitude are exchanged")
    if sum(abs(lat) > 90 or abs(lon) > 360 for lon, lat in points) > max(1, MOST_ASTRAY * len(points)):
        lon, lat = max(points, key=lambda point: max(map(abs, point)))
        words = f"coordinates such as {lat:g}, {lon:g} are no degrees: pixels, or a map's own units"
        return Verdict(None, "QP631", words)
    return None


def _implausible(rows: Rows, sites: Sequence[Point], points: Sequence[Point]) -> Verdict | None:
    if _fits_better_swapped(rows):
        words = "stated lengths are shorter than the distances between the ends, and fit with"
        return Verdict(_swap, "QP632", f"{words} latitude and longitude exchanged: they are exchanged")
    if len(sites) >= FEWEST_MINUTES and all(_is_minutes(x) for point in sites for x in point):
        words = "no coordinate has more than two decimals, and all of these are below 60"
        return Verdict(_from_minutes, "QP633", f"{words}: read as degrees.minutes, 50.07 as 50°07′")
    if any(180 < lon <= 360 for lon, _ in points):
        return Verdict(_west, "QP634", "longitudes from 0 to 360: those above 180 are counted westwards, 352 as −8")
    return None


def _swap(point: Point) -> Point:
    return point[1], point[0]


def _west(point: Point) -> Point:
    return (round(point[0] - 360, 9) if 180 < point[0] <= 360 else point[0]), point[1]


def _from_minutes(point: Point) -> Point:
    lon, lat = (round(math.copysign(int(abs(x)) + abs(x) % 1 / 0.6, x), 6) for x in point)
    return lon, lat


def _is_minutes(x: float) -> bool:
    hundredths = abs(x) * 100
    return abs(hundredths - round(hundredths)) < 1e-6 and round(hundredths) % 100 < 60


def _fits_better_swapped(rows: Rows) -> bool:
    """By the stated lengths: many fibres shorter than the great circle as they stand, and next to none when swapped."""
    pairs = list(ends_and_lengths(rows))
    if len(pairs) < FEWEST_LENGTHS or any(max(abs(p[0]), abs(p[1])) > 90 for a, b, _ in pairs for p in (a, b)):
        return False

    def share_too_short(move: Move) -> float:
        return sum(km < 0.97 * distance_km(move(a), move(b)) for a, b, km in pairs) / len(pairs)

    return share_too_short(lambda p: p) >= 0.2 and share_too_short(_swap) <= 0.02


def ends_and_lengths(rows: Rows) -> list[tuple[Point, Point, float]]:
    """Places of both ends and stated km of every fibre that has them (a length without unit counts as km)."""
    places = {name: site.place for site in rows.sites if site.place for name in (site.key, *site.aliases)}
    found = []
    for row in rows.fibres:
        a, b = places.get(row.ends[0]), places.get(row.ends[1])
        if row.route:
            a, b = a or row.route[0], b or row.route[-1]
        if a and b and row.length and row.unit in (None, "km"):
            found.append((a, b, row.length))
    return found


def distance_km(a: Point, b: Point) -> float:
    """Great circle between two points (longitude, latitude in degrees), also where they are no degrees at all."""
    return sphere_km(a[1], a[0], b[1], b[0])


def _moved(rows: Rows, move: Move) -> Rows:
    def site(row: SiteRow) -> SiteRow:
        if row.place is None:
            return row
        lon, lat = move(row.place)
        return replace(row, lat=lat, lon=lon)

    def fibre(row: FibreRow) -> FibreRow:
        return replace(row, route=tuple(map(move, row.route)))

    return replace(rows, sites=tuple(map(site, rows.sites)), fibres=tuple(map(fibre, rows.fibres)))


def _dropped(rows: Rows, origin: Origin, why: str) -> Rows:
    """Without any coordinates: wrong ones would make wrong lengths."""
    count = sum(site.place is not None for site in rows.sites)
    why = why or "the mapping file says that the coordinates are none"
    message = f"{why}; those of {counted(count, 'site')} are left out, and lengths cannot be derived from them"
    bare = tuple(replace(site, lat=None, lon=None) for site in rows.sites)
    hint = "give coordinates in WGS84 degrees (EPSG:4326)"
    rows = replace(rows, sites=bare).adding(doubt("QP631", origin, "", message, hint))
    return _without_routes(rows, lambda row: bool(row.route))


def _within_range(rows: Rows) -> Rows:
    def astray(point: Point | None) -> bool:
        return point is not None and (abs(point[1]) > 90 or abs(point[0]) > 180)

    rows = _without(rows, "coordinates that are no degrees", lambda site: astray(site.place))
    return _without_routes(rows, lambda row: any(map(astray, row.route)))


def _without_routes(rows: Rows, wrong: Callable[[FibreRow], bool]) -> Rows:
    """Without the drawn lines for which `wrong` holds; a fibre of which only the line says where it ends goes too."""
    bare = [(row, replace(row, route=()) if wrong(row) else row) for row in rows.fibres]
    gone = [(row.origin, row.called) for row, now in bare if not now.route and not all(now.ends)]
    drawn = [(row.origin, row.called) for row, now in bare if row.route and not now.route and all(now.ends)]
    findings = gathered("QP635", gone, "line", "with coordinates that are no degrees left out")
    findings += gathered(
        "QP635", drawn, "line", "with coordinates that are no degrees, the fibre kept without the line"
    )
    kept = tuple(now for _, now in bare if now.route or all(now.ends))
    return replace(rows, fibres=kept).adding(*findings)


def _without(rows: Rows, what: str, wrong: Callable[[SiteRow], object]) -> Rows:
    """The coordinates of sites for which `wrong` holds are left out, and said."""
    named = [site for site in rows.sites if wrong(site)]
    if not named:
        return rows
    message = f"{counted(len(named), 'site')} with {what}, left out: {listed([site.called for site in named])}"
    bare = tuple(replace(site, lat=None, lon=None) if wrong(site) else site for site in rows.sites)
    return replace(rows, sites=bare).adding(doubt("QP635", named[0].origin, named[0].key, message))
