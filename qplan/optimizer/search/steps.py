"""The steps of one minimisation: each takes where it stands, and gives where it stands then.

The first steps know the paths of no corridor; what they find (bounds, cuts, plans) holds for the whole model all the
same.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import partial

from qplan.optimizer.cuts.trees import components, trees_bind
from qplan.optimizer.cuts.witnesses import UnsoundCut
from qplan.optimizer.heuristics.guided_search import GuidedSearch, shake
from qplan.optimizer.limits import Sighting, StopReason, stop_reason
from qplan.optimizer.model.objectives import PRIORITY
from qplan.optimizer.model.stage import better, highest
from qplan.optimizer.search.arc_flow import arc_flow
from qplan.optimizer.search.benders_loop import BendersLoop
from qplan.optimizer.search.branch_and_cut import BranchAndCut
from qplan.optimizer.search.exact import served_alone, solve_exactly
from qplan.optimizer.search.flow_branching import branch_on_flows, say_more, too_large
from qplan.optimizer.search.guidance import (
    CLOSE,
    CLOSE_WITH_TREES,
    NEAR,
    guide,
    guide_on_support,
    links_in_use,
    links_not_fixed,
    near,
    promising_links,
    sketch,
    until_near,
)
from qplan.optimizer.search.root import Root, by_simplex, go_on, relax_root
from qplan.optimizer.search.standing import Minimization, Standing, met

FIRST_PLAN_SHARE = 0.1  # of the time left, at the most, goes to improving the first plan: what guides comes later
ALONE_SHARE = 0.3  # of the time left, at the most, goes to corridors one by one
SERVE_MORE_SHARE = 0.2  # of the time left, at the most, goes to other choices of optional corridors
ONE_PIECE_SHARE = 0.2  # of the time left, at the most, goes to the relaxation for designs in one piece
ROOT_SHARE = 0.85  # of the time left, at the most, goes to the root
ROOT_SHARE_BEFORE_FLOWS, ROOT_SHARE_AFTER_FLOWS = 0.4, 0.5  # the same where flows stand on its cuts, and thereafter
ARC_FLOW_SHARE = 0.75  # of the time left, at the most, goes to the bound of the arc flow
ARC_FLOW_SHARE_WITH_RATES = 0.5  # the same where rates bind: plans are far from it, and take time
FLOW_GUIDED_SHARE = 0.8  # of the time left then, at the most, goes to the plan that it guides where cuts follow
FLOW_BRANCHING_SHARE = 0.9  # of the time left, at the most, goes to branching on the arc flow
LASTING_SHARE = 0.95  # the same where nothing raises the bound any more
BRANCHING_SHARE_BEFORE_SOLVER = 0.7  # of counts, or with layered graphs, at the most: its cuts may say more thereafter
GUIDED_SHARE = 0.25  # of the time left, at the most, goes to the plan that it guides where branching is promising


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


class CorridorsAlone:
    """Where no plan is found: a corridor that has no paths even if it is the only one proves that there is none."""

    name = "corridors one by one"

    def wanted(self, search: Minimization, standing: Standing) -> bool:
        return standing.incumbent is None

    def take(self, search: Minimization, standing: Standing) -> Standing:
        task = search.task.part(ALONE_SHARE)
        for q, corridor in sorted(task.inventory.corridors.items()):
            if task.clock.spent:
                break
            if corridor.required and served_alone(task, q, search.prices) is False:
                return replace(standing, method=f"{self.name}, {q}", ended=StopReason.PROOF)
        return standing


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


class RootRelaxation:
    """The relaxation of the design with its lifts and cuts."""

    name = "relaxation"

    def wanted(self, search: Minimization, standing: Standing) -> bool:
        return True

    def take(self, search: Minimization, standing: Standing) -> Standing:
        task = search.task
        sketched = partial(sketch, task, search.model, search.prices)
        flows_follow = ArcFlowRelaxation(several=False).wanted(search, standing)
        parameters = task.parameters.part(ROOT_SHARE_BEFORE_FLOWS if flows_follow else ROOT_SHARE)
        return _at(standing, relax_root(search.model, search.goal, parameters, standing.incumbent, sketched))


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


@dataclass(frozen=True)
class ArcFlowRelaxation:
    """The arc-flow relaxation and a plan that it guides, where rates can bind, or cuts are slow.

    Where corridors ask for `several` paths it comes before cuts: it says more than they do where rates can bind, and
    says it sooner with numbers of paths that differ, or on many sites. Else it stands on theirs where these have not
    come to an end in time, or many sites leave them far from the plan (otherwise branching says more).
    """

    several: bool
    name = "arc-flow relaxation"

    def wanted(self, search: Minimization, standing: Standing) -> bool:
        task = search.task
        several = search.paths_are_several
        if task.stage.exact or several != self.several or (not several and _closed_soon(search, standing)):
            return False
        slow = search.cuts_are_slow or search.paths_differ or search.paths_are_limited
        return search.rates_bind or (several and slow)

    def take(self, search: Minimization, standing: Standing) -> Standing:
        share = ARC_FLOW_SHARE_WITH_RATES if search.rates_bind else ARC_FLOW_SHARE
        task, root = search.task.part(share), standing.root
        flows = arc_flow(task, search.model, standing.rows, standing.incumbent)
        if flows is None:
            return standing
        bound = flows.bound if root is None else min(flows.bound, root.cutoff)
        if standing.bound is None or bound > standing.bound:
            standing = replace(standing, bound=bound, method=self.name, flows=flows)
        known, task = standing.incumbent, search.task
        if not search.rates_bind:
            task = until_near(task.part(FLOW_GUIDED_SHARE if search.cuts_are_slow else GUIDED_SHARE))
        elif search.paths_are_limited and search.small:  # branching gets far there
            task = task.part(GUIDED_SHARE)
        hopeless = self.several and search.rates_bind and too_large(flows)
        lasting = hopeless or search.paths_are_limited
        if hopeless:
            task = task.part(LASTING_SHARE)
        found = guide_on_support(task, search.prices, known, flows.links, flows.sites, standing.bound, lasting)
        return replace(standing, incumbent=better(known, found))


class FlowBranching:
    """Branching on the arc flow where nothing says more: rates bind, or relays on several paths are limited."""

    name = "branching on the arc flow"

    def wanted(self, search: Minimization, standing: Standing) -> bool:
        flows_say_most = search.paths_are_limited or (search.rates_bind and not search.tiny)
        if not flows_say_most or standing.incumbent is None or standing.flows is None:
            return False
        return not too_large(standing.flows) and say_more(standing.flows, standing.root, standing.incumbent)

    def take(self, search: Minimization, standing: Standing) -> Standing:
        assert standing.flows is not None and standing.incumbent is not None
        task = search.task.part(FLOW_BRANCHING_SHARE)
        bound = branch_on_flows(task, search.model, standing.flows.solved, standing.incumbent)
        if standing.root is not None:
            bound = min(bound, standing.root.cutoff)
        if standing.bound is None or bound > standing.bound:
            standing = replace(standing, bound=bound, method=self.name)
        return replace(standing, flows=None)


class SimplexRelaxation:
    """The root relaxation once more, by the simplex method, where a first-order method has come to its end."""

    name = "relaxation by the simplex method"

    def wanted(self, search: Minimization, standing: Standing) -> bool:
        root = standing.root
        if root is None or root.bound is None or not root.relaxation.approximate:
            return False
        return not (root.layered and search.layers_are_many)

    def take(self, search: Minimization, standing: Standing) -> Standing:
        root = standing.root
        assert root is not None
        begun = by_simplex(replace(root, incumbent=standing.incumbent), search.model, search.goal)
        parameters = search.task.parameters.part(ROOT_SHARE)
        return _at(standing, go_on(begun, f"{search.goal.name}, {self.name}", [], parameters))


class ShadowedRelaxation:
    """The root relaxation once more, with what the arc flow's multipliers say of designs: more cuts may follow."""

    name = "relaxation with the arc flow"

    def wanted(self, search: Minimization, standing: Standing) -> bool:
        root = standing.root
        return standing.flows is not None and root is not None and not root.relaxation.approximate

    def take(self, search: Minimization, standing: Standing) -> Standing:
        flows, root, standing = standing.flows, standing.root, replace(standing, flows=None)
        assert flows is not None and root is not None
        shadow = flows.shadow()
        if shadow is None:
            return standing
        parameters = search.task.parameters.part(ROOT_SHARE_AFTER_FLOWS)
        begun = replace(root, incumbent=standing.incumbent)
        return _at(standing, go_on(begun, f"{search.goal.name}, {self.name}", [shadow], parameters))


