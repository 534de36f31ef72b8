"""The steps of one minimisation that prove bounds, or that nothing is possible; some look for plans on the way.

Each takes where the minimisation stands, and gives where it stands then. The first know the paths of no corridor; what
they find (bounds, cuts, plans) holds for the whole model all the same.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from functools import partial

from qplan.optimizer.cuts.witnesses import UnsoundCut
from qplan.optimizer.heuristics.guided_search import shake
from qplan.optimizer.limits import StopReason, stop_reason
from qplan.optimizer.model.stage import better, highest
from qplan.optimizer.search.arc_flow import arc_flow
from qplan.optimizer.search.benders_loop import BendersLoop
from qplan.optimizer.search.branch_and_cut import BranchAndCut
from qplan.optimizer.search.exact import served_alone, solve_exactly
from qplan.optimizer.search.flow_branching import FlowTree, say_more, too_large
from qplan.optimizer.search.guidance import (
    CLOSE,
    GUIDED_SHARE,
    HOPELESS,
    LOOSE,
    guide_on_support,
    links_in_use,
    links_not_fixed,
    near,
    promising_links,
    sketch,
    until_near,
)
from qplan.optimizer.search.root import Root, by_simplex, go_on, relax_root, with_layers
from qplan.optimizer.search.standing import Minimization, Standing

ALONE_SHARE = 0.3  # of the time left, at the most, goes to corridors one by one
ROOT_SHARE = 0.85  # of the time left, at the most, goes to the root
ROOT_SHARE_BEFORE_FLOWS, ROOT_SHARE_AFTER_FLOWS = 0.4, 0.5  # the same where flows stand on its cuts, and thereafter
ROOT_SHARE_BEFORE_LAYERS = 0.2  # the same where layered trees may say more
ARC_FLOW_SHARE = 0.75  # of the time left, at the most, goes to the bound of the arc flow
ARC_FLOW_SHARE_WITH_RATES = 0.5  # the same where rates bind: plans are far from it, and take time
FLOW_GUIDED_SHARE = 0.8  # of the time left then, at the most, goes to the plan that it guides where cuts follow
FLOW_BRANCHING_SHARE = 0.9  # of the time left, at the most, goes to branching on the arc flow
LASTING_SHARE = 0.95  # the same where nothing raises the bound any more
BRANCHING_SHARE_BEFORE_SOLVER = 0.7  # of counts, or with layered graphs, at the most: its cuts may say more thereafter


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


class RootRelaxation:
    """The relaxation of the design with its lifts and cuts."""

    name = "relaxation"

    def wanted(self, search: Minimization, standing: Standing) -> bool:
        return True

    def take(self, search: Minimization, standing: Standing) -> Standing:
        task = search.task
        sketched = partial(sketch, task, search.model, search.prices)
        layers, known = search.layers_say_more, standing.incumbent
        share, hopeless = (ROOT_SHARE_BEFORE_LAYERS, HOPELESS) if layers else (_root_share(search, standing), math.inf)
        parameters = task.parameters.part(share)
        return _at(standing, relax_root(search.model, search.goal, parameters, known, sketched, hopeless=hopeless))


class LayeredRelaxation:
    """The root relaxation with layered trees where limits on relays leave it far from the plan, else to its end."""

    name = "relaxation with layers"

    def wanted(self, search: Minimization, standing: Standing) -> bool:
        root = standing.root
        if not search.layers_say_more or root is None:
            return False
        return root.cut_short or not near(standing.incumbent, standing.bound, LOOSE)

    def take(self, search: Minimization, standing: Standing) -> Standing:
        task, root = search.task, standing.root
        assert root is not None
        sketched = partial(sketch, task, search.model, search.prices)
        parameters = task.parameters.part(_root_share(search, standing))
        if not root.solved or near(standing.incumbent, standing.bound, LOOSE):
            return _at(standing, go_on(root, f"{search.goal.name}, relaxation", [], parameters))
        return _at(standing, with_layers(root, search.model, search.goal, parameters, sketched))


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
        known = better(known, found)
        if known is not None and too_large(flows) and not lasting and not near(known, standing.bound, CLOSE):
            liked = links_in_use(known, flows.links)  # cuts and branching would not come so near
            known = shake(search.task.part(LASTING_SHARE), search.prices, known, liked, standing.bound, lasting=True)
        return replace(standing, incumbent=known)


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
        liked = links_in_use(standing.incumbent, standing.flows.links)
        tree = FlowTree(task, search.model, standing.flows.solved, standing.incumbent, search.prices, liked)
        bound = tree.run()
        if standing.root is not None:
            bound = min(bound, standing.root.cutoff)
        if standing.bound is None or bound > standing.bound:
            standing = replace(standing, bound=bound, method=self.name)
        return replace(standing, incumbent=tree.incumbent, flows=None)


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
        like = None if root is None else root.witnesses.lifts
        rounds = BendersLoop(task, names, standing.rows, search.prices, promising, like)
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
    if standing.bound is not None and (root.bound is None or root.bound < standing.bound):
        return standing
    return replace(standing, bound=root.bound, method=root.method)


def _root_share(search: Minimization, standing: Standing) -> float:
    """Of the time left, at the most, for the root."""
    return ROOT_SHARE_BEFORE_FLOWS if ArcFlowRelaxation(several=False).wanted(search, standing) else ROOT_SHARE


def _closed_soon(search: Minimization, standing: Standing) -> bool:
    """The root relaxation has come to its end, and branching closes what it has left."""
    if standing.root is None or standing.root.cut_short:
        return False
    return near(standing.incumbent, standing.bound, CLOSE)
