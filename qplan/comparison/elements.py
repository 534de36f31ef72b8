"""Nodes, links and corridors of two plans by address: what is new, gone, or another than before.

Equal things match by what they are: a node by its site, a corridor by its id, a link by the sites that it joins.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace

from qplan.assessment.corridors import CorridorFacts, PathFacts
from qplan.assessment.facts import PlanFacts
from qplan.assessment.link_budgets import LinkFacts
from qplan.assessment.nodes import NodeFacts
from qplan.comparison.model import Change, Fields

Addresses = Mapping[str, str]
"""The address of every link of a plan, by its id."""


def compare_elements(
    before: PlanFacts, after: PlanFacts, links: tuple[Addresses, Addresses], old_names: Mapping[str, str]
) -> tuple[Change, ...]:
    """Everything that differs, sorted by address. `old_names` are what renamed things were called, by new address."""
    old, new = _elements(before, links[0], old_names), _elements(after, links[1], {})
    changes = (Change(address, old.get(address), new.get(address)) for address in sorted(old.keys() | new.keys()))
    return tuple(change for change in changes if change.before != change.after)


def from_the_same_ends(before: PlanFacts, after: PlanFacts) -> PlanFacts:
    """`before`, with corridors whose ends have changed places since read from the end that is the first now."""
    ends = {corridor.id: corridor.corridor.ends for corridor in after.corridors}
    corridors = tuple(
        _backwards(corridor) if ends.get(corridor.id) == corridor.corridor.ends[::-1] else corridor
        for corridor in before.corridors
    )
    return replace(before, corridors=corridors) if corridors != before.corridors else before


def _backwards(corridor: CorridorFacts) -> CorridorFacts:
    paths = (
        replace(path, links=path.links[::-1], sites=path.sites[::-1], relays=path.relays[::-1])
        for path in corridor.paths
    )
    turned = corridor.corridor.model_copy(update={"ends": corridor.corridor.ends[::-1]})
    return replace(corridor, corridor=turned, paths=tuple(paths))


def link_addresses(before: PlanFacts, after: PlanFacts) -> tuple[Addresses, Addresses]:
    """The addresses of the links of two plans: links that match have the same."""
    old, new = _by_ends(before.links), _by_ends(after.links)
    addresses: tuple[dict[str, str], dict[str, str]] = ({}, {})
    for ends in sorted(old.keys() | new.keys()):
        pairs = _match(old.get(ends, []), new.get(ends, []))
        for number, pair in enumerate(pairs, 1):
            address = f"links.{'--'.join(ends)}" + (f"#{number}" if number > 1 else "")
            for side, link in zip(addresses, pair, strict=True):
                if link is not None:
                    side[link.link.id] = address
    return addresses


def _by_ends(links: Iterable[LinkFacts]) -> Mapping[tuple[str, ...], list[LinkFacts]]:
    joined: dict[tuple[str, ...], list[LinkFacts]] = defaultdict(list)
    for facts in links:
        joined[tuple(sorted(facts.link.ends))].append(facts)
    return joined


def _match(old: Sequence[LinkFacts], new: Sequence[LinkFacts]) -> list[tuple[LinkFacts | None, LinkFacts | None]]:
    """Links between the same sites: first the same link, then the same route, the same system, then in order."""
    partner: dict[str, LinkFacts] = {}
    left = list(old)
    for alike in (
        lambda a, b: a.link.id == b.link.id,
        lambda a, b: a.link.fibres == b.link.fibres,
        lambda a, b: a.link.system == b.link.system,
        lambda a, b: True,
    ):
        for link in new:
            found = next((each for each in left if alike(each, link)), None)
            if link.link.id not in partner and found is not None:
                partner[link.link.id] = found
                left.remove(found)
    matched: list[tuple[LinkFacts | None, LinkFacts | None]] = [(partner.get(link.link.id), link) for link in new]
    return matched + [(link, None) for link in left]


def _elements(facts: PlanFacts, links: Addresses, names: Mapping[str, str]) -> dict[str, Fields]:
    tco = {share.corridor: float(share.tco) for share in facts.costs.shares}
    elements = {f"nodes.{node.node.site}": _node(node, names) for node in facts.nodes}
    elements |= {links[link.link.id]: _link(link) for link in facts.links}
    elements |= {
        f"corridors.{corridor.id}": _corridor(corridor, tco[corridor.id], links, names) for corridor in facts.corridors
    }
    return elements


def _node(facts: NodeFacts, names: Mapping[str, str]) -> Fields:
    site = facts.node.site
    return {
        "site": names.get(f"sites.{site}", site),
        "roles": list(facts.node.roles),
        "operator": facts.site.operator,
        "country": facts.site.country,
        "existing": facts.existing,
    }


def _link(facts: LinkFacts) -> Fields:
    link = facts.link
    return {
        "ends": list(link.ends),
        "system": link.system,
        "count": link.count,
        "fibres": list(link.fibres),
        "bypass_sites": list(link.bypass_sites),
        "length_km": facts.length_km,
        "loss_db": link.loss_db,
        "headroom_db": round(facts.headroom_db, 6),
        "key_rate_bps": link.key_rate_bps,
        "capacity_bps": link.capacity_bps,
        "load_bps": link.load_bps,
        "offer": link.offer,
        "existing": link.existing,
        "tx": link.transmitters_at,
    }


def ordered_paths(facts: CorridorFacts, links: Addresses) -> tuple[PathFacts, ...]:
    """The paths of a corridor over links by address: standby paths in the plan's order, the preferred first."""
    paths = (replace(path, links=tuple(links[link] for link in path.links)) for path in facts.paths)
    standby = facts.corridor.shares_needed == 1
    return tuple(paths if standby else sorted(paths, key=lambda path: (path.sites, path.links)))


def _corridor(facts: CorridorFacts, tco: float, links: Addresses, names: Mapping[str, str]) -> Fields:
    return {
        "id": names.get(f"corridors.{facts.id}", facts.id),
        "ends": sorted(facts.corridor.ends),
        "served": facts.served,
        "key_rate_bps": facts.demand_bps,
        "paths": [{"links": list(path.links), "relays": list(path.relays)} for path in ordered_paths(facts, links)],
        "shares_needed": facts.corridor.shares_needed,
        "tco": tco,
    }
