"""Cuts that every design satisfies, found at a fractional point by maximum flows.

A separator is built once for a model and is then a pure function from a point (a value per column) to violated rows.
Nothing here depends on rates, ducts or relay limits: the rows hold for every design that serves the corridors.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from scipy.sparse import csr_array
from scipy.sparse.csgraph import breadth_first_order, maximum_flow

from qplan.planning.formulation import Formulation
from qplan.planning.networks import Bundle, CorridorNetwork
from qplan.planning.trees import Trees

UNIT = 1_000_000  # maximum_flow counts in integers: one unit of a variable
VIOLATION = 1e-4  # least violation for a row to be worth adding
NESTED = 4  # cuts that share no arc, looked for one after the other for a pair of sites

Point = np.ndarray


@dataclass(frozen=True)
class Row:
    """Σ weights × columns ≥ least."""

    family: str
    columns: tuple[int, ...]
    weights: tuple[float, ...]
    least: float

    def activity(self, point: Point) -> float:
        return float(np.dot(point[list(self.columns)], self.weights))


Separator = Callable[[Point], list[Row]]


class FlowNetwork:
    """A directed graph with a fixed shape, whose arc capacities are sums of columns at a point.

    Arc i runs from `tails[i]` to `heads[i]`; `members[i]` are the columns whose values add up to its capacity.
    """

    def __init__(self, size: int, arcs: list[tuple[int, int, list[int]]], columns: int):
        self.size = size
        self.tails = np.array([tail for tail, _, _ in arcs], dtype=np.int64)
        self.heads = np.array([head for _, head, _ in arcs], dtype=np.int64)
        self.members = [mine for _, _, mine in arcs]
        entries = [(arc, column) for arc, mine in enumerate(self.members) for column in mine]
        rows, cols = zip(*entries, strict=True) if entries else ((), ())
        self.sum = csr_array((np.ones(len(entries)), (rows, cols)), shape=(len(arcs), columns))
        there, back = self.tails * size + self.heads, self.heads * size + self.tails
        keys = np.unique(np.concatenate([there, back]))  # both directions of every arc, in row-major order
        self.slot = np.searchsorted(keys, there)
        self.starts = np.searchsorted(keys, np.arange(size + 1) * size).astype(np.int32)
        self.ends = (keys % size).astype(np.int32)
        self.opposite = np.searchsorted(keys, (keys % size) * size + keys // size)

    def capacities(self, point: Point) -> np.ndarray:
        return np.asarray(self.sum @ point)

    def cuts(self, capacity: np.ndarray, source: int, sink: int, wanted: float) -> list[tuple[np.ndarray, np.ndarray]]:
        """Cuts with less capacity than wanted, nearest the source and nearest the sink, up to `NESTED` times.

        Each is the arcs of the cut and a mask of the vertices on the source's side.
        """
        found: list[tuple[np.ndarray, np.ndarray]] = []
        capacity = capacity.copy()
        for _ in range(NESTED):
            slots = np.zeros(len(self.ends), dtype=np.int64)
            np.add.at(slots, self.slot, np.minimum(capacity * UNIT, 100 * UNIT).astype(np.int64))
            shape = (self.size, self.size)
            graph = csr_array((slots.astype(np.int32), self.ends, self.starts), shape=shape)
            result = maximum_flow(graph, source, sink, method="dinic")
            if result.flow_value >= (wanted - VIOLATION) * UNIT:
                break
            open_slots = slots - result.flow.data > 1  # the flow has the graph's own sparsity
            near = self._reached(open_slots, source)
            far = ~self._reached(open_slots[self.opposite], sink)
            cuts = [(np.flatnonzero(side[self.tails] & ~side[self.heads]), side) for side in (near, far)]
            found += cuts[:1] if np.array_equal(cuts[0][0], cuts[1][0]) else cuts
            for arcs, _ in cuts:
                capacity[arcs] = np.maximum(capacity[arcs], wanted)
        return found

    def _reached(self, open_slots: np.ndarray, start: int) -> np.ndarray:
        """Vertices that a search along open slots meets."""
        starts = np.concatenate([[0], np.cumsum(open_slots)])[self.starts].astype(np.int32)
        ends = self.ends[open_slots]
        graph = csr_array((np.ones(len(ends)), ends, starts), shape=(self.size, self.size))
        reached = np.zeros(self.size, dtype=bool)
        reached[breadth_first_order(graph, start, return_predecessors=False)] = True
        return reached


def link_ends(model: Formulation) -> Separator:
    """link(l) ≤ node(s), or ≤ relay(s) at a site that is no corridor's end: what is built is used, and used at nodes."""
    index = model.index()
    pairs = [
        (index[model.link[link.id].name], index[(model.node if end in model.node else model.relay)[end].name])
        for link in model.reach.links
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


def directed_cuts(model: Formulation, trees: Trees) -> Separator:
    """Σ tree(k) over the arcs into a set that holds an end of component l but not the root of k ≥ spans(k, l).

    The directed cut inequalities of the Steiner arborescence (Aneja 1980; Wong 1984), for every tree and component.
    """
    index = model.index()
    ends = {s for part in trees.components for s in part.ends}
    sites = {s: i for i, s in enumerate(sorted(ends.union(s for _, *arc in trees.arcs for s in arc)))}
    networks = []
    for k in range(len(trees.components)):
        arcs = [(sites[tail], sites[head], [index[v.name]]) for (i, tail, head), v in trees.arcs.items() if i == k]
        networks.append(FlowNetwork(len(sites), arcs, len(index)))

    def separate(point: Point) -> list[Row]:
        rows = []
        for k, network in enumerate(networks):
            root = sites[trees.components[k].ends[0]]
            capacity = network.capacities(point)
            for l in range(k, len(networks)):
                span = index[trees.spans[k, l].name] if trees.spans else None
                wanted = 1.0 if span is None else point[span]
                targets = [sites[s] for s in trees.components[l].ends if sites[s] != root]
                for target in targets if wanted > VIOLATION else ():
                    for cut, _ in network.cuts(capacity, root, target, wanted):
                        capacity[cut] = np.maximum(capacity[cut], wanted)  # one row per cut and round
                        columns = tuple(sorted({network.members[arc][0] for arc in cut}))
                        rows.append(_row("tree_cut", columns, (1.0,) * len(columns), span, 1.0))
        return rows

    return separate


def path_cuts(model: Formulation, chosen: list[CorridorNetwork]) -> Separator:
    """Σ link over the links + Σ relay over the sites of a cut between a corridor's ends ≥ its number of paths.

    Menger's theorem on the node-split graph (Grötschel, Monma & Stoer 1992): k paths that share no link and no relay.
    """
    index = model.index()
    graphs = _split_graphs(model, chosen, index)

    def separate(point: Point) -> list[Row]:
        rows: list[Row] = []
        capacities = {id(split): split.graph.capacities(point) for split in graphs}
        sides: dict[int, list[np.ndarray]] = {key: [] for key in capacities}
        for network, split in zip(chosen, graphs, strict=True):
            rows += _parting(model, network, split, capacities[id(split)], sides[id(split)], index, point)
        return list(dict.fromkeys(rows))

    return separate


def exclusive_cuts(model: Formulation, chosen: list[CorridorNetwork]) -> Separator:
    """The same cuts without the links over one fibre, patched site or duct, and one path fewer.

    Only one of k disjoint paths may use such a resource, so that k − 1 paths are left where it is taken away. At a
    point only resources that more than one unit of installed links use can give a violated cut.
    """
    index = model.index()
    several = [network for network in chosen if network.shared]
    graphs = _split_graphs(model, several, index)
    taken: dict[str, set[int]] = {}
    for network in several:
        for resource, users in network.shared.items():
            mine = taken.setdefault(resource, set())
            mine.update(index[model.link[link].name] for i in users for link in network.bundles[i].links)
            kind, name = resource.split(" ", 1)
            if kind == "site" and name in model.relay:
                mine.add(index[model.relay[name].name])
    columns = {resource: np.array(sorted(mine)) for resource, mine in taken.items() if len(mine) > 1}

    def separate(point: Point) -> list[Row]:
        rows: list[Row] = []
        scarce = {r: mine for r, mine in columns.items() if point[mine].sum() > 1 + VIOLATION}
        capacities: dict[tuple[int, str], np.ndarray] = {}
        sides: dict[tuple[int, str], list[np.ndarray]] = {}
        for network, split in zip(several, graphs, strict=True):
            for resource in network.shared.keys() & scarce.keys():
                key = id(split), resource
                if key not in capacities:
                    without = point.copy()
                    without[scarce[resource]] = 0.0
                    capacities[key], sides[key] = split.graph.capacities(without), []
                rows += _parting(model, network, split, capacities[key], sides[key], index, point, scarce[resource])
        return sorted(set(rows), key=lambda row: (row.columns, row.least))

    return separate


def _split_graphs(model: Formulation, networks: list[CorridorNetwork], index: dict[str, int]) -> list[SplitGraph]:
    """The split graph of each network; networks with the same links have one in common."""
    graphs: dict[tuple, SplitGraph] = {}
    found = []
    for network in networks:
        key = tuple(sorted({link for bundle in network.bundles for link in bundle.links}))
        if key not in graphs:
            graphs[key] = SplitGraph(model, network.bundles, index)
        found.append(graphs[key])
    return found


def _parting(
    model: Formulation, network: CorridorNetwork, split: SplitGraph, capacity: np.ndarray, sides: list[np.ndarray],
    index: dict[str, int], point: Point, without: np.ndarray | None = None,
) -> list[Row]:  # fmt: skip
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
        return [_row(family, (), (), served, paths)]
    if wanted <= VIOLATION or any(side[first + 1] != side[second + 1] for side in sides):
        return []
    rows = []
    for cut, side in split.graph.cuts(capacity, first + 1, second, wanted):
        sides.append(side)
        columns = tuple(sorted({column for arc in cut for column in split.graph.members[arc]} - gone))
        rows.append(_row(family, columns, (1.0,) * len(columns), served, paths))
    return rows


class SplitGraph:
    """Site i as an arc from its inner vertex 2i to its outer vertex 2i + 1 with capacity relay(s), pairs both ways."""

    def __init__(self, model: Formulation, bundles: tuple[Bundle, ...], index: dict[str, int]):
        self.sites = {s: i for i, s in enumerate(sorted({end for bundle in bundles for end in bundle.ends}))}
        arcs = [
            (2 * i, 2 * i + 1, [index[model.relay[s].name]] if s in model.relay else []) for s, i in self.sites.items()
        ]
        pairs: dict[tuple[str, str], list[int]] = {}
        for bundle in bundles:
            pairs.setdefault(bundle.ends, []).extend(index[model.link[link].name] for link in bundle.links)
        for (a, b), columns in pairs.items():
            arcs.append((2 * self.sites[a] + 1, 2 * self.sites[b], columns))
            arcs.append((2 * self.sites[b] + 1, 2 * self.sites[a], columns))
        self.graph = FlowNetwork(2 * len(self.sites), arcs, len(index))


def _row(family: str, columns: tuple[int, ...], weights: tuple[float, ...], factor: int | None, count: float) -> Row:
    """Σ ≥ count, or Σ − count · factor ≥ 0 where a variable says how much of it is wanted."""
    if factor is None:
        return Row(family, columns, weights, count)
    return Row(family, (*columns, factor), (*weights, -count), 0.0)
