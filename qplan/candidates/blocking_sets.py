"""Ways of one corridor over QKD links that could be built, and what all of them take: exact graph arguments.

A set of sites, fibres, ducts or links of which every way takes one, smaller than the number of paths that must not
share them, proves that the corridor cannot be served: a minimum cut, by the corridor's level of disjointness.
"""

from __future__ import annotations

import math
from collections.abc import Collection
from copy import copy
from dataclasses import replace

import numpy as np

from qplan.candidates.arrays import CandidateArrays, Commodity
from qplan.candidates.paths import Path, exclusive_to_path, relays_of
from qplan.candidates.resources import Kind, Resource
from qplan.candidates.shortest_path import trace_back
from qplan.physics.key_rate import RATE_TOLERANCE

NAMED_FIRST = (Kind.SITE, Kind.DUCT, Kind.FIBRE, Kind.LINK)
MOST_WAYS = 100  # collected in search of a blocking set
MOST_CHOICES = 20_000  # of pieces for one blocking set
Pieces = frozenset[Resource]


class LinkWays:
    """Ways of a corridor over the links of an index that carry its demand, through sites that may relay."""

    def __init__(self, index: CandidateArrays, commodity: Commodity):
        self.index, self.commodity = index, commodity
        needed = np.ceil(commodity.demand_bps / index.rate_bps * (1 - RATE_TOLERANCE))
        self.too_slow = frozenset(np.flatnonzero(needed > index.max_count).tolist())

    def with_relay(self, site: str) -> LinkWays:
        """The same ways, with one more site as a possible relay."""
        wider = copy(self)
        permitted = self.commodity.permitted.copy()
        permitted[self.index.number[site]] = True
        wider.commodity = replace(self.commodity, permitted=permitted)
        return wider

    def fewest_links(self, barred: Collection[int] = (), limited: bool = True) -> Path | None:
        """A way with fewest links, none of them barred (breadth first); None where there is none.

        `limited` keeps to the corridor's `max_relays`.
        """
        (start, goal), permitted, neighbours = self.commodity.ends, self.commodity.permitted, self.index.neighbours
        most = self.commodity.most_links if limited and self.commodity.most_links is not None else math.inf
        barred = self.too_slow.union(barred)
        came: dict[int, tuple[int, int]] = {start: (start, -1)}
        layer, hops = [start], 0
        while layer and hops < most:
            hops += 1
            following = []
            for here in layer:
                for there, l in neighbours[here]:
                    if there not in came and permitted[there] and l not in barred:
                        came[there] = (here, l)
                        if there == goal:
                            return trace_back(came, start, goal)
                        following.append(there)
            layer = following
        return None

    def beyond(self, end: int) -> list[str]:
        """Sites that ways from an end lead to, in id order."""
        reached, stack = {end}, [end]
        while stack:
            for there, l in self.index.neighbours[stack.pop()]:
                if there not in reached and self.commodity.permitted[there] and l not in self.too_slow:
                    reached.add(there)
                    stack.append(there)
        return [self.index.sites[s] for s in sorted(reached - {end})]

    def relays(self, way: Path) -> list[str]:
        return [self.index.sites[s] for s in relays_of(self.index, self.commodity, way)]

    def blocking_set(self, most: int) -> Pieces | None:
        """At most so many pieces of which every way takes one, as few as possible; None where none were found.

        Implicit hitting sets (Karp & Moreno-Centeno 2013): a least set that meets all ways found so far either meets
        all ways, or there is a way without it, which joins them.
        """
        found: list[Pieces] = []
        for size in range(1, most + 1):
            while len(found) < MOST_WAYS and (pieces := _hitting_set(found, size)) is not None:
                way = self.fewest_links(self._users(pieces))
                if way is None:
                    return pieces
                found.append(self._pieces(way))
        return None

    def shared_by_all(self) -> list[Resource]:
        """Every piece that every single way takes, in the order of `NAMED_FIRST`."""
        way = self.fewest_links()
        common = sorted(() if way is None else self._pieces(way), key=_order)
        return [piece for piece in common if self.fewest_links(self._users([piece])) is None]

    def _pieces(self, way: Path) -> Pieces:
        return exclusive_to_path(self.index, self.commodity, way)

    def _users(self, pieces: Collection[Resource]) -> set[int]:
        """Links that take one of the pieces."""
        users = self.index.users(self.commodity.disjoint)
        return set().union(*(users[piece] for piece in pieces))


def addresses(pieces: Collection[Resource]) -> tuple[str, ...]:
    """`sites.x`, `ducts.d` and so on, in the order of `NAMED_FIRST`."""
    return tuple(piece.address for piece in sorted(pieces, key=_order))


def _order(piece: Resource) -> tuple[int, str]:
    return NAMED_FIRST.index(piece.kind), piece.id


def _hitting_set(ways: list[Pieces], most: int) -> Pieces | None:
    """At most so many pieces that meet all ways; None where there are none, or too many choices."""
    left = MOST_CHOICES
    stack: list[Pieces] = [frozenset()]
    while stack and left:
        left -= 1
        chosen = stack.pop()
        missed = next((way for way in ways if chosen.isdisjoint(way)), None)
        if missed is None:
            return chosen
        if len(chosen) < most:
            stack += [chosen | {piece} for piece in sorted(missed, key=_order, reverse=True)]
    return None
