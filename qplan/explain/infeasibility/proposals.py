"""Proposals that need more than one corridor's graph: sites let in, and systems of the shipped catalogues."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from typing import Any

from qplan.costing.unit_costs import node_cost, relay_cost, tco
from qplan.explain.findings import Diagnosis, Proposal
from qplan.explain.infeasibility.irreducible import irreducible
from qplan.explain.infeasibility.structure import let_in
from qplan.explain.trials import Trials
from qplan.explain.variants import changed
from qplan.inventory import plant
from qplan.inventory.model import Inventory, QkdSystem
from qplan.inventory.relay_rules import relay_refusals
from qplan.inventory.shipped import shipped_systems

BY_SITES = {"disjoint", "strands", "rack_units", "power_w", "key_rate", "budget", "limits", "clash"}
BY_SYSTEMS = {"loss_db", "length_km", "key_rate_zero", "no_system", "technology", "key_rate"}
MOST_SITE_SETS = 2
MOST_SYSTEMS = 3


def further(trials: Trials, inventory: Inventory, corridors: Collection[str], found: Diagnosis) -> Iterator[Proposal]:
    """What may help against the reasons found, for these corridors of an inventory that has no plan."""
    codes = {reason.code for reason in found.reasons}
    if codes & BY_SITES:
        yield from sites_let_in(trials, inventory, corridors)
    if codes & BY_SYSTEMS:
        losses = [reason.value for reason in found.reasons if reason.code == "loss_db"]
        yield from shipped(inventory, max(losses, default=0.0))


def sites_let_in(trials: Trials, inventory: Inventory, corridors: Collection[str]) -> Iterator[Proposal]:
    """Irreducible sets of sites with which, as relays of these corridors against the rules, there would be a plan.

    The cheapest sites are preferred; a further set shares none with those before it.
    """

    def impossible_still(sites: tuple[str, ...]) -> bool | None:
        verdict = trials.feasible(changed(inventory, all_let_in(inventory, corridors, sites).settings))
        return None if verdict is None else not verdict

    refused = [s for s in _by_cost(inventory) if any(_refused(inventory, q, s) for q in corridors)]
    for _ in range(MOST_SITE_SETS):
        if not refused or impossible_still(tuple(refused)) is not False:
            return
        chosen = irreducible(impossible_still, refused).members
        yield all_let_in(inventory, corridors, chosen)
        refused = [s for s in refused if s not in chosen]


def _refused(inventory: Inventory, q: str, site: str) -> bool:
    corridor = inventory.corridors[q]
    return site not in corridor.ends and bool(relay_refusals(corridor, site, inventory.sites[site]))


def _by_cost(inventory: Inventory) -> list[str]:
    costs = {s: tco(inventory.economics, node_cost(inventory, s) + relay_cost(inventory, s)) for s in inventory.sites}
    return sorted(costs, key=lambda s: (costs[s], s))


def all_let_in(inventory: Inventory, corridors: Collection[str], sites: tuple[str, ...]) -> Proposal | None:
    """The sites let in for every one of the corridors whose rules keep one of them out; None where no rule does."""
    combined: Proposal | None = None
    for q in sorted(corridors):
        kept_out = tuple(s for s in sorted(sites) if _refused(inventory, q, s))
        if kept_out:
            proposal = let_in(q, inventory, inventory.corridors[q], kept_out)
            combined = proposal if combined is None else combined.followed_by(proposal)
    return combined


def shipped(inventory: Inventory, loss_db: float) -> Iterator[Proposal]:
    """Systems of the shipped catalogues that the inventory lacks, of those that reach so far the cheapest first."""
    lacking = [
        (system.price or 0.0, s, catalogue, system)
        for s, (catalogue, system) in shipped_systems().items()
        if s not in inventory.equipment.qkd_systems and plant.max_loss_db(system) >= loss_db
    ]
    for _, s, catalogue, system in sorted(lacking, key=lambda each: each[:2])[:MOST_SYSTEMS]:
        settings: list[tuple[str, Any]] = [(f"equipment.qkd_systems.{s}", _entry(system))]
        permitted = inventory.policy.technologies
        if permitted is not None and system.technology not in permitted:
            settings.append(("policy.technologies", [*permitted, system.technology]))
        yield Proposal(f"use {s} of {catalogue} (reaches {plant.max_loss_db(system):g} dB)", tuple(settings))


def _entry(system: QkdSystem) -> dict[str, Any]:
    words = {"provenance", "source", "labels"}
    return system.model_dump(mode="json", exclude_defaults=True, exclude=words)
