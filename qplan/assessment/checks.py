"""The user's `checks`, judged on a plan."""

from __future__ import annotations

from dataclasses import dataclass

from qplan.inventory.model import Check, Inventory
from qplan.plan.model import Plan

MONEY_METRICS = frozenset({"capex", "opex_per_year", "tco"})


@dataclass(frozen=True)
class CheckResult:
    """What a check measures in a plan. Money is to the cent."""

    id: str
    check: Check
    value: float

    @property
    def limits(self) -> dict[str, float]:
        """By `min` or `max`."""
        return {"max": self.check.max}

    @property
    def ok(self) -> bool:
        return self.value <= self.check.max


def check_results(inventory: Inventory, plan: Plan) -> tuple[CheckResult, ...]:
    """Every check of the inventory, in the order of their ids."""
    values: dict[str, float] = {
        "capex": plan.costs.capex,
        "opex_per_year": plan.costs.opex_per_year,
        "tco": plan.costs.tco,
        "relays": len(plan.relays),
        "nodes": len(plan.nodes),
        "links": len(plan.links),
    }
    return tuple(CheckResult(key, check, values[check.metric]) for key, check in sorted(inventory.checks.items()))
