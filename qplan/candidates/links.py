"""Every QKD link that could be built: routes in the fibre graph × systems of the catalogue.

A link that can serve no corridor, or that another system on the same route matches in every respect, is left out:
neither changes the optimum. What a single fibre cannot carry is kept as a refusal with the measured value and limit.
"""

from __future__ import annotations

from qplan.candidates.dominance import drop_dominated
from qplan.candidates.model import CandidateGraph, CandidateLink, Refusal, Route, systems_needed
from qplan.candidates.routes import route_between, routes_within_reach
from qplan.candidates.survey import Survey
from qplan.candidates.usability import find_usable_sites
from qplan.costing.unit_costs import system_cost
from qplan.inventory import plant
from qplan.inventory.admissible import permitted_systems
from qplan.inventory.model import Inventory, QkdSystem
from qplan.physics.key_rate import rate_at_bps
from qplan.plan.model import link_id


def enumerate_candidates(inventory: Inventory) -> CandidateGraph:
    """Enumerate the candidate links of an inventory."""
    usable = find_usable_sites(inventory)
    systems = permitted_systems(inventory)
    survey = Survey(inventory, systems)
    routes, bypass_limit = routes_within_reach(survey, usable)
    links: list[CandidateLink] = []
    refusals = [
        Refusal(route_between(fibre.ends, (f,)), s, "amplified", None, None)
        for f, fibre in inventory.fibres.items()
        if fibre.amplified
        for s in systems
    ]
    for route in routes:
        corridors = [inventory.corridors[q] for q in usable.corridors_of(*route.ends)]
        demand_bps = sum(c.demand_bps for c in corridors)
        offers, refused = _offers(survey, route, demand_bps)
        if len(route.fibres) == 1:
            refusals += refused
        offers = [o for o in offers if any(_carries(o, c.demand_bps) for c in corridors)]
        if frozenset(route.ends) not in survey.pairs_with_parallel_paths:
            offers = drop_dominated(survey, offers, demand_bps)
        links += offers
    return CandidateGraph(
        tuple(sorted(links, key=lambda link: link.id)),
        tuple(sorted(refusals, key=lambda r: (r.route.ends, r.route.fibres, r.system))),
        usable,
        bypass_limit,
    )


def offers_and_refusals(inventory: Inventory) -> tuple[list[CandidateLink], list[Refusal], int | None]:
    """What every system offers on every route within reach by loss, or why it offers nothing (for explanations).

    The third value is the `bypass_limit` of a reach graph.
    """
    usable = find_usable_sites(inventory)
    survey = Survey(inventory, permitted_systems(inventory))
    routes, bypass_limit = routes_within_reach(survey, usable)
    offers: list[CandidateLink] = []
    refusals: list[Refusal] = []
    for route in routes:
        demand_bps = sum(inventory.corridors[q].demand_bps for q in usable.corridors_of(*route.ends))
        offered, refused = _offers(survey, route, demand_bps)
        offers += offered
        refusals += refused
    return offers, refusals, bypass_limit


def _offers(survey: Survey, route: Route, demand_bps: float) -> tuple[list[CandidateLink], list[Refusal]]:
    """What every system offers on the route, and why the others do not."""
    answers = [_offer(survey, route, s, system, demand_bps) for s, system in survey.systems.items()]
    offers = [answer for answer in answers if isinstance(answer, CandidateLink)]
    return offers, [answer for answer in answers if isinstance(answer, Refusal)]


def _offer(survey: Survey, route: Route, s: str, system: QkdSystem, demand_bps: float) -> CandidateLink | Refusal:
    """The candidate link, or the first reason why there is none."""
    fibres = [survey.inventory.fibres[f] for f in route.fibres]
    loss = survey.route_loss_db(route, plant.band_of(system))
    if loss is None:
        return Refusal(route, s, "no O-band loss", None, None)
    if loss > (limit := plant.max_loss_db(system)):
        return Refusal(route, s, "loss_db", loss, limit)
    length = survey.route_length_km(route)
    if system.max_length_km is not None and (length is None or length > system.max_length_km):
        return Refusal(route, s, "length_km", length, system.max_length_km)
    rate = rate_at_bps(system.key_rate_curve, loss) * (1 - survey.inventory.policy.key_rate_reserve)
    if rate <= 0:
        return Refusal(route, s, "key_rate_bps", rate, 0.0)
    limits: dict[str, float] = {"strands": min(fibre.strands for fibre in fibres) // system.strands}
    limits |= {room: min(survey.most_systems(end, system, room) for end in route.ends) for room in plant.ROOMS}
    tightest = min(limits, key=lambda name: limits[name])
    if limits[tightest] < 1:
        return Refusal(route, s, tightest, float(limits[tightest]), 1.0)
    return CandidateLink(
        id=link_id(route.ends, s, route.fibres),
        route=route,
        system=s,
        length_km=survey.known_length_km(route),
        loss_db=loss,
        key_rate_bps=rate,
        max_count=int(min(limits[tightest], systems_needed(demand_bps, rate))),
        unit_cost=system_cost(survey.inventory, s, route.fibres),
        strands=system.strands,
    )


def _carries(link: CandidateLink, demand_bps: float) -> bool:
    return systems_needed(demand_bps, link.key_rate_bps) <= link.max_count
