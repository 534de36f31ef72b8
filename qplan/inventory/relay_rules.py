"""Which sites may relay a corridor's keys in clear, and which rule forbids the others."""

from __future__ import annotations

from dataclasses import dataclass

from qplan.inventory.model import Corridor, Site

NOT_STATED = "not stated"


@dataclass(frozen=True)
class RelayRefusal:
    """A rule that keeps a site from relaying for a corridor: what the site states and what the rule asks."""

    rule: str
    found: str
    expected: str


def relay_refusals(corridor: Corridor, site_id: str, site: Site) -> tuple[RelayRefusal, ...]:
    """Every rule that keeps the site from relaying for the corridor; empty where it may.

    A site that states no country, operator, key domain or tier is refused where one is asked for.
    """
    refusals = []
    if site.trusted_node == "forbidden":
        refusals.append(RelayRefusal("trusted_node", "forbidden", "allowed or existing"))
    if site_id in corridor.avoid_sites:
        refusals.append(RelayRefusal("avoid_sites", site_id, "any other site"))
    return (*refusals, *whereabouts_refusals(corridor, site))


def whereabouts_refusals(corridor: Corridor, site: Site) -> tuple[RelayRefusal, ...]:
    """The rules on country, operator, key domain and tier that the site breaks or does not say that it keeps."""
    refusals = []
    for rule, found, allowed in (
        ("allowed_countries", site.country, corridor.allowed_countries),
        ("allowed_operators", site.operator, corridor.allowed_operators),
        ("allowed_key_domains", site.key_domain, corridor.allowed_key_domains),
    ):
        if allowed is not None and found not in allowed:
            refusals.append(RelayRefusal(rule, found or NOT_STATED, " or ".join(allowed) or "none"))
    tier = corridor.min_security_tier
    if tier is not None and (site.security_tier is None or site.security_tier < tier):
        found = NOT_STATED if site.security_tier is None else str(site.security_tier)
        refusals.append(RelayRefusal("min_security_tier", found, f"at least {tier}"))
    return tuple(refusals)