class Branching:
    """Branch and cut from the root relaxation."""

    name = "branch and cut"

    def wanted(self, search: Minimization, standing: Standing) -> bool:
        root = standing.root
        if root is None or standing.bound is None:
            return False
        if standing.method == FlowBranching.name or (
            search.rates_bind and ArcFlowRelaxation(several=True).wanted(search, standing)
        ):
            return False  # where the arc flow says more than cuts do, branching on these adds nothing
        # large relaxations, and totals of priorities that are not whole, are the solver's business
        stage = search.task.stage
        return not (root.relaxation.approximate or (stage.exact and not stage.whole))

    def take(self, search: Minimization, standing: Standing) -> Standing:
        root, bound = standing.root, standing.bound
        assert root is not None and bound is not None
        promising = promising_links(search.model, root, standing.incumbent)
        task = search.task
        if task.stage.whole or root.layered:
            task = task.part(BRANCHING_SHARE_BEFORE_SOLVER)
        tree = BranchAndCut(task, search.model, root, standing.incumbent, search.prices, promising)
        found = tree.run(bound)
        rows = (*standing.rows, *found.rows)
        root.witnesses.learn(found.incumbent, rows)
        standing = replace(standing, incumbent=found.incumbent, rows=rows)
        if found.bound > bound:
            method = f"{self.name}, {found.subproblems} nodes"
            return replace(standing, bound=found.bound, method=method)
        return standing


