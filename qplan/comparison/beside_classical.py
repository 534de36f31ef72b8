"""A plan on top of the hardened classical design: what QKD costs more, in all, by corridor, and by year of each."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from qplan.assessment.facts import PlanFacts
from qplan.comparison.columns import COMMON
from qplan.costing.cash_flow import annualised, level_payment
from qplan.costing.cents import cents
from qplan.costing.classical import ClassicalDesign, classical_design
from qplan.costing.cost import money
from qplan.costing.firmness import Firmness, firmness_of, priced_parts
from qplan.costing.planned import state_costs
from qplan.plan.model import Costs


@dataclass(frozen=True)
class CorridorExtra:
    """What a corridor costs with PQC alone, and what QKD adds."""

    id: str
    """`COMMON` for what no corridor uses."""
    served: bool
    classical: float
    extra: float

    @property
    def quantum(self) -> float:
        return round(self.classical + self.extra, 2)


@dataclass(frozen=True)
class BesideClassical:
    """Quantum is classical plus the plan, in every amount to the cent."""

    facts: PlanFacts
    design: ClassicalDesign
    quantum: Costs
    corridors: tuple[CorridorExtra, ...]
    """Sorted by id."""

    @property
    def classical(self) -> Costs:
        return self.design.costs

    @property
    def extra(self) -> Costs:
        """The plan's own costs."""
        return self.facts.plan.costs

    @property
    def protected(self) -> int:
        """Corridors served."""
        return len(self.facts.corridors) - len(self.facts.unserved)

    @property
    def extra_per_protected_year(self) -> float | None:
        """The equal payment for each corridor served; None where none is, or without a horizon."""
        whole = annualised(self.facts.inventory.economics, self.facts.costs.total)
        return None if whole is None or not self.protected else float(cents(whole / self.protected))

    def extra_per_year(self, amount: float) -> float | None:
        """The equal payment at the end of every year that is worth an amount; None without a horizon."""
        each = level_payment(self.facts.inventory.economics, money(amount))
        return None if each is None else float(each)

    @property
    def firmness(self) -> tuple[Firmness, Firmness, Firmness]:
        """What the three of them rest on: classical, quantum, extra."""
        economics, plan, unpriced = self.facts.inventory.economics, self.facts.costs.firmness, len(self.design.unpriced)
        together = (*self.design.parts, *priced_parts(self.facts.bill))
        alone = firmness_of(economics, self.design.parts, unpriced)
        return alone, firmness_of(economics, together, unpriced + plan.unpriced_lines), plan


def compare_with_classical(facts: PlanFacts) -> BesideClassical | None:
    """None where the inventory has no `classical` block, or no corridor."""
    design = classical_design(facts.inventory, facts.plan.inventory.as_of)
    if design is None:
        return None
    return BesideClassical(facts, design, _together(facts, design), tuple(_corridors(facts, design)))


def _together(facts: PlanFacts, design: ClassicalDesign) -> Costs:
    """Amounts are the sums of those of the two columns; years are rounded from the exact sum."""
    plan, classical = facts.plan.costs, design.costs
    whole = state_costs(facts.inventory, design.total + facts.costs.total)
    names = ("capex", "contingency", "opex_per_year", "tco")
    return whole.model_copy(update={name: round(getattr(plan, name) + getattr(classical, name), 2) for name in names})


def _corridors(facts: PlanFacts, design: ClassicalDesign) -> list[CorridorExtra]:
    classical: Mapping[str, float] = {share.corridor: float(share.tco) for share in design.shares}
    extra = {share.corridor: float(share.tco) for share in facts.costs.shares}
    served = {corridor.id for corridor in facts.corridors if corridor.served}
    return [
        CorridorExtra(key, key in served, classical.get(key, 0.0), extra.get(key, 0.0))
        for key in sorted(classical.keys() | extra.keys())
        if key != COMMON or extra.get(key)
    ]
