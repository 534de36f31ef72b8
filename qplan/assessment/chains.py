"""Chains of installed links from one end of a corridor to the other, planned or not."""

from __future__ import annotations

from collections.abc import Callable

from qplan.assessment.network import Chain, CorridorInPlay, Network


def least_relays(
    network: Network,
    at_site: dict[str, list[int]],
    corridor: CorridorInPlay,
    allowed: frozenset[str],
    usable: Callable[[int], bool],
    held: Callable[[int], float],
) -> Chain | None:
    """A chain of usable links from end to end over allowed relays; breadth first, one ring of sites after the other."""
    start, goal = corridor.ends
    ring: dict[str, tuple[float, Chain]] = {start: (float("inf"), ())}
    seen = {start}
    relays = 0
    while ring and goal not in ring and relays <= corridor.max_relays:
        further: dict[str, tuple[float, Chain]] = {}
        for site, (least, chain) in ring.items():
            if chain and site not in allowed:
                continue
            for link in at_site.get(site, ()):
                a, b = network.links[link].ends
                other = b if site == a else a
                if other not in seen and usable(link):
                    found = (min(least, held(link)), (*chain, link))
                    if other not in further or (-found[0], found[1]) < (-further[other][0], further[other][1]):
                        further[other] = found
        seen |= further.keys()
        ring = further
        relays += 1
    return ring[goal][1] if goal in ring else None
