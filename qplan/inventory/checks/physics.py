"""Checks of coordinates, fibres and key-rate curves against physics."""

from __future__ import annotations

import math
from collections.abc import Iterator
from itertools import pairwise

from qplan.errors import Diagnostic
from qplan.inventory.checks.view import View
from qplan.inventory.model import QkdSystem
from qplan.inventory.plant import band_of, loss_db, stated_loss_db
from qplan.physics.bands import Band
from qplan.physics.key_rate import rate_at_bps, repeaterless_bound_bps

PLAUSIBLE_DB_PER_KM = (0.15, 1.5)
PLAUSIBLE_ABOVE_KM = 1.0  # on shorter fibres connectors make up the loss
BOUND_TOLERANCE = 1e-9  # relative
BISECTIONS = 60
MOST_RISE = 2.0  # of a rate with the loss: measured curves rise by less where receivers saturate
LOSS_HOLDS_NM = {Band.C: (1500.0, 1600.0), Band.O: (1260.0, 1360.0)}  # where a loss measured in the band holds
LOSS_KEY = {Band.C: "loss_db", Band.O: "loss_1310_db"}


def check_coordinates_are_whole(view: View) -> Iterator[Diagnostic]:
    """A site states both coordinates or neither, and 0, 0 is where unknown ones end up."""
    for name, site in view.inventory.sites.items():
        if (site.lat is None) != (site.lon is None):
            have, lack = ("lon", "lat") if site.lat is None else ("lat", "lon")
            message = f"sites.{name} has '{have}' but no '{lack}'"
            yield view.finding("QP301", ("sites", name, have), message, hint="give both or neither", key=True)
        elif site.lat == 0 and site.lon == 0:
            message = f"sites.{name} is at 0, 0, in the Gulf of Guinea"
            yield view.finding("QP302", ("sites", name, "lat"), message, hint="leave unknown coordinates out", key=True)


def check_loss_per_km(view: View) -> Iterator[Diagnostic]:
    """An attenuation, stated or following from loss and length, is one that fibres have (dB/km)."""
    least, most = PLAUSIBLE_DB_PER_KM
    for name, fibre in view.inventory.fibres.items():
        for key in ("attenuation_db_per_km", "attenuation_1310_db_per_km"):
            attenuation = getattr(fibre, key)
            if not least <= attenuation <= most:
                expected = f"expected {least:g} to {most:g} (it is used as stated)"
                message = f"{key} of fibres.{name} is {attenuation:g}; {expected}"
                yield view.finding("QP303", ("fibres", name, key), message)
        if fibre.length_km is None or fibre.length_km <= PLAUSIBLE_ABOVE_KM:
            continue
        for key in ("loss_db", "loss_1310_db"):
            loss = getattr(fibre, key)
            if loss is not None and not least <= loss / fibre.length_km <= most:
                message = (
                    f"fibres.{name} loses {loss:g} dB over {fibre.length_km:g} km, {loss / fibre.length_km:.3g} dB/km; "
                    f"expected {least:g} to {most:g} dB/km (the loss is used as stated)"
                )
                yield view.finding("QP303", ("fibres", name, key), message)


def check_loss_can_be_known(view: View) -> Iterator[Diagnostic]:
    """A fibre states a loss, a length, or ends whose coordinates are known."""
    for name, fibre in view.fibres():
        if all(loss_db(view.inventory, fibre, band) is None for band in Band):
            message = f"fibres.{name} has no loss_db, no length_km, and not the coordinates of both ends"
            yield view.finding("QP307", ("fibres", name), message, hint="give loss_db or length_km", key=True)


def check_loss_is_known_in_every_band(view: View) -> Iterator[Diagnostic]:
    """Where a system works in a band, every fibre has a loss there."""
    bands = {band_of(system) for _, system in view.systems()}
    for name, fibre in view.fibres():
        for band in bands:
            stated = stated_loss_db(fibre, band.other) is not None
            if stated and loss_db(view.inventory, fibre, band) is None:
                message = f"fibres.{name} states {LOSS_KEY[band.other]} alone, so it carries no {band.value}-band link"
                hint = f"give {LOSS_KEY[band]} or length_km"
                yield view.finding("QP308", ("fibres", name), message, hint=hint, key=True)


def check_losses_are_measured_at_the_wavelength(view: View) -> Iterator[Diagnostic]:
    """Losses are known around 1550 nm and around 1310 nm: a system may work elsewhere, or a fibre be measured in the
    band in which no system works."""
    bands = set()
    for name, system in view.systems():
        band = band_of(system)
        bands.add(band)
        least, most = LOSS_HOLDS_NM[band]
        if not least <= system.wavelength_nm <= most:
            message = (
                f"'{name}' works at {system.wavelength_nm:g} nm, but is planned with the fibres' loss around "
                f"{band.centre_nm} nm, which holds from {least:g} to {most:g} nm"
            )
            hint = f"in µm? then it is {1000 * system.wavelength_nm:g}" if 1 <= system.wavelength_nm <= 2 else ""
            yield view.finding("QP315", ("equipment", "qkd_systems", name, "wavelength_nm"), message, hint=hint)
    if len(bands) != 1:
        return
    (band,) = bands
    for name, fibre in view.fibres():
        used = loss_db(view.inventory, fibre, band)
        stated, needed = stated_loss_db(fibre, band.other), stated_loss_db(fibre, band)
        if stated is not None and needed is None and used is not None:
            message = (
                f"fibres.{name} was measured around {band.other.centre_nm} nm, but every system works around "
                f"{band.centre_nm} nm, where {used:.4g} dB are derived from its length"
            )
            path, hint = ("fibres", name, LOSS_KEY[band.other]), f"give {LOSS_KEY[band]}"
            yield view.finding("QP315", path, message, hint=hint, key=True)


