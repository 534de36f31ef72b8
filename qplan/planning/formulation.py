"""The integer program of an inventory, held by PuLP, its variables keyed by domain ids, and the rows of the design.

Design variables: link(l) ∈ {0,1} and count(l) ∈ ℤ for every candidate link, node(s) ∈ {0,1} for corridor ends, relay(s)
∈ {0,1} for sites that may relay, served(q) ∈ {0,1} for optional corridors. Routing variables: flow(q, chain, bundle,
direction) ∈ {0,1}. Money is scaled by a power of two, so that the largest cost coefficient lies between 2048 and 4096.
The rows of the corridors' paths are in `routing_rows.py`.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field

import pulp

from qplan.costing.unit_costs import Cost, node_cost, relay_cost, tco
from qplan.inventory.model import Inventory
from qplan.planning.networks import CorridorNetwork, chains, corridor_networks
from qplan.planning.reach import ReachGraph

FlowKey = tuple[str, int, int, bool]  # corridor, chain, index of the bundle, along its ends
Terms = list[tuple[pulp.LpVariable, float]]

BUDGET_ROW_SCALE = 1e6  # right-hand side of a budget row: keeps the solver's absolute tolerance far below a cent


@dataclass
class Formulation:
    """A PuLP problem and its variables; `columns` is the order in which they were made."""

    problem: pulp.LpProblem
    inventory: Inventory
    reach: ReachGraph
    networks: tuple[CorridorNetwork, ...]
    link: dict[str, pulp.LpVariable] = field(default_factory=dict)
    count: dict[str, pulp.LpVariable] = field(default_factory=dict)
    node: dict[str, pulp.LpVariable] = field(default_factory=dict)
    relay: dict[str, pulp.LpVariable] = field(default_factory=dict)
    served: dict[str, pulp.LpVariable] = field(default_factory=dict)
    flow: dict[FlowKey, pulp.LpVariable] = field(default_factory=dict)
    columns: list[pulp.LpVariable] = field(default_factory=list)
    shared: dict[str, str] = field(default_factory=dict)  # what has no variable of its own -> name of the one it shares

    def variable(self, kind: str, *ids: object, upper: int = 1, integer: bool = True) -> pulp.LpVariable:
        """A variable from 0 to `upper`, named after what it stands for (ids have no dots, so names are distinct)."""
        name = variable_name(kind, *ids)
        made = self.problem.add_variable(name, 0, upper, "Integer" if integer else "Continuous")
        self.columns.append(made)
        return made

    def share(self, variable: pulp.LpVariable, kind: str, *ids: object) -> pulp.LpVariable:
        """Let the variable stand for one thing more."""
        if variable.name != (name := variable_name(kind, *ids)):
            self.shared[name] = variable.name
        return variable

    def design(self) -> list[pulp.LpVariable]:
        """The variables that say what is built and who is served."""
        return [v for group in (self.link, self.count, self.node, self.relay, self.served) for v in group.values()]

    def index(self) -> dict[str, int]:
        """Position of every variable among the columns, by name."""
        return {variable.name: i for i, variable in enumerate(self.columns)}

    def index_of_all(self) -> dict[str, int]:
        """The same, also by the names of what has no variable of its own."""
        index = self.index()
        return index | {name: index[variable] for name, variable in self.shared.items()}

    def add(self, terms: Terms, sense: str, rhs: float, *name: object) -> None:
        """Σ coefficient × variable (≤ | ≥ | =) rhs, under a readable name."""
        total = linear(terms)
        row = total <= rhs if sense == "<=" else total >= rhs if sense == ">=" else total == rhs
        self.problem += row, f"{name[0]}({','.join(str(i) for i in name[1:])})".replace("-", ".").replace(" ", ".")

    def inflow(self, network: CorridorNetwork, chain: int, site: str) -> Terms:
        return [(self.flow[key], 1.0) for key, _, head in self.arcs(network, chain) if head == site]

    def arcs(self, network: CorridorNetwork, chain: int) -> list[tuple[FlowKey, str, str]]:
        """Every flow variable of a chain with its tail and head; none into the first end, none out of the second."""
        first, second = self.inventory.corridors[network.corridor].ends
        directed = (
            (i, along, *(bundle.ends if along else bundle.ends[::-1]))
            for i, bundle in enumerate(network.bundles)
            for along in (True, False)
        )
        return [
            ((network.corridor, chain, i, along), tail, head)
            for i, along, tail, head in directed
            if head != first and tail != second
        ]

    def bundle_flow(self, network: CorridorNetwork, index: int, chains: range | None = None) -> Terms:
        """Flow through a bundle in both directions, summed over chains (default all)."""
        keys = (
            (network.corridor, chain, index, along)
            for chain in (chains if chains is not None else range(network.chains))
            for along in (True, False)
        )
        return [(self.flow[key], 1.0) for key in keys if key in self.flow]


def variable_name(kind: str, *ids: object) -> str:
    return f"{kind}({','.join(str(i) for i in ids)})".replace("-", ".")


def linear(terms: Iterable[tuple[pulp.LpVariable, float]]) -> pulp.LpAffineExpression:
    """Σ coefficient × variable (building it at once is several times quicker than adding)."""
    total: dict[str, tuple[pulp.LpVariable, float]] = {}
    for variable, coefficient in terms:
        known = total.get(variable.name)
        total[variable.name] = (variable, float(coefficient) + (known[1] if known else 0.0))
    build = getattr(pulp.LpAffineExpression, "from_list", pulp.LpAffineExpression)  # PuLP 4, PuLP 3
    return build(list(total.values()))


def formulate_design(inventory: Inventory, reach: ReachGraph) -> Formulation:
    """What may be built, without the corridors' paths: a relaxation with every limit on strands, room and money."""
    problem = pulp.LpProblem("qplan", pulp.LpMinimize)
    model = Formulation(problem, inventory, reach, corridor_networks(inventory, reach))
    add_design(model)
    add_strands(model)
    add_site_room(model, "rack_units")
    add_site_room(model, "power_w")
    add_budget(model)
    return model


