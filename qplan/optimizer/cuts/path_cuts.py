"""Cuts that every design satisfies, found at a fractional point by maximum flows.

A separator is built once for a model and is then a pure function from a point (a value per column) to violated rows.
Nothing here depends on rates, ducts or relay limits: the rows hold for every design that serves the corridors.
"""

from __future__ import annotations

import numpy as np

from qplan.candidates.bundles import CorridorNetwork
from qplan.candidates.max_flow import VIOLATION
from qplan.optimizer.cuts.row import Point, Row, Separator, factored
from qplan.optimizer.cuts.split_graph import SplitGraph, split_graphs
from qplan.optimizer.model.formulation import Formulation


def link_ends(model: Formulation) -> Separator:
    """link(l) ≤ node(s), or ≤ relay(s) where s is no corridor's end: what is built is used, and used at nodes."""
    index = model.index()
    pairs = [
        (index[model.link[link.id].name], index[(model.node if end in model.node else model.relay)[end].name])
        for link in model.candidates.links
        for end in link.route.ends
    ]
    pairs = [pair for pair in pairs if pair[0] != pair[1]]  # in a chain both are one variable
    links, sites = (np.array(column, dtype=np.int64) for column in zip(*pairs, strict=True)) if pairs else ([], [])

    def separate(point: Point) -> list[Row]:
        if not pairs:
            return []
        violated = np.flatnonzero(point[links] > point[sites] + 1e-3)
        return [Row("link_end", (int(sites[i]), int(links[i])), (1.0, -1.0), 0.0) for i in violated]

    return separate


def path_cuts(model: Formulation, chosen: list[CorridorNetwork]) -> Separator:
    """Σ link over the links + Σ relay over the sites of a cut between a corridor's ends ≥ its number of paths.

    Menger's theorem on the node-split graph (Grötschel, Monma & Stoer 1992): k paths that share no link and no relay.
    """
    index = model.index()
    graphs = split_graphs(model, chosen, index)

    def separate(point: Point) -> list[Row]:
        rows: list[Row] = []
        capacities = {id(split): split.graph.capacities(point) for split in graphs}
        sides: dict[int, list[np.ndarray]] = {key: [] for key in capacities}
        for network, split in zip(chosen, graphs, strict=True):
            rows += parting(model, network, split, capacities[id(split)], sides[id(split)], index, point)
        return list(dict.fromkeys(rows))

    return separate


def parting(
    model: Formulation,
    network: CorridorNetwork,
    split: SplitGraph,
    capacity: np.ndarray,
    sides: list[np.ndarray],
    index: dict[str, int],
    point: Point,
    without: np.ndarray | None = None,
) -> list[Row]:
    """Violated cuts between the ends of a corridor; none where a cut of the round parts them.

    `without`: columns of a resource taken away, and one path with it.
    """
    q = network.corridor
    corridor = model.inventory.corridors[q]
    served = index[model.served[q].name] if q in model.served else None
    paths = float(corridor.paths - (without is not None))
    wanted = paths if served is None else paths * point[served]
    family = "path_cut" if without is None else "exclusive_cut"
    gone = set() if without is None else set(without.tolist())
    first, second = (2 * split.sites[end] if end in split.sites else None for end in corridor.ends)
    if first is None or second is None:
        return [factored(family, (), (), served, paths)]
    if wanted <= VIOLATION or any(side[first + 1] != side[second + 1] for side in sides):
        return []
    rows = []
    for cut, side in split.graph.cuts(capacity, first + 1, second, wanted):
        sides.append(side)
        columns = tuple(column for column in split.graph.columns(cut) if column not in gone)
        rows.append(factored(family, columns, (1.0,) * len(columns), served, paths))
    return rows
