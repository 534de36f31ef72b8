"""A plan improved: stretches exchanged, corridors routed anew, links and relays cleared; what is cheaper is kept.

Every design on the way keeps all rules; limits on strands, room and counts are kept link by link. The search is
deterministic and stops on counts, never on the clock (a deadline only cuts it short).
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterable, Iterator

import numpy as np

from qplan.candidates.arrays import IndexedReach
from qplan.optimizer.heuristics.routing_state import GAIN, Works
from qplan.optimizer.heuristics.segment_moves import exchange_stretches

PASSES = 6  # over all corridors, as long as one of them gains
LIKED = 0.1  # least share of the price of what a plan has that counts where it is shaken
Stop = Callable[[], bool]


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
    """Exchange stretches, re-route corridors, clear links and relays of all their corridors, until nothing gains."""
    for _ in range(PASSES):
        before = works.price
        exchange_stretches(works, stop)
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


def shaken(works: Works, kicks: int, stop: Stop) -> Iterator[Works]:
    """Iterated local search: so many times all corridors are routed anew, with a random liking for what the best has.

    Yields the better ones. Random numbers are always alike.
    """
    index, rng = works.index, random.Random(len(works.paths))
    for _ in range(kicks):
        if stop():
            return
        link_factor, site_factor = np.ones(len(index.links)), np.ones(len(index.sites))
        for factor, used in ((link_factor, sorted(works.users)), (site_factor, sorted(works.relayed))):
            factor[used] = [rng.uniform(LIKED, 1.0) for _ in used]
        kicked = construct(index, rng.sample(sorted(works.paths), len(works.paths)), link_factor, site_factor)
        if kicked is not None:
            improve(kicked, stop)
            if kicked.price < works.price * (1 - GAIN):
                works = kicked
                yield works


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
    for call in calls:
        if not works.route(call, banned=banned, most=most - works.price) or works.price >= most:
            works.put_back(old)
            return False
    return True


def orders(index: IndexedReach, corridors: Iterable[str], count: int) -> list[list[str]]:
    """So many orders in which to route: many paths first, by demand, by id, backwards, then shuffled (always alike)."""
    names, calls = sorted(corridors), index.calls
    found = [sorted(names, key=lambda q: (-calls[q].demand_bps, q)), names, names[::-1]]
    rng = random.Random(len(names))
    while len(found) < count:
        found.append(rng.sample(names, len(names)))
    return [sorted(order, key=lambda q: -calls[q].paths) for order in found[:count]]
