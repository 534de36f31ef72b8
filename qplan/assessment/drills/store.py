"""The key store of one link in time: piecewise linear, so that every level is met exactly and no step is needed."""

from __future__ import annotations

import math

from qplan.assessment.network import LinkInPlay

BALANCED = 1e-9  # relative: a store that gains and loses alike stays where it is, whatever a float's last digits say


def tolerance_s(t: float) -> float:
    """Two times no further apart are one: they differ by rounding alone."""
    return 4 * math.ulp(t)


class Store:
    """Bits stored, what flows in and out, and when the next level is reached.

    Between two calls of `flow` gain and drain are constant. `usable[k]`: corridors of class k may use the store; class
    0 is bounded by the floor, the others by what the policy reserves.
    """

    __slots__ = (
        "added_loss",
        "at_s",
        "auth_spent",
        "bits",
        "blocked",
        "classes",
        "degrading",
        "down",
        "drain",
        "factors",
        "gain",
        "link",
        "lost_bits",
        "lowest_at_s",
        "lowest_bits",
        "made_bits",
        "makes_bps",
        "next_s",
        "points",
        "ready_s",
        "resume",
        "slope",
        "spilt_bits",
        "systems_down",
        "target",
        "unstored",
        "usable",
        "used_bits",
        "warn_bits",
        "warned",
    )

    def __init__(self, link: LinkInPlay, reserves: tuple[float, ...], trace: bool):
        self.link, self.bits, self.at_s = link, link.initial_bits, 0.0
        self.classes = [max(link.floor_bits, reserve) for reserve in reserves]
        self.resume = [min(level + link.resume_bits, link.capacity_bits) for level in self.classes]
        self.usable = [self.bits > level for level in self.classes]
        self.warn_bits = self.resume[0]
        self.warned = self.bits <= self.warn_bits
        self.makes_bps = self.gain = self.drain = self.slope = 0.0
        self.ready_s, self.next_s, self.target = 0.0, math.inf, math.inf
        self.down = self.blocked = self.unstored = self.systems_down = 0
        self.auth_spent = False
        self.degrading: list[tuple[float, float]] = []  # factor, added dB
        self.made_bits = self.used_bits = self.spilt_bits = self.lost_bits = 0.0
        self.lowest_bits, self.lowest_at_s = self.bits, 0.0
        self.points: list[tuple[float, float]] | None = [(0.0, self.bits)] if trace else None

    def makes(self, t: float) -> float:
        """Bits per second that the link makes now, stored or not."""
        if self.down or t < self.ready_s:
            return 0.0
        return self.potential()

    def potential(self) -> float:
        """Bits per second that the link would make if it ran."""
        link = self.link
        rate = link.rate_bps
        if self.systems_down:
            rate *= max(0, link.systems - self.systems_down) / link.systems
        if self.degrading:
            for factor, _ in self.degrading:
                rate *= factor
            added = math.fsum(loss for _, loss in self.degrading)
            if added:
                rate *= link.share_with_loss(added)
        return rate

    def advance(self, t: float) -> None:
        """Bring the level to the time t, no later than `next_s`; on a level that was aimed at, exactly to it."""
        dt = t - self.at_s
        if dt <= 0:
            return
        made, slope = self.makes_bps * dt, self.slope
        self.made_bits += made
        self.used_bits += self.drain * dt
        if self.unstored:
            self.lost_bits += made
        if slope > 0 and self.bits >= self.link.capacity_bits:
            self.spilt_bits += slope * dt
        elif slope:
            if self.target < math.inf and t + tolerance_s(t) >= self.next_s:
                self.bits = self.target
            else:
                self.bits = min(self.bits + slope * dt, self.link.capacity_bits)
        self.at_s = t
        self.warned = self.warned and self.bits <= self.warn_bits
        if self.bits < self.lowest_bits:
            self.lowest_bits, self.lowest_at_s = self.bits, t
        if self.points is not None:
            self.points.append((t, self.bits))

    def fill(self, t: float) -> None:
        """Bring what the link makes, and what of it is stored, in line with its state at t."""
        self.makes_bps = self.makes(t)
        self.gain = 0.0 if self.unstored else self.makes_bps

    def flow(self, drain: float) -> None:
        """From now on (`at_s`) so many bits per second go."""
        self.drain = drain
        net, bits, target = self.gain - drain, self.bits, math.inf
        if net > BALANCED * self.gain:
            for usable, resume in zip(self.usable, self.resume, strict=True):
                if not usable and bits < resume < target:
                    target = resume
            if bits < self.link.capacity_bits < target:
                target = self.link.capacity_bits
        elif -net > BALANCED * drain:
            target = -math.inf
            for usable, level in zip(self.usable, self.classes, strict=True):
                if usable and target < level < bits:
                    target = level
            if not self.warned and target < self.warn_bits < bits:
                target = self.warn_bits
        else:
            net = 0.0
        self.slope = net
        reached = self.at_s + (target - bits) / net if net and abs(target) < math.inf else math.inf
        self.target = target
        if self.at_s < self.ready_s < reached and not self.down:
            reached, self.target = self.ready_s, math.inf
        self.next_s = reached

    def exhausted_classes(self) -> list[int]:
        """Classes of a falling store that would be below their level from here on."""
        return [k for k, usable in enumerate(self.usable) if usable and self.bits <= self.classes[k]]

    def regained_classes(self) -> list[int]:
        return [
            k
            for k, usable in enumerate(self.usable)
            if not usable and self.bits >= self.resume[k] and self.bits > self.classes[k]
        ]

    def spend_all(self) -> None:
        """The keys go to authentication, and the store can no longer be used."""
        self.lost_bits += self.bits
        self.bits, self.usable, self.warned = 0.0, [False] * len(self.usable), True
        self.lowest_bits, self.lowest_at_s = 0.0, self.at_s
        if self.points is not None:
            self.points.append((self.at_s, 0.0))
