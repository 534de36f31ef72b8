"""The arc-flow model in CP-SAT, as a program of its own: ortools and highspy cannot be loaded into one process.

`python -m benchmarks.cpsat PROBLEM.json ANSWER.json GAP SECONDS THREADS`
"""

from __future__ import annotations

import json
import sys
import time
from pathlib import Path

from benchmarks.arcflow import arc_flow, paths_in
from benchmarks.problem import Problem
from ortools.sat.python import cp_model

WEIGHT_SCALE = 10**6  # CP-SAT wants integers; rates are exact to 1e-6


def answer(problem: Problem, gap: float, deadline: float, threads: int) -> dict:
    """Paths (or None), bound and what ended the search. Loads are rounded down, a share of 1e-6 of a rate."""
    flow = arc_flow(problem, strong=True)
    model = cp_model.CpModel()
    columns = [model.new_int_var(0, most, f"c{i}") for i, most in enumerate(flow.most)]
    for terms, lower, upper in flow.rows:
        whole = all(float(weight).is_integer() for _, weight in terms)
        scale = 1 if whole else WEIGHT_SCALE
        weights = [int(weight * scale) for _, weight in terms]
        total = cp_model.LinearExpr.weighted_sum([columns[i] for i, _ in terms], weights)
        model.add(total == int(upper) if lower == upper else total <= int(upper * scale))
    priced = [(columns[i], round(cost)) for i, cost in enumerate(flow.cost) if cost]
    model.minimize(cp_model.LinearExpr.weighted_sum(*zip(*priced, strict=True)))
    solver = cp_model.CpSolver()
    solver.parameters.num_workers = threads
    solver.parameters.relative_gap_limit = gap
    solver.parameters.max_time_in_seconds = max(0.01, deadline - time.monotonic())
    status = solver.solve(model)
    found = status in (cp_model.OPTIMAL, cp_model.FEASIBLE)
    reasons = {cp_model.OPTIMAL: "gap", cp_model.INFEASIBLE: "infeasible"}
    return {
        "paths": paths_in(flow, [solver.value(column) for column in columns]) if found else None,
        "bound": solver.best_objective_bound + flow.fixed_cost,
        "stopped_by": reasons.get(status, "time_limit"),
    }


if __name__ == "__main__":
    began = time.monotonic()
    source, target, allowed, seconds, workers = sys.argv[1:]
    found = answer(Problem.from_json(Path(source).read_text()), float(allowed), began + float(seconds), int(workers))
    Path(target).write_text(json.dumps(found))
