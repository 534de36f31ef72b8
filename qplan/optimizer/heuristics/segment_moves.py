"""Stretches exchanged: what several paths have in common is moved as one, at the price of all their demand together.

Moving one path after the other cannot see that what is dearer for each is cheaper for all. In Steiner trees the move
is known as the exchange of key paths (Voss 1992; Uchoa & Werneck 2010); here the paths have loads.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable

import numpy as np

from qplan.candidates.arrays import Commodity
from qplan.candidates.cheapest_paths import find_paths
from qplan.candidates.disjoint_paths import keep_apart
from qplan.candidates.paths import Path, Weights, exclusive_to_path, sites_of, without_loops
from qplan.optimizer.heuristics.routing_state import GAIN, RoutingState, Segment

PASSES = 20  # over all stretches, as long as one of them gains


class Tried:
    """Moves that gained nothing since the last that did: trying them again would not either."""

    def __init__(self) -> None:
        self.moves = set[tuple[Hashable, ...]]()

    def attempt(self, make: Callable[..., bool], state: RoutingState, *move: Hashable) -> None:
        if move in self.moves:
            return
        if make(state, *move):
            self.moves.clear()
        else:
            self.moves.add(move)


def exchange_segments(state: RoutingState, stop: Callable[[], bool], tried: Tried) -> None:
    """Replace stretches by cheaper ones until none is left that gains."""
    for _ in range(PASSES):
        before = state.price
        for segment in _segments(state):
            if stop():
                return
            if _in_use(state, segment):
                tried.attempt(_exchange, state, segment)
        if state.price >= before * (1 - GAIN):
            return


def _segments(state: RoutingState) -> list[Segment]:
    """For the users of each link, dearest first, the links that they alone, and that they all have in common there."""
    index = state.index
    used = np.flatnonzero(state.users)
    price = dict(zip(used.tolist(), index.price_of(used, state.count[used]).tolist(), strict=True))
    users: dict[int, set[tuple[str, int]]] = {l: set() for l in price}
    for q, paths in state.paths.items():
        for i, path in enumerate(paths):
            for l in path:
                users[l].add((q, i))
    found: dict[Segment, None] = {}
    for l in sorted(users, key=lambda l: (-price[l], l)):
        mine = frozenset(users[l])
        q, i = min(mine)
        path = state.paths[q][i]
        sites = sites_of(index, index.commodities[q].ends[0], path)
        at = path.index(l)
        for common in ([users[m] == mine for m in path], [users[m] >= mine for m in path]):
            first, last = at, at + 1
            while first and common[first - 1]:
                first -= 1
            while last < len(path) and common[last]:
                last += 1
            ends, relays = (sites[first], sites[last]), tuple(sites[first + 1 : last])
            found[Segment(tuple(sorted(mine)), path[first:last], ends, relays)] = None
    return list(found)


def _in_use(state: RoutingState, segment: Segment) -> bool:
    """Its users still take it: a path without loops that takes its links takes them one after the other."""
    return all(set(segment.links).issubset(state.paths[q][i]) for q, i in segment.users)


def _exchange(state: RoutingState, segment: Segment) -> bool:
    """Move the users to the cheapest other stretch; nothing changes unless that gains."""
    most, before = state.price * (1 - GAIN), state.copy()
    state.lift(segment)
    commodity = _join_users(state, segment)
    weights = _bar_others(state, segment, state.weights(commodity))
    found = find_paths(state.index, commodity, weights, most - state.price)
    state.become(before)
    if found is None:
        return False
    new: dict[str, list[Path]] = {}
    for q, i in segment.users:
        mine = new.setdefault(q, list(state.paths[q]))
        mine[i] = _move(state, state.index.commodities[q], mine[i], segment, found[0])
    if not all(keep_apart(state.index, state.index.commodities[q], paths) for q, paths in new.items()):
        return False
    return state.replace(new, most)


def _join_users(state: RoutingState, segment: Segment) -> Commodity:
    """All users as one corridor between the ends of the stretch."""
    commodities = [state.index.commodities[q] for q, _ in segment.users]
    masks = list({id(commodity.permitted): commodity.permitted for commodity in commodities}.values())
    permitted = masks[0] if len(masks) == 1 else [all(site) for site in zip(*masks, strict=True)]
    left = [
        commodity.most_links - len(state.paths[q][i]) + len(segment.links)
        for commodity, (q, i) in zip(commodities, segment.users, strict=True)
        if commodity.most_links is not None
    ]
    demand_bps = sum(commodity.demand_bps for commodity in commodities)
    return Commodity("", segment.ends, demand_bps, 1, "relay", min(left, default=None), permitted)


def _bar_others(state: RoutingState, segment: Segment, weights: Weights) -> Weights:
    """Without the links that would touch another path of the same corridor."""
    index = state.index
    barred: set[int] = set()
    for q, i in segment.users:
        commodity = index.commodities[q]
        for other in (path for j, path in enumerate(state.paths[q]) if j != i):
            barred.update(*map(index.users(commodity.disjoint).__getitem__, exclusive_to_path(index, commodity, other)))
    return weights.without(barred) if barred else weights


def _move(state: RoutingState, commodity: Commodity, path: Path, segment: Segment, links: Path) -> Path:
    """The path over other links between the ends of the stretch."""
    first = min(path.index(l) for l in segment.links)
    along = sites_of(state.index, commodity.ends[0], path)[first] == segment.ends[0]
    new = links if along else links[::-1]
    return without_loops(state.index, commodity, (*path[:first], *new, *path[first + len(segment.links) :]))
