"""Reasons of loss, length, band and rate: no QKD system reaches from permitted relay to permitted relay."""

from __future__ import annotations

import math
from collections.abc import Sequence

from qplan.candidates.hops import Hop, fewest_patched, least_shortfall_ways, refused_hop, refused_hops
from qplan.candidates.model import CandidateLink, Refusal
from qplan.candidates.reasons import Reason, named
from qplan.candidates.refusals import NO_LOSS
from qplan.explain.findings import Obstacle, Proposal, propose
from qplan.explain.infeasibility.huts import propose_huts
from qplan.inventory import plant
from qplan.inventory.admissible import permitted_systems
from qplan.inventory.model import Inventory
from qplan.inventory.source.messages import counted, loss_figure
from qplan.physics.bands import Band

MOST_WAYS = 3  # over the loss limit


def examine_reach(
    alone: Inventory,
    q: str,
    permitted: frozenset[str],
    verdicts: tuple[list[CandidateLink], list[Refusal]],
) -> Obstacle:
    """No system reaches from permitted relay to permitted relay: patched sites, band, loss, length or rate."""
    ends = alone.corridors[q].ends
    ways = list(least_shortfall_ways(alone, ends, permitted, MOST_WAYS))
    if not ways:
        return _examine_patching(alone, ends, permitted)
    if list_over_limit(ways[0]):
        return examine_losses(alone, q, ways, "Every way through permitted relays has a hop over the loss limit")
    refused = refused_hops(*verdicts, ends, permitted)
    huts = propose_huts(alone, q, [refused_hop(alone, refusal) for refusal in refused])
    return Obstacle(tuple(map(_describe_refusal, refused)), tuple(huts))


def _examine_patching(alone: Inventory, ends: tuple[str, str], permitted: frozenset[str]) -> Obstacle:
    """No route joins permitted relays: too many patched sites in a row, or fibres without a loss in a band."""
    most = alone.policy.max_bypass_sites
    patched = fewest_patched(alone, ends, permitted)
    if patched is not None and patched > most:
        text = (
            f"On every way a quantum channel would have to be patched through {patched} or more sites in a row; "
            f"policy.max_bypass_sites is {most}."
        )
        reason = Reason("max_bypass_sites", text, float(patched), float(most), ("policy.max_bypass_sites",))
        return Obstacle((reason,), (propose_patching(patched),))
    bands = {plant.band_of(system) for system in permitted_systems(alone).values()}
    return Obstacle(tuple(_describe_darkness(alone, band, alone_in=len(bands) == 1) for band in Band if band in bands))


def _describe_darkness(alone: Inventory, band: Band, *, alone_in: bool) -> Reason:
    dark = [f for f, fibre in sorted(alone.fibres.items()) if plant.loss_db(alone, fibre, band) is None]
    where = f"the {band.value} band"
    text = (
        f"{'All permitted' if alone_in else 'Permitted'} systems work in {where}, and no way has a loss in {where} on "
        f"all its fibres; none is known of {named(dark)}."
    )
    return Reason(NO_LOSS[band], text, where=tuple(f"fibres.{f}" for f in dark))


def propose_patching(sites: int) -> Proposal:
    return propose(f"patch a channel through up to {counted(sites, 'site')}", ("policy.max_bypass_sites", sites))


def list_over_limit(way: Sequence[Hop]) -> list[Hop]:
    """The hops over their loss limit, the worst first."""
    return sorted((hop for hop in way if hop.shortfall_db > 0), key=lambda hop: -hop.shortfall_db)


def examine_losses(alone: Inventory, q: str, ways: Sequence[Sequence[Hop]], what: str) -> Obstacle:
    """The ways that miss the loss limit, by least first, with what would let each pass: huts, or less margin."""
    reasons: list[Reason] = []
    proposals: list[Proposal] = []
    for over in filter(None, map(list_over_limit, ways)):
        start = "On the next way, " if reasons else f"{what}. Where it is missed by least, "
        text = start + "; ".join(_describe_hop(alone, hop) for hop in over) + "."
        worst = over[0]
        where = (*(f"sites.{s}" for s in worst.sites), *(f"fibres.{f}" for f in worst.fibres))
        proposals += propose_huts(alone, q, over) + ([] if reasons else _propose_margin(alone, worst))
        reasons.append(Reason("loss_db", text, worst.loss_db, worst.limit_db, where))
    return Obstacle(tuple(reasons), tuple(proposals))


def _propose_margin(alone: Inventory, worst: Hop) -> list[Proposal]:
    """So much less margin that the hop is within its limit; nothing where the margin is less than what is missing."""
    margin = alone.policy.loss_margin_db
    if margin < worst.shortfall_db:
        return []
    left = math.floor(round((margin - worst.shortfall_db) * 100, 6)) / 100
    return [propose(f"keep a margin of {left:g} dB only", ("policy.loss_margin_db", left), service="lowered")]


def _describe_hop(alone: Inventory, hop: Hop) -> str:
    margin = alone.policy.loss_margin_db
    patched = f" patched through {named(hop.sites[1:-1])}" if hop.sites[1:-1] else ""
    included = f" with {margin:g} dB margin" if margin else ""
    return (
        f"{hop.sites[0]} to {hop.sites[-1]} over {named(hop.fibres)}{patched} has {loss_figure(hop.loss_db)} dB"
        f"{included}, {hop.system} reaches {loss_figure(hop.limit_db)} dB: {loss_figure(hop.shortfall_db)} dB too much"
    )


def _describe_refusal(refusal: Refusal) -> Reason:
    a, b = refusal.route.ends
    fibres = named(refusal.route.fibres)
    hop = f"Every way has a hop that no system serves, here {a} to {b}; {refusal.system} comes closest over {fibres}: "
    where = (f"sites.{a}", f"sites.{b}", *(f"fibres.{f}" for f in refusal.route.fibres))
    if refusal.reason == "key_rate_bps":
        return Reason("key_rate_zero", hop + "its net key rate is zero at that loss.", 0.0, 0.0, where)
    length = "the length is not known" if refusal.value is None else f"{refusal.value:.1f} km"
    text = f"{hop}{length}, its limit is {refusal.limit:.1f} km."
    return Reason("length_km", text, refusal.value, refusal.limit, where)
