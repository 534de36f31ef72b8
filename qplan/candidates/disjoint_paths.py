"""Several disjoint paths at least added price, by augmentation (Suurballe 1974; Bhandari 1999)."""

from __future__ import annotations

import heapq
import math

import numpy as np
from scipy.sparse.csgraph import dijkstra

from qplan.candidates.arrays import CandidateArrays, Commodity
from qplan.candidates.paths import Path, Weights, exclusive_to_path, relays_of
from qplan.candidates.resources import Resource

MOST_CONFLICTS = 16  # sets of paths looked at, cheapest first, for one that shares no fibre, patched site or duct
MOST_DEEPER = 48  # further sets, those for which most conflicts have been settled first


def disjoint_paths(index: CandidateArrays, commodity: Commodity, weights: Weights, most: float) -> list[Path] | None:
    """A cheap set of paths whose fibres, patched sites and ducts are apart: a search over banned links.

    Of the sets tried the cheapest is looked at first; once that has taken too long, the cheapest of those for which
    most conflicts have been settled.
    """
    left = _weight_left(index, commodity, weights)
    tried: list[tuple[float, int, int, list[Path], frozenset[int]]] = []  # price, −conflicts settled, number, …
    seen = {frozenset[int]()}

    def propose(banned: frozenset[int], settled: int) -> None:
        paths = _augment(index, commodity, weights.without(banned), left, most)
        if paths is not None:
            tried.append((_price(index, commodity, weights, paths), -settled, len(seen), paths, banned))

    propose(frozenset(), 0)
    for turn in range(MOST_CONFLICTS + MOST_DEEPER):
        if not tried:
            return None
        best = min(tried, key=lambda entry: entry[:3] if turn < MOST_CONFLICTS else (entry[1], entry[0], entry[2]))
        tried.remove(best)
        _, less_settled, _, paths, banned = best
        clash = _conflict(index, commodity, paths)
        if clash is None:
            return paths
        for links in clash:
            fewer = banned.union(links)
            if fewer not in seen:
                seen.add(fewer)
                propose(fewer, 1 - less_settled)
    return None


def keep_apart(index: CandidateArrays, commodity: Commodity, paths: list[Path]) -> bool:
    """The paths are within the limit on relays, and as disjoint as the corridor asks."""
    if commodity.most_links is not None and any(len(path) > commodity.most_links for path in paths):
        return False
    taken = [exclusive_to_path(index, commodity, path) for path in paths]
    return len(frozenset[Resource]().union(*taken)) == sum(len(one) for one in taken)


def _price(index: CandidateArrays, commodity: Commodity, weights: Weights, paths: list[Path]) -> float:
    links = sum(weights.link[l] for path in paths for l in path)
    return links + sum(weights.site[s] for path in paths for s in relays_of(index, commodity, path))


def _conflict(index: CandidateArrays, commodity: Commodity, paths: list[Path]) -> tuple[frozenset[int], ...] | None:
    """Sets of links, each of which removes a conflict when banned; None where the paths may stand side by side.

    Of a fibre, patched site or duct that two paths use, either the one or the other keeps its links.
    """
    if commodity.most_links is not None:
        for path in paths:
            if len(path) > commodity.most_links:
                return tuple(frozenset([l]) for l in path)
    if commodity.disjoint == "relay":  # paths by augmentation share no link and no relay
        return None
    users, owners = index.users(commodity.disjoint), dict[Resource, int]()
    for i, path in enumerate(paths):
        for resource in sorted(exclusive_to_path(index, commodity, path)):
            owner = owners.setdefault(resource, i)
            if owner != i:
                return users[resource].difference(paths[owner]), users[resource].difference(path)
    return None


def _weight_left(index: CandidateArrays, commodity: Commodity, weights: Weights) -> list[float]:
    """Per site the weight of the cheapest way from there to the corridor's second end, beyond the site itself."""
    start, goal = commodity.ends
    permitted = np.array(commodity.permitted)
    site = np.where(permitted, weights.site, np.inf)
    site[start], site[goal] = np.inf, 0.0
    backwards = index.pairs.least(np.array(weights.link)[index.pairs.link] + site[index.pairs.tail])
    left: list[float] = np.where(permitted, dijkstra(backwards, indices=goal), np.inf).tolist()
    return left


def _augment(
    index: CandidateArrays, commodity: Commodity, weights: Weights, left: list[float], most: float
) -> list[Path] | None:
    """k paths of least total weight, less than `most`, that share no link and no relay, by k augmenting paths.

    No augmenting path is shorter than the one before, which limits how far it is worth searching; nor is a way to the
    second end shorter than what is `left` per site.
    """
    residual = _Residual(index, commodity, weights, left)
    for more in range(commodity.paths, 0, -1):
        added = residual.augment(most / more)
        if added is None:
            return None
        most -= added
    return residual.paths()


