"""One path at least added price: Dijkstra's search, and one limited in its number of links."""

from __future__ import annotations

import heapq
import math

from qplan.candidates.arrays import CandidateArrays, Commodity
from qplan.candidates.paths import Path, Weights


def one_path(index: CandidateArrays, commodity: Commodity, weights: Weights, most: float = math.inf) -> Path | None:
    """The cheapest path that weighs less than `most` within the corridor's limit on links; None where there is none."""
    if commodity.most_links is None:
        return cheapest_path(index, commodity, weights, most)
    return cheapest_short_path(index, commodity, weights, most, commodity.most_links)


def cheapest_path(index: CandidateArrays, commodity: Commodity, weights: Weights, most: float) -> Path | None:
    """Dijkstra's search; of paths of equal weight the one with the fewest links."""
    start, goal = commodity.ends
    permitted, link, site = commodity.permitted, weights.link.tolist(), weights.site.tolist()
    best = {start: (0.0, 0)}
    came: dict[int, tuple[int, int]] = {}
    heap = [(0.0, 0, start)]
    while heap:
        cost, hops, here = heapq.heappop(heap)
        if here == goal:
            return trace_back(came, start, goal)
        if (cost, hops) > best[here]:
            continue
        for there, l in index.neighbours[here]:
            total = cost + link[l]
            if total >= most or not permitted[there]:
                continue
            label = (total if there == goal else total + site[there], hops + 1)
            if label[0] < most and (there not in best or label < best[there]):
                best[there] = label
                came[there] = (here, l)
                heapq.heappush(heap, (*label, there))
    return None


def trace_back(came: dict[int, tuple[int, int]], start: int, goal: int) -> Path:
    """The links by which the goal was reached, from the start on."""
    links = []
    while goal != start:
        goal, l = came[goal]
        links.append(l)
    return tuple(reversed(links))


def cheapest_short_path(
    index: CandidateArrays, commodity: Commodity, weights: Weights, most: float, most_links: int
) -> Path | None:
    """The cheapest path with at most `most_links` links: labels of (price, links) at every site, none dominated.

    None is made from where the goal is too many links away, whatever they cost.
    """
    start, goal = commodity.ends
    permitted, link, site = commodity.permitted, weights.link.tolist(), weights.site.tolist()
    latest = [most_links - left for left in index.links_left(goal)]  # with how many links a site may be reached
    fewest: dict[int, float] = {}  # least number of links settled so far; a later label is dearer and must have fewer
    heap: list[tuple[float, int, int, Path]] = [(0.0, 0, start, ())]
    while heap:
        cost, hops, here, path = heapq.heappop(heap)
        if here == goal:
            return path
        if fewest.get(here, math.inf) <= hops:
            continue
        fewest[here] = hops
        hops += 1
        for there, l in index.neighbours[here]:
            if hops <= latest[there] and permitted[there] and fewest.get(there, math.inf) > hops:
                total = cost + link[l] + (0.0 if there == goal else site[there])
                if total < most:
                    heapq.heappush(heap, (total, hops, there, (*path, l)))
    return None