def add_design(model: Formulation) -> None:
    """link(l) ≤ count(l) ≤ N_l · link(l);  relay(s) ≤ node(s);  served(q) ≤ node(s) at the corridor's ends.

    The ends of a corridor that must be served are nodes. A site that is no corridor's end is a node exactly where it
    relays, so relay(s) stands for both there; a link that no path uses is left out of the plan, so no row ties it to
    its ends. Links of a chain (`networks.chains`) are used together, with the relays between them: one variable.
    """
    inventory, permitted = model.inventory, model.reach.usability.permitted
    ends = {end for corridor in inventory.corridors.values() for end in corridor.ends}
    used = sorted({end for link in model.reach.links for end in link.route.ends})
    chain_at = chains(inventory, model.reach)
    chain = {link: first for first, links in chain_at.values() for link in links}
    for s in used:
        if s in ends:
            model.node[s] = model.variable("node", s)
        may_relay = (s in sites and s not in inventory.corridors[q].ends for q, sites in permitted.items())
        if s not in chain_at and any(may_relay):
            model.relay[s] = model.variable("relay", s)
            if s in model.node:
                model.add([(model.relay[s], 1), (model.node[s], -1)], "<=", 0, "relay_is_node", s)
    for link in model.reach.links:
        first = chain.get(link.id, link.id)
        if first not in model.link:
            model.link[first] = model.variable("link", first)
        x = model.link[link.id] = model.share(model.link[first], "link", link.id)
        n = model.count[link.id] = x
        if link.max_count > 1:
            n = model.count[link.id] = model.variable("count", link.id, upper=link.max_count)
            model.add([(x, 1), (n, -1)], "<=", 0, "count_from", link.id)
            model.add([(n, 1), (x, -link.max_count)], "<=", 0, "count_to", link.id)
    model.relay |= {s: model.share(model.link[first], "relay", s) for s, (first, _) in sorted(chain_at.items())}
    for q, corridor in sorted(inventory.corridors.items()):
        if not corridor.required:
            model.served[q] = model.variable("served", q)
        for s in corridor.ends:
            node = [(model.node[s], 1.0)] if s in model.node else []
            if corridor.required:
                model.add(node, ">=", 1, "end", q, s)
            else:
                model.add([*node, (model.served[q], -1.0)], ">=", 0, "end", q, s)


