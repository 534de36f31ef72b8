"""From solver values to a plan: paths walked out of the flows, links they need, the nodes these make."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from qplan.costing.costs import plan_costs
from qplan.inventory.model import Inventory
from qplan.plan.model import Costs, Link, Node, Path, ServedCorridor
from qplan.planning.formulation import Formulation
from qplan.planning.limits import Solution
from qplan.planning.networks import CorridorNetwork
from qplan.planning.reach import CandidateLink, ReachGraph, systems_needed


@dataclass(frozen=True)
class Design:
    """What is built and who uses it: the parts of a plan that follow from the solution."""

    nodes: tuple[Node, ...]
    links: tuple[Link, ...]
    corridors: tuple[ServedCorridor, ...]
    costs: Costs

    @property
    def relay_count(self) -> int:
        return sum("relay" in node.roles for node in self.nodes)


def assemble(model: Formulation, solution: Solution) -> Design:
    """The design of a solution; what no path uses is left out, counts are the least that carry the load."""
    corridors = tuple(_corridor(model, solution, network) for network in model.networks)
    return design_of(model.inventory, model.reach, corridors)


def design_of(inventory: Inventory, reach: ReachGraph, corridors: tuple[ServedCorridor, ...]) -> Design:
    """The design that the paths of the corridors need, and no more."""
    load: dict[str, float] = defaultdict(float)
    for corridor in corridors:
        for path in corridor.paths:
            for link in path.links:
                load[link] += corridor.key_rate_bps
    links = tuple(_link(link, load[link.id]) for link in reach.links if link.id in load)
    nodes = _nodes(inventory, links, corridors)
    costs = plan_costs(
        inventory,
        [node.site for node in nodes],
        [node.site for node in nodes if "relay" in node.roles],
        [(link.system, link.fibres, link.count) for link in links],
    )
    return Design(nodes, links, corridors, costs)


def _corridor(model: Formulation, solution: Solution, network: CorridorNetwork) -> ServedCorridor:
    q, corridor = network.corridor, model.inventory.corridors[network.corridor]
    served = corridor.required or solution.chosen(model.served[q])
    paths: list[Path] = []
    for chain in range(network.chains if served else 0):
        leaving: Mapping[str, list[tuple[int, str]]] = defaultdict(list)
        for key, tail, head in model.arcs(network, chain):
            if solution.chosen(model.flow[key]):
                leaving[tail].append((key[2], head))
        for _ in range(network.units):
            paths.append(_walk(model, solution, network, leaving))
    return ServedCorridor(id=q, served=served, key_rate_bps=corridor.demand_bps, paths=in_order(paths))


def _walk(
    model: Formulation, solution: Solution, network: CorridorNetwork, leaving: Mapping[str, list[tuple[int, str]]]
) -> Path:
    """Follow the flow from end to end. No site is entered twice (inflow ≤ 1), so the path is simple."""
    here, last = model.inventory.corridors[network.corridor].ends
    links, visited = [], []
    while here != last:
        bundle, here = leaving[here].pop(0)
        installed = (link for link in network.bundles[bundle].links if solution.chosen(model.link[link]))
        links.append(next(installed))
        visited.append(here)
    return Path(links=tuple(links), relays=tuple(visited[:-1]))


def in_order(paths: Iterable[Path]) -> tuple[Path, ...]:
    """Paths with few links first."""
    return tuple(sorted(paths, key=lambda path: (len(path.links), path.links)))


def _link(link: CandidateLink, load_bps: float) -> Link:
    count = systems_needed(load_bps, link.key_rate_bps)
    return Link(
        id=link.id,
        ends=link.route.ends,
        system=link.system,
        count=count,
        fibres=link.route.fibres,
        bypass_sites=link.route.bypass_sites,
        length_km=link.length_km,
        loss_db=link.loss_db,
        key_rate_bps=link.key_rate_bps,
        capacity_bps=count * link.key_rate_bps,
        load_bps=load_bps,
    )


def _nodes(
    inventory: Inventory, links: tuple[Link, ...], corridors: tuple[ServedCorridor, ...]
) -> tuple[Node, ...]:
    ends = {end for q in corridors if q.served for end in inventory.corridors[q.id].ends}
    relays = {relay for q in corridors for path in q.paths for relay in path.relays}
    sites = sorted({end for link in links for end in link.ends})
    return tuple(
        Node(site=s, roles=tuple(role for role, members in (("end", ends), ("relay", relays)) if s in members))
        for s in sites
    )
