"""The steps of one minimisation that look for plans: each takes where it stands, and gives where it stands then."""

from __future__ import annotations

from dataclasses import replace

from qplan.optimizer.cuts.components import components, trees_bind
from qplan.optimizer.heuristics.guided_search import GuidedSearch, shake
from qplan.optimizer.limits import Sighting, StopReason, stop_reason
from qplan.optimizer.model.objectives import PRIORITY
from qplan.optimizer.model.stage import better
from qplan.optimizer.search.guidance import (
    CLOSE,
    CLOSE_WITH_TREES,
    GUIDED_SHARE,
    NEAR,
    guide,
    links_in_use,
    near,
    sketch,
)
from qplan.optimizer.search.root import relax_root
from qplan.optimizer.search.standing import Minimization, Standing, met

FIRST_PLAN_SHARE = 0.1  # of the time left, at the most, goes to improving the first plan: what guides comes later
SERVE_MORE_SHARE = 0.2  # of the time left, at the most, goes to other choices of optional corridors
ONE_PIECE_SHARE = 0.2  # of the time left, at the most, goes to the relaxation for designs in one piece


class FirstPlan:
    """The plan to start from, by local search: an earlier one if it holds, else one made corridor by corridor."""

    name = "local search"

    def wanted(self, search: Minimization, standing: Standing) -> bool:
        return True

    def take(self, search: Minimization, standing: Standing) -> Standing:
        task, start = search.task, search.task.start
        earlier = None if start.design is None else task.incumbent(start.design)
        planner = GuidedSearch(task, search.prices)
        on_earlier = planner.plan(task.served, dict.fromkeys(start.links, 1.0), {}) if start.links else None
        of_stage_before = None if task.before is None else task.incumbent(task.before)
        incumbent = better(earlier, of_stage_before, on_earlier, planner.plan(task.served, {}, {}))
        if incumbent is None:  # patched routes of some corridors may have taken the strands that others need
            unpatched = [link.id for link in task.candidates.links if not link.route.bypass_sites]
            incumbent = GuidedSearch(task, search.prices, unpatched).plan(task.served, {}, {})
        if incumbent is None:
            return standing
        task.parameters.watch(Sighting(f"{search.goal.name}, local search", incumbent.value, None))
        return replace(standing, incumbent=planner.improve(incumbent, task.clock.share(FIRST_PLAN_SHARE)))


class ServeMore:
    """Where a budget leaves optional corridors out: others in their place, by local search."""

    name = "exchange of corridors"

    def wanted(self, search: Minimization, standing: Standing) -> bool:
        return search.goal.name == PRIORITY and standing.incumbent is not None

    def take(self, search: Minimization, standing: Standing) -> Standing:
        assert standing.incumbent is not None
        served = search.model.served
        if all(q.served or not served[q.id].upBound for q in standing.incumbent.design.corridors):
            return standing
        planner = GuidedSearch(search.task.part(SERVE_MORE_SHARE), search.prices)
        return replace(standing, incumbent=planner.serve_more(standing.incumbent))


class OnePiecePlan:
    """A plan guided by the relaxation for designs in one piece, which is soon solved and often not far off."""

    name = "relaxation in one piece"

    def wanted(self, search: Minimization, standing: Standing) -> bool:
        inventory = search.task.inventory
        return standing.incumbent is not None and len(components(inventory)) > 1 and trees_bind(inventory)

    def take(self, search: Minimization, standing: Standing) -> Standing:
        task, incumbent = search.task, standing.incumbent
        assert incumbent is not None
        model = task.design_model()
        parameters = task.parameters.part(ONE_PIECE_SHARE)

        def watch(sighting: Sighting) -> None:  # its bound is none of the plan's
            task.parameters.watch(replace(sighting, value=incumbent.value, bound=None))

        root = relax_root(model, task.stage.goal(model), replace(parameters, watch=watch), None, joined=True)
        if root.bound is None:
            return standing
        found = better(incumbent, sketch(task, model, search.prices, replace(root, incumbent=incumbent))) or incumbent
        if not near(found, root.bound, CLOSE_WITH_TREES):
            liked = links_in_use(found, model.values(root.point, model.link))
            found = shake(task.part(ONE_PIECE_SHARE), search.prices, found, liked, root.bound)
        return replace(standing, incumbent=found)


class GuidedPlan:
    """A plan by local search, guided by the root relaxation where nothing says more."""

    name = "guided local search"

    def wanted(self, search: Minimization, standing: Standing) -> bool:
        return standing.root is not None and standing.bound is not None and standing.method == standing.root.method

    def take(self, search: Minimization, standing: Standing) -> Standing:
        model, root = search.model, standing.root
        assert root is not None
        task = search.task
        if root.halved or (root.layered and not search.layers_are_many):
            task = task.part(GUIDED_SHARE)
        links, sites = model.values(root.point, model.link), model.values(root.point, model.relay)
        close = CLOSE if root.witnesses.lifts.trees.extra is None else CLOSE_WITH_TREES
        if root.layered:  # which slows branching
            close = NEAR
        known, bound = standing.incumbent, standing.bound
        found = guide(task, search.prices, known, links, sites, bound, close, few=root.halved, lasting=root.layered)
        incumbent = better(standing.incumbent, found)
        root.witnesses.learn(incumbent, standing.rows)
        standing = replace(standing, incumbent=incumbent)
        if incumbent is not None and root.cut_short and root.relaxation.approximate and not met(task, standing):
            # too large to be branched on in what is left of the time
            return replace(standing, ended=stop_reason(search.task.clock) or StopReason.TIME_LIMIT)
        return standing
