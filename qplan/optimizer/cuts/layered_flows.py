"""Several paths with a limit on relays each, as flows through the layers of a graph: a lift of the design variables.

Layer h of a corridor's layered graph holds the sites that a path can reach with h links and leave in time (Gouveia
1998). With hop(q, h, u, v) ∈ [0, 1] for "a path of corridor q takes u → v as its link number h + 1":

* what enters a site in layer h leaves it into layer h + 1; the corridor's paths leave its first end;
* over all layers and both directions the flow over a pair of sites is at most Σ link over the pair, for one path;
* over all layers what enters a site is at most relay(s).

Every row holds for every design: its paths are such flows.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping

import networkx as nx

from qplan.candidates.bundles import CorridorNetwork
from qplan.candidates.max_flow import FlowNetwork
from qplan.optimizer.model.formulation import Formulation, Terms

MOST_COLUMNS = 12_000  # of the lift, all corridors together; those with few layers come first
Arc = tuple[str, str, int]  # tail in layer h, head in layer h + 1, h


def layered_arcs(network: CorridorNetwork, ends: tuple[str, str], most_links: int) -> Iterator[Arc]:
    """Arcs of the layered graph, none where no way is short enough; from the first end they start in layer 0 only."""
    first, second = ends
    graph = nx.Graph([bundle.ends for bundle in network.bundles])
    if first not in graph or second not in graph:
        return
    ahead, behind = (nx.single_source_shortest_path_length(graph, end, most_links) for end in ends)
    for a, b in sorted({bundle.ends for bundle in network.bundles}):
        for tail, head in ((a, b), (b, a)):
            if tail != second and head != first and tail in ahead and head in behind:
                latest = min(most_links - behind[head], 1 if tail == first else most_links)
                yield from ((tail, head, h) for h in range(ahead[tail], latest))


def layered_network(arcs: Mapping[Arc, list[int]], ends: tuple[str, str], columns: int) -> FlowNetwork:
    """The layered graph with the columns of every arc; vertex 0 is the first end, 1 the second."""
    first, second = ends
    vertices: dict[tuple[str, int], int] = {}

    def vertex(site: str, layer: int) -> int:
        return 0 if site == first else 1 if site == second else vertices.setdefault((site, layer), len(vertices) + 2)

    numbered = [(vertex(tail, h), vertex(head, h + 1), mine) for (tail, head, h), mine in arcs.items()]
    return FlowNetwork(len(vertices) + 2, numbered, columns)


def add_layered_flows(model: Formulation) -> set[str]:
    """Add the lift for as many corridors with a limit and several paths as there is room for; says for which.

    (One path is left to `hop_trees.py`.)
    """
    asked = []
    for network in model.networks:
        corridor = model.inventory.corridors[network.corridor]
        if corridor.max_relays is not None and corridor.required and corridor.paths > 1:
            arcs = list(layered_arcs(network, corridor.ends, corridor.max_relays + 1))
            asked.append((len(arcs), network.corridor, network, arcs))
    lifted: set[str] = set()
    room = MOST_COLUMNS
    for size, q, network, arcs in sorted(asked, key=lambda entry: entry[:2]):
        room -= size
        if room < 0:
            break
        _add_flow(model, network, arcs)
        lifted.add(q)
    return lifted


def _add_flow(model: Formulation, network: CorridorNetwork, arcs: list[Arc]) -> None:
    q, corridor = network.corridor, model.inventory.corridors[network.corridor]
    first, second = corridor.ends
    balance: dict[tuple[str, int], Terms] = defaultdict(list)
    over: dict[tuple[str, str], Terms] = defaultdict(list)
    entering: dict[str, Terms] = defaultdict(list)
    leaving: Terms = []
    for tail, head, h in arcs:
        flow = model.variable("hop", q, h + 1, tail, head, upper=corridor.paths, integer=False)
        over[min(tail, head), max(tail, head)].append((flow, 1.0))
        if tail == first:
            leaving.append((flow, 1.0))
        else:
            balance[tail, h].append((flow, -1.0))
        if head != second:
            balance[head, h + 1].append((flow, 1.0))
            entering[head].append((flow, 1.0))
    model.add(leaving, "=", corridor.paths, "hops_start", q)
    for (s, h), terms in sorted(balance.items()):
        model.add(terms, "=", 0, "hops", q, h, s)
    for pair, terms in sorted(over.items()):
        links = {link for bundle in network.bundles if bundle.ends == pair for link in bundle.links}
        model.add([*terms, *((model.link[link], -1.0) for link in sorted(links))], "<=", 0, "hops_link", q, *pair)
    for s, terms in sorted(entering.items()):
        model.add([*terms, (model.relay[s], -1.0)], "<=", 0, "hops_relay", q, s)
