"""Cuts of several disjoint paths without one fibre, patched site or duct, and one path fewer."""

from __future__ import annotations

import numpy as np

from qplan.candidates.bundles import CorridorNetwork
from qplan.candidates.max_flow import VIOLATION, FlowNetwork
from qplan.candidates.resources import Kind, Resource
from qplan.optimizer.cuts.path_cuts import PathDemand, cut_paths
from qplan.optimizer.cuts.row import Point, Row, Separator
from qplan.optimizer.cuts.split_graph import split_graphs
from qplan.optimizer.model.families import row_family
from qplan.optimizer.model.formulation import Formulation


@row_family("exclusive_cut")
def exclusive_cuts(model: Formulation, networks: list[CorridorNetwork]) -> Separator:
    """Σ link + Σ relay over a cut between a corridor's ends without what takes one resource ≥ its paths − 1.

    Only one of k disjoint paths may use a fibre, patched site or duct, so that k − 1 paths are left where its links
    (and the relay, if it is a site) are taken away. At a point only resources that more than one unit of installed
    links use can give a violated cut.
    """
    index = model.index()
    several = [network for network in networks if network.shared]
    splits = split_graphs(model, several, index)
    demands = [PathDemand.of(model, network, index, fewer=1) for network in several]
    columns = {r: mine for r, mine in _resource_columns(model, several, index).items() if len(mine) > 1}
    uses = {id(split): _Uses(split.graph, columns) for split in splits}

    def separate(point: Point) -> list[Row]:
        rows: list[Row] = []
        for split in dict.fromkeys(splits):
            sides: dict[Resource, list[np.ndarray]] = {}
            mine = [
                (network, demand)
                for network, demand, its in zip(several, demands, splits, strict=True)
                if its is split and split.sites.keys() >= set(demand.ends)
            ]
            model.clock.check()
            ways = [
                (2 * split.sites[first] + 1, 2 * split.sites[second]) for first, second in (d.ends for _, d in mine)
            ]
            flows = split.graph.carried(split.graph.capacities(point), ways)
            for (network, demand), flow in zip(mine, flows, strict=True):
                model.clock.check()
                for resource in uses[id(split)].find_crowded(point, flow):
                    if resource in network.shared:
                        without = point.copy()
                        without[columns[resource]] = 0.0
                        capacity, parted = split.graph.capacities(without), sides.setdefault(resource, [])
                        gone = frozenset(columns[resource].tolist())
                        rows += cut_paths("exclusive_cut", demand, split, capacity, parted, point, gone)
        return list(dict.fromkeys(rows))

    return Separator("exclusive_cut", separate, dear=True)


def _resource_columns(
    model: Formulation, networks: list[CorridorNetwork], index: dict[str, int]
) -> dict[Resource, np.ndarray]:
    """Per resource the columns of all links that take it, and of the relay if it is a site."""
    taken: dict[Resource, set[int]] = {}
    for network in networks:
        for resource, users in network.shared.items():
            mine = taken.setdefault(resource, set())
            mine.update(index[model.link[link].name] for i in users for link in network.bundles[i].links)
            if resource.kind is Kind.SITE and resource.id in model.relay:
                mine.add(index[model.relay[resource.id].name])
    return {resource: np.array(sorted(mine)) for resource, mine in sorted(taken.items())}


class _Uses:
    """How much of a flow may run over each resource; one that carries at most one unit gives no violated cut."""

    def __init__(self, graph: FlowNetwork, columns: dict[Resource, np.ndarray]):
        self.resources = list(columns)
        arcs_of: dict[int, list[int]] = {}
        for arc, members in enumerate(graph.members):
            for column in members:
                arcs_of.setdefault(column, []).append(arc)
        entries = [
            (r, arc, column)
            for r, resource in enumerate(self.resources)
            for column in columns[resource].tolist()
            for arc in arcs_of.get(column, ())
        ]
        self.resource, self.arc, self.column = np.array(entries, dtype=np.int64).reshape(-1, 3).T
        _, self.group = np.unique(self.resource * len(graph.members) + self.arc, return_inverse=True)

    def find_crowded(self, point: Point, flow: np.ndarray) -> list[Resource]:
        """Resources that may carry more than one unit of the flow."""
        room = np.bincount(self.group, point[self.column])
        at = np.zeros(len(room), dtype=np.int64)
        at[self.group] = np.arange(len(self.group))
        carried = np.bincount(self.resource[at], np.minimum(room, flow[self.arc[at]]), len(self.resources))
        return [self.resources[r] for r in np.flatnonzero(carried > 1 + VIOLATION)]
