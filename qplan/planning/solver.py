"""Solvers and their honest endings: the only place that knows HiGHS' and CBC's status codes.

PuLP holds the model; its rows are handed to HiGHS once as arrays. Statuses, values and bounds are read from the solver
itself, never from PuLP (which reports "Optimal" for a time limit with an incumbent).
"""

from __future__ import annotations

import math
import os
import re
import subprocess
import tempfile
from pathlib import Path

import highspy
import numpy as np
import pulp

from qplan.errors import QplanError, SolverFailed
from qplan.planning.cbc import cbc_path, solve_cbc
from qplan.planning.formulation import Formulation, linear
from qplan.planning.goals import Goal
from qplan.planning.limits import Effort, SearchLimits, Sighting, Solution, StopReason

FEASIBILITY_TOLERANCE = 1e-7  # absolute, on rows and integrality


def solve(
    model: Formulation, goal: Goal, solver: str, limits: SearchLimits, effort: Effort = Effort()
) -> Solution:
    """Minimise the goal over the model.

    Raises SolverFailed where the solver is missing, crashes, or ends in a way that proves nothing.
    """
    model.problem.setObjective(linear(goal.terms))
    if not model.columns:
        empty = all(_holds_at_zero(row) for row in model.problem.constraints())
        return Solution("proof", {} if empty else None, 0.0 if empty else None, 0.0 if empty else None)
    lp = arrays(model, goal)
    found = (solve_cbc if solver == "cbc" else _solve_highs)(model, goal, lp, limits, effort)
    if found.value is None:
        return found
    bound = None if found.bound is None else min(found.bound, found.value)
    return Solution(found.stopped_by, found.values, found.value, bound)


def solver_version(solver: str) -> tuple[str, str]:
    """Name and version for the record."""
    if solver == "highs":
        return "HiGHS", highspy.Highs().version()
    command = [cbc_path(), "-quit"]
    text = subprocess.run(command, check=False, capture_output=True, text=True, stdin=subprocess.DEVNULL).stdout
    version = re.search(r"Version:?\s+(\S+)", text)
    return "CBC", version.group(1) if version else "unknown"


def write_lp(model: Formulation, goal: Goal, path: Path) -> None:
    """The model with readable names and the goal in its own unit, in LP format.

    Raises QplanError where it cannot be written.
    """
    model.problem.setObjective(linear([(variable, weight / goal.scale) for variable, weight in goal.terms]))
    try:
        with tempfile.TemporaryDirectory(prefix=".qplan-", dir=path.absolute().parent) as folder:
            model.problem.writeLP(f"{folder}/model.lp", max_length=100_000)
            os.replace(f"{folder}/model.lp", path)
    except OSError as error:
        raise QplanError(f"cannot write {path}: {error.strerror}") from error


def _holds_at_zero(row: pulp.LpConstraint) -> bool:
    constant = row.constant  # the row reads 0 + constant (≤ | = | ≥) 0
    return {-1: constant <= 0, 0: constant == 0, 1: constant >= 0}[row.sense]


def arrays(model: Formulation, goal: Goal) -> highspy.HighsLp:
    """PuLP's rows and columns as one HiGHS model, in the order in which they were made."""
    index = model.index()
    starts, columns, weights, lower, upper = [0], [], [], [], []
    for row in model.problem.constraints():
        for variable, weight in row.items():
            columns.append(index[variable.name])
            weights.append(weight)
        starts.append(len(columns))
        lower.append(-math.inf if row.sense == -1 else -row.constant)
        upper.append(math.inf if row.sense == 1 else -row.constant)
    lp = highspy.HighsLp()
    lp.num_col_, lp.num_row_ = len(model.columns), len(lower)
    cost = np.zeros(len(model.columns))
    for variable, weight in goal.terms:
        cost[index[variable.name]] += weight
    lp.col_cost_ = cost
    lp.col_lower_ = np.zeros(len(model.columns))
    lp.col_upper_ = np.array([float(variable.upBound) for variable in model.columns])
    lp.row_lower_, lp.row_upper_ = np.array(lower), np.array(upper)
    lp.a_matrix_.format_ = highspy.MatrixFormat.kRowwise
    lp.a_matrix_.start_, lp.a_matrix_.index_ = np.array(starts), np.array(columns, dtype=np.int32)
    lp.a_matrix_.value_ = np.array(weights, dtype=float)
    lp.integrality_ = [
        highspy.HighsVarType.kInteger if variable.cat == "Integer" else highspy.HighsVarType.kContinuous
        for variable in model.columns
    ]
    return lp


def _solve_highs(
    model: Formulation, goal: Goal, lp: highspy.HighsLp, limits: SearchLimits, effort: Effort
) -> Solution:
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
