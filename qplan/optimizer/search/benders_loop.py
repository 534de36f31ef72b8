"""Rounds of master problem, routing and cuts: exact for all that the cuts do not see.

The master problem is the design (what is built) with its lifts and the cuts found so far. It knows the paths of a
corridor only once these have been asked for: a relaxation with few columns, whose bound holds for the whole model. Its
design is routed without the solver, and where that fails and rates bind by the exact model on the links it installs.
Where that fails too, the cuts that forbid the design are added, or, where no separator finds any, the paths of the
corridors that it fails (Benders 1962; the exact model is reached at the latest when all paths are in).
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence

import numpy as np

from qplan.candidates.bundles import CorridorNetwork, find_tight_links
from qplan.candidates.prices import Prices
from qplan.errors import SolverFailed
from qplan.optimizer.cuts.cutset_cuts import cutset_cuts
from qplan.optimizer.cuts.exclusive_cuts import exclusive_cuts
from qplan.optimizer.cuts.layered_cuts import layered_cuts
from qplan.optimizer.cuts.layered_trees import layer_ties
from qplan.optimizer.cuts.lifts import Lifts, add_layers, add_lifts
from qplan.optimizer.cuts.path_cuts import path_cuts
from qplan.optimizer.cuts.row import Row, translate
from qplan.optimizer.cuts.star_trees import star_ties
from qplan.optimizer.cuts.witnesses import Witnesses, start_values
from qplan.optimizer.heuristics.guided_search import GuidedSearch
from qplan.optimizer.limits import StopReason, stop_reason
from qplan.optimizer.model.design_rows import exclude_overrun
from qplan.optimizer.model.path_rows import add_corridor, add_key_rate
from qplan.optimizer.model.solution import Effort, Solution
from qplan.optimizer.model.stage import PROOF, Found, Incumbent, Task, better, ending, highest
from qplan.optimizer.search.exact import IMPOSSIBLE, NOT_A_PLAN, read_design, route, served_alone
from qplan.optimizer.solvers.solver import solve
from qplan.time_budget import OutOfTime

VIOLATED = 0.01  # least violation of a cut at the master's design


class BendersLoop:
    """Master problem, routing and cuts in turn on the links of a task; `incumbent` is the best design so far."""

    def __init__(
        self,
        task: Task,
        names: Sequence[str],
        rows: Iterable[Row],
        prices: Prices,
        promising: Collection[str],
        like: Lifts | None,
    ):
        """`rows` are cuts over the columns `names` of another model, with lifts that these are to be `like`."""
        self.task, self.prices = task, prices
        self.model = task.design_model()
        self.goal = task.stage.goal(self.model)
        lifts = add_lifts(self.model, self.goal, like=like)
        if like is None or like.layered_trees:
            lifts = add_layers(self.model, lifts)
        self.witnesses = Witnesses(self.model, lifts)
        self.incumbent: Incumbent | None = None
        self.bound: float | None = None
        self.promising = set(promising)  # links among which a master's design is repaired
        self.routed: set[str] = set()  # corridors whose paths the master knows
        self.tight = find_tight_links(self.task.inventory, self.task.candidates)  # links whose rate can bind
        self.columns = tuple(self.model.index())  # without the paths that come later
        index = self.model.index_of_all()
        ties = (*layer_ties(self.model, lifts.layered_trees), *star_ties(self.model, lifts.star_trees))
        self._add([*ties, *(translate(row, names, index) for row in rows)])
        networks = list(self.model.networks)
        families = (path_cuts, layered_cuts, exclusive_cuts)
        self.separators = [*(family(self.model, networks) for family in families), cutset_cuts(self.model)]

    def run(self, incumbent: Incumbent | None, bound: float | None) -> Found:
        """Rounds until proven, impossible, or stopped by a limit. Raises SolverFailed."""
        self._take_note(incumbent)
        self.bound = bound
        try:
            return self._rounds()
        except OutOfTime:
            return self._conclude(stop_reason(self.task.clock) or StopReason.TIME_LIMIT)

    def _rounds(self) -> Found:
        while True:
            start = None if self.incumbent is None else start_values(self.model, self.incumbent.design)
            last = solve(self.model, self.goal, self.task.solver, self.task.parameters, Effort(start=start))
            if last.infeasible:  # nothing else, or nothing at all, on these links
                if self.incumbent is not None and self.witnesses.knows(self.incumbent.design):
                    raise SolverFailed(IMPOSSIBLE)
                self.bound = None if self.incumbent is None else self.incumbent.value
                return self._conclude(StopReason.PROOF)
            self.bound = highest(self.bound, last.bound)
            self._learn(last)
            if last.values is None or last.stopped_by in (StopReason.TIME_LIMIT, StopReason.INTERRUPT):
                return self._conclude(last.stopped_by)
            known, bound = self.incumbent, self.bound
            if known is not None and bound is not None and self.task.within(known.value, bound):
                return self._conclude(ending(known.value, self.task.least(bound)))
            settled = not self._forbid(last)
            if reason := stop_reason(self.task.clock):  # also where it only ended the routing: then nothing is settled
                return self._conclude(reason)
            if settled and self.incumbent is not None:
                return self._conclude(last.stopped_by)
            if settled and not exclude_overrun(self.model, last.values):
                raise SolverFailed(NOT_A_PLAN)

    def _take_note(self, incumbent: Incumbent | None) -> None:
        """Of the best design, by which further cuts are judged too."""
        if incumbent is not None and incumbent is not self.incumbent:
            self.witnesses.add(incumbent.design)
        self.incumbent = incumbent

    def _conclude(self, stopped_by: StopReason) -> Found:
        bound = self.bound
        if self.incumbent is not None and bound is not None:
            bound = min(bound, self.incumbent.value)
        return Found(stopped_by, self.incumbent, bound, "master problem")

    def _learn(self, last: Solution) -> None:
        """Route the master's design, and see whether it is a better plan than the one known."""
        if last.values is None or last.value is None or self.task.clock.interrupted:
            return
        if len(self.routed) == len(self.model.networks):  # the master knows all paths: it is the exact model
            self._take_note(better(self.incumbent, read_design(self.task, self.model, last)))
            return
        installed = self._installed(last)
        served = {q for q, v in self.model.served.items() if last.chosen(v)}
        planner = GuidedSearch(self.task, self.prices, installed)
        found = planner.plan(served, {}, {})
        short = found is None or found.value > last.value + PROOF * abs(last.value)
        if short and self.tight and not self.task.clock.spent:
            found = better(found, route(self.task.on(installed)))
        if found is None:
            self.promising |= installed
            repair = GuidedSearch(self.task, self.prices, self.promising)
            found = repair.search(served, dict.fromkeys(installed, 1.0), {})
        self._take_note(better(self.incumbent, found))

    def _installed(self, last: Solution) -> set[str]:
        return {link for link, v in self.model.link.items() if last.chosen(v)}

    def _forbid(self, last: Solution) -> bool:
        """Add what the master's design violates: cuts, else the paths of the corridors that it does not serve."""
        values = last.values or {}
        point = np.array([round(values[name], 3) for name in self.columns])
        rows = [row for separator in self.separators for row in separator.violated(point, VIOLATED)]
        self._add(rows)
        if rows:
            return True
        installed = self._installed(last)
        waiting = [network for network in self.model.networks if network.corridor not in self.routed]
        failing = [network for network in waiting if self._fails(network, installed)] or waiting
        if self.task.clock.spent or not failing:
            return False
        rated = {n.corridor for n in self.model.networks if any(self.tight.issuperset(b.links) for b in n.bundles)}
        if self.tight and (failing == waiting or rated.intersection(n.corridor for n in failing)):
            failing = waiting
        self._add_paths(failing)
        if len(failing) == len(waiting):
            add_key_rate(self.model)
            self.task.tie(self.model)
        return True

    def _add_paths(self, networks: Iterable[CorridorNetwork]) -> None:
        for network in networks:
            add_corridor(self.model, network)
            self.routed.add(network.corridor)

    def _fails(self, network: CorridorNetwork, installed: Collection[str]) -> bool:
        """The corridor alone finds no paths on the links installed; said of none once the time is up."""
        task = self.task.on(installed)
        return not self.task.clock.spent and served_alone(task, network.corridor, self.prices) is not True

    def _add(self, rows: Sequence[Row]) -> None:
        self.witnesses.judge(rows, self.incumbent)
        for number, row in enumerate(rows, start=len(self.model.problem.constraints())):
            terms = [(self.model.columns[c], w) for c, w in zip(row.columns, row.weights, strict=True)]
            self.model.add(terms, ">=", row.least, row.family, number)
