"""What the best plan would be if something were otherwise: a change of the inventory or of the links, re-planned."""

from __future__ import annotations

import math
from collections.abc import Collection, Iterable, Mapping
from copy import copy
from dataclasses import dataclass, field, replace
from functools import cached_property

from qplan.assessment.facts import PlanFacts, assess
from qplan.candidates import resource_usage
from qplan.candidates.design import Design
from qplan.candidates.links import enumerate_candidates
from qplan.candidates.model import CandidateGraph, CandidateLink
from qplan.candidates.reasons import Reason
from qplan.costing.cost import Cost, tco
from qplan.explain.consequences import broken_checks, facts_of, newly_seen
from qplan.explain.findings import Proposal, Setting
from qplan.explain.infeasibility.cases import find_reasons
from qplan.explain.infeasibility.rules import narrow_rules
from qplan.explain.infeasibility.shortages import find_shortages
from qplan.explain.trials import Trials, holds
from qplan.explain.variants import (
    apply_settings,
    keep_corridors,
    keep_required,
    leave_out,
    leave_out_fibres,
    lift_budget,
    prefer_links,
    require_corridors,
)
from qplan.inventory.model import Budget, Inventory
from qplan.optimizer.model.link_rows import uses_one_of
from qplan.optimizer.model.relay_rows import relays_at
from qplan.optimizer.search.stages import Search
from qplan.plan.model import Plan

NOWHERE = Reason("no_way", "No path of a plan that keeps all rules can lead over it, whatever the budget.")
SAME = 1e-9  # relative difference at which two values are equal


@dataclass(frozen=True)
class Alternative:
    """A change that was re-planned: the best plan with it, beside the plan asked about; or why there is none.

    `value`, `bound` and `difference` (value − the plan's) are in the unit of the objective. `status` is that of a
    search: `optimal`, `feasible` (a better one may exist), `infeasible`, `unknown` (not decided in time).
    """

    text: str
    settings: tuple[str, ...]
    """`address=value`, as `--set` takes them; empty where no key of the inventory says it."""
    status: str
    value: float | None = None
    bound: float | None = None
    difference: float | None = None
    needed: bool = True
    """The plan found does not hold for the inventory as it stands: what it gains comes from the change."""
    new_nodes: tuple[str, ...] = ()
    """Sites that are QKD nodes only then."""
    dropped_nodes: tuple[str, ...] = ()
    newly_served: tuple[str, ...] = ()
    no_longer_served: tuple[str, ...] = ()
    breaks: tuple[str, ...] = ()
    """Checks that are errors and that the plan found does not keep, unlike the plan asked about."""
    newly_seen: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """By corridor: sites that see its whole key, as relays, only then."""
    reasons: tuple[Reason, ...] = ()

    @property
    def better(self) -> bool:
        """By the change it saves something or serves more, and leaves no corridor out that the plan serves."""
        if self.value is None or self.difference is None or self.no_longer_served or not self.needed:
            return False
        return bool(self.newly_served) or self.difference < -SAME * abs(self.value)


