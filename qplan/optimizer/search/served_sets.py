"""Which optional corridors a budget has room for: logic-based Benders decomposition (Hooker & Ottosson 2003).

A set of corridors costs at least what any part of it costs. So where the least cost of all that a set asks for is above
the budget, no plan serves the whole set, nor any set that contains it. The master program takes the set of highest
total priority that contains none of those known to be too dear. Whether it is too dear itself, a minimisation of its
cost says, which ends as soon as that is decided; if so, a least part that is too dear counts (Junker 2004). The first
set that is not too dear is the best.
"""

from __future__ import annotations

import math
from collections.abc import Collection, Iterable, Mapping
from dataclasses import replace
from functools import partial

import numpy as np

from qplan.candidates.design import Design
from qplan.candidates.prices import Metric
from qplan.optimizer.limits import SearchParameters, Sighting, StopReason, stop_reason
from qplan.optimizer.model.designs import design_of, price_design
from qplan.optimizer.model.objectives import PRIORITY, cost_goal
from qplan.optimizer.model.stage import Found, Incumbent, Stage, Task, WarmStart, better, surely_above
from qplan.optimizer.search.bound_steps import RootRelaxation
from qplan.optimizer.search.minimization import STEPS, minimize
from qplan.optimizer.search.plan_steps import FirstPlan, ServeMore
from qplan.optimizer.search.standing import Step
from qplan.optimizer.solvers.small_program import SmallProgram
from qplan.plan.model import ServedCorridor

VERDICT_SHARE = 0.5  # of the time left, at the most, goes to one set
SOON: tuple[Step, ...] = (FirstPlan(), RootRelaxation())  # what decides on parts of a set, or nothing does
GUESSED: tuple[Step, ...] = (FirstPlan(), ServeMore())  # without a proof
METHOD = "sets of corridors"

Corridors = frozenset[str]


def serve_most(task: Task, optional: Collection[str]) -> Found:
    """The plan that serves the highest total priority of these corridors, of a task with a budget, as far as time goes.

    Value and bound are minus the total. Infeasible where the required corridors alone are too dear.
    """
    return _Sets(task, sorted(optional)).run()


def best_set(priority: Mapping[str, float], too_dear: Iterable[Corridors]) -> Corridors | None:
    """The set of highest total priority that contains none of those too dear; None where every set contains one."""
    master, number = SmallProgram(), {}
    for q in priority:
        number[q] = master.column(1.0)
    for one in too_dear:
        master.row(0.0, {number[q]: 1.0 for q in sorted(one)}, len(one) - 1.0)
    if not master.rows:
        return frozenset(priority)
    point = master.minimum(-np.array(list(priority.values())))
    return None if point is None else frozenset(q for q, column in number.items() if point[column] > 0.5)


