"""Plans: made, read back, re-checked, assessed, written."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Literal, get_args

from qplan.api.inventories import PathName
from qplan.errors import Exit, WrongUsage

if TYPE_CHECKING:
    from qplan.assessment.checks import CheckResult
    from qplan.assessment.facts import PlanFacts
    from qplan.explain.findings import AsRead, Explanation
    from qplan.inventory.reader import Reading
    from qplan.optimizer.limits import SearchParameters, Sighting
    from qplan.optimizer.planner import Result as Outcome
    from qplan.outputs.verbs.progress import Progress
    from qplan.outputs.verbs.verification import Verification
    from qplan.plan.model import Plan

Solver = Literal["highs", "cbc"]
Status = Literal["optimal", "feasible", "infeasible", "unknown"]
GAP, TIME_LIMIT_S, MOST_THREADS, MOST_CHANGE_COST = 0.001, 300.0, 256, 1e12
WRITING_S = 1.5e-5  # to draw and tabulate a plan, for each character of its inventory
PATH_S = 2e-5  # the same, for each site that a corridor may pass
WRITING_SHARE, PATH_SHARE = 0.2, 0.5  # of the time left, at the most, are kept for the one and the other
PATIENCE_S = 1.0  # for what is drawn before the plan itself is safe


@dataclass(frozen=True)
class Result:
    """What planning came to: a plan that holds, or the explanation of why there is none."""

    inventory: Reading
    plan: Plan | None
    explanation: Explanation | None = None
    """Filled where there is no plan and reasons were looked for."""
    outcome: Outcome | None = field(default=None, repr=False)
    """How the search ended; None for a plan that was read, or taken over with its proof."""
    taken_over: bool = False
    """The plan is the one that was to be begun from, and its proof was not repeated."""

    @property
    def status(self) -> Status:
        """`optimal` (within the gap asked for), `feasible`, `infeasible` (proven), or `unknown` (a limit came)."""
        if self.plan is not None:
            return self.plan.status
        if self.explanation is None and self.outcome is not None:
            return "infeasible" if self.outcome.search.status == "infeasible" else "unknown"
        return "infeasible" if self.explanation is not None and self.explanation.status == "infeasible" else "unknown"

    @property
    def value(self) -> float | None:
        """The plan's objective: money, or a count of relays."""
        return None if self.plan is None else self.plan.objective.value

    @property
    def bound(self) -> float | None:
        """No plan is better than this; None where nothing is known, or there is no plan at all."""
        if self.plan is None:
            return None if self.explanation is None else self.explanation.bound
        return self.plan.objective.bound

    @property
    def gap(self) -> float | None:
        """(value − bound) / value; None where nothing is known."""
        return None if self.plan is None else self.plan.objective.gap

    @cached_property
    def facts(self) -> PlanFacts | None:
        """What the plan means, worked out once."""
        return None if self.plan is None else assess(self.inventory, self.plan)

    @property
    def failed_checks(self) -> tuple[CheckResult, ...]:
        """The inventory's `checks` that the plan exceeds."""
        return () if self.facts is None else self.facts.failed_checks

    @property
    def exit_code(self) -> Exit:
        """What `qplan optimize` ends with."""
        if self.status == "infeasible":
            return Exit.INFEASIBLE
        if self.status != "optimal":
            return Exit.LIMIT
        return Exit.CHECK if any(check.check.severity == "error" for check in self.failed_checks) else Exit.DONE

    def _repr_html_(self) -> str:
        """What a notebook shows: verdict, topology and corridors, or the explanation."""
        from qplan.api.words import render
        from qplan.outputs.report.notebook import explanation_html, plan_html

        return explanation_html(render(self)) if self.facts is None else plan_html(self.facts)

    def _repr_svg_(self) -> str | None:
        """The topology."""
        from qplan.outputs.topology.diagram import diagram
        from qplan.outputs.topology.svg import to_svg

        return None if self.facts is None else to_svg(diagram(self.facts))


def optimize(
    inventory: Reading,
    *,
    gap: float = GAP,
    time_limit: float = TIME_LIMIT_S,
    overdue: float = 0.0,
    start: Plan | None = None,
    keep: Plan | None = None,
    change_cost: float = 0.0,
    progress: Callable[[Progress], None] | None = None,
    solver: Solver = "highs",
    threads: int = 1,
    stop: threading.Event | None = None,
    lp_file: Path | None = None,
    prove: bool = False,
    explained: bool = True,
) -> Result:
    """The best plan: proven within the relative `gap`, or found within `time_limit` seconds; re-checked in any case.

    `start` is a plan to begin from, which is kept among plans as good. Where it is of this very inventory, proven by
    this qplan and this solver within a gap that is no larger, it is re-checked and taken over as it stands, without a
    search, unless `prove`. With a `change_cost` every link and relay that only one of the two plans has counts as much
    money. `keep` is a plan that the new one has the fewest changes against. `progress` is called now and then, perhaps
    from another thread; setting `stop` ends the search with what was found. `lp_file` takes the integer programme.
    Where there is no plan, the reasons are looked for if they are to be `explained`, in half of the time left or until
    3 s after the limit, which may be `overdue` by so many seconds. Raises WrongUsage, SolverFailed.
    """
    parameters = search_parameters(gap, time_limit, solver, threads, stop, progress)
    parameters = replace(parameters, clock=parameters.clock.at_most(time_limit - overdue))
    check_references(start, keep, change_cost)
    locked = start is not None and keep is None and not change_cost and _is_locked(inventory, start, gap, solver)
    if start is not None and locked and not prove and lp_file is None:
        return Result(inventory, start, taken_over=True)
    found = _planned(inventory, solver, parameters, lp_file, start, keep, change_cost)
    if found.plan is None:
        reasons = _explained(found, solver, parameters, progress) if explained else None
        return Result(inventory, None, reasons, found.outcome)
    if start is not None and locked:  # proven again, it is the plan that it was
        same = {"inventory": start.inventory, "start_sha256": start.start_sha256}
        return replace(found, plan=found.plan.model_copy(update=same))
    return found


