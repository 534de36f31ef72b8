"""The demand that a site really relays: that some corridor's path runs through it."""

from __future__ import annotations

from collections import defaultdict

from qplan.candidates.bundles import CorridorNetwork
from qplan.optimizer.model.formulation import Formulation, Terms
from qplan.optimizer.model.stage import SideConstraint


def relays_at(site: str) -> SideConstraint:
    """The site relays in every design considered."""
    return SideConstraint(
        lambda model: _built(model, site),
        lambda design: any(node.site == site and "relay" in node.roles for node in design.nodes),
        routed=lambda model: _passed(model, site),
    )


def _built(model: Formulation, site: str) -> None:
    """relay(site) ≥ 1, and Σ link(l) ≥ 2 over the links that end there: what the paths through it need."""
    relay = [(model.relay[site], 1.0)] if site in model.relay else []
    model.add(relay, ">=", 1, "relays", site)
    ends = [(model.link[link.id], 1.0) for link in model.candidates.links if site in link.route.ends]
    model.add(ends, ">=", 2, "relays_between", site)


def _passed(model: Formulation, site: str) -> None:
    """Σ passes(q, chain) ≥ 1 over the chains that may run through the site."""
    passes: Terms = []
    for network in model.networks:
        corridor = model.inventory.corridors[network.corridor]
        if site not in corridor.ends and site in model.candidates.usability.permitted[network.corridor]:
            for chain in range(network.chains):
                passed = model.variable("passes", network.corridor, chain + 1, site)
                add_reach(model, network, chain, {site: [(passed, 1.0)]})
                passes.append((passed, 1.0))
    model.add(passes, ">=", 1, "passed", site)


def add_reach(model: Formulation, network: CorridorNetwork, chain: int, goals: dict[str, Terms]) -> None:
    """A flow from the corridor's first end to goals (what each takes of it), to(arc) ≤ flow(arc) on every arc.

    It runs along the chain from its start, so a cycle of flow apart from the paths reaches nothing.
    """
    q, (first, _) = network.corridor, model.inventory.corridors[network.corridor].ends
    balance: dict[str, Terms] = defaultdict(list)
    for site, terms in goals.items():
        balance[site] += terms
        balance[first] += [(variable, -taken) for variable, taken in terms]
    for key, tail, head in model.arcs(network, chain):
        if set(goals) == {tail}:
            continue
        to = model.variable("to", q, chain + 1, tail, head, key[2] + 1, integer=False)
        model.add([(to, 1.0), (model.flow[key], -1.0)], "<=", 0, "to_goal", q, chain + 1, tail, head, key[2] + 1)
        balance[tail].append((to, 1.0))
        balance[head].append((to, -1.0))
    for s, terms in sorted(balance.items()):
        model.add(terms, "=", 0, "to_goal", q, chain + 1, s)
