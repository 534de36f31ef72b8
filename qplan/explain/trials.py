"""Variants planned anew within the time that belongs to an explanation."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Iterable
from copy import copy
from dataclasses import replace

from qplan.candidates.design import Design
from qplan.candidates.links import enumerate_candidates
from qplan.candidates.model import CandidateGraph
from qplan.explain.findings import AsRead, Setting
from qplan.explain.variants import apply_settings, keep_required
from qplan.inventory.model import Inventory
from qplan.optimizer.heuristics.sequential import plan_at_once
from qplan.optimizer.limits import SearchParameters, Status, StopReason, watch_nothing
from qplan.optimizer.model.stage import SideConstraint
from qplan.optimizer.search.stages import Search, objective_value, search_plan
from qplan.plan.model import InventoryRef, Objective, Plan, Solver
from qplan.plan.verify.verifier import verify
from qplan.time_budget import TimeBudget

AT_LEAST_S = 3.0  # after the time limit until which an explanation may go on: less than a run may exceed it
SHARE_OF_REST = 0.5
SHARE_OF_ONE_TRIAL = 0.25
ANY_PLAN = 1.0  # a gap that every plan keeps


class Trials:
    """Re-plans variants of the inventory until the time budget of an explanation is used up.

    `as_read` says how the inventory was read. Raises SolverFailed where the solver fails.
    """

    def __init__(
        self,
        solver: str,
        parameters: SearchParameters,
        seconds: float | None = None,
        as_read: AsRead = AsRead(),
    ):
        """Trials for so many seconds; by default all the time left."""
        self.solver, self.as_read, self.most_late_s = solver, as_read, math.inf
        self.start = time.monotonic()
        self.seconds = parameters.clock.seconds_left() if seconds is None else seconds
        clock = replace(parameters.clock, deadline=self.start + self.seconds)
        self.parameters = replace(parameters, clock=clock, watch=watch_nothing)

    @classmethod
    def begin_after(
        cls,
        solver: str,
        parameters: SearchParameters,
        as_read: AsRead = AsRead(),
        share: float = SHARE_OF_REST,
    ) -> Trials:
        """Trials that explain how a search ended, also where the search has used up its time."""
        clock = parameters.clock
        least = max(0.0, AT_LEAST_S - clock.seconds_over())
        trials = cls(solver, parameters, max(least, share * clock.seconds_left()), as_read)
        trials.most_late_s = least
        return trials

    def divide(self, count: int) -> Trials:
        """The same, with an equal share of the time that is left to so many steps."""
        return self._within(self.clock.share(1 / count))

    def end_at(self, share: float) -> Trials:
        """The same, ending when this share of the time is used up."""
        return self._within(self.clock.until(self.start + share * self.seconds))

    def _within(self, clock: TimeBudget) -> Trials:
        part = copy(self)
        part.parameters = replace(self.parameters, clock=clock)
        return part

    def restart(self) -> Trials:
        """Trials that share out what is left of the time."""
        return Trials(self.solver, self.parameters, as_read=self.as_read)

    @property
    def over(self) -> bool:
        return self.clock.spent

    def late(self, seconds: float) -> TimeBudget:
        """The clock; where that is over so many seconds for what needs no solver, whoever asked for an end.

        Less where it was over long before.
        """
        return TimeBudget.of(min(seconds, self.most_late_s)) if self.over else self.clock

    @property
    def clock(self) -> TimeBudget:
        return self.parameters.clock

    def apply(self, inventory: Inventory, settings: Iterable[Setting]) -> Inventory:
        """The inventory as it is when its file is read with these settings."""
        return apply_settings(inventory, settings, self.as_read.defaults)

    def is_feasible(self, inventory: Inventory, graph: CandidateGraph | None = None) -> bool | None:
        """Whether the required corridors can be served together; None where that was not decided in time."""
        if self.over:
            return None
        inventory = keep_required(inventory)
        graph = enumerate_candidates(inventory, clock=self.clock) if graph is None else graph
        if self.construct(inventory, graph) is not None:
            return True
        found = self.plan(inventory.model_copy(update={"objective": "tco"}), ANY_PLAN, graph)
        if found.design is not None:
            return True
        return False if found.status is Status.INFEASIBLE else None

    def construct(self, inventory: Inventory, graph: CandidateGraph) -> Design | None:
        """A plan for all corridors together that is found without the solver; None proves nothing."""
        return None if self.over else plan_at_once(inventory, graph, self.clock)

    def plan(
        self,
        inventory: Inventory,
        gap: float | None = None,
        graph: CandidateGraph | None = None,
        share: float = SHARE_OF_ONE_TRIAL,
        side_constraints: tuple[SideConstraint, ...] = (),
    ) -> Search:
        """The search for the best plan of the inventory, within a share of the time; "unknown" where that ends it."""
        if self.over:
            return Search(Status.UNKNOWN, StopReason.TIME_LIMIT)
        graph = enumerate_candidates(inventory, clock=self.clock) if graph is None else graph
        clock = self.clock.at_most(share * self.seconds)
        parameters = replace(self.parameters, gap=self.parameters.gap if gap is None else gap, clock=clock)
        search = search_plan(inventory, graph, self.solver, parameters, side_constraints=side_constraints)
        if graph.bypass_limit is None:
            return search
        weaker = {Status.OPTIMAL: Status.FEASIBLE, Status.INFEASIBLE: Status.UNKNOWN}
        return replace(search, status=weaker.get(search.status, search.status))


def search_farthest(trials: Trials, most: int, variant: Callable[[int], Inventory]) -> tuple[int, bool]:
    """The most steps, of those from 0 to `most`, with which the variant can be served (it can with none): bisection.

    The flag says that every verdict it rests on was decided in time.
    """
    low, high, decided = 0, most + 1, True
    while high - low > 1:
        middle = (low + high) // 2 if low or high <= most else min(most, 8)
        verdict = trials.is_feasible(variant(middle))
        decided = decided and verdict is not None
        low, high = (middle, high) if verdict else (low, middle)
    return low, decided


def holds(inventory: Inventory, design: Design) -> bool:
    """The design keeps every rule and limit of the inventory, and serves its required corridors."""
    return not verify(inventory, as_plan(inventory, design))


def as_plan(inventory: Inventory, design: Design) -> Plan:
    """A design as a plan of which nothing is proven."""
    value = objective_value(inventory, design)
    nowhere = InventoryRef(name="", sha256="", files=(), scenario=None, set={}, effective_sha256="")
    return Plan(
        qplan_version="",
        inventory=nowhere,
        status="feasible",
        objective=Objective(name=inventory.objective, value=value, bound=None, gap=None),
        nodes=design.nodes,
        links=design.links,
        corridors=design.corridors,
        costs=design.costs,
        offers=design.offers,
        solver=Solver(name="", version="", stopped_by="interrupt"),
    )
