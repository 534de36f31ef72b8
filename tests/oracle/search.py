"""The optimum of a small inventory by exhaustive search, to hold the optimiser against.

It shares nothing with the package but the inventory's models. A plan is a set of paths per corridor: the least count
of every link, and so everything that is taken, bought or kept, follows from the paths alone and only grows as paths
are added. What a design costs follows from the ways to buy it (`money.py`): every offer per link and product, every
tier. The search adds one path after the other over a usage vector (capex and tco at the least price of every offer,
relays, changes, systems bought where none may be, strands of every fibre, rack units and power of every site), and
leaves a branch only when a limit is passed or when what is known of its cost, plus what some corridor still adds at the
very least, is no better than the best plan known.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal
from functools import cached_property
from itertools import combinations

import numpy as np

from oracle.model import Candidate, candidates, chains_between, demand_bps, nodes_of, refused
from oracle.money import Lists, Money, Way
from qplan.inventory.commercial import Offer
from qplan.inventory.model import Corridor, Inventory, Item

CAPEX, TCO, RELAYS, CHANGES, BARRED, FIRST_RESOURCE = range(6)
SLACK = 1e-9  # of a limit, relative above 1
RATE_SLACK = 1e-6  # of the systems that a load asks for: rates are promised to this share
HALF_A_CENT = 0.005
RELAY_WEIGHT = 1e9  # one relay outweighs any money of a small instance
TIE = 1e-7
Score = tuple[float, float]  # changes where they come first, then the objective


@dataclass(frozen=True)
class Reference:
    """An earlier plan as changes are counted against it: links by system and set of fibres, relays."""

    links: frozenset[tuple[str, frozenset[str]]] = frozenset()
    relays: frozenset[str] = frozenset()
    first: bool = False
    """The fewest changes come before the objective."""
    change_cost: float = 0.0


@dataclass(frozen=True)
class Oracle:
    """The best plan: total priority of optional corridors served, then changes, then the objective's value."""

    priority: float
    value: float
    """tco, capex or the number of relays (then `tco` is the tie-break), with what changes cost."""
    capex: float
    tco: float
    relays: int
    changes: int
    counts: dict[Candidate, int]
    paths: dict[str, tuple[tuple[Candidate, ...], ...]]
    """Paths of every served corridor, each from the corridor's first end to its second."""
    way: Way
    lists: Lists
    links: tuple[Candidate, ...]


@dataclass(frozen=True)
class State:
    usage: np.ndarray
    load: np.ndarray
    count: np.ndarray
    """Systems that the load needs; 0 on a link that no path uses."""
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


@dataclass(frozen=True)
class Leaf:
    """A whole design: its score, the way to buy it, and what it lists."""

    score: Score
    way: Way
    changes: int
    lists: Lists
    state: State
    chosen: dict[str, tuple[int, ...]]

    def value(self, objective: str) -> float:
        """Capex, tco or the number of relays."""
        if objective == "relays":
            return float(len(self.lists.relays))
        return float(self.way.capex if objective == "capex" else self.way.tco)


class TooManyDesigns(Exception):
    """More whole designs were looked at than asked for."""


def best_value(
    inventory: Inventory, reference: Reference = Reference(), most_designs: float = math.inf
) -> Oracle | None:
    """The optimum as the planning model defines it; None where the required corridors cannot be served.

    Raises TooManyDesigns.
    """
    tables = Tables(inventory, reference)
    tables.most_designs = most_designs
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
            return _result(tables, total, search.best)
    return None


def _servable(tables: Tables, name: str) -> bool:
    """Whether a corridor can be served where it is the only one."""
    search = Search(tables)
    search.serve([name])
    return search.best is not None


