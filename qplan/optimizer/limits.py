"""When a search stops, where it stands, and how it ended; what every kind of search here shares."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Literal

import pulp

StopReason = Literal["proof", "gap", "nodes", "time_limit", "interrupt"]


@dataclass(frozen=True)
class Sighting:
    """Where a search stands, in the units of its goal; None while nothing is known."""

    phase: str
    value: float | None
    bound: float | None


@dataclass
class SearchLimits:
    """When to stop: relative gap, a deadline on the monotonic clock, a flag that a signal handler sets."""

    gap: float
    deadline: float
    threads: int = 1
    stop: threading.Event = field(default_factory=threading.Event)
    watch: Callable[[Sighting], None] = lambda sighting: None

    def seconds_left(self) -> float:
        return max(0.0, self.deadline - time.monotonic())

    def hit(self) -> StopReason | None:
        """The limit that ends the search now, if any does."""
        if self.stop.is_set():
            return "interrupt"
        return None if self.seconds_left() else "time_limit"


@dataclass(frozen=True)
class Solution:
    """How a search ended. `values` by variable name; `value` and `bound` in the units of the goal.

    `proof`: nothing better exists (or, without values, nothing at all). `gap`: within the gap asked for.
    """

    stopped_by: StopReason
    values: Mapping[str, float] | None
    value: float | None
    bound: float | None

    @property
    def infeasible(self) -> bool:
        return self.stopped_by == "proof" and self.values is None

    def chosen(self, variable: pulp.LpVariable) -> bool:
        """A 0/1 variable is 1 in the solution."""
        return self.values[variable.name] > 0.5


@dataclass(frozen=True)
class Effort:
    """What a search starts from and when it may stop early: a known solution's values, branch-and-bound nodes."""

    start: Mapping[str, float] | None = None
    nodes: int | None = None
