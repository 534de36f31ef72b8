"""Every QKD link that could be built: routes in the fibre graph × systems of the catalogue.

A link that can serve no corridor, or that another system on the same route matches in every respect, is left out:
neither changes the optimum. What a single fibre cannot carry is kept as a refusal with the measured value and limit.
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal

from qplan.costing.unit_costs import Cost, system_cost, tco
from qplan.inventory import plant
from qplan.inventory.model import Corridor, Inventory, QkdSystem
from qplan.inventory.relay_rules import relay_refusals
from qplan.physics.key_rate import rate_at_bps
from qplan.plan.model import link_id

MAX_ROUTES = 60_000  # more than this and only routes with fewer patched sites are considered, and the plan says so
RATE_TOLERANCE = 1e-6  # relative; the precision to which rates are promised


@dataclass(frozen=True)
class Route:
    """A path in the fibre graph between two sites, patched through optically at `bypass_sites`."""

    ends: tuple[str, str]  # in id order
    fibres: tuple[str, ...]
    bypass_sites: tuple[str, ...]


@dataclass(frozen=True)
class CandidateLink:
    """A QKD link that could be built: a route and a system, with what one system on it gives, takes and costs."""

    id: str
    route: Route
    system: str
    length_km: float
    loss_db: float
    key_rate_bps: float  # net, of one system
    max_count: int  # no optimal plan needs more, no site or fibre holds more
    unit_cost: Cost
    strands: int


@dataclass(frozen=True)
class Refusal:
    """Why a system cannot work, or cannot be built, on a route."""

    route: Route
    system: str
    reason: str
    value: float | None
    limit: float | None


@dataclass(frozen=True)
class Usability:
    """Which sites may be nodes at all, and for which corridors."""

    permitted: Mapping[str, frozenset[str]]  # corridor -> its ends and the sites that may relay for it

    def corridors_of(self, a: str, b: str) -> list[str]:
        """Corridors whose paths may use a link between the two sites."""
        return [q for q, sites in self.permitted.items() if a in sites and b in sites]

    def joined(self, a: str, b: str) -> bool:
        """Some corridor may use a link between the two sites."""
        return any(a in sites and b in sites for sites in self.permitted.values())


@dataclass(frozen=True)
class ReachGraph:
    """All candidate links in id order; `bypass_limit` is set where routes with more patched sites were left out."""

    links: tuple[CandidateLink, ...]
    refusals: tuple[Refusal, ...]
    usability: Usability
    bypass_limit: int | None = None


def usability(inventory: Inventory) -> Usability:
    """For each corridor: its ends and every site that its rules allow as a relay."""

    def permitted(corridor: Corridor) -> frozenset[str]:
        relays = {s for s, site in inventory.sites.items() if not relay_refusals(corridor, s, site)}
        if corridor.max_relays == 0:
            relays = set()
        return frozenset(relays.union(corridor.ends))

    return Usability({q: permitted(corridor) for q, corridor in sorted(inventory.corridors.items())})


def reach(inventory: Inventory) -> ReachGraph:
    """Enumerate the candidate links of an inventory."""
    usable = usability(inventory)
    systems = permitted_systems(inventory)
    survey = _Survey(inventory, systems)
    routes, bypass_limit = _routes(survey, usable)
    links: list[CandidateLink] = []
    refusals = [
        Refusal(_route(fibre.ends, (f,)), s, "amplified", None, None)
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
            offers = _undominated(survey, offers, demand_bps)
        links += offers
    return ReachGraph(
        tuple(sorted(links, key=lambda link: link.id)),
        tuple(sorted(refusals, key=lambda r: (r.route.ends, r.route.fibres, r.system))),
        usable,
        bypass_limit,
    )


def permitted_systems(inventory: Inventory) -> dict[str, QkdSystem]:
    """The systems of the catalogue that the policy lets buy, in id order."""
    technologies = inventory.policy.technologies
    systems = sorted(inventory.equipment.qkd_systems.items())
    return {s: system for s, system in systems if technologies is None or system.technology in technologies}


def offers_and_refusals(inventory: Inventory) -> tuple[list[CandidateLink], list[Refusal], int | None]:
    """What every system offers on every route within reach by loss, or why it offers nothing (for explanations).

    The third value is the `bypass_limit` of a reach graph.
    """
    usable = usability(inventory)
    survey = _Survey(inventory, permitted_systems(inventory))
    routes, bypass_limit = _routes(survey, usable)
    offers: list[CandidateLink] = []
    refusals: list[Refusal] = []
    for route in routes:
        demand_bps = sum(inventory.corridors[q].demand_bps for q in usable.corridors_of(*route.ends))
        offered, refused = _offers(survey, route, demand_bps)
        offers += offered
        refusals += refused
    return offers, refusals, bypass_limit


class _Survey:
    """Figures that every route needs, looked up once."""

    def __init__(self, inventory: Inventory, systems: Mapping[str, QkdSystem]):
        self.inventory = inventory
        self.systems = systems
        self.length = {f: plant.length_km(inventory, fibre) for f, fibre in inventory.fibres.items()}
        self.loss = {
            (f, band): plant.loss_db(inventory, fibre, band)
            for f, fibre in inventory.fibres.items()
            for band in (False, True)
        }
        self.bypass_loss = {s: plant.bypass_loss_db(inventory, s) for s in inventory.sites}
        self.neighbours: dict[str, list[tuple[str, str]]] = defaultdict(list)
        for f, fibre in sorted(inventory.fibres.items()):
            if not fibre.amplified:
                a, b = fibre.ends
                self.neighbours[a].append((f, b))
                self.neighbours[b].append((f, a))
        node_items = inventory.equipment.node_items.values()
        self.node_rack_units = sum(item.rack_units * item.quantity for item in node_items)
        self.node_power_w = sum(item.power_w * item.quantity for item in node_items)
        relay_pairs = (set(c.ends) for c in inventory.corridors.values() if c.paths > 1 and c.disjoint == "relay")
        self.pairs_with_parallel_paths = {frozenset(ends) for ends in relay_pairs}
        self.farthest = {
            band: max((plant.max_loss_db(s) for s in systems.values() if plant.uses_o_band(s) == band), default=-1.0)
            for band in (False, True)
        }

    def route_loss_db(self, route: Route, o_band: bool) -> float | None:
        """Loss of the route with its patched sites and the margin; None where a fibre does not carry the band."""
        losses = [self.loss[f, o_band] for f in route.fibres]
        if None in losses:
            return None
        patched = sum(self.bypass_loss[s] for s in route.bypass_sites)
        return round(sum(losses) + patched + self.inventory.policy.loss_margin_db, 9)

    def route_length_km(self, route: Route) -> float | None:
        lengths = [self.length[f] for f in route.fibres]
        return None if None in lengths else round(sum(lengths), 9)

    def known_length_km(self, route: Route) -> float:
        """Length with 0 km for every fibre whose length is not known."""
        return round(sum(self.length[f] or 0.0 for f in route.fibres), 9)

    def within_reach(self, route: Route) -> bool:
        """Some system could still work over the route, by loss alone (loss only grows along a route)."""
        losses = {band: self.route_loss_db(route, band) for band in (False, True)}
        return any(loss is not None and loss <= self.farthest[band] for band, loss in losses.items())

    def room_for(self, site_id: str, system: QkdSystem) -> tuple[float, float]:
        """How many modules of the system fit into the site, by rack units and by power; infinite where unlimited."""
        site = self.inventory.sites[site_id]

        def fit(free: float | None, taken: float, each: float) -> float:
            if free is None:
                return math.inf
            left = round(free - taken, 9)
            if left < 0:
                return 0
            return math.floor(round(left / each, 9)) if each else math.inf

        return (
            fit(site.rack_units, self.node_rack_units, system.rack_units),
            fit(site.power_w, self.node_power_w, system.power_w),
        )


def _routes(survey: _Survey, usable: Usability) -> tuple[list[Route], int | None]:
    """Every route between two sites of one corridor, by the number of patched sites.

    Returns the routes and, where there are more than `MAX_ROUTES`, the number of patched sites beyond which none was
    considered (else None).
    """
    ends = frozenset().union(*usable.permitted.values())
    partial: list[tuple[tuple[str, ...], tuple[str, ...]]] = [((s,), ()) for s in sorted(ends)]
    routes: list[Route] = []
    for bypasses in range(survey.inventory.policy.max_bypass_sites + 1):
        grown, found = [], []
        for visited, fibres in partial:
            for fibre, there in survey.neighbours[visited[-1]]:
                if there in visited:
                    continue
                longer = (*visited, there), (*fibres, fibre)
                route = _route(*longer)
                if bypasses and not survey.within_reach(route):
                    continue
                grown.append(longer)
                if visited[0] < there and there in ends and usable.joined(visited[0], there):
                    found.append(route)
            if bypasses and len(routes) + max(len(found), len(grown) // 10) > MAX_ROUTES:
                return routes, bypasses - 1
        routes += found
        partial = grown
    return routes, None


def _route(visited: tuple[str, ...], fibres: tuple[str, ...]) -> Route:
    if visited[0] > visited[-1]:
        visited, fibres = visited[::-1], fibres[::-1]
    return Route((visited[0], visited[-1]), fibres, visited[1:-1])


def _offers(survey: _Survey, route: Route, demand_bps: float) -> tuple[list[CandidateLink], list[Refusal]]:
    """What every system offers on the route, and why the others do not."""
    offers, refused = [], []
    for s, system in survey.systems.items():
        offer = _offer(survey, route, s, system, demand_bps)
        (refused if isinstance(offer, Refusal) else offers).append(offer)
    return offers, refused


def _offer(survey: _Survey, route: Route, s: str, system: QkdSystem, demand_bps: float) -> CandidateLink | Refusal:
    """The candidate link, or the first reason why there is none."""
    fibres = [survey.inventory.fibres[f] for f in route.fibres]
    loss = survey.route_loss_db(route, plant.uses_o_band(system))
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
    limits = {"strands": min(fibre.strands for fibre in fibres) // system.strands}
    rooms = [survey.room_for(end, system) for end in route.ends]
    limits["rack_units"] = min(rack for rack, _ in rooms)
    limits["power_w"] = min(power for _, power in rooms)
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


def systems_needed(load_bps: float, key_rate_bps: float) -> int:
    """Parallel systems that carry a load: at least one, and as many as the rate asks for."""
    return max(1, math.ceil(load_bps / key_rate_bps * (1 - RATE_TOLERANCE)))


def _carries(link: CandidateLink, demand_bps: float) -> bool:
    return systems_needed(demand_bps, link.key_rate_bps) <= link.max_count


def _undominated(survey: _Survey, offers: list[CandidateLink], demand_bps: float) -> list[CandidateLink]:
    """Offers on one route that no other offer matches in rate, money, strands, rack units and power.

    In any plan the better system takes over the worse one's count and load: the plan stays feasible and costs no more.
    Rate beyond the demand of all corridors that may use the route is worth nothing, nor is room where a site has no
    limit, nor money of a kind that neither the objective nor a budget asks for. (All this does not hold between the
    ends of a corridor whose paths may share the route and differ by the system alone.)
    """
    kept: list[CandidateLink] = []
    for link in sorted(offers, key=lambda link: [*(-gain for gain in _gains(survey, link, demand_bps)), link.system]):
        gains = _gains(survey, link, demand_bps)
        rivals = (_gains(survey, other, demand_bps) for other in kept)
        if not any(all(a >= b for a, b in zip(rival, gains, strict=True)) for rival in rivals):
            kept.append(link)
    return kept


def _gains(survey: _Survey, link: CandidateLink, demand_bps: float) -> tuple[float | Decimal, ...]:
    """What a link offers, the more the better, in every respect that can matter."""
    inventory, cost = survey.inventory, link.unit_cost
    system = survey.systems[link.system]
    ends = [inventory.sites[end] for end in link.route.ends]
    capex_matters = inventory.objective == "capex" or inventory.budget.capex is not None
    tco_matters = inventory.objective != "capex" or inventory.budget.tco is not None
    return (
        min(link.key_rate_bps, demand_bps),
        *([-cost.capex] if capex_matters else []),
        *([-tco(inventory.economics, cost)] if tco_matters else []),
        -link.strands,
        *([-system.rack_units] if any(site.rack_units is not None for site in ends) else []),
        *([-system.power_w] if any(site.power_w is not None for site in ends) else []),
    )
