"""Ways over fibres, and ways of fewest steps, least sum or least largest weight: graph searches without a decision."""

from __future__ import annotations

import heapq
from collections import defaultdict, deque
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence

from qplan.inventory.model import Inventory

Edge = tuple[float, str, str]  # weight and the two sites


def fibre_ways(inventory: Inventory, start: str) -> dict[str, tuple[str, ...]]:
    """Every site that fibres join with the start, and the amplified fibres on a way there with fewest of them."""
    neighbours: dict[str, list[tuple[str, str]]] = defaultdict(list)
    for f, fibre in sorted(inventory.fibres.items()):
        a, b = fibre.ends
        neighbours[a].append((f, b))
        neighbours[b].append((f, a))
    amplified: dict[str, tuple[str, ...]] = {start: ()}
    queue = deque([start])
    while queue:
        here = queue.popleft()
        for f, there in neighbours[here]:
            more = (*amplified[here], f) if inventory.fibres[f].amplified else amplified[here]
            if there not in amplified or len(more) < len(amplified[there]):
                amplified[there] = more
                queue.append(there)
    return amplified


def unamplified_neighbours(inventory: Inventory) -> dict[str, set[str]]:
    """The sites that fibres without amplifiers join with each site."""
    neighbours: dict[str, set[str]] = defaultdict(set)
    for fibre in inventory.fibres.values():
        if not fibre.amplified:
            a, b = fibre.ends
            neighbours[a].add(b)
            neighbours[b].add(a)
    return neighbours


def adjacent(pairs: Iterable[tuple[str, str]]) -> dict[str, list[str]]:
    """The neighbours of each vertex over edges that go both ways."""
    neighbours: dict[str, list[str]] = defaultdict(list)
    for a, b in pairs:
        neighbours[a].append(b)
        neighbours[b].append(a)
    return dict(neighbours)


def breadth_first(
    neighbours: Mapping[str, Sequence[str]], start: str, last: Collection[str] = ()
) -> dict[str, tuple[int, str]]:
    """Every vertex that can be reached, nearest first, with the steps to it and the vertex before it (its own at 0).

    The search goes on from those that come `last` only where nothing else is left.
    """
    reached = {start: (0, start)}
    queue, put_off = deque([start]), deque[str]()
    while queue or put_off:
        here = (queue or put_off).popleft()
        for there in neighbours.get(here, ()):
            if there not in reached:
                reached[there] = reached[here][0] + 1, here
                (put_off if there in last else queue).append(there)
    return reached


def way_to(reached: Mapping[str, tuple[int, str]], end: str) -> list[str]:
    """From where a search began to what it reached."""
    way = [end]
    while reached[way[-1]][0]:
        way.append(reached[way[-1]][1])
    return way[::-1]


def connected_parts(pairs: Iterable[tuple[str, str]]) -> list[list[str]]:
    """The vertices that edges join with each other, sorted in each part, the parts by their first."""
    neighbours = adjacent(pairs)
    parts: list[list[str]] = []
    seen: set[str] = set()
    for start in sorted(neighbours):
        if start not in seen:
            parts.append(sorted(breadth_first(neighbours, start)))
            seen.update(parts[-1])
    return parts


def lightest_way(
    edges: Iterable[Edge], ends: tuple[str, str], site_weight: Callable[[str], float] = lambda site: 0.0
) -> list[str] | None:
    """Sites of the way with the least sum of weights, then the fewest sites, then the first by name."""
    neighbours: dict[str, list[tuple[float, str]]] = defaultdict(list)
    for weight, a, b in edges:
        neighbours[a].append((weight, b))
        neighbours[b].append((weight, a))
    heap: list[tuple[float, int, tuple[str, ...]]] = [(0.0, 0, (ends[0],))]
    settled: set[str] = set()
    while heap:
        weight, hops, way = heapq.heappop(heap)
        here = way[-1]
        if here == ends[1]:
            return list(way)
        if here in settled:
            continue
        settled.add(here)
        for step, there in neighbours[here]:
            if there not in settled:
                heapq.heappush(heap, (weight + step + site_weight(there), hops + 1, (*way, there)))
    return None


def bottleneck(edges: Iterable[Edge], ends: tuple[str, str]) -> float | None:
    """Least value of the largest weight on any way (minimax); None where there is no way."""
    groups: dict[str, set[str]] = {}
    for weight, a, b in sorted(edges):
        merged = groups.get(a, {a}) | groups.get(b, {b})
        for site in merged:
            groups[site] = merged
        if ends[1] in groups.get(ends[0], ()):
            return weight
    return None
