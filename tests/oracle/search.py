"""The optimum of a small inventory by exhaustive search, to hold the optimiser against.

It shares nothing with the package but the inventory's models. A plan is a set of paths per corridor: the least count
of every link, and so every cost and every resource taken, follows from the paths alone and only grows as paths are
added. So each quantity is a column of one usage vector (capex, tco, relays, strands of every fibre, rack units and
power of every site), and the search adds one path after the other, leaving a branch only when a limit is passed or
when the cost so far, plus what some corridor still adds at the very least, is no better than the best plan known.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cached_property
from itertools import combinations

import numpy as np

from oracle.model import Candidate, candidates, chains_between, demand_bps, fibre_length_km, nodes_of
from qplan.inventory.model import Corridor, Inventory, Item

CAPEX, TCO, RELAYS, FIRST_RESOURCE = 0, 1, 2, 3
SLACK = 1e-9  # of a limit or a count, relative above 1
RELAY_WEIGHT = 1e9  # one relay outweighs any money of a small instance
TIE = 1e-7


@dataclass(frozen=True)
class Oracle:
    """The best plan: total priority of optional corridors served, then the objective's value."""

    priority: float
    value: float
    """tco, capex or the number of relays (then `tco` is the tie-break)."""
    capex: float
    tco: float
    relays: int
    counts: dict[Candidate, int]
    paths: dict[str, tuple[tuple[Candidate, ...], ...]]
    """Paths of every served corridor, each from the corridor's first end to its second."""


@dataclass(frozen=True)
class State:
    usage: np.ndarray
    load: np.ndarray
    count: np.ndarray
    nodes: np.ndarray
    relays: np.ndarray


@dataclass(frozen=True)
class Paths:
    """All paths of one corridor as 0/1 rows over links, nodes and relays, and which two of them are disjoint."""

    demand: float
    wanted: int
    chains: tuple[tuple[Candidate, ...], ...]
    links: np.ndarray
    nodes: np.ndarray
    relays: np.ndarray
    disjoint: np.ndarray

    def partners(self, rows: np.ndarray) -> np.ndarray:
        """How many others of the given rows each of them is disjoint from."""
        given = np.zeros(len(self.chains), np.float32)
        given[rows] = 1.0
        return (self.disjoint @ given)[rows]


def best_value(inventory: Inventory) -> Oracle | None:
    """The optimum as the planning model defines it; None where the required corridors cannot be served."""
    tables = Tables(inventory)
    required = [name for name, corridor in inventory.corridors.items() if corridor.required]
    if not all(_servable(tables, name) for name in required):
        return None
    optional = [name for name in inventory.corridors if name not in required and _servable(tables, name)]
    subsets = [chosen for size in range(len(optional) + 1) for chosen in combinations(optional, size)]
    by_priority: dict[float, list[tuple[str, ...]]] = {}
    for chosen in subsets:
        total = round(math.fsum(inventory.corridors[name].priority for name in chosen), 9)
        by_priority.setdefault(total, []).append(chosen)
    for total in sorted(by_priority, reverse=True):
        search = Search(tables)
        for chosen in by_priority[total]:
            search.serve([*required, *chosen])
        if search.best is not None:
            return _result(tables, total, *search.best)
    return None


def _servable(tables: Tables, name: str) -> bool:
    """Whether a corridor can be served where it is the only one."""
    search = Search(tables)
    search.serve([name])
    return search.best is not None


def _result(tables: Tables, priority: float, state: State, chosen: dict[str, tuple[int, ...]]) -> Oracle:
    capex, tco, relays = (float(x) for x in state.usage[:FIRST_RESOURCE])
    return Oracle(
        priority=priority,
        value={"capex": capex, "tco": tco, "relays": float(round(relays))}[tables.inventory.objective],
        capex=capex,
        tco=tco,
        relays=round(relays),
        counts={link: int(n) for link, n in zip(tables.links, state.count, strict=True) if n},
        paths={name: tuple(tables.paths[name].chains[i] for i in rows) for name, rows in chosen.items()},
    )


