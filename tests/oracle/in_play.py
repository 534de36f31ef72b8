"""Which features of an inventory are really in play: those without which its optimum would be another."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from copy import deepcopy

from oracle.search import Oracle, best_value
from qplan.inventory.model import Inventory

RULES = ("allowed_countries", "allowed_operators", "allowed_key_domains", "min_security_tier", "avoid_sites")


def in_play(document: dict) -> set[str]:
    """Names of `WITHOUT` whose removal changes the optimum (`… under bypass`: where that optimum patches through)."""
    before = best_value(Inventory.model_validate(document))
    found = set()
    for name, take_away in WITHOUT.items():
        other = deepcopy(document)
        take_away(other)
        after = before if other == document else best_value(Inventory.model_validate(other))
        if _worth(after) != _worth(before):
            found.add(name)
            if any(len(link.fibres) > 1 for best in (before, after) if best for link in best.counts):
                found.add(f"{name} under bypass")
    return found


def _worth(best: Oracle | None) -> tuple[float, float, float] | None:
    return best and (round(best.priority, 6), round(best.value, 6), round(best.tco, 6))


def _drop(kind: str, *keys: str) -> Callable[[dict], None]:
    def take_away(document: dict) -> None:
        for entry in document[kind].values():
            for key in keys:
                entry.pop(key, None)

    return take_away


def _set(kind: str, key: str, values: Iterable[object], instead: object) -> Callable[[dict], None]:
    def take_away(document: dict) -> None:
        for entry in document[kind].values():
            if entry.get(key) in values:
                entry[key] = instead

    return take_away


def _parallel_fibres(document: dict) -> None:
    first = {frozenset(fibre["ends"]): name for name, fibre in reversed(document["fibres"].items())}
    document["fibres"] = {name: document["fibres"][name] for name in sorted(first.values())}


def _other_systems(document: dict) -> None:
    systems = document["equipment"]["qkd_systems"]
    document["equipment"]["qkd_systems"] = dict(list(systems.items())[:1])


def _rates(document: dict) -> None:
    for corridor in document["corridors"].values():
        for key in ("key_rate_bps", "rekey", "otp_bps"):
            corridor.pop(key, None)
        corridor["key_rate_bps"] = 0


def _strands(document: dict) -> None:
    for fibre in document["fibres"].values():
        fibre["strands"] = 99


WITHOUT: dict[str, Callable[[dict], None]] = {
    "parallel fibres": _parallel_fibres,
    "several systems": _other_systems,
    "patching through": lambda document: document["policy"].update(max_bypass_sites=0),
    "several paths": _set("corridors", "paths", (2, 3), 1),
    "disjoint ducts": _set("corridors", "disjoint", ("duct",), "node"),
    "disjoint nodes": _set("corridors", "disjoint", ("node", "duct"), "relay"),
    "max_relays": _drop("corridors", "max_relays"),
    "relay rules": _drop("corridors", *RULES),
    "forbidden relays": _set("sites", "trusted_node", ("forbidden",), "allowed"),
    "existing relays": _set("sites", "trusted_node", ("existing",), "allowed"),
    "key rates": _rates,
    "strands": _strands,
    "rack units": _drop("sites", "rack_units"),
    "power": _drop("sites", "power_w"),
    "budget": lambda document: document.pop("budget", None),
    "optional corridors": _drop("corridors", "required", "priority"),
    "items": lambda document: document["equipment"].update(node_items={}, relay_items={}),
}