class _Residual:
    """The residual node-split graph of the paths so far, with potentials that keep its weights from being negative.

    Site s has an inner vertex 2s, entered by links, and an outer vertex 2s + 1, left by links. At a site on no path
    the two are passed in one step.
    """

    def __init__(self, index: CandidateArrays, commodity: Commodity, weights: Weights, left: list[float]):
        self.index, self.commodity, self.weights = index, commodity, weights
        self.used: dict[int, tuple[int, int]] = {}  # link -> (tail, head)
        self.unused = weights.link.copy()  # weights of links on no path
        self.into: dict[int, tuple[int, int]] = {}  # relay on a path -> (tail, link) by which the path enters it
        self.entered = weights.site.copy()  # what entering a site weighs
        self.entered[commodity.ends[1]] = 0.0
        self.potential = [0.0] * (2 * len(index.sites))
        self.potential[::2] = [-at_site - beyond for at_site, beyond in zip(weights.site, left, strict=True)]
        self.potential[1::2] = [-beyond for beyond in left]

    def augment(self, most: float) -> float | None:
        """One more path along a cheapest way, by Dijkstra's search on reduced weights; what it adds to their total.

        None where there is no way that adds less than `most`.
        """
        (start, goal), potential = self.commodity.ends, self.potential
        first, last = 2 * start + 1, 2 * goal + 1
        if potential[first] == -math.inf:
            return None
        most -= potential[last] - potential[first]
        best, came = self._search(first, last, most)
        if last not in best:
            return None
        farthest = best[last]
        nearer = [(vertex, potential[vertex] + cost) for vertex, cost in best.items() if cost < farthest]
        self.potential = potential = [known + farthest for known in potential]
        for vertex, moved in nearer:
            potential[vertex] = moved
        while last != first:
            before, l = came[last]
            self._turn(before // 2, last // 2, l)
            last = before
        self._find_relays()
        return potential[2 * goal + 1] - potential[first]

    def _search(self, first: int, last: int, most: float) -> tuple[dict[int, float], dict[int, tuple[int, int]]]:
        """Reduced weights until the last vertex is settled, and from where and by which link each vertex is reached.

        Of equals the one reached last is settled first: that leads straight to the goal.
        """
        link, unused, potential = self.weights.link, self.unused, self.potential
        neighbours, into = self.index.neighbours, self.into
        vertex = [2 * s if s in into else 2 * s + 1 for s in range(len(neighbours))]
        entered = [weight - potential[v] for weight, v in zip(self.entered, vertex, strict=True)]
        best, came, settled = {first: 0.0}, dict[int, tuple[int, int]](), set[int]()
        heap, reached = [(0.0, 0, first)], 0
        while heap:
            cost, _, here = heapq.heappop(heap)
            if here == last:
                break
            if here in settled:
                continue
            settled.add(here)
            s, outer = divmod(here, 2)
            base = cost + potential[here]
            steps = [(vertex[there], unused[l] + entered[there], l) for there, l in neighbours[s]] if outer else []
            if s in into:  # take back the link that enters this relay, and from its outer side the relay itself
                tail, l = into[s]
                back = -link[l] - (self.weights.site[s] if outer else 0.0)
                steps.append((2 * tail + 1, back - potential[2 * tail + 1], l))
            for there, weight, l in steps:
                total = base + weight
                if total < cost:  # by rounding
                    total = cost
                if total < most and total < best.get(there, math.inf):
                    best[there] = total
                    came[there] = (here, l)
                    reached -= 1
                    heapq.heappush(heap, (total, reached, there))
        return best, came

    def _turn(self, tail: int, head: int, l: int) -> None:
        if self.used.get(l) == (head, tail):
            del self.used[l]
            self.unused[l] = self.weights.link[l]
        else:
            self.used[l] = (tail, head)
            self.unused[l] = math.inf

    def _find_relays(self) -> None:
        goal, known = self.commodity.ends[1], self.into
        self.into = {head: (tail, l) for l, (tail, head) in self.used.items() if head != goal}
        for s in known.keys() ^ self.into.keys():
            self.entered[s] = 0.0 if s in self.into else self.weights.site[s]
        for s in self.into.keys() - known.keys():
            self.potential[2 * s] = self.potential[2 * s + 1] - self.weights.site[s]

    def paths(self) -> list[Path]:
        start, goal = self.commodity.ends
        leaving: dict[int, list[tuple[int, int]]] = {}
        for l, (tail, head) in sorted(self.used.items()):
            leaving.setdefault(tail, []).append((head, l))
        paths = []
        for _ in range(self.commodity.paths):
            here, links = start, []
            while here != goal:
                here, l = leaving[here].pop(0)
                links.append(l)
            paths.append(tuple(links))
        return sorted(paths, key=lambda path: (len(path), path))