class Search:
    """Depth first over the paths of a set of corridors; `best` lasts from one set to the next."""

    def __init__(self, tables: Tables):
        self.tables = tables
        self.score = math.inf
        self.best: tuple[State, dict[str, tuple[int, ...]]] | None = None

    def serve(self, names: list[str]) -> None:
        tables = self.tables
        nodes = np.zeros(len(tables.site_ids))
        for name in names:
            for end in tables.inventory.corridors[name].ends:
                nodes[tables.site_ids.index(end)] = 1.0
        zeros = np.zeros(len(tables.links))
        start = State(nodes @ tables.node_usage, zeros, zeros, nodes, np.zeros(len(tables.site_ids)))
        if (start.usage <= tables.limits).all():
            rows = {name: np.arange(len(tables.paths[name].chains)) for name in names}
            self._extend(start, dict.fromkeys(names, ()), rows)

    def _extend(self, state: State, chosen: dict[str, tuple[int, ...]], rows: dict[str, np.ndarray]) -> None:
        """Try every path that may come next for the corridor that has fewest left."""
        tables = self.tables
        score = float(state.usage @ tables.weights)
        if score >= self.score - TIE:
            return
        tightest: tuple[str, np.ndarray, np.ndarray] | None = None
        for name, open_rows in rows.items():
            missing = tables.paths[name].wanted - len(chosen[name])
            added = tables.added(state, tables.paths[name], open_rows)
            possible = (state.usage + added <= tables.limits).all(axis=1)
            open_rows, scores = open_rows[possible], (added @ tables.weights)[possible]
            if missing > 1:  # each of them needs enough others beside it
                enough = tables.paths[name].partners(open_rows) >= missing - 1
                open_rows, scores = open_rows[enough], scores[enough]
            if len(open_rows) < missing:
                return
            least = float(np.partition(scores, missing - 1)[:missing].sum())
            if score + least >= self.score - TIE:
                return
            if tightest is None or len(open_rows) < len(tightest[1]):
                tightest = name, open_rows, scores
        if tightest is None:
            self.score, self.best = score, (state, chosen)
            return
        name, open_rows, scores = tightest
        for position in np.argsort(scores, kind="stable"):
            if score + scores[position] >= self.score - TIE:
                return
            self._choose(state, chosen, rows, name, open_rows, int(open_rows[position]))

    def _choose(self, state, chosen, rows, name: str, open_rows: np.ndarray, row: int) -> None:
        paths = self.tables.paths[name]
        picked = {**chosen, name: (*chosen[name], row)}
        later = dict(rows)
        if len(picked[name]) == paths.wanted:
            del later[name]
        else:
            after = open_rows[open_rows > row]  # paths of a corridor in one order only
            later[name] = after[paths.disjoint[row, after] > 0]
        self._extend(self.tables.add(state, paths, row), picked, later)


