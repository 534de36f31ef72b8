"""The heuristic that comes to mind first: route one corridor after the other at least additional cost, then re-route.

What is built already is free for later corridors. The k paths of a corridor are shortest ways found in turn, each
without what the earlier ones took; where that leaves no way, the first path is tried without each of its relays. Then
every corridor in turn is taken out and routed again while that lowers the cost. No bound.
"""

from __future__ import annotations

import heapq
import itertools
import math
import time
from collections import Counter, defaultdict
from dataclasses import dataclass, field

from benchmarks.problem import Corridor, Link, Problem

RATE_TOLERANCE = 1e-6  # relative, to which rates are exact
Way = list[tuple[Link, str]]  # links and the site at the end of each


@dataclass
class Built:
    """What the paths so far need."""

    problem: Problem
    load: Counter[str] = field(default_factory=Counter)
    systems: Counter[str] = field(default_factory=Counter)
    strands: Counter[str] = field(default_factory=Counter)
    relays: set[str] = field(default_factory=set)

    def more_systems(self, link: Link, demand_bps: float) -> float:
        """Systems to add for the demand; infinite where strands or the link give no more."""
        needed = max(1, math.ceil((self.load[link.id] + demand_bps) / link.rate_bps * (1 - RATE_TOLERANCE)))
        more = needed - self.systems[link.id]
        short = any(self.strands[f] + more > self.problem.strands[f] for f in link.fibres)
        return math.inf if more > 0 and (needed > link.most or short) else max(0, more)

    def add(self, corridor: Corridor, ways: list[Way]) -> None:
        for link, site in itertools.chain(*ways):
            more = self.more_systems(link, corridor.demand_bps)
            self.load[link.id] += corridor.demand_bps
            self.systems[link.id] += more
            for fibre in link.fibres:
                self.strands[fibre] += more
            if site not in corridor.ends:
                self.relays.add(site)

    def cost(self) -> float:
        systems = sum(self.systems[link.id] * link.cost for link in self.problem.links if link.id in self.systems)
        nodes = sum(self.problem.node_cost[s] for s in self.problem.ends)
        return systems + nodes + sum(self.problem.relaying[s] for s in self.relays)


def greedy(problem: Problem, deadline: float) -> dict[str, list[Way]] | None:
    """Paths of every corridor, or None where one finds none."""
    neighbours: dict[str, list[tuple[Link, str]]] = defaultdict(list)
    for link in problem.links:
        a, b = link.ends
        neighbours[a].append((link, b))
        neighbours[b].append((link, a))
    built = Built(problem)
    paths: dict[str, list[Way]] = {}
    order = sorted(problem.corridors, key=lambda corridor: (-corridor.paths, -corridor.demand_bps, corridor.id))
    for corridor in order:
        ways = _ways(built, neighbours, corridor)
        if ways is None:
            return None
        paths[corridor.id] = ways
        built.add(corridor, ways)
    return _rerouted(problem, neighbours, order, paths, deadline)


def _rerouted(
    problem: Problem, neighbours: dict, order: list[Corridor], paths: dict[str, list[Way]], deadline: float
) -> dict[str, list[Way]]:
    best = _built(problem, order, paths).cost()
    since = 0
    for corridor in itertools.cycle(order):
        if since == len(order) or time.monotonic() > deadline:
            return paths
        others = [other for other in order if other is not corridor]
        ways = _ways(_built(problem, others, paths), neighbours, corridor)
        trial = paths | {corridor.id: ways} if ways else paths
        cost = _built(problem, order, trial).cost()
        since += 1
        if cost < best - 1e-6:
            best, paths, since = cost, trial, 0
    return None


def _built(problem: Problem, corridors: list[Corridor], paths: dict[str, list[Way]]) -> Built:
    built = Built(problem)
    for corridor in corridors:
        built.add(corridor, paths[corridor.id])
    return built


def _ways(built: Built, neighbours: dict, corridor: Corridor) -> list[Way] | None:
    first = _way(built, neighbours, corridor, set())
    if first is None:
        return None
    for barred in (None, *(site for _, site in first[:-1])):
        ways: list[Way] = []
        taken = set() if barred is None else {f"site {barred}"}
        while len(ways) < corridor.paths and (way := _way(built, neighbours, corridor, taken)) is not None:
            ways.append(way)
            taken = set().union(*(_takes(built.problem, corridor, way) for way in ways))
        if len(ways) == corridor.paths:
            return ways
    return None


def _takes(problem: Problem, corridor: Corridor, way: Way) -> set[str]:
    resources = {f"site {site}" for _, site in way[:-1]} | {f"link {link.id}" for link, _ in way}
    return resources.union(*(problem.shared(corridor, link) for link, _ in way))


def _way(built: Built, neighbours: dict, corridor: Corridor, taken: set[str]) -> Way | None:
    """The way of least additional cost (Dijkstra), among equals that of fewest links, without what is taken."""
    first, last = corridor.ends
    longest = math.inf if corridor.max_relays is None else corridor.max_relays + 1
    queue: list[tuple[float, int, int, str]] = [(0.0, 0, 0, first)]
    trail: list[tuple[int, Link, str]] = []  # index of the step before (−1: none), link, site
    fewest: dict[str, int] = defaultdict(lambda: 10**9)
    while queue:
        cost, links, label, here = heapq.heappop(queue)
        if links >= fewest[here]:
            continue
        fewest[here] = links if longest < math.inf else -1
        if here == last:
            return _back(trail, label - 1)
        for link, there in neighbours[here] if links < longest else ():
            if there == first or f"site {there}" in taken or f"link {link.id}" in taken:
                continue
            if there != last and there in corridor.refused:
                continue
            if taken and not taken.isdisjoint(built.problem.shared(corridor, link)):
                continue
            relaying = 0.0 if there == last or there in built.relays else built.problem.relaying[there]
            added = built.more_systems(link, corridor.demand_bps) * link.cost + relaying
            if added < math.inf and links + 1 < fewest[there]:
                trail.append((label - 1, link, there))
                heapq.heappush(queue, (cost + added, links + 1, len(trail), there))
    return None


def _back(trail: list[tuple[int, Link, str]], step: int) -> Way:
    way: Way = []
    while step >= 0:
        step, link, site = trail[step]
        way.append((link, site))
    return way[::-1]
