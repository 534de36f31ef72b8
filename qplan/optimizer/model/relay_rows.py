"""The demand that a site really relays: that some corridor's path runs through it."""

from __future__ import annotations

from collections import defaultdict

from qplan.candidates.bundles import CorridorNetwork
from qplan.optimizer.model.families import row_family
from qplan.optimizer.model.formulation import Formulation, Terms
from qplan.optimizer.model.stage import SideConstraint


def relays_at(site: str) -> SideConstraint:
    """The site relays in every design considered."""
    return SideConstraint(
        lambda model: _add_built(model, site),
        lambda design: site in design.relays,
        routed=lambda model: _add_passed(model, site),
    )


@row_family("site_relays", "relays_between")
def _add_built(model: Formulation, site: str) -> None:
    """relay(site) ≥ 1, and Σ link(l) ≥ 2 over the links that end there: what a path through it needs."""
    relay = [(model.relay[site], 1.0)] if site in model.relay else []
    model.add(relay, ">=", 1, "site_relays", site)
    ends = [(model.link[link.id], 1.0) for link in model.candidates.links if site in link.route.ends]
    model.add(ends, ">=", 2, "relays_between", site)


@row_family("passed")
def _add_passed(model: Formulation, site: str) -> None:
    """Σ passes(q, flow) ≥ 1 over the flows that may run through the site."""
    passes: Terms = []
    for network in model.networks:
        corridor = model.inventory.corridors[network.corridor]
        if site not in corridor.ends and site in model.candidates.usability.permitted[network.corridor]:
            for number in range(network.flows):
                passed = model.variable("passes", network.corridor, number + 1, site)
                add_reach(model, network, number, {site: [(passed, 1.0)]})
                passes.append((passed, 1.0))
    model.add(passes, ">=", 1, "passed", site)


@row_family("to_goal")
def add_reach(model: Formulation, network: CorridorNetwork, number: int, goals: dict[str, Terms]) -> None:
    """A flow from the corridor's first end to goals (what each takes of it), with to(arc) ≤ flow(arc) on every arc.

    It runs along the path from its start, so a cycle of flow apart from the paths reaches nothing.
    """
    q, (first, _) = network.corridor, model.inventory.corridors[network.corridor].ends
    balance: dict[str, Terms] = defaultdict(list)
    for site, terms in goals.items():
        balance[site] += terms
        balance[first] += [(variable, -taken) for variable, taken in terms]
    for key, tail, head in model.arcs(network, number):
        if set(goals) == {tail}:
            continue
        to = model.variable("to", q, number + 1, tail, head, key[2] + 1, integer=False)
        model.add([(to, 1.0), (model.flow[key], -1.0)], "<=", 0, "to_goal", q, number + 1, tail, head, key[2] + 1)
        balance[tail].append((to, 1.0))
        balance[head].append((to, -1.0))
    for s, terms in sorted(balance.items()):
        model.add(terms, "=", 0, "to_goal", q, number + 1, s)
