"""Corridors that can be served one by one and not together: a smallest set of them, and of limits."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass

from qplan.candidates.model import CandidateGraph
from qplan.candidates.reasons import MOST_NAMED, Reason, named
from qplan.explain.infeasibility.irreducible import irreducible
from qplan.explain.infeasibility.limits import (
    _families,
)
from qplan.explain.infeasibility.shortages import money
from qplan.explain.trials import Trials
from qplan.explain.variants import (
    LIMIT_FAMILIES,
    limits_of,
    required_only,
    restricted,
    without_limits,
)
from qplan.inventory.model import Inventory


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


def clash(trials: Trials, inventory: Inventory, graph: CandidateGraph) -> Clash:
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
