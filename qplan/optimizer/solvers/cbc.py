"""CBC as a child process: the second solver, by the files and the log that it writes."""

from __future__ import annotations

import re
import subprocess
import tempfile
import time
from pathlib import Path

import highspy
import pulp

from qplan.errors import SolverFailed
from qplan.optimizer.limits import SearchParameters, StopReason
from qplan.optimizer.model.formulation import Formulation
from qplan.optimizer.model.objectives import Goal
from qplan.optimizer.model.solution import Effort, Solution
from qplan.optimizer.solvers.session import Session
from qplan.time_budget import TimeBudget

GRACE_S = 1.0  # after its time limit, in which CBC is to end by itself
PRINTED_DIGITS = 1e-5  # CBC prints bounds to 6 significant digits: what rounding may have added, relative


def cbc_path() -> str:
    """The CBC that PuLP brings or finds."""
    for name in ("PULP_CBC_CMD", "COIN_CMD"):
        if name in pulp.listSolvers():
            cbc = pulp.getSolver(name, msg=False)
            path = cbc.available()
            if path:
                return path if isinstance(path, str) else cbc.path
    raise SolverFailed("CBC is not installed; run `pip install 'pulp[cbc]'` or plan with --solver highs")


def solve_cbc(
    model: Formulation, goal: Goal, lp: highspy.HighsLp, parameters: SearchParameters, effort: Effort
) -> Solution:
    """CBC as a child process on an MPS file, with columns named by their index; of the effort the start is left out.

    What it calls infeasible is solved once more without presolve. Raises SolverFailed.
    """
    with tempfile.TemporaryDirectory(prefix="qplan-cbc-") as folder:
        lp.col_names_ = [f"c{i}" for i in range(lp.num_col_)]
        lp.row_names_ = [f"r{i}" for i in range(lp.num_row_)]
        Session(lp, {}).write(f"{folder}/model.mps")
        found = _solve(model, goal, Path(folder), parameters, effort)
        if found.infeasible:
            found = _solve(model, goal, Path(folder), parameters, effort, "-preprocess", "off", "-presolve", "off")
        return found


def _solve(
    model: Formulation, goal: Goal, folder: Path, parameters: SearchParameters, effort: Effort, *options: str
) -> Solution:
    mps, answer, clock = folder / "model.mps", folder / "answer.txt", parameters.clock
    seconds = f"{max(0.01, clock.seconds_left()):.3f}"
    command = [cbc_path(), str(mps), "-timeMode", "elapsed", "-sec", seconds, *options]
    command += ["-ratioGap", repr(parameters.gap), "-allowableGap", "1e-9", "-primalTolerance", "1e-7"]
    if effort.subproblems is not None:
        command += ["-maxNodes", str(effort.subproblems)]
    command += ["-integerTolerance", "1e-7", "-solve", "-solution", str(answer)]
    log = run_until_stopped(command, clock)
    if log is None:
        return Solution(StopReason.INTERRUPT if clock.interrupted else StopReason.TIME_LIMIT, None, None, None)
    return _ending(model, goal, log, answer)


def run_until_stopped(command: list[str], clock: TimeBudget) -> str | None:
    """Run the child to its end and give what it said; None where it was ended, by the user or long after its time."""
    with tempfile.TemporaryFile("w+") as log:
        child = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=log, stderr=subprocess.STDOUT)
        stopped = False
        try:
            while child.poll() is None and not stopped:
                time.sleep(0.02)
                stopped = clock.interrupted or clock.seconds_over() > GRACE_S
        finally:
            child.kill()
            child.wait()
        log.seek(0)
        text = log.read()
    if stopped:
        return None
    if child.returncode or not text.strip():
        said = " ".join(text.split())[-200:] or "it said nothing"
        raise SolverFailed(f"CBC ended with code {child.returncode}: {said}")
    return text


def _ending(model: Formulation, goal: Goal, log: str, answer: Path) -> Solution:
    printed = {key: re.findall(rf"{key}:\s+(\S+)", log) for key in ("Objective value", "Lower bound")}
    figures = {key: float(numbers[-1]) for key, numbers in printed.items() if numbers}
    result = re.findall(r"Result - (.+)", log)
    ending = result[-1] if result else ""
    if "infeasible" in ending.lower() or (not figures and "infeasible" in log.lower()):
        return Solution(StopReason.PROOF, None, None, None)
    bound = figures.get("Lower bound")
    if bound is not None:
        bound = goal.to_domain(bound - PRINTED_DIGITS * abs(bound))
    reason = StopReason.GAP if ending.startswith("Optimal") else StopReason.TIME_LIMIT
    values = _values(model, answer) if answer.exists() else None
    if values is None or "Objective value" not in figures:
        return Solution(reason, None, None, bound)
    value = goal.to_domain(sum(weight * values[variable.name] for variable, weight in goal.terms))
    if ending.strip() == "Optimal solution found":
        return Solution(StopReason.PROOF, values, value, value)
    return Solution(reason, values, value, bound)


def _values(model: Formulation, answer: Path) -> dict[str, float] | None:
    """Values by variable name; CBC lists only what is not zero. None where the point is marked infeasible."""
    values = {variable.name: 0.0 for variable in model.columns}
    for line in answer.read_text().splitlines()[1:]:
        if line.lstrip().startswith("**"):
            return None
        _, column, value, *_ = line.split()
        values[model.columns[int(column[1:])].name] = float(value)
    return values
