"""Cuts that every design satisfies, found at a fractional point by maximum flows.

A separator is built once for a model and is then a pure function from a point (a value per column) to violated rows.
Nothing here depends on rates, ducts or relay limits: the rows hold for every design that serves the corridors.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
from scipy.sparse import csr_array

from qplan.planning.flow_network import VIOLATION, FlowNetwork
from qplan.planning.formulation import Formulation
from qplan.planning.hop_flows import layered_arcs, layered_network
from qplan.planning.networks import Bundle, CorridorNetwork

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


def listed(rows: Sequence[Row], columns: int) -> Separator:
    """Of rows that are known beforehand, those that a point violates."""
    if not rows:
        return lambda point: []
    sizes = [len(row.columns) for row in rows]
    numbers = np.repeat(np.arange(len(rows)), sizes)
    matrix = csr_array(
        (np.concatenate([row.weights for row in rows]), (numbers, np.concatenate([row.columns for row in rows]))),
        shape=(len(rows), columns),
    )
    least = np.array([row.least for row in rows]) - 1e-3

    def separate(point: Point) -> list[Row]:
        return [rows[i] for i in np.flatnonzero(matrix @ point < least)]

    return separate


def link_ends(model: Formulation) -> Separator:
    """link(l) ≤ node(s), or ≤ relay(s) where s is no corridor's end: what is built is used, and used at nodes."""
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
    columns = {name: mine for name, mine in _resource_columns(model, several, index).items() if len(mine) > 1}
    uses = {id(split): _Uses(split.graph, columns) for split in graphs}

    def separate(point: Point) -> list[Row]:
        rows: list[Row] = []
        capacities = {id(split): split.graph.capacities(point) for split in graphs}
        sides: dict[tuple[int, str], list[np.ndarray]] = {}
        for network, split in zip(several, graphs, strict=True):
            first, second = (split.sites.get(end) for end in model.inventory.corridors[network.corridor].ends)
            if first is None or second is None:
                continue
            flow = split.graph.flow(capacities[id(split)], 2 * first + 1, 2 * second)
            for resource in uses[id(split)].crowded(point, flow):
                if resource in network.shared:
                    without = point.copy()
                    without[columns[resource]] = 0.0
                    capacity, key = split.graph.capacities(without), (id(split), resource)
                    parted = sides.setdefault(key, [])
                    rows += _parting(model, network, split, capacity, parted, index, point, columns[resource])
        return list(dict.fromkeys(rows))

    return separate


def _resource_columns(
    model: Formulation, networks: list[CorridorNetwork], index: dict[str, int]
) -> dict[str, np.ndarray]:
    """Per resource the columns of all links that take it, and of the relay if it is a site."""
    taken: dict[str, set[int]] = {}
    for network in networks:
        for resource, users in network.shared.items():
            mine = taken.setdefault(resource, set())
            mine.update(index[model.link[link].name] for i in users for link in network.bundles[i].links)
            kind, name = resource.split(" ", 1)
            if kind == "site" and name in model.relay:
                mine.add(index[model.relay[name].name])
    return {resource: np.array(sorted(mine)) for resource, mine in sorted(taken.items())}


class _Uses:
    """How much of a flow may run over each resource; one that carries at most one unit gives no violated cut."""

    def __init__(self, graph: FlowNetwork, columns: dict[str, np.ndarray]):
        self.names = list(columns)
        arcs_of: dict[int, list[int]] = {}
        for arc, members in enumerate(graph.members):
            for column in members:
                arcs_of.setdefault(column, []).append(arc)
        entries = [
            (r, arc, column)
            for r, name in enumerate(self.names) for column in columns[name].tolist() for arc in arcs_of.get(column, ())
        ]  # fmt: skip
        self.resource, self.arc, self.column = np.array(entries, dtype=np.int64).reshape(-1, 3).T
        _, self.group = np.unique(self.resource * len(graph.members) + self.arc, return_inverse=True)

    def crowded(self, point: Point, flow: np.ndarray) -> list[str]:
        room = np.bincount(self.group, point[self.column])
        at = np.zeros(len(room), dtype=np.int64)
        at[self.group] = np.arange(len(self.group))
        carried = np.bincount(self.resource[at], np.minimum(room, flow[self.arc[at]]), len(self.names))
        return [self.names[r] for r in np.flatnonzero(carried > 1 + VIOLATION)]


def _split_graphs(model: Formulation, networks: list[CorridorNetwork], index: dict[str, int]) -> list[SplitGraph]:
    """The split graph of each network; networks with the same links have one in common."""
    graphs: dict[tuple, SplitGraph] = {}
    found = []
    for network in networks:
        key = tuple(sorted({link for bundle in network.bundles for link in bundle.links}))
        if key not in graphs:
            graphs[key] = _split_graph(model, network.bundles, index)
        found.append(graphs[key])
    return found


