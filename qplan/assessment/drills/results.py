"""What came of a drill, in the words of ITU-T Y.3807: per corridor and per link, with the log of everything."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass
from itertools import pairwise

from qplan.assessment.drills.disturbances import Disturbance
from qplan.assessment.drills.engine import Entry, Outcome
from qplan.assessment.drills.network import Chain, CorridorInPlay, Network
from qplan.assessment.drills.service import DOWN, FRESH, STALE, Chains, Service
from qplan.assessment.drills.store import Store
from qplan.inventory.drills import DrillPolicy, Expectation

FIBRE_KM_PER_S = 204_000.0  # light in glass of group index 1.47


@dataclass(frozen=True)
class Lowest:
    """The emptiest store on a corridor's paths, by the share of what may be used of it."""

    link: str
    bits: float
    share: float
    at_s: float


@dataclass(frozen=True)
class CorridorResult:
    id: str
    duration_s: float
    asked_bits: float
    delivered_bits: float
    served_s: float
    stale_s: float
    """On the last key, within its lifetime."""
    down_s: float
    """After that, when the fallback acts."""
    gaps: tuple[tuple[float, float], ...]
    """Without fresh keys, from when to when; the last may last until the end of the drill."""
    ends_lost: bool
    first_loss_s: float | None
    time_to_exhaustion_s: float | None
    """From the first event that touched the corridor to the first loss."""
    switches: int
    fallback: str
    fallback_stated: bool
    seen_by: tuple[tuple[str, float], ...]
    """Sites that relayed, and the bits (of the key, or of a share) that each of them saw in clear."""
    exposed_bits: float
    """Delivered bits that sites distrusted in the drill can know."""
    broken_rules: tuple[str, ...]
    lowest: Lowest | None
    round_trip_s: float
    """Of a request over the preferred path, light alone."""
    spans: tuple[tuple[float, float, str, int], ...]
    """From when to when, state (fresh, stale, down), place of the path in use (-1: none)."""

    @property
    def delivered_share(self) -> float:
        return self.delivered_bits / self.asked_bits if self.asked_bits else 1.0

    @property
    def availability(self) -> float:
        return self.served_s / self.duration_s

    @property
    def longest_gap_s(self) -> float:
        return max((end - begin for begin, end in self.gaps), default=0.0)

    @property
    def restorations_s(self) -> tuple[float, ...]:
        """How long each restoration of the service took."""
        ended = self.gaps[:-1] if self.ends_lost else self.gaps
        return tuple(end - begin for begin, end in ended)

    @property
    def mean_delay_s(self) -> float:
        """Response delay of a request at a random time: the round trip, in a gap the rest of the gap."""
        waiting = math.fsum((end - begin) ** 2 / 2 for begin, end in self.gaps)
        return self.round_trip_s + waiting / self.duration_s

    @property
    def longest_delay_s(self) -> float:
        return self.round_trip_s + self.longest_gap_s


@dataclass(frozen=True)
class LinkResult:
    id: str
    capacity_bits: float
    floor_bits: float
    lowest_bits: float
    lowest_at_s: float
    final_bits: float
    made_bits: float
    used_bits: float
    spilt_bits: float
    lost_bits: float
    """Made and not stored (key manager down), or spent on authentication by force."""
    points: tuple[tuple[float, float], ...] = ()
    """Times and levels between which the level runs straight; empty unless asked for."""


@dataclass(frozen=True)
class Expected:
    """What was expected of a corridor, and what came of it; `value` is None where the plan does not serve it."""

    corridor: str
    metric: str
    limit: float
    value: float | None

    @property
    def ok(self) -> bool:
        if self.value is None:
            return False
        slack = 1e-9 * max(1.0, abs(self.limit))
        return self.value <= self.limit + slack if self.metric == "max_gap_s" else self.value >= self.limit - slack


@dataclass(frozen=True)
class Maintenance:
    """An announced outage: when it was, what it cost, and from when on it costs nobody a key (None: never here)."""

    address: str
    at_s: float
    for_s: float | None
    corridors_lost: tuple[str, ...]
    safe_from_s: float | None


