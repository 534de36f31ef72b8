"""The design that paths need: their links with the least systems, what stays besides, and the best terms for both."""

from __future__ import annotations

from collections import defaultdict

from qplan.candidates.design import Design, link_of, nodes_of
from qplan.candidates.model import CandidateGraph
from qplan.candidates.prices import Metric
from qplan.costing.choice import Choices, cost_of
from qplan.costing.market import Market, market_of
from qplan.costing.planned import installed, state_costs, state_offers
from qplan.costing.quantities import quantities_of
from qplan.inventory.model import Inventory
from qplan.optimizer.model.changes import Reference
from qplan.optimizer.model.terms import choose_terms
from qplan.plan.model import Link, ServedCorridor


def design_of(inventory: Inventory, candidates: CandidateGraph, corridors: tuple[ServedCorridor, ...]) -> Design:
    """The design that the paths of the corridors need, and no more, on the terms of least cost within the budget."""
    load: dict[str, float] = defaultdict(float)
    for corridor in corridors:
        for path in corridor.paths:
            for used in path.links:
                load[used] += corridor.key_rate_bps
    standing = {link.id: link for link in candidates.standing.links}
    known = standing | {link.id: link for link in candidates.links if link.id in load}
    links = tuple(link_of(link, load.get(name)) for name, link in sorted(known.items()))
    nodes = nodes_of(inventory, links, corridors)
    market = market_of(inventory)
    need = quantities_of(
        market,
        installed(links),
        [node.site for node in nodes],
        [node.site for node in nodes if "relay" in node.roles],
        [corridor.id for corridor in corridors if corridor.served],
    )
    choices = choose_terms(market, need)
    costs = state_costs(inventory, cost_of(market, need, choices))
    return Design(
        nodes,
        tuple(_on_terms(market, link, choices) for link in links),
        corridors,
        costs,
        state_offers(market, need, choices),
    )


def price_design(design: Design, metric: Metric, reference: Reference | None) -> float:
    """Capex or tco, with what changes against an earlier plan cost, to the cent."""
    money = design.costs.capex if metric == "capex" else design.costs.tco
    if reference is None or not reference.change_cost:
        return money
    return round(money + reference.change_cost * reference.changes(design), 2)


def _on_terms(market: Market, link: Link, choices: Choices) -> Link:
    """The link with its offer, and its transmitters where they stand."""
    held = market.held.get((link.system, link.fibres))
    if held is None:
        return link.model_copy(update={"offer": choices.links[link.id], "tx": link.ends[0]})
    entry = market.inventory.existing.links[held.entry]
    offer = choices.links[link.id] if link.bought else entry.offer
    return link.model_copy(update={"offer": offer, "tx": entry.ends[0]})
