"""Obstacles and help that one corridor's graph does not show: sites let in, channels patched further, other systems."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from typing import Any

from qplan.candidates.links import enumerate_candidates
from qplan.candidates.reasons import Reason, named
from qplan.costing.cost import tco
from qplan.costing.market import Market
from qplan.costing.unit_costs import node_cost, relay_cost
from qplan.explain.findings import Diagnosis, Obstacle, Proposal, Setting, propose
from qplan.explain.infeasibility.irreducible import find_irreducible
from qplan.explain.infeasibility.losses import propose_patching
from qplan.explain.infeasibility.rules import Relaying, describe_refusal, let_in, list_refused
from qplan.explain.trials import Trials
from qplan.explain.variants import apply_settings
from qplan.inventory import plant
from qplan.inventory.model import Inventory, QkdSystem
from qplan.inventory.relay_rules import relay_refusals
from qplan.inventory.shipped import shipped_systems
from qplan.inventory.source.messages import counted

BY_SITES = {"disjoint", "strands", "rack_units", "power_w", "key_rate", "budget", "limits", "clash"}
BY_SYSTEMS = {"loss_db", "length_km", "key_rate_zero", "no_system", "technology", "key_rate"}
BY_PATCHING = BY_SITES | {"loss_db", "length_km", "key_rate_zero", "relay_rule", "max_relays"}
MOST_SITE_SETS = 2
MOST_SYSTEMS = 3
MOST_PATCHED = 3  # sites more than the policy permits


def examine_further(
    trials: Trials, inventory: Inventory, corridors: Collection[str], found: Diagnosis
) -> tuple[list[Obstacle], list[Proposal]]:
    """What else stands in the way of these corridors of an inventory that has no plan, and systems that may help."""
    codes = {reason.code for reason in found.reasons}
    obstacles = [*_examine_sites(trials, inventory, corridors)] if codes & BY_SITES else []
    unsaid = "max_bypass_sites" not in codes
    obstacles += _examine_patching(trials, inventory) if codes & BY_PATCHING and unsaid else []
    losses = [reason.value or 0.0 for reason in found.reasons if reason.code == "loss_db"]
    return obstacles, [*_propose_systems(inventory, max(losses, default=0.0))] if codes & BY_SYSTEMS else []


def _examine_sites(trials: Trials, inventory: Inventory, corridors: Collection[str]) -> Iterator[Obstacle]:
    """Irreducible sets of sites with which, as relays of these corridors against the rules, there would be a plan.

    The cheapest sites are preferred; a further set shares none with those before it.
    """
    barred = {relaying for relaying in list_refused(inventory) if relaying[0] in corridors}

    def list_barred(sites: Collection[str]) -> list[Relaying]:
        return sorted(relaying for relaying in barred if relaying[1] in sites)

    def impossible_still(sites: tuple[str, ...]) -> bool | None:
        verdict = trials.is_feasible(apply_settings(inventory, let_in(inventory, list_barred(sites)).settings))
        return None if verdict is None else not verdict

    refused = [s for s in _sort_by_cost(inventory) if list_barred([s])]
    for _ in range(MOST_SITE_SETS):
        if not refused or impossible_still(tuple(refused)) is not False:
            return
        chosen = find_irreducible(impossible_still, refused).members
        yield Obstacle((_describe_sites(inventory, list_barred(chosen)),), (let_in(inventory, list_barred(chosen)),))
        refused = [s for s in refused if s not in chosen]


def _describe_sites(inventory: Inventory, barred: list[Relaying]) -> Reason:
    sites = sorted({s for _, s in barred})
    rules = [
        f"{s} may not relay for {q} by {describe_refusal(refusal)}"
        for q, s in barred
        for refusal in relay_refusals(inventory.corridors[q], s, inventory.sites[s])
    ]
    text = f"Through {named(sites)} there would be a plan, but {'; '.join(rules)}."
    return Reason("relay_rule", text, float(len(sites)), 0.0, tuple(f"sites.{s}" for s in sites))


def _sort_by_cost(inventory: Inventory) -> list[str]:
    market = Market(inventory)
    costs = {s: tco(inventory.economics, node_cost(market, s) + relay_cost(market, s)) for s in inventory.sites}
    return sorted(costs, key=lambda s: (costs[s], s))


def _examine_patching(trials: Trials, inventory: Inventory) -> Iterator[Obstacle]:
    """The least number of sites in a row, beyond what the policy permits, with which there would be a plan."""
    most = inventory.policy.max_bypass_sites
    for patched in range(most + 1, most + 1 + MOST_PATCHED):
        if trials.over:
            return
        wider = apply_settings(inventory, propose_patching(patched).settings)
        graph = enumerate_candidates(wider)
        if graph.bypass_limit is not None:
            return
        if any(len(link.route.bypass_sites) == patched for link in graph.links) and trials.is_feasible(wider, graph):
            text = (
                f"A quantum channel may be patched through {counted(most, 'site')} in a row at most "
                f"(policy.max_bypass_sites); with {patched} there would be a plan."
            )
            reason = Reason("max_bypass_sites", text, float(patched), float(most), ("policy.max_bypass_sites",))
            yield Obstacle((reason,), (propose_patching(patched),))
            return


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
        yield propose(f"use {s} of {catalogue} (reaches {plant.max_loss_db(system):g} dB)", *settings)


def _state_system(system: QkdSystem) -> dict[str, Any]:
    words = {"provenance", "source", "labels"}
    return system.model_dump(mode="json", exclude_defaults=True, exclude=words)
