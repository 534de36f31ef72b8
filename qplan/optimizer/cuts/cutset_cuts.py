"""Cuts from key rates: what installed systems give across a set of sites covers what the corridors ask across it.

For every set of sites W, Σ over the links between W and the rest of rate · count ≥ Σ over the corridors with one end in
W of paths · demand. Divided by a step δ and rounded (mixed-integer rounding; Nemhauser & Wolsey 1990, for capacitated
networks Magnanti, Mirchandani & Vachani 1995; Raack, Koster, Orlowski & Wessäly 2011):

    Σ F(min(rate, D) / δ) · count ≥ ⌈D / δ⌉,  F(a) = ⌊a⌋ + min(1, (a − ⌊a⌋) / f),  f the fraction of D / δ.

For given ends on the two sides the row that a point violates most is a minimum cut with capacities F · count.
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from qplan.candidates.bundles import find_tight_links
from qplan.candidates.max_flow import FlowNetwork
from qplan.candidates.resources import Resource, exclusive_to_link, find_takers
from qplan.optimizer.cuts.row import Point, Row, Separator, separate_none
from qplan.optimizer.model.families import row_family
from qplan.optimizer.model.formulation import Formulation
from qplan.physics.key_rate import RATE_TOLERANCE

LEAST_FRACTION = 1e-3  # of a rounded-up demand; below it the demand is rounded down, which keeps the row valid
MOST_STEPS = 8  # values of δ tried for one set
LEAST_COUNT = 1e-6  # of systems on a link in use
LEAST_VIOLATION = 0.01  # relative to the right-hand side
LEAST_TAKEN = 0.3  # links that take a resource, across a set, for which it is looked at
MOST_SENT = 5.0  # times what is asked across a set; over more, no resource can be missing
MOST_RESOURCES = 6  # for one set, those that most links take


@row_family("cutset")
def cutset_cuts(model: Formulation) -> Separator:
    """Σ F(min(rate, D) / δ) · count ≥ ⌈D / δ⌉ over the links across a set of sites, D what required corridors ask for.

    F(a) = ⌊a⌋ + min(1, (a − ⌊a⌋) / f), f the fraction of D / δ (mixed-integer rounding; Nemhauser & Wolsey 1990; for
    capacitated networks Magnanti, Mirchandani & Vachani 1995). Nothing where no rate can bind.
    """
    return Separator("cutset", _Cutsets(model).separate if _may_bind(model) else separate_none)


@row_family("exclusive_cutset")
def exclusive_cutset_cuts(model: Formulation) -> Separator:
    """Σ F(min(rate, D) / δ) · count ≥ ⌈D / δ⌉ over the links across a set of sites that do not take one resource.

    Only one of k disjoint paths may take a fibre, patched site or duct (or relay there, if it is a site): D is what the
    corridors that may not share it ask for with one path fewer. F is as in `cutset`.
    """
    return Separator("exclusive_cutset", _Cutsets(model).separate_without if _may_bind(model) else separate_none)


def _may_bind(model: Formulation) -> bool:
    required = any(corridor.required for corridor in model.inventory.corridors.values())
    return required and bool(find_tight_links(model.inventory, model.candidates))


@dataclass(frozen=True)
class _Installed:
    """Systems per link at a point, the links in use, and the graph of these."""

    count: np.ndarray
    used: np.ndarray
    graph: FlowNetwork


Choice = Callable[[frozenset[int], _Installed], Sequence[Resource | None]]


class _Cutsets:
    """Sites are vertices, followed by a source and a sink for the ends on either side."""

    def __init__(self, model: Formulation):
        index, links = model.index(), model.candidates.links
        sites = sorted({end for link in links for end in link.route.ends})
        number = {s: i for i, s in enumerate(sites)}
        self.a = np.array([number[link.route.ends[0]] for link in links])
        self.b = np.array([number[link.route.ends[1]] for link in links])
        self.rate = np.array([link.key_rate_bps for link in links])
        self.column = np.array([index[model.count[link.id].name] for link in links])
        asks = {q: c for q, c in sorted(model.inventory.corridors.items()) if c.required}
        served = {q: c for q, c in asks.items() if set(c.ends) <= number.keys()}
        self.asks = [(number[c.ends[0]], number[c.ends[1]], c.paths, c.demand_bps) for c in served.values()]
        self.terminals = sorted({end for a, b, *_ in self.asks for end in (a, b)})
        shared = {network.corridor: network.shared.keys() for network in model.networks}
        self.exclusive = [shared[q] if c.paths > 1 else set() for q, c in served.items()]
        self.size = len(sites)
        self.model, self.clock = model, model.clock

    @cached_property
    def takers(self) -> dict[Resource, np.ndarray]:
        """Per resource that some corridor's paths may not share the links that take it."""
        whose = set[Resource]().union(*self.exclusive)
        links = self.model.candidates.links if whose else ()
        found = find_takers(links, (exclusive_to_link(self.model.inventory, link, "duct") for link in links))
        return {r: np.array(sorted(mine)) for r, mine in sorted(found.items()) if r in whose}

    def separate(self, point: Point) -> list[Row]:
        return self._separate("cutset", point, lambda side, here: [None])

    def separate_without(self, point: Point) -> list[Row]:
        """The same without what takes one of the resources that most links across a least set take."""
        return self._separate("exclusive_cutset", point, self._crowded) if self.takers else []

    def _separate(self, family: str, point: Point, resources: Choice) -> list[Row]:
        """For every choice of ends, without each of the resources, or without none."""
        count = point[self.column]
        used = np.flatnonzero(count > LEAST_COUNT)
        here = _Installed(count, used, self._graph(used))
        rows: dict[Row, None] = {}
        for side in self._sides(count, used):
            self.clock.check()
            for resource in resources(side, here):
                demand = self._demand(side, resource)
                if demand > 0:
                    rows |= dict.fromkeys(self._rows(family, side, demand, here, resource))
        return list(rows)

    def _crowded(self, side: frozenset[int], here: _Installed) -> list[Resource]:
        """Resources that links take across the sets with these ends over which least can be sent, most taken first."""
        demand = self._demand(side)
        if demand <= 0:
            return []
        taken: dict[Resource, float] = defaultdict(float)
        capacity = self._capacities(side, np.minimum(self.rate, demand) / demand, here, MOST_SENT)
        for _, mask in here.graph.cuts(capacity, self.size, self.size + 1, MOST_SENT, nested=1):
            across = np.where(mask[self.a] != mask[self.b], here.count, 0.0)
            for resource, links in self.takers.items():
                taken[resource] = max(taken[resource], float(across[links].sum()))
        ranked = sorted(taken, key=lambda r: (-round(taken[r], 6), r))
        return [r for r in ranked if taken[r] > LEAST_TAKEN][:MOST_RESOURCES]

    def _capacities(self, side: frozenset[int], weights: np.ndarray, here: _Installed, most: float) -> np.ndarray:
        """Of the graph's arcs: what links give, and for ends, on their sides, more than is ever looked for."""
        links = 2 * len(here.used)
        capacity = np.zeros(len(here.graph.tails))
        capacity[:links] = np.repeat((weights * here.count)[here.used], 2)
        for i, t in enumerate(self.terminals):
            capacity[links + 2 * i + (t not in side)] = 2 * most + 1
        return np.minimum(capacity, 2 * most + 1)

    def _graph(self, used: np.ndarray) -> FlowNetwork:
        """The links in use both ways, then an arc from the source and one to the sink for every end."""
        source, sink = self.size, self.size + 1
        pairs = zip(self.a[used].tolist(), self.b[used].tolist(), strict=True)
        ends = [(x, y) for a, b in pairs for x, y in ((a, b), (b, a))]
        ends += [arc for t in self.terminals for arc in ((source, t), (t, sink))]
        return FlowNetwork(self.size + 2, [(tail, head, []) for tail, head in ends], 0)

    def _demand(self, side: frozenset[int], without: Resource | None = None) -> float:
        """What the corridors between the two sides reserve at the least (rates are kept up to a tolerance)."""
        total = 0.0
        for (a, b, paths, demand_bps), exclusive in zip(self.asks, self.exclusive, strict=True):
            if (a in side) != (b in side) and (without is None or without in exclusive):
                total += demand_bps * (paths if without is None else paths - 1)
        return total * (1 - 1.5 * RATE_TOLERANCE)

    def _sides(self, count: np.ndarray, used: np.ndarray) -> list[frozenset[int]]:
        """Ends on one side: each alone, and those that the edges of a tree of most capacity part."""
        import networkx as nx

        sides = {frozenset([t]) for t in self.terminals}
        graph = nx.Graph()
        graph.add_nodes_from(self.terminals)
        for l in used.tolist():
            a, b, gives = int(self.a[l]), int(self.b[l]), float(self.rate[l] * count[l])
            known = graph.get_edge_data(a, b, {"gives": 0.0})["gives"]
            graph.add_edge(a, b, gives=known + gives)
        tree = nx.maximum_spanning_tree(graph, weight="gives")
        terminals = frozenset(self.terminals)
        for part in nx.connected_components(tree):
            below = {s: terminals.intersection([s]) for s in part}
            edges = list(nx.bfs_edges(tree, min(part)))
            for parent, child in reversed(edges):  # from the leaves up
                sides.add(below[child])
                below[parent] |= below[child]
        smaller = {min(side, terminals - side, key=lambda s: (len(s), sorted(s))) for side in sides}
        return sorted((side for side in smaller if side), key=lambda side: (len(side), sorted(side)))

    def _rows(
        self, family: str, side: frozenset[int], demand: float, here: _Installed, without: Resource | None
    ) -> list[Row]:
        """The most violated row over all sets that hold these ends and no others, for a few steps δ."""
        best: tuple[float, Row] | None = None
        for step in self._steps(demand, here.count):
            weights, least = round_up(self.rate, demand, step)
            if without is not None:
                weights[self.takers[without]] = 0.0
            capacity = self._capacities(side, weights, here, least)
            for _, mask in here.graph.cuts(capacity, self.size, self.size + 1, least, 1):
                across = np.flatnonzero((mask[self.a] != mask[self.b]) & (weights > 0))
                short = 1 - float(weights[across] @ here.count[across]) / least
                if short > LEAST_VIOLATION and (best is None or short > best[0]):
                    best = short, self._row(family, across, weights, least)
        return [] if best is None else [best[1]]

    def _row(self, family: str, across: np.ndarray, weights: np.ndarray, least: float) -> Row:
        total: dict[int, float] = {}
        for l in across.tolist():
            column = int(self.column[l])
            total[column] = total.get(column, 0.0) + float(weights[l])
        return Row(family, tuple(total), tuple(total.values()), least)

    def _steps(self, demand: float, count: np.ndarray) -> list[float]:
        """The demand itself, and rates of links in use, spread over their range."""
        used = np.unique(np.minimum(self.rate[count > 0.01], demand))
        if len(used) > MOST_STEPS:
            used = used[np.linspace(0, len(used) - 1, MOST_STEPS).astype(int)]
        return sorted({demand, *(float(rate) for rate in used if rate > demand / 50)})


def round_up(rates: np.ndarray, demand: float, step: float) -> tuple[np.ndarray, float]:
    """Weights per link and right-hand side of Σ min(rate, demand) · count ≥ demand, divided by `step` and rounded."""
    least, fraction = math.ceil(demand / step), demand / step - math.floor(demand / step)
    if fraction < LEAST_FRACTION:
        least, fraction = math.floor(demand / step), 1.0
        demand = least * step
    shares = np.minimum(rates, demand) / step
    whole = np.floor(shares)
    return whole + np.minimum(1.0, (shares - whole) / fraction), float(least)
