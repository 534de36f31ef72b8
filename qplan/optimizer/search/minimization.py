"""One minimisation: a plan without the solver, relaxations, branch and cut, then rounds with the exact model.

Each step starts from the plan and the bound of the one before; the first that brings them together is the last.
"""

from __future__ import annotations

from qplan.optimizer.cuts.witnesses import UnsoundCut
from qplan.optimizer.heuristics.guided_search import guiding_prices
from qplan.optimizer.limits import StopReason
from qplan.optimizer.model.stage import Found, Task, ending
from qplan.optimizer.search.steps import (
    ArcFlowRelaxation,
    Branching,
    FirstPlan,
    GuidedPlan,
    Minimization,
    OnePiecePlan,
    RootRelaxation,
    Rounds,
    Standing,
    Step,
    met,
)

STEPS: tuple[Step, ...] = (
    FirstPlan(),
    OnePiecePlan(),
    RootRelaxation(),
    GuidedPlan(),
    ArcFlowRelaxation(),
    Branching(),
    Rounds(),
)


def minimize(task: Task, steps: tuple[Step, ...] = STEPS) -> Found:
    """Minimise the stage's goal over all designs that serve the required corridors.

    A cut that excludes a plan known is a defect of the program: the plan is kept, the bound is not.
    """
    model = task.design_model()
    goal = task.stage.goal(model)
    search = Minimization(task, model, goal, guiding_prices(task, goal))
    try:
        return _conclude(task, _take_steps(search, steps))
    except UnsoundCut as unsound:
        return Found(StopReason.UNSOUND_CUT, unsound.incumbent, None, note=str(unsound))


def _take_steps(search: Minimization, steps: tuple[Step, ...]) -> Standing:
    standing = Standing()
    for step in steps:
        if standing.ended is not None or met(search.task, standing):
            break
        if step.wanted(search, standing):
            standing = step.take(search, standing)
    return standing


def _conclude(task: Task, standing: Standing) -> Found:
    incumbent, bound, reason = standing.incumbent, standing.bound, standing.ended
    if incumbent is not None and bound is not None and reason is None and met(task, standing):
        reason, bound = ending(incumbent.value, bound), min(bound, incumbent.value)
    return Found(reason or StopReason.TIME_LIMIT, incumbent, bound, standing.method)
