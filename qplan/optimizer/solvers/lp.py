"""PuLP's model as arrays for HiGHS, and as a file in LP format."""

from __future__ import annotations

import math
import tempfile
from pathlib import Path

import highspy
import numpy as np

from qplan.errors import QplanError
from qplan.files import write_where_named
from qplan.optimizer.model.formulation import Formulation, linear
from qplan.optimizer.model.objectives import Goal


def write_lp(model: Formulation, goal: Goal, path: Path) -> None:
    """The model with readable names and the goal in its own unit, in LP format.

    Raises QplanError where it cannot be written.
    """
    costs = linear([(variable, weight / goal.scale) for variable, weight in goal.terms])
    model.problem.setObjective(costs + goal.constant)
    try:
        with tempfile.TemporaryDirectory(prefix="qplan-") as folder:
            model.problem.writeLP(f"{folder}/model.lp", max_length=100_000)
            write_where_named(path, (Path(folder) / "model.lp").read_bytes())
    except OSError as error:
        raise QplanError(f"cannot write {path}: {error.strerror}") from error


def lp_of(model: Formulation, goal: Goal) -> highspy.HighsLp:
    """PuLP's rows and columns as one HiGHS model, in the order in which they were made. Raises OutOfTime."""
    index = model.index()
    starts, columns = [0], list[int]()
    weights, lower, upper = list[float](), list[float](), list[float]()
    for row in model.problem.constraints():
        model.clock.check()
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
