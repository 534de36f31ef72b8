"""Relay rules that forbid the sites a corridor would need, and the rules relaxed just so far as to let sites in."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection
from typing import Any

from qplan.candidates.blocking_sets import LinkWays
from qplan.candidates.fibre_graph import lightest_way
from qplan.candidates.reasons import Reason, named
from qplan.explain.findings import Diagnosis, Proposal, Setting
from qplan.inventory.model import Corridor, Inventory
from qplan.inventory.relay_rules import relay_refusals

SITE_FIELD = {
    "allowed_countries": "country",
    "allowed_operators": "operator",
    "allowed_key_domains": "key_domain",
    "min_security_tier": "security_tier",
}
MOST_LET_IN = 4  # sites proposed one by one


def examine_rules(alone: Inventory, ways: LinkWays) -> Diagnosis:
    """The rules forbid sites without which there is no way."""
    least = _find_fewest(ways)
    if not least:
        return Diagnosis()
    ((q, corridor),) = alone.corridors.items()
    reasons = tuple(
        Reason(
            "relay_rule",
            f"No way through permitted relays; at least {len(least)} more would have to be let in, here "
            f"{named(least)}. {s} may not relay by {refusal.rule}: found {refusal.found}, "
            f"expected {refusal.expected}.",
            float(len(least)),
            0.0,
            (f"sites.{s}",),
        )
        for s in least
        for refusal in relay_refusals(corridor, s, alone.sites[s])
    )
    if len(least) > 1:
        return Diagnosis(reasons, (let_in(q, alone, least),))
    refused = [s for s, permitted in zip(ways.index.sites, ways.commodity.permitted, strict=True) if not permitted]
    opening = [s for s in refused if ways.with_relay(s).fewest_links(limited=False) is not None]
    return Diagnosis(reasons, tuple(let_in(q, alone, (s,)) for s in opening[:MOST_LET_IN]))


def _find_fewest(ways: LinkWays) -> tuple[str, ...]:
    """The least number of sites that would have to relay against the rules; none where even that is not enough."""
    sites, permitted = ways.index.sites, ways.commodity.permitted
    refused = {s for s, may in zip(sites, permitted, strict=True) if not may}
    edges = sorted({(0.0, sites[a], sites[b]) for a, b in ways.index.ends})
    a, b = ways.commodity.ends
    way = lightest_way(edges, (sites[a], sites[b]), lambda site: site in refused)
    return tuple(sorted(refused.intersection(way or ())))


def is_refused(inventory: Inventory, q: str, site: str) -> bool:
    """A rule keeps the site from relaying for the corridor."""
    corridor = inventory.corridors[q]
    return site not in corridor.ends and bool(relay_refusals(corridor, site, inventory.sites[site]))


def let_in_for_all(inventory: Inventory, corridors: Collection[str], sites: tuple[str, ...]) -> Proposal | None:
    """The sites let in for every one of the corridors whose rules keep one of them out; None where no rule does."""
    combined: Proposal | None = None
    for q in sorted(corridors):
        kept_out = tuple(s for s in sorted(sites) if is_refused(inventory, q, s))
        if kept_out:
            proposal = let_in(q, inventory, kept_out)
            combined = proposal if combined is None else combined.join(proposal)
    return combined


def let_in(q: str, inventory: Inventory, sites: tuple[str, ...]) -> Proposal:
    """Every rule that keeps the sites from relaying for the corridor relaxed just so far."""
    corridor = inventory.corridors[q]
    settings: dict[str, Any] = {}
    for s in sites:
        for refusal in relay_refusals(corridor, s, inventory.sites[s]):
            address, value = _relax(q, corridor, s, inventory, refusal.rule, settings)
            settings[address] = value
    return Proposal(f"let {named(sites)} relay for {q}", tuple(settings.items()))


def _relax(q: str, corridor: Corridor, s: str, inventory: Inventory, rule: str, settings: dict[str, Any]) -> Setting:
    """The setting with which the rule lets the site in, after other settings; a site that stated nothing then does."""
    if rule == "trusted_node":
        return f"sites.{s}.trusted_node", "allowed"
    address = f"corridors.{q}.{rule}"
    asked = settings.get(address, getattr(corridor, rule))
    if rule == "avoid_sites":
        return address, [other for other in asked if other != s]
    stated_by = SITE_FIELD[rule]
    stated = getattr(inventory.sites[s], stated_by)
    if rule == "min_security_tier":
        return (f"sites.{s}.{stated_by}", asked) if stated is None else (address, min(asked, stated))
    if stated is not None:
        return address, [*asked, stated]
    return (f"sites.{s}.{stated_by}", asked[0]) if asked else (address, None)


def describe_refusals(inventory: Inventory, site: str) -> list[Reason]:
    """The rules by which the site may not relay, and for which corridors."""
    barred: dict[str, list[str]] = defaultdict(list)
    for q, corridor in sorted(inventory.corridors.items()):
        refusals = relay_refusals(corridor, site, inventory.sites[site])
        rules = [f"{refusal.rule} (found {refusal.found}, expected {refusal.expected})" for refusal in refusals]
        rules += ["max_relays (0)"] if corridor.max_relays == 0 else []
        if rules and site not in corridor.ends:
            barred[" and ".join(rules)].append(q)
    return [
        Reason(
            "relay_rule",
            f"It may not relay for {named(corridors)} by {rules}.",
            where=(f"sites.{site}", *(f"corridors.{q}" for q in corridors)),
        )
        for rules, corridors in barred.items()
    ]
