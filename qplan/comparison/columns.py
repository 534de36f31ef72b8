"""Several plans side by side, each as its facts, and what each costs more or less than one of them, the baseline."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from qplan.assessment.facts import PlanFacts
from qplan.comparison.model import Amount

Unlike = Literal["currency", "horizon"]
"""Why the money of two plans is not compared."""
ROUNDING = 0.025  # two cents, and what floats add
COMMON = ""
"""Stands for a corridor's id where money is used by none."""


@dataclass(frozen=True)
class Column:
    """One of the plans, or what was to be planned and has no plan."""

    id: str
    status: str
    """`optimal`, `feasible`, or without a plan `infeasible` or `unknown`."""
    facts: PlanFacts | None

    @property
    def corridors(self) -> dict[str, float]:
        """The share of every corridor in the tco, by id; `COMMON` where something is used by none."""
        if self.facts is None:
            return {}
        return {share.corridor: float(share.tco) for share in self.facts.costs.shares}

    @property
    def served(self) -> frozenset[str]:
        """The corridors that the plan serves."""
        return frozenset() if self.facts is None else frozenset(each.id for each in self.facts.corridors if each.served)


@dataclass(frozen=True)
class Difference:
    """What a column costs against the baseline."""

    capex: Amount
    opex_per_year: Amount
    tco: Amount
    corridors: tuple[tuple[str, float], ...]
    """What each corridor costs more, the largest first; the whole is the difference of the tco."""

    @property
    def deciding(self) -> tuple[str, float] | None:
        """The corridor with the largest part in the difference; None where none goes its way, or several have it.

        Parts may differ by how shares are rounded.
        """
        along = [each for each in self.corridors if each[1] * (self.tco.delta or 0.0) > 0]
        largest = [each for each in along if abs(each[1] - along[0][1]) <= ROUNDING]
        return largest[0] if len(largest) == 1 else None


@dataclass(frozen=True)
class SideBySide:
    columns: tuple[Column, ...]
    """As they were asked for; ids are unique."""
    baseline: str

    @property
    def base(self) -> Column:
        return next(column for column in self.columns if column.id == self.baseline)

    def difference(self, column: Column) -> Difference | None:
        """None for the baseline itself, where one of the two has no plan, and where their money is not compared."""
        base = self.base
        if column is base or column.facts is None or base.facts is None or unlike(base.facts, column.facts):
            return None
        before, after = base.facts.plan.costs, column.facts.plan.costs
        old, new = base.corridors, column.corridors
        corridors = {key: round(new.get(key, 0.0) - old.get(key, 0.0), 2) for key in sorted(old.keys() | new.keys())}
        return Difference(
            capex=_amount(before.capex, after.capex),
            opex_per_year=_amount(before.opex_per_year, after.opex_per_year),
            tco=_amount(before.tco, after.tco),
            corridors=tuple(sorted(corridors.items(), key=lambda each: -abs(each[1]))),
        )


def unlike(one: PlanFacts, other: PlanFacts) -> Unlike | None:
    """Amounts in other currencies, or totals over other horizons."""
    if one.plan.costs.currency != other.plan.costs.currency:
        return "currency"
    return None if _years(one) == _years(other) else "horizon"


def _years(facts: PlanFacts) -> int:
    return facts.inventory.economics.horizon_years


def lay_side_by_side(columns: Sequence[Column], baseline: str | None = None) -> SideBySide:
    """The columns with one of them, or the first, as baseline."""
    return SideBySide(tuple(columns), columns[0].id if baseline is None else baseline)


def _amount(before: float, after: float) -> Amount:
    return Amount(before, after, round(after - before, 2))
