"""Reasons that only the integer program knows: limits of quantity that must be lifted before there is a plan."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator
from decimal import Decimal

from qplan.candidates.reasons import Reason, named
from qplan.candidates.resource_usage import SLACK
from qplan.explain.findings import Diagnosis, Obstacle, Proposal, Setting, propose
from qplan.explain.infeasibility.irreducible import find_irreducible
from qplan.explain.infeasibility.shortages import Shortage, find_shortages, write_money
from qplan.explain.trials import Trials, search_farthest
from qplan.explain.variants import LIMIT_FAMILIES, apply_settings, lift_families, list_limits, set_demand
from qplan.inventory.model import Inventory

EXACT_GAP = 1e-6
MOST_SHORTAGES = 5  # reasons given for one limit
RATES_A_DECADE, FIRST_OF_DECADE = 900, 100  # of three significant digits
FAMILY_NAMES = {
    "strands": "free strands",
    "rack_units": "rack units",
    "power_w": "power",
    "key_rate": "key rate",
    "budget": "the budget",
}


def examine_limits(trials: Trials, inventory: Inventory) -> Diagnosis:
    """Which limits must be lifted, each by itself or (where that is not enough) together, and what they are short of.

    Where only asking for less is enough by itself, what is short together is said too. The inventory has no optional
    corridor.
    """
    families = list_families(inventory)
    ordered = sorted(families, key=lambda family: family != "budget")  # the likeliest first
    found = {
        family: _lift_budget(trials, inventory) if family == "budget" else _lift(trials, inventory, (family,))
        for family in ordered
    }
    alone = {family for family in families if found[family]}
    obstacles = tuple(obstacle for family in ordered for obstacle in found[family])
    if alone - {"key_rate"}:
        return Diagnosis(obstacles)
    return Diagnosis((*_lift_together(trials, inventory, [f for f in families if f not in alone]), *obstacles))


def _lift_together(trials: Trials, inventory: Inventory, families: list[str]) -> Iterator[Obstacle]:
    """What is short together, where no family is enough by itself."""
    together = _find_needed(trials, inventory, families)
    if not together:
        return
    *names, last = [FAMILY_NAMES[family] for family in together]
    short = f"{', '.join(names)} and {last}" if names else last
    text = f"{short[0].upper()}{short[1:]} are short together: more of one of them alone is not enough."
    reason = Reason("limits", text)
    for obstacle in _lift(trials, inventory, together) or [Obstacle(())]:
        yield Obstacle((reason, *obstacle.reasons), obstacle.proposals)


def list_families(inventory: Inventory) -> list[str]:
    """The families of limits that the inventory sets."""
    return [family for family in LIMIT_FAMILIES if list_limits(inventory, [family])]


def _find_needed(trials: Trials, inventory: Inventory, families: list[str]) -> tuple[str, ...]:
    """An irreducible set of families that, lifted together, allow a plan; what can be bought rather than the rate."""
    if not trials.is_feasible(lift_families(inventory, families)):
        return ()

    def impossible_still(lifted: tuple[str, ...]) -> bool | None:
        verdict = trials.is_feasible(lift_families(inventory, lifted))
        return None if verdict is None else not verdict

    return find_irreducible(impossible_still, sorted(families, key=lambda family: family == "key_rate")).members


def _lift(trials: Trials, inventory: Inventory, families: tuple[str, ...]) -> list[Obstacle]:
    """What the cheapest design without the limits would be short of, and the limits that would let it pass.

    Nothing where no design was found, or where it is short of nothing.
    """
    search = trials.plan(lift_families(inventory, families))
    if search.design is None:
        return []
    shortages = {family: find_shortages(family, inventory, search.design) for family in families}
    reasons = tuple(
        Reason(family, short.text, float(short.at.taken), float(short.at.free), (short.at.where,))
        for family, found in shortages.items()
        for short in found[:MOST_SHORTAGES]
    )
    settings = [setting for family, found in shortages.items() for setting in _raise(family, found)]
    proposals: list[Proposal] = []
    if settings:
        shown = [f"{address} to {value:.10g}" for address, value in settings]
        known = None if "key_rate" in families else search.design
        proposals.append(propose(f"raise {named(shown)}", *settings, design=known))
    if "key_rate" in families:  # the design carries no demand: without a lower demand the limits raised are not enough
        shares = [short.at.free / short.at.taken for short in shortages["key_rate"]]
        lower = _lower_demand(trials, apply_settings(inventory, settings), min(shares, default=1.0))
        proposals = [proposal.join(lower) for proposal in proposals] or [lower] if lower else []
    return [Obstacle(reasons, tuple(proposals))] if reasons or proposals else []


def _raise(family: str, shortages: Iterable[Shortage]) -> list[Setting]:
    """The limits at which nothing would be short; a key rate is no limit that can be raised."""
    if family == "key_rate":
        return []
    if family == "budget":
        return [(short.at.where, float(math.ceil(short.at.taken))) for short in shortages]
    return [(f"{short.at.where}.{family}", short.at.taken) for short in shortages]


def _lower_demand(trials: Trials, inventory: Inventory, sure_share: float) -> Proposal | None:
    """The highest demand, in three digits, that can be served, where a share surely can; for one corridor only.

    Takes up to half of the time left.
    """
    ((q, corridor), *others) = inventory.corridors.items()
    if others or not corridor.demand_bps:
        return None
    sure, asked = (number_rate(rate) for rate in (corridor.demand_bps * sure_share, corridor.demand_bps))

    def lower(step: int) -> Setting:
        return set_demand(q, corridor, find_rate(sure + step))

    more, decided = search_farthest(
        trials.divide(2), asked - sure, lambda step: apply_settings(inventory, [lower(step)])
    )
    shown = f"{find_rate(sure + more):g} bit/s for {q}"
    text = f"ask for at most {shown}" if decided else f"ask for {shown} (the most was not found in time)"
    return propose(text, lower(more), service="lowered")


def number_rate(rate: float) -> int:
    """The number of the rate, rounded down to three significant digits, among all that have no more."""
    exact = Decimal(rate * (1 + SLACK))
    decade = exact.adjusted() - 2
    return RATES_A_DECADE * decade + int(exact.scaleb(-decade)) - FIRST_OF_DECADE


def find_rate(number: int) -> float:
    """The rate of a number."""
    decade, digits = divmod(number, RATES_A_DECADE)
    return float(f"{FIRST_OF_DECADE + digits}e{decade}")


def _lift_budget(trials: Trials, inventory: Inventory) -> list[Obstacle]:
    """By how much the least capex and the least tco miss their ceilings, the other one kept where that is possible."""
    found = []
    for metric in ("capex", "tco"):
        ceiling = getattr(inventory.budget, metric)
        missed = None if ceiling is None else _miss_ceiling(trials, inventory, metric, ceiling)
        found += [missed] if missed else []
    return found or _lift(trials, apply_settings(inventory, [("objective", "tco")]), ("budget",))


def _miss_ceiling(trials: Trials, inventory: Inventory, metric: str, ceiling: float) -> Obstacle | None:
    """By how much the least cost in one measure misses its ceiling."""
    search = trials.plan(apply_settings(inventory, [("objective", metric), (f"budget.{metric}", None)]), EXACT_GAP)
    if search.value is None or search.value <= ceiling:
        return None
    cost, raised = search.value, float(math.ceil(search.value))
    proven = "The cheapest plan" if search.status == "optimal" else "The cheapest plan found (there may be better)"
    text = (
        f"{proven} has a {metric} of {write_money(inventory, cost)}; the budget is {write_money(inventory, ceiling)}: "
        f"{write_money(inventory, cost - ceiling)} too much."
    )
    change = f"raise the budget for {metric} to {write_money(inventory, raised)}"
    proposal = propose(change, (f"budget.{metric}", raised), design=search.design)
    return Obstacle((Reason("budget", text, cost, ceiling, (f"budget.{metric}",)),), (proposal,))
