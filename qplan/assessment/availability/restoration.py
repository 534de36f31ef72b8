"""Availability when keys may come over any chain of installed links: bounds that hold, and close as far as is asked.

Conditioning on one working chain after the other (Dotson and Gobien, IEEE Trans. Circuits Syst. 26 (1979) 845): either
all of its components work, or the first that is down is its first, its second, … Each case is a problem of its own, and
the likeliest is taken up first. What was found to work is a lower bound, what was found not to is an upper one, and
the bounds meet when no case is left.
"""

from __future__ import annotations

import heapq
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from qplan.assessment.chains import least_relays
from qplan.assessment.network import Chain, CorridorInPlay, Network

MOST_CASES = 4000
CLOSE_ENOUGH = 1e-9


@dataclass(frozen=True)
class Bounds:
    """Of the share of time without keys; they are equal but for what was left open."""

    least: float
    most: float


def bounds(
    network: Network,
    corridor: CorridorInPlay,
    needs: Mapping[int, frozenset[str]],
    relays: Mapping[str, frozenset[str]],
    ends: frozenset[str],
    down: Mapping[str, float],
    spare: frozenset[int],
) -> Bounds:
    """Bounds for one corridor of which any chain gives the key.

    `needs` are the components of each link, `relays` those of each site that relays, `ends` what every chain needs,
    `down` the share down of each, `spare` the links that have the corridor's rate to give.
    """
    groups = _in_series(needs, relays, ends)
    up = [_product(1 - down[component] for component in group) for group in groups]
    of = {component: number for number, group in enumerate(groups) for component in group}
    links = [frozenset(of[component] for component in needs[number]) for number in range(len(network.links))]
    sites = {site: frozenset(of[component] for component in found) for site, found in relays.items()}
    always = frozenset(of[component] for component in ends)
    return _closed_in(_Search(network, corridor, links, sites, always, spare), up)


def _in_series(
    needs: Mapping[int, frozenset[str]], relays: Mapping[str, frozenset[str]], ends: frozenset[str]
) -> list[list[str]]:
    """Components that are needed by exactly the same links and relays, which fail as one."""
    by_use: dict[str, list[object]] = defaultdict(list)
    for link, components in sorted(needs.items()):
        for component in components:
            by_use[component].append(link)
    for site, components in sorted(relays.items()):
        for component in components:
            by_use[component].append(site)
    for component in ends:
        by_use[component].append("ends")
    groups: dict[tuple[object, ...], list[str]] = defaultdict(list)
    for component in sorted(by_use):
        groups[tuple(by_use[component])].append(component)
    return list(groups.values())


def _product(factors: Iterable[float]) -> float:
    result = 1.0
    for factor in factors:
        result *= factor
    return result


class _Search:
    """Chains of links whose groups do not fail, the groups that a chain needs."""

    def __init__(
        self,
        network: Network,
        corridor: CorridorInPlay,
        links: list[frozenset[int]],
        sites: dict[str, frozenset[int]],
        always: frozenset[int],
        spare: frozenset[int],
    ):
        self.network, self.corridor, self.links, self.sites, self.always = network, corridor, links, sites, always
        self.at_site: dict[str, list[int]] = defaultdict(list)
        for number in sorted(spare):
            for end in network.links[number].ends:
                self.at_site[end].append(number)
        self.known: list[frozenset[int]] = [self.needed(chain) for chain in corridor.paths]

    def needed(self, chain: Chain) -> frozenset[int]:
        relays = self.network.relays(self.corridor, chain)
        return self.always.union(*(self.links[link] for link in chain), *(self.sites[site] for site in relays))

    def without(self, failed: frozenset[int]) -> frozenset[int] | None:
        """The groups that a chain needs which holds although these have failed; None: there is no such chain."""
        for needed in self.known:
            if failed.isdisjoint(needed):
                return needed
        if not failed.isdisjoint(self.always):
            return None
        allowed = frozenset(
            site for site in self.corridor.may_relay if site in self.sites and failed.isdisjoint(self.sites[site])
        )
        chain = least_relays(
            self.network,
            self.at_site,
            self.corridor,
            allowed,
            lambda link: failed.isdisjoint(self.links[link]),
            lambda link: 0.0,
        )
        if chain is None:
            return None
        self.known.append(self.needed(chain))
        return self.known[-1]


def _closed_in(search: _Search, up: list[float]) -> Bounds:
    fails = 0.0
    open_cases: list[tuple[float, int, frozenset[int], frozenset[int]]] = [(-1.0, 0, frozenset(), frozenset())]
    open_weight, count = 1.0, 0
    while open_cases and count < MOST_CASES and open_weight > CLOSE_ENOUGH:
        negative, _, working, failed = heapq.heappop(open_cases)
        weight = -negative
        open_weight -= weight
        needed = search.without(failed)
        if needed is None:
            fails += weight
            continue
        known = working
        for group in sorted(needed - working, key=lambda group: (-up[group], group)):
            count += 1
            share = weight * (1 - up[group])
            if share > 0:
                heapq.heappush(open_cases, (-share, count, known, failed | {group}))
                open_weight += share
            weight *= up[group]
            known = known | {group}
    left = sum(-case[0] for case in open_cases)
    return Bounds(fails, min(1.0, fails + left))
