"""Existing QKD links: what stays in every plan, and the routes that candidate links of their own need."""

from __future__ import annotations

from collections import defaultdict

from qplan.candidates.model import CandidateLink, Route, Standing
from qplan.candidates.survey import Survey
from qplan.inventory import plant
from qplan.inventory.existing import ExistingLink
from qplan.inventory.installed import carries_no_key, in_id_order, sites_along
from qplan.inventory.model import Inventory
from qplan.physics.key_rate import rate_at_bps
from qplan.plan.model import link_id


def route_of(inventory: Inventory, link: ExistingLink) -> Route:
    """The route of an existing link, from the end that comes first by id."""
    ends, fibres = in_id_order(link)
    sites = sites_along(inventory, ends[0], fibres) or ends
    return Route(ends, fibres, sites[1:-1])


def find_standing(survey: Survey) -> Standing:
    """What stays: every existing link with `keep`."""
    inventory = survey.inventory
    kept = [link for link in inventory.existing.links.values() if link.keep]
    modules: dict[tuple[str, str], float] = defaultdict(float)
    for link in kept:
        system = inventory.equipment.qkd_systems[link.system]
        for end in link.ends:
            for room in plant.ROOMS:
                modules[end, room] += link.count * getattr(system, room)
    links = tuple(sorted((_stand(survey, link) for link in kept), key=lambda link: link.id))
    sites = frozenset(end for link in kept for end in link.ends)
    fibres = frozenset(f for link in kept for f in link.fibres)
    return Standing(links, sites, fibres, plant.strands_taken(inventory, kept), dict(modules))


def _stand(survey: Survey, link: ExistingLink) -> CandidateLink:
    """An existing link with its systems, at the rate that they give."""
    inventory, route = survey.inventory, route_of(survey.inventory, link)
    system = inventory.equipment.qkd_systems[link.system]
    loss = survey.route_loss_db(route, plant.band_of(system))
    rate = 0.0
    if loss is not None and carries_no_key(inventory, link) is None:
        rate = rate_at_bps(system.key_rate_curve, loss) * (1 - inventory.policy.key_rate_reserve)
    return CandidateLink(
        id=link_id(route.ends, link.system, route.fibres),
        route=route,
        system=link.system,
        length_km=survey.known_length_km(route),
        loss_db=loss or 0.0,
        key_rate_bps=rate,
        max_count=link.count,
        strands=system.strands,
        existing=link.count,
        kept=True,
    )
