"""What each corridor gets: its paths, what is spare on them, who learns its key and what cuts it off."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

from qplan.assessment.link_budgets import LinkFacts
from qplan.assessment.weaknesses import MOST_EFFORT, MOST_EFFORT_IN_ALL, SmallestSet, cuts_off, reveals
from qplan.inventory.model import Corridor, Inventory
from qplan.inventory.relay_rules import NOT_STATED, RelayRefusal, whereabouts_refusals
from qplan.plan.model import Link, Path, Plan, ServedCorridor


@dataclass(frozen=True)
class PathFacts:
    links: tuple[str, ...]
    sites: tuple[str, ...]
    """From the corridor's first end over its relays to the second."""
    relays: tuple[str, ...]
    systems: tuple[str, ...]
    spare_bps: float
    """Least over the path's links of capacity − load: what could still be reserved, never a sum."""
    length_km: float | None


@dataclass(frozen=True)
class CorridorFacts:
    id: str
    corridor: Corridor
    served: bool
    demand_bps: float
    paths: tuple[PathFacts, ...]
    revealed_by: SmallestSet | None
    """Relays that together learn the key; None where relays alone never do."""
    refused_ends: tuple[tuple[str, RelayRefusal], ...]
    """Ends that the corridor's own rules would refuse as relays, and by which rule."""
    cut_off_by: SmallestSet | None
    """Sites (its ends apart), fibres or ducts without which it gets no key; None where it is not served."""

    @property
    def relays(self) -> tuple[str, ...]:
        return tuple(sorted({relay for path in self.paths for relay in path.relays}))

    @property
    def relay_sees_key(self) -> bool:
        """A relay learns the key by itself; else it learns one share, of which several are needed."""
        return self.corridor.shares_needed == 1

    @property
    def spare_bps(self) -> float:
        """Least over the paths, each of which carries the whole demand."""
        return min((path.spare_bps for path in self.paths), default=0.0)


def corridors_facts(inventory: Inventory, plan: Plan, links: Mapping[str, LinkFacts]) -> tuple[CorridorFacts, ...]:
    """Facts of every corridor; `links` are those of the plan, by id."""
    effort = min(MOST_EFFORT, MOST_EFFORT_IN_ALL // max(1, 2 * len(plan.corridors)))
    plan_links = {link.id: link for link in plan.links}
    return tuple(_corridor_facts(inventory, served, links, plan_links, effort) for served in plan.corridors)


def _corridor_facts(
    inventory: Inventory,
    served: ServedCorridor,
    links: Mapping[str, LinkFacts],
    plan_links: Mapping[str, Link],
    effort: int,
) -> CorridorFacts:
    corridor = inventory.corridors[served.id]
    return CorridorFacts(
        served.id,
        corridor,
        served.served,
        served.key_rate_bps,
        tuple(_path_facts(corridor, path, links) for path in served.paths),
        refused_ends=tuple(
            (end, refusal)
            for end in corridor.ends
            for refusal in whereabouts_refusals(corridor, inventory.sites[end])
            if refusal.found != NOT_STATED
        ),
        revealed_by=reveals(corridor, served.paths, effort) if served.served else None,
        cut_off_by=cuts_off(inventory, corridor, served.paths, plan_links, effort) if served.served else None,
    )


def _path_facts(corridor: Corridor, path: Path, links: Mapping[str, LinkFacts]) -> PathFacts:
    used = [links[link_id] for link_id in path.links]
    lengths = [facts.length_km for facts in used]
    known = [length for length in lengths if length is not None]
    return PathFacts(
        links=path.links,
        sites=(corridor.ends[0], *path.relays, corridor.ends[1]),
        relays=path.relays,
        systems=tuple(facts.link.system for facts in used),
        spare_bps=min((facts.spare_bps for facts in used), default=0.0),
        length_km=math.fsum(known) if len(known) == len(lengths) else None,
    )
