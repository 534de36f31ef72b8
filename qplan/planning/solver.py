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
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

import highspy
import numpy as np
import pulp
from scipy.sparse import csc_array, csr_array

from qplan.errors import QplanError, SolverFailed
from qplan.planning.cuts import Row
from qplan.planning.formulation import Formulation, Goal, linear

FEASIBILITY_TOLERANCE = 1e-7  # absolute, on rows and integrality
CBC_PRINTED_DIGITS = 1e-5  # CBC prints bounds to 6 significant digits: what rounding may have added, relative

StopReason = Literal["proof", "gap", "nodes", "time_limit", "interrupt"]


@dataclass(frozen=True)
class Sighting:
    """Where a search stands, in the units of its goal; None while nothing is known."""

    phase: str
    value: float | None
    bound: float | None


@dataclass
class SearchLimits:
    """When to stop: relative gap, a deadline on the monotonic clock, a flag that a signal handler sets."""

    gap: float
    deadline: float
    threads: int = 1
    stop: threading.Event = field(default_factory=threading.Event)
    watch: Callable[[Sighting], None] = lambda sighting: None

    def seconds_left(self) -> float:
        return max(0.0, self.deadline - time.monotonic())

    def hit(self) -> StopReason | None:
        """The limit that ends the search now, if any does."""
        if self.stop.is_set():
            return "interrupt"
        return None if self.seconds_left() else "time_limit"


@dataclass(frozen=True)
class Solution:
    """How a search ended. `values` by variable name; `value` and `bound` in the units of the goal.

    `proof`: nothing better exists (or, without values, nothing at all). `gap`: within the gap asked for.
    """

    stopped_by: StopReason
    values: Mapping[str, float] | None
    value: float | None
    bound: float | None

    @property
    def infeasible(self) -> bool:
        return self.stopped_by == "proof" and self.values is None

    def chosen(self, variable: pulp.LpVariable) -> bool:
        """A 0/1 variable is 1 in the solution."""
        return self.values[variable.name] > 0.5


@dataclass(frozen=True)
class Effort:
    """What a search starts from and when it may stop early: a known solution's values, branch-and-bound nodes, a value."""

    start: Mapping[str, float] | None = None
    nodes: int | None = None
    target: float | None = None


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
    lp = _arrays(model, goal)
    found = (_solve_cbc if solver == "cbc" else _solve_highs)(model, goal, lp, limits, effort)
    if found.value is None:
        return found
    bound = None if found.bound is None else min(found.bound, found.value)
    return Solution(found.stopped_by, found.values, found.value, bound)


def solver_version(solver: str) -> tuple[str, str]:
    """Name and version for the record."""
    if solver == "highs":
        return "HiGHS", highspy.Highs().version()
    text = subprocess.run([_cbc_path(), "-quit"], check=False, capture_output=True, text=True, stdin=subprocess.DEVNULL).stdout
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


def _arrays(model: Formulation, goal: Goal) -> highspy.HighsLp:
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
    if effort.target is not None:
        highs.setOptionValue("objective_target", effort.target * goal.scale)
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
        ended.kObjectiveTarget: "gap",
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


def _cbc_path() -> str:
    """The CBC that PuLP brings or finds."""
    for name in ("PULP_CBC_CMD", "COIN_CMD"):
        if name in pulp.listSolvers():
            cbc = pulp.getSolver(name, msg=False)
            path = cbc.available()
            if path:
                return path if isinstance(path, str) else cbc.path
    raise SolverFailed("CBC is not installed; run `pip install 'pulp[cbc]'` or plan with --solver highs")


def _solve_cbc(
    model: Formulation, goal: Goal, lp: highspy.HighsLp, limits: SearchLimits, effort: Effort
) -> Solution:
    """CBC as a child process on an MPS file (columns are named by their index there); of the effort only the nodes count."""
    with tempfile.TemporaryDirectory(prefix="qplan-cbc-") as folder:
        mps, answer = Path(folder, "model.mps"), Path(folder, "answer.txt")
        writer = highspy.Highs()
        writer.setOptionValue("output_flag", False)
        lp.col_names_ = [f"c{i}" for i in range(lp.num_col_)]
        lp.row_names_ = [f"r{i}" for i in range(lp.num_row_)]
        writer.passModel(lp)
        writer.writeModel(str(mps))
        command = [_cbc_path(), str(mps), "-timeMode", "elapsed", "-sec", f"{max(0.01, limits.seconds_left()):.3f}"]
        command += ["-ratioGap", repr(limits.gap), "-allowableGap", "1e-9", "-primalTolerance", "1e-7"]
        if effort.nodes is not None:
            command += ["-maxNodes", str(effort.nodes)]
        command += ["-integerTolerance", "1e-7", "-solve", "-solution", str(answer)]
        log = _run_until_stopped(command, limits)
        return _cbc_ending(model, goal, log, answer, limits)