def add_strands(model: Formulation) -> None:
    """Σ strands · count(l) over the links on a fibre ≤ its free strands."""
    taken: dict[str, Terms] = defaultdict(list)
    most: dict[str, int] = defaultdict(int)
    for link in model.reach.links:
        for f in link.route.fibres:
            taken[f].append((model.count[link.id], link.strands))
            most[f] += link.strands * link.max_count
    for f, terms in sorted(taken.items()):
        if most[f] > model.inventory.fibres[f].strands:
            model.add(terms, "<=", model.inventory.fibres[f].strands, "strands", f)


def add_site_room(model: Formulation, resource: str) -> None:
    """Modules at the site + node items · node(s) + relay items · relay(s) ≤ the free rack units (or W)."""
    equipment = model.inventory.equipment
    modules: dict[str, Terms] = defaultdict(list)
    for link in model.reach.links:
        for end in link.route.ends:
            modules[end].append((model.count[link.id], getattr(equipment.qkd_systems[link.system], resource)))
    node_items, relay_items = (
        sum(getattr(item, resource) * item.quantity for item in items.values())
        for items in (equipment.node_items, equipment.relay_items)
    )
    for s, terms in sorted(modules.items()):
        site = model.inventory.sites[s]
        free = getattr(site, resource)
        if free is None:
            continue
        relayed = relay_items if site.trusted_node != "existing" else 0.0
        if s in model.node:
            terms.append((model.node[s], node_items))
        if s in model.relay:
            terms.append((model.relay[s], relayed + (0.0 if s in model.node else node_items)))
        unit = max(1.0, free) / 1000
        model.add([(v, taken / unit) for v, taken in terms], "<=", free / unit, resource, s)


@dataclass(frozen=True)
class Prices:
    """What is counted per system on a link, per QKD node and per relay (on top of the node where that is priced)."""

    link: dict[str, float]
    node: dict[str, float]
    relay: dict[str, float]

    def times(self, factor: float) -> Prices:
        parts = (self.link, self.node, self.relay)
        return Prices(*({key: value * factor for key, value in part.items()} for part in parts))


def money_prices(model: Formulation, metric: str) -> Prices:
    """Capex (without contingency) or tco of every part of the design."""
    inventory = model.inventory

    def amount(cost: Cost) -> float:
        return float(cost.capex if metric == "capex" else tco(inventory.economics, cost))

    return Prices(
        {link.id: amount(link.unit_cost) for link in model.reach.links},
        {s: amount(node_cost(inventory, s)) for s in model.node},
        {
            s: amount(relay_cost(inventory, s) + (Cost() if s in model.node else node_cost(inventory, s)))
            for s in model.relay
        },
    )


def priced(model: Formulation, prices: Prices) -> Terms:
    """Σ price × variable over the design."""
    return [
        *((model.count[link], price) for link, price in prices.link.items()),
        *((model.node[s], price) for s, price in prices.node.items()),
        *((model.relay[s], price) for s, price in prices.relay.items()),
    ]


def add_budget(model: Formulation) -> None:
    """Σ cost ≤ the ceiling on capex (without contingency) and on tco."""
    for metric, ceiling in (("capex", model.inventory.budget.capex), ("tco", model.inventory.budget.tco)):
        if ceiling is None:
            continue
        unit = max(ceiling, 1.0) / BUDGET_ROW_SCALE
        terms = priced(model, money_prices(model, metric).times(1 / unit))
        model.add(terms, "<=", ceiling / unit, "budget", metric)
