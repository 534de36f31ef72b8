"""Cuts that every design satisfies, found at a fractional point by maximum flows.

Nothing here depends on rates, ducts or relay limits: the rows hold for every design that serves the corridors.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from qplan.candidates.bundles import CorridorNetwork
from qplan.candidates.max_flow import VIOLATION
from qplan.optimizer.cuts.row import Point, Row, Separator, require, separate_none
from qplan.optimizer.cuts.split_graph import SplitGraph, split_graphs
from qplan.optimizer.model.families import row_family
from qplan.optimizer.model.formulation import Formulation


@row_family("link_end")
def link_ends(model: Formulation) -> Separator:
    """link(l) ≤ node(s), or ≤ relay(s) where s is no corridor's end: what is built is used, and used at nodes."""
    index = model.index()
    pairs = [
        (index[model.link[link.id].name], index[(model.node if end in model.node else model.relay)[end].name])
        for link in model.candidates.links
        for end in link.route.ends
    ]
    pairs = [pair for pair in pairs if pair[0] != pair[1]]  # in series both are one variable
    if not pairs:
        return Separator("link_end", separate_none)
    links, sites = np.array(pairs, dtype=np.int64).T

    def separate(point: Point) -> list[Row]:
        violated = np.flatnonzero(point[links] > point[sites] + 1e-3)
        return [Row("link_end", (int(sites[i]), int(links[i])), (1.0, -1.0), 0.0) for i in violated]

    return Separator("link_end", separate)


@row_family("path_cut")
def path_cuts(model: Formulation, networks: list[CorridorNetwork]) -> Separator:
    """Σ link over the links + Σ relay over the sites of a cut between a corridor's ends ≥ its number of paths.

    Menger's theorem on the node-split graph (Grötschel, Monma & Stoer 1992): k paths that share no link and no relay.
    An optional corridor asks for paths · served(q).
    """
    index = model.index()
    splits = split_graphs(model, networks, index)
    demands = [PathDemand.of(model, network, index) for network in networks]

    def separate(point: Point) -> list[Row]:
        rows: list[Row] = []
        capacities = {id(split): split.graph.capacities(point) for split in splits}
        sides: dict[int, list[np.ndarray]] = {key: [] for key in capacities}
        for demand, split in zip(demands, splits, strict=True):
            model.clock.check()
            rows += cut_paths("path_cut", demand, split, capacities[id(split)], sides[id(split)], point)
        return list(dict.fromkeys(rows))

    return Separator("path_cut", separate)


@dataclass(frozen=True)
class PathDemand:
    """So many paths between two ends, where the column says that the corridor is served (None: it must be)."""

    ends: tuple[str, str]
    paths: int
    served: int | None

    @classmethod
    def of(cls, model: Formulation, network: CorridorNetwork, index: dict[str, int], fewer: int = 0) -> PathDemand:
        """What the corridor of a network asks for, or so many paths fewer."""
        q = network.corridor
        corridor = model.inventory.corridors[q]
        served = index[model.served[q].name] if q in model.served else None
        return cls(corridor.ends, corridor.paths - fewer, served)

    def wanted(self, point: Point) -> float:
        """Paths that the point asks for."""
        return float(self.paths if self.served is None else self.paths * point[self.served])


def cut_paths(
    family: str,
    demand: PathDemand,
    split: SplitGraph,
    capacity: np.ndarray,
    sides: list[np.ndarray],
    point: Point,
    without: frozenset[int] = frozenset(),
) -> list[Row]:
    """Find violated cuts between the ends; none where a cut of the round, of which `sides` are kept, parts them.

    `without`: columns of a resource taken away, whose capacity is 0.
    """
    paths, wanted = float(demand.paths), demand.wanted(point)
    first, second = (2 * split.sites[end] if end in split.sites else None for end in demand.ends)
    if first is None or second is None:
        return [require(family, (), paths, demand.served)]
    if wanted <= VIOLATION or any(side[first + 1] != side[second + 1] for side in sides):
        return []
    rows = []
    for cut, side in split.graph.cuts(capacity, first + 1, second, wanted):
        sides.append(side)
        columns = tuple(column for column in split.graph.columns(cut) if column not in without)
        rows.append(require(family, columns, paths, demand.served))
    return rows