def _planned(
    inventory: Reading,
    solver: Solver,
    parameters: SearchParameters,
    lp_file: Path | None,
    start: Plan | None,
    keep: Plan | None,
    change_cost: float,
) -> Result:
    """A plan, judged, or none: apart, as a plan that is taken over needs nothing that this imports."""
    from qplan.assessment.judgement import judge
    from qplan.optimizer import planner
    from qplan.plan.model import reference
    from qplan.plan.reader import refuse_misnamed

    for earlier in filter(None, (start, keep)):
        refuse_misnamed(earlier)
    found = planner.optimize(
        inventory.inventory, reference(inventory), solver, parameters, lp_file, start, keep, change_cost
    )
    if found.plan is None:
        return Result(inventory, None, outcome=found)
    warnings = (*inventory.warnings, *inventory.shipped_warnings)
    return Result(inventory, judge(inventory.inventory, found.plan, warnings), outcome=found)


def as_read(reading: Reading) -> AsRead:
    """What remedies are written for: they are pasted behind the command that read the inventory."""
    from qplan.explain.findings import AsRead

    return AsRead(reading.defaults, reading.demand_factor)


def _explained(
    planned: Result, solver: Solver, parameters: SearchParameters, progress: Callable[[Progress], None] | None
) -> Explanation:
    """Why there is no plan."""
    from qplan.explain.infeasibility.explanation import explain
    from qplan.outputs.verbs.progress import Progress

    read, outcome = planned.inventory, planned.outcome
    assert outcome is not None, "something was searched"
    if progress is not None:
        progress(Progress("looking for reasons", read.inventory.objective, None, None, None))
    search = outcome.search
    found = explain(read.inventory, outcome.candidates, search.status, solver, parameters, as_read(read))
    return replace(found, bound=search.bound, bound_method=search.method) if found.status == "unknown" else found


def _is_locked(inventory: Reading, start: Plan, gap: float, solver: Solver) -> bool:
    """Whether a plan is what planning this inventory again would have to prove, and holds."""
    from qplan import __version__
    from qplan.optimizer.solvers.versions import solver_version
    from qplan.plan.model import reference

    asked, made = reference(inventory), start.inventory
    return (
        (made.effective_sha256, made.as_of) == (asked.effective_sha256, asked.as_of)
        and (start.qplan_version, start.solver.name, start.solver.version) == (__version__, *solver_version(solver))
        and start.status == "optimal"
        and start.solver.gap_asked <= gap
        and start.objective.changes is None
        and verify(inventory, start).holds
    )


def search_parameters(
    gap: float,
    time_limit: float,
    solver: Solver,
    threads: int,
    stop: threading.Event | None,
    progress: Callable[[Progress], None] | None = None,
) -> SearchParameters:
    """When to stop, counted from now. Raises WrongUsage."""
    from qplan.optimizer.limits import SearchParameters
    from qplan.outputs.verbs.progress import progress as seen
    from qplan.time_budget import TimeBudget

    if solver not in get_args(Solver):
        raise WrongUsage(f"there is no solver {solver!r}; there are {' and '.join(get_args(Solver))}")
    for name, value, least, most in (
        ("gap", gap, 0.0, 1.0),
        ("time_limit", time_limit, 0.0, 1e7),
        ("threads", threads, 1, MOST_THREADS),
    ):
        if not least <= value <= most:
            raise WrongUsage(f"{name} is {value!r}; expected a number from {least:g} to {most:g}")

    def watch(sighting: Sighting) -> None:
        if progress is not None:
            progress(seen(sighting))

    clock = TimeBudget(time.monotonic() + time_limit, stop or threading.Event())
    return SearchParameters(gap, clock, threads, watch)


