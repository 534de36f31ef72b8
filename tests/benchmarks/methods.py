"""What is compared, behind one signature: an inventory and limits in, an outcome out.

Every method starts from the inventory, works out the candidate links with the same code, and is held to the same
deadline, its model building included. A design counts only when qplan's verifier accepts it.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

from benchmarks import mip
from benchmarks.arcflow import arc_flow, paths_in
from benchmarks.designs import REF, plan_of
from benchmarks.greedy import greedy
from benchmarks.problem import problem_of

from qplan.candidates.links import enumerate_candidates
from qplan.candidates.model import CandidateGraph
from qplan.inventory.model import Inventory
from qplan.optimizer.limits import SearchParameters, Sighting
from qplan.optimizer.planner import optimize
from qplan.plan.model import Plan
from qplan.plan.verify.verifier import verify
from qplan.time_budget import TimeBudget

TESTS = Path(__file__).parents[1]  # where `benchmarks` is imported from


@dataclass(frozen=True)
class Limits:
    gap: float
    deadline: float  # on the monotonic clock
    threads: int
    verbose: bool = False


@dataclass(frozen=True)
class Outcome:
    """What a method found: `value` of a design that holds, and a bound; None where there is none."""

    stopped_by: str
    links: int  # candidates
    value: float | None
    bound: float | None
    verified: bool | None  # None: no design
    notes: tuple[str, ...] = ()


def qplan(inventory: Inventory, limits: Limits) -> Outcome:
    began = time.monotonic()
    last = Sighting("", None, None)

    def watch(sighting: Sighting) -> None:
        nonlocal last
        if limits.verbose and sighting != last:
            last = sighting
            seconds = time.monotonic() - began
            print(f"{seconds:8.1f} s  {last.phase}: best {last.value}, bound {last.bound}", file=sys.stderr)

    asked = SearchParameters(limits.gap, TimeBudget(limits.deadline), limits.threads, watch)
    result = optimize(inventory, REF, "highs", asked)
    search, plan = result.search, result.plan
    held = None if plan is None else not verify(inventory, plan)
    value = search.value if held else None
    return Outcome(search.stopped_by, len(result.candidates.links), value, search.bound, held, search.notes)


def heuristic(inventory: Inventory, limits: Limits) -> Outcome:
    graph = enumerate_candidates(inventory)
    ways = greedy(problem_of(inventory, graph), limits.deadline)
    paths = ways and {q: [[link.id for link, _ in way] for way in found] for q, found in ways.items()}
    return _judged(inventory, graph, paths, "greedy", "end" if paths else "no way found", None)


def arc_flow_mip(inventory: Inventory, limits: Limits, strong: bool, solver: str) -> Outcome:
    graph = enumerate_candidates(inventory)
    model = arc_flow(problem_of(inventory, graph), strong)
    solve = mip.solve_highs if solver == "highs" else mip.solve_cbc
    ending = solve(model, limits.gap, limits.deadline, limits.threads)
    paths = None if ending.values is None else paths_in(model, ending.values)
    return _judged(inventory, graph, paths, solver, ending.stopped_by, ending.bound)


def cp_sat(inventory: Inventory, limits: Limits) -> Outcome:
    graph = enumerate_candidates(inventory)
    with tempfile.TemporaryDirectory() as folder:
        source, target = Path(folder, "problem.json"), Path(folder, "answer.json")
        source.write_text(problem_of(inventory, graph).to_json())
        seconds = limits.deadline - time.monotonic()
        command = [sys.executable, "-m", "benchmarks.cpsat", str(source), str(target)]
        command += [repr(limits.gap), repr(seconds), str(limits.threads)]
        subprocess.run(command, check=True, cwd=TESTS)
        answer = json.loads(target.read_text())
    return _judged(inventory, graph, answer["paths"], "CP-SAT", answer["stopped_by"], answer["bound"])


def _judged(
    inventory: Inventory, graph: CandidateGraph, paths: dict[str, list[list[str]]] | None, solver: str, stopped_by: str,
    bound: float | None,
) -> Outcome:  # fmt: skip
    """The outcome of a baseline; its value is the verified cost of its paths, not what its solver says."""
    if paths is None:
        return Outcome(stopped_by, len(graph.links), None, bound, None)
    plan: Plan = plan_of(inventory, graph, paths, solver)
    violations = verify(inventory, plan)
    notes = tuple(violation.text() for violation in violations[:3])
    return Outcome(stopped_by, len(graph.links), None if violations else plan.costs.capex, bound, not violations, notes)


METHODS = {
    "qplan": qplan,
    "greedy": heuristic,
    "weak-cbc": lambda inventory, limits: arc_flow_mip(inventory, limits, False, "cbc"),
    "weak-highs": lambda inventory, limits: arc_flow_mip(inventory, limits, False, "highs"),
    "strong-cbc": lambda inventory, limits: arc_flow_mip(inventory, limits, True, "cbc"),
    "strong-highs": lambda inventory, limits: arc_flow_mip(inventory, limits, True, "highs"),
    "cp-sat": cp_sat,
}
