"""A plan improved corridor by corridor: remove a corridor's paths, route it again, keep what is cheaper.

Every design on the way keeps all rules; limits on strands, room and counts are kept link by link. The search is
deterministic and stops on counts, never on the clock (a deadline only cuts it short).
"""

from __future__ import annotations

import math
import random
from collections import Counter
from collections.abc import Callable, Iterable

import numpy as np

from qplan.planning.indexed import Call, IndexedReach
from qplan.planning.paths import Path, Weights, find_paths, relays_of

PASSES = 6  # over all corridors, as long as one of them gains
RETRIES = 3  # paths asked for again after one of their links turned out not to fit
SHAKEN = 0.2  # share of the corridors that are routed anew at a time
GAIN = 1e-7  # relative; less is rounding
Stop = Callable[[], bool]


class Works:
    """What is built and who uses it, with the price of one more path; the state of a local search."""

    def __init__(self, index: IndexedReach):
        self.index = index
        self.paths: dict[str, list[Path]] = {}
        self.users: Counter[int] = Counter()  # paths over a link
        self.load_bps = np.zeros(len(index.links))
        self.count = np.zeros(len(index.links), dtype=np.int64)
        self.ended: Counter[int] = Counter()  # corridors that end at a site
        self.relayed: Counter[int] = Counter()  # paths that are relayed at a site
        self.taken = dict.fromkeys(index.stock, 0.0)  # by the systems installed

    @property
    def price(self) -> float:
        index = self.index
        nodes = sorted(self.ended.keys() | self.relayed.keys())
        relays = sorted(self.relayed)
        return float(index.link_price @ self.count + index.node_price[nodes].sum() + index.relay_price[relays].sum())

    def weights(self, call: Call, link_factor: np.ndarray | float = 1.0, site_factor: np.ndarray | float = 1.0) -> Weights:
        """What a path of the corridor would add, times a factor per link and site."""
        index = self.index
        needed = np.maximum(1, np.ceil((self.load_bps + call.demand_bps) / index.rate_bps * (1 - 1e-6)))
        more = np.maximum(needed - self.count, 0)
        link = more * index.link_price * link_factor
        link[needed > index.max_count] = math.inf
        for l in np.flatnonzero(index.limited & (more > 0) & (link < math.inf)):
            if not self._fits(int(l), int(more[l])):
                link[l] = math.inf
        nodes = np.zeros(len(index.sites), dtype=bool)
        nodes[list(self.ended.keys() | self.relayed.keys())] = True
        relays = np.zeros(len(index.sites), dtype=bool)
        relays[list(self.relayed)] = True
        site = (np.where(nodes, 0.0, index.node_price) + np.where(relays, 0.0, index.relay_price)) * site_factor
        return Weights(link.tolist(), site.tolist())

    def _fits(self, l: int, more: int) -> bool:
        index = self.index
        for name, each in index.takes[l]:
            free = index.stock[name] - self.taken[name]
            room, _, place = name.partition(" ")
            if room != "strands":
                s = index.number[place]
                free -= index.items_room(s, room, s in self.relayed)
            if each * more > free + 1e-9 * max(1.0, index.stock[name]):
                return False
        return True

    def add(self, call: Call, paths: list[Path]) -> bool:
        """Install the paths; says whether all limits are kept (else take them out again)."""
        self.paths[call.id] = paths
        self.ended.update(call.ends)
        for path in paths:
            self.users.update(path)
            self.relayed.update(relays_of(self.index, call, path))
        links = [l for path in paths for l in path]
        self._reload(links, call.demand_bps)
        return self._kept(call, links)

    def remove(self, call: Call) -> list[Path]:
        paths = self.paths.pop(call.id)
        _take(self.ended, call.ends)
        for path in paths:
            _take(self.users, path)
            _take(self.relayed, relays_of(self.index, call, path))
        self._reload([l for path in paths for l in path], -call.demand_bps)
        return paths

    def _reload(self, links: Iterable[int], demand_bps: float) -> None:
        index = self.index
        for l in links:
            self.load_bps[l] = self.load_bps[l] + demand_bps if self.users[l] else 0.0
            count = index.systems(l, float(self.load_bps[l])) if self.users[l] else 0
            for name, each in index.takes[l]:
                self.taken[name] += each * (count - int(self.count[l]))
            self.count[l] = count

    def _kept(self, call: Call, links: list[int]) -> bool:
        """Counts, strands and room at the links and at the sites that relay now."""
        index = self.index
        if any(self.count[l] > index.max_count[l] for l in links):
            return False
        touched = {name for l in links for name, _ in index.takes[l]}
        for name in touched:
            kind, _, place = name.partition(" ")
            taken = self.taken[name]
            if kind != "strands":
                s = index.number[place]
                taken += index.items_room(s, kind, s in self.relayed)
            if taken > index.stock[name] + 1e-9 * max(1.0, index.stock[name]):
                return False
        return True

    def route(
        self, call: Call, link_factor: np.ndarray | float = 1.0, site_factor: np.ndarray | float = 1.0,
        banned: frozenset[int] = frozenset(),
    ) -> bool:  # fmt: skip
        """Add the cheapest paths found for a corridor that has none; False where none were found that fit."""
        weights = self.weights(call, link_factor, site_factor).without(banned)
        for _ in range(RETRIES):
            paths = find_paths(self.index, call, weights)
            if paths is None:
                return False
            if self.add(call, paths):
                return True
            self.remove(call)
            new = [l for path in paths for l in path if weights.link[l] > 0]
            if not new:
                return False
            weights = weights.without([max(new, key=lambda l: (self.index.limited[l], weights.link[l], l))])
        return False


