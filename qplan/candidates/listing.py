"""Candidate links as a list to be read: with loss budgets, who could use them, and what is refused with its figures.

`list_considered` lists what the optimiser chooses from; `list_candidates` all that could be built between any two
sites, also what no corridor could use and what another system on its route makes superfluous.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator
from dataclasses import dataclass, replace
from functools import lru_cache

from qplan.candidates.hops import loss_hops
from qplan.candidates.links import enumerate_candidates, offers_and_refusals
from qplan.candidates.model import BypassLimit, CandidateGraph, CandidateLink, Refusal, Route, Usability, systems_needed
from qplan.candidates.reasons import named
from qplan.inventory import plant
from qplan.inventory.admissible import permitted_systems
from qplan.inventory.loss_budget import LossBudget, loss_budget
from qplan.inventory.model import Inventory
from qplan.inventory.source.messages import counted, loss_figure


@dataclass(frozen=True)
class ListedLink:
    """A link that could be built, what its loss is made of, and the corridors whose rules and key rates allow it."""

    link: CandidateLink
    budget: LossBudget
    limit_db: float
    """Loss up to which the system gives a key."""
    corridors: tuple[str, ...]
    """Whether a path of theirs leads there is not looked at."""
    considered: bool
    """The optimiser chooses from it: some corridor could use it, and neither another system on its route
    (`Dominance.drop`) nor fibres that are alike (`find_parallel_fibres`) make it superfluous."""

    @property
    def headroom_db(self) -> float:
        return round(self.limit_db - self.link.loss_db, 9)


@dataclass(frozen=True)
class CandidateList:
    """Links in id order, refusals by route. `bypass_limit`: routes with more patched sites are left out."""

    links: tuple[ListedLink, ...]
    refused: tuple[Refusal, ...]
    """Of routes over several fibres only where some system would reach."""
    excluded: tuple[str, ...]
    """Systems that the policy does not let buy."""
    bypass_limit: BypassLimit | None

    def select(self, keeps: Callable[[Route], bool]) -> CandidateList:
        """What is about routes of one kind."""
        links = tuple(each for each in self.links if keeps(each.link.route))
        refused = tuple(each for each in self.refused if keeps(each.route))
        return replace(self, links=links, refused=refused)


def list_considered(inventory: Inventory, graph: CandidateGraph) -> CandidateList:
    """What the optimiser chooses from, and what single fibres refuse."""
    links = _list_links(inventory, graph.usability, graph.links, {link.id for link in graph.links})
    return _collect(inventory, links, graph.refusals, graph.bypass_limit)


def list_candidates(inventory: Inventory) -> CandidateList:
    """All that could be built between any two sites."""
    graph = enumerate_candidates(inventory)
    considered = {link.id for link in graph.links}
    offers, refusals, bypass_limit = offers_and_refusals(inventory, everywhere=True)
    found = {link.id: link for link in (*offers, *graph.links)}  # also with more patched sites than others
    links = _list_links(inventory, graph.usability, found.values(), considered)
    amplified = (refusal for refusal in graph.refusals if refusal.reason == "amplified")
    return _collect(inventory, links, (*amplified, *refusals), bypass_limit)


def describe_gap(inventory: Inventory, ends: tuple[str, str]) -> str:
    """Why no route joins two sites for which there is neither a link nor a refusal."""
    a, b = ends
    hop = next(iter(loss_hops(inventory, sorted(ends)).values()), None)
    if hop is None:
        most = counted(inventory.policy.max_bypass_sites, "patched site")
        return f"No fibres join {a} and {b} through at most {most} (policy.max_bypass_sites)."
    return (
        f"No system reaches from {a} to {b}: over {named(hop.fibres)}, the best route, the loss is "
        f"{loss_figure(hop.loss_db)} dB, and {hop.system} reaches {loss_figure(hop.limit_db)} dB."
    )


def _list_links(
    inventory: Inventory, usable: Usability, links: Iterable[CandidateLink], considered: Collection[str]
) -> Iterator[ListedLink]:
    demands_bps = {q: corridor.demand_bps for q, corridor in inventory.corridors.items()}
    permitted = lru_cache(maxsize=None)(usable.corridors_of)
    for link in links:
        system = inventory.equipment.qkd_systems[link.system]
        budget = loss_budget(inventory, link.route.fibres, link.route.bypass_sites, plant.band_of(system))
        assert budget is not None, "a link has a loss in the band of its system"
        corridors = tuple(
            q
            for q in permitted(*link.route.ends)
            if systems_needed(demands_bps[q], link.key_rate_bps) <= link.max_count
        )
        yield ListedLink(link, budget, plant.max_loss_db(system), corridors, link.id in considered)


def _collect(
    inventory: Inventory, links: Iterable[ListedLink], refusals: Iterable[Refusal], bypass_limit: BypassLimit | None
) -> CandidateList:
    permitted = permitted_systems(inventory)
    return CandidateList(
        tuple(sorted(links, key=lambda listed: listed.link.id)),
        tuple(sorted(refusals, key=lambda each: (each.route.ends, each.route.fibres, each.system))),
        tuple(sorted(inventory.equipment.qkd_systems.keys() - permitted.keys())),
        bypass_limit,
    )