class _Sets:
    """Sets of optional corridors that are known to be too dear, others that are not, and the best plan known."""

    def __init__(self, task: Task, optional: list[str]):
        self.task, self.inventory = task, task.inventory
        self.priority = {q: self.inventory.corridors[q].priority for q in optional}
        self.required = [q for q, corridor in self.inventory.corridors.items() if corridor.required]
        budget = self.inventory.budget
        self.metric: Metric = "tco" if budget.capex is None else "capex"
        self.ceiling = budget.tco if budget.capex is None else budget.capex
        self.measure = partial(price_design, metric=self.metric, reference=None)
        self.too_dear: list[Corridors] = []
        self.affordable: list[Corridors] = []
        self.best: Incumbent | None = None
        self.latest: Design | None = None  # of the set looked at last, whatever it costs
        self.bound = self._value(optional)
        self.notes: dict[str, None] = {}

    def run(self) -> Found:
        """The required corridors alone, then sets of optional ones."""
        verdict = self._is_too_dear(frozenset(), STEPS)
        if verdict:
            return Found(StopReason.PROOF, None, None, METHOD, tuple(self.notes))
        proven = verdict is False and self._descend()
        reason = StopReason.PROOF if proven else stop_reason(self.task.clock) or StopReason.TIME_LIMIT
        return Found(reason, self.best, self.bound, METHOD, tuple(self.notes), tuple(self.too_dear))

    def _descend(self) -> bool:
        """By ever lower totals to a plan known, or the first set that is not too dear; False where it is undecided."""
        chosen = frozenset(self.priority)
        while self.best is None or not self.task.within(self.best.value, self.bound):
            verdict = self._is_too_dear(chosen, STEPS)
            if not verdict:
                return verdict is False
            if not self.too_dear:
                self._guess()
            self.too_dear.append(frozenset(self._shrink([], self._by_savings(chosen))))
            chosen = best_set(self.priority, self.too_dear) or frozenset()
            self.bound = self._value(chosen)
        return True

    def _value(self, corridors: Collection[str]) -> float:
        return -math.fsum(self.priority[q] for q in corridors)

    def _guess(self) -> None:
        """A better plan without a proof, from the best on."""
        start = self.task.start if self.best is None else WarmStart(self.best.design)
        self._learn(self._minimize(replace(self.task, start=start), GUESSED).incumbent)

    def _minimize(self, task: Task, steps: tuple[Step, ...]) -> Found:
        found = minimize(task, steps, known=True)
        self.notes |= dict.fromkeys(found.notes)
        return found

    def _is_too_dear(self, corridors: Corridors, steps: tuple[Step, ...]) -> bool | None:
        """Whether no plan serves them and the required ones within the budget; None where that was not decided."""
        if any(corridors <= one for one in self.affordable):
            return False
        if any(one <= corridors for one in self.too_dear):
            return True
        if self.task.clock.spent:
            return None
        found = self._minimize(self._cost_of(corridors), steps)
        if found.incumbent is not None:
            self.latest = self._design(found.incumbent.design.corridors)
            plan = self.task.incumbent(self.latest)
            if plan is not None:
                self._learn(plan)
                return False
        return True if found.infeasible or surely_above(found.bound, self.ceiling) else None

    def _learn(self, plan: Incumbent | None) -> None:
        """A plan within the budget: what it serves is not too dear."""
        if plan is not None:
            served = (corridor.id for corridor in plan.design.corridors if corridor.served)
            self.affordable.append(frozenset(self.priority.keys() & served))
            self.best = better(self.best, plan)

    def _cost_of(self, corridors: Corridors) -> Task:
        """Serve them and the required ones for as little as possible, until it is clear whether the budget suffices."""
        task = self.task.part(VERDICT_SHARE).requiring({*self.required, *corridors})
        budget = self.inventory.budget.model_copy(update={self.metric: None})
        inventory = task.inventory.model_copy(update={"objective": self.metric, "budget": budget})
        goal = partial(cost_goal, metric=self.metric)
        stage = Stage(goal, self.measure, hold=None, exact=False, whole=False, objective=False)
        parameters = SearchParameters(0.0, task.clock, task.parameters.threads, self._tell, self.ceiling)
        return replace(task, inventory=inventory, stage=stage, parameters=parameters, reference=None)

    def _tell(self, sighting: Sighting) -> None:
        """Where the search for corridors stands; what a set costs is none of its values."""
        value = None if self.best is None else self.best.value
        self.task.parameters.watch(Sighting(f"{PRIORITY}, {METHOD}", value, self.bound))

    def _design(self, served: Collection[ServedCorridor]) -> Design:
        """The design for these corridors; no others are served."""
        known = {corridor.id: corridor for corridor in served}
        corridors = (
            known.get(q) or ServedCorridor(id=q, served=False, key_rate_bps=each.demand_bps, paths=())
            for q, each in sorted(self.inventory.corridors.items())
        )
        return design_of(self.inventory, self.task.candidates, tuple(corridors))

    def _by_savings(self, chosen: Corridors) -> list[str]:
        """Those first without which the latest design would cost least."""
        assert self.latest is not None
        known = self.latest.corridors
        without = {q: self._design([each for each in known if each.served and each.id != q]) for q in chosen}
        return sorted(chosen, key=lambda q: (self.measure(without[q]), q))

    def _shrink(self, given: list[str], ranked: list[str], fresh: bool = False) -> list[str]:
        """Of a set that is too dear together with those `given`, a least part that is, the first in rank before others.

        QuickXplain (Junker 2004). What is not decided soon counts as affordable. `fresh`: some were given last.
        """
        if fresh and self._is_too_dear(frozenset(given), SOON):
            return []
        if len(ranked) < 2:
            return ranked
        first, second = ranked[: len(ranked) // 2], ranked[len(ranked) // 2 :]
        of_second = self._shrink([*given, *first], second, fresh=True)
        return [*self._shrink([*given, *of_second], first, fresh=bool(of_second)), *of_second]
