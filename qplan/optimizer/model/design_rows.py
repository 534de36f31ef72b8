"""The integer programme of an inventory, held by PuLP, its variables keyed by domain ids, and the rows of the design.

Design variables: link(l) ∈ {0,1} and count(l) ∈ ℤ for every candidate link, node(s) ∈ {0,1} for corridor ends, relay(s)
∈ {0,1} for sites that may relay, served(q) ∈ {0,1} for optional corridors. Routing variables: flow(q, number, bundle,
direction) ∈ {0,1}. Money is scaled by a power of two, so that the largest cost coefficient lies between 2048 and 4096.
The rows of the corridors' paths are in `path_rows.py`.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping

import pulp

from qplan.candidates.bundles import bundle_corridors
from qplan.candidates.model import CandidateGraph
from qplan.candidates.prices import Metric, Prices, money_prices
from qplan.candidates.series import find_series
from qplan.inventory import plant
from qplan.inventory.model import Inventory
from qplan.optimizer.model.families import row_family
from qplan.optimizer.model.formulation import Formulation, Terms

BUDGET_ROW_SCALE = 1e6  # right-hand side of a budget row: keeps the solver's absolute tolerance far below a cent


def formulate_design(inventory: Inventory, candidates: CandidateGraph) -> Formulation:
    """What may be built, without the corridors' paths: a relaxation with every limit on strands, room and money."""
    problem = pulp.LpProblem("qplan", pulp.LpMinimize)
    model = Formulation(problem, inventory, candidates, bundle_corridors(inventory, candidates))
    series_at = find_series(inventory, candidates)
    add_sites(model, series_at)
    add_links(model, {link: first for first, links in series_at.values() for link in links})
    model.relay |= {s: model.share(model.link[first], "relay", s) for s, (first, _) in sorted(series_at.items())}
    add_served(model)
    add_strands(model)
    for room in plant.ROOMS:
        add_site_room(model, room)
    add_budget(model)
    return model


@row_family("relay_is_node")
def add_sites(model: Formulation, passing: Collection[str]) -> None:
    """relay(s) ≤ node(s) at the ends of corridors.

    A site that is no corridor's end is a node exactly where it relays, so relay(s) stands for both there. A site that
    only passes keys on between two links in series has the variable of these.
    """
    inventory, permitted = model.inventory, model.candidates.usability.permitted
    ends = {end for corridor in inventory.corridors.values() for end in corridor.ends}
    for s in sorted({end for link in model.candidates.links for end in link.route.ends}):
        if s in ends:
            model.node[s] = model.variable("node", s)
        may_relay = (s in sites and s not in inventory.corridors[q].ends for q, sites in permitted.items())
        if s not in passing and any(may_relay):
            model.relay[s] = model.variable("relay", s)
            if s in model.node:
                model.add([(model.relay[s], 1), (model.node[s], -1)], "<=", 0, "relay_is_node", s)


@row_family("count_from", "count_to")
def add_links(model: Formulation, first_of: Mapping[str, str]) -> None:
    """link(l) ≤ count(l) ≤ N_l · link(l), N_l the most systems that any plan needs on the link, or finds room for.

    A link that no path uses is left out of the plan, so no row ties it to its ends. Links in series (`find_series`) are
    used together, with the relays between them: they have one variable, that of the first.
    """
    for link in model.candidates.links:
        first = first_of.get(link.id, link.id)
        if first not in model.link:
            model.link[first] = model.variable("link", first)
        x = model.link[link.id] = model.share(model.link[first], "link", link.id)
        n = model.count[link.id] = x
        if link.max_count > 1:
            n = model.count[link.id] = model.variable("count", link.id, upper=link.max_count)
            model.add([(x, 1), (n, -1)], "<=", 0, "count_from", link.id)
            model.add([(n, 1), (x, -link.max_count)], "<=", 0, "count_to", link.id)


@row_family("end")
def add_served(model: Formulation) -> None:
    """node(s) ≥ served(q) at both ends of a corridor, ≥ 1 where it must be served."""
    for q, corridor in sorted(model.inventory.corridors.items()):
        if not corridor.required:
            model.served[q] = model.variable("served", q)
        for s in corridor.ends:
            node = [(model.node[s], 1.0)] if s in model.node else []
            if corridor.required:
                model.add(node, ">=", 1, "end", q, s)
            else:
                model.add([*node, (model.served[q], -1.0)], ">=", 0, "end", q, s)


@row_family("strands")
def add_strands(model: Formulation) -> None:
    """Σ strands · count(l) over the links on a fibre ≤ its free strands."""
    taken: dict[str, Terms] = defaultdict(list)
    most: dict[str, int] = defaultdict(int)
    for link in model.candidates.links:
        for f in link.route.fibres:
            taken[f].append((model.count[link.id], link.strands))
            most[f] += link.strands * link.max_count
    for f, terms in sorted(taken.items()):
        if most[f] > model.inventory.fibres[f].strands:
            model.add(terms, "<=", model.inventory.fibres[f].strands, "strands", f)


@row_family(*plant.ROOMS)
def add_site_room(model: Formulation, resource: plant.Room) -> None:
    """Modules at the site + node items · node(s) + relay items · relay(s) ≤ the free rack units (or W)."""
    equipment = model.inventory.equipment
    modules: dict[str, Terms] = defaultdict(list)
    for link in model.candidates.links:
        for end in link.route.ends:
            modules[end].append((model.count[link.id], getattr(equipment.qkd_systems[link.system], resource)))
    node_items = plant.items_room(equipment.node_items.values(), resource)
    for s, terms in sorted(modules.items()):
        site = model.inventory.sites[s]
        free = getattr(site, resource)
        if free is None:
            continue
        relayed = plant.items_room(plant.relay_items(model.inventory, s).values(), resource)
        if s in model.node:
            terms.append((model.node[s], node_items))
        if s in model.relay:
            terms.append((model.relay[s], relayed + (0.0 if s in model.node else node_items)))
        unit = max(1.0, free) / 1000
        model.add([(v, taken / unit) for v, taken in terms], "<=", free / unit, resource, s)


def money_prices_of(model: Formulation, metric: Metric) -> Prices:
    """What the variables of the design cost."""
    return money_prices(model.inventory, model.candidates.links, model.node, model.relay, metric)


def price(model: Formulation, prices: Prices) -> Terms:
    """Σ price × variable over the design."""
    return [
        *((model.count[link], each) for link, each in prices.link.items()),
        *((model.node[s], each) for s, each in prices.node.items()),
        *((model.relay[s], each) for s, each in prices.relay.items()),
    ]


@row_family("budget")
def add_budget(model: Formulation) -> None:
    """Σ cost ≤ the ceiling on capex (without contingency) and on tco."""
    budget = model.inventory.budget
    ceilings: tuple[tuple[Metric, float | None], ...] = (("capex", budget.capex), ("tco", budget.tco))
    for metric, ceiling in ceilings:
        if ceiling is None:
            continue
        unit = max(ceiling, 1.0) / BUDGET_ROW_SCALE
        terms = price(model, money_prices_of(model, metric).times(1 / unit))
        model.add(terms, "<=", ceiling / unit, "budget", metric)
