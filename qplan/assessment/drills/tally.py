"""Figures of a drill that is over, from what the engine counted."""

from __future__ import annotations

import math
from collections.abc import Iterable
from itertools import pairwise

from qplan.assessment.drills.disturbances import Disturbance
from qplan.assessment.drills.engine import Outcome
from qplan.assessment.drills.results import CorridorResult, Expected, LinkResult, Lowest
from qplan.assessment.drills.service import DOWN, FRESH, STALE, Chains, Service
from qplan.assessment.drills.store import Store
from qplan.assessment.network import Chain, CorridorInPlay, Network
from qplan.inventory.drills import Expectation

FIBRE_KM_PER_S = 204_000.0  # light in glass of group index 1.47


def corridor_results(
    network: Network, outcome: Outcome, disturbances: Iterable[Disturbance]
) -> tuple[CorridorResult, ...]:
    disturbances = tuple(disturbances)
    return tuple(_corridor(network, outcome, service, disturbances) for service in outcome.services)


def link_results(outcome: Outcome) -> tuple[LinkResult, ...]:
    return tuple(
        LinkResult(
            store.link.id,
            store.link.capacity_bits,
            store.link.floor_bits,
            store.lowest_bits,
            store.lowest_at_s,
            store.bits,
            store.made_bits,
            store.used_bits,
            store.spilt_bits,
            store.lost_bits,
            _bends(store),
        )
        for store in outcome.stores
    )


def judged(expectations: Iterable[Expectation], results: Iterable[CorridorResult]) -> tuple[Expected, ...]:
    """In the order of the file; one for each limit."""
    by_id = {result.id: result for result in results}
    found = []
    for expectation in expectations:
        result = by_id.get(expectation.corridor)
        if expectation.max_gap_s is not None:
            value = None if result is None else result.longest_gap_s
            found.append(Expected(expectation.corridor, "max_gap_s", expectation.max_gap_s, value))
        if expectation.delivered_min is not None:
            value = None if result is None else result.delivered_share
            found.append(Expected(expectation.corridor, "delivered_min", expectation.delivered_min, value))
    return tuple(found)


def _corridor(
    network: Network, outcome: Outcome, service: Service, disturbances: tuple[Disturbance, ...]
) -> CorridorResult:
    corridor, end = service.corridor, outcome.duration_s
    lost = service.state != FRESH
    gaps = (*service.gaps, (service.lost_at_s, end)) if lost and service.lost_at_s < end else tuple(service.gaps)
    spans = [*service.spans, (end, "", -1)]
    first = service.first_loss_s
    return CorridorResult(
        id=corridor.id,
        duration_s=end,
        asked_bits=service.asked_bits,
        delivered_bits=service.delivered_bits,
        served_s=service.seconds[FRESH],
        stale_s=service.seconds[STALE],
        down_s=service.seconds[DOWN],
        gaps=tuple(gap for gap in gaps if gap[1] > gap[0]),
        ends_lost=lost,
        first_loss_s=first,
        time_to_exhaustion_s=None
        if first is None
        else first - _touched_s(corridor, service.number, disturbances, first),
        switches=service.switches,
        fallback=corridor.fallback,
        fallback_stated=corridor.fallback_stated,
        seen_by=_seen_by(network, service),
        exposed_bits=_exposed(network, service, outcome.distrusted),
        broken_rules=tuple(sorted(service.broken_rules)),
        lowest=_lowest(outcome.stores, service),
        round_trip_s=_round_trip_s(network, corridor),
        spans=tuple((a[0], b[0], a[1], a[2]) for a, b in pairwise(spans) if b[0] > a[0]),
    )


def _touched_s(corridor: CorridorInPlay, number: int, disturbances: tuple[Disturbance, ...], before_s: float) -> float:
    """When the first event touched the corridor or a link of its paths; 0 where none did."""
    links = {link for chain in corridor.paths for link in chain}
    touching = (
        item.at_s
        for item in disturbances
        if number in item.stopped
        or number in item.surged
        or item.distrusted
        or not links.isdisjoint((*item.down, *item.hidden, *item.systems, *item.degraded))
    )
    return min((at for at in touching if at <= before_s), default=0.0)


def _seen_by(network: Network, service: Service) -> tuple[tuple[str, float], ...]:
    seen: dict[str, float] = {}
    for chains, bits in service.bits_over.items():
        for site in {site for chain in chains for site in network.relays(service.corridor, chain)}:
            seen[site] = seen.get(site, 0.0) + bits
    return tuple(sorted(seen.items()))


def _exposed(network: Network, service: Service, distrusted: frozenset[str]) -> float:
    """A key over one chain is known to each relay; a key of shares to those who have a relay on every chain.

    What was relayed before the compromise was found counts too: nobody knows since when it lasted.
    """
    if not distrusted:
        return 0.0
    if not distrusted.isdisjoint(service.corridor.ends):
        return service.delivered_bits
    return math.fsum(
        bits for chains, bits in service.bits_over.items() if _knows(network, service.corridor, chains, distrusted)
    )


def _knows(network: Network, corridor: CorridorInPlay, chains: Chains, sites: frozenset[str]) -> bool:
    return all(not sites.isdisjoint(network.relays(corridor, chain)) for chain in chains)


def _lowest(stores: tuple[Store, ...], service: Service) -> Lowest | None:
    links = sorted({link for chain in service.corridor.paths for link in chain})
    found = [
        Lowest(store.link.id, store.lowest_bits, _share(store), store.lowest_at_s)
        for store in (stores[link] for link in links)
    ]
    return min(found, key=lambda lowest: (lowest.share, lowest.link), default=None)


def _share(store: Store) -> float:
    return max(0.0, store.lowest_bits - store.link.floor_bits) / store.link.usable_bits


def _round_trip_s(network: Network, corridor: CorridorInPlay) -> float:
    """There and back over the longest chain that a key needs, hop by hop."""
    needed: tuple[Chain, ...] = corridor.paths if corridor.shares else corridor.paths[:1]
    return max(
        (2 * math.fsum(network.links[link].length_km for link in chain) / FIBRE_KM_PER_S for chain in needed),
        default=0.0,
    )


def _bends(store: Store) -> tuple[tuple[float, float], ...]:
    """The points of a store's level without those on a straight line."""
    kept: list[tuple[float, float]] = []
    for point in store.points or ():
        if kept and point[0] == kept[-1][0] and point[1] == kept[-1][1]:
            continue
        if len(kept) >= 2 and _straight(kept[-2], kept[-1], point):
            kept.pop()
        kept.append(point)
    return tuple(kept)


def _straight(a: tuple[float, float], b: tuple[float, float], c: tuple[float, float]) -> bool:
    if b[0] == a[0] or c[0] == b[0]:
        return False
    expected = a[1] + (c[1] - a[1]) * (b[0] - a[0]) / (c[0] - a[0])
    return abs(expected - b[1]) <= 1e-9 * max(abs(a[1]), abs(c[1]), 1.0)
