"""Solvers and their honest endings: the only place that knows HiGHS' and CBC's status codes.

PuLP holds the model; its rows are handed to HiGHS once as arrays. Statuses, values and bounds are read from the solver
itself, never from PuLP (which reports "Optimal" for a time limit with an incumbent).
"""

from __future__ import annotations

from dataclasses import replace

import pulp

from qplan.optimizer.limits import SearchParameters, StopReason
from qplan.optimizer.model.formulation import Formulation, linear
from qplan.optimizer.model.objectives import Goal
from qplan.optimizer.model.solution import Effort, Solution
from qplan.optimizer.solvers.cbc import solve_cbc
from qplan.optimizer.solvers.highs import solve_highs
from qplan.optimizer.solvers.lp import lp_of


def solve(
    model: Formulation, goal: Goal, solver: str, parameters: SearchParameters, effort: Effort = Effort()
) -> Solution:
    """Minimise the goal over the model.

    Raises SolverFailed where the solver is missing, crashes, or ends in a way that proves nothing.
    """
    model.problem.setObjective(linear(goal.terms))
    if not model.columns:
        possible = all(_holds_at_zero(row) for row in model.problem.constraints())
        return Solution(StopReason.PROOF, {}, 0.0, 0.0) if possible else Solution(StopReason.PROOF, None, None, None)
    lp = lp_of(model, goal)
    found = (solve_cbc if solver == "cbc" else solve_highs)(model, goal, lp, parameters, effort)
    if found.value is None or found.bound is None:
        return found
    return replace(found, bound=min(found.bound, found.value))


def _holds_at_zero(row: pulp.LpConstraint) -> bool:
    constant: float = row.constant  # the row reads 0 + constant (≤ | = | ≥) 0
    return {-1: constant <= 0, 0: constant == 0, 1: constant >= 0}[row.sense]
