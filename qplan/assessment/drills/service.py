"""The key service of one corridor in time: which chains bring its keys, what was delivered, when there was none."""

from __future__ import annotations

import math
from collections.abc import Iterator

from qplan.assessment.network import Chain, CorridorInPlay

Chains = tuple[Chain, ...]
FRESH, STALE, DOWN = "fresh", "stale", "down"
OPEN = "best_effort"  # the fallback whose traffic goes on without protection by keys


class Service:
    """What a corridor's encryptors get: fresh keys, their last key for a while, or nothing."""

    __slots__ = (
        "asked_bits",
        "at_s",
        "bits_over",
        "broken_rules",
        "chains",
        "class_",
        "corridor",
        "delivered_bits",
        "demand",
        "expires_s",
        "factors",
        "first_loss_s",
        "gaps",
        "given_bps",
        "last",
        "lifetime_s",
        "lost_at_s",
        "number",
        "options",
        "pool_bits",
        "pool_capacity",
        "pool_fill",
        "rank",
        "seconds",
        "since",
        "spans",
        "state",
        "stopped",
        "switches",
    )

    def __init__(
        self, number: int, corridor: CorridorInPlay, class_: int, lifetime_s: float, pool: tuple[float, float]
    ):
        self.number, self.corridor, self.class_, self.lifetime_s = number, corridor, class_, lifetime_s
        self.options: tuple[Chains, ...] = (
            (corridor.paths,) if corridor.shares else tuple((path,) for path in corridor.paths)
        )
        self.since = [-math.inf] * len(self.options)  # when each option last became good; inf: it is not
        self.chains: Chains | None = None
        self.rank = self.last = -1  # of the option in use, and of the one used last; len(options): a detour
        self.demand, self.factors = corridor.rate_bps, list[float]()
        self.given_bps = 0.0  # what the links of the chains in use give now
        self.stopped: list[str] = []  # what keeps keys from being delivered
        self.pool_capacity, self.pool_fill = pool
        self.pool_bits = self.pool_capacity
        self.at_s, self.state = 0.0, DOWN
        self.lost_at_s, self.expires_s = 0.0, math.inf
        self.first_loss_s: float | None = None
        self.asked_bits = self.delivered_bits = 0.0
        self.seconds = {FRESH: 0.0, STALE: 0.0, DOWN: 0.0}
        self.bits_over: dict[Chains, float] = {}
        self.switches = 0
        self.gaps: list[tuple[float, float]] = []
        self.spans: list[tuple[float, str, int]] = []  # from when on, state, rank
        self.broken_rules: set[str] = set()

    @property
    def address(self) -> str:
        return f"corridors.{self.corridor.id}"

    @property
    def rate(self) -> float:
        """Bits per second that each link of each chain in use gives."""
        if self.chains is None:
            return 0.0
        return self.demand + (self.pool_fill if self.pool_bits < self.pool_capacity else 0.0)

    @property
    def served(self) -> bool:
        return not self.stopped and (self.chains is not None or self.pool_bits > 0)

    def _pool_slope(self) -> float:
        if not self.pool_capacity or self.stopped:
            return 0.0
        if self.chains is None:
            return -self.demand if self.pool_bits > 0 else 0.0
        return self.pool_fill if self.pool_bits < self.pool_capacity else 0.0

    def advance(self, t: float) -> None:
        """Account for the time until t, in which nothing changed."""
        dt = t - self.at_s
        if dt <= 0:
            return
        self.asked_bits += self.demand * dt
        self.seconds[self.state] += dt
        if self.state == FRESH:
            bits = self.demand * dt
            self.delivered_bits += bits
            if self.chains is not None:
                self.bits_over[self.chains] = self.bits_over.get(self.chains, 0.0) + bits
        slope = self._pool_slope()
        if slope:
            level = self.pool_bits + slope * dt
            near = 1e-9 * self.pool_capacity
            self.pool_bits = 0.0 if level < near else min(level, self.pool_capacity)
            if self.pool_capacity - self.pool_bits < near:
                self.pool_bits = self.pool_capacity
        self.at_s = t

    def next_s(self, wait_s: float) -> float:
        """When something changes here by itself: a better option has held long enough, the pool, the last key."""
        times = [math.inf]
        if self.chains is not None:
            times += [since + wait_s for since in self.since[: self.rank] if since < math.inf]
        slope = self._pool_slope()
        if slope:
            times.append(self.at_s + ((self.pool_capacity if slope > 0 else 0.0) - self.pool_bits) / slope)
        if self.state == STALE:
            times.append(self.expires_s)
        return min(times)

    def settle(self, t: float) -> Iterator[tuple[str, dict[str, object]]]:
        """Bring the state in line with what is delivered now; the events that this is."""
        if self.served:
            if self.state != FRESH:
                if self.first_loss_s is None:
                    yield "corridor.started", {}
                else:
                    self.gaps.append((self.lost_at_s, t))
                    yield "corridor.restored", {}
                self._enter(FRESH, t)
            return
        if self.state == FRESH or (t == 0.0 and self.first_loss_s is None):
            lifetime = self.lifetime_s if self.state == FRESH else 0.0
            self.lost_at_s, self.expires_s = t, t + lifetime
            self.first_loss_s = t if self.first_loss_s is None else self.first_loss_s
            yield "corridor.lost", {}
            self._enter(STALE if lifetime > 0 else DOWN, t)
            if lifetime > 0:
                return
            yield "fallback.entered", {"fallback": self.corridor.fallback}
        elif self.state == STALE and t >= self.expires_s:
            yield "key.stale", {}
            self._enter(DOWN, t)
            yield "fallback.entered", {"fallback": self.corridor.fallback}

    def _enter(self, state: str, t: float) -> None:
        self.state = state
        self.spans.append((t, state, self.rank if state == FRESH else -1))

    def take(self, t: float, rank: int, chains: Chains) -> bool:
        """Use these chains from now on; True where keys came over others until now."""
        rerouted = self.state == FRESH and self.last >= 0 and (self.chains, self.rank) != (chains, rank)
        rerouted = rerouted and (self.chains is not None or self.last != rank)
        self.chains, self.rank, self.last = chains, rank, rank
        self.switches += rerouted
        if rerouted:
            self.spans.append((t, FRESH, rank))
        return rerouted

    def drop(self) -> None:
        self.chains, self.rank = None, -1