@dataclass(frozen=True)
class Played:
    """A drill and what came of it."""

    id: str
    description: str
    policy: DrillPolicy
    duration_s: float
    events: tuple[Disturbance, ...]
    corridors: tuple[CorridorResult, ...]
    links: tuple[LinkResult, ...]
    log: tuple[Entry, ...]
    expectations: tuple[Expected, ...] = ()
    maintenance: tuple[Maintenance, ...] = ()
    notes: tuple[str, ...] = ()
    """What the drill names and the plan does not have."""

    @property
    def ok(self) -> bool:
        return all(expected.ok for expected in self.expectations)

    @property
    def lost(self) -> tuple[CorridorResult, ...]:
        """The corridors that missed a key, the longest gap first."""
        lost = (corridor for corridor in self.corridors if corridor.gaps)
        return tuple(sorted(lost, key=lambda corridor: (-corridor.longest_gap_s, corridor.id)))

    @property
    def recovery_ratio(self) -> float | None:
        """Failed corridors that have keys again when the drill ends, of all that failed."""
        lost = self.lost
        return sum(not corridor.ends_lost for corridor in lost) / len(lost) if lost else None


def corridor_results(
    network: Network, outcome: Outcome, disturbances: Iterable[Disturbance]
) -> tuple[CorridorResult, ...]:
    disturbances = tuple(disturbances)
    return tuple(_corridor(network, outcome, service, disturbances) for service in outcome.services)


def link_results(outcome: Outcome) -> tuple[LinkResult, ...]:
    return tuple(
        LinkResult(
            store.link.id, store.link.capacity_bits, store.link.floor_bits, store.lowest_bits, store.lowest_at_s,
            store.bits, store.made_bits, store.used_bits, store.spilt_bits, store.lost_bits, _bends(store),
        )
        for store in outcome.stores
    )  # fmt: skip


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
        id=corridor.id, duration_s=end, asked_bits=service.asked_bits, delivered_bits=service.delivered_bits,
        served_s=service.seconds[FRESH], stale_s=service.seconds[STALE], down_s=service.seconds[DOWN],
        gaps=tuple(gap for gap in gaps if gap[1] > gap[0]), ends_lost=lost, first_loss_s=first,
        time_to_exhaustion_s=None if first is None else first - _touched_s(corridor, service.number, disturbances, first),
        switches=service.switches, fallback=corridor.fallback, fallback_stated=corridor.fallback_stated,
        seen_by=_seen_by(network, service), exposed_bits=_exposed(network, service, outcome.distrusted),
        broken_rules=tuple(sorted(service.broken_rules)), lowest=_lowest(outcome.stores, service),
        round_trip_s=_round_trip_s(network, corridor),
        spans=tuple((a[0], b[0], a[1], a[2]) for a, b in pairwise(spans) if b[0] > a[0]),
    )  # fmt: skip


def _touched_s(
    corridor: CorridorInPlay, number: int, disturbances: tuple[Disturbance, ...], before_s: float
) -> float:
    """When the first event touched the corridor or a link of its paths; 0 where none did."""
    links = {link for chain in corridor.paths for link in chain}
    touching = (
        item.at_s for item in disturbances
        if number in item.stopped or number in item.surged or item.distrusted
        or not links.isdisjoint((*item.down, *item.hidden, *item.systems, *item.degraded))
    )  # fmt: skip
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
    room = store.link.capacity_bits - store.link.floor_bits
    return max(0.0, store.lowest_bits - store.link.floor_bits) / room


def _round_trip_s(network: Network, corridor: CorridorInPlay) -> float:
    """There and back over the longest chain that a key needs, hop by hop."""
    needed: tuple[Chain, ...] = corridor.paths if corridor.shares else corridor.paths[:1]
    return max((2 * math.fsum(network.links[link].length_km for link in chain) / FIBRE_KM_PER_S for chain in needed),
               default=0.0)  # fmt: skip


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
