"""What came of a drill, in the words of ITU-T Y.3807: per corridor and per link, with the log of everything."""

from __future__ import annotations

import math
from dataclasses import dataclass

from qplan.assessment.drills.board import Entry
from qplan.assessment.drills.disturbances import Disturbance
from qplan.inventory.drills import DrillPolicy


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
