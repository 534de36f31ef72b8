"""HiGHS as the integer programming solver: options, progress, and its endings."""

from __future__ import annotations

import math
from collections.abc import Mapping

import highspy

from qplan.errors import SolverFailed
from qplan.optimizer.limits import SearchParameters, Sighting, StopReason
from qplan.optimizer.model.formulation import Formulation
from qplan.optimizer.model.objectives import Goal
from qplan.optimizer.model.solution import Effort, Solution
from qplan.optimizer.solvers.session import Option, Session

FEASIBILITY_TOLERANCE = 1e-7  # absolute, on rows and integrality
FEASIBLE_POINT = 2  # HiGHS' status of a solution
ENDINGS = {
    highspy.HighsModelStatus.kOptimal: StopReason.GAP,
    highspy.HighsModelStatus.kTimeLimit: StopReason.TIME_LIMIT,
    highspy.HighsModelStatus.kInterrupt: StopReason.TIME_LIMIT,  # ended from here, as it heeds its limit late
    highspy.HighsModelStatus.kSolutionLimit: StopReason.SUBPROBLEMS,
}
# every variable is bounded: what is unbounded or infeasible is infeasible
IMPOSSIBLE = (highspy.HighsModelStatus.kInfeasible, highspy.HighsModelStatus.kUnboundedOrInfeasible)


def solve_highs(
    model: Formulation, goal: Goal, lp: highspy.HighsLp, parameters: SearchParameters, effort: Effort
) -> Solution:
    """Raises SolverFailed where HiGHS ends in a way that proves nothing.

    Presolve of HiGHS 1.14 and 1.15 can call a feasible programme infeasible, or a start optimal without a bound: it is
    solved once more without.
    """
    lp.offset_ = goal.constant * goal.scale
    found = _solve(model, goal, lp, parameters, _options(parameters, effort), effort.start)
    if found.infeasible or (found.bound is None and found.stopped_by is StopReason.GAP):
        options = _options(parameters, effort) | {"presolve": "off"}
        found = _solve(model, goal, lp, parameters, options, effort.start)
    return found


def _solve(
    model: Formulation,
    goal: Goal,
    lp: highspy.HighsLp,
    parameters: SearchParameters,
    options: Mapping[str, Option],
    start: Mapping[str, float] | None,
) -> Solution:
    session = Session(lp, options)
    if start is not None:  # the design alone: the solver finds the paths again
        index = model.index()
        session.start_from({index[v.name]: float(round(start[v.name])) for v in model.design() if v.name in start})
    seen = Sighting(goal.name, None, None)

    def note(event: highspy.HighsCallbackEvent) -> None:
        nonlocal seen
        figures = event.data_out
        seen = Sighting(goal.name, _in_units(figures.mip_primal_bound, goal), _in_units(figures.mip_dual_bound, goal))

    session.subscribe(note)
    status = session.run(parameters.clock, lambda: parameters.watch(seen))
    return _ending(model, goal, session, status, parameters.clock.interrupted)


def _options(parameters: SearchParameters, effort: Effort) -> dict[str, Option]:
    options: dict[str, Option] = {
        "threads": parameters.threads,
        "mip_rel_gap": parameters.gap,
        "mip_abs_gap": 1e-9,
        "mip_feasibility_tolerance": FEASIBILITY_TOLERANCE,
        "primal_feasibility_tolerance": FEASIBILITY_TOLERANCE,
    }
    if effort.subproblems is not None:
        options["mip_max_nodes"] = effort.subproblems
    if effort.start is not None:
        options["mip_heuristic_effort"] = 0.0
    return options


def _in_units(figure: float, goal: Goal) -> float | None:
    return figure / goal.scale if math.isfinite(figure) else None


def _ending(
    model: Formulation, goal: Goal, session: Session, status: highspy.HighsModelStatus, interrupted: bool
) -> Solution:
    if status in IMPOSSIBLE:
        return Solution(StopReason.PROOF, None, None, None)
    if status not in ENDINGS:
        raise SolverFailed(f"HiGHS ended with status {status.name!r}")
    stopped = status == highspy.HighsModelStatus.kInterrupt and interrupted
    stopped_by = StopReason.INTERRUPT if stopped else ENDINGS[status]
    info = session.info()
    bound = _in_units(info.mip_dual_bound, goal)
    if info.primal_solution_status != FEASIBLE_POINT:
        return Solution(stopped_by, None, None, bound)
    values = dict(zip((v.name for v in model.columns), session.solution().col_value, strict=True))
    value = info.objective_function_value / goal.scale
    optimal = status == highspy.HighsModelStatus.kOptimal
    proven = optimal and bound is not None and value - bound <= 1e-9 * max(1.0, abs(value))
    return Solution(StopReason.PROOF if proven else stopped_by, values, value, bound)
