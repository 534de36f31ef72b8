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
from qplan.optimizer.heuristics.guided_search import Planner, guiding_prices
from qplan.optimizer.limits import SearchLimits, Sighting
from qplan.optimizer.model.formulation import Formulation
from qplan.optimizer.model.objectives import Goal
from qplan.optimizer.model.stage import CENT, PROOF, Found, Known, Task, better, ending
from qplan.optimizer.search.arc_flow import arc_flow
from qplan.optimizer.search.benders_loop import Rounds
from qplan.optimizer.search.branch_and_cut import Tree
from qplan.optimizer.search.root import Root, strengthen

SUPPORT = 1e-3  # a link with less than this in a relaxation is not in its support
NEAR = 0.005  # of its value between a plan and its bound: branch and cut closes that sooner than local search
ONE_PIECE_SHARE = 0.2  # of the time left, at the most, goes to the relaxation for designs in one piece
ROOT_SHARE = 0.85  # of the time left, at the most, goes to the root


def minimise(task: Task) -> Found:
    """Minimise the stage's goal over all designs that serve the required corridors.

    A cut that excludes a plan known is a defect of the program: the plan is kept, the bound is not.
    """
    model = task.design_model()
    try:
        return _minimise(task, model)
    except UnsoundCut as unsound:
        return Found("unsound_cut", unsound.known, None, note=str(unsound))


def _minimise(task: Task, model: Formulation) -> Found:
    goal = task.stage.goal(model)
    price = guiding_prices(task, goal)
    known = _first(task, price, goal)
    if known is not None and len(components(task.inventory)) > 1 and trees_bind(task.inventory):
        known = better(known, _in_one_piece(task, price, known))
    root = strengthen(model, goal, _part(task.limits, ROOT_SHARE), known, partial(_sketched, task, model, price))
    known = root.known
    if root.infeasible and known is not None:
        raise UnsoundCut("relaxation", known)
    if root.infeasible:
        return Found("proof", None, None, root.method)
    if root.bound is not None and (known is None or not task.within(known.value, root.bound)):
        known = better(known, _guided(task, model, price, root))
        root.witnesses.learn(known, root.rows)
    if root.bound is not None and known is not None:
        if task.within(known.value, root.bound):
            return Found(ending(known.value, root.bound), known, min(root.bound, known.value), root.method)
        if root.cut_short and root.relaxation.interior:  # too large to be branched on in what is left of the time
            return Found(task.limits.hit() or "time_limit", known, root.bound, root.method)
    bound, rows, method = root.bound, root.rows, root.method
    names = [variable.name for variable in model.columns]
    if _flows_pay(task) and (flows := arc_flow(task, names, root.rows)) is not None:
        if bound is None or flows.bound > bound:
            bound, method = flows.bound, "arc-flow relaxation"
        known = better(known, _guided_by(task, price, known, flows.links, flows.sites, bound))
    # large lifts, and counts, are the solver's business
    branching = not (root.hop_flows or root.relaxation.interior or task.stage.exact)
    if bound is not None and method == root.method and branching:
        tree = Tree(task, model, root, known, price, _promising(model, root, known))
        branched = tree.run(root.bound)
        known, rows = branched.known, (*root.rows, *branched.rows)
        if branched.bound > bound:
            bound, method = branched.bound, f"branch and cut, {branched.nodes} nodes"
        root.witnesses.learn(known, rows)
        if known is not None and task.within(known.value, bound):
            return Found(ending(known.value, bound), known, min(bound, known.value), method)
    if limit := task.limits.hit():
        return Found(limit, known, bound, method)
    rounds = Rounds(task.on(_not_fixed(model, root, known)), names, rows, price, _promising(model, root, known))
    return rounds.run(known, bound)


