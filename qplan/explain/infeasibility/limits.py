"""Reasons that only the integer program knows: limits of quantity that must be lifted before there is a plan."""

from __future__ import annotations

import math

from qplan.candidates.reasons import Reason, named
from qplan.explain.findings import Diagnosis, Proposal
from qplan.explain.infeasibility.irreducible import irreducible
from qplan.explain.infeasibility.shortages import SHORTAGES, money
from qplan.explain.trials import Trials
from qplan.explain.variants import (
    LIMIT_FAMILIES,
    changed,
    demand_setting,
    lifted,
    limits_of,
)
from qplan.inventory.model import Inventory

EXACT_GAP = 1e-6
MOST_SHORTAGES = 5  # reasons given for one limit
BISECTIONS = 3
FAMILY_NAMES = {
    "strands": "free strands",
    "rack_units": "rack units",
    "power_w": "power",
    "key_rate": "key rate",
    "budget": "the budget",
}


def limit_reasons(trials: Trials, inventory: Inventory) -> Diagnosis:
    """Which limits must be lifted, each by itself or (where that is not enough) together, and what they are short of.

    The inventory has no optional corridor.
    """
    found = Diagnosis()
    families = _families(inventory)
    for family in sorted(families, key=lambda family: family != "budget"):  # the likeliest first
        if family == "budget":
            _lift_budget(found, trials, inventory)
        else:
            _lift(found, trials, inventory, (family,))
    if not found.reasons:
        together = _needed_together(trials, inventory, families)
        if together:
            *names, last = [FAMILY_NAMES[family] for family in together]
            short = f"{', '.join(names)} and {last}" if names else last
            found.add(Reason("limits", f"No single limit stands in the way: {short} are short together."))
            _lift(found, trials, inventory, together)
    return found


def _families(inventory: Inventory) -> list[str]:
    """The families of limits that the inventory sets."""
    return [family for family in LIMIT_FAMILIES if limits_of(inventory, family)]


def _needed_together(trials: Trials, inventory: Inventory, families: list[str]) -> tuple[str, ...]:
    """An irreducible set of families that, lifted together, allow a plan; what can be bought rather than the rate."""
    if not trials.feasible(lifted(inventory, families)):
        return ()

    def impossible_still(lifted_now: tuple[str, ...]) -> bool | None:
        verdict = trials.feasible(lifted(inventory, lifted_now))
        return None if verdict is None else not verdict

    return irreducible(impossible_still, sorted(families, key=lambda family: family == "key_rate")).members


def _lift(found: Diagnosis, trials: Trials, inventory: Inventory, families: tuple[str, ...]) -> None:
    """What the cheapest design without the limits would be short of, and the limits that would let it pass."""
    search = trials.plan(lifted(inventory, families))
    if search.design is None:
        return
    settings = []
    for family in families:
        shortages = list(SHORTAGES[family](inventory, search.design))
        found.reasons += [
            Reason(family, short.text, float(short.taken), float(short.free), (short.where,))
            for short in shortages[:MOST_SHORTAGES]
        ]
        if family == "budget":
            settings += [(short.where, float(math.ceil(short.taken))) for short in shortages]
        elif family != "key_rate":
            settings += [(f"{short.where}.{family}", short.taken) for short in shortages]
    proposals = []
    if settings:
        shown = [f"{address} to {value:.10g}" for address, value in settings]
        known = None if "key_rate" in families else search.design
        proposals.append(Proposal(f"raise {named(shown)}", tuple(settings), design=known))
    if "key_rate" in families:  # the design carries no demand: without a lower demand the limits raised are not enough
        shares = [short.free / short.taken for short in SHORTAGES["key_rate"](inventory, search.design)]
        lower = _lower_demand(trials, changed(inventory, settings), min(shares, default=1.0))
        proposals = [proposal.followed_by(lower) for proposal in proposals] or [lower] if lower else []
    found.proposals += proposals


def _lower_demand(trials: Trials, inventory: Inventory, sure_share: float) -> Proposal | None:
    """The highest demand found that can be served, from a share of it that surely can; for one corridor only."""
    if len(inventory.corridors) > 1:
        return None
    ((q, corridor),) = inventory.corridors.items()
    low, high = corridor.demand_bps * sure_share, corridor.demand_bps
    for _ in range(BISECTIONS):
        middle = (low + high) / 2
        if trials.feasible(changed(inventory, [demand_setting(q, corridor, middle)])):
            low = middle
        else:
            high = middle
    rate = _rounded_down(low)
    if rate <= 0:
        return None
    return Proposal(f"ask for at most {rate:g} bit/s for {q}", (demand_setting(q, corridor, rate),), "lowered")


def _rounded_down(rate: float) -> float:
    """To three significant digits."""
    unit = 10.0 ** (math.floor(math.log10(rate)) - 2) if rate > 0 else 1.0
    return float(f"{math.floor(rate / unit) * unit:.3g}")


def _lift_budget(found: Diagnosis, trials: Trials, inventory: Inventory) -> None:
    """By how much the least capex and the least tco miss their ceilings, the other one kept where that is possible."""
    before = len(found.reasons)
    for metric in ("capex", "tco"):
        ceiling = getattr(inventory.budget, metric)
        if ceiling is None:
            continue
        search = trials.plan(changed(inventory, [("objective", metric), (f"budget.{metric}", None)]), EXACT_GAP)
        if search.design is None or search.value <= ceiling:
            continue
        cost, raised = search.value, float(math.ceil(search.value))
        proven = "The cheapest plan" if search.status == "optimal" else "The cheapest plan found (there may be better)"
        text = (
            f"{proven} has a {metric} of {money(inventory, cost)}; the budget is {money(inventory, ceiling)}: "
            f"{money(inventory, cost - ceiling)} too much."
        )
        found.add(
            Reason("budget", text, cost, ceiling, (f"budget.{metric}",)),
            Proposal(
                f"raise the budget for {metric} to {money(inventory, raised)}",
                ((f"budget.{metric}", raised),),
                design=search.design,
            ),
        )
    if len(found.reasons) == before:
        _lift(found, trials, changed(inventory, [("objective", "tco")]), ("budget",))
