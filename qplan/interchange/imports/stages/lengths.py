"""Lengths of fibres in km: the unit by the ratio to the great circle, drawn routes measured, outliers named."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from itertools import pairwise
from statistics import median, median_low

from qplan.errors import Diagnostic
from qplan.interchange.imports.fields import KM_PER
from qplan.interchange.imports.mapping import Assumptions
from qplan.interchange.imports.rows import FibreRow, Point, Rows, SiteRow, doubt, gathered, listed
from qplan.interchange.imports.stages.coordinates import distance_km, ends_and_lengths
from qplan.inventory.checks.physics import PLAUSIBLE_DB_PER_KM
from qplan.inventory.source.messages import counted, times

PLAUSIBLE = (0.98, 2.5)  # route per great circle of most fibres of a table
ABSURD = (0.05, 50.0)  # so far off, even a single fibre tells
MAGNITUDE = 50  # times longer or shorter than the middle one: a length in another unit, or a slip
NAMED = (0.98, 3.0)  # beyond these a fibre is named
NEAR_KM = 1.0  # ratios of shorter fibres say little
GREAT_CIRCLE = 0.005  # relative: lengths so near to the distance were worked out from the coordinates
FEWEST = 3
HALF_AROUND_KM = 20_000
SHORT = 0.3  # share of fibres shorter than the great circle at which kilometres are miles


def without_great_circles(rows: Rows, assume: Assumptions) -> Rows:
    """Without lengths that are the distances of the coordinates: no route is that straight."""
    pairs = ends_and_lengths(rows)
    same = [abs(km / distance - 1) <= GREAT_CIRCLE for a, b, km in pairs if (distance := distance_km(a, b)) > NEAR_KM]
    if assume.lengths or len(same) < FEWEST or sum(same) < 0.8 * len(same):
        return rows
    fibres = tuple(
        replace(row, length=None, unit=None, labels={**row.labels, "great_circle_km": round(row.length, 3)})
        if row.length is not None and row.unit in (None, "km") else row
        for row in rows.fibres
    )  # fmt: skip
    count = sum(row.length is not None for row in rows.fibres)
    message = f"{counted(count, 'length')} equal the distance between the ends: no routes, so kept as label alone"
    hint = "`assume: {lengths: routes}` in a mapping file takes them as they are"
    return replace(rows, fibres=fibres).adding(doubt("QP647", rows.fibres[0].origin.whole, "", message, hint))


def settled(rows: Rows, assume: Assumptions) -> Rows:
    """Fibres with `length_km` among their fields where a length is stated or drawn."""
    places = {site.key: site.place for site in rows.sites if site.place}
    files: dict[str, list[FibreRow]] = defaultdict(list)
    for row in rows.fibres:
        files[row.origin.file].append(row)
    units, findings = {}, []
    for name, own in files.items():
        units[name], found = _unit(own, places, assume)
        findings += found
    fibres = tuple(_in_km(row, units[row.origin.file]) for row in rows.fibres)
    rows = replace(rows, fibres=fibres).adding(*findings)
    odd = [*_outliers(fibres, places), *_out_of_proportion(fibres, places)]
    return rows.adding(*odd, *_drawn(fibres), *_unknown(rows.sites, fibres))


def _unit(own: Sequence[FibreRow], places: Mapping[str, Point], assume: Assumptions) -> tuple[str, list[Diagnostic]]:
    """The unit of lengths that state none, or that claim one which cannot be."""
    open_ = [row for row in own if _is_open(row)]
    if not open_:
        return "km", []
    if assume.length_unit:
        return assume.length_unit, []
    claimed, origin = open_[0].unit or "", open_[0].origin.whole
    most = _alike(open_)
    ratios = [row.length / km for row in most if row.length and (km := _great_circle(row, places) or 0) > NEAR_KM / 2]
    if ratios:
        unit, why = _unit_by_ratio(ratios), f"be {times(median(ratios))} the great circle"
        if unit == "km" and (claimed or _plausible(ratios)):
            return "km", []
    else:
        unit, why = next(_without_places(most, own), ("km", ""))
        if unit == "km":
            message = f"{counted(len(open_), 'length')} without unit, and no coordinates to tell it by: taken as km"
            return "km", [] if claimed else [doubt("QP641", origin, "", message, "write the unit into the heading")]
    what = f"stated in {claimed} by the format" if claimed else "without unit"
    first = "" if unit == "km" else f", {open_[0].length:.12g} as {_km(open_[0], unit):g} km"
    said = f"{counted(len(open_), 'length')} {what}; as kilometres they would {why}: taken as {unit}{first}"
    return unit, [doubt("QP641", origin, "", said, "`assume: {length_unit: …}` in a mapping file decides it")]


def _is_open(row: FibreRow) -> bool:
    return bool(row.length) and (row.unit is None or row.unit_is_claimed)


def _alike(rows: Sequence[FibreRow]) -> list[FibreRow]:
    """Without lengths of another magnitude than most: a slip tells no unit."""
    usual = median_low(row.length or 0 for row in rows)
    return [row for row in rows if usual / MAGNITUDE <= (row.length or 0) <= usual * MAGNITUDE]


def _without_places(most: Sequence[FibreRow], own: Sequence[FibreRow]) -> Iterator[tuple[str, str]]:
    """The unit by measured losses, by lengths that state theirs, by the size of the globe; what kilometres would do."""
    losses = [(float(str(loss)), row.length) for row in most if row.length and (loss := row.fields.get("loss_db"))]
    if losses:
        per_km = median(loss / length for loss, length in losses)
        least, greatest = PLAUSIBLE_DB_PER_KM
        fitting = (unit for unit in ("km", "m", "ft") if least <= per_km / KM_PER[unit] <= greatest)
        yield from ((unit, f"lose {per_km:.2g} dB/km") for unit in fitting)
    stated = [row.length * KM_PER[row.unit or "km"] for row in own if row.length and not _is_open(row)]
    if stated and median(stated):
        ratio = median(row.length or 0 for row in most) / median(stated)
        yield "m" if ratio > MAGNITUDE else "km", f"be {times(ratio)} those that state their unit"
    if max(row.length or 0 for row in most) > HALF_AROUND_KM:
        yield "m", "lead halfway around the globe"


def _unit_by_ratio(ratios: Sequence[float]) -> str:
    """The unit under which most routes are somewhat longer than the great circle; kilometres where in doubt."""
    if not ABSURD[0] < median(ratios) < ABSURD[1]:
        fitting = [unit for unit in ("m", "ft") if _plausible([ratio * KM_PER[unit] for ratio in ratios])]
        return fitting[0] if fitting else "km"
    short = sum(ratio < PLAUSIBLE[0] for ratio in ratios)
    if len(ratios) >= FEWEST and short > SHORT * len(ratios) and _plausible([ratio * KM_PER["mi"] for ratio in ratios]):
        return "mi"
    return "km"


def _plausible(ratios: Sequence[float]) -> bool:
    low = sum(ratio < PLAUSIBLE[0] for ratio in ratios)
    return low <= 0.1 * len(ratios) and PLAUSIBLE[0] <= median(ratios) <= PLAUSIBLE[1]


def _great_circle(row: FibreRow, places: Mapping[str, Point]) -> float | None:
    a, b = places.get(row.ends[0]), places.get(row.ends[1])
    return distance_km(a, b) if a and b else None


def _in_km(row: FibreRow, unit: str) -> FibreRow:
    if row.length is not None:
        row = row.with_fields(length_km=_km(row, unit))
        if unit == "km" or not _is_open(row):
            return row
        return replace(row, labels={**row.labels, "length_taken_as": f"{row.length:.12g} {unit}"})
    if len(row.route) > 1:
        return row.with_fields(length_km=round(route_km(row.route), 3))
    return row


def _km(row: FibreRow, unit: str) -> float:
    """The stated length; in `unit`, where that is not stated as well."""
    own = unit if _is_open(row) else row.unit or unit
    return round((row.length or 0) * KM_PER[own], 3)


def route_km(route: Sequence[Point]) -> float:
    """Length of a drawn line on the WGS84 ellipsoid."""
    from qplan.physics.loss import geodesic_km

    return sum(geodesic_km(a[1], a[0], b[1], b[0]) for a, b in pairwise(route))


def _outliers(fibres: Sequence[FibreRow], places: Mapping[str, Point]) -> list[Diagnostic]:
    """Fibres shorter than the great circle or more than three times as long."""
    odd = []
    for row in fibres:
        km, circle = row.fields.get("length_km"), _great_circle(row, places)
        if row.length is None or circle is None or not isinstance(km, float) or max(km, circle) < NEAR_KM:
            continue
        if not NAMED[0] * circle <= km <= max(NAMED[1] * circle, NEAR_KM):
            odd.append((row, f"{row.called} ({km:g} km, ends {circle:.3g} km apart)"))
    if not odd:
        return []
    message = f"{counted(len(odd), 'length')} that {'does' if len(odd) == 1 else 'do'} not fit the coordinates: "
    hint = "correct the length, or the coordinates of an end"
    return [doubt("QP642", odd[0][0].origin, odd[0][0].key, message + listed([words for _, words in odd]), hint)]


def _out_of_proportion(fibres: Sequence[FibreRow], places: Mapping[str, Point]) -> Iterator[Diagnostic]:
    """Lengths that no coordinates judge, of another magnitude than most of their file, or halfway around the globe."""
    files: dict[str, list[tuple[FibreRow, float]]] = defaultdict(list)
    for row in fibres:
        if row.length:
            files[row.origin.file].append((row, float(str(row.fields["length_km"]))))
    for own in files.values():
        usual = median_low(km for _, km in own)
        odd = [
            (row.origin, f"{row.called} ({km:g} km)") for row, km in own
            if _great_circle(row, places) is None and (
                km > HALF_AROUND_KM or (_is_open(row) and not usual / MAGNITUDE <= km <= usual * MAGNITUDE))
        ]  # fmt: skip
        what = f"that can hardly be right, where {usual:g} km are usual"
        yield from gathered("QP642", odd, "length", what, "correct the length, or state its unit")


def _drawn(fibres: Sequence[FibreRow]) -> list[Diagnostic]:
    drawn = [row for row in fibres if row.length is None and "length_km" in row.fields]
    if not drawn:
        return []
    message = f"{counted(len(drawn), 'length')} measured along the drawn line, without slack: {listed(_called(drawn))}"
    return [doubt("QP643", drawn[0].origin.whole, "", message, "state the optical length where you have it")]


def _unknown(sites: Sequence[SiteRow], fibres: Sequence[FibreRow]) -> list[Diagnostic]:
    placed = {site.key for site in sites if site.place}
    lost = [
        row for row in fibres
        if not row.there and not {"length_km", "loss_db"} & row.fields.keys() and not placed.issuperset(row.ends)
    ]  # fmt: skip
    if not lost:
        return []
    message = f"{counted(len(lost), 'fibre')} with no length, no loss, and not the coordinates of both ends: "
    hint = "give length_km or loss_db: without, the inventory is not valid"
    return [doubt("QP644", lost[0].origin, lost[0].key, message + listed(_called(lost)), hint)]


def _called(fibres: Sequence[FibreRow]) -> list[str]:
    return [row.called for row in fibres]
