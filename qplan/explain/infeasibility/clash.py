"""Corridors that can be served one by one and not together: a smallest set of them, and of limits."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

from qplan.candidates.model import CandidateGraph
from qplan.candidates.reasons import MOST_NAMED, Reason, named
from qplan.explain.infeasibility.irreducible import find_irreducible
from qplan.explain.infeasibility.limits import list_families
from qplan.explain.infeasibility.shortages import write_money
from qplan.explain.trials import Trials
from qplan.explain.variants import Limit, keep_corridors, keep_required, lift_limits, list_limits
from qplan.inventory.model import Inventory

LIMIT_NAMES = {"strands": "free strands on", "rack_units": "rack units at", "power_w": "W at"}


@dataclass(frozen=True)
class Clash:
    """Required corridors and limits that cannot all be kept; `proven`: without any one, the others can.

    That is whatever other limits there are, and without these.
    """

    corridors: tuple[str, ...]
    limits: tuple[Limit, ...]
    proven: bool

    def reason(self, inventory: Inventory) -> Reason:
        within = named([name_limit(inventory, limit) for limit in self.limits])
        least = " (the set may not be the smallest)"
        if self.proven:
            least = "; without any one of these, the others can be, as far as the limits named here go"
        limits = f", within {within}" if within else ""
        text = f"Not servable together: {named(self.corridors)}{limits}{least}."
        where = (*(f"corridors.{q}" for q in self.corridors), *(limit.address for limit in self.limits))
        return Reason("clash", text, float(len(self.corridors)), where=where)


def find_clash(trials: Trials, inventory: Inventory, graph: CandidateGraph) -> Clash:
    """An irreducible set of required corridors and limits that clash: first the corridors, then limits for these."""

    def servable(corridors: tuple[str, ...]) -> bool | None:
        part = keep_corridors(inventory, corridors)
        return trials.is_feasible(part, graph.among(part.corridors))

    members = find_irreducible(servable, sorted(q for q, corridor in inventory.corridors.items() if corridor.required))
    part = keep_corridors(inventory, members.members)

    def within(limits: Collection[Limit]) -> bool | None:
        return trials.is_feasible(keep_limits(part, limits))

    families = find_irreducible(lambda kept: within(list_limits(part, kept)), list_families(part))
    if not families.proven:  # too many limits to name
        return Clash(members.members, (), False)
    limits = find_irreducible(within, list_limits(part, families.members))
    return Clash(members.members, limits.members, members.proven and families.proven and limits.proven)


def keep_limits(inventory: Inventory, kept: Collection[Limit]) -> Inventory:
    """The inventory with no limits but these."""
    return lift_limits(inventory, [limit for limit in list_limits(inventory) if limit not in kept])


def name_limit(inventory: Inventory, limit: Limit) -> str:
    """`the 2 free strands on f`, and so on."""
    if limit.family == "budget":
        return f"the budget of {write_money(inventory, getattr(inventory.budget, limit.id))} for {limit.id}"
    if limit.family == "key_rate":
        return f"the key rate of {limit.id} ({inventory.corridors[limit.id].demand_bps:.6g} bit/s)"
    entry = inventory.fibres[limit.id] if limit.family == "strands" else inventory.sites[limit.id]
    return f"the {getattr(entry, limit.family):g} {LIMIT_NAMES[limit.family]} {limit.id}"


def find_fewest_left_out(trials: Trials, inventory: Inventory) -> tuple[str, ...]:
    """The fewest required corridors without which the others can be served together (where time ended the search: a few
    without which they can); empty where that is not known.
    """
    wished = {
        q: corridor.model_copy(update={"required": False, "priority": 1.0})
        for q, corridor in keep_required(inventory).corridors.items()
    }
    search = trials.plan(inventory.model_copy(update={"corridors": wished}))
    unserved = () if search.design is None else tuple(q.id for q in search.design.corridors if not q.served)
    return unserved if search.status == "optimal" or len(unserved) <= MOST_NAMED else ()
