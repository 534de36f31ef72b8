"""Proposals tried by re-planning: only what was found to work becomes a remedy."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, field, replace

from qplan.candidates.design import Design
from qplan.candidates.links import enumerate_candidates
from qplan.explain.findings import SERVICE, Diagnosis, Proposal, Remedy, setting_text
from qplan.explain.infeasibility.structure import diagnose, optional
from qplan.explain.trials import Trials
from qplan.explain.variants import required_only, restricted
from qplan.inventory.model import Inventory
from qplan.optimizer.search.stages import Search, objective_value

MOST_TRIED = 12  # proposals of one list
MOST_STEPS = 3  # changes that make one remedy
MOST_FOLLOWED = 3  # proposals that did not help by themselves and are taken a step further
SITE_COSTS = {"node_cost", "node_cost_per_year", "relay_cost", "relay_cost_per_year"}
Examine = Callable[[Trials, Inventory], Diagnosis]


@dataclass
class Tried:
    """Remedies found, the proposals behind them in the order tried, and how many proposals were not decided in time."""

    remedies: list[Remedy] = field(default_factory=list)
    working: list[Proposal] = field(default_factory=list)
    undecided: int = 0


def corridor_remedies(
    trials: Trials, inventory: Inventory, q: str, proposals: list[Proposal], examine: Examine, blocked: bool
) -> Tried:
    """Proposals with which the corridor is served: in a plan for the whole inventory, else by itself.

    `blocked` says that other corridors cannot be served either, whatever happens to this one.
    """
    alone = required_only(inventory, [q])
    tried = Tried()
    working = _working(trials.one_of(2), alone, proposals, examine, tried)
    planned = working if blocked else [*working, optional([q])]
    for i, proposal in enumerate(planned):
        one = trials.one_of(len(planned) - i)
        of_others = any(not address.startswith(f"corridors.{q}.") for address, _ in proposal.settings)
        scope, search = "inventory", Search("unknown", "proof")
        if of_others or not blocked:
            search = _plan(one.one_of(2), trials.changed(inventory, proposal.settings), None)
        if search.design is None and proposal.service != "left_out":
            scope, search = "corridor", _plan(one, trials.changed(alone, proposal.settings), proposal.design)
        _record(tried, trials, inventory, proposal, scope, search)
    return _in_order(tried)


def joint_remedies(trials: Trials, inventory: Inventory, proposals: list[Proposal]) -> Tried:
    """Proposals with which there is a plan for the whole inventory."""
    tried = Tried()
    chosen = proposals[:MOST_TRIED]
    for i, proposal in enumerate(chosen):
        variant = trials.changed(inventory, proposal.settings)
        search = _plan(trials.one_of(len(chosen) - i), variant, proposal.design)
        _record(tried, trials, inventory, proposal, "inventory", search)
    return _in_order(tried)


def _working(
    trials: Trials, alone: Inventory, proposals: list[Proposal], examine: Examine, tried: Tried, steps: int = MOST_STEPS
) -> list[Proposal]:
    """Proposals with which the corridor can be served; where none is enough, the first with what is missing then."""
    variants = [trials.changed(alone, proposal.settings) for proposal in proposals[:MOST_TRIED]]
    verdicts = [None if trials.over else _at_once(trials, variant) for variant in variants]
    for i, variant in enumerate(variants):
        if verdicts[i] is None:
            verdicts[i] = trials.one_of(len(variants) - i).feasible(variant)
    tried.undecided += verdicts.count(None)
    working = [proposal for proposal, verdict in zip(proposals, verdicts, strict=False) if verdict]
    if working or steps == 1 or trials.over:
        return working
    for proposal in proposals[:MOST_FOLLOWED]:
        rest = examine(trials, trials.changed(alone, proposal.settings))
        combined = [proposal.followed_by(other) for other in rest.proposals]
        working = _working(trials, alone, combined, examine, tried, steps - 1)
        if working:
            break
    return working


def _at_once(trials: Trials, alone: Inventory) -> bool | None:
    """Whether the one corridor can be served, as far as the graph says or a plan is found without the solver."""
    return False if diagnose(alone).reasons else trials.at_once(alone, enumerate_candidates(alone)) or None


def _plan(trials: Trials, variant: Inventory, known: Design | None) -> Search:
    """The best plan of the variant; where time ended that search, a better one known or found without the solver.

    Its value is None where it says nothing: that plan serves the required corridors, others come before the cost.
    """
    needed = required_only(variant)
    graph = enumerate_candidates(variant)
    known = known or trials.at_once(needed, restricted(graph, needed))
    search = trials.plan(variant, graph=graph)
    all_needed = len(needed.corridors) == len(variant.corridors)
    if known is not None and search.status in ("unknown", "feasible"):
        value = objective_value(variant, known)
        if search.design is None or (all_needed and value < search.value):
            search = Search("feasible", search.stopped_by, known, value)
    return search if all_needed or search.status == "optimal" else replace(search, value=None)


def _record(tried: Tried, trials: Trials, inventory: Inventory, proposal: Proposal, scope: str, search: Search) -> None:
    if search.design is None:
        tried.undecided += search.status == "unknown"
        return
    tried.working.append(proposal)
    tried.remedies.append(
        Remedy(
            text=proposal.text,
            settings=tuple(setting_text(address, value) for address, value in proposal.settings),
            scope=scope,
            objective=inventory.objective,
            cost=search.value,
            proven=search.status == "optimal",
            cost_known=proposal.cost_known or not SITE_COSTS.isdisjoint(trials.defaults.get("site") or ()),
            service=proposal.service,
        )
    )


def _in_order(tried: Tried) -> Tried:
    """Plans for the whole inventory first, then those that ask for no less, then the cheapest (of known cost first)."""
    pairs = zip(tried.remedies, tried.working, strict=True)
    ranked = sorted(pairs, key=lambda pair: (pair[0].scope != "inventory", *_rank(pair[0])))
    return Tried([remedy for remedy, _ in ranked], [proposal for _, proposal in ranked], tried.undecided)


def _rank(remedy: Remedy) -> tuple[int, bool, float, tuple[str, ...]]:
    cost = math.inf if remedy.cost is None else remedy.cost
    return SERVICE.index(remedy.service), not remedy.cost_known, cost, remedy.settings
