"""Several paths with a limit on relays each, as flows through a layered graph: a lift of the design variables.

With layered_flow(q, h, u, v) ∈ [0, k] for "so many paths of corridor q take u → v as their link number h + 1", h from
0. Every row holds for every design: its paths are such flows.
"""

from __future__ import annotations

from collections import defaultdict

from qplan.candidates.bundles import CorridorNetwork
from qplan.candidates.layered_graph import Arc, layered_arcs
from qplan.optimizer.model.families import row_family
from qplan.optimizer.model.formulation import Formulation, Terms

MOST_COLUMNS = 12_000  # of the lift, all corridors together; those with few layers come first


def add_layered_flows(model: Formulation) -> set[str]:
    """Add the lift for as many corridors with a limit and several paths as there is room for; says for which.

    (One path is left to `layered_trees.py`.)
    """
    asked = []
    for network in model.networks:
        corridor = model.inventory.corridors[network.corridor]
        if corridor.max_relays is not None and corridor.required and corridor.paths > 1:
            model.clock.check()
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


@row_family("layered_flow_start", "layered_flow_balance", "layered_flow_link", "layered_flow_relay")
def _add_flow(model: Formulation, network: CorridorNetwork, arcs: list[Arc]) -> None:
    """The corridor's k paths as flows through the layers (Gouveia 1998).

    * layered_flow_start: Σ layered_flow out of the first end = k;
    * layered_flow_balance: what enters a site in layer h leaves it into layer h + 1;
    * layered_flow_link: over all layers and both directions Σ layered_flow over a pair of sites ≤ Σ link over the pair;
    * layered_flow_relay: over all layers what enters a site ≤ relay(s).
    """
    q, corridor = network.corridor, model.inventory.corridors[network.corridor]
    first, second = corridor.ends
    balance: dict[tuple[str, int], Terms] = defaultdict(list)
    over: dict[tuple[str, str], Terms] = defaultdict(list)
    entering: dict[str, Terms] = defaultdict(list)
    leaving: Terms = []
    for tail, head, h in arcs:
        flow = model.variable("layered_flow", q, h + 1, tail, head, upper=corridor.paths, integer=False)
        over[min(tail, head), max(tail, head)].append((flow, 1.0))
        if tail == first:
            leaving.append((flow, 1.0))
        else:
            balance[tail, h].append((flow, -1.0))
        if head != second:
            balance[head, h + 1].append((flow, 1.0))
            entering[head].append((flow, 1.0))
    model.add(leaving, "=", corridor.paths, "layered_flow_start", q)
    for (s, h), terms in sorted(balance.items()):
        model.add(terms, "=", 0, "layered_flow_balance", q, h, s)
    for pair, terms in sorted(over.items()):
        links = sorted({link for bundle in network.bundles if bundle.ends == pair for link in bundle.links})
        model.add([*terms, *((model.link[link], -1.0) for link in links)], "<=", 0, "layered_flow_link", q, *pair)
    for s, terms in sorted(entering.items()):
        model.add([*terms, (model.relay[s], -1.0)], "<=", 0, "layered_flow_relay", q, s)
