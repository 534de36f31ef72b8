"""How long something may take: a deadline, and a flag by which the user ends it sooner."""

from __future__ import annotations

import math
import threading
import time
from dataclasses import dataclass, field, replace


class OutOfTime(Exception):
    """Something was given up, because its time was over or the user asked for an end."""


@dataclass(frozen=True)
class TimeBudget:
    """A deadline on the monotonic clock (s), and a flag that a signal handler sets."""

    deadline: float = math.inf
    stop: threading.Event = field(default_factory=threading.Event)

    @classmethod
    def of(cls, seconds: float) -> TimeBudget:
        """So many seconds from now."""
        return cls(time.monotonic() + seconds)

    @property
    def interrupted(self) -> bool:
        return self.stop.is_set()

    @property
    def spent(self) -> bool:
        """Nothing more may be begun."""
        return self.interrupted or not self.seconds_left()

    def check(self) -> None:
        """Raises OutOfTime where nothing more may be begun."""
        if self.spent:
            raise OutOfTime

    def seconds_left(self) -> float:
        return max(0.0, self.deadline - time.monotonic())

    def seconds_over(self) -> float:
        """Since the deadline; 0 before."""
        return max(0.0, time.monotonic() - self.deadline)

    def share(self, share: float) -> TimeBudget:
        """A share of the time left, ended by the same flag."""
        return self.at_most(share * self.seconds_left())

    def at_most(self, seconds: float) -> TimeBudget:
        """So many seconds from now, but no longer than this; ended by the same flag."""
        return self.until(time.monotonic() + seconds)

    def until(self, deadline: float) -> TimeBudget:
        """The same with another deadline where that is earlier."""
        return replace(self, deadline=min(self.deadline, deadline))


UNLIMITED = TimeBudget()
