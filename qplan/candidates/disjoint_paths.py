"""Several disjoint paths at least added price, by augmentation (Suurballe 1974; Bhandari 1999)."""

from __future__ import annotations

import heapq
import math
from collections.abc import Iterable

import numpy as np
from scipy.sparse.csgraph import dijkstra

from qplan.candidates.arrays import CandidateArrays, Commodity
from qplan.candidates.paths import Path, Weights, exclusive_to_path, relays_of
from qplan.candidates.resource_usage import SLACK
from qplan.candidates.resources import Resource

MOST_CONFLICTS = 16  # sets of paths looked at, cheapest first, for one that shares no fibre, patched site or duct
MOST_DEEPER = 48  # further sets, those for which most conflicts have been settled first
TOLLS = (0.0, 0.25, 1.0, 4.0)  # of the mean weight of a link, on every link


def disjoint_paths(index: CandidateArrays, commodity: Commodity, weights: Weights, most: float) -> list[Path] | None:
    """A cheap set of paths whose fibres, patched sites and ducts are apart: a search over banned links.

    Where relays are limited and the paths are too long, every link is dearer by a toll, more and more, before links of
    such paths are banned.
    """
    if commodity.most_links is None:
        return _search(index, commodity, weights, most, ban_links_of_long=False)
    usual = weights.link[np.isfinite(weights.link)]
    for toll in TOLLS if usual.size else ():
        extra = toll * max(float(usual.mean()), 1.0)
        dearer = Weights(weights.link + extra, weights.site)
        room = most + extra * commodity.most_links * commodity.paths
        found = _search(index, commodity, dearer, room, ban_links_of_long=toll == TOLLS[-1])
        if found is not None and _price(index, commodity, weights, found) < most:
            return found
    return None


def _price(index: CandidateArrays, commodity: Commodity, weights: Weights, paths: list[Path]) -> float:
    """The weight of links and relays of all paths."""
    links = [float(weights.link[l]) for path in paths for l in path]
    relays = [float(weights.site[s]) for path in paths for s in relays_of(index, commodity, path)]
    return math.fsum([*links, *relays])


def _search(
    index: CandidateArrays, commodity: Commodity, weights: Weights, most: float, ban_links_of_long: bool
) -> list[Path] | None:
    """A cheap set of paths that are apart; where the first such are too long, their links are banned, or none is given.

    Of the sets tried the cheapest is looked at first; once that has taken too long, the cheapest of those for which
    most conflicts have been settled.
    """
    left = _weight_left(index, commodity, weights, most)
    tried: list[tuple[float, int, int, list[Path], frozenset[int]]] = []  # price, −conflicts settled, number, …
    seen = {frozenset[int]()}

    def propose(banned: frozenset[int], settled: int) -> None:
        residual = _Residual(index, commodity, weights.without(banned), left)
        if residual.fill(most):
            tried.append((residual.price, -settled, len(seen), residual.paths(), banned))

    propose(frozenset(), 0)
    for turn in range(MOST_CONFLICTS + MOST_DEEPER):
        if not tried:
            return None
        best = min(tried, key=lambda entry: entry[:3] if turn < MOST_CONFLICTS else (entry[1], entry[0], entry[2]))
        tried.remove(best)
        _, less_settled, _, paths, banned = best
        clash = _conflict(index, commodity, paths)
        if clash is None:
            long = _too_long(commodity, paths)
            if long is None:
                return paths
            if not ban_links_of_long:
                return None
            clash = tuple(frozenset([l]) for l in long)
        for links in clash:
            fewer = banned.union(links)
            if fewer not in seen:
                seen.add(fewer)
                propose(fewer, 1 - less_settled)
    return None


def keep_apart(index: CandidateArrays, commodity: Commodity, paths: list[Path]) -> bool:
    """The paths are within the limit on relays, and as disjoint as the corridor asks."""
    taken = [exclusive_to_path(index, commodity, path) for path in paths]
    return _too_long(commodity, paths) is None and _are_apart(taken)


def _too_long(commodity: Commodity, paths: list[Path]) -> Path | None:
    """The first path with more links than the limit on relays permits."""
    most = math.inf if commodity.most_links is None else commodity.most_links
    return next((path for path in paths if len(path) > most), None)


def _are_apart(taken: list[frozenset[Resource]]) -> bool:
    return len(frozenset[Resource]().union(*taken)) == sum(len(one) for one in taken)


def _conflict(index: CandidateArrays, commodity: Commodity, paths: list[Path]) -> tuple[frozenset[int], ...] | None:
    """Sets of links, each of which removes a conflict when banned; None where the paths may stand side by side.

    Of a fibre, patched site or duct that two paths use, either the one or the other keeps its links.
    """
    if commodity.disjoint == "relay":  # paths by augmentation share no link and no relay
        return None
    taken = [exclusive_to_path(index, commodity, path) for path in paths]
    if _are_apart(taken):
        return None
    users, owners = index.users(commodity.disjoint), dict[Resource, int]()
    for i, (path, resources) in enumerate(zip(paths, taken, strict=True)):
        for resource in sorted(resources):
            owner = owners.setdefault(resource, i)
            if owner != i:
                return users[resource].difference(paths[owner]), users[resource].difference(path)
    return None


