"""Stretches exchanged: what several paths have in common is moved as one, at the price of all their demand together.

Moving one path after the other cannot see that what is dearer for each is cheaper for all. In Steiner trees the move
is known as the exchange of key paths (Voss 1992; Uchoa & Werneck 2010); here the paths have loads.
"""

from __future__ import annotations

from collections.abc import Callable

from qplan.candidates.arrays import Call
from qplan.candidates.cheapest_paths import find_paths
from qplan.candidates.disjoint_paths import keep_apart
from qplan.candidates.paths import Path, Weights, relays_of, sites_of, without_loops
from qplan.optimizer.heuristics.routing_state import GAIN, Stretch, Works

PASSES = 20  # over all stretches, as long as one of them gains


def exchange_stretches(works: Works, stop: Callable[[], bool]) -> None:
    """Replace stretches by cheaper ones until none is left that gains."""
    for _ in range(PASSES):
        before = works.price
        for stretch in _stretches(works):
            if stop():
                return
            if _in_use(works, stretch):
                _exchange(works, stretch)
        if works.price > before * (1 - GAIN):
            return


def _stretches(works: Works) -> list[Stretch]:
    """For the users of each link, dearest first, the links that they alone, and that they all have in common there."""
    index = works.index
    users: dict[int, set[tuple[str, int]]] = {l: set() for l in works.users}
    for q, paths in works.paths.items():
        for i, path in enumerate(paths):
            for l in path:
                users[l].add((q, i))
    found: dict[Stretch, None] = {}
    for l in sorted(users, key=lambda l: (-index.link_price[l] * works.count[l], l)):
        mine = frozenset(users[l])
        q, i = min(mine)
        path = works.paths[q][i]
        sites = sites_of(index, index.calls[q].ends[0], path)
        at = path.index(l)
        for common in ([users[m] == mine for m in path], [users[m] >= mine for m in path]):
            first, last = at, at + 1
            while first and common[first - 1]:
                first -= 1
            while last < len(path) and common[last]:
                last += 1
            ends, relays = (sites[first], sites[last]), tuple(sites[first + 1 : last])
            found[Stretch(tuple(sorted(mine)), path[first:last], ends, relays)] = None
    return list(found)


def _in_use(works: Works, stretch: Stretch) -> bool:
    """Its users still take it: a path without loops that takes its links takes them one after the other."""
    return all(set(stretch.links).issubset(works.paths[q][i]) for q, i in stretch.users)


def _exchange(works: Works, stretch: Stretch) -> bool:
    """Move the users to the cheapest other stretch; nothing changes unless that gains."""
    most = works.price * (1 - GAIN)
    works.lift(stretch)
    call = _joint_call(works, stretch)
    weights = _open_to_all(works, stretch, works.weights(call))
    found = find_paths(works.index, call, weights, most - works.price)
    works.lower(stretch)
    if found is None:
        return False
    new: dict[str, list[Path]] = {}
    for q, i in stretch.users:
        mine = new.setdefault(q, list(works.paths[q]))
        mine[i] = _moved(works, works.index.calls[q], mine[i], stretch, found[0])
    if not all(keep_apart(works.index, works.index.calls[q], paths) for q, paths in new.items()):
        return False
    return works.replace(new, most)


def _joint_call(works: Works, stretch: Stretch) -> Call:
    """All users as one corridor between the ends of the stretch."""
    calls = [works.index.calls[q] for q, _ in stretch.users]
    masks = list({id(call.permitted): call.permitted for call in calls}.values())
    permitted = masks[0] if len(masks) == 1 else [all(site) for site in zip(*masks, strict=True)]
    left = [
        call.most_links - len(works.paths[q][i]) + len(stretch.links)
        for call, (q, i) in zip(calls, stretch.users, strict=True)
        if call.most_links is not None
    ]
    demand_bps = sum(call.demand_bps for call in calls)
    return Call("", stretch.ends, demand_bps, 1, "relay", min(left, default=None), permitted)


def _open_to_all(works: Works, stretch: Stretch, weights: Weights) -> Weights:
    """Without the links that would touch another path of the same corridor."""
    index = works.index
    barred: set[int] = set()
    for q, i in stretch.users:
        call = index.calls[q]
        for other in (path for j, path in enumerate(works.paths[q]) if j != i):
            barred.update(other)
            taken = set().union(*(index.exclusive(l, call.disjoint) for l in other))
            taken |= {f"site {index.sites[s]}" for s in relays_of(index, call, other)}
            for resource in taken.difference(f"site {index.sites[end]}" for end in call.ends):
                barred |= index.users(call.disjoint)[resource]
    return weights.without(barred) if barred else weights


def _moved(works: Works, call: Call, path: Path, stretch: Stretch, links: Path) -> Path:
    """The path over other links between the ends of the stretch."""
    first = min(path.index(l) for l in stretch.links)
    along = sites_of(works.index, call.ends[0], path)[first] == stretch.ends[0]
    new = links if along else links[::-1]
    return without_loops(works.index, call, (*path[:first], *new, *path[first + len(stretch.links) :]))
