"""Which corridors use each QKD link, node and relay of a plan."""

from __future__ import annotations

from dataclasses import dataclass

from qplan.plan.model import Plan

NO_CORRIDOR = ""
"""Stands for the user of an element that no corridor uses, so that its cost is not lost."""


@dataclass(frozen=True)
class Usage:
    """The corridors (sorted, at least one) by link id, by node site and by relay site; keys are sorted."""

    links: dict[str, tuple[str, ...]]
    nodes: dict[str, tuple[str, ...]]
    relays: dict[str, tuple[str, ...]]


def usage_of(plan: Plan) -> Usage:
    """A corridor uses the links of its paths, the nodes at their ends, and the relays of its paths."""
    links: dict[str, set[str]] = {link.id: set() for link in plan.links}
    nodes: dict[str, set[str]] = {node.site: set() for node in plan.nodes}
    relays: dict[str, set[str]] = {site: set() for site in plan.relays}
    ends = {link.id: link.ends for link in plan.links}
    for corridor in plan.corridors:
        for path in corridor.paths:
            for link in path.links:
                links[link].add(corridor.id)
                for site in ends[link]:
                    nodes[site].add(corridor.id)
            for site in path.relays:
                relays[site].add(corridor.id)
    return Usage(_sort(links), _sort(nodes), _sort(relays))


def _sort(users: dict[str, set[str]]) -> dict[str, tuple[str, ...]]:
    return {key: tuple(sorted(users[key])) or (NO_CORRIDOR,) for key in sorted(users)}
