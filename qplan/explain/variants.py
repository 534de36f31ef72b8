"""Variants of an inventory: the same with something changed, functions from inventories to inventories."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from qplan.candidates.model import CandidateGraph, CandidateLink
from qplan.explain.findings import Setting
from qplan.inventory.drills import target
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


@dataclass(frozen=True, order=True)
class Limit:
    """A limit of quantity that the inventory sets; `id` is of the fibre, site or corridor, or the budget's measure."""

    family: str
    """Of `LIMIT_FAMILIES`."""
    id: str

    @property
    def address(self) -> str:
        if self.family == "budget":
            return f"budget.{self.id}"
        if self.family == "key_rate":
            return f"corridors.{self.id}.key_rate_bps"
        return f"{'fibres' if self.family == 'strands' else 'sites'}.{self.id}.{self.family}"


def apply_settings(
    inventory: Inventory, settings: Iterable[Setting], defaults: Mapping[str, Any] = NO_DEFAULTS
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
        place[last] = new_entry(parents[0], value, defaults) if added else value
    return Inventory.model_validate(data)


def keep_corridors(inventory: Inventory, corridors: Collection[str]) -> Inventory:
    """The inventory with only these of its corridors, and with checks and drills of these alone."""
    kept = {q: corridor for q, corridor in inventory.corridors.items() if q in corridors}
    return inventory.model_copy(update={"corridors": kept, **_about(inventory, kept)})


def _about(inventory: Inventory, corridors: Collection[str]) -> dict[str, Any]:
    """The checks and drills of an inventory without what names other corridors."""
    checks = {
        key: check
        for key, check in inventory.checks.items()
        if check.where.corridor is None or check.where.corridor in corridors
    }
    drills = {}
    for key, drill in inventory.drills.items():
        expect = tuple(each for each in drill.expect if each.corridor in corridors)
        events = tuple(each for each in drill.events if each.surge is None or target(each.surge).name in corridors)
        drills[key] = drill.model_copy(update={"expect": expect, "events": events})
    return {"checks": checks, "drills": drills}


def leave_out(inventory: Inventory, corridors: Iterable[str]) -> tuple[Setting, ...]:
    """What takes corridors out of an inventory, and out of the checks and drills that name them."""
    gone = set(corridors)
    kept = keep_corridors(inventory, inventory.corridors.keys() - gone)
    settings: list[Setting] = [(f"corridors.{q}", None) for q in sorted(gone)]
    settings += [(f"checks.{key}", None) for key in sorted(inventory.checks.keys() - kept.checks.keys())]
    for key, drill in sorted(kept.drills.items()):
        for name in ("events", "expect"):
            if getattr(drill, name) != getattr(inventory.drills[key], name):
                stated = [each.model_dump(mode="json", exclude_unset=True) for each in getattr(drill, name)]
                settings.append((f"drills.{key}.{name}", stated))
    return tuple(settings)


def leave_out_fibres(inventory: Inventory, fibres: Collection[str]) -> Inventory:
    """The inventory without these fibres, but for those that an existing link runs over."""
    held = {f for link in inventory.existing.links.values() for f in link.fibres}
    kept = {f: fibre for f, fibre in inventory.fibres.items() if f not in fibres or f in held}
    return inventory.model_copy(update={"fibres": kept})


def keep_required(inventory: Inventory) -> Inventory:
    """The inventory with only its required corridors."""
    return keep_corridors(inventory, [q for q, corridor in inventory.corridors.items() if corridor.required])


def require_corridors(inventory: Inventory, corridors: Collection[str]) -> Inventory:
    """The inventory with only these of its corridors, all of them required."""
    kept = keep_corridors(inventory, corridors)
    required = {q: corridor.model_copy(update={"required": True}) for q, corridor in kept.corridors.items()}
    return kept.model_copy(update={"corridors": required})


def list_limits(inventory: Inventory, families: Collection[str] = LIMIT_FAMILIES) -> list[Limit]:
    """The limits of these families that the inventory sets, family by family."""
    return [Limit(family, name) for family in families for name in _list_limited(inventory, family)]


def _list_limited(inventory: Inventory, family: str) -> list[str]:
    if family == "strands":
        return sorted(inventory.fibres)
    if family == "key_rate":
        return sorted(inventory.corridors)
    if family == "budget":
        return [metric for metric in ("capex", "tco") if getattr(inventory.budget, metric) is not None]
    return [s for s, site in sorted(inventory.sites.items()) if getattr(site, family) is not None]


def lift_families(inventory: Inventory, families: Collection[str]) -> Inventory:
    """The inventory without the limits of the families named (of `LIMIT_FAMILIES`)."""
    return lift_limits(inventory, list_limits(inventory, families))


def lift_limits(inventory: Inventory, limits: Iterable[Limit]) -> Inventory:
    """The inventory without these limits; a corridor without its key rate asks for none."""
    sites, fibres, corridors = dict(inventory.sites), dict(inventory.fibres), dict(inventory.corridors)
    budget = inventory.budget
    most = max([MANY_STRANDS, *(system.strands for system in inventory.equipment.qkd_systems.values())])
    for limit in limits:
        if limit.family == "budget":
            budget = budget.model_copy(update={limit.id: None})
        elif limit.family == "key_rate":
            corridors[limit.id] = corridors[limit.id].model_copy(update=NO_DEMAND)
        elif limit.family == "strands":
            fibre = fibres[limit.id]
            fibres[limit.id] = fibre.model_copy(update={"strands": max(most, fibre.strands)})
        else:
            sites[limit.id] = sites[limit.id].model_copy(update={limit.family: None})
    changed = {"sites": sites, "fibres": fibres, "corridors": corridors, "budget": budget}
    return inventory.model_copy(update=changed)


def lift_budget(inventory: Inventory) -> Inventory:
    return inventory.model_copy(update={"budget": Budget()})


def lift_rules(inventory: Inventory) -> Inventory:
    """The inventory without any limit of quantity and with every site as a possible relay of every corridor."""
    free = lift_families(inventory, LIMIT_FAMILIES)
    sites = {s: site.model_copy(update={"trusted_node": "allowed"}) for s, site in free.sites.items()}
    corridors = {q: corridor.model_copy(update=FREE_RULES) for q, corridor in free.corridors.items()}
    return free.model_copy(update={"sites": sites, "corridors": corridors})


def prefer_links(graph: CandidateGraph, links: Collection[CandidateLink]) -> CandidateGraph:
    """The graph with these links, which paths take rather than others that are alike for them."""
    preferred = {link.id for link in links}
    others = (link for link in graph.links if link.id not in preferred)
    return CandidateGraph((*links, *others), graph.refusals, graph.usability, graph.bypass_limit)


def set_demand(q: str, corridor: Corridor, rate_bps: float) -> Setting:
    """The setting that gives the corridor another demand, in the form in which its demand is stated."""
    if corridor.rekey is not None:
        return f"corridors.{q}.rekey.interval_s", corridor.rekey.interval_s * corridor.demand_bps / rate_bps
    return f"corridors.{q}.{'otp_bps' if corridor.key_rate_bps is None else 'key_rate_bps'}", rate_bps
