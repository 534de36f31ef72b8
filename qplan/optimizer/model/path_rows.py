"""The rest of the integer programme: the corridors' paths over the design, and the key rate that they share."""

from __future__ import annotations

from collections import defaultdict

from qplan.candidates.bundles import CorridorNetwork, cannot_repeat, find_tight_links
from qplan.candidates.layered_graph import layered_arcs
from qplan.candidates.model import CandidateGraph, systems_needed
from qplan.candidates.resources import Kind
from qplan.inventory.model import Inventory
from qplan.optimizer.model.design_rows import formulate_design
from qplan.optimizer.model.families import row_family
from qplan.optimizer.model.formulation import Formulation, Terms
from qplan.time_budget import UNLIMITED, TimeBudget

MOST_LAYERED = 5000  # arcs of a corridor's layered graph


def formulate(inventory: Inventory, candidates: CandidateGraph, clock: TimeBudget = UNLIMITED) -> Formulation:
    """The whole model, without an objective. Raises OutOfTime."""
    model = formulate_design(inventory, candidates, clock)
    add_routing(model)
    return model


def add_routing(model: Formulation) -> None:
    """The paths of every corridor over the design, and the key rate that they share."""
    for network in model.networks:
        add_corridor(model, network)
    add_key_rate(model)


def add_corridor(model: Formulation, network: CorridorNetwork) -> None:
    """The paths of one corridor."""
    add_paths(model, network)
    add_disjointness(model, network)
    add_max_relays(model, network)
    add_layers(model, network)


@row_family("path", "on_link", "relayed")
def add_paths(model: Formulation, network: CorridorNetwork) -> None:
    """Every flow carries its units from the first end to the second: what enters a site leaves it (path).

    Over all flows and both directions, flow(bundle) ≤ Σ link(l) of the bundle (on_link), and inflow(s) ≤ relay(s)
    (relayed): no two paths of a corridor share a link or a relay, whatever the level of disjointness. An optional
    corridor sends units × served(q).
    """
    q, corridor = network.corridor, model.inventory.corridors[network.corridor]
    first, second = corridor.ends
    for number in range(network.flows):
        balance: dict[str, Terms] = defaultdict(list)
        for key, tail, head in model.arcs(network, number):
            model.flow[key] = model.variable("flow", q, number + 1, tail, head, key[2] + 1)
            balance[tail].append((model.flow[key], 1.0))
            balance[head].append((model.flow[key], -1.0))
        for s in sorted(balance.keys() | {first, second}):
            sent = network.units * ((s == first) - (s == second))
            if corridor.required or not sent:
                model.add(balance[s], "=", sent, "path", q, number + 1, s)
            else:
                model.add([*balance[s], (model.served[q], -sent)], "=", 0, "path", q, number + 1, s)
    for i, bundle in enumerate(network.bundles):
        installed = [(model.link[link], -1.0) for link in bundle.links]
        model.add(model.bundle_flow(network, i) + installed, "<=", 0, "on_link", q, i + 1)
    entering: dict[str, Terms] = defaultdict(list)
    for number in range(network.flows):
        for key, _, head in model.arcs(network, number):
            if head != second:
                entering[head].append((model.flow[key], 1.0))
    for s, terms in sorted(entering.items()):
        model.add([*terms, (model.relay[s], -1.0)], "<=", 0, "relayed", q, s)


@row_family("one_path", "uses")
def add_disjointness(model: Formulation, network: CorridorNetwork) -> None:
    """At most one path of the corridor uses a fibre, a patched site or a duct; a path itself may use it repeatedly.

    Where no path can use the resource twice: Σ flow ≤ 1 (one_path). Otherwise use(flow, resource) ≥ the flow over each
    bundle that takes it, and ≥ the inflow of the site if it is one (uses); Σ over flows use ≤ 1 (one_path).
    """
    q, corridor = network.corridor, model.inventory.corridors[network.corridor]
    permitted = model.candidates.usability.permitted[q]
    for resource, indices in network.shared.items():
        if cannot_repeat(resource, network.bundles, indices, corridor, permitted):
            flows = [term for i in indices for term in model.bundle_flow(network, i)]
            model.add(flows, "<=", 1, "one_path", q, *resource)
            continue
        uses: Terms = []
        for number in range(network.flows):
            use = model.variable("use", q, number + 1, *resource, integer=False)
            uses.append((use, 1.0))
            for i in indices:
                flow = model.bundle_flow(network, i, range(number, number + 1))
                model.add([*flow, (use, -1.0)], "<=", 0, "uses", q, number + 1, *resource, i + 1)
            if resource.kind is Kind.SITE and (entering := model.inflow(network, number, resource.id)):
                model.add([*entering, (use, -1.0)], "<=", 0, "uses", q, number + 1, *resource)
        model.add(uses, "<=", 1, "one_path", q, *resource)


