"""The arc-flow model that a capable user would write: one flow per path of every corridor. Imports no solver.

Columns: systems on link l, relay at site v, path p of corridor q along an arc of l (0 or 1), and for k ≥ 2 whether the
path uses a fibre, site or duct. The rows that link the flows to what is built come in two kinds:
- weak: Σ over all corridors of flow ≤ M · systems, and likewise for relays (fewer rows, a poor relaxation);
- strong: one such row per corridor, with 1 in place of M.
"""

from __future__ import annotations

import itertools
import math
from collections import defaultdict
from dataclasses import dataclass, field

from benchmarks.problem import Corridor, Link, Problem

Terms = list[tuple[int, float]]
RATE_TOLERANCE = 1e-6  # relative, to which rates are exact
Arc = tuple[str, int, int, str, str]  # corridor, path, link, tail, head


@dataclass
class ArcFlow:
    """min Σ cost · column over rows lower ≤ Σ ≤ upper; every column an integer from 0 to its limit."""

    problem: Problem
    cost: list[float] = field(default_factory=list)
    most: list[int] = field(default_factory=list)
    rows: list[tuple[Terms, float | None, float | None]] = field(default_factory=list)
    arcs: dict[Arc, int] = field(default_factory=dict)
    fixed_cost: float = 0.0  # nodes at corridor ends

    def column(self, cost: float, most: int = 1) -> int:
        self.cost.append(cost)
        self.most.append(most)
        return len(self.cost) - 1

    def at_most(self, terms: Terms, limit: float) -> None:
        self.rows.append((terms, None, limit))

    def equal(self, terms: Terms, value: float) -> None:
        """Without terms a column that is 0 stands in: PuLP would forget the row, and that nothing keeps it."""
        self.rows.append((terms or [(self.column(0.0, most=0), 1.0)], value, value))


def arc_flow(problem: Problem, strong: bool) -> ArcFlow:
    """The whole model of a problem."""
    model = ArcFlow(problem, fixed_cost=sum(problem.node_cost[s] for s in problem.ends))
    systems = [model.column(link.cost, link.most) for link in problem.links]
    relay = {s: model.column(cost) for s, cost in problem.relaying.items() if 0.0 < cost < math.inf}
    on_link: dict[int, dict[str, Terms]] = defaultdict(lambda: defaultdict(list))
    into: dict[str, dict[str, Terms]] = defaultdict(lambda: defaultdict(list))
    forbidden = {s for s, cost in problem.relaying.items() if cost == math.inf}
    for corridor in problem.corridors:
        arcs = _paths(model, corridor, forbidden.union(corridor.refused))
        for (q, _, link, _, head), flow in arcs.items():
            on_link[link][q].append((flow, 1.0))
            if head not in corridor.ends:
                into[head][q].append((flow, 1.0))
        if corridor.paths > 1:
            _keep_apart(model, corridor, arcs)
    paths = sum(corridor.paths for corridor in problem.corridors)
    for link, by_corridor in on_link.items():
        _linking(model, by_corridor, systems[link], strong, paths)
        if problem.links[link].most > 1 or sum(c.demand_bps for c in problem.corridors) > problem.links[link].rate_bps:
            _rate(model, link, by_corridor, systems[link])
    for site, by_corridor in into.items():
        if site in relay:
            _linking(model, by_corridor, relay[site], strong, paths)
    _strands(model, systems)
    return model


def _paths(model: ArcFlow, corridor: Corridor, barred: set[str]) -> dict[Arc, int]:
    """A flow of 1 from end to end for every path, past the barred sites; what enters a site leaves it."""
    problem, (first, last) = model.problem, corridor.ends
    made: dict[Arc, int] = {}
    for path in range(corridor.paths):
        balance: dict[str, Terms] = defaultdict(list)
        flows: Terms = []
        for i, link in enumerate(problem.links):
            for tail, head in (link.ends, link.ends[::-1]):
                if head != first and tail != last and not {tail, head} & (barred - {first, last}):
                    flow = made[corridor.id, path, i, tail, head] = model.column(0.0)
                    balance[tail].append((flow, 1.0))
                    balance[head].append((flow, -1.0))
                    flows.append((flow, 1.0))
        for site in dict.fromkeys((*balance, first, last)):
            model.equal(balance[site], (site == first) - (site == last))
        if corridor.max_relays is not None:
            model.at_most(flows, corridor.max_relays + 1)
    model.arcs |= made
    return made


