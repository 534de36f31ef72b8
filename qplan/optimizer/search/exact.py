"""The exact model on the solver: the whole of it, on some links and within some subproblems, or of one corridor."""

from __future__ import annotations

from dataclasses import replace

from qplan.candidates.prices import Prices
from qplan.errors import SolverFailed
from qplan.optimizer.cuts.witnesses import start_values
from qplan.optimizer.heuristics.guided_search import GuidedSearch
from qplan.optimizer.limits import StopReason, watch_nothing
from qplan.optimizer.model.decode import assemble
from qplan.optimizer.model.design_rows import exclude_overrun, tighten_budget
from qplan.optimizer.model.formulation import Formulation
from qplan.optimizer.model.objectives import Goal
from qplan.optimizer.model.path_rows import formulate
from qplan.optimizer.model.solution import Effort, Solution
from qplan.optimizer.model.stage import Found, Incumbent, Task, better
from qplan.optimizer.solvers.solver import solve

NOT_A_PLAN = "the solver's plan does not keep to the budget or to what an earlier stage has found"
IMPOSSIBLE = "the solver calls impossible what a plan shows to be possible"
ROUTING_SUBPROBLEMS = 500  # of branch and bound in one routing of a design


def solve_exactly(task: Task, incumbent: Incumbent | None) -> Found:
    """The best plan by the exact model alone, from a plan known. Raises SolverFailed."""
    model = task.exact_model()
    start = None if incumbent is None else start_values(model, incumbent.design)
    found, design = _solve(task, model, Effort(start=start))
    if design is None and found.values is not None:
        tighten_budget(model)
        found, design = _solve(task, model, Effort(start=start))
    while design is None and found.values is not None and exclude_overrun(model, found.values):
        found, design = _solve(task, model, Effort(start=start))
    if found.infeasible:
        if incumbent is not None:
            raise SolverFailed(IMPOSSIBLE)
        return Found(StopReason.PROOF, None, None)
    incumbent = better(incumbent, design)
    if incumbent is None and found.values is not None:
        raise SolverFailed(NOT_A_PLAN)
    bound = found.bound if incumbent is None or found.bound is None else min(found.bound, incumbent.value)
    return Found(found.stopped_by, incumbent, bound)


def _solve(task: Task, model: Formulation, effort: Effort) -> tuple[Solution, Incumbent | None]:
    found = solve(model, task.stage.goal(model), task.solver, task.parameters, effort)
    return found, read_design(task, model, found)


def read_design(task: Task, model: Formulation, found: Solution) -> Incumbent | None:
    """The design of a solution of the exact model, if there is one and it keeps to the budget and earlier stages."""
    return None if found.values is None else task.incumbent(assemble(model, found))


def route(task: Task) -> Incumbent | None:
    """The best plan on the links of the task, by the exact model and within a number of subproblems."""
    model = task.exact_model()
    parameters = replace(task.parameters, watch=watch_nothing)
    effort = Effort(subproblems=ROUTING_SUBPROBLEMS)
    return _solve(replace(task, parameters=parameters), model, effort)[1]


def served_alone(task: Task, q: str, prices: Prices) -> bool | None:
    """Whether the corridor alone finds its paths on the task's links; None where that was not decided in time."""
    alone = task.requiring([q])
    if GuidedSearch(alone, prices).routable_alone(q):
        return True
    model = formulate(alone.inventory, alone.candidates, task.clock)
    parameters = replace(task.parameters, gap=0.0, watch=watch_nothing)
    found = solve(model, Goal("paths", (), 1.0, prices), task.solver, parameters)
    return True if found.values is not None else False if found.infeasible else None