def _first(task: Task, price: Prices, goal: Goal) -> Known | None:
    """The plan to start from, by local search: an earlier one if it holds, else one made corridor by corridor."""
    earlier = None if task.start.design is None else task.known(task.start.design)
    planner = Planner(task, price)
    on_earlier = planner.plan(task.served, dict.fromkeys(task.start.links, 1.0), {}) if task.start.links else None
    known = better(earlier, on_earlier, planner.plan(task.served, {}, {}))
    if known is None:
        return None
    task.limits.watch(Sighting(f"{goal.name}, local search", known.value, None))
    return planner.improved(known)


def _in_one_piece(task: Task, price: Prices, known: Known) -> Known | None:
    """A plan guided by the relaxation for designs in one piece, which is soon solved and often not far off."""
    model = task.design_model()
    limits = _part(task.limits, ONE_PIECE_SHARE)
    quiet = replace(limits, watch=lambda sighting: limits.watch(replace(sighting, value=known.value, bound=None)))
    root = strengthen(model, task.stage.goal(model), quiet, None, joined=True)
    return None if root.bound is None else _sketched(task, model, price, replace(root, known=known))


def _part(limits: SearchLimits, share: float) -> SearchLimits:
    """The same with a share of the time left."""
    return replace(limits, deadline=time.monotonic() + share * limits.seconds_left())


def _guided(task: Task, model: Formulation, price: Prices, root: Root) -> Known | None:
    """A plan by local search on the links that the relaxation or the plan known uses, guided by the relaxation."""
    links, sites = _values(model, root, model.link), _values(model, root, model.relay)
    return _guided_by(task, price, root.known, links, sites, root.bound)


def _sketched(task: Task, model: Formulation, price: Prices, root: Root) -> Known | None:
    """The same with little effort."""
    links, sites = _values(model, root, model.link), _values(model, root, model.relay)
    planner = Planner(task, price, _used(root.known, links))
    found = planner.plan(task.served, links, sites)
    return None if found is None else planner.improved(found)


def _guided_by(
    task: Task, price: Prices, known: Known | None, links: Mapping[str, float], sites: Mapping[str, float],
    bound: float | None,
) -> Known | None:  # fmt: skip
    found = Planner(task, price, _used(known, links)).searched(task.served, links, sites, known, bound)
    if _near(found, bound):
        return found
    everywhere = Planner(task, price)
    found = found or everywhere.searched(task.served, links, sites)
    return found if found is None or _near(found, bound) else everywhere.shaken(found, bound)


def _near(found: Known | None, bound: float | None) -> bool:
    return found is not None and bound is not None and found.value - bound <= NEAR * abs(found.value)


def _flows_pay(task: Task) -> bool:
    """Rates can bind, and a corridor asks for several paths."""
    several = any(corridor.required and corridor.paths > 1 for corridor in task.inventory.corridors.values())
    return several and not task.stage.exact and bool(tight_links(task.inventory, task.graph))


def _used(known: Known | None, links: Mapping[str, float]) -> set[str]:
    """Links that the plan known, or a relaxation with these values, uses."""
    used = set() if known is None else {link.id for link in known.design.links}
    return used | {link for link, value in links.items() if value > SUPPORT}


def _promising(model: Formulation, root: Root, known: Known | None) -> set[str]:
    """Links that the relaxation of the root, if there is one, or the plan known uses."""
    return _used(known, {} if root.bound is None else _values(model, root, model.link))


def _values(model: Formulation, root: Root, variables: Mapping[str, pulp.LpVariable]) -> dict[str, float]:
    """What the relaxation gives to variables, by their keys."""
    index = model.index()
    return {key: float(root.point[index[v.name]]) for key, v in variables.items()}


def _not_fixed(model: Formulation, root: Root, known: Known | None) -> set[str]:
    """Links that a better plan may use: their reduced cost fits between the bound and the value known."""
    if known is None or root.bound is None:
        return set(model.link)
    index = model.index()
    room = known.value - root.bound + max(CENT, PROOF * abs(known.value))
    return {
        link for link, v in model.link.items()
        if root.point[index[v.name]] > SUPPORT or root.reduced_costs[index[v.name]] <= room
    }  # fmt: skip
