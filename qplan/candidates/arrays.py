"""The reach graph in integers and arrays, for searches that visit it thousands of times.

Sites and links are numbered in id order, so that ties resolve the same way every time.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass

import numpy as np

from qplan.candidates.model import CandidateGraph, systems_needed
from qplan.candidates.prices import Prices
from qplan.inventory import plant
from qplan.inventory.model import Corridor, Inventory


@dataclass(frozen=True)
class Commodity:
    """A corridor in integers: what its paths must keep to."""

    id: str
    ends: tuple[int, int]
    demand_bps: float
    paths: int
    disjoint: str
    most_links: int | None
    """On one path; None where there is no limit."""
    permitted: list[bool]
    """Per site: an end of the corridor or a possible relay; corridors with the same sites have one list."""


class CandidateArrays:
    """Links, sites and limits of a reach graph as lists and arrays (per link or per site unless said otherwise)."""

    def __init__(self, inventory: Inventory, candidates: CandidateGraph, prices: Prices):
        self.inventory, self.links = inventory, candidates.links
        nodes = {s for link in candidates.links for s in link.route.ends}
        self.sites = sorted(nodes.union(*(c.ends for c in inventory.corridors.values())))
        self.number = {s: i for i, s in enumerate(self.sites)}
        self.ends = [(self.number[a], self.number[b]) for a, b in (link.route.ends for link in candidates.links)]
        self.link_price = np.array([prices.link.get(link.id, 0.0) for link in candidates.links])
        self.node_price = np.array([prices.node.get(s, 0.0) for s in self.sites])
        self.relay_price = np.array([prices.relay.get(s, 0.0) for s in self.sites])
        self.rate_bps = np.array([link.key_rate_bps for link in candidates.links])
        self.max_count = np.array([link.max_count for link in candidates.links], dtype=np.int64)
        self.neighbours: list[list[tuple[int, int]]] = [[] for _ in self.sites]
        for l, (a, b) in enumerate(self.ends):
            self.neighbours[a].append((b, l))
            self.neighbours[b].append((a, l))
        self._permitted: dict[frozenset[str], list[bool]] = {}
        self.commodities = {
            q: self._commodity(q, corridor, candidates) for q, corridor in sorted(inventory.corridors.items())
        }
        self._taken: dict[tuple[int, str], frozenset[str]] = {}
        self._users: dict[str, dict[str, frozenset[int]]] = {}
        self._limits()

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

    def _limits(self) -> None:
        """What links take from limited stocks: strands of a fibre, room at a site; only stocks that can run out."""
        taken: dict[str, list[tuple[int, float]]] = defaultdict(list)
        stock: dict[str, float] = {}
        equipment = self.inventory.equipment
        for l, link in enumerate(self.links):
            for f in link.route.fibres:
                taken[f"strands {f}"].append((l, float(link.strands)))
                stock[f"strands {f}"] = self.inventory.fibres[f].strands
            for s in link.route.ends:
                for room in ("rack_units", "power_w"):
                    if (free := getattr(self.inventory.sites[s], room)) is not None:
                        taken[f"{room} {s}"].append((l, getattr(equipment.qkd_systems[link.system], room)))
                        stock[f"{room} {s}"] = free
        self.stock: dict[str, float] = {}
        self.takes: list[list[tuple[str, float]]] = [[] for _ in self.links]
        for name, entries in taken.items():
            room_at = name.split(" ", 1)[0] != "strands"
            if room_at or sum(each * int(self.max_count[l]) for l, each in entries) > stock[name]:
                self.stock[name] = stock[name]
                for l, each in entries:
                    self.takes[l].append((name, each))
        self.limited = np.array([bool(entries) for entries in self.takes], dtype=bool)

    def items_room(self, s: int, room: plant.Room, relays: bool) -> float:
        """Room that node items, and relay items at a relay that is not `existing`, take at a QKD node."""
        return plant.items_room(plant.items_at(self.inventory, self.sites[s], relays=relays), room)

    def exclusive(self, l: int, disjoint: str) -> frozenset[str]:
        """What the link takes that no other path of a corridor may take, besides its relays and the link itself."""
        if disjoint == "relay":
            return frozenset()
        known = self._taken.get((l, disjoint))
        if known is None:
            route = self.links[l].route
            found = {f"fibre {f}" for f in route.fibres} | {f"site {s}" for s in route.bypass_sites}
            if disjoint == "duct":
                found |= {f"duct {d}" for f in route.fibres for d in self.inventory.fibres[f].ducts}
            known = self._taken[l, disjoint] = frozenset(found)
        return known

    def users(self, disjoint: str) -> dict[str, frozenset[int]]:
        """For every fibre, duct and site the links that use it exclusively, those that end at the site among them."""
        if disjoint not in self._users:
            found: dict[str, set[int]] = defaultdict(set)
            for l, ends in enumerate(self.ends):
                for resource in (*self.exclusive(l, disjoint), *(f"site {self.sites[s]}" for s in ends)):
                    found[resource].add(l)
            self._users[disjoint] = {resource: frozenset(links) for resource, links in found.items()}
        return self._users[disjoint]

    def systems(self, l: int, load_bps: float) -> int:
        return systems_needed(load_bps, float(self.rate_bps[l]))
