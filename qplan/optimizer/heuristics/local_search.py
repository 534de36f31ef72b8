"""A plan improved: stretches exchanged, corridors routed anew, links and relays cleared; what is cheaper is kept.

Every design on the way keeps all rules; limits on strands, room and counts are kept link by link. The search is
deterministic and stops on counts, never on the clock (a deadline only cuts it short).
"""

from __future__ import annotations

import math
import random
from collections.abc import Callable, Iterable, Iterator

import numpy as np

from qplan.candidates.arrays import CandidateArrays
from qplan.optimizer.heuristics.routing_state import GAIN, RoutingState
from qplan.optimizer.heuristics.segment_moves import Tried, exchange_segments

PASSES = 6  # over all corridors, as long as one of them gains
HOPE = 0.01  # by how much a shaken plan may cost more than before after a pass to be improved further
TOLERATED = 0.003  # by how much it may cost more in the end to be shaken next
MOST_MOVED, FEW_MOVED = 2 / 3, 10  # links of more corridors, and more than a few, are not cleared: it hardly ever gains
LIKED = 0.1  # least share of the price of what a plan has that counts where it is shaken
Stop = Callable[[], bool]


def construct(
    index: CandidateArrays,
    order: list[str],
    link_factor: np.ndarray | float,
    site_factor: np.ndarray | float,
    stop: Stop = lambda: False,
) -> RoutingState | None:
    """Route one corridor after the other in the order given; None where one finds no paths that fit, or is stopped."""
    state = RoutingState(index)
    for q in order:
        if stop() or not state.route(index.commodities[q], link_factor, site_factor):
            return None
    return state


def improve(state: RoutingState, stop: Stop, most: float = math.inf) -> None:
    """Exchange stretches, re-route corridors, clear links and relays of all their corridors, until nothing gains.

    What costs more than `most` after a pass over all of them is given up.
    """
    tried = Tried()
    exchange_segments(state, stop, tried)
    for _ in range(PASSES):
        before = state.price
        for q in sorted(state.paths):
            if stop():
                return
            tried.attempt(_reroute, state, (q,), frozenset[int]())
        for links in _clearances(state):
            if stop():
                return
            if state.users[list(links)].all():
                over = tuple(q for q in sorted(state.paths) if any(l in links for path in state.paths[q] for l in path))
                if len(over) <= max(FEW_MOVED, MOST_MOVED * len(state.paths)):
                    tried.attempt(_reroute, state, over, links)
        exchange_segments(state, stop, tried)
        if state.price >= before * (1 - GAIN) or state.price > most:
            return


def perturb(state: RoutingState, rng: random.Random, kicks: int, stop: Stop) -> Iterator[RoutingState]:
    """Iterated local search: so many times all corridors are routed anew, with a random liking for what the plan has.

    Yields what costs less, or next to no more, and goes on from there.
    """
    index = state.index
    for _ in range(kicks):
        if stop():
            return
        link_factor, site_factor = np.ones(len(index.links)), np.ones(len(index.sites))
        for factor, used in ((link_factor, np.flatnonzero(state.users)), (site_factor, np.flatnonzero(state.relayed))):
            factor[used] = [rng.uniform(LIKED, 1.0) for _ in used]
        kicked = construct(index, rng.sample(sorted(state.paths), len(state.paths)), link_factor, site_factor, stop)
        if kicked is not None:
            improve(kicked, stop, state.price * (1 + HOPE))
            if kicked.price < state.price * (1 + TOLERATED):
                state = kicked
                yield state


def _clearances(state: RoutingState) -> list[frozenset[int]]:
    """Sets of links to do without: those that the same paths use, and those of a relay; dearest per corridor first."""
    index = state.index
    users: dict[int, list[tuple[str, int]]] = {l: [] for l in np.flatnonzero(state.users).tolist()}
    for q, paths in sorted(state.paths.items()):
        for i, path in enumerate(paths):
            for l in path:
                users[l].append((q, i))
    together: dict[tuple[tuple[str, int], ...], set[int]] = {}
    for l, mine in users.items():
        together.setdefault(tuple(mine), set()).add(l)
    at: dict[int, set[int]] = {s: set() for s in np.flatnonzero((state.relayed > 0) & (state.ended == 0)).tolist()}
    for l in users:
        for s in index.ends[l]:
            if s in at:
                at[s].add(l)
    crossings = [links for links in at.values() if len(links) > 2]

    def rank(links: frozenset[int]) -> tuple[float, int]:
        corridors = {q for l in links for q, _ in users[l]}
        return -sum(index.first_price[l] for l in sorted(links)) / len(corridors), min(links)

    return sorted(map(frozenset, (*together.values(), *crossings)), key=rank)


def _reroute(state: RoutingState, corridors: tuple[str, ...], banned: frozenset[int]) -> bool:
    """Route the corridors anew without the banned links, those with the most links first; undone unless it gains."""
    most, before = state.price * (1 - GAIN), state.copy()
    order = sorted(corridors, key=lambda q: (-sum(map(len, state.paths[q])), q))
    commodities = [state.index.commodities[q] for q in order]
    for commodity in commodities:
        state.remove(commodity)
    for commodity in commodities:
        if not state.route(commodity, banned=banned, most=most - state.price) or state.price >= most:
            state.become(before)
            return False
    return True


def orders(index: CandidateArrays, corridors: Iterable[str], count: int) -> list[list[str]]:
    """At most so many orders in which to route, each once.

    Many paths first, by demand, by id, backwards, then shuffled (always alike).
    """
    names, commodities = sorted(corridors), index.commodities
    found = [sorted(names, key=lambda q: (-commodities[q].demand_bps, q)), names, names[::-1]]
    rng = random.Random(len(names))
    while len(found) < count:
        found.append(rng.sample(names, len(names)))
    by_paths = (tuple(sorted(order, key=lambda q: -commodities[q].paths)) for order in found[:count])
    return [list(order) for order in dict.fromkeys(by_paths)]