def check_references(start: object, keep: object, change_cost: float) -> None:
    """Refuse earlier plans that do not go together. Raises WrongUsage."""
    if not 0.0 <= change_cost <= MOST_CHANGE_COST:
        raise WrongUsage(f"the cost of a change is {change_cost!r}; expected a number from 0 to {MOST_CHANGE_COST:g}")
    if keep is not None and change_cost:
        raise WrongUsage("changes against a plan come first (--keep) or cost something (--change-cost), not both")
    if change_cost and start is None:
        raise WrongUsage("a cost of changes (--change-cost) needs the plan that they are counted against (--start)")


def is_plan(path: PathName) -> bool:
    """Whether the path leads to a plan, or to a folder, where only a plan can be meant."""
    from qplan.plan import reader

    return reader.is_plan(Path(path))


def load_plan(path: PathName) -> Plan:
    """A plan from its folder or its plan.json, to start from or to verify. Raises QplanError."""
    from qplan.plan.reader import read_plan

    return read_plan(Path(path))


def load_result(path: PathName) -> Result:
    """A plan, re-checked, with the inventory that it was made from, both from the plan's folder.

    Raises QplanError where one of them cannot be read, they do not belong together, or the plan does not hold.
    """
    from qplan.assessment.statements import stated_violations
    from qplan.plan.reader import read_planned
    from qplan.plan.verify.verifier import verify
    from qplan.plan.verify.violation import BrokenPlan

    inventory, plan = read_planned(Path(path))
    violations, result = verify(inventory.inventory, plan), Result(inventory, plan)
    if not violations:
        checks = result.facts.checks if inventory.inventory.checks and result.facts else ()
        violations = stated_violations(inventory.inventory, plan, checks)
    if violations:
        raise BrokenPlan(violations)
    return result


def verify(inventory: Reading, plan: Plan) -> Verification:
    """Does the plan hold for the inventory? Worked out again by code that the optimiser does not share."""
    from qplan.outputs.verbs.verification import verification

    return verification(inventory, plan)


def assess(inventory: Reading, plan: Plan) -> PlanFacts:
    """What a plan for this inventory means: bill, costs, budgets in dB, who sees keys, what cuts corridors off."""
    from qplan.assessment import facts

    return facts.assess(inventory.inventory, plan)


def write(result: Result, folder: PathName) -> None:
    """Write a plan and all that is made of it into a folder, whole or not at all; else the explanation.

    Where that takes long, or the search was interrupted, the plan itself comes first: the process may be ended before
    the rest is drawn. An explanation leaves a plan that is there as it is. Raises QplanError where the folder is not
    one to write to.
    """
    from qplan.candidates.links import enumerate_candidates
    from qplan.outputs.folder import write_beside, write_folder
    from qplan.outputs.plan_files import essential_files, plan_files
    from qplan.outputs.verbs.explanation import explanation_files
    from qplan.plan.model import reference
    from qplan.plan.reader import earlier_plan

    read, out = result.inventory, Path(folder)
    plan = result.plan
    if plan is not None and (plan.solver.stopped_by == "interrupt" or sum(_writing_s(read)) > PATIENCE_S):
        write_folder(out, essential_files(plan, read.effective_json))
    if result.facts is not None:
        graph = enumerate_candidates(read.inventory) if result.outcome is None else result.outcome.candidates
        write_folder(out, plan_files(result.facts, read.effective_json, graph))
    elif result.explanation is not None:
        ref, earlier = reference(read), earlier_plan(out)
        stale = earlier is not None and not earlier.is_of(ref)
        write_beside(out, explanation_files(read.inventory, result.explanation, ref, stale_plan=stale))


def search_seconds(inventory: Reading, left: float) -> float:
    """How much of the time left a search may take: the rest is for what is written of its plan."""
    things_s, paths_s = _writing_s(inventory)
    return max(0.0, left - min(things_s, WRITING_SHARE * left) - min(paths_s, PATH_SHARE * left))


def _writing_s(inventory: Reading) -> tuple[float, float]:
    """About what it takes to draw and tabulate what a plan is made of, and its paths."""
    read = inventory.inventory
    return WRITING_S * len(inventory.effective_json), PATH_S * len(read.corridors) * len(read.sites)


def default_folder(
    file: PathName,
    inventory: Reading,
    start: Plan | None = None,
    keep: Plan | None = None,
    change_cost: float = 0.0,
) -> Path:
    """Where a plan of the file is written to if nothing else is said: `sites[.SCENARIO][.set-HASH].plan` beside it."""
    from qplan.outputs import folder

    options = {
        "--built": inventory.built_sha256,
        "--keep": keep and keep.sha256,
        "--change-cost": [change_cost, start.sha256] if start is not None and change_cost else None,
    }
    given = {option: value for option, value in options.items() if value is not None}
    return folder.default_folder(Path(file), inventory.scenario, {**inventory.set, **given})


def check_ready(solver: Solver, folder: PathName, lp_file: Path | None = None) -> None:
    """Refuse, before any work is done, a solver that is not there and what could not be written. Raises QplanError."""
    from qplan.optimizer.solvers.versions import solver_version
    from qplan.outputs.folder import check_file_target, check_target

    solver_version(solver)
    check_target(Path(folder))
    if lp_file is not None:
        check_file_target(lp_file)
