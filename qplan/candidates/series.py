"""Links in series: a site between two of them that is no corridor's end only passes keys on."""

from __future__ import annotations

from collections import defaultdict

from qplan.candidates.fibre_graph import connected_parts
from qplan.candidates.model import CandidateGraph, CandidateLink
from qplan.inventory.model import Inventory


def find_series(inventory: Inventory, candidates: CandidateGraph) -> dict[str, tuple[str, tuple[str, ...]]]:
    """Sites that only pass keys on between two links, each with the first link and all links of its series.

    Such a site is no corridor's end and has just two candidate links, to two other sites: a path that takes one of them
    takes the other.
    """
    ends = {end for corridor in inventory.corridors.values() for end in corridor.ends}
    at: dict[str, list[CandidateLink]] = defaultdict(list)
    for link in candidates.links:
        for end in link.route.ends:
            at[end].append(link)
    passing = {
        s: links
        for s, links in at.items()
        if s not in ends and len(links) == 2 and links[0].route.ends != links[1].route.ends
    }
    parts = connected_parts((links[0].id, links[1].id) for links in passing.values())
    series = {link: tuple(part) for part in parts for link in part}
    return {s: (series[links[0].id][0], series[links[0].id]) for s, links in sorted(passing.items())}
