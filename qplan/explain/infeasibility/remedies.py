"""Proposals tried by re-planning: only what was found to work becomes a remedy."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import TypeVar

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
from qplan.explain.variants import keep_corridors, keep_required
from qplan.inventory.model import Inventory
from qplan.optimizer.limits import Status
from qplan.optimizer.search.stages import Search, objective_value

MOST_OF_OBSTACLES = 9  # proposals that remove obstacles, of one list
MOST_TRIED = 12  # proposals of one list
MOST_STEPS = 3  # changes that make one remedy
MOST_FOLLOWED = 3  # proposals that did not help by themselves and are taken a step further
MANY_TIMES = 5  # the cost of another remedy that asks for no less
NUMBER = re.compile(r"(\d+(?:\.\d+)?)")
SITE_COSTS = {"node_cost", "node_cost_per_year", "relay_cost", "relay_cost_per_year"}


@dataclass(frozen=True)
class Attempt:
    """A proposal to be tried; `origin` is the one that it began with, before others joined it.

    `met` says what was in the way still, before each of them did.
    """

    proposal: Proposal
    origin: Proposal
    met: tuple[Reason, ...] = ()

    @property
    def written(self) -> tuple[str, ...]:
        return self.proposal.written


Written = TypeVar("Written", Proposal, Attempt)


@dataclass(frozen=True)
class Success:
    """An attempt that works: the remedy, and the proposal behind it as narrow as what its plan uses."""

    remedy: Remedy
    proposal: Proposal
    origin: Proposal
    met: tuple[Reason, ...] = ()


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
        """Those with the same changes are one; without those that nobody would choose for their cost."""
        distinct: dict[tuple[str, frozenset[str]], Remedy] = {}
        for remedy in (success.remedy for success in self.successes):
            distinct.setdefault((remedy.scope, frozenset(remedy.settings)), remedy)
        found = tuple(distinct.values())
        return tuple(remedy for remedy in found if not any(_costs_many_times(remedy, other) for other in found))

    @property
    def best(self) -> Proposal | None:
        """What helps the corridor by asking for less no more than it must, for the least cost."""
        helping = [success for success in self.successes if success.remedy.service != "left_out"]
        nearest = min(helping, key=lambda success: SERVICE.index(success.remedy.service), default=None)
        return None if nearest is None else nearest.proposal

    @property
    def settled(self) -> bool:
        """There is a plan for the whole inventory that asks for no less."""
        return any(each.remedy.scope == "inventory" and each.remedy.service == "kept" for each in self.successes)


def _costs_many_times(remedy: Remedy, other: Remedy) -> bool:
    """It costs many times as much as another one that does as much, for as many corridors, and asks for no less."""
    if remedy.cost is None or not other.cost or not other.cost_known:
        return False
    as_good = SERVICE.index(other.service) <= SERVICE.index(remedy.service)
    return as_good and other.scope in ("inventory", remedy.scope) and remedy.cost > MANY_TIMES * other.cost


def _rank(remedy: Remedy) -> tuple[bool, int, bool, float, list[list[str | float]]]:
    """Of known cost first; among equals 8 comes before 10."""
    cost = math.inf if remedy.cost is None else remedy.cost
    service = SERVICE.index(remedy.service)
    written = [[float(part) if i % 2 else part for i, part in enumerate(NUMBER.split(one))] for one in remedy.settings]
    return remedy.scope != "inventory", service, not remedy.cost_known, cost, written


def rank_reasons(found: Diagnosis, tried: Tried) -> tuple[Reason, ...]:
    """The reasons, those first whose removal the nearest plan needs: the one of the first remedy, and so on.

    At last what else that plan needs, where removing one obstacle shows the next.
    """

    def rank(obstacle: Obstacle) -> int:
        own = {proposal.written for proposal in obstacle.proposals}
        places = (i for i, success in enumerate(tried.successes) if success.origin.written in own)
        return next(places, len(tried.successes))

    next_met = next((success.met for success in tried.successes if success.met), ())
    return (*replace(found, obstacles=tuple(sorted(found.obstacles, key=rank))).reasons, *next_met)


def list_proposals(found: Diagnosis) -> list[Proposal]:
    """What is to be tried, each change once."""
    removing = [proposal for obstacle in found.obstacles for proposal in obstacle.proposals]
    return _list_distinct([*_list_distinct(removing)[:MOST_OF_OBSTACLES], *found.proposals])


def _list_distinct(tried: Iterable[Written]) -> list[Written]:
    distinct: dict[frozenset[str], Written] = {}
    for each in tried:
        distinct.setdefault(frozenset(each.written), each)
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


def _find_working(trials: Trials, alone: Inventory, attempts: Sequence[Attempt]) -> tuple[tuple[Attempt, ...], int]:
    """Attempts with which the corridor can be served, of as few changes as are enough: where none is by itself, the
    first ones are joined by what is missing then, and so on.

    Besides, how many were not decided in time.
    """
    groups: list[Sequence[Attempt]] = [attempts]
    undecided = 0
    for step in range(1, MOST_STEPS + 1):
        groups = [group[:MOST_TRIED] for group in groups]
        chosen = _list_distinct(attempt for group in groups for attempt in group)
        verdicts = _decide(trials, [trials.apply(alone, attempt.proposal.settings) for attempt in chosen])
        undecided += verdicts.count(None)
        working = tuple(attempt for attempt, verdict in zip(chosen, verdicts, strict=True) if verdict)
        if working or step == MOST_STEPS or trials.over:
            break
        groups = [_take_further(trials, alone, attempt) for group in groups for attempt in group[:MOST_FOLLOWED]]
    return working, undecided


def _decide(trials: Trials, variants: Sequence[Inventory]) -> list[bool | None]:
    """Whether the one corridor can be served in each; None where that was not decided in time."""
    verdicts = [None if trials.over else _decide_at_once(trials, variant) for variant in variants]
    for i, variant in enumerate(variants):
        if verdicts[i] is None:
            verdicts[i] = trials.divide(len(variants) - i).is_feasible(variant)
    return verdicts


def _take_further(trials: Trials, alone: Inventory, attempt: Attempt) -> list[Attempt]:
    """An attempt that is not enough, joined by each proposal for what is in the way then."""
    variant = trials.apply(alone, attempt.proposal.settings)
    found = examine(trials, variant)
    short = f"Not enough by itself: {attempt.proposal.text}. "
    then = tuple(replace(reason, text=short + reason.text) for reason in found.reasons)
    proposals = list_proposals(widen(trials, variant, found))
    return [Attempt(attempt.proposal.join(other), attempt.origin, (*attempt.met, *then)) for other in proposals]


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
    if known is None or not _serves(known, needed):
        known = trials.construct(needed, graph.among(needed.corridors))
    search = trials.plan(variant, graph=graph)
    all_needed = len(needed.corridors) == len(variant.corridors)
    if known is not None and search.status in ("unknown", "feasible"):
        value = objective_value(variant, known)
        if search.value is None or (all_needed and value < search.value):
            search = Search(Status.FEASIBLE, search.stopped_by, known, value)
    return search if all_needed or search.status == "optimal" else replace(search, value=None)


def _serves(design: Design, needed: Inventory) -> bool:
    """All corridors of the inventory; one that was found for a corridor alone does not serve the others."""
    return needed.corridors.keys() <= {corridor.id for corridor in design.corridors if corridor.served}


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
    return Tried((Success(remedy, narrow, attempt.origin, attempt.met),))


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
