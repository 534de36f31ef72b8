"""What the best plan would be if something were otherwise: a change of the inventory or of the links, re-planned."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Any

from qplan.candidates.design import Design
from qplan.candidates.links import enumerate_candidates
from qplan.candidates.model import CandidateGraph
from qplan.candidates.reasons import Reason
from qplan.candidates.resource_usage import Taken, money, occupancy
from qplan.costing.unit_costs import Cost, tco
from qplan.explain.findings import setting_text
from qplan.explain.infeasibility.explanation import why_not
from qplan.explain.infeasibility.shortages import SHORTAGES
from qplan.explain.trials import Trials
from qplan.explain.variants import MANY_STRANDS, changed, required_only, restricted, without_budget
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
        return self.difference is not None and self.difference < -SAME * abs(self.value) and not self.no_longer_served


class Replanner:
    """Plans what-ifs of one plan, within the time of the trials."""

    def __init__(self, trials: Trials, inventory: Inventory, plan: Plan):
        self.trials, self.inventory, self.plan = trials, inventory, plan

    def with_settings(self, text: str, *settings: tuple[str, Any]) -> Alternative:
        """The best plan with values set by address."""
        shown = tuple(setting_text(address, value) for address, value in settings)
        return self._best(text, shown, changed(self.inventory, settings))

    def without_corridors(self, text: str, corridors: Iterable[str]) -> Alternative:
        gone = tuple(corridors)
        kept = required_only(self.inventory, [q for q in self.inventory.corridors if q not in gone])
        shown = tuple(setting_text(f"corridors.{q}", None) for q in gone)
        found = self._best(text, shown, kept)
        return replace(found, no_longer_served=tuple(q for q in found.no_longer_served if q not in gone))

    def on_graph(self, text: str, graph: CandidateGraph, *settings: tuple[str, Any]) -> Alternative:
        """The best plan over other candidate links; `settings` are those that come to the same."""
        return self._best(text, tuple(setting_text(*each) for each in settings), self.inventory, graph)

    def besides(self, q: str) -> Alternative:
        """The best plan that serves one corridor more than the plan, whatever the budget, and the budget for it."""
        more = without_budget(self.as_served(q))
        search = self.trials.plan(more)
        required = (f"corridors.{q}.required", True)
        if search.design is None:
            reasons = why_not(self.trials, more, enumerate_candidates(more)) if search.status == "infeasible" else ()
            text = f"{q} besides, whatever the budget"
            return Alternative(text, (setting_text(*required),), search.status, reasons=reasons)
        raised = self.raised_budget(search.design)
        return self._compared(
            f"{q} besides{_with(raised)}", tuple(setting_text(*each) for each in (required, *raised)), search
        )

    def as_served(self, *more: str) -> Inventory:
        """The inventory with the corridors that the plan serves, and more of them, all required; the others gone."""
        wanted = {*_served(self.plan), *more}
        corridors = {
            q: corridor.model_copy(update={"required": True})
            for q, corridor in self.inventory.corridors.items()
            if q in wanted
        }
        return self.inventory.model_copy(update={"corridors": corridors})

    def raised_budget(self, design: Design) -> tuple[tuple[str, float], ...]:
        """The ceilings that the design exceeds, and what they must be for it."""
        exceeded = (each for each in money(self.inventory, design) if each.exceeded)
        return tuple((each.where, float(math.ceil(each.taken))) for each in exceeded)

    def relaying(self, site: str, inventory: Inventory) -> Alternative:
        """The best plan of the inventory in which the site relays."""
        search = self.trials.plan(inventory, side_constraints=(relays_at(site),))
        text = f"{site} a relay"
        return Alternative(text, (), search.status) if search.design is None else self._compared(text, (), search)

    def at_no_cost(self, site: str, free: Inventory, waived: Cost) -> tuple[Alternative, bool]:
        """The best plan of an inventory in which a relay is free, with its cost added; and whether the site relays.

        Where it does not, any plan in which it does costs as much or more.
        """
        search = self.trials.plan(free)
        if search.design is None:
            return Alternative(f"{site} a relay", (), search.status), False
        economics = self.inventory.economics
        added = {"capex": waived.capex, "tco": tco(economics, waived), "relays": 0}[self.inventory.objective]
        value = round(search.value + float(added), 2)
        bound = None if search.bound is None else round(search.bound + float(added), 2)
        relays = any(node.site == site and "relay" in node.roles for node in search.design.nodes)
        return self._compared(f"{site} a relay", (), replace(search, value=value, bound=bound)), relays

    def lifts(self, limits: Iterable[Taken]) -> list[Alternative]:
        """The best plans without each of the limits that bind."""
        return [self.lifted(limit) for limit in limits if limit.binds and limit.limit in LIFTED]

    def lifted(self, limit: Taken) -> Alternative:
        """The best plan without one limit of those in `LIFTED`, and what the limit must be for it."""
        key = f"{limit.where}.{limit.limit}"
        search = self.trials.plan(changed(self.inventory, [(key, LIFTED[limit.limit])]))
        if search.design is None:
            return Alternative(f"{key} above {limit.free:.10g}", (), search.status)
        taken = (each for each in occupancy(self.inventory, search.design) if each.where == limit.where)
        needed = max([limit.free, *(each.taken for each in taken if each.limit == limit.limit)])
        more = f"{needed:.10g} instead of" if needed > limit.free else "more than"
        text = f"{key} {more} {limit.free:.10g}"
        return self._compared(text, (setting_text(key, needed),), search)

    def _impossible(self, inventory: Inventory, graph: CandidateGraph, whole: bool) -> tuple[Reason, ...]:
        """Why the required corridors have no plan: over the budget, parted by what is missing, or what else."""
        needed = required_only(inventory)
        if inventory.budget != Budget():
            search = self.trials.plan(without_budget(needed), graph=restricted(graph, needed))
            if search.design is not None:
                found = SHORTAGES["budget"](inventory, search.design)
                return tuple(Reason("budget", s.text, s.taken, s.free, (s.where,)) for s in found)
        return why_not(self.trials, inventory, graph) if whole else tuple(self._parted(needed, graph))

    def _parted(self, needed: Inventory, graph: CandidateGraph) -> Iterable[Reason]:
        """Corridors that cannot be served over these links, even alone."""
        parted = False
        for q in sorted(needed.corridors):
            alone = required_only(needed, [q])
            if self.trials.feasible(alone, restricted(graph, alone)) is False:
                yield Reason("parted", f"{q} cannot be served then, even alone.", where=(f"corridors.{q}",))
                parted = True
        if not parted:
            yield Reason("limits", "The limits do not let all corridors be served together then.")

    def _best(
        self, text: str, settings: tuple[str, ...], inventory: Inventory, graph: CandidateGraph | None = None
    ) -> Alternative:
        whole = graph is None
        graph = enumerate_candidates(inventory) if graph is None else graph
        search = self.trials.plan(inventory, graph=graph)
        if search.design is None:
            reasons = self._impossible(inventory, graph, whole) if search.status == "infeasible" else ()
            return Alternative(text, settings, search.status, reasons=reasons)
        return self._compared(text, settings, search)

    def _compared(self, text: str, settings: tuple[str, ...], search: Search) -> Alternative:
        before, after = _nodes(self.plan), _nodes(search.design)
        had, has = _served(self.plan), _served(search.design)
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


def _with(raised: tuple[tuple[str, float], ...]) -> str:
    shown = [f"{address} {value:.10g}" for address, value in raised]
    return f", with {' and '.join(shown)}" if shown else ""


def _nodes(design: Design | Plan) -> set[str]:
    return {node.site for node in design.nodes}


def _served(design: Design | Plan) -> set[str]:
    return {corridor.id for corridor in design.corridors if corridor.served}
