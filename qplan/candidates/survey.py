"""Figures of the plant that every route needs, looked up once."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass

from qplan.candidates.model import Route, Standing
from qplan.inventory import plant
from qplan.inventory.model import Inventory, QkdSystem
from qplan.physics.bands import Band


@dataclass(frozen=True)
class RouteFigures:
    """A route, and what every system on it is held against."""

    route: Route
    loss_db: Mapping[Band, float | None]
    length_km: float | None
    known_length_km: float
    strands: int
    """Free on each of its fibres."""
    room: Mapping[plant.Room, float]
    """Rack units and W free for modules at each of its ends; infinite where unlimited."""

    def most_by_strands(self, system: QkdSystem) -> int:
        """How many systems the free strands hold."""
        return self.strands // system.strands

    def most_by_room(self, system: QkdSystem, room: plant.Room) -> float:
        """How many modules fit; infinite where unlimited."""
        left, each = self.room[room], getattr(system, room)
        if left < 0:
            return 0
        return math.floor(round(left / each, 9)) if each and left < math.inf else math.inf


class Survey:
    """Figures that every route needs, looked up once."""

    def __init__(self, inventory: Inventory, systems: Mapping[str, QkdSystem]):
        self.inventory = inventory
        self.systems = systems
        self.length = {f: plant.length_km(inventory, fibre) for f, fibre in inventory.fibres.items()}
        self.loss = {
            (f, band): plant.loss_db(inventory, fibre, band) for f, fibre in inventory.fibres.items() for band in Band
        }
        self.neighbours: dict[str, list[tuple[str, str]]] = defaultdict(list)
        for f, fibre in sorted(inventory.fibres.items()):
            if not fibre.amplified:
                a, b = fibre.ends
                self.neighbours[a].append((f, b))
                self.neighbours[b].append((f, a))
        items = inventory.equipment.node_items.values()
        self.node_items = {room: plant.items_room(items, room) for room in plant.ROOMS}
        relay_pairs = (set(c.ends) for c in inventory.corridors.values() if c.paths > 1 and c.disjoint == "relay")
        self.pairs_with_parallel_paths = {frozenset(ends) for ends in relay_pairs}
        self.farthest = {
            band: max((plant.max_loss_db(s) for s in systems.values() if plant.band_of(s) is band), default=-1.0)
            for band in Band
        }

    def route_loss_db(self, route: Route, band: Band) -> float | None:
        """Loss of the route with its patched sites and the margin; None where a fibre does not carry the band."""
        return plant.route_loss_db(self.inventory, (self.loss[f, band] for f in route.fibres), route.bypass_sites)

    def route_length_km(self, route: Route) -> float | None:
        if any(self.length[f] is None for f in route.fibres):
            return None
        return self.known_length_km(route)

    def known_length_km(self, route: Route) -> float:
        """Length with 0 km for every fibre whose length is not known."""
        return round(sum(self.length[f] or 0.0 for f in route.fibres), 9)

    def within_reach(self, route: Route) -> bool:
        """Some system could still work over the route, by loss alone (loss only grows along a route)."""
        losses = {band: self.route_loss_db(route, band) for band in Band}
        return any(loss is not None and loss <= self.farthest[band] for band, loss in losses.items())

    def measure(self, standing: Standing, route: Route) -> RouteFigures:
        """What the route gives to every system, beside what stays."""
        fibres, sites = self.inventory.fibres, self.inventory.sites
        left: dict[plant.Room, float] = {}
        for room in plant.ROOMS:
            stated = ((getattr(sites[end], room), standing.modules.get((end, room), 0.0)) for end in route.ends)
            rest = (round(free - (self.node_items[room] + taken), 9) for free, taken in stated if free is not None)
            left[room] = min(rest, default=math.inf)
        return RouteFigures(
            route,
            {band: self.route_loss_db(route, band) for band in Band},
            self.route_length_km(route),
            self.known_length_km(route),
            max(0, min(fibres[f].strands - standing.strands.get(f, 0) for f in route.fibres)),
            left,
        )
