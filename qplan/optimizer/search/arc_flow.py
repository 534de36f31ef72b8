"""The arc-flow relaxation: the corridors' paths as fractional flows over the design, with the rates that they share.

Where rates bind, or corridors ask for several paths, it is stronger than rows over the design alone. It is too large
for the simplex method, and for PuLP: the rows of `path_rows.py` are added to a model as arrays, and a first-order
method gives a bound at every look. Corridors with the same ends, number of paths, limit on relays and bundles are one
flow, the mean of theirs by demand: that keeps the same rows, so the bound is the same. What disjoint paths may not
share is asked of flows where a point violates it (`exclusive_flow_cuts.py`).
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from scipy.sparse import csr_array

from qplan.candidates.bundles import Bundle, CorridorNetwork, find_tight_links
from qplan.candidates.design import Design
from qplan.candidates.layered_graph import Arc, layered_arcs
from qplan.candidates.model import systems_needed
from qplan.inventory.model import Corridor
from qplan.optimizer.cuts.cutset_cuts import exclusive_cutset_cuts
from qplan.optimizer.cuts.exclusive_flow_cuts import PathFlow, exclusive_flow_cuts
from qplan.optimizer.cuts.flow_shadow import flow_shadow
from qplan.optimizer.cuts.row import Point, Row
from qplan.optimizer.cuts.witnesses import TOLERANCE, UnsoundCut, start_values
from qplan.optimizer.limits import Sighting
from qplan.optimizer.model.formulation import Formulation
from qplan.optimizer.model.objectives import Goal
from qplan.optimizer.model.stage import CENT, PROOF, Incumbent, Task
from qplan.optimizer.solvers.first_order import FirstOrder, bound_by_first_order
from qplan.optimizer.solvers.linear_program import NO_TIES, Copies, LinearProgram, Ties, relax

MOST_COLUMNS = 1_000_000
FEWEST_COPIES = 4  # fewer of a block are spelt out
MOST_LAYERED = 2  # times the arcs of one path's flow without layers; a loose limit takes more, and says little


@dataclass(frozen=True)
class ArcFlow:
    """A valid bound, and what the relaxation gives to links and relays."""

    bound: float
    links: dict[str, float]
    sites: dict[str, float]
    solved: FirstOrder
    design: tuple[int, int]  # rows and columns of its programme, the first ones, which are not of flows

    def shadow(self) -> Row | None:
        """A row over the design that lifts its relaxation's bound to this one."""
        program = self.solved.program
        dual = np.zeros(len(program.row_lower))
        dual[: len(self.solved.dual)] = self.solved.dual
        return flow_shadow(program, dual, *self.design)


def arc_flow(task: Task, model: Formulation, rows: Sequence[Row], known: Incumbent | None) -> ArcFlow | None:
    """The relaxation on top of a model and rows over its columns; None if too large or a limit came first.

    Raises OutOfTime, and `UnsoundCut` where a cut excludes the plan known.
    """
    alike = merge(model)
    if sum(2 * len(group.networks[0].bundles) for group in alike) > MOST_COLUMNS:
        return None
    goal, value = task.stage.goal(model), None if known is None else known.value
    flows = add_flows(model, alike)
    cuts = _ExclusiveCuts(flows, known)

    def tell(bound: float) -> None:
        task.parameters.watch(Sighting(f"{goal.name}, arc flow", value, goal.to_domain(bound)))

    design = relax(model, goal, rows)
    program = flows.added_to(design)
    solved = bound_by_first_order(program, task.clock, enough(task, goal, value), tell, cuts.separate)
    if solved is None:
        return None
    links, sites = (model.values(np.clip(solved.point, 0, 1), group) for group in (model.link, model.relay))
    return ArcFlow(goal.to_domain(solved.bound), links, sites, solved, design.matrix.shape)


