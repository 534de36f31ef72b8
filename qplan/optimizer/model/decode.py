"""From solver values to a plan: paths walked out of the flows, links they need, the nodes these make."""

from __future__ import annotations

from collections import defaultdict

from qplan.candidates.bundles import CorridorNetwork
from qplan.candidates.design import Design, in_order
from qplan.optimizer.model.designs import design_of
from qplan.optimizer.model.formulation import Formulation
from qplan.optimizer.model.solution import Solution
from qplan.plan.model import Path, ServedCorridor


def assemble(model: Formulation, solution: Solution) -> Design:
    """The design of a solution; what no path uses is left out, counts are the least that carry the load."""
    corridors = tuple(_corridor(model, solution, network) for network in model.networks)
    return design_of(model.inventory, model.candidates, corridors)


def _corridor(model: Formulation, solution: Solution, network: CorridorNetwork) -> ServedCorridor:
    q, corridor = network.corridor, model.inventory.corridors[network.corridor]
    served = corridor.required or solution.chosen(model.served[q])
    paths: list[Path] = []
    for number in range(network.flows if served else 0):
        leaving: dict[str, list[tuple[int, str]]] = defaultdict(list)
        for key, tail, head in model.arcs(network, number):
            if solution.chosen(model.flow[key]):
                leaving[tail].append((key[2], head))
        for _ in range(network.units):
            paths.append(_walk(model, solution, network, leaving))
    return ServedCorridor(id=q, served=served, key_rate_bps=corridor.demand_bps, paths=in_order(paths))


def _walk(
    model: Formulation, solution: Solution, network: CorridorNetwork, leaving: dict[str, list[tuple[int, str]]]
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