def _split_graph(model: Formulation, bundles: tuple[Bundle, ...], index: dict[str, int]) -> SplitGraph:
    """With capacity relay(s) at the sites, and Σ link between them."""
    pairs: dict[tuple[str, str], list[int]] = {}
    for bundle in bundles:
        pairs.setdefault(bundle.ends, []).extend(index[model.link[link].name] for link in bundle.links)
    sites = {end for pair in pairs for end in pair}
    passed = {s: [index[model.relay[s].name]] if s in model.relay else [] for s in sites}
    return SplitGraph(passed, pairs, len(index))


def hop_cuts(model: Formulation, chosen: list[CorridorNetwork]) -> Separator:
    """Σ link over the links of a cut in the layered graph of a corridor with a limit on relays ≥ its number of paths.

    Layer h holds the sites that a path can reach with h links and leave in time; a path within the limit leads through
    the layers (Gouveia 1998), so that disjoint paths cross the cut on different links. Cuts of partitions that only
    links over more than one layer cross are among them (jump inequalities, Dahl 1999).
    """
    index = model.index()
    asked = []
    for network in chosen:
        corridor = model.inventory.corridors[network.corridor]
        if corridor.max_relays is not None:
            asked.append((network.corridor, _layered(model, network, corridor.max_relays + 1, index)))

    def separate(point: Point) -> list[Row]:
        rows = []
        for q, layered in asked:
            corridor = model.inventory.corridors[q]
            served = index[model.served[q].name] if q in model.served else None
            paths = float(corridor.paths)
            wanted = paths if served is None else paths * point[served]
            if layered is None:
                rows.append(factored("hop_cut", (), (), served, paths))
            elif wanted > VIOLATION:
                for cut, _ in layered.cuts(layered.capacities(point), 0, 1, wanted):
                    columns = layered.columns(cut)
                    rows.append(factored("hop_cut", columns, (1.0,) * len(columns), served, paths))
        return list(dict.fromkeys(rows))

    return separate


def _layered(
    model: Formulation, network: CorridorNetwork, most_links: int, index: dict[str, int]
) -> FlowNetwork | None:
    """The corridor's layered graph; None where no way keeps to the limit."""
    ends = model.inventory.corridors[network.corridor].ends
    columns: dict[tuple[str, str], set[int]] = {}
    for bundle in network.bundles:
        columns.setdefault(bundle.ends, set()).update(index[model.link[link].name] for link in bundle.links)
    arcs = {
        (tail, head, h): sorted(columns[min(tail, head), max(tail, head)])
        for tail, head, h in layered_arcs(network, ends, most_links)
    }
    return layered_network(arcs, ends, len(index)) if arcs else None


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
        return [factored(family, (), (), served, paths)]
    if wanted <= VIOLATION or any(side[first + 1] != side[second + 1] for side in sides):
        return []
    rows = []
    for cut, side in split.graph.cuts(capacity, first + 1, second, wanted):
        sides.append(side)
        columns = tuple(column for column in split.graph.columns(cut) if column not in gone)
        rows.append(factored(family, columns, (1.0,) * len(columns), served, paths))
    return rows


class SplitGraph:
    """Site i as an arc from its inner vertex 2i to its outer vertex 2i + 1, pairs of sites both ways between them.

    `passed` are the columns that let a path pass through each site, `pairs` those that join two.
    """

    def __init__(self, passed: Mapping[str, list[int]], pairs: Mapping[tuple[str, str], list[int]], columns: int):
        self.sites = {s: i for i, s in enumerate(sorted(passed))}
        arcs = [(2 * i, 2 * i + 1, passed[s]) for s, i in self.sites.items()]
        for (a, b), mine in pairs.items():
            arcs.append((2 * self.sites[a] + 1, 2 * self.sites[b], mine))
            arcs.append((2 * self.sites[b] + 1, 2 * self.sites[a], mine))
        self.graph = FlowNetwork(2 * len(self.sites), arcs, columns)


def factored(
    family: str, columns: tuple[int, ...], weights: tuple[float, ...], factor: int | None, count: float
) -> Row:
    """Σ ≥ count, or Σ − count · factor ≥ 0 where a variable says how much of it is wanted."""
    if factor is None:
        return Row(family, columns, weights, count)
    return Row(family, (*columns, factor), (*weights, -count), 0.0)


def moved(row: Row, names: list[str], columns: dict[str, int]) -> Row:
    """The row over another model's columns; what that one lacks is 0 there."""
    weights: dict[int, float] = defaultdict(float)
    for c, weight in zip(row.columns, row.weights, strict=True):
        if names[c] in columns:
            weights[columns[names[c]]] += weight
    return replace(row, columns=tuple(weights), weights=tuple(weights.values()))
