"""Which addresses of an inventory differ, and which of these are limits."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace

from qplan.comparison.limits import limits_of
from qplan.comparison.model import Input, Inputs
from qplan.errors import Diagnostic
from qplan.inventory.model import Inventory

IGNORED = ("moved",)
"""Says how to compare, and is no input of a plan."""


def compare_inventories(before: Inventory, after: Inventory) -> Inputs:
    """Two effective inventories: what is stated, address by address. A thing that is new or gone is one address."""
    old, new = (inventory.model_dump(mode="json", exclude_unset=True) for inventory in (before, after))
    changed = tuple(
        Input(address, was, now)
        for address, was, now in _differences(old, new, ())
        if address.partition(".")[0] not in IGNORED
    )
    return Inputs(changed, tuple(limit for each in changed for limit in limits_of(each)))


def with_scenarios(inputs: Inputs, before: Mapping[str, object], after: Mapping[str, object]) -> Inputs:
    """The inputs with the scenarios that differ, of which an effective inventory says nothing.

    Each is one value: in its `set` a null takes something away.
    """
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


def _holds_entries(path: tuple[str, ...]) -> bool:
    """A section, whose entries are told one by one also where it is new or gone."""
    return len(path) == 1 or (path[0] == "equipment" and len(path) == 2)


def _mapping(value: object) -> Mapping[str, object]:
    return value if isinstance(value, dict) else {}
