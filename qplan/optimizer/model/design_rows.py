"""The integer programme of an inventory, held by PuLP, its variables keyed by domain ids, and the rows of the design.

Design variables: link(l) ∈ {0,1} and count(l) ∈ ℤ for every candidate link, node(s) ∈ {0,1} for corridor ends, relay(s)
∈ {0,1} for sites that may relay, served(q) ∈ {0,1} for optional corridors. Routing variables: flow(q, number, bundle,
direction) ∈ {0,1}. Money is scaled by a power of two, so that the largest price lies between 2048 and 4096. The rows of
the corridors' paths are in `path_rows.py`, those of what is bought in `money_rows.py`.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping

import pulp

from qplan.candidates.bundles import bundle_corridors
from qplan.candidates.model import CandidateGraph, CandidateLink
from qplan.candidates.prices import Metric
from qplan.candidates.series import find_series
from qplan.costing.choice import ceiling
from qplan.inventory import plant
from qplan.inventory.model import Inventory
from qplan.optimizer.model.families import row_family
from qplan.optimizer.model.formulation import Formulation, Terms
from qplan.optimizer.model.money_rows import add_money
from qplan.time_budget import UNLIMITED, TimeBudget

BUDGET_ROW_SCALE = 1e6  # right-hand side of a budget row: keeps the solver's absolute tolerance far below a cent
BUDGET_MARGIN = 1e-6  # at that scale, ten times what a solver tolerates


def formulate_design(inventory: Inventory, candidates: CandidateGraph, clock: TimeBudget = UNLIMITED) -> Formulation:
    """What may be built, without the corridors' paths: a relaxation with every limit on strands, room and money.

    Raises OutOfTime.
    """
    problem = pulp.LpProblem("qplan", pulp.LpMinimize)
    model = Formulation(problem, inventory, candidates, bundle_corridors(inventory, candidates, clock), clock)
    series_at = find_series(inventory, candidates)
    add_sites(model, series_at)
    add_links(model, {link: first for first, links in series_at.values() for link in links})
    model.relay |= {s: model.share(model.link[first], "relay", s) for s, (first, _) in sorted(series_at.items())}
    add_served(model)
    add_strands(model)
    for room in plant.ROOMS:
        add_site_room(model, room)
    add_money(model)
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

    A link that no path uses is left out of the plan, or stays for nothing more, so no row ties it to its ends. Links in
    series (`find_series`) are used together, with the relays between them: they have one variable, that of the first.
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
        if not link.existing:
            model.bought[link.id] = n
        elif link.most_bought:
            add_purchase(model, link)


@row_family("existing", "extended", "existing_first")
def add_purchase(model: Formulation, link: CandidateLink) -> None:
    """count(l) ≤ E_l · link(l) + bought(l), bought(l) ≤ B_l · extended(l), E_l · extended(l) ≤ count(l) − bought(l).

    Of the systems in use on an existing link so many are there, and the others are bought once all of these are used.
    """
    x, n, there, most = model.link[link.id], model.count[link.id], link.existing, link.most_bought
    bought = model.bought[link.id] = model.variable("bought", link.id, upper=most)
    extended = model.extended[link.id] = model.variable("extended", link.id)
    model.add([(n, 1), (x, -there), (bought, -1)], "<=", 0, "existing", link.id)
    model.add([(bought, 1), (extended, -most)], "<=", 0, "extended", link.id)
    model.add([(extended, there), (n, -1), (bought, 1)], "<=", 0, "existing_first", link.id)


def taking(model: Formulation, link: CandidateLink) -> tuple[pulp.LpVariable | None, int]:
    """The variable of the systems that take strands and room beyond what stays, and the most of them."""
    if link.kept:
        return model.bought.get(link.id), link.most_bought
    return model.count[link.id], link.max_count


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
    """Σ strands · count(l) over the links on a fibre ≤ its free strands; what stays has taken its own."""
    taken: dict[str, Terms] = defaultdict(list)
    most: dict[str, int] = defaultdict(int)
    for link in model.candidates.links:
        systems, upper = taking(model, link)
        for f in link.route.fibres if systems is not None else ():
            taken[f].append((systems, link.strands))
            most[f] += link.strands * upper
    for f, terms in sorted(taken.items()):
        free = model.inventory.fibres[f].strands - model.candidates.standing.strands.get(f, 0)
        if most[f] > free:
            model.add(terms, "<=", free, "strands", f)


@row_family(*plant.ROOMS)
def add_site_room(model: Formulation, resource: plant.Room) -> None:
    """Modules at the site + node items · node(s) + relay items · relay(s) ≤ the free rack units (or W).

    Where existing plant stays there is a node in every plan, with its items.
    """
    equipment, standing = model.inventory.equipment, model.candidates.standing
    modules: dict[str, Terms] = defaultdict(list)
    for link in model.candidates.links:
        systems, _ = taking(model, link)
        for end in link.route.ends:
            modules[end] += (
                [] if systems is None else [(systems, getattr(equipment.qkd_systems[link.system], resource))]
            )
    node_items = plant.items_room(equipment.node_items.values(), resource)
    for s, terms in sorted(modules.items()):
        free = getattr(model.inventory.sites[s], resource)
        if free is None:
            continue
        relayed = plant.items_room(plant.relay_items(model.inventory, s).values(), resource)
        stays = s in standing.sites
        unit = max(1.0, free) / 1000
        free -= standing.modules.get((s, resource), 0.0) + (node_items if stays else 0.0)
        if s in model.node and not stays:
            terms.append((model.node[s], node_items))
        if s in model.relay:
            terms.append((model.relay[s], relayed + (0.0 if stays or s in model.node else node_items)))
        model.add([(v, taken / unit) for v, taken in terms], "<=", free / unit, resource, s)


@row_family("budget")
def add_budget(model: Formulation) -> None:
    """Σ cost ≤ the ceiling on capex (without contingency) and on tco, what is fixed taken off.

    Money is held against a budget in whole cents, halves to even, so that it may pass it by nearly half a cent.
    """
    for metric, most in _ceilings(model):
        unit = max(most, 1.0) / BUDGET_ROW_SCALE
        terms = [(variable, amount / unit) for variable, amount in model.money[metric]]
        model.add(terms, "<=", (most - model.fixed[metric]) / unit, "budget", metric)


def _ceilings(model: Formulation) -> Iterator[tuple[Metric, float]]:
    """The most, unrounded, that is within a budget, of those that there are."""
    budget = model.inventory.budget
    budgets: tuple[tuple[Metric, float | None], ...] = (("capex", budget.capex), ("tco", budget.tco))
    for metric, budgeted in budgets:
        if (most := ceiling(budgeted)) is not None:
            yield metric, float(most)


def exclude_overrun(model: Formulation, values: Mapping[str, float]) -> bool:
    """Leave out of a solution that passes a ceiling unseen, by what a solver rounds, one thing; whether that was said.

    Where nothing lowers a cost, whoever has as much of everything as the solution has costs as much: of one thing there
    is less (a cover of the budget's row; Balas 1975).
    """
    for metric, most in _ceilings(model):
        amounts: dict[str, float] = defaultdict(float)
        for variable, amount in model.money[metric]:
            amounts[variable.name] += amount
        counts = {name: round(values[name]) for name, amount in amounts.items() if amount and round(values[name])}
        taken = [(variable, counts[variable.name]) for variable in model.columns if variable.name in counts]
        cost = model.fixed[metric] + sum(amounts[name] * count for name, count in counts.items())
        grows = min(amounts.values(), default=-1.0) >= 0 and all(variable.cat == "Integer" for variable, _ in taken)
        weights = [(variable, 1.0 / (variable.upBound - count + 1)) for variable, count in taken]
        excludes = sum(weight for _, weight in weights) > len(taken) - 1 + 1e-6
        if grows and excludes and cost > most:
            fewer = sum(weight * (count - 1) for (_, weight), (_, count) in zip(weights, taken, strict=True))
            number = len(model.problem.constraints())
            model.add(weights, "<=", len(taken) - 1 + fewer, "budget", metric, "cover", number)
            return True
    return False


def tighten_budget(model: Formulation) -> None:
    """Ask for less than the ceilings by 1e-12 of them: a plan that passes one by less than a solver sees is none."""
    for row in model.problem.constraints():
        if row.name.startswith("budget("):
            row.changeRHS(-row.constant - BUDGET_MARGIN)
