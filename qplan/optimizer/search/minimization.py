"""One minimisation: a plan without the solver, relaxations, branch and cut, then rounds with the exact model.

Each step starts from the plan and the bound of the one before; the first that brings them together is the last. A step
that fails by a defect, of qplan or of a solver, gives nothing, and that is said; the others go on. Where a cut excludes
a plan that holds, no bound by cuts is believed any more, and the exact model alone goes on. Where the time is over in
the middle of a step, what the steps before have found stands.
"""

from __future__ import annotations

from dataclasses import replace

from qplan.errors import SolverFailed
from qplan.optimizer.cuts.witnesses import UnsoundCut
from qplan.optimizer.heuristics.guided_search import guiding_prices
from qplan.optimizer.limits import StopReason, stop_reason
from qplan.optimizer.model.stage import Found, Task, better, ending
from qplan.optimizer.search.bound_steps import (
    ArcFlowRelaxation,
    Branching,
    CorridorsAlone,
    ExactModel,
    FlowBranching,
    LayeredRelaxation,
    RootRelaxation,
    Rounds,
    ShadowedRelaxation,
    SimplexRelaxation,
)
from qplan.optimizer.search.plan_steps import FirstPlan, GuidedPlan, OnePiecePlan, ServeMore
from qplan.optimizer.search.standing import Minimization, Standing, Step, met
from qplan.time_budget import OutOfTime

LAST: tuple[Step, ...] = (ExactModel(),)
STEPS: tuple[Step, ...] = (
    FirstPlan(),
    ServeMore(),
    CorridorsAlone(),
    ArcFlowRelaxation(several=True),
    FlowBranching(),
    OnePiecePlan(),
    RootRelaxation(),
    LayeredRelaxation(),
    ArcFlowRelaxation(several=False),
    FlowBranching(),
    GuidedPlan(),
    SimplexRelaxation(),
    ShadowedRelaxation(),
    Branching(),
    Rounds(),
    *LAST,
)


def minimize(task: Task, steps: tuple[Step, ...] = STEPS, known: bool = False) -> Found:
    """Minimise the stage's goal over all designs that serve the required corridors.

    Raises what failed last (SolverFailed, or a defect of qplan) where no plan came of it and none was `known` before.
    """
    try:
        model = task.design_model()
        goal = task.stage.goal(model)
    except OutOfTime:
        return Found(_end_of_time(task), None, None)
    search = Minimization(task, model, goal, guiding_prices(task, goal))
    return _conclude(task, _take_steps(search, steps, known))


def _take_steps(search: Minimization, steps: tuple[Step, ...], known: bool) -> Standing:
    standing, failed, left = Standing(), StopReason.SOLVER_FAILED, list(steps)
    while left and standing.ended is None and not met(search.task, standing):
        step = left.pop(0)
        try:
            if step.wanted(search, standing):
                standing = step.take(search, standing)
        except OutOfTime:
            standing = replace(standing, ended=_end_of_time(search.task))
        except UnsoundCut as unsound:
            incumbent = better(unsound.incumbent, standing.incumbent)
            standing = Standing(incumbent, notes=(*standing.notes, str(unsound)))
            failed, left = StopReason.UNSOUND_CUT, list(LAST)
        except Exception as defect:
            if not (left or known or standing.incumbent):
                raise
            standing = replace(standing, notes=(*standing.notes, _tell(step, defect)))
    if standing.ended is None and not met(search.task, standing):
        return replace(standing, ended=failed)
    return standing


def _end_of_time(task: Task) -> StopReason:
    return stop_reason(task.clock) or StopReason.TIME_LIMIT


def _tell(step: Step, defect: Exception) -> str:
    what = str(defect) if isinstance(defect, SolverFailed) else f"{type(defect).__name__}: {defect}"
    return f"The {step.name} failed ({what}): a defect, please report it. What it would have given is missing."


def _conclude(task: Task, standing: Standing) -> Found:
    incumbent, bound, reason = standing.incumbent, standing.bound, standing.ended
    if incumbent is not None and bound is not None and reason is None:
        bound = min(task.least(bound), incumbent.value)
        reason = ending(incumbent.value, bound)
    return Found(reason or StopReason.SOLVER_FAILED, incumbent, bound, standing.method, standing.notes)
