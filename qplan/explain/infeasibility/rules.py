"""Relay rules that forbid the sites a corridor would need, and the rules relaxed just so far as to let sites in."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from typing import Any

from qplan.candidates.blocking_sets import LinkWays
from qplan.candidates.design import Design
from qplan.candidates.fibre_graph import lightest_way
from qplan.candidates.reasons import Reason, named
from qplan.explain.findings import Change, Obstacle, Proposal
from qplan.explain.variants import apply_settings
from qplan.inventory.model import Corridor, Inventory, Site
from qplan.inventory.relay_rules import RelayRefusal, relay_refusals
from qplan.plan.model import Plan

SITE_FIELD = {
    "allowed_countries": "country",
    "allowed_operators": "operator",
    "allowed_key_domains": "key_domain",
    "min_security_tier": "security_tier",
}
MOST_LET_IN = 4  # sites proposed one by one
Relaying = tuple[str, str]  # a corridor and a site that relays for it


def examine_rules(alone: Inventory, ways: LinkWays) -> Obstacle | None:
    """The rules forbid sites without which there is no way; None where no way would be enough."""
    least = _find_fewest(ways)
    if not least:
        return None
    ((q, corridor),) = alone.corridors.items()
    grouped: dict[str, list[str]] = defaultdict(list)
    for s in least:
        for refusal in relay_refusals(corridor, s, alone.sites[s]):
            grouped[describe_refusal(refusal)].append(s)
    start = f"No way through permitted relays; at least {len(least)} more would have to be let in, here {named(least)}."
    reasons = tuple(
        Reason(
            "relay_rule",
            f"{start} {named(sites)} may not relay by {rule}.",
            float(len(least)),
            0.0,
            tuple(f"sites.{s}" for s in sites),
        )
        for rule, sites in grouped.items()
    )
    if len(least) > 1:
        return Obstacle(reasons, (let_in(alone, [(q, s) for s in least]),))
    refused = [s for s, permitted in zip(ways.index.sites, ways.commodity.permitted, strict=True) if not permitted]
    opening = [s for s in refused if ways.with_relay(s).fewest_links(limited=False) is not None]
    return Obstacle(reasons, tuple(let_in(alone, [(q, s)]) for s in opening[:MOST_LET_IN]))


def _find_fewest(ways: LinkWays) -> tuple[str, ...]:
    """The least number of sites that would have to relay against the rules; none where even that is not enough."""
    sites, permitted = ways.index.sites, ways.commodity.permitted
    refused = {s for s, may in zip(sites, permitted, strict=True) if not may}
    edges = sorted({(0.0, sites[a], sites[b]) for a, b in ways.index.ends})
    a, b = ways.commodity.ends
    way = lightest_way(edges, (sites[a], sites[b]), lambda site: site in refused)
    return tuple(sorted(refused.intersection(way or ())))


def describe_refusal(refusal: RelayRefusal) -> str:
    return f"{refusal.rule}: found {refusal.found}, expected {refusal.expected}"


def list_refused(inventory: Inventory) -> set[Relaying]:
    """Every corridor and site that may not relay for it."""
    return {
        (q, s)
        for q, corridor in inventory.corridors.items()
        for s, site in inventory.sites.items()
        if s not in corridor.ends and relay_refusals(corridor, s, site)
    }


def list_relaying(design: Design | Plan) -> set[Relaying]:
    """Every corridor and site that relays for it."""
    return {(q.id, s) for q in design.corridors for path in q.paths for s in path.relays}


def let_in(inventory: Inventory, refused: Iterable[Relaying]) -> Proposal:
    """Every rule that keeps the sites from relaying relaxed just so far; the text names what else is let in by it."""
    sites, corridors = dict(inventory.sites), dict(inventory.corridors)
    asked = tuple(sorted(refused))
    settings: dict[str, Any] = {}
    for q, s in asked:
        for refusal in relay_refusals(corridors[q], s, sites[s]):
            section, name, key, value = _relax(q, corridors[q], s, sites[s], refusal.rule)
            settings[f"{section}.{name}.{key}"] = value
            entries: dict[str, Any] = sites if section == "sites" else corridors
            entries[name] = entries[name].model_copy(update={key: value})
    relaxed = inventory.model_copy(update={"sites": sites, "corridors": corridors})
    besides = sorted(list_refused(inventory) - list_refused(relaxed) - set(asked))
    text = ", and ".join(f"let {named(let)} relay for {q}" for q, let in _group(asked).items())
    if besides:
        text += f" (which also lets in {_name_relaying(besides)})"
    return Proposal((Change(text, tuple(settings.items()), lets_in=asked),))


def _name_relaying(relaying: Iterable[Relaying]) -> str:
    """`x, y for c1; z for c2, c3`."""
    alike: dict[tuple[str, ...], list[str]] = defaultdict(list)
    for s, corridors in _group((s, q) for q, s in relaying).items():
        alike[tuple(corridors)].append(s)
    return "; ".join(f"{named(sites)} for {named(corridors)}" for corridors, sites in alike.items())


def _group(pairs: Iterable[tuple[str, str]]) -> dict[str, list[str]]:
    grouped: dict[str, list[str]] = defaultdict(list)
    for key, value in pairs:
        grouped[key].append(value)
    return grouped


def _relax(q: str, corridor: Corridor, s: str, site: Site, rule: str) -> tuple[str, str, str, Any]:
    """Section, id, key and value with which the rule lets the site in; a site that stated nothing then does."""
    if rule == "trusted_node":
        return "sites", s, rule, "allowed"
    asked = getattr(corridor, rule)
    if rule == "avoid_sites":
        return "corridors", q, rule, tuple(other for other in asked if other != s)
    stated_by = SITE_FIELD[rule]
    stated = getattr(site, stated_by)
    if rule == "min_security_tier":
        return ("sites", s, stated_by, asked) if stated is None else ("corridors", q, rule, min(asked, stated))
    if stated is not None:
        return "corridors", q, rule, (*asked, stated)
    return ("sites", s, stated_by, asked[0]) if asked else ("corridors", q, rule, None)


def narrow_rules(inventory: Inventory, proposal: Proposal, design: Design) -> Proposal:
    """The proposal with rules relaxed for those sites alone that relay in the design because of it.

    The design still keeps all that is asked, and as the narrower proposal forbids more, no better one does.
    """
    if not any(change.lets_in for change in proposal.changes):
        return proposal
    relaxed = apply_settings(inventory, proposal.settings)
    used = (list_refused(inventory) - list_refused(relaxed)) & list_relaying(design)
    others = tuple(change for change in proposal.changes if not change.lets_in)
    changes = (*let_in(inventory, used).changes, *others) if used else others
    return Proposal(changes, proposal.design) if changes else proposal


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