def _run_until_stopped(command: list[str], limits: SearchLimits) -> str:
    """Run the child to its end; when the user stops the search, the child is ended and gives no answer."""
    with tempfile.TemporaryFile("w+") as log:
        child = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=log, stderr=subprocess.STDOUT)
        try:
            while child.poll() is None and not limits.stop.is_set():
                time.sleep(0.02)
        finally:
            child.kill()
            child.wait()
        log.seek(0)
        text = log.read()
    if (child.returncode or not text.strip()) and not limits.stop.is_set():
        said = " ".join(text.split())[-200:] or "it said nothing"
        raise SolverFailed(f"CBC ended with code {child.returncode}: {said}")
    return text


def _cbc_ending(model: Formulation, goal: Goal, log: str, answer: Path, limits: SearchLimits) -> Solution:
    figures = {
        key: float(found[-1]) for key in ("Objective value", "Lower bound") if (found := re.findall(rf"{key}:\s+(\S+)", log))
    }
    result = re.findall(r"Result - (.+)", log)
    ending = result[-1] if result else ""
    if limits.stop.is_set():
        return Solution("interrupt", None, None, None)
    if "infeasible" in ending.lower() or (not figures and "infeasible" in log.lower()):
        return Solution("proof", None, None, None)
    bound = figures.get("Lower bound")
    if bound is not None:
        bound = (bound - CBC_PRINTED_DIGITS * abs(bound)) / goal.scale
    reason: StopReason = "gap" if ending.startswith("Optimal") else "time_limit"
    values = _cbc_values(model, answer) if answer.exists() else None
    if values is None or "Objective value" not in figures:
        return Solution(reason, None, None, bound)
    value = sum(weight * values[variable.name] for variable, weight in goal.terms) / goal.scale
    if ending.strip() == "Optimal solution found":
        return Solution("proof", values, value, value)
    return Solution(reason, values, value, bound)


def _cbc_values(model: Formulation, answer: Path) -> dict[str, float] | None:
    """Values by variable name; CBC lists only what is not zero. None where the point is marked infeasible."""
    values = {variable.name: 0.0 for variable in model.columns}
    for line in answer.read_text().splitlines()[1:]:
        if line.lstrip().startswith("**"):
            return None
        _, column, value, *_ = line.split()
        values[model.columns[int(column[1:])].name] = float(value)
    return values


def interior_point(
    model: Formulation, goal: Goal, rows: list[Row], limits: SearchLimits
) -> tuple[float, np.ndarray] | None:
    """Bound and point of the linear relaxation with further rows, in the units of the goal; None where a limit came first.

    The bound is worked out from the row duals y alone, whatever their accuracy (weak duality): Σ y · row bound +
    Σ min(0, reduced cost) · upper bound.
    """
    highs = highspy.Highs()
    lp = _arrays(model, goal)
    lp.integrality_ = []
    for option, value in {"output_flag": False, "solver": "ipm", "run_crossover": "off", "threads": 1}.items():
        highs.setOptionValue(option, value)
    highs.setOptionValue("time_limit", limits.seconds_left())
    highs.passModel(lp)
    _add_rows(highs, rows)
    highs.HandleUserInterrupt = True
    highs.startSolve()
    while not highs.wait(0.1)[0]:
        if limits.stop.is_set():
            highs.cancelSolve()
    if highs.getModelStatus() not in (highspy.HighsModelStatus.kOptimal, highspy.HighsModelStatus.kUnknown):
        return None
    solution, whole = highs.getSolution(), highs.getLp()
    lower, upper = np.array(whole.row_lower_), np.array(whole.row_upper_)
    dual = np.array(solution.row_dual)
    dual[(dual > 0) & ~np.isfinite(lower)] = 0.0
    dual[(dual < 0) & ~np.isfinite(upper)] = 0.0
    matrix = whole.a_matrix_
    shape = (len(dual), whole.num_col_)
    form = csr_array if matrix.format_ == highspy.MatrixFormat.kRowwise else csc_array
    entries = form((np.array(matrix.value_), np.array(matrix.index_), np.array(matrix.start_)), shape=shape)
    reduced = np.array(whole.col_cost_) - entries.T @ dual
    at_rows = np.where(dual > 0, lower, np.where(dual < 0, upper, 0.0))
    bound = float(dual @ at_rows + np.minimum(reduced, 0.0) @ np.array(whole.col_upper_))
    return bound / goal.scale, np.array(solution.col_value)


