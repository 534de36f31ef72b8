"""Proposals tried by re-planning: only what was found to work becomes a remedy."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from qplan.candidates.design import Design
from qplan.candidates.links import enumerate_candidates
from qplan.explain.findings import SERVICE, Diagnosis, Proposal, Remedy, write_setting
from qplan.explain.infeasibility.concessions import propose_optional
from qplan.explain.infeasibility.structure import diagnose
from qplan.explain.trials import Trials
from qplan.explain.variants import keep_corridors, keep_required, restrict_graph
from qplan.inventory.model import Inventory
from qplan.optimizer.limits import Status, StopReason
from qplan.optimizer.search.stages import Search, objective_value

MOST_TRIED = 12  # proposals of one list
MOST_STEPS = 3  # changes that make one remedy
MOST_FOLLOWED = 3  # proposals that did not help by themselves and are taken a step further
SITE_COSTS = {"node_cost", "node_cost_per_year", "relay_cost", "relay_cost_per_year"}
Examine = Callable[[Trials, Inventory], Diagnosis]


@dataclass(frozen=True)
class Tried:
    """What was tried: remedies, each beside the proposal behind it, and how many were not decided in time."""

    works: tuple[tuple[Remedy, Proposal], ...] = ()
    undecided: int = 0

    def __add__(self, other: Tried) -> Tried:
        return Tried(self.works + other.works, self.undecided + other.undecided)

    @property
    def remedies(self) -> tuple[Remedy, ...]:
        return tuple(remedy for remedy, _ in self.works)

    @property
    def best(self) -> Proposal | None:
        return self.works[0][1] if self.works else None

    def sort(self) -> Tried:
        """Plans for the whole inventory first, then those that ask for no less, then the cheapest."""
        ranked = sorted(self.works, key=lambda works: _rank(works[0]))
        return Tried(tuple(ranked), self.undecided)


def _rank(remedy: Remedy) -> tuple[bool, int, bool, float, tuple[str, ...]]:
    """Of known cost first."""
    cost = math.inf if remedy.cost is None else remedy.cost
    service = SERVICE.index(remedy.service)
    return remedy.scope != "inventory", service, not remedy.cost_known, cost, remedy.settings


def try_for_corridor(
    trials: Trials, inventory: Inventory, q: str, proposals: Sequence[Proposal], examine: Examine, blocked: bool
) -> Tried:
    """Proposals with which the corridor is served: in a plan for the whole inventory, else by itself.

    `blocked` says that other corridors cannot be served either, whatever happens to this one.
    """
    alone = keep_corridors(inventory, [q])
    working, undecided = _find_working(trials.divide(2), alone, proposals, examine)
    planned = working if blocked else [*working, propose_optional([q])]
    tried = Tried(undecided=undecided)
    for i, proposal in enumerate(planned):
        one = trials.divide(len(planned) - i)
        of_others = any(not address.startswith(f"corridors.{q}.") for address, _ in proposal.settings)
        scope, search = "inventory", Search(Status.UNKNOWN, StopReason.PROOF)
        if of_others or not blocked:
            search = _plan(one.divide(2), trials.apply(inventory, proposal.settings), None)
        if search.design is None and proposal.service != "left_out":
            scope, search = "corridor", _plan(one, trials.apply(alone, proposal.settings), proposal.design)
        tried += _record(trials, inventory, proposal, scope, search)
    return tried.sort()


def try_for_all(trials: Trials, inventory: Inventory, proposals: Sequence[Proposal]) -> Tried:
    """Proposals with which there is a plan for the whole inventory."""
    tried = Tried()
    chosen = proposals[:MOST_TRIED]
    for i, proposal in enumerate(chosen):
        variant = trials.apply(inventory, proposal.settings)
        search = _plan(trials.divide(len(chosen) - i), variant, proposal.design)
        tried += _record(trials, inventory, proposal, "inventory", search)
    return tried.sort()


def _find_working(
    trials: Trials, alone: Inventory, proposals: Sequence[Proposal], examine: Examine, steps: int = MOST_STEPS
) -> tuple[list[Proposal], int]:
    """Proposals with which the corridor can be served; where none is enough, the first with what is missing then.

    Besides, how many were not decided in time.
    """
    variants = [trials.apply(alone, proposal.settings) for proposal in proposals[:MOST_TRIED]]
    verdicts = [None if trials.over else _decide_at_once(trials, variant) for variant in variants]
    for i, variant in enumerate(variants):
        if verdicts[i] is None:
            verdicts[i] = trials.divide(len(variants) - i).is_feasible(variant)
    undecided = verdicts.count(None)
    working = [proposal for proposal, verdict in zip(proposals, verdicts, strict=False) if verdict]
    if working or steps == 1 or trials.over:
        return working, undecided
    for proposal in proposals[:MOST_FOLLOWED]:
        rest = examine(trials, trials.apply(alone, proposal.settings))
        joined = [proposal.join(other) for other in rest.proposals]
        working, more = _find_working(trials, alone, joined, examine, steps - 1)
        undecided += more
        if working:
            break
    return working, undecided


def _decide_at_once(trials: Trials, alone: Inventory) -> bool | None:
    """Whether the one corridor can be served, as far as the graph says or a plan is found without the solver."""
    if diagnose(alone).reasons:
        return False
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


def _record(trials: Trials, inventory: Inventory, proposal: Proposal, scope: str, search: Search) -> Tried:
    if search.design is None:
        return Tried(undecided=int(search.status == "unknown"))
    remedy = Remedy(
        text=proposal.text,
        settings=tuple(write_setting(address, value) for address, value in proposal.settings),
        scope=scope,
        objective=inventory.objective,
        cost=search.value,
        proven=search.status == "optimal",
        cost_known=proposal.cost_known or not SITE_COSTS.isdisjoint(trials.defaults.get("site") or ()),
        service=proposal.service,
    )
    return Tried(((remedy, proposal),))
