"""Solvers and their honest endings: the only place that knows HiGHS' and CBC's status codes.

PuLP holds the model; its rows are handed to HiGHS once as arrays. Statuses, values and bounds are read from the solver
itself, never from PuLP (which reports "Optimal" for a time limit with an incumbent).
"""

from __future__ import annotations

import re
import subprocess

import highspy
import pulp

from qplan.optimizer.limits import Effort, SearchLimits, Solution
from qplan.optimizer.model.formulation import Formulation, linear
from qplan.optimizer.model.objectives import Goal
from qplan.optimizer.solvers.arrays import arrays
from qplan.optimizer.solvers.cbc import cbc_path, solve_cbc
from qplan.optimizer.solvers.highs import solve_highs


def solve(model: Formulation, goal: Goal, solver: str, limits: SearchLimits, effort: Effort = Effort()) -> Solution:
    """Minimise the goal over the model.

    Raises SolverFailed where the solver is missing, crashes, or ends in a way that proves nothing.
    """
    model.problem.setObjective(linear(goal.terms))
    if not model.columns:
        empty = all(_holds_at_zero(row) for row in model.problem.constraints())
        return Solution("proof", {} if empty else None, 0.0 if empty else None, 0.0 if empty else None)
    lp = arrays(model, goal)
    found = (solve_cbc if solver == "cbc" else solve_highs)(model, goal, lp, limits, effort)
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


def _holds_at_zero(row: pulp.LpConstraint) -> bool:
    constant = row.constant  # the row reads 0 + constant (≤ | = | ≥) 0
    return {-1: constant <= 0, 0: constant == 0, 1: constant >= 0}[row.sense]