def check_amplified(view: View) -> Iterator[Diagnostic]:
    """No QKD link passes an amplifier."""
    for name, fibre in view.inventory.fibres.items():
        if fibre.amplified:
            message = f"fibres.{name} has optical amplifiers, so no QKD link can use it"
            yield view.finding("QP309", ("fibres", name, "amplified"), message, key=True)


def check_curves_ascend(view: View) -> Iterator[Diagnostic]:
    """The losses of a key-rate curve ascend."""
    for name, system in view.inventory.equipment.qkd_systems.items():
        curve = system.key_rate_curve
        for index in range(1, len(curve)):
            if curve[index][0] <= curve[index - 1][0]:
                message = (
                    f"the losses in the key_rate_curve of '{name}' must ascend: "
                    f"{curve[index][0]:g} dB follows {curve[index - 1][0]:g} dB"
                )
                hint = "a point is [loss_db, bit/s]"
                yield view.finding("QP310", _curve_path(name, index), message, hint=hint)
                break


def check_rates_fall(view: View) -> Iterator[Diagnostic]:
    """The rates of a key-rate curve do not rise with the loss by more than receivers that saturate explain."""
    for name, system in view.inventory.equipment.qkd_systems.items():
        low = system.key_rate_curve[0]
        for index, point in enumerate(system.key_rate_curve):
            if point[0] > low[0] and point[1] > MOST_RISE * low[1]:
                message = (
                    f"the key_rate_curve of '{name}' rises from {low[1]:g} bit/s at {low[0]:g} dB to "
                    f"{point[1]:g} bit/s at {point[0]:g} dB; a key rate falls as the loss grows "
                    "(the curve is used as stated)"
                )
                yield view.finding("QP322", _curve_path(name, index), message)
                break
            low = min(low, point, key=lambda each: each[1])


def check_curves_keep_the_repeaterless_bound(view: View) -> Iterator[Diagnostic]:
    """No point of a curve, interpolated ones included, gives more than any point-to-point QKD can."""
    for name, system in view.inventory.equipment.qkd_systems.items():
        if system.clock_hz is None or not _ascends(system):
            continue
        for index in range(len(system.key_rate_curve)):
            loss = _loss_of_greatest_excess(system, index)
            rate, bound = rate_at_bps(system.key_rate_curve, loss), repeaterless_bound_bps(system.clock_hz, loss)
            if rate > bound * (1 + BOUND_TOLERANCE):
                message = (
                    f"the key_rate_curve of '{name}' gives {rate:.4g} bit/s at {loss:.4g} dB, above the repeaterless "
                    f"bound of {bound:.4g} bit/s at clock_hz {system.clock_hz:g}"
                )
                yield view.finding("QP311", _curve_path(name, index), message)
                break


def _ascends(system: QkdSystem) -> bool:
    losses = [loss for loss, _ in system.key_rate_curve]
    return all(a < b for a, b in pairwise(losses))


def _loss_of_greatest_excess(system: QkdSystem, index: int) -> float:
    """Where, from the point before up to a point, the curve stands highest against the bound.

    log(bound) is convex in the loss and the curve's interpolation is linear in it, so the excess has one peak, which
    the slope of the excess brackets.
    """
    high, rate_high = system.key_rate_curve[index]
    low, rate_low = system.key_rate_curve[index - 1] if index else (high, rate_high)
    if low == high or rate_low <= 0 or rate_high <= 0:
        return high
    slope = math.log(rate_high / rate_low) / (high - low)
    for _ in range(BISECTIONS):
        middle = (low + high) / 2
        low, high = (middle, high) if slope > _log_bound_slope(middle) else (low, middle)
    return high


def _log_bound_slope(loss_db: float) -> float:
    """d ln(−ln(1 − η)) / d loss, η = 10^(−loss/10); minus infinity at 0 dB."""
    transmittance = 10 ** (-loss_db / 10)
    if transmittance >= 1:
        return -math.inf
    if transmittance < 1e-12:
        return -math.log(10) / 10
    return -math.log(10) / 10 * transmittance / ((1 - transmittance) * -math.log1p(-transmittance))


def check_loss_limit_is_on_the_curve(view: View) -> Iterator[Diagnostic]:
    """A loss limit beyond the last point of the curve limits nothing."""
    for name, system in view.inventory.equipment.qkd_systems.items():
        last = system.key_rate_curve[-1][0]
        if system.max_loss_db is not None and system.max_loss_db > last:
            message = (
                f"max_loss_db {system.max_loss_db:g} of '{name}' lies beyond the last point of its curve, {last:g} dB, "
                "where the key ends"
            )
            yield view.finding("QP312", ("equipment", "qkd_systems", name, "max_loss_db"), message)


def check_technology_words(view: View) -> Iterator[Diagnostic]:
    """Technologies are written in lower case; one has no proof of security at its published rates."""
    for name, system in view.inventory.equipment.qkd_systems.items():
        technology = system.technology or ""
        path = ("equipment", "qkd_systems", name, "technology")
        if technology != technology.lower():
            message = f"the technology '{technology}' of '{name}' is not in lower case"
            yield view.finding("QP313", path, message, hint=f"write {technology.lower()}")
    for name, system in view.systems():
        if (system.technology or "").lower() == "dv-cow":
            message = f"'{name}' is a COW system, whose original security proof does not hold at published rates"
            hint = "policy.technologies can leave it out"
            yield view.finding("QP314", ("equipment", "qkd_systems", name, "technology"), message, hint=hint)


def _curve_path(name: str, index: int) -> tuple[str | int, ...]:
    return ("equipment", "qkd_systems", name, "key_rate_curve", index)
