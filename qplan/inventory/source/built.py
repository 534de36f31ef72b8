"""A plan that is built (`--built`), laid under what the inventory declares as existing."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import NamedTuple

from qplan.inventory.source.overlay import Override, override
from qplan.inventory.source.source_map import Declared, Place, mapping_at, paths_in

BUILT = "--built"


RouteKey = tuple[object, frozenset[str]]


def route_key(system: object, fibres: Iterable[object]) -> RouteKey:
    """A route with a system, the same in both directions (a route has no fibre twice)."""
    return system, frozenset(map(str, fibres))


class Built(NamedTuple):
    """The plant of a plan."""

    block: Mapping[str, object]
    """The `existing` block that it comes to."""
    retired: frozenset[RouteKey]
    """What was there before the plan, and is not in it."""
    sha256: str
    """Of the plan."""


def lay_built(declared: Declared, built: Built) -> Declared:
    """The declared values with the plan's links, nodes and relays as existing ones.

    A link that the inventory declares too gives way to the plan's, and is left out where the plan has retired it.
    """
    links = mapping_at(built.block, ("links",))
    taken = {*built.retired, *map(_route, links.values())}
    stated = mapping_at(declared.value, ("existing", "links"))
    others = {name: link for name, link in stated.items() if _route(link) not in taken}
    overrides = [_override(f"existing.links.{name}", link) for name, link in links.items()]
    overrides += [_override(f"existing.links.{name}", None) for name in stated if name not in {*others, *links}]
    for key in ("nodes", "relays"):
        sites = [*_listed(declared, key), *_of_plan(built, key)]
        overrides.append(_override(f"existing.{key}", list(dict.fromkeys(sites))))
    return override(declared, overrides)[0]


def _override(address: str, value: object) -> Override:
    return Override(address, value, {path: Place(BUILT) for path in paths_in(value)})


def _route(link: object) -> RouteKey:
    entry = mapping_at(link)
    fibres = entry.get("fibres")
    return route_key(str(entry.get("system")), fibres if isinstance(fibres, list) else ())


def _listed(declared: Declared, key: str) -> list[object]:
    listed = mapping_at(declared.value, ("existing",)).get(key)
    return listed if isinstance(listed, list) else []


def _of_plan(built: Built, key: str) -> list[object]:
    sites = built.block[key]
    return sites if isinstance(sites, list) else []