class Tables:
    """The inventory as matrices: what each link, node and relay adds to the usage vector, and the limits."""

    def __init__(self, inventory: Inventory):
        self.inventory = inventory
        self.site_ids = sorted(inventory.sites)
        self.fibre_ids = sorted(inventory.fibres)
        self.links = tuple(candidates(inventory))
        self.rates = np.array([link.net_rate_bps for link in self.links])
        economics = inventory.economics
        self.capex_in_tco = 1 + economics.contingency
        self.opex_in_tco = sum((1 + economics.discount_rate) ** -y for y in range(1, economics.horizon_years + 1))
        self.link_usage = np.array([self._link_row(link) for link in self.links]).reshape(len(self.links), self.width)
        self.node_usage = np.array([self._node_row(site_id) for site_id in self.site_ids])
        self.relay_usage = np.array([self._relay_row(site_id) for site_id in self.site_ids])
        self.paths = {name: self._paths(corridor) for name, corridor in inventory.corridors.items()}

    @property
    def width(self) -> int:
        return FIRST_RESOURCE + len(self.fibre_ids) + 2 * len(self.site_ids)

    @cached_property
    def limits(self) -> np.ndarray:
        sites = [self.inventory.sites[s] for s in self.site_ids]
        budget = self.inventory.budget
        limits = [budget.capex, budget.tco, None]
        limits += [self.inventory.fibres[f].strands for f in self.fibre_ids]
        limits += [site.rack_units for site in sites] + [site.power_w for site in sites]
        return np.array([math.inf if x is None else x + SLACK * max(1.0, x) for x in limits])

    @cached_property
    def weights(self) -> np.ndarray:
        """Score of a usage vector: what the objective minimises."""
        weights = np.zeros(self.width)
        weights[CAPEX if self.inventory.objective == "capex" else TCO] = 1.0
        if self.inventory.objective == "relays":
            weights[RELAYS] = RELAY_WEIGHT
        return weights

    def added(self, state: State, paths: Paths, rows: np.ndarray) -> np.ndarray:
        """What each of the given paths would add to the usage vector."""
        more = self._counts(state.load + paths.demand) - state.count
        return (
            paths.links[rows] @ (more[:, None] * self.link_usage)
            + paths.nodes[rows] @ ((1 - state.nodes)[:, None] * self.node_usage)
            + paths.relays[rows] @ ((1 - state.relays)[:, None] * self.relay_usage)
        )

    def add(self, state: State, paths: Paths, row: int) -> State:
        used = paths.links[row]
        load = state.load + used * paths.demand
        count = np.where(used > 0, self._counts(load), state.count)
        nodes, relays = np.maximum(state.nodes, paths.nodes[row]), np.maximum(state.relays, paths.relays[row])
        usage = count @ self.link_usage + nodes @ self.node_usage + relays @ self.relay_usage
        return State(usage, load, count, nodes, relays)

    def _counts(self, load: np.ndarray) -> np.ndarray:
        """Systems that a load needs on each link; a link in use has one at least."""
        needed = load / self.rates
        return np.maximum(1.0, np.ceil(needed - SLACK * np.maximum(1.0, needed)))

    def _row(self, capex: float, opex: float) -> np.ndarray:
        row = np.zeros(self.width)
        row[CAPEX], row[TCO] = capex, capex * self.capex_in_tco + opex * self.opex_in_tco
        return row

    def _take(self, row: np.ndarray, site_id: str, rack_units: float, power_w: float) -> None:
        at = FIRST_RESOURCE + len(self.fibre_ids) + self.site_ids.index(site_id)
        row[at] += rack_units
        row[at + len(self.site_ids)] += power_w

    def _link_row(self, link: Candidate) -> np.ndarray:
        system = self.inventory.equipment.qkd_systems[link.system]
        capex, opex = system.price or 0.0, system.support_per_year
        for fibre in (self.inventory.fibres[f] for f in link.fibres):
            km = fibre_length_km(self.inventory, fibre) or 0.0
            capex += system.strands * fibre.setup_cost_per_strand
            opex += system.strands * (fibre.cost_per_strand_year + fibre.cost_per_strand_km_year * km)
        row = self._row(capex, opex)
        for fibre_id in link.fibres:
            row[FIRST_RESOURCE + self.fibre_ids.index(fibre_id)] += system.strands
        for site_id in link.ends:
            self._take(row, site_id, system.rack_units, system.power_w)
        return row

    def _site_row(self, site_id: str, capex: float, opex: float, items: dict[str, Item]) -> np.ndarray:
        for item in items.values():
            capex += item.quantity * (item.price or 0.0)
            opex += item.quantity * item.support_per_year
        row = self._row(capex, opex)
        for item in items.values():
            self._take(row, site_id, item.quantity * item.rack_units, item.quantity * item.power_w)
        return row

    def _node_row(self, site_id: str) -> np.ndarray:
        site = self.inventory.sites[site_id]
        return self._site_row(site_id, site.node_cost, site.node_cost_per_year, self.inventory.equipment.node_items)

    def _relay_row(self, site_id: str) -> np.ndarray:
        site, items = self.inventory.sites[site_id], self.inventory.equipment.relay_items
        if site.trusted_node == "existing":
            row = self._site_row(site_id, 0.0, site.relay_cost_per_year, {})
        else:
            row = self._site_row(site_id, site.relay_cost, site.relay_cost_per_year, items)
        row[RELAYS] = 1.0
        return row

    def _paths(self, corridor: Corridor) -> Paths:
        chains = tuple(chains_between(self.inventory, corridor, self.links))
        ducts = sorted({duct for fibre in self.inventory.fibres.values() for duct in fibre.ducts})
        walks = [nodes_of(corridor.ends[0], chain) for chain in chains]
        relays = _rows([walk[1:-1] for walk in walks], self.site_ids)
        links = _rows(chains, self.links)
        parts = [links, relays]
        if corridor.disjoint in ("node", "duct"):
            sites = [{s for link in chain for s in link.sites} - set(corridor.ends) for chain in chains]
            fibres = [{f for link in chain for f in link.fibres} for chain in chains]
            parts += [_rows(sites, self.site_ids), _rows(fibres, self.fibre_ids)]
            if corridor.disjoint == "duct":
                taken = [{d for f in own for d in self.inventory.fibres[f].ducts} for own in fibres]
                parts.append(_rows(taken, ducts))
        footprint = np.hstack(parts) if corridor.paths > 1 else np.zeros((0, 0))
        return Paths(
            demand=demand_bps(corridor),
            wanted=corridor.paths,
            chains=chains,
            links=links,
            nodes=_rows(walks, self.site_ids),
            relays=relays,
            disjoint=(footprint @ footprint.T == 0).astype(np.float32),
        )


def _rows(sets, things) -> np.ndarray:
    """0/1 matrix: which things each set holds."""
    column = {thing: i for i, thing in enumerate(things)}
    rows = np.zeros((len(sets), len(column)))
    for i, members in enumerate(sets):
        for member in members:
            rows[i, column[member]] = 1.0
    return rows