def _keep_apart(model: ArcFlow, corridor: Corridor, arcs: dict[Arc, int]) -> None:
    """No link twice; at most one path at a site, patched or relayed; at most one on a fibre or duct, however often."""
    on_link: dict[int, Terms] = defaultdict(list)
    users: dict[str, dict[int, dict[object, Terms]]] = defaultdict(lambda: defaultdict(lambda: defaultdict(list)))
    for (_, path, link, _, head), flow in arcs.items():
        on_link[link].append((flow, 1.0))
        for resource in model.problem.shared(corridor, model.problem.links[link]):
            users[resource][path][link].append((flow, 1.0))
        if head not in corridor.ends:
            users[f"site {head}"][path]["relay"].append((flow, 1.0))
    for terms in on_link.values():
        model.at_most(terms, 1)
    for by_path in users.values():
        uses: Terms = []
        for by_user in by_path.values():
            if len(by_user) == 1:  # the flow itself says whether the path is there
                uses += next(iter(by_user.values()))
                continue
            use = model.column(0.0)
            uses.append((use, 1.0))
            for terms in by_user.values():
                model.at_most([*terms, (use, -1.0)], 0)
        model.at_most(uses, 1)


def _linking(model: ArcFlow, by_corridor: dict[str, Terms], built: int, strong: bool, most: int) -> None:
    if strong:
        for terms in by_corridor.values():
            model.at_most([*terms, (built, -1.0)], 0)
    else:
        model.at_most([*itertools.chain(*by_corridor.values()), (built, -float(most))], 0)


def _rate(model: ArcFlow, link: int, by_corridor: dict[str, Terms], systems: int) -> None:
    rate = model.problem.links[link].rate_bps * (1 + RATE_TOLERANCE)
    demand = {corridor.id: corridor.demand_bps for corridor in model.problem.corridors}
    load = [(flow, demand[q] / rate) for q, terms in by_corridor.items() for flow, _ in terms]
    model.at_most([*load, (systems, -1.0)], 0)


def _strands(model: ArcFlow, systems: list[int]) -> None:
    taken: dict[str, list[int]] = defaultdict(list)
    for i, link in enumerate(model.problem.links):
        for fibre in link.fibres:
            taken[fibre].append(i)
    for fibre, links in taken.items():
        if sum(model.problem.links[i].most for i in links) > model.problem.strands[fibre]:
            model.at_most([(systems[i], 1.0) for i in links], model.problem.strands[fibre])


def paths_in(model: ArcFlow, values: list[float]) -> dict[str, list[list[str]]]:
    """The paths that the flows describe, as ids of links from the corridor's first end, without rounds on the way."""
    leaving: dict[tuple[str, int], dict[str, list[tuple[str, Link]]]] = defaultdict(lambda: defaultdict(list))
    for (q, path, link, tail, head), column in model.arcs.items():
        if values[column] > 0.5:
            leaving[q, path][tail].append((head, model.problem.links[link]))
    found: dict[str, list[list[str]]] = {}
    for corridor in model.problem.corridors:
        found[corridor.id] = [_walk(leaving[corridor.id, path], *corridor.ends) for path in range(corridor.paths)]
    return found


def _walk(leaving: dict[str, list[tuple[str, Link]]], here: str, last: str) -> list[str]:
    sites, links = [here], []
    while here != last:
        here, link = leaving[here].pop(0)
        if here in sites:
            cut = sites.index(here)
            sites, links = sites[: cut + 1], links[:cut]
        else:
            sites.append(here)
            links.append(link.id)
    return links
