"""Cuts on the flows of several disjoint paths, without what takes one fibre, patched site or duct.

They ask of every flow what `exclusive_cuts.py` asks of the design that it runs over: flows may pass a set of sites over
different links, and nothing else in their relaxation says that no two paths share what one path might use repeatedly.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from qplan.candidates.bundles import CorridorNetwork
from qplan.candidates.design import Design
from qplan.candidates.max_flow import VIOLATION, FlowNetwork
from qplan.candidates.resources import Kind, Resource
from qplan.optimizer.cuts.row import Point, Row, Separator, require
from qplan.optimizer.model.families import row_family
from qplan.time_budget import TimeBudget

CARRIED = 1e-3  # less on an arc is no flow: points are approximate
SHORT = 0.02  # least violation
MOST_ROWS = 6  # of one flow at one point, the most violated


@dataclass(frozen=True)
class PathFlow:
    """A flow of k units between two sites, by number; arc i, of a bundle, is column `columns[i]` of a programme.

    It leads from layer `layers[i]` of a layered graph into the next; without layers from layer 0 into itself.

    It is the flow of a corridor, or a mean, with these shares, of the flows of corridors that are alike.
    """

    networks: Sequence[CorridorNetwork]
    shares: Sequence[float]
    paths: int
    served: int | None  # the column that says whether there is one
    ends: tuple[int, int]
    tails: np.ndarray
    heads: np.ndarray
    layers: np.ndarray
    bundles: np.ndarray
    columns: np.ndarray

    def takers(self, resource: Resource, site: int | None) -> np.ndarray:
        """Whether each arc takes a resource: its bundle does, or it ends or begins there, if it is a site."""
        network = self.networks[0]
        taken = np.zeros(len(network.bundles), dtype=bool)
        taken[list(network.shared[resource])] = True
        arcs: np.ndarray = taken[self.bundles]
        return arcs if site is None else arcs | (self.tails == site) | (self.heads == site)

    def crowded(self, sites: Mapping[str, int], carried: np.ndarray, most: float) -> list[Resource]:
        """Resources that only one path may use, on which the arcs carry more than that."""
        load: dict[Resource, float] = defaultdict(float)
        entering = np.bincount(self.heads, carried, len(sites))
        for arc in np.flatnonzero(carried > CARRIED).tolist():
            for resource in self.networks[0].bundles[self.bundles[arc]].resources:
                load[resource] += carried[arc]
        for resource in load:
            if resource.kind is Kind.SITE:
                load[resource] += entering[sites[resource.id]]
        return sorted(resource for resource, total in load.items() if total > most)

    def enter(self, design: Design, point: Point) -> None:
        """Enter what the arcs carry in a design."""
        paths = {corridor.id: corridor.paths for corridor in design.corridors if corridor.served}
        bundle_of = {link: i for i, bundle in enumerate(self.networks[0].bundles) for link in bundle.links}
        arcs = zip(self.bundles.tolist(), self.tails.tolist(), self.layers.tolist(), strict=True)
        arc_from, layered = {arc: i for i, arc in enumerate(arcs)}, bool(self.layers.any())
        for network, share in zip(self.networks, self.shares, strict=True):
            for path in paths.get(network.corridor, ()):
                at = self.ends[0]
                there = (bundle_of[path.links[0]], at, 0) in arc_from  # corridors that are alike may run the other way
                for h, link in enumerate(path.links if there else path.links[::-1]):
                    arc = arc_from[bundle_of[link], at, h if layered else 0]
                    point[self.columns[arc]] += share
                    at = int(self.heads[arc])
            if self.served is not None:
                point[self.served] = float(network.corridor in paths)


@row_family("exclusive_flow")
def exclusive_flow_cuts(flows: Sequence[PathFlow], sites: Mapping[str, int], clock: TimeBudget) -> Separator:
    """Σ flow over arcs that do not take one resource, out of a set with the first end alone, ≥ (k − 1) · served.

    Only one of k disjoint paths may use a fibre, patched site or duct, however often. Each of the others leaves the set
    by an arc that does not take it (nor ends there, if it is a site). What holds for the flows of corridors that are
    alike holds for their mean.
    """

    def separate(point: Point) -> list[Row]:
        rows: list[Row] = []
        for flow in flows:
            clock.check()
            rows += _separate_flow(flow, sites, point)
        return rows

    return Separator("exclusive_flow", separate)


def _separate_flow(flow: PathFlow, sites: Mapping[str, int], point: Point) -> list[Row]:
    served = 1.0 if flow.served is None else float(point[flow.served])
    wanted = (flow.paths - 1) * served
    if wanted <= SHORT:
        return []
    carried = point[flow.columns]
    active = np.flatnonzero(carried > CARRIED)
    arcs = zip(flow.tails[active].tolist(), flow.heads[active].tolist(), strict=True)
    graph = FlowNetwork(len(sites), [(tail, head, []) for tail, head in arcs], 0)
    short: dict[Row, float] = {}
    for resource in flow.crowded(sites, carried, served + SHORT):
        taking = flow.takers(resource, sites[resource.id] if resource.kind is Kind.SITE else None)
        capacity = np.where(taking, 0.0, carried)[active]
        for _, side in graph.cuts(capacity, *flow.ends, wanted - SHORT + VIOLATION, nested=1):
            leaving = np.flatnonzero(side[flow.tails] & ~side[flow.heads] & ~taking)
            columns = tuple(flow.columns[leaving].tolist())
            short[require("exclusive_flow", columns, flow.paths - 1.0, flow.served)] = wanted - carried[leaving].sum()
    violated = [row for row in short if short[row] > SHORT]
    return sorted(violated, key=lambda row: (-round(short[row], 6), row.columns))[:MOST_ROWS]
