"""One minimisation: a plan without the solver, a relaxation, branch and cut, then rounds with the exact model.

Each step starts from the plan and the bound of the one before and is left out where these have met. The first steps
know the paths of no corridor; what they find (bounds, cuts, plans) holds for the whole model all the same.
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import replace
from functools import partial

import pulp

from qplan.candidates.bundles import tight_links
from qplan.candidates.prices import Prices
from qplan.optimizer.cuts.trees import components, trees_bind
from qplan.optimizer.cuts.witnesses import UnsoundCut
from qplan.optimizer.heuristics.guided_search import GuidedSearch, guiding_prices
from qplan.optimizer.limits import SearchLimits, Sighting
from qplan.optimizer.model.formulation import Formulation
from qplan.optimizer.model.objectives import Goal
from qplan.optimizer.model.stage import CENT, PROOF, Found, Incumbent, Task, better, ending
from qplan.optimizer.search.arc_flow import arc_flow
from qplan.optimizer.search.benders_loop import BendersLoop
from qplan.optimizer.search.branch_and_cut import BranchAndCut
from qplan.optimizer.search.root import Root, relax_root

SUPPORT = 1e-3  # a link with less than this in a relaxation is not in its support
NEAR = 0.005  # of its value between a plan and its bound: branch and cut closes that sooner than local search
ONE_PIECE_SHARE = 0.2  # of the time left, at the most, goes to the relaxation for designs in one piece
ROOT_SHARE = 0.85  # of the time left, at the most, goes to the root


def minimize(task: Task) -> Found:
    """Minimise the stage's goal over all designs that serve the required corridors.

    A cut that excludes a plan known is a defect of the program: the plan is kept, the bound is not.
    """
    model = task.design_model()
    try:
        return _minimize(task, model)
    except UnsoundCut as unsound:
        return Found("unsound_cut", unsound.incumbent, None, note=str(unsound))


def _minimize(task: Task, model: Formulation) -> Found:
    goal = task.stage.goal(model)
    price = guiding_prices(task, goal)
    incumbent = _first(task, price, goal)
    if incumbent is not None and len(components(task.inventory)) > 1 and trees_bind(task.inventory):
        incumbent = better(incumbent, _in_one_piece(task, price, incumbent))
    root = relax_root(model, goal, _part(task.limits, ROOT_SHARE), incumbent, partial(_sketched, task, model, price))
    incumbent = root.incumbent
    if root.infeasible and incumbent is not None:
        raise UnsoundCut("relaxation", incumbent)
    if root.infeasible:
        return Found("proof", None, None, root.method)
    if root.bound is not None and (incumbent is None or not task.within(incumbent.value, root.bound)):
        incumbent = better(incumbent, _guided(task, model, price, root))
        root.witnesses.learn(incumbent, root.rows)
    if root.bound is not None and incumbent is not None:
        if task.within(incumbent.value, root.bound):
            return Found(ending(incumbent.value, root.bound), incumbent, min(root.bound, incumbent.value), root.method)
        if root.cut_short and root.relaxation.interior:  # too large to be branched on in what is left of the time
            return Found(task.limits.hit() or "time_limit", incumbent, root.bound, root.method)
    bound, rows, method = root.bound, root.rows, root.method
    names = [variable.name for variable in model.columns]
    if _flows_pay(task) and (flows := arc_flow(task, names, root.rows)) is not None:
        if bound is None or flows.bound > bound:
            bound, method = flows.bound, "arc-flow relaxation"
        incumbent = better(incumbent, _guided_by(task, price, incumbent, flows.links, flows.sites, bound))
    # large lifts, and counts, are the solver's business
    branching = not (root.layered or root.relaxation.interior or task.stage.exact)
    if bound is not None and method == root.method and branching:
        tree = BranchAndCut(task, model, root, incumbent, price, _promising(model, root, incumbent))
        branched = tree.run(root.bound)
        incumbent, rows = branched.incumbent, (*root.rows, *branched.rows)
        if branched.bound > bound:
            bound, method = branched.bound, f"branch and cut, {branched.nodes} nodes"
        root.witnesses.learn(incumbent, rows)
        if incumbent is not None and task.within(incumbent.value, bound):
            return Found(ending(incumbent.value, bound), incumbent, min(bound, incumbent.value), method)
    if limit := task.limits.hit():
        return Found(limit, incumbent, bound, method)
    rounds = BendersLoop(
        task.on(_not_fixed(model, root, incumbent)), names, rows, price, _promising(model, root, incumbent)
    )
    return rounds.run(incumbent, bound)


def _first(task: Task, price: Prices, goal: Goal) -> Incumbent | None:
    """The plan to start from, by local search: an earlier one if it holds, else one made corridor by corridor."""
    earlier = None if task.start.design is None else task.incumbent(task.start.design)
    planner = GuidedSearch(task, price)
    on_earlier = planner.plan(task.served, dict.fromkeys(task.start.links, 1.0), {}) if task.start.links else None
    incumbent = better(earlier, on_earlier, planner.plan(task.served, {}, {}))
    if incumbent is None:
        return None
    task.limits.watch(Sighting(f"{goal.name}, local search", incumbent.value, None))
    return planner.improved(incumbent)


def _in_one_piece(task: Task, price: Prices, incumbent: Incumbent) -> Incumbent | None:
    """A plan guided by the relaxation for designs in one piece, which is soon solved and often not far off."""
    model = task.design_model()
    limits = _part(task.limits, ONE_PIECE_SHARE)
    quiet = replace(limits, watch=lambda sighting: limits.watch(replace(sighting, value=incumbent.value, bound=None)))
    root = relax_root(model, task.stage.goal(model), quiet, None, joined=True)
    return None if root.bound is None else _sketched(task, model, price, replace(root, incumbent=incumbent))


def _part(limits: SearchLimits, share: float) -> SearchLimits:
    """The same with a share of the time left."""
    return replace(limits, deadline=time.monotonic() + share * limits.seconds_left())


def _guided(task: Task, model: Formulation, price: Prices, root: Root) -> Incumbent | None:
    """A plan by local search on the links that the relaxation or the plan known uses, guided by the relaxation."""
    links, sites = _values(model, root, model.link), _values(model, root, model.relay)
    return _guided_by(task, price, root.incumbent, links, sites, root.bound)


def _sketched(task: Task, model: Formulation, price: Prices, root: Root) -> Incumbent | None:
    """The same with little effort."""
    links, sites = _values(model, root, model.link), _values(model, root, model.relay)
    planner = GuidedSearch(task, price, _used(root.incumbent, links))
    found = planner.plan(task.served, links, sites)
    return None if found is None else planner.improved(found)


def _guided_by(
    task: Task,
    price: Prices,
    incumbent: Incumbent | None,
    links: Mapping[str, float],
    sites: Mapping[str, float],
    bound: float | None,
) -> Incumbent | None:
    found = GuidedSearch(task, price, _used(incumbent, links)).searched(task.served, links, sites, incumbent, bound)
    if _near(found, bound):
        return found
    everywhere = GuidedSearch(task, price)
    found = found or everywhere.searched(task.served, links, sites)
    return found if found is None or _near(found, bound) else everywhere.perturb(found, bound)


def _near(found: Incumbent | None, bound: float | None) -> bool:
    return found is not None and bound is not None and found.value - bound <= NEAR * abs(found.value)


def _flows_pay(task: Task) -> bool:
    """Rates can bind, and a corridor asks for several paths."""
    several = any(corridor.required and corridor.paths > 1 for corridor in task.inventory.corridors.values())
    return several and not task.stage.exact and bool(tight_links(task.inventory, task.graph))


def _used(incumbent: Incumbent | None, links: Mapping[str, float]) -> set[str]:
    """Links that the plan known, or a relaxation with these values, uses."""
    used = set() if incumbent is None else {link.id for link in incumbent.design.links}
    return used | {link for link, value in links.items() if value > SUPPORT}


def _promising(model: Formulation, root: Root, incumbent: Incumbent | None) -> set[str]:
    """Links that the relaxation of the root, if there is one, or the plan known uses."""
    return _used(incumbent, {} if root.bound is None else _values(model, root, model.link))


def _values(model: Formulation, root: Root, variables: Mapping[str, pulp.LpVariable]) -> dict[str, float]:
    """What the relaxation gives to variables, by their keys."""
    index = model.index()
    return {key: float(root.point[index[v.name]]) for key, v in variables.items()}


def _not_fixed(model: Formulation, root: Root, incumbent: Incumbent | None) -> set[str]:
    """Links that a better plan may use: their reduced cost fits between the bound and the value known."""
    if incumbent is None or root.bound is None:
        return set(model.link)
    index = model.index()
    room = incumbent.value - root.bound + max(CENT, PROOF * abs(incumbent.value))
    return {
        link
        for link, v in model.link.items()
        if root.point[index[v.name]] > SUPPORT or root.reduced_costs[index[v.name]] <= room
    }
