"""The part of the verifier that looks at corridors: are they served, by which paths, past which relays?"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import combinations

from qplan.inventory.model import Corridor, Inventory
from qplan.inventory.source.messages import counted
from qplan.plan.model import Plan, ServedCorridor
from qplan.plan.verify import recompute
from qplan.plan.verify.links import route_key
from qplan.plan.verify.violation import Violation, at_most, close_relative, show


def corridor_violations(inventory: Inventory, plan: Plan, walks: tuple[recompute.Walk, ...]) -> Iterator[Violation]:
    """Every rule about corridors, their paths and the relays on them."""
    listed = [entry.id for entry in plan.corridors]
    for missing in sorted(set(inventory.corridors).difference(listed)):
        yield Violation("corridors-list", f"corridors.{missing}", "not in the plan", "in the plan, served or not")
    if listed != sorted(set(listed)):
        yield Violation("corridors-list", "corridors", "not sorted, or one twice", "each once, sorted by id")
    known_links = {link.id for link in plan.links}
    for entry in plan.corridors:
        address = f"corridors.{entry.id}"
        for link in (link for path in entry.paths for link in path.links if link not in known_links):
            yield Violation("unknown-link", address, link, "a link of the plan")
        corridor = inventory.corridors.get(entry.id)
        if corridor is None:
            yield Violation("unknown-corridor", address, "in the plan", "a corridor of the inventory")
        else:
            own = [walk for walk in walks if walk.corridor == entry.id]
            yield from _service(address, corridor, entry)
            yield from _paths(inventory, address, corridor, entry, own)
            if corridor.paths > 1:
                yield from _disjointness(inventory, address, corridor, own)


def _service(address: str, corridor: Corridor, entry: ServedCorridor) -> Iterator[Violation]:
    demand = recompute.demand_bps(corridor)
    if not close_relative(entry.key_rate_bps, demand):
        yield Violation("demand-value", address, show(entry.key_rate_bps, "bit/s"), show(demand, "bit/s"))
    if corridor.required and not entry.served:
        yield Violation("required", address, "not served", "served")
    expected = corridor.paths if entry.served else 0
    if len(entry.paths) != expected:
        yield Violation("paths", address, counted(len(entry.paths), "path"), str(expected))


def _paths(
    inventory: Inventory, address: str, corridor: Corridor, entry: ServedCorridor, walks: list[recompute.Walk]
) -> Iterator[Violation]:
    """Each path is a chain between the ends without a site twice, and its relays are as listed and allowed."""
    for path, walk in zip(entry.paths, walks, strict=False):  # no walks where the corridor is not served
        whole = len(walk.links) == len(path.links) == len(walk.nodes) - 1
        if not whole or not path.links or walk.nodes[-1] != corridor.ends[1]:
            yield Violation("chain", address, " > ".join(walk.nodes), f"{corridor.ends[0]} to {corridor.ends[1]}")
        if len(set(walk.nodes)) < len(walk.nodes):
            yield Violation("site-twice", address, " > ".join(walk.nodes), "every node once")
        if path.relays != walk.relays:
            yield Violation("relays-list", address, ", ".join(path.relays), ", ".join(walk.relays) or "none")
        if corridor.max_relays is not None and len(walk.relays) > corridor.max_relays:
            relays = counted(len(walk.relays), "relay")
            yield Violation("max-relays", address, f"{relays} on a path", at_most(corridor.max_relays))
        for relay in walk.relays:
            if relay in inventory.sites:
                for rule, found, limit in recompute.broken_relay_rules(inventory, corridor, relay):
                    yield Violation(rule, address, f"relay {relay}{f': {found}' if found else ''}", limit)


def _disjointness(
    inventory: Inventory, address: str, corridor: Corridor, walks: list[recompute.Walk]
) -> Iterator[Violation]:
    """No two paths share what the corridor's level, and the levels below it, forbid."""
    levels = ("relay", "node", "duct")
    asked = levels[: levels.index(corridor.disjoint) + 1]
    for one, other in combinations(walks, 2):
        mine, yours = _taken(inventory, corridor, one), _taken(inventory, corridor, other)
        for level in asked:
            for thing in sorted(mine[level] & yours[level]):
                yield Violation(f"disjoint-{level}", address, f"two paths share {thing}", f"{level}-disjoint paths")


def _taken(inventory: Inventory, corridor: Corridor, walk: recompute.Walk) -> dict[str, set[str]]:
    """What a path takes, by the level at which another path must not take it too."""
    fibres = {fibre for link in walk.links for fibre in link.fibres}
    sites = {site for link in walk.links for site in (*link.ends, *link.bypass_sites)} - set(corridor.ends)
    links = {f"link {system} over {' + '.join(route)}" for system, route in map(route_key, walk.links)}
    ducts = {duct for fibre in fibres if fibre in inventory.fibres for duct in inventory.fibres[fibre].ducts}
    return {
        "relay": links | {f"relay {site}" for site in walk.relays},
        "node": {f"fibre {fibre}" for fibre in fibres} | {f"site {site}" for site in sites},
        "duct": {f"duct {duct}" for duct in ducts},
    }
