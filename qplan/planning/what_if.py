"""Variants of an inventory, and re-planning them within a budget of time that belongs to the explanation."""

from __future__ import annotations

import time
from collections.abc import Collection, Iterable, Mapping
from copy import copy
from dataclasses import replace
from typing import Any

from qplan.inventory.model import Budget, Corridor, Inventory
from qplan.inventory.overlay import new_entry
from qplan.planning.assemble import Design
from qplan.planning.at_once import planned_at_once
from qplan.planning.limits import SearchLimits
from qplan.planning.reach import ReachGraph, Usability, reach
from qplan.planning.search import Search, search_plan
from qplan.planning.task import Hold

LIMIT_FAMILIES = ("strands", "rack_units", "power_w", "key_rate", "budget")
AT_LEAST_S = 20.0  # an explanation gets this long even when the time limit has struck
SHARE_OF_REST = 0.5
SHARE_OF_ONE_TRIAL = 0.25
ANY_PLAN = 1.0  # a gap that every plan keeps
MANY_STRANDS = 1000  # more than a cable holds
NO_DEMAND = {"key_rate_bps": 0.0, "rekey": None, "otp_bps": None}
NO_DEFAULTS: Mapping[str, Any] = {}
FREE_RULES = {
    "allowed_countries": None,
    "allowed_operators": None,
    "allowed_key_domains": None,
    "min_security_tier": None,
    "avoid_sites": (),
    "max_relays": None,
}


def changed(
    inventory: Inventory, settings: Iterable[tuple[str, Any]], defaults: Mapping[str, Any] = NO_DEFAULTS
) -> Inventory:
    """The inventory with values set by address, as `--set` does; sites and fibres that are added take the defaults.

    Raises pydantic's ValidationError where a value is out of its range.
    """
    data = inventory.model_dump()
    for address, value in settings:
        *parents, last = address.split(".")
        place = data
        for key in parents:
            place = place.setdefault(key, {})
        added = parents in (["sites"], ["fibres"]) and last not in place
        place[last] = new_entry(*parents, value, defaults) if added else value
    return Inventory.model_validate(data)


def required_only(inventory: Inventory, corridors: Collection[str] | None = None) -> Inventory:
    """The inventory with only its required corridors, or only those named."""
    kept = {
        q: corridor
        for q, corridor in inventory.corridors.items()
        if (corridor.required if corridors is None else q in corridors)
    }
    return inventory.model_copy(update={"corridors": kept})


def alone_of(inventory: Inventory, q: str) -> Inventory:
    """The inventory with one corridor only, which must be served."""
    corridor = inventory.corridors[q].model_copy(update={"required": True})
    return inventory.model_copy(update={"corridors": {q: corridor}})


def limits_of(inventory: Inventory, family: str) -> list[str]:
    """The addresses of the limits of one family (of `LIMIT_FAMILIES`) that the inventory sets."""
    if family == "strands":
        return [f"fibres.{f}.strands" for f in sorted(inventory.fibres)]
    if family == "key_rate":
        return [f"corridors.{q}.key_rate_bps" for q in sorted(inventory.corridors)]
    if family == "budget":
        return [f"budget.{metric}" for metric in ("capex", "tco") if getattr(inventory.budget, metric) is not None]
    return [f"sites.{s}.{family}" for s, x in sorted(inventory.sites.items()) if getattr(x, family) is not None]


def lifted(inventory: Inventory, families: Collection[str]) -> Inventory:
    """The inventory without the limits of the families named (of `LIMIT_FAMILIES`)."""
    return without_limits(inventory, [limit for family in families for limit in limits_of(inventory, family)])


def without_limits(inventory: Inventory, limits: Iterable[str]) -> Inventory:
    """The inventory without the limits at these addresses; a corridor without its key rate asks for none."""
    update: dict[str, Any] = {}
    most = max([MANY_STRANDS, *(system.strands for system in inventory.equipment.qkd_systems.values())])
    for limit in limits:
        section, *name, key = limit.split(".")
        if section == "budget":
            update[section] = update.get(section, inventory.budget).model_copy(update={key: None})
            continue
        entries = update.setdefault(section, dict(getattr(inventory, section)))
        entry = entries[name[0]]
        free = NO_DEMAND if key == "key_rate_bps" else {key: max(most, entry.strands) if key == "strands" else None}
        entries[name[0]] = entry.model_copy(update=free)
    return inventory.model_copy(update=update)


def without_budget(inventory: Inventory) -> Inventory:
    return inventory.model_copy(update={"budget": Budget()})


def ruleless(inventory: Inventory) -> Inventory:
    """The inventory without any limit of quantity and with every site as a possible relay of every corridor."""
    free = lifted(inventory, LIMIT_FAMILIES)
    sites = {s: site.model_copy(update={"trusted_node": "allowed"}) for s, site in free.sites.items()}
    corridors = {q: corridor.model_copy(update=FREE_RULES) for q, corridor in free.corridors.items()}
    return free.model_copy(update={"sites": sites, "corridors": corridors})


