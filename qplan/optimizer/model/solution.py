"""What a solver makes of a model, and what it is given besides."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import pulp

from qplan.optimizer.limits import StopReason


@dataclass(frozen=True)
class Solution:
    """How the minimisation of a model ended. `values` by variable name; `value` and `bound` in the units of the goal.

    `PROOF`: nothing better exists (or, without values, nothing at all). `GAP`: within the gap asked for.
    """

    stopped_by: StopReason
    values: Mapping[str, float] | None
    value: float | None
    bound: float | None

    @property
    def infeasible(self) -> bool:
        return self.stopped_by is StopReason.PROOF and self.values is None

    def chosen(self, variable: pulp.LpVariable) -> bool:
        """A 0/1 variable is 1 in the solution; none is where there is no solution."""
        return self.values is not None and self.values[variable.name] > 0.5


@dataclass(frozen=True)
class Effort:
    """What a minimisation starts from and when it may stop early: a known solution's values, subproblems looked at."""

    start: Mapping[str, float] | None = None
    subproblems: int | None = None
