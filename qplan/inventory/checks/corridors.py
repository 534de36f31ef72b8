"""Checks of corridors."""

from __future__ import annotations

import math
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator

from qplan.errors import Diagnostic
from qplan.inventory.checks.view import View
from qplan.inventory.fields import LEAST_AMOUNT, MOST_AMOUNT
from qplan.inventory.model import Corridor, Site
from qplan.inventory.plant import coordinates
from qplan.inventory.relay_rules import NOT_STATED, whereabouts_refusals
from qplan.inventory.source.messages import figure, joined
from qplan.inventory.source.overlay import DEMANDS
from qplan.physics.key_rate import RATE_TOLERANCE
from qplan.physics.loss import sphere_km

MOST_SITES_NAMED = 5
MOST_SYSTEMS = 1000  # in parallel on one link, beyond which the demand is likely in another unit
MOST_NEIGHBOURS = 200
BUILDING_KM = 0.05  # sites nearer than this are taken to stand in one building


def _stated(corridor: Corridor) -> list[str]:
    return [key for key in DEMANDS if getattr(corridor, key) is not None]


def check_corridor_joins_two_sites(view: View) -> Iterator[Diagnostic]:
    """The ends of a corridor are two sites."""
    for name, corridor in view.corridors():
        if corridor.ends[0] == corridor.ends[1]:
            message = f"corridors.{name} runs from site '{corridor.ends[0]}' to itself"
            yield view.finding("QP401", ("corridors", name, "ends"), message)


def check_exactly_one_demand(view: View) -> Iterator[Diagnostic]:
    """A corridor states one of `key_rate_bps`, `rekey` and `otp_bps`."""
    for name, corridor in view.corridors():
        stated = _stated(corridor)
        if not stated:
            message = f"corridors.{name} states no demand; expected one of {joined(DEMANDS)}"
            yield view.finding("QP402", ("corridors", name), message, key=True)
        elif len(stated) > 1:
            message = f"corridors.{name} states {' and '.join(stated)}; expected exactly one demand"
            yield view.finding("QP403", ("corridors", name, stated[-1]), message, key=True)


def check_shares_fit_paths(view: View) -> Iterator[Diagnostic]:
    """Either any path gives the key, or the XOR of all."""
    for name, corridor in view.corridors():
        if corridor.shares_needed not in (1, corridor.paths):
            message = (
                f"corridors.{name}.shares_needed is {corridor.shares_needed}; "
                f"expected 1 (any path gives the key) or paths, {corridor.paths} (the XOR of all)"
            )
            key = "shares_needed" if "shares_needed" in corridor.model_fields_set else "paths"
            yield view.finding("QP404", ("corridors", name, key), message)


def check_demand_can_be_carried(view: View) -> Iterator[Diagnostic]:
    """A demand worked out from several figures stays among the amounts that each of them may have."""
    for name, corridor in view.corridors():
        stated = _stated(corridor)
        if len(stated) == 1 and corridor.demand_bps and not LEAST_AMOUNT <= corridor.demand_bps <= MOST_AMOUNT:
            message = (
                f"corridors.{name} asks for {figure(corridor.demand_bps)} bit/s; expected 0, or "
                f"{figure(LEAST_AMOUNT)} to {figure(MOST_AMOUNT)} bit/s"
            )
            yield view.finding("QP412", ("corridors", name, stated[0]), message, key=True)


def check_demand_is_above_zero(view: View) -> Iterator[Diagnostic]:
    """A demand of 0 bit/s is a corridor that needs no keys."""
    for name, corridor in view.corridors():
        stated = _stated(corridor)
        if len(stated) == 1 and corridor.demand_bps == 0:
            yield view.finding("QP407", ("corridors", name, stated[0]), f"corridors.{name} asks for 0 bit/s", key=True)


def check_demand_is_within_one_system(view: View) -> Iterator[Diagnostic]:
    """More than the best rate of any system means parallel systems on every link, or no plan at all."""
    kept = 1 - view.inventory.policy.key_rate_reserve
    best = max((rate for _, system in view.systems() for _, rate in system.key_rate_curve), default=None)
    for name, corridor in view.corridors():
        stated = _stated(corridor)
        if best is None or len(stated) != 1 or corridor.demand_bps <= best * kept * (1 + RATE_TOLERANCE):
            continue
        net = best * kept
        needed = f"needs {_systems(corridor.demand_bps / net)} or more in parallel" if net > 0 else "cannot be built"
        message = (
            f"corridors.{name} asks for {corridor.demand_bps:g} bit/s, but no system gives more than {net:g} bit/s, "
            f"so every QKD link on its way {needed}"
        )
        hint = "is it in bit/s?" if net > 0 and corridor.demand_bps / net > MOST_SYSTEMS else ""
        yield view.finding("QP408", ("corridors", name, stated[0]), message, hint=hint, key=True)


def _systems(count: float) -> str:
    return str(math.ceil(count)) if count < 1e6 else f"{count:.3g}"