def restricted(graph: ReachGraph, inventory: Inventory) -> ReachGraph:
    """The reach graph of an inventory that has only some of the corridors that the graph was made for."""
    permitted = {q: sites for q, sites in graph.usability.permitted.items() if q in inventory.corridors}
    usable = Usability(permitted)
    links = tuple(link for link in graph.links if usable.joined(*link.route.ends))
    return ReachGraph(links, (), usable, graph.bypass_limit)


def demand_setting(q: str, corridor: Corridor, rate_bps: float) -> tuple[str, Any]:
    """The setting that gives the corridor a lower demand, in the form in which its demand is stated."""
    if corridor.rekey is not None:
        return f"corridors.{q}.rekey.interval_s", corridor.rekey.interval_s * corridor.demand_bps / rate_bps
    return f"corridors.{q}.{'otp_bps' if corridor.key_rate_bps is None else 'key_rate_bps'}", rate_bps


class Trials:
    """Re-plans variants of the inventory until the time for explanations is used up.

    `defaults` are those of the inventory's file. Raises SolverFailed where the solver fails.
    """

    def __init__(
        self, solver: str, limits: SearchLimits, seconds: float | None = None, defaults: Mapping[str, Any] = NO_DEFAULTS
    ):
        """Trials for so many seconds; by default all that the limits leave."""
        self.solver, self.defaults = solver, defaults
        self.start = time.monotonic()
        self.seconds = limits.seconds_left() if seconds is None else seconds
        self.limits = replace(limits, deadline=self.start + self.seconds, watch=lambda sighting: None)

    @classmethod
    def after_search(
        cls, solver: str, limits: SearchLimits, defaults: Mapping[str, Any] = NO_DEFAULTS, share: float = SHARE_OF_REST
    ) -> Trials:
        """Trials that explain how a search ended, also where the search has used up its time."""
        return cls(solver, limits, max(AT_LEAST_S, share * limits.seconds_left()), defaults)

    def one_of(self, count: int) -> Trials:
        """The same, with an equal share of the time that is left to so many steps."""
        part = copy(self)
        part.limits = replace(self.limits, deadline=time.monotonic() + self.limits.seconds_left() / count)
        return part

    def from_now(self) -> Trials:
        """Trials that share out what is left of the time."""
        return Trials(self.solver, self.limits, defaults=self.defaults)

    def changed(self, inventory: Inventory, settings: Iterable[tuple[str, Any]]) -> Inventory:
        """The inventory as it is when its file is read with these settings."""
        return changed(inventory, settings, self.defaults)

    def until(self, share: float) -> Trials:
        """The same, ending when this share of the time is used up."""
        part = copy(self)
        part.limits = replace(self.limits, deadline=self.start + share * self.seconds)
        return part

    @property
    def over(self) -> bool:
        return self.limits.stop.is_set() or self.limits.seconds_left() <= 0

    def feasible(self, inventory: Inventory, graph: ReachGraph | None = None) -> bool | None:
        """Whether the required corridors can be served together; None where that was not decided in time."""
        if self.over:
            return None
        inventory = required_only(inventory)
        graph = reach(inventory) if graph is None else graph
        if self.at_once(inventory, graph) is not None:
            return True
        found = self.plan(inventory.model_copy(update={"objective": "tco"}), ANY_PLAN, graph)
        if found.design is not None:
            return True
        return False if found.status == "infeasible" else None

    def at_once(self, inventory: Inventory, graph: ReachGraph) -> Design | None:
        """A plan for all corridors together that is found without the solver; None proves nothing."""
        return None if self.over else planned_at_once(inventory, graph)

    def plan(
        self, inventory: Inventory, gap: float | None = None, graph: ReachGraph | None = None,
        share: float = SHARE_OF_ONE_TRIAL, holds: tuple[Hold, ...] = (),
    ) -> Search:  # fmt: skip
        """The search for the best plan of the inventory, within a share of the time; "unknown" where that ends it."""
        if self.over:
            return Search("unknown", "time_limit")
        graph = reach(inventory) if graph is None else graph
        limits = self._one_trial(self.limits.gap if gap is None else gap, share)
        search = search_plan(inventory, graph, self.solver, limits, holds=holds)
        if graph.bypass_limit is None:
            return search
        weaker = {"optimal": "feasible", "infeasible": "unknown"}
        return replace(search, status=weaker.get(search.status, search.status))

    def _one_trial(self, gap: float, share: float = SHARE_OF_ONE_TRIAL) -> SearchLimits:
        last = time.monotonic() + share * self.seconds
        return replace(self.limits, gap=gap, deadline=min(last, self.limits.deadline))
