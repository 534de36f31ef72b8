"""Structural reasons why one corridor cannot be served: fibres, systems, losses, relay rules, disjointness.

Each step leaves out everything that later steps look at, so that a reason given here holds whatever the quantities.
What the graph cannot prove is left to the integer program.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace

from qplan.candidates.arrays import CandidateArrays
from qplan.candidates.blocking_sets import LinkWays
from qplan.candidates.fibre_graph import fibre_ways
from qplan.candidates.hops import least_shortfall_ways
from qplan.candidates.links import offers_and_refusals
from qplan.candidates.model import BypassLimit, CandidateGraph, CandidateLink, Refusal, Usability
from qplan.candidates.precheck import not_disjoint, too_many_relays
from qplan.candidates.prices import Prices
from qplan.candidates.reasons import Reason, named, spoken
from qplan.explain.findings import Diagnosis, Obstacle, Proposal, propose
from qplan.explain.infeasibility.concessions import propose_relays
from qplan.explain.infeasibility.losses import examine_losses, examine_reach, list_over_limit
from qplan.explain.infeasibility.rules import examine_rules
from qplan.explain.trials import Trials
from qplan.explain.variants import apply_settings, lift_rules
from qplan.inventory.admissible import permitted_systems
from qplan.inventory.model import Corridor, Inventory
from qplan.inventory.relay_rules import relay_refusals
from qplan.inventory.source.messages import counted
from qplan.time_budget import UNLIMITED, TimeBudget


@dataclass(frozen=True)
class Terrain:
    """What could be built between any two sites were there no rule and no limit of quantity, and why not the rest."""

    inventory: Inventory
    offers: list[CandidateLink]
    refusals: list[Refusal]
    bypass_limit: BypassLimit | None


def survey_terrain(inventory: Inventory, clock: TimeBudget = UNLIMITED) -> Terrain:
    """The same for every corridor of the inventory; where time runs out on routes with few patched sites only."""
    loose = lift_rules(inventory)
    return Terrain(loose, *offers_and_refusals(loose, clock=clock))


def diagnose(alone: Inventory, terrain: Terrain | None = None) -> Diagnosis:
    """Why the one corridor of the inventory cannot be served, whatever the strands, room, rate or budget."""
    ((q, corridor),) = alone.corridors.items()
    found = [obstacle for obstacle in (_examine_fibres(alone, corridor), _examine_systems(alone)) if obstacle]
    if not found:
        found = _examine_links(alone, q, terrain or survey_terrain(alone))
    return Diagnosis(tuple(obstacle for obstacle in found if obstacle.reasons))


def _examine_links(alone: Inventory, q: str, terrain: Terrain) -> list[Obstacle]:
    corridor, verdicts = alone.corridors[q], (terrain.offers, terrain.refusals)
    permitted = frozenset(s for s, site in alone.sites.items() if not relay_refusals(corridor, s, site))
    if terrain.bypass_limit is not None:
        hops = next(least_shortfall_ways(alone, corridor.ends, permitted, 1), None)
        out_of_reach = hops is None or bool(list_over_limit(hops))
        return [examine_reach(alone, q, permitted, verdicts)] if out_of_reach else []
    ways = _find_ways(alone, q, terrain.offers, permitted)
    if ways.fewest_links(limited=False) is not None:
        obstacle = _examine_relays(q, ways) or _examine_disjointness(alone, q, ways, permitted)
        return [obstacle] if obstacle else []
    rules = examine_rules(alone, ways)
    technologies = _examine_technologies(lift_rules(alone), q, permitted)
    return [*([rules] if rules else []), *technologies, examine_reach(alone, q, permitted, verdicts)]


def _find_ways(alone: Inventory, q: str, offers: list[CandidateLink], permitted: frozenset[str]) -> LinkWays:
    """Ways of the corridor over these links, whatever its demand."""
    corridor = alone.corridors[q]
    usable = Usability({q: permitted.union(corridor.ends)})
    index = CandidateArrays(alone, CandidateGraph(tuple(offers), (), usable), Prices({}, {}, {}))
    return LinkWays(index, replace(index.commodities[q], demand_bps=0.0))


def _examine_fibres(alone: Inventory, corridor: Corridor) -> Obstacle | None:
    """No fibre joins the ends, or only amplified ones."""
    a, b = corridor.ends
    from_a = fibre_ways(alone, a)
    if b not in from_a:
        from_b = fibre_ways(alone, b)
        text = f"No fibre way joins {a} and {b}: {_describe_component(a, from_a)}; {_describe_component(b, from_b)}."
        return Obstacle((Reason("no_fibre", text, where=(f"sites.{a}", f"sites.{b}")),))
    fibres = from_a[b]
    if not fibres:
        return None
    text = (
        f"Only amplified fibres join {a} and {b}, and no QKD link can use these: on the way with fewest, "
        f"{named(fibres)}."
    )
    reason = Reason("amplified", text, float(len(fibres)), 0.0, tuple(f"fibres.{f}" for f in fibres))
    dark = f"pass the amplifiers by, or use dark strands, on {named(fibres)}"
    return Obstacle((reason,), (propose(dark, *((f"fibres.{f}.amplified", False) for f in fibres)),))


def _describe_component(site: str, component: Mapping[str, tuple[str, ...]]) -> str:
    others = sorted(component.keys() - {site})
    return f"fibres from {site} lead to {named(others)}" if others else f"no fibre ends at {site}"


def _examine_systems(alone: Inventory) -> Obstacle | None:
    """No QKD system may be bought at all."""
    if permitted_systems(alone):
        return None
    if not alone.equipment.qkd_systems:
        text = "The catalogue has no QKD system."
        return Obstacle((Reason("no_system", text, 0.0, where=("equipment.qkd_systems",)),))
    allowed = ", ".join(alone.policy.technologies or ()) or "none"
    text = f"policy.technologies permits {allowed}; no QKD system of the catalogue is of such a technology."
    reason = Reason("technology", text, 0.0, where=("policy.technologies",))
    return Obstacle((reason,), tuple(_propose_technologies(alone)))


def _propose_technologies(alone: Inventory) -> list[Proposal]:
    """Each excluded technology let in, that of the cheapest system first, or all where a system states none."""
    permitted = alone.policy.technologies
    if permitted is None:
        return []
    known = permitted_systems(alone)
    systems = alone.equipment.qkd_systems.items()
    priced = sorted((x.price or 0.0, x.technology or "") for s, x in systems if s not in known)
    excluded = dict.fromkeys(technology for _, technology in priced)
    return [
        propose(f"permit the technology {technology}", ("policy.technologies", [*permitted, technology]))
        if technology
        else propose("permit systems that state no technology", ("policy.technologies", None))
        for technology in excluded
    ]


def _examine_technologies(loose: Inventory, q: str, permitted: frozenset[str]) -> list[Obstacle]:
    """Technologies that the policy excludes and with which there would be a way."""
    found = []
    for proposal in _propose_technologies(loose):
        wider = apply_settings(loose, proposal.settings)
        offers, _, _ = offers_and_refusals(wider)
        ways = _find_ways(wider, q, offers, permitted)
        way = ways.fewest_links(limited=False)
        if way is None:
            continue
        before = permitted_systems(loose)
        systems = sorted({ways.index.links[l].system for l in way} - before.keys())
        text = f"With {named(systems)} there would be a way, but policy.technologies excludes it."
        reason = Reason("technology", text, where=tuple(f"equipment.qkd_systems.{s}" for s in systems))
        found.append(Obstacle((reason,), (proposal,)))
    return found


def _examine_relays(q: str, ways: LinkWays) -> Obstacle | None:
    """Every way has too many relays; there is a way."""
    reason = too_many_relays(ways)
    if reason is None or reason.value is None:
        return None
    return Obstacle((reason,), (propose_relays(q, int(reason.value)),))


def _examine_disjointness(alone: Inventory, q: str, ways: LinkWays, permitted: frozenset[str]) -> Obstacle | None:
    """All ways take one of fewer pieces than paths are asked for; there is a way."""
    reason = not_disjoint(ways)
    if reason is None or reason.value is None:
        return None
    most = alone.corridors[q].max_relays
    more = () if most is None else tuple(propose_relays(q, most + more) for more in (1, 2))
    beside = _examine_beside(alone, permitted, reason.where[: int(reason.value)])
    return Obstacle((reason, *beside.reasons), (*more, *beside.proposals))


def _examine_beside(alone: Inventory, permitted: frozenset[str], pieces: Collection[str]) -> Obstacle:
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
    return examine_losses(alone, q, list(beside), f"Every way that avoids {avoided} has a hop over the loss limit")


def examine_paths(trials: Trials, unlimited: Inventory) -> Obstacle:
    """The integer program proves that there are not so many disjoint paths; the inventory has no limit of quantity."""
    ((q, corridor),) = unlimited.corridors.items()
    most = 0
    for count in range(1, corridor.paths):
        if not trials.is_feasible(apply_settings(unlimited, [(f"corridors.{q}.paths", count)])):
            break
        most = count
    limited = f" with at most {counted(corridor.max_relays, 'relay')} each" if corridor.max_relays is not None else ""
    text = (
        f"{corridor.paths} paths{limited} are asked for with no {corridor.disjoint} in common; no combination of ways "
        f"gives more than {most}, though no {'single piece is' if corridor.paths == 2 else 'few pieces are'} on all "
        "ways."
    )
    relays = corridor.max_relays
    more = () if relays is None else tuple(propose_relays(q, relays + more) for more in (1, 2, 3))
    return Obstacle((Reason("disjoint", text, float(most), float(corridor.paths), (f"corridors.{q}",)),), more)
