"""Variants of an inventory: the same with something changed, functions from inventories to inventories."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from typing import Any

from qplan.candidates.model import CandidateGraph, Usability
from qplan.inventory.model import Budget, Corridor, Inventory
from qplan.inventory.source.overlay import new_entry

LIMIT_FAMILIES = ("strands", "rack_units", "power_w", "key_rate", "budget")
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


def restricted(graph: CandidateGraph, inventory: Inventory) -> CandidateGraph:
    """The reach graph of an inventory that has only some of the corridors that the graph was made for."""
    permitted = {q: sites for q, sites in graph.usability.permitted.items() if q in inventory.corridors}
    usable = Usability(permitted)
    links = tuple(link for link in graph.links if usable.joined(*link.route.ends))
    return CandidateGraph(links, (), usable, graph.bypass_limit)


def demand_setting(q: str, corridor: Corridor, rate_bps: float) -> tuple[str, Any]:
    """The setting that gives the corridor a lower demand, in the form in which its demand is stated."""
    if corridor.rekey is not None:
        return f"corridors.{q}.rekey.interval_s", corridor.rekey.interval_s * corridor.demand_bps / rate_bps
    return f"corridors.{q}.{'otp_bps' if corridor.key_rate_bps is None else 'key_rate_bps'}", rate_bps
