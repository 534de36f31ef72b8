"""What is built and who uses it, with the price of one more path: the state of a local search."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Mapping
from copy import copy
from dataclasses import dataclass

import numpy as np

from qplan.candidates.arrays import ROOMS, CandidateArrays, Commodity
from qplan.candidates.cheapest_paths import find_paths
from qplan.candidates.paths import Path, Weights, relays_of
from qplan.candidates.resource_usage import SLACK
from qplan.candidates.resources import Resource

GAIN = 1e-7  # relative; less is rounding
RETRIES = 3  # paths asked for again after one of their links turned out not to fit


@dataclass(frozen=True)
class Segment:
    """Links one after the other that some paths, each given by its corridor and its place there, have in common."""

    users: tuple[tuple[str, int], ...]
    links: Path
    ends: tuple[int, int]
    relays: tuple[int, ...]  # between the links


class RoutingState:
    """Paths of corridors, and the links, nodes and relays that these ask for."""

    def __init__(self, index: CandidateArrays):
        self.index = index
        self.paths: dict[str, list[Path]] = {}
        self.users = np.zeros(len(index.links), dtype=np.int64)  # paths over a link
        self.load_bps = np.zeros(len(index.links))
        self.count = np.zeros(len(index.links), dtype=np.int64)
        self.ended = np.zeros(len(index.sites), dtype=np.int64)  # corridors that end at a site
        self.relayed = np.zeros(len(index.sites), dtype=np.int64)  # paths that are relayed at a site
        self.fibres: Counter[str] = Counter()  # links in use over a fibre, where its use has a price
        self.taken = dict.fromkeys(index.stock, 0.0)  # by the systems installed

    @property
    def price(self) -> float:
        index = self.index
        nodes, relays = np.flatnonzero(self.ended + self.relayed), np.flatnonzero(self.relayed)
        links = np.flatnonzero(self.users)
        systems = index.price_of(links, self.count[links]).sum()
        fibres = sum(index.fibre_price[f] for f in sorted(self.fibres)) if index.fibre_price else 0.0
        return float(systems + fibres + index.node_price[nodes].sum() + index.relay_price[relays].sum())

    def weights(
        self, commodity: Commodity, link_factor: np.ndarray | float = 1.0, site_factor: np.ndarray | float = 1.0
    ) -> Weights:
        """What a path of the corridor would add, times a factor per link and site."""
        index = self.index
        needed = np.maximum(index.systems_on(slice(None), self.load_bps + commodity.demand_bps), self.count)
        added = index.price_more(self.count, needed)
        if index.fibre_price:
            added += self._unlit_prices()
        link = added * link_factor
        link[needed > index.max_count] = math.inf
        more = needed - self.count
        if not index.alike:
            more = np.maximum(needed - index.kept, 0) - np.maximum(self.count - index.kept, 0)
        for l in np.flatnonzero(index.limited & (more > 0) & (link < math.inf)):
            if not self._fits(int(l), int(more[l])):
                link[l] = math.inf
        node_price = np.where(self.ended + self.relayed > 0, 0.0, index.node_price)
        relay_price = np.where(self.relayed > 0, 0.0, index.relay_price)
        return Weights(link, (node_price + relay_price) * site_factor)

    def _unlit_prices(self) -> np.ndarray:
        """What the fibres of each link cost that no link uses yet."""
        unlit = {f: price for f, price in self.index.fibre_price.items() if f not in self.fibres}
        return np.array([sum(unlit.get(f, 0.0) for f in link.route.fibres) for link in self.index.links])

    def _fits(self, l: int, more: int) -> bool:
        """So many more systems on the link find strands and room."""
        return all(self._left(resource) >= each * more for resource, each in self.index.takes[l])

    def _left(self, resource: Resource) -> float:
        """What is left of a stock, up to rounding."""
        index = self.index
        relays = resource.kind in ROOMS and self.relayed[index.number[resource.id]] > 0
        return index.left(resource, self.taken[resource], relays) + SLACK * max(1.0, index.stock[resource])

    def copy(self) -> RoutingState:
        other = copy(self)
        vars(other).update({name: value.copy() for name, value in vars(self).items() if name != "index"})
        return other

    def become(self, other: RoutingState) -> None:
        """Take over what another state holds, which is not used any more."""
        vars(self).update(vars(other))

    def add(self, commodity: Commodity, paths: list[Path]) -> bool:
        """Install the paths; says whether all limits are kept (else take them out again)."""
        self.paths[commodity.id] = paths
        return self._change(commodity, paths, 1)

    def remove(self, commodity: Commodity) -> None:
        self._change(commodity, self.paths.pop(commodity.id), -1)

    def _change(self, commodity: Commodity, paths: list[Path], by: int) -> bool:
        """Paths of a corridor, which have no link and no relay in common, more (1) or less (-1)."""
        self.ended[list(commodity.ends)] += by
        links = np.array([l for path in paths for l in path])
        relays = [s for path in paths for s in relays_of(self.index, commodity, path)]
        self._reload(links, relays, by, by * commodity.demand_bps)
        return by < 0 or self._kept(links)

    def replace(self, paths: Mapping[str, list[Path]], most: float) -> bool:
        """Give corridors other paths if all limits are kept and the price stays below `most`; else change nothing."""
        before, commodities = self.copy(), [self.index.commodities[q] for q in paths]
        for commodity in commodities:
            self.remove(commodity)
        kept = [self.add(commodity, paths[commodity.id]) for commodity in commodities]
        if all(kept) and self.price < most:
            return True
        self.become(before)
        return False

    def lift(self, segment: Segment) -> None:
        """Take the users off a stretch, so that their paths have a gap."""
        demand_bps = sum(self.index.commodities[q].demand_bps for q, _ in segment.users)
        self._reload(np.array(segment.links), list(segment.relays), -len(segment.users), -demand_bps)

    def _reload(self, links: np.ndarray, relays: list[int], users: int, demand_bps: float) -> None:
        """So many more users (or fewer) on links and at relays."""
        index = self.index
        self.relayed[relays] += users
        self.users[links] += users
        used, before = self.users[links] > 0, self.count[links]
        self.load_bps[links] = load_bps = np.where(used, self.load_bps[links] + demand_bps, 0.0)
        self.count[links] = count = np.where(used, index.systems_on(links, load_bps), 0)
        if index.stock or index.fibre_price:
            for i in np.flatnonzero(count != before):
                self._restock(int(links[i]), int(before[i]), int(count[i]))

    def _restock(self, l: int, before: int, count: int) -> None:
        """What a link's systems take, and the fibres in use, where their number changes."""
        index = self.index
        if index.takes[l]:
            kept = int(index.kept[l])
            more = max(0, count - kept) - max(0, before - kept)
            for resource, each in index.takes[l]:
                self.taken[resource] += each * more
        if index.fibre_price and (count > 0) != (before > 0):
            self.fibres.update(dict.fromkeys(index.links[l].route.fibres, 1 if count else -1))
            self.fibres = +self.fibres

    def _kept(self, links: np.ndarray) -> bool:
        """Counts, strands and room at the links and at the sites that relay now."""
        index = self.index
        if (self.count[links] > index.max_count[links]).any():
            return False
        touched = {resource for l in links[index.limited[links]] for resource, _ in index.takes[l]}
        return all(self._left(resource) >= 0 for resource in touched)

    def route(
        self,
        commodity: Commodity,
        link_factor: np.ndarray | float = 1.0,
        site_factor: np.ndarray | float = 1.0,
        banned: frozenset[int] = frozenset(),
        most: float = math.inf,
    ) -> bool:
        """Add the cheapest paths found for a corridor that has none; False where none were found that fit.

        A single path must add less than `most`.
        """
        weights = self.weights(commodity, link_factor, site_factor).without(banned)
        for _ in range(RETRIES):
            paths = find_paths(self.index, commodity, weights, most)
            if paths is None:
                return False
            if self.add(commodity, paths):
                return True
            self.remove(commodity)
            new = [l for path in paths for l in path if weights.link[l] > 0]
            if not new:
                return False
            weights = weights.without([max(new, key=lambda l: (self.index.limited[l], weights.link[l], l))])
        return False
