"""HiGHS as the integer programming solver: options, progress, and its endings."""

from __future__ import annotations

import math

import highspy
import numpy as np

from qplan.errors import SolverFailed
from qplan.optimizer.limits import Effort, SearchLimits, Sighting, Solution, StopReason
from qplan.optimizer.model.formulation import Formulation
from qplan.optimizer.model.objectives import Goal

FEASIBILITY_TOLERANCE = 1e-7  # absolute, on rows and integrality


def solve_highs(model: Formulation, goal: Goal, lp: highspy.HighsLp, limits: SearchLimits, effort: Effort) -> Solution:
    highs = highspy.Highs()
    for option, value in {
        "output_flag": False,
        "threads": limits.threads,
        "time_limit": limits.seconds_left(),
        "mip_rel_gap": limits.gap,
        "mip_abs_gap": 1e-9,
        "mip_feasibility_tolerance": FEASIBILITY_TOLERANCE,
        "primal_feasibility_tolerance": FEASIBILITY_TOLERANCE,
    }.items():
        highs.setOptionValue(option, value)
    if highs.passModel(lp) == highspy.HighsStatus.kError:
        raise SolverFailed("HiGHS did not take the model")
    if effort.nodes is not None:
        highs.setOptionValue("mip_max_nodes", effort.nodes)
    if effort.start is not None:  # the design alone: the solver finds the paths again
        highs.setOptionValue("mip_heuristic_effort", 0.0)
        index = model.index()
        known = [(index[v.name], effort.start[v.name]) for v in model.design() if v.name in effort.start]
        columns, values = zip(*known, strict=True) if known else ((), ())
        highs.setSolution(len(known), np.array(columns, dtype=np.int32), np.round(np.array(values, dtype=float)))
    highs.HandleUserInterrupt = True
    seen = Sighting(goal.name, None, None)

    def note(event: highspy.HighsCallbackEvent) -> None:
        nonlocal seen
        figures = event.data_out
        seen = Sighting(goal.name, _known(figures.mip_primal_bound, goal), _known(figures.mip_dual_bound, goal))

    highs.cbMipLogging.subscribe(note)
    highs.startSolve()
    while not highs.wait(0.1)[0]:
        limits.watch(seen)
        if limits.stop.is_set():
            highs.cancelSolve()
    return _highs_ending(model, goal, highs)


def _known(figure: float, goal: Goal) -> float | None:
    return figure / goal.scale if math.isfinite(figure) else None


def _highs_ending(model: Formulation, goal: Goal, highs: highspy.Highs) -> Solution:
    status, ended = highs.getModelStatus(), highspy.HighsModelStatus
    info = highs.getInfo()
    if status in (ended.kInfeasible, ended.kUnboundedOrInfeasible):  # every variable is bounded: infeasible
        return Solution("proof", None, None, None)
    reasons: dict[highspy.HighsModelStatus, StopReason] = {
        ended.kOptimal: "gap",
        ended.kTimeLimit: "time_limit",
        ended.kInterrupt: "interrupt",
        ended.kSolutionLimit: "nodes",
    }
    if status not in reasons:
        raise SolverFailed(f"HiGHS ended with status {highs.modelStatusToString(status)!r}")
    bound = _known(info.mip_dual_bound, goal)
    if info.primal_solution_status != 2:  # 2: a feasible point
        return Solution(reasons[status], None, None, bound)
    values = dict(zip((v.name for v in model.columns), highs.getSolution().col_value, strict=True))
    value = info.objective_function_value / goal.scale
    proven = status == ended.kOptimal and bound is not None and value - bound <= 1e-9 * max(1.0, abs(value))
    return Solution("proof" if proven else reasons[status], values, value, bound)
