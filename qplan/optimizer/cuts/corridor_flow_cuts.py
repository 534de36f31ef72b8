"""Cuts that several paths of one corridor ask of a design as a flow: all that these may not share, at once.

A path cut or an exclusive cut is about one cut of the graph, without one resource at the most. What multipliers of a
flow's rows prove may put several of each together.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from scipy.sparse import csr_array

from qplan.candidates.bundles import CorridorNetwork
from qplan.optimizer.cuts.exclusive_flow_cuts import PathFlow, exclusive_flow_cuts
from qplan.optimizer.cuts.row import Point, Row, Separator, require
from qplan.optimizer.model.families import row_family
from qplan.optimizer.model.formulation import Formulation
from qplan.optimizer.solvers.linear_program import LinearProgram, matrix_of
from qplan.optimizer.solvers.projection import Projection

SHORT = 1e-3  # of what is asked for: less is no violated row
SCALES = range(1, 7)  # by which weights become whole, where that makes them whole
NEARLY = 1e-6  # whole
MOST_ARCS = 700  # of a corridor: with more its programmes take longer than they save


@row_family("corridor_flow")
def corridor_flow_cuts(model: Formulation, networks: Sequence[CorridorNetwork]) -> Separator:
    """Σ w · link + Σ w · relay ≥ least · served, which multipliers of a corridor's flow prove (Benders 1962).

    Of k paths without a limit on relays: flow(u, v) from the one end to the other, Σ = k · served; over a bundle, both
    ways, ≤ Σ link; into a site ≤ relay; and the rows `exclusive_flow` that it violates. Weights that are whole allow
    `least` to be rounded up.
    """
    sites = {s: i for i, s in enumerate(sorted(model.inventory.sites))}
    index = model.index()
    flows = [_CorridorFlow(model, network, sites, index) for network in networks if _asked(model, network)]

    def separate(point: Point) -> list[Row]:
        rows: dict[Row, None] = {}
        for flow in flows:
            model.clock.check()
            row = flow.separate(point)
            if row is not None:
                rows[row] = None
        return list(rows)

    return Separator("corridor_flow", separate)


def _asked(model: Formulation, network: CorridorNetwork) -> bool:
    """Its programme says something, and soon; a corridor without a link at an end is cut off by path cuts."""
    corridor, bundles = model.inventory.corridors[network.corridor], network.bundles
    several = corridor.paths > 1 and corridor.max_relays is None
    linked = {end for bundle in bundles for end in bundle.ends}.issuperset(corridor.ends)
    return several and linked and 2 * len(bundles) <= MOST_ARCS


class _CorridorFlow:
    """As much of a corridor's paths as a point has room for, and why there is no room for more.

    The programme's columns: the room on every bundle, at every relay, how much of the paths, and the arcs' flows.
    """

    def __init__(
        self, model: Formulation, network: CorridorNetwork, sites: Mapping[str, int], index: Mapping[str, int]
    ):
        corridor, bundles = model.inventory.corridors[network.corridor], network.bundles
        first, second = (sites[end] for end in corridor.ends)
        relays = sorted(
            {end for bundle in bundles for end in bundle.ends if end in model.relay and end not in corridor.ends}
        )
        members = [[index[model.link[l].name] for l in bundle.links] for bundle in bundles]
        members += [[index[model.relay[s].name]] for s in relays]
        self.room = matrix_of([require("room", tuple(mine), 0.0, None) for mine in members], len(index))
        served = model.served.get(network.corridor)
        self.served = None if served is None else index[served.name]
        pairs = np.array([[sites[end] for end in bundle.ends] for bundle in bundles], dtype=np.int64)
        bundle, (tail, head) = np.tile(np.arange(len(bundles)), 2), np.concatenate([pairs, pairs[:, ::-1]]).T
        relaying = {sites[s]: i for i, s in enumerate(relays, start=len(bundles))}
        used = np.isin(tail, [first, *relaying]) & np.isin(head, [second, *relaying])
        bundle, tail, head = bundle[used], tail[used], head[used]
        program = _program(corridor.paths, (first, second), (tail, head, bundle), relaying, len(members))
        self.projection = Projection(program, len(members) + 1)
        arcs = np.arange(len(members) + 1, len(program.cost))
        none = np.zeros(len(arcs), dtype=np.int64)
        flow = PathFlow([network], [1.0], corridor.paths, len(members), (first, second), tail, head, none, bundle, arcs)
        self.exclusive = exclusive_flow_cuts([flow] if network.shared else [], sites, model.clock)
        self.known = set[Row]()

    def separate(self, point: Point) -> Row | None:
        """A row that the point violates."""
        wanted = 1.0 if self.served is None else float(point[self.served])
        most = np.append(self.room @ point[: self.room.shape[1]], wanted)
        while wanted > SHORT:
            solved = self.projection.solve(most)
            if solved is None:
                return None
            flow, dual = solved
            if flow[self.projection.kept - 1] < wanted - SHORT:
                return self._row(dual)
            new = [row for row in self.exclusive.separate(flow) if row not in self.known]
            if not new:
                return None
            self.known.update(new)
            self.projection.add(new)
        return None

    def _row(self, dual: np.ndarray) -> Row | None:
        """Σ w · column ≥ as much of the paths as is served, by the multipliers of the rows."""
        shadow, least = self.projection.shadow(dual)
        whole = -float(shadow[-1])
        if whole <= NEARLY:
            return None
        weights, least = (shadow[:-1] @ self.room) / whole, least / whole
        small = np.abs(weights) <= NEARLY
        least -= float(np.maximum(weights[small], 0.0).sum())
        columns, weights = np.flatnonzero(~small), weights[~small]
        for scale in SCALES:
            rounded = np.round(scale * weights)
            if np.abs(scale * weights - rounded).max(initial=0.0) < NEARLY:  # so Σ is whole, and least rounded up is 0
                return self._of(columns, rounded, float(scale), 0.0)
        return self._of(columns, weights, 1.0, least)

    def _of(self, columns: np.ndarray, weights: np.ndarray, asked: float, least: float) -> Row:
        """Σ w · column ≥ asked · served + least."""
        if self.served is None:
            return Row("corridor_flow", tuple(columns.tolist()), tuple(weights.tolist()), asked + least)
        return Row("corridor_flow", (*columns.tolist(), self.served), (*weights.tolist(), -asked), least)


def _program(
    paths: int,
    ends: tuple[int, int],
    arcs: tuple[np.ndarray, np.ndarray, np.ndarray],
    relays: Mapping[int, int],
    rooms: int,
) -> LinearProgram:
    """As much as possible of so many paths between the ends, over arcs with tail, head and bundle.

    A bundle's room is the column of its number, a relay's that of `relays`; then come how much, and the arcs.
    """
    (first, second), (tail, head, bundle) = ends, arcs
    count, columns = len(tail), rooms + 1 + len(tail)
    arc = np.arange(rooms + 1, columns)
    balance = {s: rooms + 1 + i for i, s in enumerate(sorted(relays))}  # rows: of rooms, of the first end, of relays
    entering, leaving = head != second, tail != first
    entries = [
        (np.arange(rooms), np.arange(rooms), -1.0),
        (bundle, arc, 1.0),
        (np.array([relays[s] for s in head[entering].tolist()], np.int64), arc[entering], 1.0),
        (np.array([balance[s] for s in head[entering].tolist()], np.int64), arc[entering], 1.0),
        (np.array([balance[s] for s in tail[leaving].tolist()], np.int64), arc[leaving], -1.0),
        (np.full(count - int(leaving.sum()), rooms), arc[~leaving], 1.0),
        (np.full(1, rooms), np.full(1, rooms), -float(paths)),
    ]
    rows, places = (np.concatenate([entry[i] for entry in entries]) for i in (0, 1))
    weights = np.concatenate([np.full(len(entry[0]), entry[2]) for entry in entries])
    size = rooms + 1 + len(relays)
    lower = np.where(np.arange(size) < rooms, -np.inf, 0.0)
    upper = np.concatenate([np.full(rooms, float(paths)), np.ones(1), np.full(count, float(paths))])
    cost = np.where(np.arange(columns) == rooms, -1.0, 0.0)
    matrix = csr_array((weights, (rows, places)), shape=(size, columns))
    return LinearProgram(cost, matrix, lower, np.zeros(size), np.zeros(columns), upper)
