"""The reach graph in integers and arrays, for searches that visit it thousands of times.

Sites and links are numbered in id order, so that ties resolve the same way every time.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from scipy.sparse import csr_array
from scipy.sparse.csgraph import dijkstra

from qplan.candidates.model import CandidateGraph
from qplan.candidates.prices import LinkPrice, Prices
from qplan.candidates.resources import Disjointness, Kind, Resource, exclusive_to_link, find_takers
from qplan.inventory import plant
from qplan.inventory.model import Corridor, Inventory
from qplan.inventory.plant import Room
from qplan.physics.key_rate import RATE_TOLERANCE

ROOMS: dict[Kind, Room] = {Kind.RACK_UNITS: "rack_units", Kind.POWER: "power_w"}  # that a site may be short of


@dataclass(frozen=True)
class Commodity:
    """A corridor in integers: what its paths must keep to."""

    id: str
    ends: tuple[int, int]
    demand_bps: float
    paths: int
    disjoint: Disjointness
    most_links: int | None
    """On one path; None where there is no limit."""
    permitted: list[bool]
    """Per site: an end of the corridor or a possible relay; corridors with the same sites have one list."""


@dataclass(frozen=True)
class NeighbourPairs:
    """The links in both directions, as arcs in the order of the pairs of sites that they join."""

    link: np.ndarray
    tail: np.ndarray
    first: np.ndarray
    """The first arc of each pair."""
    head: np.ndarray
    """Of each pair."""
    of_site: np.ndarray
    """The first pair of each tail, and the number of pairs."""

    def least(self, weight: np.ndarray) -> csr_array:
        """From site to site the least weight of the arcs between them."""
        data = np.minimum.reduceat(weight, self.first) if len(weight) else weight
        return csr_array((data, self.head, self.of_site), shape=(len(self.of_site) - 1,) * 2)


class CandidateArrays:
    """Links, sites and limits of a reach graph as lists and arrays (per link or per site unless said otherwise)."""

    def __init__(self, inventory: Inventory, candidates: CandidateGraph, prices: Prices):
        self.inventory, self.links = inventory, candidates.links
        nodes = {s for link in candidates.links for s in link.route.ends}
        self.sites = sorted(nodes.union(*(c.ends for c in inventory.corridors.values())))
        self.number = {s: i for i, s in enumerate(self.sites)}
        self.site_resource = [Resource(Kind.SITE, s) for s in self.sites]
        self.link_resource = [Resource(Kind.LINK, link.id) for link in candidates.links]
        self.ends = [(self.number[a], self.number[b]) for a, b in (link.route.ends for link in candidates.links)]
        self.standing = candidates.standing
        self.first_price = np.array([prices.first(link) for link in candidates.links])
        priced = [prices.link.get(link.id, LinkPrice()) for link in candidates.links]
        self.bought_price = np.array([price.bought for price in priced])
        self.held_price = np.array([price.held for price in priced])
        self.used_price = np.array([price.used for price in priced])
        self.extended_price = np.array([price.extended for price in priced])
        self.existing = np.array([link.existing for link in candidates.links], dtype=np.int64)
        self.kept = np.array([link.existing if link.kept else 0 for link in candidates.links], dtype=np.int64)
        self.alike = not (self.existing.any() or self.used_price.any() or self.extended_price.any())
        """No link is there, and the first system on a link costs what any other does."""
        self.fibre_price = prices.fibre
        self.node_price = np.array([prices.node.get(s, 0.0) for s in self.sites])
        self.relay_price = np.array([prices.relay.get(s, 0.0) for s in self.sites])
        self.rate_bps = np.array([link.key_rate_bps for link in candidates.links])
        self.max_count = np.array([link.max_count for link in candidates.links], dtype=np.int64)
        self.neighbours: list[list[tuple[int, int]]] = [[] for _ in self.sites]
        for l, (a, b) in enumerate(self.ends):
            self.neighbours[a].append((b, l))
            self.neighbours[b].append((a, l))
        self._links_left: dict[int, list[float]] = {}
        self._permitted: dict[frozenset[str], list[bool]] = {}
        self.commodities = {
            q: self._commodity(q, corridor, candidates) for q, corridor in sorted(inventory.corridors.items())
        }
        self._exclusive: dict[str, list[frozenset[Resource]]] = {}
        self._users: dict[str, dict[Resource, frozenset[int]]] = {}
        self._items: dict[tuple[Resource, bool], float] = {}
        self._find_stocks()

    def _commodity(self, q: str, corridor: Corridor, candidates: CandidateGraph) -> Commodity:
        sites = candidates.usability.permitted[q]
        if sites not in self._permitted:
            self._permitted[sites] = [s in sites for s in self.sites]
        first, second = (self.number[end] for end in corridor.ends)
        most_links = None if corridor.max_relays is None else corridor.max_relays + 1
        permitted = self._permitted[sites]
        return Commodity(
            q, (first, second), corridor.demand_bps, corridor.paths, corridor.disjoint, most_links, permitted
        )

    @cached_property
    def pairs(self) -> NeighbourPairs:
        """For searches in compiled code."""
        ends = np.array(self.ends, dtype=np.int64).reshape(-1, 2)
        tail, head = ends.T.ravel(), ends[:, ::-1].T.ravel()
        order = np.lexsort((head, tail))
        tail, head = tail[order], head[order]
        first = np.flatnonzero(np.diff(tail, prepend=-1) | np.diff(head, prepend=-1))
        of_site = np.searchsorted(tail[first], np.arange(len(self.sites) + 1))
        return NeighbourPairs(np.tile(np.arange(len(ends)), 2)[order], tail, first, head[first], of_site)

    def links_left(self, goal: int) -> list[float]:
        """Per site the fewest links on a way from there to the goal, infinite where there is none."""
        if goal not in self._links_left:
            joined = self.pairs.least(np.ones(len(self.pairs.link)))
            self._links_left[goal] = dijkstra(joined, indices=goal, unweighted=True).tolist()
        return self._links_left[goal]

    def price_of(self, links: np.ndarray, count: np.ndarray) -> np.ndarray:
        """What so many systems in use cost on each of some links."""
        if self.alike:
            return np.asarray(count * self.bought_price[links])
        held = np.minimum(count, self.existing[links])
        bought = count - held
        systems = held * self.held_price[links] + bought * self.bought_price[links]
        price: np.ndarray = systems + self.used_price[links] * (count > 0) + self.extended_price[links] * (bought > 0)
        return price

    def price_more(self, before: np.ndarray, after: np.ndarray) -> np.ndarray:
        """What as many or more systems in use cost in addition, per link."""
        if self.alike:
            return np.asarray((after - before) * self.bought_price)
        held = np.minimum(before, self.existing), np.minimum(after, self.existing)
        bought = before - held[0], after - held[1]
        systems = (bought[1] - bought[0]) * self.bought_price + (held[1] - held[0]) * self.held_price
        used = self.used_price * ((after > 0) & (before == 0))
        price: np.ndarray = systems + used + self.extended_price * ((bought[1] > 0) & (bought[0] == 0))
        return price

    def _find_stocks(self) -> None:
        """What links take from stocks that can run out: strands of a fibre, rack units and power at a site."""
        taken: dict[Resource, list[tuple[int, float]]] = defaultdict(list)
        stock: dict[Resource, float] = {}
        for l, link in enumerate(self.links):
            for f in link.route.fibres:
                taken[place := Resource(Kind.STRANDS, f)].append((l, float(link.strands)))
                stock[place] = self.inventory.fibres[f].strands - self.standing.strands.get(f, 0)
            system = self.inventory.equipment.qkd_systems[link.system]
            for s in link.route.ends:
                for kind, room in ROOMS.items():
                    if (free := getattr(self.inventory.sites[s], room)) is not None:
                        taken[place := Resource(kind, s)].append((l, getattr(system, room)))
                        stock[place] = free - self.standing.modules.get((s, room), 0.0)
        self.stock: dict[Resource, float] = {}
        self.takes: list[list[tuple[Resource, float]]] = [[] for _ in self.links]
        for resource, entries in taken.items():
            most = sum(each * max(0, int(self.max_count[l] - self.kept[l])) for l, each in entries)
            if resource.kind in ROOMS or most > stock[resource]:
                self.stock[resource] = stock[resource]
                for l, each in entries:
                    self.takes[l].append((resource, each))
        self.limited = np.array([bool(entries) for entries in self.takes], dtype=bool)

    def left(self, resource: Resource, taken: float, relays: bool) -> float:
        """What systems that take so much leave of a stock, at a site beside the items of the node (and the relay)."""
        if resource.kind not in ROOMS:
            return self.stock[resource] - taken
        key = resource, relays
        if key not in self._items:
            items = plant.items_at(self.inventory, resource.id, relays=relays)
            self._items[key] = plant.items_room(items, ROOMS[resource.kind])
        return self.stock[resource] - taken - self._items[key]

    def exclusive(self, disjoint: Disjointness) -> list[frozenset[Resource]]:
        """What each link takes that no other path of a corridor may take, besides its relays and the link itself."""
        if disjoint not in self._exclusive:
            self._exclusive[disjoint] = [exclusive_to_link(self.inventory, link, disjoint) for link in self.links]
        return self._exclusive[disjoint]

    def users(self, disjoint: Disjointness) -> dict[Resource, frozenset[int]]:
        """For everything that paths may have to share the links that take it, those that end at a site among them."""
        if disjoint not in self._users:
            themselves = [[resource] for resource in self.link_resource]
            taken = themselves if disjoint == "relay" else self.exclusive(disjoint)
            self._users[disjoint] = find_takers(self.links, taken)
        return self._users[disjoint]

    def systems_on(self, links: np.ndarray | slice, load_bps: np.ndarray) -> np.ndarray:
        """The parallel systems that carry loads on some links, as `systems_needed` counts them."""
        needed: np.ndarray = np.maximum(1, np.ceil(load_bps / self.rate_bps[links] * (1 - RATE_TOLERANCE)))
        return needed