def _add_rows(highs: highspy.Highs, rows: list[Row]) -> None:
    """Append rows Σ ≥ least."""
    starts = np.cumsum([0, *(len(row.columns) for row in rows)])[:-1].astype(np.int32)
    columns = np.array([column for row in rows for column in row.columns], dtype=np.int32)
    weights = np.array([weight for row in rows for weight in row.weights], dtype=float)
    least = np.array([row.least for row in rows], dtype=float)
    highs.addRows(len(rows), least, np.full(len(rows), highspy.kHighsInf), len(columns), starts, columns, weights)


class Relaxation:
    """The linear relaxation of a model under a goal, solved again and again while rows are added."""

    def __init__(self, model: Formulation, goal: Goal, limits: SearchLimits):
        self.goal, self.limits = goal, limits
        self.highs = highspy.Highs()
        self.highs.setOptionValue("output_flag", False)
        self.highs.setOptionValue("threads", 1)
        self.highs.setOptionValue("primal_feasibility_tolerance", FEASIBILITY_TOLERANCE)
        lp = _arrays(model, goal)
        lp.integrality_ = []
        self.highs.passModel(lp)
        self.highs.HandleUserInterrupt = True
        self.fixed_rows = lp.num_row_

    def solve(self) -> bool | None:
        """True: solved to optimality; False: infeasible; None: a limit came first."""
        self.highs.setOptionValue("time_limit", self.highs.getRunTime() + self.limits.seconds_left())
        self.highs.startSolve()
        while not self.highs.wait(0.1)[0]:
            if self.limits.stop.is_set():
                self.highs.cancelSolve()
        status = self.highs.getModelStatus()
        if status == highspy.HighsModelStatus.kOptimal:
            return True
        return False if status == highspy.HighsModelStatus.kInfeasible else None

    def set_bounds(self, fixed: Mapping[int, tuple[float, float]], upper: np.ndarray) -> None:
        """Columns from 0 to `upper`, those `fixed` within their own bounds."""
        low, high = np.zeros(len(upper)), upper.copy()
        for column, limits in fixed.items():
            low[column], high[column] = limits
        self.highs.changeColsBounds(len(upper), np.arange(len(upper), dtype=np.int32), low, high)

    def trial(self, column: int, limits: tuple[float, float], back: tuple[float, float], iterations: int) -> float:
        """The bound after some dual simplex steps with other bounds of a column; infinite where nothing is left."""
        basis = self.highs.getBasis()
        self.highs.changeColBounds(column, *limits)
        self.highs.setOptionValue("simplex_iteration_limit", iterations)
        self.highs.run()
        empty = self.highs.getModelStatus() == highspy.HighsModelStatus.kInfeasible
        bound = math.inf if empty else self.bound
        self.highs.setOptionValue("simplex_iteration_limit", highspy.kHighsIInf)
        self.highs.changeColBounds(column, *back)
        self.highs.setBasis(basis)
        return bound

    @property
    def bound(self) -> float:
        """Value of the relaxation, in the units of the goal."""
        return self.highs.getInfo().objective_function_value / self.goal.scale

    @property
    def point(self) -> np.ndarray:
        return np.array(self.highs.getSolution().col_value)

    @property
    def reduced_costs(self) -> np.ndarray:
        """Per column, in the units of the goal: what its value of 1 adds to the bound at least."""
        return np.array(self.highs.getSolution().col_dual) / self.goal.scale

    def add(self, rows: list[Row]) -> None:
        """Append rows Σ ≥ least."""
        _add_rows(self.highs, rows)

    def drop_slack(self) -> list[bool]:
        """Take out added rows that are slack with no dual value; says for each added row whether it stays."""
        solution = self.highs.getSolution()
        duals = np.array(solution.row_dual)[self.fixed_rows:]
        keep = np.abs(duals) > 1e-9
        gone = np.flatnonzero(~keep) + self.fixed_rows
        if len(gone):
            self.highs.deleteRows(len(gone), gone.astype(np.int32))
        return list(keep)
