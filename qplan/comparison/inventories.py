"""Which addresses of an inventory differ, and which of these are limits."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace

from qplan.comparison.limits import is_limit, limits_of
from qplan.comparison.model import Fields, Input, Inputs
from qplan.comparison.moved import rename_in_scenario
from qplan.errors import Diagnostic
from qplan.inventory.model import Inventory

IGNORED = ("moved",)
"""Says how to compare, and is no input of a plan."""
UNORDERED = (
    r"(fibres|corridors)\.[^.]+\.ends|fibres\.[^.]+\.ducts|corridors\.[^.]+\.(allowed_[^.]+|avoid_sites)"
    r"|drills\.[^.]+\.expect|policy\.(technologies|manufacturers|suppliers)"
)
"""Not of existing links, whose transmitter is at the first end."""
IN_TIME = r"drills\.[^.]+\.events"


def compare_inventories(before: Inventory, after: Inventory) -> Inputs:
    """Two effective inventories: what is stated, address by address. A thing that is new or gone is one address.

    A limit at its default is the same stated and not, and so is a list in another order where order means nothing.
    """
    old, new = (inventory.model_dump(mode="json", exclude_unset=True) for inventory in (before, after))
    in_full = before.model_dump(mode="json"), after.model_dump(mode="json")
    changed = tuple(
        Input(address, was, now)
        for address, was, now in _differences(old, new, ())
        if address.partition(".")[0] not in IGNORED and not _means_the_same(address, was, now, in_full)
    )
    return Inputs(changed, tuple(limit for each in changed for limit in limits_of(each)))


def with_scenarios(
    inputs: Inputs, before: Mapping[str, object], after: Mapping[str, object], renamed: Mapping[str, str]
) -> Inputs:
    """The inputs with the scenarios that differ, of which an effective inventory says nothing.

    Each is one value: in its `set` a null takes something away. Addresses that it sets go by their new names.
    """
    before = {name: rename_in_scenario(scenario, renamed) for name, scenario in before.items()}
    told = [
        Input(f"scenarios.{name}", before.get(name), after.get(name))
        for name in sorted({**before, **after})
        if before.get(name) != after.get(name)
    ]
    changed = sorted((*inputs.changed, *told), key=lambda each: each.address.partition(".")[0])
    return replace(inputs, changed=tuple(changed))


def newly_silenced(before: Iterable[Diagnostic], after: Iterable[Diagnostic]) -> tuple[Diagnostic, ...]:
    """Of the findings that comments suppress after, those that none suppressed before; by code and address."""
    known = {(each.code, each.address) for each in before}
    found = {(each.code, each.address): each for each in after if (each.code, each.address) not in known}
    return tuple(found[key] for key in sorted(found))


def _differences(
    before: Mapping[str, object], after: Mapping[str, object], path: tuple[str, ...]
) -> Iterator[tuple[str, object, object]]:
    """Leaves that differ: a mapping is gone into where it stands on both sides, a list is one value."""
    for key in sorted({**before, **after}):
        was, now, here = before.get(key), after.get(key), (*path, key)
        if was == now and type(was) is type(now):
            continue
        if isinstance(was, dict) and isinstance(now, dict):
            yield from _differences(was, now, here)
        elif _holds_entries(here) and isinstance(was or now, dict):
            yield from _differences(_mapping(was), _mapping(now), here)
        else:
            yield ".".join(here), was, now


def _means_the_same(address: str, was: object, now: object, in_full: tuple[Fields, Fields]) -> bool:
    """`in_full` are the inventories with defaults."""
    if is_limit(address):
        was, now = (_value_at(inventory, address) for inventory in in_full)
    return type(was) is type(now) and _ordered(address, was) == _ordered(address, now)


def _value_at(inventory: Fields, address: str) -> object:
    value: object = inventory
    for key in address.split("."):
        value = _mapping(value).get(key)
    return value


def _ordered(address: str, value: object) -> object:
    """A list of which the order means nothing, or at one time alone, in one order."""
    if isinstance(value, list) and re.fullmatch(UNORDERED, address):
        return sorted(value, key=json.dumps)
    if isinstance(value, list) and re.fullmatch(IN_TIME, address):
        return sorted(value, key=lambda event: float(event["at_s"]))
    return value


def _holds_entries(path: tuple[str, ...]) -> bool:
    """A section, whose entries are told one by one also where it is new or gone."""
    return len(path) == 1 or (path[0] == "equipment" and len(path) == 2)


def _mapping(value: object) -> Mapping[str, object]:
    return value if isinstance(value, dict) else {}
