"""A plan's money held against limits and against another plan's."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from qplan.assessment.facts import PlanFacts
from qplan.comparison.columns import Column, Difference, lay_side_by_side
from qplan.costing.cents import cents
from qplan.costing.cost import money

MAX_TOTAL, MAX_INCREASE = "max-total", "max-increase"


@dataclass(frozen=True)
class Increase:
    """By how much a total may be higher than another: money, or a share of the other."""

    amount: Decimal
    relative: bool = False


@dataclass(frozen=True)
class CostLimit:
    """A limit of the tco, or of its increase; in whole cents."""

    id: str
    value: Decimal
    limit: Decimal

    @property
    def ok(self) -> bool:
        return self.value <= self.limit


@dataclass(frozen=True)
class CostAccount:
    facts: PlanFacts
    before: PlanFacts | None
    """The plan that it is compared with."""
    limits: tuple[CostLimit, ...]
    before_at: str = ""
    """Where that plan is, as it was named."""

    @property
    def difference(self) -> Difference | None:
        """None where nothing is compared, or the money of the two is not to be."""
        if self.before is None:
            return None
        table = lay_side_by_side(
            [Column(name, facts.plan.status, facts) for name, facts in (("before", self.before), ("after", self.facts))]
        )
        return table.difference(table.columns[1])

    @property
    def kept(self) -> bool:
        return all(limit.ok for limit in self.limits)


def hold_costs(
    facts: PlanFacts,
    before: PlanFacts | None = None,
    max_total: float | None = None,
    max_increase: Increase | None = None,
    before_at: str = "",
) -> CostAccount:
    """A plan's costs against another's and against limits; an increase is one over `before`, in its currency."""
    limits = [] if max_total is None else [CostLimit(MAX_TOTAL, facts.costs.tco, cents(money(max_total)))]
    if max_increase is not None and before is not None:
        allowed = max_increase.amount * (before.costs.tco if max_increase.relative else 1)
        limits.append(CostLimit(MAX_INCREASE, facts.costs.tco - before.costs.tco, cents(allowed)))
    return CostAccount(facts, before, tuple(sorted(limits, key=lambda limit: limit.id)), before_at)
