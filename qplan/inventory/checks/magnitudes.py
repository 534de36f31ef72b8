"""Checks of amounts that are possible, but far beyond what is built: most often they are in another unit.

The limits are generous: what they find is a slip or a thing that its planner can explain. None has a standard behind
it; each says what it was taken from.
"""

from __future__ import annotations

from collections.abc import Iterator

from qplan.errors import Diagnostic
from qplan.inventory.checks.view import View
from qplan.inventory.source.messages import figure, times
from qplan.inventory.source.source_map import Path, dotted

MOST_MARGIN_DB = 10.0  # ten times the 1 to 3 dB that fibre is planned with; it halves the reach of a system of 20 dB
MOST_BYPASS_DB = 5.0  # a patch panel loses 0.5 to 1 dB
MOST_STRANDS = 10_000  # the largest cables hold 6,912 fibres
MOST_INTEREST = 0.3  # a year
MOST_CONTINGENCY = 1.0  # as much again
MOST_HORIZON_YEARS = 50
MOST_SECRECY_YEARS = 150
MOST_LEASE = 20.0  # of a strand for a year, as a multiple of the dearest system's price


def check_margins(view: View) -> Iterator[Diagnostic]:
    """Losses that are added to a route leave some of it."""
    policy = view.inventory.policy
    stated: list[tuple[Path, float | None, float]] = [
        (("policy", "loss_margin_db"), policy.loss_margin_db, MOST_MARGIN_DB),
        (("policy", "bypass_loss_db"), policy.bypass_loss_db, MOST_BYPASS_DB),
        *((("sites", s, "bypass_loss_db"), x.bypass_loss_db, MOST_BYPASS_DB) for s, x in view.inventory.sites.items()),
    ]
    for path, loss, most in stated:
        if loss is not None and loss > most:
            message = f"{'.'.join(map(str, path))} is {loss:g} dB; expected at most {most:g} dB (it is used as stated)"
            yield view.finding("QP317", path, message)


def check_strands(view: View) -> Iterator[Diagnostic]:
    """A fibre has no more free strands than a cable holds."""
    for name, fibre in view.inventory.fibres.items():
        if fibre.strands > MOST_STRANDS:
            message = f"fibres.{name} has {fibre.strands} free strands; the largest cables hold 6912"
            yield view.finding("QP318", ("fibres", name, "strands"), message)


def check_rates_of_money(view: View) -> Iterator[Diagnostic]:
    """Discount rate, contingency and growth are shares of 1."""
    economics = view.inventory.economics
    rates: list[tuple[Path, float, float, str]] = [
        (("economics", "discount_rate"), economics.discount_rate, MOST_INTEREST, "a year"),
        (("economics", "contingency"), economics.contingency, MOST_CONTINGENCY, "of capex"),
        *(
            (("economics", "escalation", key), getattr(economics.escalation, key), MOST_INTEREST, "a year")
            for key in ("lease", "support", "energy")
        ),
    ]
    for path, share, most, what in rates:
        if share > most:
            message = f"{dotted(path)} is {share:g}, which is {100 * share:g} % {what}"
            hint = f"for {share:g} % write {share / 100:g}" if 1 <= share <= 100 * most else "it is a share of 1"
            yield view.finding("QP504", path, message, hint=hint)


def check_years(view: View) -> Iterator[Diagnostic]:
    """Horizons and times of secrecy are years that someone can answer for."""
    stated: list[tuple[Path, float | None, int]] = [
        (("economics", "horizon_years"), view.inventory.economics.horizon_years, MOST_HORIZON_YEARS),
        *((("corridors", q, "secrecy_years"), c.secrecy_years, MOST_SECRECY_YEARS) for q, c in view.corridors()),
    ]
    for path, years, most in stated:
        if years is not None and years > most:
            message = f"{dotted(path)} is {years:g}; expected at most {most} years"
            yield view.finding("QP505", path, message)


def check_leases(view: View) -> Iterator[Diagnostic]:
    """A km of strand costs less for a year than a QKD system, and a whole strand not many times as much."""
    dearest = max((system.price or 0.0 for _, system in view.systems()), default=0.0)
    if not dearest:
        return
    for name, fibre in view.inventory.fibres.items():
        for key, most, what in (
            ("cost_per_strand_km_year", 1.0, "a km of strand"),
            ("cost_per_strand_year", MOST_LEASE, "a strand"),
        ):
            cost = getattr(fibre, key)
            if cost > most * dearest:
                message = (
                    f"{what} of fibres.{name} costs {figure(cost)} a year, {times(cost / dearest)} the price of the "
                    "dearest QKD system"
                )
                hint = "the price of the whole strand is cost_per_strand_year" if most == 1.0 else ""
                yield view.finding("QP506", ("fibres", name, key), message, hint=hint)