def _take(counter: Counter[int], items: Iterable[int]) -> None:
    counter.subtract(items)
    for item in set(items):
        if counter[item] <= 0:
            del counter[item]


def construct(
    index: IndexedReach, order: list[str], link_factor: np.ndarray | float, site_factor: np.ndarray | float
) -> Works | None:
    """Route one corridor after the other in the order given; None where one finds no paths that fit."""
    works = Works(index)
    for q in order:
        if not works.route(index.calls[q], link_factor, site_factor):
            return None
    return works


def improve(works: Works, stop: Stop) -> None:
    """Re-route single corridors, and clear single links and relays of all their corridors, until nothing gains."""
    for _ in range(PASSES):
        before = works.price
        for q in sorted(works.paths):
            if stop():
                return
            _again(works, [q], frozenset())
        for links in _clearances(works):
            if stop():
                return
            if all(works.users[l] for l in links):
                over = sorted(q for q, paths in works.paths.items() if any(l in links for path in paths for l in path))
                _again(works, over, links)
        if works.price > before * (1 - GAIN):
            return


def shake(works: Works, kicks: int, stop: Stop) -> None:
    """Large neighbourhood search: so many times, some corridors are routed anew in a random order (always alike).

    What does not gain after a local search is undone.
    """
    rng = random.Random(len(works.paths))
    for _ in range(kicks):
        if stop() or len(works.paths) < 2:
            return
        before, best = works.price, dict(works.paths)
        chosen = rng.sample(sorted(best), max(2, round(SHAKEN * len(best))))
        for q in chosen:
            works.remove(works.index.calls[q])
        if all([works.route(works.index.calls[q]) for q in chosen]):
            improve(works, stop)
        if len(works.paths) < len(best) or works.price >= before * (1 - GAIN):
            changed = [q for q in best if works.paths.get(q) != best[q]]
            for q in changed:
                if q in works.paths:
                    works.remove(works.index.calls[q])
            for q in changed:
                works.add(works.index.calls[q], best[q])


def _clearances(works: Works) -> list[frozenset[int]]:
    """Sets of links to do without: those that the same paths use, dearest first, then the links of each relay."""
    index = works.index
    users: dict[int, list[tuple[str, int]]] = {l: [] for l in sorted(works.users)}
    for q, paths in sorted(works.paths.items()):
        for i, path in enumerate(paths):
            for l in path:
                users[l].append((q, i))
    together: dict[tuple, set[int]] = {}
    for l, mine in users.items():
        together.setdefault(tuple(mine), set()).add(l)
    at: dict[int, set[int]] = {s: set() for s in sorted(works.relayed) if s not in works.ended}
    for l in users:
        for s in index.ends[l]:
            if s in at:
                at[s].add(l)
    dearest = sorted(together.values(), key=lambda links: (-sum(index.link_price[l] for l in links), min(links)))
    crossings = [links for links in at.values() if len(links) > 2]
    return [frozenset(links) for links in (*dearest, *crossings)]


def _again(works: Works, corridors: list[str], banned: frozenset[int]) -> bool:
    """Route the corridors anew without the banned links; undone unless it gains."""
    most = works.price * (1 - GAIN)
    calls = [works.index.calls[q] for q in corridors]
    old = {call.id: works.remove(call) for call in calls}
    done: list[Call] = []
    for call in calls:
        if not works.route(call, banned=banned):
            break
        done.append(call)
        if works.price >= most:
            break
    else:
        return True
    for call in done:
        works.remove(call)
    for call in calls:
        works.add(call, old[call.id])
    return False


def orders(index: IndexedReach, corridors: Iterable[str], count: int) -> list[list[str]]:
    """So many orders in which to route: many paths first, by demand, by id, backwards, then shuffled (always alike)."""
    names, calls = sorted(corridors), index.calls
    found = [sorted(names, key=lambda q: (-calls[q].demand_bps, q)), names, names[::-1]]
    rng = random.Random(len(names))
    while len(found) < count:
        found.append(rng.sample(names, len(names)))
    return [sorted(order, key=lambda q: -calls[q].paths) for order in found[:count]]