def enough(task: Task, goal: Goal, value: float | None) -> float:
    """A bound in the solver's units that is surely all that was asked for; infinite where there is no plan yet."""
    if value is None:
        return math.inf
    gap, ceiling = task.parameters.gap, task.parameters.ceiling
    most = value - gap * abs(value) if ceiling is None else min(value, ceiling * (1 + 2 * PROOF))
    return (most + 2 * CENT - goal.constant) * goal.scale


class _ExclusiveCuts:
    """Cuts on flows and on the design, each once; the plan known judges them."""

    def __init__(self, flows: Flows, known: Incumbent | None):
        self.separators = (
            exclusive_flow_cuts(flows.paths, flows.sites, flows.model.clock),
            exclusive_cutset_cuts(flows.model),
        )
        self.known, self.rows = known, dict[Row, None]()
        self.witness = None if known is None else flows.point_of(known.design)

    def separate(self, point: Point) -> list[Row]:
        """Violated cuts that are not known yet. Raises OutOfTime and `UnsoundCut`."""
        rows = [row for each in self.separators for row in each.separate(point) if row not in self.rows]
        for row in rows:
            if self.witness is not None and row.violated(self.witness, TOLERANCE):
                raise UnsoundCut(row.family, self.known)
        self.rows |= dict.fromkeys(rows)
        return rows


@dataclass(frozen=True)
class Group:
    """Corridors that are alike, and the most links on each of their paths; None where there is no limit."""

    networks: list[CorridorNetwork]
    most_links: int | None


def merge(model: Formulation) -> list[Group]:
    """Corridors that are alike together; one that may be left out is by itself."""
    alike: dict[tuple[object, ...], Group] = {}
    rates_bind = bool(find_tight_links(model.inventory, model.candidates))
    for network in model.networks:
        corridor = model.inventory.corridors[network.corridor]
        own = "" if corridor.required else network.corridor
        limit = _most_links(corridor, rates_bind)
        key = frozenset(corridor.ends), corridor.paths, limit, network.bundles, own
        alike.setdefault(key, Group([], limit)).networks.append(network)
    return list(alike.values())


def _most_links(corridor: Corridor, rates_bind: bool) -> int | None:
    """On each path; None where there is no limit. (One path without binding rates is left to `layered_trees.py`.)"""
    if corridor.max_relays is None or not (corridor.paths > 1 or rates_bind):
        return None
    return corridor.max_relays + 1


def _shares(alike: Sequence[Corridor]) -> list[float]:
    """Of each in the demand of all; equal ones where there is none."""
    total = sum(corridor.demand_bps for corridor in alike)
    return [corridor.demand_bps / total if total else 1 / len(alike) for corridor in alike]


def add_flows(model: Formulation, alike: Sequence[Group]) -> Flows:
    """The rows `path`, `on_link`, `relayed`, `key_rate` and `carried` of `path_rows.py`, of k units for each group.

    Where there is a limit on relays, several paths flow through the layers of its graph, and so does one path where
    rates bind, where that takes few arcs more than without.
    """
    flows, over = Flows(model), defaultdict[tuple[object, ...], list[list[CorridorNetwork]]](list)
    for group in alike:
        networks = group.networks
        corridor = model.inventory.corridors[networks[0].corridor]
        if group.most_links is not None:
            arcs = list(layered_arcs(networks[0], corridor.ends, group.most_links))
            if corridor.paths > 1 or len(arcs) <= MOST_LAYERED * 2 * len(networks[0].bundles):
                flows.add_in_layers(networks, arcs)
                continue
        over[corridor.required, tuple((bundle.ends, bundle.links) for bundle in networks[0].bundles)].append(networks)
    for groups in over.values():
        flows.add(groups)
    return flows


