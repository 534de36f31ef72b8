"""When a search stops, where it stands, and how it ended; the same for every kind of search."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from enum import StrEnum

from qplan.time_budget import TimeBudget


class Status(StrEnum):
    """How the search for a plan ended."""

    OPTIMAL = "optimal"  # proven within the gap asked for
    FEASIBLE = "feasible"  # a plan that holds, not proven to be so good
    INFEASIBLE = "infeasible"  # proven that there is none
    UNKNOWN = "unknown"  # no plan was found, and that there is none is not proven


class StopReason(StrEnum):
    """What ended a search, or a part of it."""

    PROOF = "proof"  # nothing better exists, or nothing at all
    GAP = "gap"  # within the gap asked for
    SUBPROBLEMS = "subproblems"  # so many of branch and bound were asked for
    TIME_LIMIT = "time_limit"
    INTERRUPT = "interrupt"
    ROUTE_LIMIT = "route_limit"  # not every possible route was considered
    UNSOUND_CUT = "unsound_cut"  # a cut contradicted a plan that holds
    SOLVER_FAILED = "solver_failed"  # the solver did not do what it was asked for


ENDED_BY_ITSELF = (StopReason.PROOF, StopReason.GAP)


@dataclass(frozen=True)
class Sighting:
    """Where a search stands, in the units of its goal; None while nothing is known."""

    phase: str
    value: float | None
    bound: float | None


def watch_nothing(sighting: Sighting) -> None:
    """Take no notice of where the search stands."""


@dataclass(frozen=True)
class SearchParameters:
    """What a search is asked for: a relative gap within a time, on so many threads; `watch` is told where it stands.

    With a `ceiling` it is asked only whether there is a plan worth no more.
    """

    gap: float
    clock: TimeBudget = field(default_factory=TimeBudget)
    threads: int = 1
    watch: Callable[[Sighting], None] = watch_nothing
    ceiling: float | None = None

    def part(self, share: float) -> SearchParameters:
        """The same with a share of the time left."""
        return replace(self, clock=self.clock.share(share))


def stop_reason(clock: TimeBudget) -> StopReason | None:
    """Why the search must end now, if it must."""
    if clock.interrupted:
        return StopReason.INTERRUPT
    return None if clock.seconds_left() else StopReason.TIME_LIMIT


def gap(value: float, bound: float) -> float:
    """Relative gap as it stands in the plan file."""
    return (value - bound) / max(abs(value), 1e-9)
