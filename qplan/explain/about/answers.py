"""What is said about one address of a plan: why it is there, what it costs, which limits bind, what would change it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from qplan.assessment.weaknesses import SmallestSet
from qplan.candidates.model import Refusal
from qplan.candidates.reasons import Reason, named
from qplan.candidates.refusals import describe_figures
from qplan.costing.cost import Cost, contingency, tco
from qplan.explain.about.alternatives import Alternative
from qplan.explain.about.limits import LimitState
from qplan.explain.about.margins import Margin
from qplan.inventory.model import Inventory
from qplan.plan.model import Plan

MOST_REFUSALS = 6  # told one by one
PLAN_WIDE = frozenset({"budget.capex", "budget.tco", "policy.max_bypass_sites"})  # limits of the plan as a whole


@dataclass(frozen=True)
class Use:
    """A path of a corridor that takes the thing, and as what."""

    corridor: str
    path: int
    """From 1."""
    role: str
    """end | relay | patched through | link | over it | path"""
    sites: tuple[str, ...]
    """Of the path, from the corridor's first end over its relays to the second."""


@dataclass(frozen=True)
class Share:
    """Money of the plan that the thing causes; `of_tco` is its part of the plan's tco, None where that is 0."""

    capex: float
    contingency: float
    opex_per_year: float
    tco: float
    of_tco: float | None


@dataclass(frozen=True)
class Answer:
    """What is known of one address. `alternatives` are re-planned: first without the thing, then with changes to it."""

    kind: str
    """sites | links | corridors | fibres | ducts"""
    id: str
    in_plan: bool
    why: tuple[str, ...]
    """Why it is there, or why it is not, in sentences."""
    uses: tuple[Use, ...] = ()
    share: Share | None = None
    limits: tuple[LimitState, ...] = ()
    without: tuple[Alternative, ...] = ()
    changes: tuple[Alternative, ...] = ()
    reasons: tuple[Reason, ...] = ()
    revealed_by: SmallestSet | None = None
    """Of a corridor: the relays that together learn its key."""
    cut_off_by: SmallestSet | None = None
    """Of a corridor: sites, fibres or ducts without which it gets no key."""
    margins: tuple[Margin, ...] = ()
    """Of a corridor planned alone."""

    @property
    def address(self) -> str:
        return f"{self.kind}.{self.id}"

    @property
    def undecided(self) -> bool:
        """Time ended some of the planning."""
        alternatives = (*self.without, *self.changes)
        open_ends = any(each.status in ("unknown", "feasible") for each in alternatives)
        return open_ends or not all(margin.decided for margin in self.margins)


def price_share(inventory: Inventory, plan: Plan, cost: Cost) -> Share:
    economics = inventory.economics
    total = float(tco(economics, cost))
    return Share(
        round(float(cost.capex), 2),
        round(float(contingency(economics, cost.capex)), 2),
        round(float(cost.opex_per_year), 2),
        round(total, 2),
        total / plan.costs.tco if plan.costs.tco else None,
    )


def list_sites(inventory: Inventory, corridor: str, relays: Iterable[str]) -> tuple[str, ...]:
    first, last = inventory.corridors[corridor].ends
    return (first, *relays, last)


def describe_refused(refusals: Sequence[Refusal]) -> tuple[Reason, ...]:
    """Why systems are refused on routes, the first few."""
    shown = tuple(
        Reason(
            refusal.reason,
            f"{refusal.system} over {named(refusal.route.fibres)} is refused: {describe_figures(refusal)}.",
            refusal.value,
            refusal.limit,
            tuple(f"fibres.{f}" for f in refusal.route.fibres),
        )
        for refusal in refusals[:MOST_REFUSALS]
    )
    more = len(refusals) - len(shown)
    if not more:
        return shown
    return (*shown, Reason("refused", f"{more} more {'is' if more == 1 else 'are'} refused: see qplan candidates."))


def rank_alternatives(alternatives: Iterable[Alternative]) -> tuple[Alternative, ...]:
    """Those that are better, by what they save; then the others."""

    def rank(each: Alternative) -> tuple[bool, float, str]:
        return not each.better, each.difference or 0.0 if each.better else 0.0, each.text if each.better else ""

    return tuple(sorted(alternatives, key=rank))