def _result(tables: Tables, priority: float, leaf: Leaf) -> Oracle:
    relays = len(leaf.lists.relays)
    objective = tables.inventory.objective
    money = {"capex": leaf.way.capex, "tco": leaf.way.tco}.get(objective)
    cost = tables.reference.change_cost * leaf.changes
    listed = (old + new for old, new in zip(leaf.lists.existing, leaf.lists.bought, strict=True))
    return Oracle(
        priority=priority,
        value=float(relays) if money is None else float(money) + cost,
        capex=float(leaf.way.capex),
        tco=float(leaf.way.tco),
        relays=relays,
        changes=leaf.changes,
        counts={link: n for link, n in zip(tables.links, listed, strict=True) if n},
        paths={name: tuple(tables.paths[name].chains[i] for i in rows) for name, rows in leaf.chosen.items()},
        way=leaf.way,
        lists=leaf.lists,
        links=tables.links,
    )


class Search:
    """Depth first over the paths of a set of corridors; `best` lasts from one set to the next."""

    def __init__(self, tables: Tables):
        self.tables = tables
        self.best: Leaf | None = None
        self.served: frozenset[str] = frozenset()

    def serve(self, names: list[str]) -> None:
        tables = self.tables
        self.served = frozenset(names)
        start = tables.start({end for name in names for end in tables.inventory.corridors[name].ends})
        if (start.usage <= tables.limits).all():
            rows = {name: np.arange(len(tables.paths[name].chains)) for name in names}
            self._extend(start, dict.fromkeys(names, ()), rows)

    def _hopeless(self, usage: np.ndarray, more: float) -> bool:
        """Nothing better than the best known lies beyond."""
        if self.best is None:
            return False
        changes, value = self.tables.least_score(usage)
        return (changes, value + more) >= (self.best.score[0], self.best.score[1] - TIE)

    def _extend(self, state: State, chosen: dict[str, tuple[int, ...]], rows: dict[str, np.ndarray]) -> None:
        """Try every path that may come next for the corridor that has fewest left."""
        tables = self.tables
        if self._hopeless(state.usage, 0.0):
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
            if self._hopeless(state.usage, float(np.partition(scores, missing - 1)[:missing].sum())):
                return
            if tightest is None or len(open_rows) < len(tightest[1]):
                tightest = name, open_rows, scores
        if tightest is None:
            self._finish(state, chosen)
            return
        name, open_rows, scores = tightest
        for position in np.argsort(scores, kind="stable"):
            if self._hopeless(state.usage, float(scores[position])):
                return
            self._choose(state, chosen, rows, name, open_rows, int(open_rows[position]))

    def _finish(self, state: State, chosen: dict[str, tuple[int, ...]]) -> None:
        leaf = self.tables.leaf(state, chosen, self.served)
        if leaf is None:
            return
        known = self.best
        if known is None or (leaf.score[0], leaf.score[1] + TIE) < known.score:
            self.best = leaf

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

    def __init__(self, inventory: Inventory, reference: Reference = Reference()):
        self.inventory, self.reference = inventory, reference
        self.site_ids = sorted(inventory.sites)
        self.fibre_ids = sorted(inventory.fibres)
        usable = tuple(candidates(inventory))
        self.links = (*usable, *refused(inventory, usable))
        self.money = Money(inventory, self.links)
        entries = inventory.existing.links
        self.there = np.array([entries[x.entry].count if x.entry else 0 for x in self.links], dtype=float)
        self.kept = np.array([entries[x.entry].count * entries[x.entry].keep if x.entry else 0 for x in self.links])
        self.rates = np.array([link.net_rate_bps or 1.0 for link in self.links])
        shape = (len(self.links), self.width)
        self.taken = np.array([self._taken_row(link) for link in self.links]).reshape(shape)
        self.price = np.array([self._bought_row(link) for link in self.links]).reshape(shape)
        self.held = np.array([self._held_row(link) for link in self.links]).reshape(shape)
        self.new = np.array([self._new_row(link) for link in self.links]).reshape(shape)
        self.node_usage = np.array([self._node_row(site_id) for site_id in self.site_ids])
        self.relay_usage = np.array([self._relay_row(site_id) for site_id in self.site_ids])
        self.paths = {name: self._paths(corridor, usable) for name, corridor in inventory.corridors.items()}
        self.constant = self._services("plan", new=True)
        self.most_designs = math.inf
        self.leaves: dict[tuple, tuple[Way | None, Lists, int]] = {}

    @property
    def width(self) -> int:
        return FIRST_RESOURCE + len(self.fibre_ids) + 2 * len(self.site_ids)

    @cached_property
    def limits(self) -> np.ndarray:
        sites = [self.inventory.sites[s] for s in self.site_ids]
        budget = self.inventory.budget
        money = [math.inf if x is None else x + HALF_A_CENT + SLACK * max(1.0, x) for x in (budget.capex, budget.tco)]
        limits: list[float | None] = [self.inventory.fibres[f].strands for f in self.fibre_ids]
        limits += [site.rack_units for site in sites] + [site.power_w for site in sites]
        resources = [math.inf if x is None else x + SLACK * max(1.0, x) for x in limits]
        return np.array([*money, math.inf, math.inf, 0.5, *resources])

    @cached_property
    def weights(self) -> np.ndarray:
        """Score of a usage vector: what the objective minimises."""
        weights = np.zeros(self.width)
        weights[CAPEX if self.inventory.objective == "capex" else TCO] = 1.0
        if self.inventory.objective == "relays":
            weights[RELAYS] = RELAY_WEIGHT
        weights[CHANGES] = self.reference.change_cost
        return weights

    def least_score(self, usage: np.ndarray) -> Score:
        """What no design that takes this and more can be better than."""
        return (float(usage[CHANGES]) if self.reference.first else 0.0, float(usage @ self.weights))

    def start(self, ends: set[str]) -> State:
        """Before any path: the ends of the corridors to be served, and what stays."""
        stay = {end for link, kept in zip(self.links, self.kept, strict=True) if kept for end in link.ends}
        nodes = np.array([float(site in ends or site in stay) for site in self.site_ids])
        none = np.zeros(len(self.links))
        relays = np.zeros(len(self.site_ids))
        return State(self._usage(none, nodes, relays), none, none, nodes, relays)

    def _usage(self, count: np.ndarray, nodes: np.ndarray, relays: np.ndarray) -> np.ndarray:
        return self.constant + self._link_usage(count).sum(axis=0) + nodes @ self.node_usage + relays @ self.relay_usage

    def split(self, count: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Existing systems in the plan, and systems bought, where a load needs so many on each link."""
        total = np.maximum(count, self.kept)
        existing = np.minimum(total, self.there)
        return existing, total - existing

    def _link_usage(self, count: np.ndarray) -> np.ndarray:
        existing, bought = self.split(count)
        total = existing + bought
        used = (total > 0).astype(float)
        columns = ((total, self.taken), (bought, self.price), (existing, self.held), (used, self.new))
        return sum(amount[:, None] * rows for amount, rows in columns)

    def added(self, state: State, paths: Paths, rows: np.ndarray) -> np.ndarray:
        """What each of the given paths would add to the usage vector."""
        more = self._link_usage(self._counts(state.load + paths.demand)) - self._link_usage(state.count)
        return (
            paths.links[rows] @ more
            + paths.nodes[rows] @ ((1 - state.nodes)[:, None] * self.node_usage)
            + paths.relays[rows] @ ((1 - state.relays)[:, None] * self.relay_usage)
        )

    def add(self, state: State, paths: Paths, row: int) -> State:
        used = paths.links[row]
        load = state.load + used * paths.demand
        count = np.where(used > 0, self._counts(load), state.count)
        nodes, relays = np.maximum(state.nodes, paths.nodes[row]), np.maximum(state.relays, paths.relays[row])
        return State(self._usage(count, nodes, relays), load, count, nodes, relays)

    def leaf(self, state: State, chosen: dict[str, tuple[int, ...]], served: frozenset[str]) -> Leaf | None:
        """The design whole, bought in the best way within the budgets; None where there is none."""
        key = (*state.count.tolist(), *state.nodes.tolist(), *state.relays.tolist(), served)
        if key not in self.leaves:
            if len(self.leaves) >= self.most_designs:
                raise TooManyDesigns
            existing, bought = (tuple(int(n) for n in part) for part in self.split(state.count))
            nodes, relays = (
                frozenset(s for s, there in zip(self.site_ids, part, strict=True) if there)
                for part in (state.nodes, state.relays)
            )
            lists = Lists(existing, bought, nodes, relays, served)
            budget = self.inventory.budget
            metric = "capex" if self.inventory.objective == "capex" else "tco"
            way = self.money.best(lists, (budget.capex, budget.tco), metric)
            self.leaves[key] = way, lists, self.changes(lists)
        way, lists, changes = self.leaves[key]
        if way is None:
            return None
        money = float(way.capex if self.inventory.objective == "capex" else way.tco)
        relays = len(lists.relays) * RELAY_WEIGHT if self.inventory.objective == "relays" else 0.0
        value = money + relays + self.reference.change_cost * changes
        return Leaf((float(changes) if self.reference.first else 0.0, value), way, changes, lists, state, chosen)

    def changes(self, lists: Lists) -> int:
        """Links and relays that only one of the design and the earlier plan has."""
        counts = zip(self.links, lists.existing, lists.bought, strict=True)
        links = {(link.system, frozenset(link.fibres)) for link, old, new in counts if old + new}
        return len(links ^ self.reference.links) + len(lists.relays ^ self.reference.relays)

    def _counts(self, load: np.ndarray) -> np.ndarray:
        """Systems that a load needs on each link; a link in use has one at least."""
        needed = load / self.rates
        return np.maximum(1.0, np.ceil(needed * (1 - RATE_SLACK)))

    def _take(self, row: np.ndarray, site_id: str, rack_units: float, power_w: float) -> None:
        at = FIRST_RESOURCE + len(self.fibre_ids) + self.site_ids.index(site_id)
        row[at] += rack_units
        row[at + len(self.site_ids)] += power_w

    def _money_row(self, capex: Decimal, tco: Decimal) -> np.ndarray:
        row = np.zeros(self.width)
        row[CAPEX], row[TCO] = float(capex), float(tco)
        return row * (1 - 1e-12)

    def _taken_row(self, link: Candidate) -> np.ndarray:
        system = self.inventory.equipment.qkd_systems[link.system]
        row = np.zeros(self.width)
        for fibre_id in link.fibres:
            row[FIRST_RESOURCE + self.fibre_ids.index(fibre_id)] += system.strands
        for site_id in link.ends:
            self._take(row, site_id, system.rack_units, system.power_w)
        return row

    def _bought_row(self, link: Candidate) -> np.ndarray:
        """A system bought, at the least that any offer asks for it and for its strands."""
        system = self.inventory.equipment.qkd_systems[link.system]
        strands = [(f"fibres.{f}", system.strands) for f in link.fibres]
        capex = tco = Decimal(0)
        for product, count in [(f"qkd_systems.{link.system}", 1), *strands]:
            least = self.least(product)
            capex, tco = capex + least[0] * count, tco + least[1] * count
        row = self._money_row(capex, tco + self.money.energy(2 * Decimal(repr(system.power_w))))
        row += self._services("system", new=True)
        row[BARRED] = float(not link.extendable)
        return row

    def _services(self, per: str, new: bool) -> np.ndarray:
        """The least that services counted per something ask for one of it, unless an offer may include them."""
        row = np.zeros(self.width)
        offered = [self.inventory.offers[name] for p in self._systems for name, _ in self.money.offers(p)]
        included = {word for offer in offered for word in offer.includes}
        included |= {w for x in self.inventory.existing.links.values() if x.offer for w in self._of(x.offer).includes}
        for name, service in self.inventory.services.items():
            if service.per == per and name not in included:
                product = f"services.{name}"
                yearly = min(
                    way.tco
                    for offer in [n for n, _ in self.money.offers(product)] or [None]
                    for way in self.money.on_offer(product, offer, 0, 1)
                )
                row += self._money_row(*self.least(product)) if new else self._money_row(Decimal(0), yearly)
        return row

    def _of(self, name: str) -> Offer:
        return self.inventory.offers[name]

    @property
    def _systems(self) -> list[str]:
        return [f"qkd_systems.{name}" for name in self.inventory.equipment.qkd_systems]

    def least(self, product: str) -> tuple[Decimal, Decimal]:
        """The least capex, and the least tco, of a unit of a product, whatever its quantity."""
        money, figures = self.money, []
        life = money.own(product)[3]
        for name in [name for name, _ in money.offers(product)] or [None]:
            for tier, way in enumerate(money.on_offer(product, name, 0, 1)):
                price = money.own(product)[0] if name is None else money.price(self.inventory.offers[name], tier)
                again = life if name is None or self.inventory.offers[name].kind == "purchase" else None
                figures.append((price, money.once(price).tco + money.again(price, again) + way.tco))
        return min(capex for capex, _ in figures), min(tco for _, tco in figures)

    def _held_row(self, link: Candidate) -> np.ndarray:
        if link.entry is None:
            return np.zeros(self.width)
        power = 2 * Decimal(repr(self.inventory.equipment.qkd_systems[link.system].power_w))
        row = self._money_row(Decimal(0), self.money.held(link) + self.money.energy(power))
        return row + self._services("system", new=False)

    def _new_row(self, link: Candidate) -> np.ndarray:
        row = self._services("link", new=link.entry is None)
        row[CHANGES] = float((link.system, frozenset(link.fibres)) not in self.reference.links)
        return row

    def _site_row(self, kind: str, items: dict[str, Item], works: float, hosting: float, new: bool, room: bool):
        money = self.money
        capex = Decimal(repr(works)) if new else Decimal(0)
        least = {part: self.least(f"{kind}.{part}") for part in items}
        tco = money.once(capex).tco + money.worth(Decimal(repr(hosting)))
        for part, item in items.items() if new else ():
            capex, tco = capex + item.quantity * least[part][0], tco + item.quantity * least[part][1]
        for item in items.values() if room else ():
            tco += money.energy(item.quantity * Decimal(repr(item.power_w)))
        return self._money_row(capex, tco) + self._services(kind.partition("_")[0], new)

    def _node_row(self, site_id: str) -> np.ndarray:
        site, items = self.inventory.sites[site_id], self.inventory.equipment.node_items
        new = site_id not in self.money.built_nodes
        row = self._site_row("node_items", items, site.node_cost, site.node_cost_per_year, new, True)
        for item in items.values():
            self._take(row, site_id, item.quantity * item.rack_units, item.quantity * item.power_w)
        return row

    def _relay_row(self, site_id: str) -> np.ndarray:
        site, items = self.inventory.sites[site_id], self.inventory.equipment.relay_items
        new = site_id not in self.money.built_relays
        room = site.trusted_node != "existing" or site_id in self.inventory.existing.relays
        row = self._site_row("relay_items", items, site.relay_cost, site.relay_cost_per_year, new, room)
        for item in items.values() if room else ():
            self._take(row, site_id, item.quantity * item.rack_units, item.quantity * item.power_w)
        row[RELAYS] = 1.0
        row[CHANGES] = float(site_id not in self.reference.relays)
        return row

    def _paths(self, corridor: Corridor, usable: Iterable[Candidate]) -> Paths:
        chains = tuple(chains_between(self.inventory, corridor, usable))
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