@row_family("max_relays")
def add_max_relays(model: Formulation, network: CorridorNetwork) -> None:
    """Σ flow over all bundles ≤ max_relays + 1 links, for each path's flow."""
    limit = model.inventory.corridors[network.corridor].max_relays
    if limit is None:
        return
    for number in range(network.flows):
        arcs = [(model.flow[key], 1.0) for key, _, _ in model.arcs(network, number)]
        model.add(arcs, "<=", limit + 1, "max_relays", network.corridor, number + 1)


@row_family("layer", "layers")
def add_layers(model: Formulation, network: CorridorNetwork) -> None:
    """The same in the layered graph of the limit, where that has few arcs (Gouveia 1998): no mean of a short way and a
    long one is within it.

    With in_layer(flow, h, tail, head) for "link number h of the path leads from tail to head": what enters a site in a
    layer leaves it in the next, Σ in = Σ out (layer), and flow = Σ in_layer over all layers (layers).
    """
    q, corridor = network.corridor, model.inventory.corridors[network.corridor]
    if corridor.max_relays is None:
        return
    layered = list(layered_arcs(network, corridor.ends, corridor.max_relays + 1))
    for number in range(network.flows if len(layered) <= MOST_LAYERED else 0):
        over: dict[tuple[str, str], Terms] = defaultdict(list)
        for key, tail, head in model.arcs(network, number):
            over[tail, head].append((model.flow[key], -1.0))
        balance: dict[tuple[str, int], Terms] = defaultdict(list)
        for tail, head, h in layered:
            step = model.variable("in_layer", q, number + 1, h + 1, tail, head, integer=False)
            over[tail, head].append((step, 1.0))
            balance[tail, h].append((step, -1.0))
            balance[head, h + 1].append((step, 1.0))
        for pair, terms in sorted(over.items()):
            model.add(terms, "=", 0, "layers", q, number + 1, *pair)
        for (s, h), terms in sorted(balance.items()):
            if s not in corridor.ends:
                model.add(terms, "=", 0, "layer", q, number + 1, h, s)


@row_family("key_rate", "carried")
def add_key_rate(model: Formulation) -> None:
    """Σ over corridors demand · flow ≤ net rate · count(l), in units of one system's rate; only where it can bind.

    A corridor alone asks for whole systems: n · flow ≤ count(l) over all its flows, where n of them carry a path
    (carried) and one does not.
    """
    loads: dict[str, list[tuple[str, float, Terms]]] = defaultdict(list)
    for network in model.networks:
        demand = model.inventory.corridors[network.corridor].demand_bps
        for i, bundle in enumerate(network.bundles):
            if len(bundle.links) == 1:  # a link whose rate can bind is a bundle of its own
                loads[bundle.links[0]].append((network.corridor, demand, model.bundle_flow(network, i)))
    tight = find_tight_links(model.inventory, model.candidates)
    for link in (link for link in model.candidates.links if link.id in tight):
        count, rate_bps = (model.count[link.id], -1.0), link.key_rate_bps
        shares = [(v, demand / rate_bps) for _, demand, flows in loads[link.id] for v, _ in flows]
        model.add([*shares, count], "<=", 0, "key_rate", link.id)
        for q, demand, flows in loads[link.id]:
            if (alone := systems_needed(demand, rate_bps)) > 1:
                model.add([*((v, float(alone)) for v, _ in flows), count], "<=", 0, "carried", link.id, q)
