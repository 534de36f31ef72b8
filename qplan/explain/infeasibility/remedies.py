"""Proposals tried by re-planning: only what was found to work becomes a remedy."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from pydantic import ValidationError

from qplan.candidates.design import Design
from qplan.candidates.links import enumerate_candidates
from qplan.candidates.reasons import Reason
from qplan.explain.consequences import broken_checks, facts_of
from qplan.explain.findings import SERVICE, Diagnosis, Obstacle, Proposal, Remedy
from qplan.explain.infeasibility.cases import examine, widen
from qplan.explain.infeasibility.concessions import propose_optional
from qplan.explain.infeasibility.rules import narrow_rules
from qplan.explain.infeasibility.structure import diagnose
from qplan.explain.trials import Trials, holds
from qplan.explain.variants import keep_corridors, keep_required, restrict_graph
from qplan.inventory.model import Inventory
from qplan.optimizer.limits import Status
from qplan.optimizer.search.stages import Search, objective_value

MOST_OF_OBSTACLES = 9  # proposals that remove obstacles, of one list
MOST_TRIED = 12  # proposals of one list
MOST_STEPS = 3  # changes that make one remedy
MOST_FOLLOWED = 3  # proposals that did not help by themselves and are taken a step further
NUMBER = re.compile(r"(\d+(?:\.\d+)?)")
SITE_COSTS = {"node_cost", "node_cost_per_year", "relay_cost", "relay_cost_per_year"}


@dataclass(frozen=True)
class Attempt:
    """A proposal to be tried; `origin` is the one that it began with, before others joined it."""

    proposal: Proposal
    origin: Proposal


@dataclass(frozen=True)
class Success:
    """An attempt that works: the remedy, and the proposal behind it as narrow as what its plan uses."""

    remedy: Remedy
    proposal: Proposal
    origin: Proposal


@dataclass(frozen=True)
class Tried:
    """What was tried: what works, and how many proposals were not decided in time."""

    successes: tuple[Success, ...] = ()
    undecided: int = 0

    def __add__(self, other: Tried) -> Tried:
        return Tried(self.successes + other.successes, self.undecided + other.undecided)

    def sort(self) -> Tried:
        """Plans for the whole inventory first, then those that ask for no less, then the cheapest."""
        return Tried(tuple(sorted(self.successes, key=lambda success: _rank(success.remedy))), self.undecided)

    @property
    def remedies(self) -> tuple[Remedy, ...]:
        """Those with the same changes are one."""
        distinct: dict[tuple[str, frozenset[str]], Remedy] = {}
        for remedy in (success.remedy for success in self.successes):
            distinct.setdefault((remedy.scope, frozenset(remedy.settings)), remedy)
        return tuple(distinct.values())

    @property
    def best(self) -> Proposal | None:
        return self.successes[0].proposal if self.successes else None


def _rank(remedy: Remedy) -> tuple[bool, int, bool, float, list[list[str | float]]]:
    """Of known cost first; among equals 8 comes before 10."""
    cost = math.inf if remedy.cost is None else remedy.cost
    service = SERVICE.index(remedy.service)
    written = [[float(part) if i % 2 else part for i, part in enumerate(NUMBER.split(one))] for one in remedy.settings]
    return remedy.scope != "inventory", service, not remedy.cost_known, cost, written


def rank_reasons(found: Diagnosis, tried: Tried) -> tuple[Reason, ...]:
    """The reasons, those first whose removal the nearest plan needs: the one of the first remedy, and so on."""

    def rank(obstacle: Obstacle) -> int:
        own = {proposal.written for proposal in obstacle.proposals}
        places = (i for i, success in enumerate(tried.successes) if success.origin.written in own)
        return next(places, len(tried.successes))

    return replace(found, obstacles=tuple(sorted(found.obstacles, key=rank))).reasons


def list_proposals(found: Diagnosis) -> list[Proposal]:
    """What is to be tried, each change once."""
    removing = [proposal for obstacle in found.obstacles for proposal in obstacle.proposals]
    return _list_distinct([*_list_distinct(removing)[:MOST_OF_OBSTACLES], *found.proposals])


def _list_distinct(proposals: Iterable[Proposal]) -> list[Proposal]:
    distinct: dict[frozenset[str], Proposal] = {}
    for proposal in proposals:
        distinct.setdefault(frozenset(proposal.written), proposal)
    return list(distinct.values())


def try_for_corridor(trials: Trials, inventory: Inventory, q: str, found: Diagnosis, blocked: bool) -> Tried:
    """Proposals with which the corridor is served: in a plan for the whole inventory, else by itself.

    `blocked` says that other corridors cannot be served either, whatever happens to this one.
    """
    alone = keep_corridors(inventory, [q])
    attempts = [Attempt(proposal, proposal) for proposal in list_proposals(found)]
    working, undecided = _find_working(trials.divide(2), alone, attempts)
    optional = propose_optional([q])
    planned = working if blocked else [*working, Attempt(optional, optional)]
    tried = Tried(undecided=undecided)
    for i, attempt in enumerate(planned):
        one = trials.divide(len(planned) - i)
        of_others = any(not address.startswith(f"corridors.{q}.") for address, _ in attempt.proposal.settings)
        result = Tried()
        if of_others or not blocked:
            result = _try(one.divide(2), inventory, attempt, "inventory")
        if not result.successes and attempt.proposal.service != "left_out":
            result = _try(one, alone, attempt, "corridor")
        tried += result
    return tried.sort()


def try_for_all(trials: Trials, inventory: Inventory, proposals: Sequence[Proposal]) -> Tried:
    """Proposals with which there is a plan for the whole inventory."""
    tried = Tried()
    chosen = _list_distinct(proposals)[:MOST_TRIED]
    for i, proposal in enumerate(chosen):
        tried += _try(trials.divide(len(chosen) - i), inventory, Attempt(proposal, proposal), "inventory")
    return tried.sort()


def _find_working(
    trials: Trials, alone: Inventory, attempts: Sequence[Attempt], steps: int = MOST_STEPS
) -> tuple[list[Attempt], int]:
    """Attempts with which the corridor can be served; where none is enough, the first with what is missing then.

    Besides, how many were not decided in time.
    """
    chosen = attempts[:MOST_TRIED]
    variants = [trials.apply(alone, attempt.proposal.settings) for attempt in chosen]
    verdicts = [None if trials.over else _decide_at_once(trials, variant) for variant in variants]
    for i, variant in enumerate(variants):
        if verdicts[i] is None:
            verdicts[i] = trials.divide(len(variants) - i).is_feasible(variant)
    undecided = verdicts.count(None)
    working = [attempt for attempt, verdict in zip(chosen, verdicts, strict=True) if verdict]
    if working or steps == 1 or trials.over:
        return working, undecided
    for attempt in chosen[:MOST_FOLLOWED]:
        variant = trials.apply(alone, attempt.proposal.settings)
        rest = widen(trials, variant, examine(trials, variant))
        joined = [Attempt(attempt.proposal.join(other), attempt.origin) for other in list_proposals(rest)]
        working, more = _find_working(trials, alone, joined, steps - 1)
        undecided += more
        if working:
            break
    return working, undecided


def _decide_at_once(trials: Trials, alone: Inventory) -> bool | None:
    """Whether the one corridor can be served, as far as the graph says or a plan is found without the solver."""
    if diagnose(alone).reasons:
        return False
    if trials.over:
        return None
    return True if trials.construct(alone, enumerate_candidates(alone)) is not None else None


def _plan(trials: Trials, variant: Inventory, known: Design | None) -> Search:
    """The best plan of the variant; where time ended that search, a better one known or found without the solver.

    Its value is None where it says nothing: that plan serves the required corridors, others come before the cost.
    """
    needed = keep_required(variant)
    graph = enumerate_candidates(variant)
    known = known or trials.construct(needed, restrict_graph(graph, needed))
    search = trials.plan(variant, graph=graph)
    all_needed = len(needed.corridors) == len(variant.corridors)
    if known is not None and search.status in ("unknown", "feasible"):
        value = objective_value(variant, known)
        if search.value is None or (all_needed and value < search.value):
            search = Search(Status.FEASIBLE, search.stopped_by, known, value)
    return search if all_needed or search.status == "optimal" else replace(search, value=None)


def _try(trials: Trials, inventory: Inventory, attempt: Attempt, scope: str) -> Tried:
    """The best plan with the proposal, which is made as narrow as that plan lets it be."""
    proposal = attempt.proposal
    search = _plan(trials, trials.apply(inventory, proposal.settings), proposal.design)
    if search.design is None:
        return Tried(undecided=int(search.status == "unknown"))
    if proposal.service == "left_out" and not any(corridor.served for corridor in search.design.corridors):
        return Tried()  # a plan of nothing
    used = _drop_unused(trials, inventory, proposal, search.design)
    if used != proposal:
        return _try(trials, inventory, Attempt(used, attempt.origin), scope)
    narrow = narrow_rules(inventory, proposal, search.design)
    remedy = Remedy(
        text=narrow.text,
        settings=trials.as_read.write(narrow.settings),
        scope=scope,
        objective=inventory.objective,
        cost=search.value,
        proven=search.status == "optimal",
        cost_known=narrow.cost_known or not SITE_COSTS.isdisjoint(trials.as_read.defaults.get("site") or ()),
        service=narrow.service,
        breaks=_breaks(trials.apply(inventory, narrow.settings), search.design) if scope == "inventory" else (),
    )
    return Tried((Success(remedy, narrow, attempt.origin),))


def _breaks(inventory: Inventory, design: Design) -> tuple[str, ...]:
    return broken_checks(facts_of(inventory, design)) if inventory.checks else ()


def _drop_unused(trials: Trials, inventory: Inventory, proposal: Proposal, design: Design) -> Proposal:
    """The proposal without the first of its several changes that the design does not need."""
    for i in range(len(proposal.changes) if len(proposal.changes) > 1 else 0):
        fewer = Proposal(proposal.changes[:i] + proposal.changes[i + 1 :])
        try:
            variant = trials.apply(inventory, fewer.settings)
        except ValidationError:  # what is left is about something that this change adds
            continue
        if holds(variant, design):
            return fewer
    return proposal
