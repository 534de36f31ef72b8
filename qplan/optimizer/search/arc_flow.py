"""The arc-flow relaxation: the corridors' paths as fractional flows over the design, with the rates that they share.

Where rates bind, or corridors ask for several paths, it is stronger than rows over the design alone. It is too large
for the simplex method, and for PuLP: the rows of `path_rows.py` are added to a model as arrays, and a first-order
method gives a bound at every look. Corridors with the same ends, number of paths and bundles are one flow, the mean of
theirs by demand: that keeps the same rows, so the bound is the same. What disjoint paths may not share is asked of
flows where a point violates it (`exclusive_flow_cuts.py`).
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy.sparse import csr_array

from qplan.candidates.bundles import Bundle, CorridorNetwork, find_tight_links
from qplan.optimizer.cuts.exclusive_flow_cuts import PathFlow, exclusive_flow_cuts
from qplan.optimizer.cuts.row import Point, Row
from qplan.optimizer.cuts.witnesses import TOLERANCE, UnsoundCut
from qplan.optimizer.limits import Sighting
from qplan.optimizer.model.formulation import Formulation
from qplan.optimizer.model.stage import Incumbent, Task
from qplan.optimizer.solvers.first_order import bound_by_first_order
from qplan.optimizer.solvers.linear_program import LinearProgram, relax

MOST_COLUMNS = 500_000
MOST_CUT_COLUMNS = 150_000  # where rates bind: beyond, time for cuts is better spent on a plan


@dataclass(frozen=True)
class ArcFlow:
    """A valid bound, and what the relaxation gives to links and relays."""

    bound: float
    links: dict[str, float]
    sites: dict[str, float]


def arc_flow(task: Task, model: Formulation, rows: Sequence[Row], known: Incumbent | None) -> ArcFlow | None:
    """The relaxation on top of a model and rows over its columns; None if too large or a limit came first.

    Raises OutOfTime, and `UnsoundCut` where a cut excludes the plan known.
    """
    alike = merge(model)
    if sum(2 * len(networks[0].bundles) for networks in alike) > MOST_COLUMNS:
        return None
    goal, value = task.stage.goal(model), None if known is None else known.value
    flows = add_flows(model, alike)
    cuts = _ExclusiveCuts(flows, known)

    def tell(bound: float) -> None:
        task.parameters.watch(Sighting(f"{goal.name}, arc flow", value, goal.to_domain(bound)))

    enough = np.inf if value is None else (value - task.parameters.gap * abs(value) - goal.constant) * goal.scale
    program = flows.added_to(relax(model, goal, rows))
    solved = bound_by_first_order(program, task.clock, enough, tell, cuts.separate)
    if solved is None:
        return None
    links, sites = (model.values(np.clip(solved.point, 0, 1), group) for group in (model.link, model.relay))
    return ArcFlow(goal.to_domain(solved.bound), links, sites)


class _ExclusiveCuts:
    """Cuts on flows, each once; the flows of the plan known judge them."""

    def __init__(self, flows: Flows, known: Incumbent | None):
        self.separator = exclusive_flow_cuts(flows.paths, flows.sites, flows.model.clock)
        self.large = bool(flows.tight) and flows.columns > MOST_CUT_COLUMNS
        self.known, self.rows, self.witness = known, dict[Row, None](), np.zeros(flows.columns)
        if known is not None:
            for flow in flows.paths:
                flow.enter(known.design, self.witness)

    def separate(self, point: Point) -> list[Row]:
        """Violated cuts that are not known yet. Raises OutOfTime and `UnsoundCut`."""
        if self.large:
            return []
        rows = [row for row in self.separator.separate(point) if row not in self.rows]
        if self.known is not None and any(row.violated(self.witness, TOLERANCE) for row in rows):
            raise UnsoundCut(self.separator.family, self.known)
        self.rows |= dict.fromkeys(rows)
        return rows


def merge(model: Formulation) -> list[list[CorridorNetwork]]:
    """Corridors that are alike together; one that may be left out is by itself."""
    alike: dict[tuple[object, ...], list[CorridorNetwork]] = defaultdict(list)
    for network in model.networks:
        corridor = model.inventory.corridors[network.corridor]
        own = "" if corridor.required else network.corridor
        alike[frozenset(corridor.ends), corridor.paths, network.bundles, own].append(network)
    return list(alike.values())


def add_flows(model: Formulation, alike: Sequence[list[CorridorNetwork]]) -> Flows:
    """The rows `path`, `on_link`, `relayed` and `key_rate` of `path_rows.py`, a flow of k units for each group."""
    flows, known = Flows(model), dict[tuple[Bundle, ...], _Pairs]()
    for networks in alike:
        bundles = networks[0].bundles
        if bundles not in known:
            known[bundles] = flows.pairs(bundles)
        flows.add(networks, known[bundles])
    return flows


@dataclass(frozen=True)
class _Pairs:
    """Bundles as arrays: the numbers of the sites that each joins, and the bundle and the column of every link."""

    first: np.ndarray
    second: np.ndarray
    bundle: np.ndarray
    column: np.ndarray
    links: np.ndarray  # per bundle
    rate_row: np.ndarray  # per bundle the number of its link among those whose rate can bind, else -1


class Flows:
    """Columns and rows of flows over a model's design, put together as arrays."""

    def __init__(self, model: Formulation):
        self.model, self.index = model, model.index()
        self.sites = {s: i for i, s in enumerate(model.inventory.sites)}
        self.relay = np.zeros(len(self.sites), dtype=np.int64)
        for s, variable in model.relay.items():
            self.relay[self.sites[s]] = self.index[variable.name]
        tight = find_tight_links(model.inventory, model.candidates)
        self.tight = [link for link in model.candidates.links if link.id in tight]
        self.columns, self.rows = len(model.columns), 0
        self.paths: list[PathFlow] = []
        self.upper: list[np.ndarray] = []
        self.sides: list[tuple[np.ndarray, np.ndarray]] = []
        self.entries: list[tuple[np.ndarray, np.ndarray, np.ndarray]] = []
        self.rates = self._add_rows(np.full(len(self.tight), -np.inf), np.zeros(len(self.tight)))
        counts = np.array([self.index[model.count[link.id].name] for link in self.tight], dtype=np.int64)
        self._enter(self.rates + np.arange(len(self.tight)), counts, -1.0)

    def added_to(self, program: LinearProgram) -> LinearProgram:
        """The programme with the flows."""
        rows, columns, weights = (np.concatenate(part) for part in zip(*self.entries, strict=True))
        matrix = csr_array((weights, (rows, columns)), shape=(self.rows, self.columns))
        lower, upper = (np.concatenate(part) for part in zip(*self.sides, strict=True))
        return program.grown(matrix, lower, upper, np.concatenate([np.zeros(0), *self.upper]))

    def pairs(self, bundles: tuple[Bundle, ...]) -> _Pairs:
        model, index = self.model, self.index
        number = {link.id: i for i, link in enumerate(self.tight)}
        links = [len(bundle.links) for bundle in bundles]
        first, second = (np.array([self.sites[bundle.ends[side]] for bundle in bundles], np.int64) for side in (0, 1))
        return _Pairs(
            first,
            second,
            np.repeat(np.arange(len(bundles)), links),
            np.array([index[model.link[l].name] for bundle in bundles for l in bundle.links], dtype=np.int64),
            np.array(links, dtype=np.int64),
            np.array([number.get(bundle.links[0], -1) for bundle in bundles], dtype=np.int64),
        )  # a link whose rate can bind is a bundle of its own

    def add(self, networks: list[CorridorNetwork], pairs: _Pairs) -> None:
        """The mean flow of corridors that are alike."""
        corridors = [self.model.inventory.corridors[each.corridor] for each in networks]
        corridor, demand_bps = corridors[0], sum(each.demand_bps for each in corridors)
        variable = self.model.served.get(networks[0].corridor)
        served = None if variable is None else self.index[variable.name]
        first, second = (self.sites[end] for end in corridor.ends)
        bundle = np.tile(np.arange(len(pairs.links)), 2)
        tail, head = np.concatenate([pairs.first, pairs.second]), np.concatenate([pairs.second, pairs.first])
        kept = (head != first) & (tail != second)
        bundle, tail, head = bundle[kept], tail[kept], head[kept]
        arcs = self._add_columns(np.minimum(corridor.paths, pairs.links[bundle]))
        shares = [each.demand_bps / demand_bps if demand_bps else 1 / len(corridors) for each in corridors]
        ends, start = (first, second), int(arcs[0]) if len(arcs) else self.columns
        self.paths.append(PathFlow(networks, shares, corridor.paths, served, ends, tail, head, bundle, start))
        # on_link
        row = self._add_rows(np.full(len(pairs.links), -np.inf), np.zeros(len(pairs.links)))
        self._enter(row + bundle, arcs, 1.0)
        self._enter(row + pairs.bundle, pairs.column, -1.0)
        # path
        sites, place = np.unique(np.concatenate([[first, second], tail, head]), return_inverse=True)
        sent = corridor.paths * ((sites == first) - 1.0 * (sites == second))
        asked = sent if served is None else np.zeros(len(sites))
        row = self._add_rows(asked, asked)
        self._enter(row + place[2 : 2 + len(arcs)], arcs, 1.0)
        self._enter(row + place[2 + len(arcs) :], arcs, -1.0)
        if served is not None:
            self._enter(row + place[:2], np.full(2, served), -sent[place[:2]])
        # relayed
        inner = head != second
        sites, place = np.unique(head[inner], return_inverse=True)
        row = self._add_rows(np.full(len(sites), -np.inf), np.zeros(len(sites)))
        self._enter(row + place, arcs[inner], 1.0)
        self._enter(row + np.arange(len(sites)), self.relay[sites], -1.0)
        # key_rate
        tight = pairs.rate_row[bundle] >= 0
        rates = np.array([link.key_rate_bps for link in self.tight])[pairs.rate_row[bundle[tight]]]
        self._enter(self.rates + pairs.rate_row[bundle[tight]], arcs[tight], demand_bps / rates)

    def _add_columns(self, upper: np.ndarray) -> np.ndarray:
        self.upper.append(upper.astype(float))
        self.columns += len(upper)
        return np.arange(self.columns - len(upper), self.columns)

    def _add_rows(self, lower: np.ndarray, upper: np.ndarray) -> int:
        """The number of the first."""
        self.sides.append((lower, upper))
        self.rows += len(lower)
        return self.rows - len(lower)

    def _enter(self, rows: np.ndarray, columns: np.ndarray, weights: np.ndarray | float) -> None:
        self.entries.append((rows, columns, np.broadcast_to(weights, rows.shape)))
