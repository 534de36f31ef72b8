"""What the best plan would be if something were otherwise: a change of the inventory or of the links, re-planned."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass, replace

from qplan.candidates import resource_usage
from qplan.candidates.design import Design
from qplan.candidates.links import enumerate_candidates
from qplan.candidates.model import CandidateGraph
from qplan.candidates.reasons import Reason
from qplan.candidates.resource_usage import Taken, occupancy
from qplan.costing.unit_costs import Cost, tco
from qplan.explain.findings import Setting, write_setting
from qplan.explain.infeasibility.cases import find_reasons
from qplan.explain.infeasibility.shortages import find_shortages
from qplan.explain.trials import Trials
from qplan.explain.variants import (
    MANY_STRANDS,
    apply_settings,
    keep_corridors,
    keep_required,
    lift_budget,
    require_corridors,
    restrict_graph,
)
from qplan.inventory.model import Budget, Inventory
from qplan.optimizer.model.relay_rows import relays_at
from qplan.optimizer.search.stages import Search
from qplan.plan.model import Plan

SAME = 1e-9  # relative difference at which two values are equal
LIFTED = {"strands": MANY_STRANDS, "rack_units": None, "power_w": None, "max_relays": None}
"""What a limit that is a key of a site, fibre or corridor becomes when it is lifted."""


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
    new_nodes: tuple[str, ...] = ()
    """Sites that are QKD nodes only then."""
    dropped_nodes: tuple[str, ...] = ()
    newly_served: tuple[str, ...] = ()
    no_longer_served: tuple[str, ...] = ()
    reasons: tuple[Reason, ...] = ()

    @property
    def cheaper(self) -> bool:
        """It saves something, and leaves no corridor out that the plan serves."""
        if self.value is None or self.difference is None or self.no_longer_served:
            return False
        return self.difference < -SAME * abs(self.value)


class Replanner:
    """Plans what-ifs of one plan, within the time of the trials."""

    def __init__(self, trials: Trials, inventory: Inventory, plan: Plan):
        self.trials, self.inventory, self.plan = trials, inventory, plan

    def replan_with(self, text: str, *settings: Setting) -> Alternative:
        """The best plan with values set by address."""
        shown = tuple(write_setting(address, value) for address, value in settings)
        return self._replan(text, shown, apply_settings(self.inventory, settings))

    def replan_without(self, text: str, corridors: Iterable[str]) -> Alternative:
        gone = tuple(corridors)
        kept = keep_corridors(self.inventory, [q for q in self.inventory.corridors if q not in gone])
        shown = tuple(write_setting(f"corridors.{q}", None) for q in gone)
        found = self._replan(text, shown, kept)
        return replace(found, no_longer_served=tuple(q for q in found.no_longer_served if q not in gone))

    def replan_on(self, text: str, graph: CandidateGraph, *settings: Setting) -> Alternative:
        """The best plan over other candidate links; `settings` are those that come to the same."""
        return self._replan(text, tuple(write_setting(*each) for each in settings), self.inventory, graph)

    def serve_besides(self, q: str) -> Alternative:
        """The best plan that serves one corridor more than the plan, whatever the budget, and the budget for it."""
        more = lift_budget(self.require_served(q))
        search = self.trials.plan(more)
        required = (f"corridors.{q}.required", True)
        if search.design is None:
            impossible = search.status == "infeasible"
            reasons = find_reasons(self.trials, more, enumerate_candidates(more)) if impossible else ()
            text = f"{q} besides, whatever the budget"
            return Alternative(text, (write_setting(*required),), search.status, reasons=reasons)
        raised = self._raise_budget(search.design)
        return self._compare(
            f"{q} besides{_name_raised(raised)}", tuple(write_setting(*each) for each in (required, *raised)), search
        )

    def require_served(self, *more: str) -> Inventory:
        """The inventory with the corridors that the plan serves, and more of them, all required; the others gone."""
        return require_corridors(self.inventory, {*_list_served(self.plan), *more})

    def _raise_budget(self, design: Design) -> tuple[tuple[str, float], ...]:
        """The ceilings that the design exceeds, and what they must be for it."""
        exceeded = (each for each in resource_usage.money(self.inventory, design) if each.exceeded)
        return tuple((each.where, float(math.ceil(each.taken))) for each in exceeded)

    def force_relay(self, site: str, inventory: Inventory) -> Alternative:
        """The best plan of the inventory in which the site relays."""
        search = self.trials.plan(inventory, side_constraints=(relays_at(site),))
        return self._compare(f"{site} a relay", (), search)

    def waive_cost(self, site: str, free: Inventory, waived: Cost) -> tuple[Alternative, bool]:
        """The best plan of an inventory in which a relay is free, with its cost added; and whether the site relays.

        Where it does not, any plan in which it does costs as much or more.
        """
        search = self.trials.plan(free)
        if search.design is None or search.value is None:
            return self._compare(f"{site} a relay", (), search), False
        amounts = {"capex": waived.capex, "tco": tco(self.inventory.economics, waived)}
        added = float(amounts.get(self.inventory.objective, 0))
        value = round(search.value + added, 2)
        bound = None if search.bound is None else round(search.bound + added, 2)
        relays = any(node.site == site and "relay" in node.roles for node in search.design.nodes)
        return self._compare(f"{site} a relay", (), replace(search, value=value, bound=bound)), relays

    def lift_each(self, limits: Iterable[Taken]) -> list[Alternative]:
        """The best plans without each of the limits that bind."""
        return [self.lift(limit) for limit in limits if limit.binds and limit.limit in LIFTED]

    def lift(self, limit: Taken) -> Alternative:
        """The best plan without one limit of those in `LIFTED`, and what the limit must be for it."""
        key = f"{limit.where}.{limit.limit}"
        search = self.trials.plan(apply_settings(self.inventory, [(key, LIFTED[limit.limit])]))
        if search.design is None:
            return Alternative(f"{key} above {limit.free:.10g}", (), search.status)
        taken = (each for each in occupancy(self.inventory, search.design) if each.where == limit.where)
        needed = max([limit.free, *(each.taken for each in taken if each.limit == limit.limit)])
        more = f"{needed:.10g} instead of" if needed > limit.free else "more than"
        text = f"{key} {more} {limit.free:.10g}"
        return self._compare(text, (write_setting(key, needed),), search)

    def _explain_impossible(self, inventory: Inventory, graph: CandidateGraph, whole: bool) -> tuple[Reason, ...]:
        """Why the required corridors have no plan: over the budget, parted by what is missing, or what else."""
        needed = keep_required(inventory)
        if inventory.budget != Budget():
            search = self.trials.plan(lift_budget(needed), graph=restrict_graph(graph, needed))
            if search.design is not None:
                found = find_shortages("budget", inventory, search.design)
                return tuple(Reason("budget", s.text, s.at.taken, s.at.free, (s.at.where,)) for s in found)
        return find_reasons(self.trials, inventory, graph) if whole else tuple(self._find_parted(needed, graph))

    def _find_parted(self, needed: Inventory, graph: CandidateGraph) -> Iterable[Reason]:
        """Corridors that cannot be served over these links, even alone."""
        parted = False
        for q in sorted(needed.corridors):
            alone = keep_corridors(needed, [q])
            if self.trials.is_feasible(alone, restrict_graph(graph, alone)) is False:
                yield Reason("parted", f"{q} cannot be served then, even alone.", where=(f"corridors.{q}",))
                parted = True
        if not parted:
            yield Reason("limits", "The limits do not let all corridors be served together then.")

    def _replan(
        self, text: str, settings: tuple[str, ...], inventory: Inventory, graph: CandidateGraph | None = None
    ) -> Alternative:
        whole = graph is None
        graph = enumerate_candidates(inventory) if graph is None else graph
        search = self.trials.plan(inventory, graph=graph)
        if search.design is None:
            reasons = self._explain_impossible(inventory, graph, whole) if search.status == "infeasible" else ()
            return Alternative(text, settings, search.status, reasons=reasons)
        return self._compare(text, settings, search)

    def _compare(self, text: str, settings: tuple[str, ...], search: Search) -> Alternative:
        """What a search came to, beside the plan."""
        if search.design is None or search.value is None:
            return Alternative(text, settings, search.status)
        before, after = _list_nodes(self.plan), _list_nodes(search.design)
        had, has = _list_served(self.plan), _list_served(search.design)
        return Alternative(
            text,
            settings,
            search.status,
            search.value,
            search.bound,
            difference=round(search.value - self.plan.objective.value, 2),
            new_nodes=tuple(sorted(after - before)),
            dropped_nodes=tuple(sorted(before - after)),
            newly_served=tuple(sorted(has - had)),
            no_longer_served=tuple(sorted(had - has)),
        )


def _name_raised(raised: tuple[tuple[str, float], ...]) -> str:
    shown = [f"{address} {value:.10g}" for address, value in raised]
    return f", with {' and '.join(shown)}" if shown else ""


def _list_nodes(design: Design | Plan) -> set[str]:
    return {node.site for node in design.nodes}


def _list_served(design: Design | Plan) -> set[str]:
    return {corridor.id for corridor in design.corridors if corridor.served}
