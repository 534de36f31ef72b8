"""The demand that one of some links is really used: that some corridor's path runs over it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection

from qplan.candidates.bundles import CorridorNetwork
from qplan.optimizer.model.families import row_family
from qplan.optimizer.model.formulation import Formulation, Terms
from qplan.optimizer.model.relay_rows import add_reach
from qplan.optimizer.model.stage import SideConstraint


def uses_one_of(links: Collection[str]) -> SideConstraint:
    """Some path runs over one of the links in every design considered.

    Where a path may take several links that are alike for it, the one that comes first in the graph is taken: these
    links must come before all others there.
    """
    return SideConstraint(
        lambda model: _add_installed(model, links),
        lambda design: any(link.id in links for link in design.links),
        routed=lambda model: _passed(model, links),
    )


@row_family("uses_one")
def _add_installed(model: Formulation, links: Collection[str]) -> None:
    """Σ link(l) ≥ 1 over the links asked for."""
    terms = [(model.link[link.id], 1.0) for link in model.candidates.links if link.id in links]
    model.add(terms, ">=", 1, "uses_one")


@row_family("passed_over")
def _passed(model: Formulation, links: Collection[str]) -> None:
    """Σ over(q, flow, arc) ≥ 1 over the arcs of bundles that hold one of the links."""
    passes: Terms = []
    for network in model.networks:
        held = {i: set(bundle.links).intersection(links) for i, bundle in enumerate(network.bundles)}
        for number in range(network.flows):
            passes += _passes(model, network, number, {i: mine for i, mine in held.items() if mine})
    model.add(passes, ">=", 1, "passed_over")


@row_family("over_arc", "over_link")
def _passes(model: Formulation, network: CorridorNetwork, number: int, held: dict[int, set[str]]) -> Terms:
    """over(arc) ≤ flow(arc), over(arc) ≤ Σ link(l) of its links asked for, and the flow reaches the arc's tail."""
    q, passes = network.corridor, []
    goals: dict[str, Terms] = defaultdict(list)
    for key, tail, head in model.arcs(network, number):
        if key[2] in held:
            over = model.variable("over", q, number + 1, tail, head, key[2] + 1)
            where = (q, number + 1, tail, head, key[2] + 1)
            model.add([(over, 1.0), (model.flow[key], -1.0)], "<=", 0, "over_arc", *where)
            installed = [(model.link[link], -1.0) for link in sorted(held[key[2]])]
            model.add([(over, 1.0), *installed], "<=", 0, "over_link", *where)
            goals[tail].append((over, 1.0))
            passes.append((over, 1.0))
    if goals:
        add_reach(model, network, number, goals)
    return passes