def _weight_left(index: CandidateArrays, commodity: Commodity, weights: Weights, most: float) -> np.ndarray:
    """Per site the weight of the cheapest way from there to the corridor's second end, beyond the site itself.

    Infinite where that is far more than `most`, or there is no way.
    """
    start, goal = commodity.ends
    permitted = np.array(commodity.permitted)
    site = np.where(permitted, weights.site, np.inf)
    site[start], site[goal] = np.inf, 0.0
    backwards = index.pairs.least(weights.link[index.pairs.link] + site[index.pairs.tail])
    return np.where(permitted, dijkstra(backwards, indices=goal, limit=most * (1 + SLACK)), np.inf)


class _Residual:
    """The residual node-split graph of the paths so far, with potentials that keep its weights from being negative.

    Site s has an inner vertex 2s, entered by links, and an outer vertex 2s + 1, left by links. At a site on no path
    the two are passed in one step. No way to the corridor's second end is shorter than what is `left` per site.
    """

    def __init__(self, index: CandidateArrays, commodity: Commodity, weights: Weights, left: np.ndarray):
        self.index, self.commodity = index, commodity
        site = weights.site.copy()
        site[commodity.ends[1]] = 0.0
        self.link, self.site = weights.link.tolist(), site.tolist()
        self.used: dict[int, tuple[int, int]] = {}  # link -> (tail, head)
        self.unused = self.link.copy()  # weights of links on no path
        self.into: dict[int, tuple[int, int]] = {}  # relay on a path -> (tail, link) by which the path enters it
        self.potential: list[float] = np.column_stack([-site - left, -left]).ravel().tolist()
        self.entry = list(range(1, 2 * len(site), 2))  # per site the vertex that links lead to
        self.entered = (site + left).tolist()  # the reduced weight of entering it

    def fill(self, most: float) -> bool:
        """k paths of least total weight, less than `most`, that share no link and no relay, if there are any.

        By k augmenting paths: none is shorter than the one before, which limits how far it is worth searching.
        """
        for more in range(self.commodity.paths, 0, -1):
            added = self._augment(most / more)
            if added is None:
                return False
            most -= added
        return True

    def _augment(self, most: float) -> float | None:
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
        nearer = [(vertex, cost) for vertex, cost in best.items() if cost < best[last]]
        for vertex, cost in nearer:
            potential[vertex] += cost - best[last]
        turned = {vertex // 2 for vertex, _ in nearer}
        while last != first:
            turned.add(last // 2)
            before, l = came[last]
            self._turn(before // 2, last // 2, l)
            last = before
        self._find_relays(turned)
        return potential[2 * goal + 1] - potential[first]

    def _search(self, first: int, last: int, most: float) -> tuple[dict[int, float], dict[int, tuple[int, int]]]:
        """Reduced weights until the last vertex is settled, and from where and by which link each vertex is reached.

        Of equals the one reached last is settled first: that leads straight to the goal.
        """
        unused, potential, entry, entered = self.unused, self.potential, self.entry, self.entered
        neighbours, into = self.index.neighbours, self.into
        best, came = {first: 0.0}, dict[int, tuple[int, int]]()
        heap, reached = [(0.0, 0, first)], 0
        while heap:
            cost, _, here = heapq.heappop(heap)
            if here == last:
                break
            if cost > best[here]:
                continue
            s, outer = divmod(here, 2)
            base = cost + potential[here]
            steps = [
                (entry[there], total, l)
                for there, l in (neighbours[s] if outer else ())
                if (total := base + (unused[l] + entered[there])) < most
            ]
            if s in into:  # take back the link that enters this relay, and from its outer side the relay itself
                tail, l = into[s]
                back = -self.link[l] - (self.site[s] if outer else 0.0)
                steps.append((2 * tail + 1, base + (back - potential[2 * tail + 1]), l))
            for there, total, l in steps:
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
            self.unused[l] = self.link[l]
        else:
            self.used[l] = (tail, head)
            self.unused[l] = math.inf

    def _find_relays(self, changed: Iterable[int]) -> None:
        """Which sites are on a path now, and what entering weighs at those where anything has changed."""
        goal, known = self.commodity.ends[1], self.into
        self.into = {head: (tail, l) for l, (tail, head) in self.used.items() if head != goal}
        for s in self.into.keys() - known.keys():
            self.potential[2 * s] = self.potential[2 * s + 1] - self.site[s]
        for s in changed:
            relays = s in self.into
            self.entry[s] = 2 * s if relays else 2 * s + 1
            self.entered[s] = (0.0 if relays else self.site[s]) - self.potential[self.entry[s]]

    @property
    def price(self) -> float:
        """The weight of links and relays of all paths."""
        return math.fsum([*(self.link[l] for l in self.used), *(self.site[s] for s in self.into)])

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
