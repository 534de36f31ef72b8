"""Every QKD link that could be built: routes in the fibre graph × systems of the catalogue.

A link that can serve no corridor, or that another system on the same route makes superfluous, is left out: neither
changes the optimum. What a single fibre cannot carry is kept as a refusal with the measured value and limit.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping

from qplan.candidates.dominance import Dominance
from qplan.candidates.model import (
    BypassLimit,
    CandidateGraph,
    CandidateLink,
    Refusal,
    Route,
    Standing,
    Usability,
    systems_needed,
)
from qplan.candidates.parallel_fibres import ALL_FIBRES, find_parallel_fibres
from qplan.candidates.prices import OwnCosts, metrics_of
from qplan.candidates.refusals import NO_LOSS
from qplan.candidates.routes import route_between, routes_within_reach
from qplan.candidates.standing import find_standing, route_of
from qplan.candidates.survey import RouteFigures, Survey
from qplan.candidates.usability import find_usable_sites
from qplan.costing.market import market_of
from qplan.costing.options import Options
from qplan.inventory import plant
from qplan.inventory.admissible import permitted_systems
from qplan.inventory.existing import ExistingLink
from qplan.inventory.installed import carries_no_key, in_id_order
from qplan.inventory.model import Corridor, Inventory, QkdSystem
from qplan.physics.key_rate import rate_at_bps
from qplan.plan.model import link_id
from qplan.time_budget import UNLIMITED, TimeBudget


def enumerate_candidates(
    inventory: Inventory,
    counted: frozenset[str] = frozenset(),
    clock: TimeBudget = UNLIMITED,
    used: frozenset[str] = frozenset(),
) -> CandidateGraph:
    """Enumerate the candidate links of an inventory, existing ones among them; links `counted` are never left out.

    Nor are fibres `used` for others that are alike. Where the time ends first, routes with more patched sites than the
    graph's `bypass_limit` are missing.
    """
    usable = find_usable_sites(inventory)
    systems = permitted_systems(inventory)
    survey = Survey(inventory, systems)
    standing, there = find_standing(survey), find_existing(inventory)
    dominance = Dominance(survey, OwnCosts(Options(market_of(inventory), metrics_of(inventory))))
    used = used.union(*(link.fibres for link in inventory.existing.links.values()))
    parallel = find_parallel_fibres(inventory, usable, used)
    routes, bypass_limit = routes_within_reach(survey, usable, parallel, clock)
    links: list[CandidateLink] = []
    refusals = [
        Refusal(route_between(fibre.ends, (f,)), s, "amplified", None, None)
        for f, fibre in inventory.fibres.items()
        if fibre.amplified
        for s in systems
    ]
    asking = _asking(inventory, usable)
    for route in routes:
        if route.bypass_sites and clock.spent:
            bypass_limit = BypassLimit(len(route.bypass_sites) - 1, in_time=False)
            links = [link for link in links if len(link.route.bypass_sites) <= bypass_limit.patched]
            break
        corridors, demand_bps = asking(*route.ends)
        offers, refused = _offers(survey, standing, route, demand_bps, there)
        if len(route.fibres) == 1:
            refusals += refused
        offers = [o for o in offers if any(_carries(o, c.demand_bps) for c in corridors)]
        if frozenset(route.ends) not in survey.pairs_with_parallel_paths:
            spared = [o for o in offers if o.existing or o.id in counted]
            offers = spared + dominance.drop([o for o in offers if o not in spared], demand_bps)
        links += offers
    found = {link.id for link in links}
    links += [link for link in _existing_beside(survey, standing, usable) if link.id not in found]
    return CandidateGraph(
        tuple(sorted(links, key=lambda link: link.id)),
        tuple(sorted(refusals, key=lambda r: (r.route.ends, r.route.fibres, r.system))),
        usable,
        bypass_limit,
        standing,
        counted,
    )


def _asking(inventory: Inventory, usable: Usability) -> Callable[[str, str], tuple[list[Corridor], float]]:
    """The corridors that may use a link between two sites, and what they ask for in all."""
    known: dict[tuple[str, ...], tuple[list[Corridor], float]] = {}

    def asking(a: str, b: str) -> tuple[list[Corridor], float]:
        names = usable.corridors_of(a, b)
        if names not in known:
            corridors = [inventory.corridors[q] for q in names]
            known[names] = corridors, sum(corridor.demand_bps for corridor in corridors)
        return known[names]

    return asking


def find_existing(inventory: Inventory) -> dict[tuple[str, tuple[str, ...]], ExistingLink]:
    """Existing links by system and fibres, these from the end that comes first by id."""
    return {(link.system, in_id_order(link)[1]): link for link in inventory.existing.links.values()}


def _existing_beside(survey: Survey, standing: Standing, usable: Usability) -> Iterator[CandidateLink]:
    """Existing links that some corridor may use, whatever limits what may be bought; nothing is bought for them."""
    asking = _asking(survey.inventory, usable)
    for entry in survey.inventory.existing.links.values():
        if carries_no_key(survey.inventory, entry) is not None:
            continue
        route = route_of(survey.inventory, entry)
        corridors, demand_bps = asking(*route.ends)
        system = survey.inventory.equipment.qkd_systems[entry.system]
        on = survey.measure(standing, route)
        found = _offer(survey, standing, on, entry.system, system, demand_bps, entry, may_grow=False)
        if isinstance(found, CandidateLink) and any(_carries(found, c.demand_bps) for c in corridors):
            yield found


def offers_and_refusals(
    inventory: Inventory,
    everywhere: bool = False,
    used: Collection[str] = (),
    clock: TimeBudget = UNLIMITED,
) -> tuple[list[CandidateLink], list[Refusal], BypassLimit | None]:
    """What every system offers on every route within reach by loss, or why it offers nothing (for explanations).

    On routes that some corridor may use, of fibres that are alike so many as are needed, and those `used`; or
    `everywhere`: between any two sites, over any fibres. The third value is the `bypass_limit` of a reach graph.
    """
    usable = find_usable_sites(inventory)
    survey = Survey(inventory, permitted_systems(inventory))
    asked = Usability({"": frozenset(inventory.sites)}) if everywhere else usable
    kept = frozenset(used).union(*(link.fibres for link in inventory.existing.links.values()))
    parallel = ALL_FIBRES if everywhere else find_parallel_fibres(inventory, usable, kept)
    routes, bypass_limit = routes_within_reach(survey, asked, parallel, clock)
    offers: list[CandidateLink] = []
    refusals: list[Refusal] = []
    standing, there = find_standing(survey), find_existing(inventory)
    asking = _asking(inventory, usable)
    for route in routes:
        if route.bypass_sites and clock.spent:
            bypass_limit = BypassLimit(len(route.bypass_sites) - 1, in_time=False)
            break
        _, demand_bps = asking(*route.ends)
        offered, refused = _offers(survey, standing, route, demand_bps, there)
        offers += offered
        refusals += refused
    return offers, refusals, bypass_limit


def _offers(
    survey: Survey,
    standing: Standing,
    route: Route,
    demand_bps: float,
    there: Mapping[tuple[str, tuple[str, ...]], ExistingLink],
) -> tuple[list[CandidateLink], list[Refusal]]:
    """What every system offers on the route, and why the others do not."""
    on = survey.measure(standing, route)
    answers = [
        _offer(survey, standing, on, s, system, demand_bps, there.get((s, route.fibres)))
        for s, system in survey.systems.items()
    ]
    offers = [answer for answer in answers if isinstance(answer, CandidateLink)]
    return offers, [answer for answer in answers if isinstance(answer, Refusal)]


def _offer(
    survey: Survey,
    standing: Standing,
    on: RouteFigures,
    s: str,
    system: QkdSystem,
    demand_bps: float,
    entry: ExistingLink | None = None,
    may_grow: bool = True,
) -> CandidateLink | Refusal:
    """The candidate link, or the first reason why there is none; `entry` is what of it exists."""
    route, loss, length = on.route, on.loss_db[plant.band_of(system)], on.length_km
    if loss is None:
        return Refusal(route, s, NO_LOSS[plant.band_of(system)], None, None)
    if loss > (limit := plant.max_loss_db(system)):
        return Refusal(route, s, "loss_db", loss, limit)
    if system.max_length_km is not None and (length is None or length > system.max_length_km):
        return Refusal(route, s, "length_km", length, system.max_length_km)
    rate = rate_at_bps(system.key_rate_curve, loss) * (1 - survey.inventory.policy.key_rate_reserve)
    if rate <= 0:
        return Refusal(route, s, "key_rate_bps", rate, 0.0)
    stays = entry.count if entry is not None and entry.keep else 0
    most: float = on.most_by_strands(system) + stays
    if most < 1:
        return _lack_strands(survey, standing, route, s, system)
    for room in plant.ROOMS:
        most = min(most, on.most_by_room(system, room) + stays)
        if most < 1:
            return _lack_room(survey, standing, route, s, system, room)
    most = min(most, systems_needed(demand_bps, rate))
    existing = 0 if entry is None else entry.count
    return CandidateLink(
        id=link_id(route.ends, s, route.fibres),
        route=route,
        system=s,
        length_km=on.known_length_km,
        loss_db=loss,
        key_rate_bps=rate,
        max_count=int(most if may_grow else min(most, existing)),
        strands=system.strands,
        existing=existing,
        kept=bool(stays),
    )


def _lack_strands(survey: Survey, standing: Standing, route: Route, s: str, system: QkdSystem) -> Refusal:
    """What is free beside what stays, and what a system takes."""
    free = min(survey.inventory.fibres[f].strands - standing.strands.get(f, 0) for f in route.fibres)
    return Refusal(route, s, "strands", float(max(0, free)), float(system.strands))


def _lack_room(
    survey: Survey, standing: Standing, route: Route, s: str, system: QkdSystem, room: plant.Room
) -> Refusal:
    """What is free at the fuller end beside what stays, and what a node with one module takes."""
    stated = (
        (getattr(survey.inventory.sites[end], room), standing.modules.get((end, room), 0.0)) for end in route.ends
    )
    free = min(round(x - taken, 9) for x, taken in stated if x is not None)
    return Refusal(route, s, room, free, round(survey.node_items[room] + getattr(system, room), 9))


def _carries(link: CandidateLink, demand_bps: float) -> bool:
    return systems_needed(demand_bps, link.key_rate_bps) <= link.max_count
