"""Reasons that only the integer program knows: limits of quantity that must be lifted before there is a plan."""

from __future__ import annotations

import math
from collections.abc import Collection, Iterable
from dataclasses import dataclass

from qplan.inventory.model import Inventory
from qplan.planning.findings import MOST_NAMED, Diagnosis, Proposal, Reason, named
from qplan.planning.irreducible import irreducible
from qplan.planning.reach import ReachGraph
from qplan.planning.shortages import SHORTAGES, money
from qplan.planning.what_if import (
    LIMIT_FAMILIES,
    Trials,
    changed,
    demand_setting,
    lifted,
    limits_of,
    required_only,
    restricted,
    without_limits,
)

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
    (q, corridor), = inventory.corridors.items()
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
            Proposal(f"raise the budget for {metric} to {money(inventory, raised)}", ((f"budget.{metric}", raised),),
                     design=search.design),
        )
    if len(found.reasons) == before:
        _lift(found, trials, changed(inventory, [("objective", "tco")]), ("budget",))


@dataclass(frozen=True)
class Clash:
    """Required corridors and limits (by address) that cannot all be kept; `proven`: without any one, the others can."""

    corridors: tuple[str, ...]
    limits: tuple[str, ...]
    proven: bool

    def reason(self, inventory: Inventory) -> Reason:
        within = named([limit_text(inventory, limit) for limit in self.limits])
        least = "; without any one of these, the others can be" if self.proven else " (the set may not be the smallest)"
        limits = f", within {within}" if within else ""
        text = f"Not servable together: {named(self.corridors)}{limits}{least}."
        where = (*(f"corridors.{q}" for q in self.corridors), *self.limits)
        return Reason("clash", text, float(len(self.corridors)), where=where)


def clash(trials: Trials, inventory: Inventory, graph: ReachGraph) -> Clash:
    """An irreducible set of required corridors and limits that clash: first the corridors, then limits for these."""

    def servable(corridors: tuple[str, ...]) -> bool | None:
        part = required_only(inventory, corridors)
        return trials.feasible(part, restricted(graph, part))

    members = irreducible(servable, sorted(q for q, corridor in inventory.corridors.items() if corridor.required))
    part = required_only(inventory, members.members)
    families = irreducible(lambda kept: trials.feasible(limited_to(part, _limits(part, kept))), _families(part))
    if not families.proven:  # too many limits to name
        return Clash(members.members, (), False)
    limits = irreducible(lambda kept: trials.feasible(limited_to(part, kept)), _limits(part, families.members))
    return Clash(members.members, limits.members, members.proven and families.proven and limits.proven)


def _limits(inventory: Inventory, families: Iterable[str]) -> list[str]:
    return [limit for family in families for limit in limits_of(inventory, family)]


def limited_to(inventory: Inventory, kept: Collection[str]) -> Inventory:
    """The inventory with no limits but these."""
    return without_limits(inventory, [limit for limit in _limits(inventory, LIMIT_FAMILIES) if limit not in kept])


def limit_text(inventory: Inventory, limit: str) -> str:
    """`the 2 free strands on f` for `fibres.f.strands`, and so on."""
    section, *name, key = limit.split(".")
    if section == "budget":
        return f"the budget of {money(inventory, getattr(inventory.budget, key))} for {key}"
    if section == "corridors":
        return f"the key rate of {name[0]} ({inventory.corridors[name[0]].demand_bps:.6g} bit/s)"
    value = getattr(getattr(inventory, section)[name[0]], key)
    what = {"strands": "free strands on", "rack_units": "rack units at", "power_w": "W at"}[key]
    return f"the {value:g} {what} {name[0]}"


def left_out(trials: Trials, inventory: Inventory) -> tuple[str, ...]:
    """The fewest required corridors without which the others can be served together (where time ended the search: a few
    without which they can); empty where that is not known.
    """
    wished = {
        q: corridor.model_copy(update={"required": False, "priority": 1.0})
        for q, corridor in required_only(inventory).corridors.items()
    }
    search = trials.plan(inventory.model_copy(update={"corridors": wished}))
    unserved = () if search.design is None else tuple(q.id for q in search.design.corridors if not q.served)
    return unserved if search.status == "optimal" or len(unserved) <= MOST_NAMED else ()
