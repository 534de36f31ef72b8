"""The arc-flow model in PuLP, solved by HiGHS and by CBC. Status, value and bound are read from the solvers themselves:
PuLP calls a run that a time limit ended "Optimal", and knows no bounds."""

from __future__ import annotations

import math
import re
import subprocess
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

import highspy
import pulp
from benchmarks.arcflow import ArcFlow

CBC_PRINTED_DIGITS = 1e-5  # CBC prints bounds to 6 significant digits
CBC_GRACE_S = 10.0


@dataclass(frozen=True)
class Ending:
    """How a solver ended: a bound (None where none is known) and the columns' values (None without a solution)."""

    stopped_by: str  # "gap" | "time_limit" | "infeasible" | what the solver says
    bound: float | None
    values: list[float] | None


def write_mps(model: ArcFlow, file: Path) -> None:
    """Hold the model in PuLP and write it; columns are named after their index."""
    problem = pulp.LpProblem("arcflow", pulp.LpMinimize)
    columns = [problem.add_variable(f"c{i}", 0, most, "Integer") for i, most in enumerate(model.most)]
    build = getattr(pulp.LpAffineExpression, "from_list", pulp.LpAffineExpression)  # PuLP 4, PuLP 3
    problem.setObjective(build([(columns[i], cost) for i, cost in enumerate(model.cost) if cost]))
    for terms, lower, upper in model.rows:
        total = build([(columns[i], weight) for i, weight in terms])
        problem += total == upper if lower == upper else total <= upper
    problem.writeMPS(str(file))


def solve_highs(model: ArcFlow, gap: float, deadline: float, threads: int) -> Ending:
    with tempfile.TemporaryDirectory() as folder:
        mps = Path(folder, "model.mps")
        write_mps(model, mps)
        highs = highspy.Highs()
        highs.setOptionValue("output_flag", False)
        highs.readModel(str(mps))
    seconds = max(0.01, deadline - time.monotonic())
    options = {"threads": threads, "mip_rel_gap": gap, "mip_abs_gap": 1e-9, "time_limit": seconds}
    for option, value in options.items():
        highs.setOptionValue(option, value)
    highs.run()
    status, info = highs.getModelStatus(), highs.getInfo()
    ended = highspy.HighsModelStatus
    reasons = {ended.kOptimal: "gap", ended.kTimeLimit: "time_limit", ended.kInfeasible: "infeasible"}
    bound = info.mip_dual_bound + model.fixed_cost if math.isfinite(info.mip_dual_bound) else None
    values = None
    if info.primal_solution_status == 2:  # a feasible point
        at = dict(zip(highs.getLp().col_names_, highs.getSolution().col_value, strict=True))
        values = [at.get(f"c{i}", 0.0) for i in range(len(model.cost))]
    return Ending(reasons.get(status, highs.modelStatusToString(status)), bound, values)


def solve_cbc(model: ArcFlow, gap: float, deadline: float, threads: int) -> Ending:
    with tempfile.TemporaryDirectory() as folder:
        mps, answer = Path(folder, "model.mps"), Path(folder, "answer.txt")
        write_mps(model, mps)
        seconds = max(0.01, deadline - time.monotonic())
        command = [_cbc(), str(mps), "-timeMode", "elapsed", "-sec", f"{seconds:.2f}", "-ratioGap", repr(gap)]
        command += ["-allowableGap", "1e-9", "-threads", str(threads), "-solve", "-solution", str(answer)]
        log = _log_of(command, seconds + CBC_GRACE_S)
        values = _cbc_values(answer, len(model.cost)) if answer.exists() else None
    ending = (re.findall(r"Result - (.+)", log) or ["no result"])[-1].strip()
    optimum = re.findall(r"Objective value:\s+(\S+)", log)
    lower = re.findall(r"Lower bound:\s+(\S+)", log) or (optimum if ending == "Optimal solution found" else [])
    lower = lower or re.findall(r"Continuous objective value is (\S+)", log)
    bound = float(lower[-1]) if lower else None
    if bound is not None:
        bound = bound - CBC_PRINTED_DIGITS * abs(bound) + model.fixed_cost if abs(bound) < 1e15 else None
    if "infeasible" in ending.lower():
        return Ending("infeasible", None, None)
    return Ending("gap" if ending.startswith("Optimal") else "time_limit", bound, values if optimum else None)


def _log_of(command: list[str], seconds: float) -> str:
    """What CBC prints; ended from outside where it does not heed its limit (it does not in some phases)."""
    with tempfile.TemporaryFile("w+") as log:
        child = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=log, stderr=subprocess.STDOUT)
        try:
            child.wait(seconds)
        except subprocess.TimeoutExpired:
            child.kill()
            child.wait()
        log.seek(0)
        return log.read()


def _cbc() -> str:
    """The CBC that PuLP brings or finds."""
    for name in ("PULP_CBC_CMD", "COIN_CMD"):
        if name in pulp.listSolvers(onlyAvailable=True):
            return str(pulp.getSolver(name, msg=False).path)
    raise RuntimeError("CBC is not installed; run `pip install 'pulp[cbc]'`")


def _cbc_values(answer: Path, columns: int) -> list[float] | None:
    """CBC lists only what is not zero; None where it marks the point infeasible."""
    values = [0.0] * columns
    for line in answer.read_text().splitlines()[1:]:
        if line.lstrip().startswith("**"):
            return None
        _, column, value, *_ = line.split()
        values[int(column[1:])] = float(value)
    return values
