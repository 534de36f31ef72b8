"""A first design by routing one corridor after the other, guided by the relaxation.

What earlier corridors have built is free for later ones; what the relaxation likes is cheap. Each step is the exact
model of one corridor on few links, so every rule on relays, ducts and patched sites is kept; limits that corridors
share are left to the exact model that routes all of them on the links found here.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from qplan.costing.unit_costs import tco
from qplan.inventory.model import Budget, Corridor, Inventory
from qplan.planning.assemble import Design, assemble
from qplan.planning.formulation import Formulation, Goal, formulate, priced_design
from qplan.planning.reach import ReachGraph, Usability
from qplan.planning.solver import Effort, SearchLimits, solve

NODES = 50  # branch-and-bound nodes per corridor
GAP = 0.02
LIKED = 0.98  # share of its cost that a link saves which the relaxation has at 1
SCALE = 1e3  # the largest cost of a step, in the units of the model


def construct(
    inventory: Inventory, graph: ReachGraph, likes: Mapping[str, float], solver: str, limits: SearchLimits
) -> set[str] | None:
    """Links that serve every required corridor on its own; None where a limit came first or one cannot be served.

    `likes` gives the relaxation's value of a link, 0 where it is missing; a corridor is first tried on the links liked.
    """
    built: set[str] = set()
    nodes: set[str] = set()
    relays: set[str] = set()
    required = [(q, corridor) for q, corridor in sorted(inventory.corridors.items()) if corridor.required]
    for q, corridor in sorted(required, key=lambda item: -item[1].paths):
        found = None
        for links in (built | {link for link, value in likes.items() if value > 0}, {link.id for link in graph.links}):
            found = found or _step(inventory, graph, q, corridor, links, (built, nodes, relays), likes, solver, limits)
        if found is None:
            return None
        built |= {link.id for link in found.links}
        nodes |= {node.site for node in found.nodes}
        relays |= {node.site for node in found.nodes if "relay" in node.roles}
    return built


def _step(
    inventory: Inventory, graph: ReachGraph, q: str, corridor: Corridor, links: set[str],
    there: tuple[set[str], set[str], set[str]], likes: Mapping[str, float], solver: str, limits: SearchLimits,
) -> Design | None:  # fmt: skip
    """The cheapest addition that serves one corridor on the links given, or None."""
    alone = inventory.model_copy(update={"corridors": {q: corridor}, "budget": Budget()})
    permitted = graph.usability.permitted[q]
    usable = tuple(link for link in graph.links if link.id in links and permitted.issuperset(link.route.ends))
    model = formulate(alone, replace(graph, links=usable, usability=Usability({q: permitted})))
    quiet = replace(limits, gap=GAP, watch=lambda sighting: None)
    found = solve(model, _goal(model, inventory, there, likes), solver, quiet, Effort(nodes=NODES))
    return None if found.values is None else assemble(model, found)


def _goal(
    model: Formulation, inventory: Inventory, there: tuple[set[str], set[str], set[str]], likes: Mapping[str, float]
) -> Goal:
    """What has to be added, in money, less what the relaxation likes."""
    built, nodes, relays = there
    prices = [(v, float(cost.capex + tco(inventory.economics, cost))) for v, cost in priced_design(model)]
    known = {model.count[link].name for link in built if link in model.count}
    known |= {model.node[s].name for s in nodes if s in model.node}
    known |= {model.relay[s].name for s in relays if s in model.relay}
    factor = {model.count[link].name: 1 - LIKED * value for link, value in likes.items() if link in model.count}
    terms = [(v, price * factor.get(v.name, 1.0)) for v, price in prices if v.name not in known]
    largest = max((price for _, price in terms), default=0.0) or 1.0
    scale = SCALE / largest
    return Goal("first plan", tuple((v, price * scale) for v, price in terms), scale)
