"""What is built and who uses it, with the price of one more path: the state of a local search."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Mapping
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
        self.users: Counter[int] = Counter()  # paths over a link
        self.load_bps = np.zeros(len(index.links))
        self.count = np.zeros(len(index.links), dtype=np.int64)
        self.ended: Counter[int] = Counter()  # corridors that end at a site
        self.relayed: Counter[int] = Counter()  # paths that are relayed at a site
        self.fibres: Counter[str] = Counter()  # links in use over a fibre, where its use has a price
        self.taken = dict.fromkeys(index.stock, 0.0)  # by the systems installed

    @property
    def price(self) -> float:
        index = self.index
        nodes = sorted(self.ended.keys() | self.relayed.keys())
        links, relays = sorted(self.users), sorted(self.relayed)
        systems = index.price_of(links, self.count[links]).sum()
        fibres = sum(index.fibre_price[f] for f in sorted(self.fibres)) if index.fibre_price else 0.0
        return float(systems + fibres + index.node_price[nodes].sum() + index.relay_price[relays].sum())

    def weights(
        self, commodity: Commodity, link_factor: np.ndarray | float = 1.0, site_factor: np.ndarray | float = 1.0
    ) -> Weights:
        """What a path of the corridor would add, times a factor per link and site."""
        index = self.index
        needed = np.maximum(1, np.ceil((self.load_bps + commodity.demand_bps) / index.rate_bps * (1 - 1e-6)))
        needed = np.maximum(needed, self.count)
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
        nodes = np.zeros(len(index.sites), dtype=bool)
        nodes[list(self.ended.keys() | self.relayed.keys())] = True
        relays = np.zeros(len(index.sites), dtype=bool)
        relays[list(self.relayed)] = True
        site = (np.where(nodes, 0.0, index.node_price) + np.where(relays, 0.0, index.relay_price)) * site_factor
        return Weights(link.tolist(), site.tolist())

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
        relays = resource.kind in ROOMS and index.number[resource.id] in self.relayed
        return index.left(resource, self.taken[resource], relays) + SLACK * max(1.0, index.stock[resource])

    def add(self, commodity: Commodity, paths: list[Path]) -> bool:
        """Install the paths; says whether all limits are kept (else take them out again)."""
        self.paths[commodity.id] = paths
        self.ended.update(commodity.ends)
        for path in paths:
            self.users.update(path)
            self.relayed.update(relays_of(self.index, commodity, path))
        links = [l for path in paths for l in path]
        self._reload(links, commodity.demand_bps)
        return self._kept(commodity, links)

    def remove(self, commodity: Commodity) -> list[Path]:
        paths = self.paths.pop(commodity.id)
        _take(self.ended, commodity.ends)
        for path in paths:
            _take(self.users, path)
            _take(self.relayed, relays_of(self.index, commodity, path))
        self._reload([l for path in paths for l in path], -commodity.demand_bps)
        return paths

    def replace(self, paths: Mapping[str, list[Path]], most: float) -> bool:
        """Give corridors other paths if all limits are kept and the price stays below `most`; else change nothing."""
        commodities = [self.index.commodities[q] for q in paths]
        old = {commodity.id: self.remove(commodity) for commodity in commodities}
        kept = [self.add(commodity, paths[commodity.id]) for commodity in commodities]
        if all(kept) and self.price < most:
            return True
        self.put_back(old)
        return False

    def put_back(self, old: Mapping[str, list[Path]]) -> None:
        """Give corridors the paths that they had, in place of those that they may have now."""
        for q in [q for q in old if q in self.paths]:
            self.remove(self.index.commodities[q])
        for q, paths in old.items():
            self.add(self.index.commodities[q], paths)

    def lift(self, segment: Segment) -> None:
        """Take the users off a stretch, so that their paths have a gap; `lower` puts them back."""
        for _ in segment.users:
            _take(self.users, segment.links)
            _take(self.relayed, segment.relays)
        self._reload(segment.links, -self._demand_bps(segment))

    def lower(self, segment: Segment) -> None:
        for _ in segment.users:
            self.users.update(segment.links)
            self.relayed.update(segment.relays)
        self._reload(segment.links, self._demand_bps(segment))

    def _demand_bps(self, segment: Segment) -> float:
        return sum(self.index.commodities[q].demand_bps for q, _ in segment.users)

    def _reload(self, links: Iterable[int], demand_bps: float) -> None:
        index = self.index
        for l in links:
            load_bps = float(self.load_bps[l]) + demand_bps if self.users[l] else 0.0
            self.load_bps[l] = load_bps
            count, before = index.systems(l, load_bps) if self.users[l] else 0, int(self.count[l])
            if count == before:
                continue
            if index.takes[l]:
                kept = int(index.kept[l])
                more = max(0, count - kept) - max(0, before - kept)
                for resource, each in index.takes[l]:
                    self.taken[resource] += each * more
            if index.fibre_price and (count > 0) != (before > 0):
                self.fibres.update(dict.fromkeys(index.links[l].route.fibres, 1 if count else -1))
                self.fibres = +self.fibres
            self.count[l] = count

    def _kept(self, commodity: Commodity, links: list[int]) -> bool:
        """Counts, strands and room at the links and at the sites that relay now."""
        index = self.index
        if any(self.count[l] > index.max_count[l] for l in links):
            return False
        touched = {resource for l in links for resource, _ in index.takes[l]}
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


def _take(counter: Counter[int], items: Iterable[int]) -> None:
    counter.subtract(items)
    for item in set(items):
        if counter[item] <= 0:
            del counter[item]
