"""Proposals that need more than one corridor's graph: sites let in, and systems of the shipped catalogues."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from typing import Any

from qplan.costing.unit_costs import node_cost, relay_cost, tco
from qplan.explain.findings import Diagnosis, Proposal, Setting
from qplan.explain.infeasibility.irreducible import find_irreducible
from qplan.explain.infeasibility.rules import is_refused, let_in_for_all
from qplan.explain.trials import Trials
from qplan.explain.variants import apply_settings
from qplan.inventory import plant
from qplan.inventory.model import Inventory, QkdSystem
from qplan.inventory.shipped import shipped_systems

BY_SITES = {"disjoint", "strands", "rack_units", "power_w", "key_rate", "budget", "limits", "clash"}
BY_SYSTEMS = {"loss_db", "length_km", "key_rate_zero", "no_system", "technology", "key_rate"}
MOST_SITE_SETS = 2
MOST_SYSTEMS = 3


def propose_further(
    trials: Trials, inventory: Inventory, corridors: Collection[str], found: Diagnosis
) -> Iterator[Proposal]:
    """What may help against the reasons found, for these corridors of an inventory that has no plan."""
    codes = {reason.code for reason in found.reasons}
    if codes & BY_SITES:
        yield from _propose_sites(trials, inventory, corridors)
    if codes & BY_SYSTEMS:
        losses = [reason.value or 0.0 for reason in found.reasons if reason.code == "loss_db"]
        yield from _propose_systems(inventory, max(losses, default=0.0))


def _propose_sites(trials: Trials, inventory: Inventory, corridors: Collection[str]) -> Iterator[Proposal]:
    """Irreducible sets of sites with which, as relays of these corridors against the rules, there would be a plan.

    The cheapest sites are preferred; a further set shares none with those before it.
    """

    def impossible_still(sites: tuple[str, ...]) -> bool | None:
        proposal = let_in_for_all(inventory, corridors, sites)
        verdict = trials.is_feasible(apply_settings(inventory, proposal.settings if proposal else ()))
        return None if verdict is None else not verdict

    refused = [s for s in _sort_by_cost(inventory) if any(is_refused(inventory, q, s) for q in corridors)]
    for _ in range(MOST_SITE_SETS):
        if not refused or impossible_still(tuple(refused)) is not False:
            return
        chosen = find_irreducible(impossible_still, refused).members
        proposal = let_in_for_all(inventory, corridors, chosen)
        if proposal is not None:
            yield proposal
        refused = [s for s in refused if s not in chosen]


def _sort_by_cost(inventory: Inventory) -> list[str]:
    costs = {s: tco(inventory.economics, node_cost(inventory, s) + relay_cost(inventory, s)) for s in inventory.sites}
    return sorted(costs, key=lambda s: (costs[s], s))


def _propose_systems(inventory: Inventory, loss_db: float) -> Iterator[Proposal]:
    """Systems of the shipped catalogues that the inventory lacks, of those that reach so far the cheapest first."""
    lacking = [
        (system.price or 0.0, s, catalogue, system)
        for s, (catalogue, system) in shipped_systems().items()
        if s not in inventory.equipment.qkd_systems and plant.max_loss_db(system) >= loss_db
    ]
    for _, s, catalogue, system in sorted(lacking, key=lambda each: each[:2])[:MOST_SYSTEMS]:
        settings: list[Setting] = [(f"equipment.qkd_systems.{s}", _state_system(system))]
        permitted = inventory.policy.technologies
        if permitted is not None and system.technology not in permitted:
            settings.append(("policy.technologies", [*permitted, system.technology]))
        yield Proposal(f"use {s} of {catalogue} (reaches {plant.max_loss_db(system):g} dB)", tuple(settings))


def _state_system(system: QkdSystem) -> dict[str, Any]:
    words = {"provenance", "source", "labels"}
    return system.model_dump(mode="json", exclude_defaults=True, exclude=words)