def check_corridor_ends_have_fibres(view: View) -> Iterator[Diagnostic]:
    """A usable fibre for every path ends at each end of a corridor."""
    usable = Counter(end for _, f in view.fibres() if not f.amplified and f.strands > 0 for end in f.ends)
    for name, corridor in view.corridors():
        for index, site in enumerate(corridor.ends):
            path = ("corridors", name, "ends", index)
            if not usable[site]:
                yield view.finding("QP405", path, f"no usable fibre ends at site '{site}' of corridors.{name}")
            elif corridor.disjoint != "relay" and usable[site] < corridor.paths:
                message = (
                    f"corridors.{name} asks for {corridor.paths} disjoint paths, "
                    f"but site '{site}' has {usable[site]} usable fibre{'s' * (usable[site] > 1)}"
                )
                yield view.finding("QP409", path, message)


def check_corridor_joins_two_buildings(view: View) -> Iterator[Diagnostic]:
    """Keys within one building need no QKD."""
    sites = view.inventory.sites
    for name, corridor in view.corridors():
        a, b = corridor.ends
        if a != b and a in sites and b in sites and _in_one_building(sites[a], sites[b]):
            message = (
                f"corridors.{name} joins '{a}' and '{b}', which stand within {1000 * BUILDING_KM:g} m of each other: "
                "keys would not leave the building"
            )
            yield view.finding("QP411", ("corridors", name, "ends"), message)


def check_ends_keep_their_corridors_rules(view: View) -> Iterator[Diagnostic]:
    """Keys are in clear at the ends as well; an end that the corridor's rules would refuse as a relay is unlikely."""
    sites = view.inventory.sites
    for name, corridor in view.corridors():
        for index, end in enumerate(corridor.ends):
            refusals = whereabouts_refusals(corridor, sites[end]) if end in sites else ()
            broken = [refusal for refusal in refusals if refusal.found != NOT_STATED]
            if broken:
                said = ", ".join(f"{refusal.rule} ({refusal.found}; asked: {refusal.expected})" for refusal in broken)
                message = f"corridors.{name} ends at '{end}', which its own rules would refuse as a relay: {said}"
                hint = "keys are in clear there too: correct what the site states, or the rule"
                yield view.finding("QP413", ("corridors", name, "ends", index), message, hint=hint)


def check_disjoint_paths_keep_apart_at_the_ends(view: View) -> Iterator[Diagnostic]:
    """Of disjoint paths, at most one can go through each building next to an end; fibres straight to the other end
    are ways of their own."""
    next_to = _usable_fibres_by_neighbour(view)
    usable = {site: around.total() for site, around in next_to.items()}
    for name, corridor in view.corridors():
        known = view.inventory.sites.keys() >= set(corridor.ends)
        if corridor.paths == 1 or corridor.disjoint == "relay" or not known:
            continue
        for index, (end, far) in enumerate((corridor.ends, corridor.ends[::-1])):
            if usable.get(end, 0) < corridor.paths or len(next_to[end]) > MOST_NEIGHBOURS:
                continue  # has a finding of its own, or leaves by so many sites that no single building matters
            ways = _ways_out(view, end, far, next_to[end], corridor.paths)
            if ways < corridor.paths:
                message = (
                    f"corridors.{name} asks for {corridor.paths} disjoint paths, but the {usable[end]} usable fibres "
                    f"at site '{end}' leave by {ways} building{'s' * (ways > 1)} only ({_some(next_to[end])})"
                )
                yield view.finding("QP410", ("corridors", name, "ends", index), message)


def _usable_fibres_by_neighbour(view: View) -> dict[str, Counter[str]]:
    """For every site how many fibres that can carry a QKD link run to each other site."""
    next_to: dict[str, Counter[str]] = defaultdict(Counter)
    for _, fibre in view.fibres():
        if not fibre.amplified and fibre.strands > 0:
            for site, other in (fibre.ends, fibre.ends[::-1]):
                next_to[site][other] += 1
    return next_to


def _ways_out(view: View, end: str, far: str, around: Counter[str], enough: int) -> int:
    """Fibres to the far end, and buildings of the other sites next to an end, counted until they are enough.

    A site in the building of either end counts by itself, since all paths share that building anyway.
    """
    sites = view.inventory.sites
    ways, buildings = around[far], list[Site]()
    for name in around:
        if ways >= enough:
            break
        site = sites[name]
        if name == far or any(_in_one_building(site, other) for other in buildings):
            continue
        ways += 1
        if not any(_in_one_building(site, sites[own]) for own in (end, far)):
            buildings.append(site)
    return ways


def _in_one_building(a: Site, b: Site) -> bool:
    """Nearer than `BUILDING_KM`; not known, and so not said, where coordinates are missing."""
    here, there = coordinates(a), coordinates(b)
    return here is not None and there is not None and sphere_km(*here, *there) < BUILDING_KM


def _some(sites: Iterable[str]) -> str:
    names = [f"'{name}'" for name in sorted(sites)]
    return ", ".join(names[:MOST_SITES_NAMED]) + (" …" if len(names) > MOST_SITES_NAMED else "")


def check_there_are_corridors(view: View) -> Iterator[Diagnostic]:
    """Without corridors there is nothing to plan."""
    if not view.inventory.corridors:
        yield view.finding("QP406", ("corridors",), "there are no corridors, so the plan is empty", key=True)