class Replanner:
    """Plans what-ifs of one plan, within the time of the trials."""

    def __init__(self, trials: Trials, inventory: Inventory, plan: Plan):
        self.trials, self.inventory, self.plan, self.asked_of = trials, inventory, plan, inventory

    @cached_property
    def facts(self) -> PlanFacts:
        """Of the plan asked about."""
        return assess(self.asked_of, self.plan)

    def vary(self, inventory: Inventory) -> Replanner:
        """The same for another inventory, beside the same plan."""
        varied = copy(self)
        varied.inventory = inventory
        return varied

    def write(self, *settings: Setting) -> tuple[str, ...]:
        """`address=value`, as `--set` takes them."""
        return self.trials.as_read.write(settings)

    def replan_with(self, text: str, *settings: Setting) -> Alternative:
        """The best plan with values set by address."""
        return self._replan(text, self.write(*settings), apply_settings(self.inventory, settings))

    def replan_beside(self, text: str, fibres: Collection[str]) -> Alternative:
        """The best plan with no QKD link over the fibres; where there is none, why, as if they did not exist.

        That they give no strand then is the condition and no reason.
        """
        settings = [(f"fibres.{f}.strands", 0) for f in fibres]
        varied = apply_settings(self.inventory, settings)
        return self._replan(text, self.write(*settings), varied, seen_as=leave_out_fibres(varied, fibres))

    def relax_rules(self, proposal: Proposal) -> tuple[Alternative, Design | None]:
        """The best plan with relay rules relaxed, said of those sites alone that it lets relay by that."""
        relaxed = apply_settings(self.inventory, proposal.settings)
        search = self.trials.plan(relaxed)
        narrow = proposal if search.design is None else narrow_rules(self.inventory, proposal, search.design)
        return self.compare(narrow.text, self.write(*narrow.settings), search, relaxed), search.design

    def replan_without(self, text: str, corridors: Iterable[str]) -> Alternative:
        gone = tuple(corridors)
        kept = keep_corridors(self.inventory, [q for q in self.inventory.corridors if q not in gone])
        found = self._replan(text, self.write(*leave_out(self.inventory, gone)), kept)
        return replace(found, no_longer_served=tuple(q for q in found.no_longer_served if q not in gone))

    def replan_on(self, text: str, graph: CandidateGraph, *settings: Setting) -> Alternative:
        """The best plan over other candidate links; `settings` are those that come to the same."""
        return self._replan(text, self.write(*settings), self.inventory, graph)

    def use_one_of(self, text: str, links: Collection[CandidateLink]) -> Alternative:
        """The best plan in which one of the links is used; where none keeps the budget, one beyond it.

        That is for the same corridors, else for as many as can be served.
        """
        varied, raised = self.inventory, tuple[Setting, ...]()
        search = self._force(varied, links)
        if search.status == "infeasible" and self.inventory.budget != Budget():
            varied = lift_budget(self.require_served())
            search = self._force(varied, links)
            if search.status == "infeasible":
                varied = lift_budget(self.inventory)
                search = self._force(varied, links)
            raised = () if search.design is None else self._raise_budget(search.design)
        found = self.compare(text + _name_raised(raised), (), search, varied)
        return replace(found, reasons=(NOWHERE,)) if search.status == "infeasible" else found

    def _force(self, inventory: Inventory, links: Collection[CandidateLink]) -> Search:
        graph = prefer_links(enumerate_candidates(inventory), links)
        constraint = uses_one_of({link.id for link in links})
        return self.trials.plan(inventory, graph=graph, side_constraints=(constraint,))

    def serve_besides(self, q: str) -> Alternative:
        """The best plan that serves one corridor more than the plan, whatever the budget, and the budget for it."""
        more = lift_budget(self.require_served(q))
        search = self.trials.plan(more)
        required = (f"corridors.{q}.required", True)
        if search.design is None:
            impossible = search.status == "infeasible"
            reasons = find_reasons(self.trials, more, enumerate_candidates(more)) if impossible else ()
            text = f"{q} besides, whatever the budget"
            return Alternative(text, self.write(required), search.status, reasons=reasons)
        raised = self._raise_budget(search.design)
        written = self.write(required, *raised)
        return self.compare(f"{q} besides{_name_raised(raised)}", written, search, more)

    def require_served(self, *more: str) -> Inventory:
        """The inventory with the corridors that the plan serves, and more of them, all required; the others gone."""
        return require_corridors(self.inventory, {*_list_served(self.plan), *more})

    def _raise_budget(self, design: Design) -> tuple[tuple[str, float], ...]:
        """The ceilings that the design exceeds, and what they must be for it."""
        exceeded = (each for each in resource_usage.money(self.inventory, design) if each.exceeded)
        return tuple((each.where, float(math.ceil(each.taken))) for each in exceeded)

    def force_relay(self, text: str, site: str, inventory: Inventory) -> Alternative:
        """The best plan of the inventory in which the site relays."""
        search = self.trials.plan(inventory, side_constraints=(relays_at(site),))
        return self.compare(text, (), search, inventory)

    def waive_cost(self, text: str, site: str, free: Inventory, waived: Cost) -> tuple[Alternative, bool]:
        """The best plan of an inventory in which a relay is free, with its cost added; and whether the site relays.

        Where it does not, any plan in which it does costs as much or more.
        """
        search = self.trials.plan(free)
        if search.design is None or search.value is None:
            return self.compare(text, (), search, free), False
        amounts = {"capex": waived.capex, "tco": tco(self.inventory.economics, waived)}
        added = float(amounts.get(self.inventory.objective, 0))
        value = round(search.value + added, 2)
        bound = None if search.bound is None else round(search.bound + added, 2)
        return self.compare(text, (), replace(search, value=value, bound=bound), free), site in search.design.relays

    def compare(self, text: str, settings: tuple[str, ...], search: Search, varied: Inventory) -> Alternative:
        """What a search for the best plan of a varied inventory came to, beside the plan."""
        if search.design is None or search.value is None:
            return Alternative(text, settings, search.status)
        facts = facts_of(varied, search.design)
        before, after = _list_nodes(self.plan), _list_nodes(search.design)
        broken_already = broken_checks(self.facts)
        had, has = _list_served(self.plan), _list_served(search.design)
        return Alternative(
            text,
            settings,
            search.status,
            search.value,
            search.bound,
            difference=round(search.value - self.plan.objective.value, 2),
            needed=not holds(self.inventory, search.design),
            new_nodes=tuple(sorted(after - before)),
            dropped_nodes=tuple(sorted(before - after)),
            newly_served=tuple(sorted(has - had)),
            no_longer_served=tuple(sorted(had - has)),
            breaks=tuple(key for key in broken_checks(facts) if key not in broken_already),
            newly_seen=newly_seen(self.facts, facts),
        )

    def _replan(
        self,
        text: str,
        settings: tuple[str, ...],
        inventory: Inventory,
        graph: CandidateGraph | None = None,
        seen_as: Inventory | None = None,
    ) -> Alternative:
        """The best plan; where there is none, why: of the inventory that it is `seen_as`, where one is given."""
        whole = graph is None
        graph = enumerate_candidates(inventory) if graph is None else graph
        search = self.trials.plan(inventory, graph=graph)
        if search.design is None:
            if search.status != "infeasible":
                return Alternative(text, settings, search.status)
            if seen_as is not None:
                inventory, graph = seen_as, enumerate_candidates(seen_as)
            reasons = self._explain_impossible(inventory, graph, whole)
            return Alternative(text, settings, search.status, reasons=reasons)
        return self.compare(text, settings, search, inventory)

    def _explain_impossible(self, inventory: Inventory, graph: CandidateGraph, whole: bool) -> tuple[Reason, ...]:
        """Why the required corridors have no plan: over the budget, parted by what is missing, or what else."""
        needed = keep_required(inventory)
        if inventory.budget != Budget():
            search = self.trials.plan(lift_budget(needed), graph=graph.among(needed.corridors))
            if search.design is not None:
                found = find_shortages("budget", inventory, search.design)
                return tuple(Reason("budget", s.text, s.at.taken, s.at.free, (s.at.where,)) for s in found)
        return find_reasons(self.trials, inventory, graph) if whole else tuple(self._find_parted(needed, graph))

    def _find_parted(self, needed: Inventory, graph: CandidateGraph) -> Iterable[Reason]:
        """Corridors that cannot be served over these links, even alone."""
        parted = False
        for q in sorted(needed.corridors):
            alone = keep_corridors(needed, [q])
            if self.trials.is_feasible(alone, graph.among(alone.corridors)) is False:
                yield Reason("parted", f"{q} cannot be served then, even alone.", where=(f"corridors.{q}",))
                parted = True
        if not parted:
            yield Reason("limits", "The limits do not let all corridors be served together then.")


def _name_raised(raised: tuple[tuple[str, float], ...]) -> str:
    shown = [f"{address} {value:.10g}" for address, value in raised]
    return f", with {' and '.join(shown)}" if shown else ""


def _list_nodes(design: Design | Plan) -> set[str]:
    return {node.site for node in design.nodes}


def _list_served(design: Design | Plan) -> set[str]:
    return {corridor.id for corridor in design.corridors if corridor.served}