class Rounds:
    """Rounds of master problem, routing and cuts, which end with the exact model."""

    name = "master problem"

    def wanted(self, search: Minimization, standing: Standing) -> bool:
        return True

    def take(self, search: Minimization, standing: Standing) -> Standing:
        if reason := stop_reason(search.task.clock):
            return replace(standing, ended=reason)
        root, model = standing.root, search.model
        links = set(model.link) if root is None else links_not_fixed(model, root, standing.incumbent)
        promising = set[str]() if root is None else promising_links(model, root, standing.incumbent)
        names = [variable.name for variable in model.columns]
        task = search.task.knowing(standing.incumbent, standing.bound).on(links)
        rounds = BendersLoop(task, names, standing.rows, search.prices, promising)
        found = rounds.run(standing.incumbent, standing.bound)
        return replace(standing, incumbent=found.incumbent, bound=found.bound, method=self.name, ended=found.stopped_by)


class ExactModel:
    """The exact model alone, without lifts and cuts: where the other steps have failed."""

    name = "exact model"

    def wanted(self, search: Minimization, standing: Standing) -> bool:
        return True

    def take(self, search: Minimization, standing: Standing) -> Standing:
        if reason := stop_reason(search.task.clock):
            return replace(standing, ended=reason)
        found = solve_exactly(search.task.knowing(standing.incumbent, standing.bound), standing.incumbent)
        bound = None if found.infeasible else highest(standing.bound, found.bound)
        return replace(standing, incumbent=found.incumbent, bound=bound, method=self.name, ended=found.stopped_by)


def _at(standing: Standing, root: Root) -> Standing:
    """Where the search stands with a relaxation of the root. Raises `UnsoundCut`."""
    if root.infeasible and root.incumbent is not None:
        raise UnsoundCut("relaxation", root.incumbent)
    standing = replace(standing, incumbent=root.incumbent, root=root, rows=root.rows)
    if root.infeasible:  # no bound says so
        return replace(standing, bound=None, method=root.method, ended=StopReason.PROOF)
    if standing.bound is not None and (root.bound is None or root.bound <= standing.bound):
        return standing
    return replace(standing, bound=root.bound, method=root.method)


def _closed_soon(search: Minimization, standing: Standing) -> bool:
    """The root relaxation has come to its end, and branching closes what it has left."""
    if standing.root is None or standing.root.cut_short:
        return False
    return near(standing.incumbent, standing.bound, CLOSE)