class Flows:
    """Columns and rows of flows over a model's design, put together as arrays."""

    def __init__(self, model: Formulation):
        self.model, self.index = model, model.index()
        self.sites = {s: i for i, s in enumerate(model.inventory.sites)}
        self.relay = np.full(len(self.sites), -1)
        for s, variable in model.relay.items():
            self.relay[self.sites[s]] = self.index[variable.name]
        tight = find_tight_links(model.inventory, model.candidates)
        self.tight = [link for link in model.candidates.links if link.id in tight]
        self.columns, self.rows = len(model.columns), 0
        self.paths: list[PathFlow] = []
        self.copies: list[Copies] = []
        self.ties: list[Ties] = []
        self.groups: dict[tuple[str, ...], int] = {}  # of links, over all flows
        self.upper: list[np.ndarray] = []
        self.sides: list[tuple[np.ndarray, np.ndarray]] = []
        self.entries: list[tuple[np.ndarray, np.ndarray, np.ndarray]] = []
        self.rates = self._add_rows(np.full(len(self.tight), -np.inf), np.zeros(len(self.tight)))
        counts = np.array([self.index[model.count[link.id].name] for link in self.tight], dtype=np.int64)
        self._enter(self.rates, counts, -1.0)

    def point_of(self, design: Design) -> Point:
        """The design's variables and flows, over all columns."""
        point = np.zeros(self.columns)
        for name, value in start_values(self.model, design).items():
            point[self.index[name]] = value
        for flow in self.paths:
            flow.enter(design, point)
        return point

    def added_to(self, program: LinearProgram) -> LinearProgram:
        """The programme with the flows."""
        rows, columns, weights = (np.concatenate(part) for part in zip(*self.entries, strict=True))
        matrix = csr_array((weights, (rows, columns)), shape=(self.rows, self.columns))
        lower, upper = (np.concatenate(part) for part in zip(*self.sides, strict=True))
        grown = program.grown(matrix, lower, upper, np.concatenate([np.zeros(0), *self.upper]))
        known = len(program.row_lower)
        copies = (replace(each, rows=each.rows + known, shared=each.shared + known) for each in self.copies)
        ties = Ties(
            np.concatenate([each.columns for each in (NO_TIES, *self.ties)]),
            np.concatenate([each.rows + known for each in (NO_TIES, *self.ties)]),
            np.concatenate([each.groups for each in (NO_TIES, *self.ties)]),
        )
        return replace(grown, copies=tuple(copies), ties=ties)

    def add(self, groups: Sequence[list[CorridorNetwork]]) -> None:
        """The mean flow of the corridors of each group, all groups over the same bundles: [i, k] is of the k-th flow.

        Arcs into a flow's first end, or out of its second, carry nothing, and at its ends no relay is asked for.
        """
        model, bundles = self.model, groups[0][0].bundles
        corridors = [[model.inventory.corridors[each.corridor] for each in networks] for networks in groups]
        paths = np.array([alike[0].paths for alike in corridors])
        first, second = np.array([[self.sites[end] for end in alike[0].ends] for alike in corridors]).T
        links = np.array([len(bundle.links) for bundle in bundles], dtype=np.int64)
        pairs = np.array([[self.sites[s] for s in bundle.ends] for bundle in bundles], np.int64).reshape(-1, 2)
        bundle, (tail, head) = np.tile(np.arange(len(bundles)), 2), np.concatenate([pairs, pairs[:, ::-1]]).T
        used = (head[:, None] != first) & (tail[:, None] != second)
        arcs = self._add_columns(np.where(used, np.minimum(paths, links[bundle][:, None]), 0))
        on_link = self._tie_to_links(bundles, bundle, arcs)
        # path
        sites, place = np.unique(np.concatenate([first, second, tail, head]), return_inverse=True)
        from_place, to_place = place[2 * len(groups) :].reshape(2, -1)
        sent = paths * ((sites[:, None] == first) - 1.0 * (sites[:, None] == second))
        served = [model.served.get(networks[0].corridor) for networks in groups]
        optional = [None if variable is None else self.index[variable.name] for variable in served]
        asked = np.where([column is None for column in optional], sent, 0.0)
        path = self._add_rows(asked, asked)
        self._enter(path[from_place], arcs, 1.0)
        self._enter(path[to_place], arcs, -1.0)
        for k, column in enumerate(optional):
            if column is not None:
                at_ends = place[[k, len(groups) + k]]
                self._enter(path[at_ends, k], np.full(2, column), -sent[at_ends, k])
        # relayed
        most = np.where((sites[:, None] == first) | (sites[:, None] == second), np.inf, 0.0)
        relayed, may = self._add_rows(np.full_like(most, -np.inf), most), self.relay[sites] >= 0
        self._enter(relayed[to_place], arcs, 1.0)
        self._enter(relayed[may], self.relay[sites[may], None], -1.0)
        demand_bps = np.array([sum(each.demand_bps for each in alike) for alike in corridors])
        self._load_links(bundles, bundle, arcs, demand_bps)
        self._carry_alone(bundles, bundle, arcs, corridors)
        for k, networks in enumerate(groups):
            shares, layers = _shares(corridors[k]), np.zeros(len(bundle), dtype=np.int64)
            ends, mine = (int(first[k]), int(second[k])), arcs[:, k]
            flow = PathFlow(networks, shares, int(paths[k]), optional[k], ends, tail, head, layers, bundle, mine)
            self.paths.append(flow)
        if optional[0] is None and len(groups) >= FEWEST_COPIES:
            self.copies.append(Copies(arcs, np.concatenate([on_link, path, relayed]), self.rates, demand_bps))

    def add_in_layers(self, networks: Sequence[CorridorNetwork], between: Sequence[Arc]) -> None:
        """The mean flow of corridors that are alike, through the layered graph of their limit (Gouveia 1998)."""
        model, bundles = self.model, networks[0].bundles
        corridors = [model.inventory.corridors[each.corridor] for each in networks]
        paths, ends = corridors[0].paths, corridors[0].ends
        first, second = (self.sites[end] for end in ends)
        over: dict[tuple[str, str], list[int]] = defaultdict(list)
        for i, each in enumerate(bundles):
            over[each.ends].append(i)
        arcs = [
            (self.sites[tail], self.sites[head], h, i)
            for tail, head, h in between
            for i in over[min(tail, head), max(tail, head)]
        ]
        tail, head, layer, bundle = np.array(arcs, dtype=np.int64).reshape(-1, 4).T
        links = np.array([len(each.links) for each in bundles], dtype=np.int64)
        columns = self._add_columns(np.minimum(paths, links[bundle]))
        self._tie_to_links(bundles, bundle, columns[:, None])
        # path
        served = model.served.get(networks[0].corridor)
        optional = None if served is None else self.index[served.name]
        sent = np.full(1, 0.0 if optional is not None else float(paths))
        start = self._add_rows(sent, sent)
        self._enter(start, columns[tail == first], 1.0)
        if optional is not None:
            self._enter(start, np.full(1, optional), -float(paths))
        size = len(self.sites)
        leaving, entering = layer * size + tail, (layer + 1) * size + head
        _, place = np.unique(np.concatenate([leaving, entering]), return_inverse=True)
        balance = self._add_rows(*(np.zeros(place.max(initial=-1) + 1),) * 2)
        from_place, to_place = place.reshape(2, -1)
        self._enter(balance[from_place[tail != first]], columns[tail != first], 1.0)
        self._enter(balance[to_place[head != second]], columns[head != second], -1.0)
        # relayed
        relays, at = np.unique(head[head != second], return_inverse=True)
        relayed = self._add_rows(np.full(len(relays), -np.inf), np.zeros(len(relays)))
        self._enter(relayed[at], columns[head != second], 1.0)
        may = self.relay[relays] >= 0
        self._enter(relayed[may], self.relay[relays[may]], -1.0)
        demand_bps = sum(corridor.demand_bps for corridor in corridors)
        self._load_links(bundles, bundle, columns[:, None], np.array([demand_bps]))
        self._carry_alone(bundles, bundle, columns[:, None], [corridors])
        shares = _shares(corridors)
        flow = PathFlow(networks, shares, paths, optional, (first, second), tail, head, layer, bundle, columns)
        self.paths.append(flow)

    def _tie_to_links(self, bundles: Sequence[Bundle], bundle: np.ndarray, arcs: np.ndarray) -> np.ndarray:
        """The rows `on_link` of every bundle and flow; arcs [i, k], of a bundle, are of the k-th flow."""
        most = np.zeros((len(bundles), arcs.shape[1]))
        on_link = self._add_rows(most - np.inf, most)
        links = [(i, self.index[self.model.link[l].name]) for i, each in enumerate(bundles) for l in each.links]
        of_bundle, columns = np.array(links, dtype=np.int64).reshape(-1, 2).T
        self._enter(on_link[bundle], arcs, 1.0)
        self._enter(on_link[of_bundle], columns[:, None], -1.0)
        groups = np.array([self.groups.setdefault(each.links, len(self.groups)) for each in bundles], np.int64)
        tied = np.broadcast_arrays(arcs, on_link[bundle], groups[bundle][:, None])
        self.ties.append(Ties(*(each.ravel() for each in tied)))
        return on_link

    def _load_links(
        self, bundles: Sequence[Bundle], bundle: np.ndarray, arcs: np.ndarray, demand_bps: np.ndarray
    ) -> None:
        """Enter arcs, each of a bundle, into the rows `key_rate`: a link whose rate can bind is a bundle of its own."""
        number = {link.id: i for i, link in enumerate(self.tight)}
        row = np.array([number.get(each.links[0], -1) for each in bundles], np.int64)[bundle]
        tight = row >= 0
        rates_bps = np.array([link.key_rate_bps for link in self.tight])[row[tight]]
        self._enter(self.rates[row[tight], None], arcs[tight], demand_bps / rates_bps[:, None])

    def _carry_alone(
        self, bundles: Sequence[Bundle], bundle: np.ndarray, arcs: np.ndarray, corridors: Sequence[list[Corridor]]
    ) -> None:
        """The rows `carried`: each of a group's corridors asks for as many systems as the one of least demand."""
        links = {link.id: link for link in self.tight}
        alone_on = [(i, link) for i, each in enumerate(bundles) if (link := links.get(each.links[0])) is not None]
        least_bps = [min(corridor.demand_bps for corridor in alike) for alike in corridors]
        for i, link in alone_on:
            alone = np.array([systems_needed(demand, link.key_rate_bps) for demand in least_bps])
            several = np.flatnonzero(alone > 1)
            rows = self._add_rows(np.full(len(several), -np.inf), np.zeros(len(several)))
            self._enter(rows, arcs[bundle == i][:, several], 1.0)
            count = np.full(1, self.index[self.model.count[link.id].name])
            self._enter(rows, count, -1.0 / alone[several])

    def _add_columns(self, upper: np.ndarray) -> np.ndarray:
        """Their numbers, in the shape of their bounds; the same with rows."""
        self.upper.append(upper.ravel().astype(float))
        self.columns += upper.size
        return np.arange(self.columns - upper.size, self.columns).reshape(upper.shape)

    def _add_rows(self, lower: np.ndarray, upper: np.ndarray) -> np.ndarray:
        self.sides.append((lower.ravel(), upper.ravel()))
        self.rows += lower.size
        return np.arange(self.rows - lower.size, self.rows).reshape(lower.shape)

    def _enter(self, rows: np.ndarray, columns: np.ndarray, weights: np.ndarray | float) -> None:
        row, column, weight = np.broadcast_arrays(rows, columns, weights)
        self.entries.append((row.ravel(), column.ravel(), weight.ravel()))
