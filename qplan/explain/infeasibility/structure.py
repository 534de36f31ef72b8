"""Structural reasons why one corridor cannot be served: fibres, losses, relay rules, disjointness.

Each step leaves out everything that later steps look at, so that a reason given here holds whatever the quantities.
What the graph cannot prove is left to the integer program.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from typing import Any

from qplan.candidates.arrays import CandidateArrays
from qplan.candidates.blocking_sets import LinkWays
from qplan.candidates.fibre_graph import fibre_ways, lightest_way
from qplan.candidates.hops import least_shortfall_ways
from qplan.candidates.links import offers_and_refusals
from qplan.candidates.model import CandidateGraph, CandidateLink, Usability
from qplan.candidates.precheck import not_disjoint, too_many_relays
from qplan.candidates.prices import Prices
from qplan.candidates.reasons import Reason, named, spoken
from qplan.candidates.survey import permitted_systems
from qplan.explain.findings import Diagnosis, Proposal
from qplan.explain.infeasibility.losses import out_of_reach, over_limit, over_the_limit
from qplan.explain.trials import Trials
from qplan.explain.variants import changed, ruleless
from qplan.inventory.model import Corridor, Inventory
from qplan.inventory.relay_rules import relay_refusals
from qplan.inventory.source.messages import counted

DISJOINT_LEVELS = ("relay", "node", "duct")
SITE_FIELD = {
    "allowed_countries": "country",
    "allowed_operators": "operator",
    "allowed_key_domains": "key_domain",
    "min_security_tier": "security_tier",
}
MOST_LET_IN = 4  # sites proposed one by one


def diagnose(alone: Inventory) -> Diagnosis:
    """Why the one corridor of the inventory cannot be served, whatever the strands, room, rate or budget."""
    ((q, corridor),) = alone.corridors.items()
    found = Diagnosis()
    _no_fibre_way(found, alone, corridor)
    if not permitted_systems(alone):
        _no_system(found, alone)
    if found.reasons:
        return found
    permitted = frozenset(s for s, site in alone.sites.items() if not relay_refusals(corridor, s, site))
    loose = ruleless(alone)
    offers, refusals, bypass_limit = offers_and_refusals(loose)
    if bypass_limit is not None:
        hops = next(least_shortfall_ways(alone, corridor.ends, permitted, 1), None)
        if hops is None or over_limit(hops):
            out_of_reach(found, alone, q, permitted, (offers, refusals))
        return found
    ways = _ways(alone, q, offers, permitted)
    if ways.fewest_links(limited=False) is None:
        _sites_let_in(found, alone, ways)
        _excluded_technology(found, loose, q, permitted)
        out_of_reach(found, alone, q, permitted, (offers, refusals))
    elif reason := too_many_relays(ways):
        found.add(reason, more_relays(q, int(reason.value)))
    elif reason := not_disjoint(ways):
        found.add(reason)
        if corridor.max_relays is not None:
            found.proposals += [more_relays(q, corridor.max_relays + more) for more in (1, 2)]
        _beside(found, alone, permitted, reason.where[: int(reason.value)])
    return found


def _ways(alone: Inventory, q: str, offers: list[CandidateLink], permitted: frozenset[str]) -> LinkWays:
    """Ways of the corridor over these links, whatever its demand."""
    corridor = alone.corridors[q]
    usable = Usability({q: permitted.union(corridor.ends)})
    index = CandidateArrays(alone, CandidateGraph(tuple(offers), (), usable), Prices({}, {}, {}))
    return LinkWays(index, replace(index.commodities[q], demand_bps=0.0))


def _no_fibre_way(found: Diagnosis, alone: Inventory, corridor: Corridor) -> None:
    """No fibre joins the ends, or only amplified ones."""
    a, b = corridor.ends
    from_a = fibre_ways(alone, a)
    if b not in from_a:
        from_b = fibre_ways(alone, b)
        text = f"No fibre way joins {a} and {b}: {_component(a, from_a)}; {_component(b, from_b)}."
        found.add(Reason("no_fibre", text, where=(f"sites.{a}", f"sites.{b}")))
    elif from_a[b]:
        fibres = from_a[b]
        text = (
            f"Only amplified fibres join {a} and {b}, and no QKD link can use these: on the way with fewest, "
            f"{named(fibres)}."
        )
        settings = tuple((f"fibres.{f}.amplified", False) for f in fibres)
        found.add(
            Reason("amplified", text, float(len(fibres)), 0.0, tuple(f"fibres.{f}" for f in fibres)),
            Proposal(f"pass the amplifiers by, or use dark strands, on {named(fibres)}", settings),
        )


def _component(site: str, component: Mapping[str, tuple[str, ...]]) -> str:
    others = sorted(component.keys() - {site})
    return f"fibres from {site} lead to {named(others)}" if others else f"no fibre ends at {site}"


def _no_system(found: Diagnosis, alone: Inventory) -> None:
    systems = alone.equipment.qkd_systems
    if not systems:
        found.add(Reason("no_system", "The catalogue has no QKD system.", 0.0, where=("equipment.qkd_systems",)))
        return
    allowed = ", ".join(alone.policy.technologies) or "none"
    text = f"policy.technologies permits {allowed}; no QKD system of the catalogue is of such a technology."
    found.add(Reason("technology", text, 0.0, where=("policy.technologies",)), *_technologies(alone))


def _technologies(alone: Inventory) -> list[Proposal]:
    """Each excluded technology let in, or all where a system states none."""
    permitted = alone.policy.technologies
    if permitted is None:
        return []
    known = permitted_systems(alone)
    excluded = sorted({x.technology or "" for s, x in alone.equipment.qkd_systems.items() if s not in known})
    return [
        Proposal(f"permit the technology {technology}", (("policy.technologies", [*permitted, technology]),))
        if technology
        else Proposal("permit systems that state no technology", (("policy.technologies", None),))
        for technology in excluded
    ]


def _excluded_technology(found: Diagnosis, loose: Inventory, q: str, permitted: frozenset[str]) -> None:
    """Technologies that the policy excludes and with which there would be a way."""
    for proposal in _technologies(loose):
        wider = changed(loose, proposal.settings)
        offers, _, _ = offers_and_refusals(wider)
        ways = _ways(wider, q, offers, permitted)
        way = ways.fewest_links(limited=False)
        if way is None:
            continue
        before = permitted_systems(loose)
        systems = sorted({ways.index.links[l].system for l in way} - before.keys())
        text = f"With {named(systems)} there would be a way, but policy.technologies excludes it."
        found.add(Reason("technology", text, where=tuple(f"equipment.qkd_systems.{s}" for s in systems)), proposal)


def _sites_let_in(found: Diagnosis, alone: Inventory, ways: LinkWays) -> None:
    """The rules forbid sites without which there is no way."""
    least = _fewest_let_in(ways)
    if not least:
        return
    ((q, corridor),) = alone.corridors.items()
    for s in least:
        for refusal in relay_refusals(corridor, s, alone.sites[s]):
            text = (
                f"No way through permitted relays; at least {len(least)} more would have to be let in, here "
                f"{named(least)}. {s} may not relay by {refusal.rule}: found {refusal.found}, "
                f"expected {refusal.expected}."
            )
            found.add(Reason("relay_rule", text, float(len(least)), 0.0, (f"sites.{s}",)))
    if len(least) > 1:
        found.proposals.append(let_in(q, alone, corridor, least))
        return
    refused = [s for s, permitted in zip(ways.index.sites, ways.commodity.permitted, strict=True) if not permitted]
    opening = [s for s in refused if ways.with_relay(s).fewest_links(limited=False) is not None]
    found.proposals += [let_in(q, alone, corridor, (s,)) for s in opening[:MOST_LET_IN]]


def _fewest_let_in(ways: LinkWays) -> tuple[str, ...]:
    """The least number of sites that would have to relay against the rules; none where even that is not enough."""
    sites, permitted = ways.index.sites, ways.commodity.permitted
    refused = {s for s, may in zip(sites, permitted, strict=True) if not may}
    edges = sorted({(0.0, sites[a], sites[b]) for a, b in ways.index.ends})
    a, b = ways.commodity.ends
    way = lightest_way(edges, (sites[a], sites[b]), lambda site: site in refused)
    return tuple(sorted(refused.intersection(way or ())))


def let_in(q: str, alone: Inventory, corridor: Corridor, sites: tuple[str, ...]) -> Proposal:
    """Every rule that keeps the sites from relaying for the corridor relaxed just so far."""
    settings: dict[str, Any] = {}
    for s in sites:
        for refusal in relay_refusals(corridor, s, alone.sites[s]):
            address, value = _relaxed(q, corridor, s, alone, refusal.rule, settings)
            settings[address] = value
    return Proposal(f"let {named(sites)} relay for {q}", tuple(settings.items()))


def _relaxed(
    q: str, corridor: Corridor, s: str, alone: Inventory, rule: str, settings: dict[str, Any]
) -> tuple[str, Any]:
    """The setting with which the rule lets the site in, after other settings; a site that stated nothing then does."""
    if rule == "trusted_node":
        return f"sites.{s}.trusted_node", "allowed"
    address = f"corridors.{q}.{rule}"
    asked = settings.get(address, getattr(corridor, rule))
    if rule == "avoid_sites":
        return address, [other for other in asked if other != s]
    stated_by = SITE_FIELD[rule]
    stated = getattr(alone.sites[s], stated_by)
    if rule == "min_security_tier":
        return (f"sites.{s}.{stated_by}", asked) if stated is None else (address, min(asked, stated))
    if stated is not None:
        return address, [*asked, stated]
    return (f"sites.{s}.{stated_by}", asked[0]) if asked else (address, None)


def more_relays(q: str, count: int) -> Proposal:
    return Proposal(f"accept {counted(count, 'relay')} on a path of {q}", ((f"corridors.{q}.max_relays", count),))


def _beside(found: Diagnosis, alone: Inventory, permitted: frozenset[str], pieces: Collection[str]) -> None:
    """The ways that avoid the pieces that all others take, where only the loss limit stands in their way."""
    ((q, corridor),) = alone.corridors.items()
    fibres = {
        f: fibre
        for f, fibre in alone.fibres.items()
        if f"fibres.{f}" not in pieces
        and not any(f"ducts.{d}" in pieces for d in fibre.ducts)
        and not any(f"sites.{end}" in pieces for end in fibre.ends)
    }
    relays = {s for s in permitted if f"sites.{s}" not in pieces}
    beside = least_shortfall_ways(alone.model_copy(update={"fibres": fibres}), corridor.ends, relays, 1)
    avoided = named([spoken(piece) for piece in sorted(pieces)])
    over_the_limit(found, alone, q, list(beside), f"Every way that avoids {avoided} has a hop over the loss limit")


def paths_impossible(trials: Trials, unlimited: Inventory) -> Diagnosis:
    """The integer program proves that there are not so many disjoint paths; the inventory has no limit of quantity."""
    ((q, corridor),) = unlimited.corridors.items()
    found = Diagnosis()
    most = 0
    for count in range(1, corridor.paths):
        if not trials.feasible(changed(unlimited, [(f"corridors.{q}.paths", count)])):
            break
        most = count
    limited = f" with at most {counted(corridor.max_relays, 'relay')} each" if corridor.max_relays is not None else ""
    text = (
        f"{corridor.paths} paths{limited} are asked for with no {corridor.disjoint} in common; no combination of ways "
        f"gives more than {most}, though no {'single piece is' if corridor.paths == 2 else 'few pieces are'} on all "
        "ways."
    )
    proposals = []
    if corridor.max_relays is not None:
        proposals += [more_relays(q, corridor.max_relays + more) for more in (1, 2, 3)]
    found.add(Reason("disjoint", text, float(most), float(corridor.paths), (f"corridors.{q}",)), *proposals)
    return found


def concessions(q: str, corridor: Corridor, most: int) -> list[Proposal]:
    """Ways of asking for less: weaker disjointness, fewer paths (`most` as disjoint as now)."""
    if corridor.paths == 1:
        return []
    found = []
    for fewer in range(min(corridor.paths - 1, most), 0, -1):
        settings: list[tuple[str, Any]] = [(f"corridors.{q}.paths", fewer)]
        if corridor.shares_needed > fewer:
            settings.append((f"corridors.{q}.shares_needed", fewer))
        found.append(Proposal(f"ask for {counted(fewer, 'path')} for {q}", tuple(settings), "lowered"))
    for level in reversed(DISJOINT_LEVELS[: DISJOINT_LEVELS.index(corridor.disjoint)]):
        setting = (f"corridors.{q}.disjoint", level)
        found.append(Proposal(f"ask for {level}-disjoint paths only for {q}", (setting,), "lowered"))
    return found


def optional(corridors: Sequence[str]) -> Proposal:
    settings = tuple((f"corridors.{q}.required", False) for q in corridors)
    return Proposal(f"make {named(corridors)} optional", settings, "left_out")
