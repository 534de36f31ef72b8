"""Changes against an earlier plan: QKD links, by route and system, and relays that only one of the two has."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass

import pulp

from qplan.candidates.design import Design
from qplan.optimizer.model.families import row_family
from qplan.optimizer.model.formulation import Formulation, Terms
from qplan.plan.model import Plan, link_id


@dataclass(frozen=True)
class Reference:
    """An earlier plan, as changes are counted against it."""

    links: frozenset[str]
    """Ids by the ends in id order."""
    relays: frozenset[str]
    change_cost: float = 0.0
    """In the objective, per change."""
    first: bool = False
    """The fewest changes come before the objective."""

    def changes(self, design: Design) -> int:
        """How many a design has."""
        return len(self.links ^ {link.id for link in design.links}) + len(self.relays ^ design.relays)


def reference_to(plan: Plan, change_cost: float = 0.0, first: bool = False) -> Reference:
    """The links and relays of an earlier plan."""
    links = set()
    for link in plan.links:
        a, b = link.ends
        ends, fibres = ((a, b), link.fibres) if a < b else ((b, a), link.fibres[::-1])
        links.add(link_id(ends, link.system, fibres))
    return Reference(frozenset(links), frozenset(plan.relays), change_cost, first)


@dataclass(frozen=True)
class Changes:
    """Their number: a sum over variables and a constant."""

    terms: Terms
    constant: int


def count_changes(model: Formulation, reference: Reference) -> Changes:
    """Σ link(l), − link(l) where the earlier plan has it, over the links that do not stay, likewise for relays."""
    stays = {link.id for link in model.candidates.standing.links}
    terms: Terms = []
    missing = len(reference.links - stays) + len(reference.relays)
    for name, variable in sorted(model.link.items()):
        if name not in stays:
            terms.append((variable, -1.0 if name in reference.links else 1.0))
    for site, variable in sorted(model.relay.items()):
        terms.append((variable, -1.0 if site in reference.relays else 1.0))
    return Changes(terms, missing + len(stays - reference.links))


@row_family("changes")
def hold_changes(model: Formulation, reference: Reference, count: int) -> None:
    """The number of changes ≤ a number that is known to be the least."""
    changes = count_changes(model, reference)
    model.add(changes.terms, "<=", count - changes.constant, "changes")


@row_family("used", "relaying")
def tie_to_paths(model: Formulation, reference: Reference) -> None:
    """link(l) ≤ Σ flow over l, relay(s) ≤ Σ flow into s, for the links and relays of the earlier plan.

    Where their use is worth something, they must not be had without a path. All paths are in the model.
    """
    over: dict[str, Terms] = defaultdict(list)
    into: dict[str, Terms] = defaultdict(list)
    for network in model.networks:
        for i, bundle in enumerate(network.bundles):
            if len(bundle.links) == 1:  # what is counted is a bundle of its own
                over[bundle.links[0]] += model.bundle_flow(network, i)
        ends = model.inventory.corridors[network.corridor].ends
        for number in range(network.flows):
            for key, _, head in model.arcs(network, number):
                if head not in ends:
                    into[head].append((model.flow[key], 1.0))
    _tie(model, "used", model.link, reference.links, over)
    _tie(model, "relaying", model.relay, reference.relays, into)


def _tie(
    model: Formulation,
    name: str,
    variables: dict[str, pulp.LpVariable],
    counted: frozenset[str],
    flows: dict[str, Terms],
) -> None:
    for key, variable in sorted(variables.items()):
        if key in counted:
            model.add([(variable, 1.0), *((flow, -weight) for flow, weight in flows[key])], "<=", 0, name, key)
