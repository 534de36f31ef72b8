"""Things that were renamed (`moved`), so that they are told as changed and not as gone and new."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping

from qplan.inventory.link_names import named_pairs
from qplan.inventory.model import Inventory
from qplan.plan.model import Plan

KINDS = ("sites", "fibres", "corridors")
NAMING = {
    "ends": "sites",
    "avoid_sites": "sites",
    "bypass_sites": "sites",
    "nodes": "sites",
    "relays": "sites",
    "site": "sites",
    "tx": "sites",
    "fibres": "fibres",
    "corridor": "corridors",
    "id": "corridors",
}
"""What the ids under a key are ids of."""
OF_SITES = ("key_managers",)
BETWEEN_SITES = ("links", "systems")
"""Kinds of addresses in drills whose names are those of sites, or begin with those of two."""
FREE = ("labels",)
"""What nothing is known of."""
Names = Mapping[str, Mapping[str, str]]
"""New ids by old ones, by kind; of sites also those that stay."""


def renamings(before: Inventory, after: Inventory) -> dict[str, str]:
    """Of the addresses that `after` says were moved, those that are there before by the old name alone, old to new."""
    found = {}
    for old, new in sorted(after.moved.items()):
        kind, _, name = old.partition(".")
        entries = getattr(before, kind, {}) if kind in KINDS else {}
        if name in entries and new.partition(".")[2] not in entries:
            found[old] = new
    return found


def rename_in_inventory(inventory: Inventory, renamed: Mapping[str, str]) -> Inventory:
    """The inventory as it would have been by the new names."""
    names = _by_kind(renamed, inventory.sites)
    content = inventory.model_dump(mode="json", exclude_unset=True)
    for kind in KINDS:
        if kind in content:
            content[kind] = {names[kind].get(key, key): value for key, value in content[kind].items()}
    if stores := content.get("key_stores", {}).get("links"):
        content["key_stores"]["links"] = {_rename_link(key, names): value for key, value in stores.items()}
    return Inventory.model_validate_json(json.dumps(_rename(content, "", names)))


def rename_in_plan(plan: Plan, renamed: Mapping[str, str]) -> Plan:
    """The plan by the new names; ids of links stay."""
    names = _by_kind(renamed, ())
    content = plan.model_dump(mode="json")
    for part in ("nodes", "links", "corridors"):
        inner = names if part == "corridors" else {**names, "corridors": {}}
        content[part] = [_rename(entry, "", inner) for entry in content[part]]
    return Plan.model_validate_json(json.dumps(content))


def rename_in_scenario(scenario: object, renamed: Mapping[str, str]) -> object:
    """A declared scenario whose `set` has addresses by the new names; ids in its values stay."""
    stated = scenario.get("set") if isinstance(scenario, dict) else None
    if not isinstance(scenario, dict) or not isinstance(stated, dict):
        return scenario
    things = {address: ".".join(str(address).split(".")[:2]) for address in stated}
    moved = {address: renamed.get(thing, thing) + str(address)[len(thing) :] for address, thing in things.items()}
    return {**scenario, "set": {moved[address]: value for address, value in stated.items()}}


def _by_kind(renamed: Mapping[str, str], sites: Iterable[str]) -> Names:
    names: dict[str, dict[str, str]] = {kind: {} for kind in KINDS}
    names["sites"] |= {site: site for site in sites}
    for old, new in renamed.items():
        kind, _, name = old.partition(".")
        names[kind][name] = new.partition(".")[2]
    return names


def _rename(value: object, key: str, names: Names) -> object:
    """Ids under keys that name things, and whole addresses anywhere but in what is free."""
    if isinstance(value, dict):
        return {name: entry if name in FREE else _rename(entry, name, names) for name, entry in value.items()}
    if isinstance(value, list):
        return [_rename(entry, key, names) for entry in value]
    if not isinstance(value, str):
        return value
    kind, dot, name = value.partition(".")
    if dot and kind in KINDS:
        return f"{kind}.{names[kind].get(name, name)}"
    if dot and kind in OF_SITES:
        return f"{kind}.{names['sites'].get(name, name)}"
    if dot and kind in BETWEEN_SITES:
        return f"{kind}.{_rename_link(name, names)}"
    if key == "link":
        return _rename_link(value, names)
    return names.get(NAMING.get(key, ""), {}).get(value, value)


def _rename_link(name: str, names: Names) -> str:
    """`A--B` or `A--B--SYSTEM` between two sites by their new names; anything else as it is."""
    sites = names["sites"]
    new = ("--".join(filter(None, (sites[a], sites[b], behind))) for a, b, behind in named_pairs(name, sites))
    return next(new, name)
