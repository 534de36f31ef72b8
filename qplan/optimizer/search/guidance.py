"""Plans made under the guidance of a relaxation, and the links that a relaxation and the plan known leave in play."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import replace

from qplan.candidates.prices import Prices
from qplan.optimizer.cuts.row import Point
from qplan.optimizer.heuristics.guided_search import GuidedSearch, shake
from qplan.optimizer.model.formulation import Formulation
from qplan.optimizer.model.stage import CENT, PROOF, Incumbent, Task
from qplan.optimizer.search.root import Root

GUIDED_SHARE = 0.25  # of the time left, at the most, goes to the plan that is guided where branching is promising
SUPPORT = 1e-3  # a link with less than this in a relaxation is not in its support
NEAR = 0.005  # of its value between a plan and its bound: branch and cut closes that sooner than local search
CLOSE = 0.05  # the same, for shaking plans
CLOSE_WITH_TREES = 0.015  # and where links beyond trees are branched on, which makes plans sooner
LOOSE = 0.03  # the same, for limits on relays that say little: layered trees would slow branching
HOPELESS = 0.1  # and beyond which they surely say much


def links_in_use(incumbent: Incumbent | None, links: Mapping[str, float]) -> set[str]:
    """Links that the plan known, or a relaxation with these values, uses."""
    used = set() if incumbent is None else set(incumbent.design.used_links)
    return used | {link for link, value in links.items() if value > SUPPORT}


def promising_links(model: Formulation, root: Root, incumbent: Incumbent | None) -> set[str]:
    """Links that the relaxation of the root, if there is one, or the plan known uses."""
    return links_in_use(incumbent, {} if root.bound is None else model.values(root.point, model.link))


def links_not_fixed(model: Formulation, root: Root, incumbent: Incumbent | None) -> set[str]:
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


def sketch(task: Task, model: Formulation, prices: Prices, root: Root) -> Incumbent | None:
    """A plan on the links that the relaxation or the plan known uses, with little effort."""
    links = model.values(root.point, model.link)
    return sketch_on(task, model, prices, links_in_use(root.incumbent, links), root.point)


def sketch_on(task: Task, model: Formulation, prices: Prices, liked: Collection[str], point: Point) -> Incumbent | None:
    """A plan on these links, guided by a relaxation's point and improved by local search, with little effort."""
    planner = GuidedSearch(task, prices, liked)
    found = planner.plan(task.served, model.values(point, model.link), model.values(point, model.relay))
    return None if found is None else planner.improve(found)


def until_near(task: Task) -> Task:
    """The same, content with plans so near their bound that what is left is closed sooner by branching."""
    return replace(task, parameters=replace(task.parameters, gap=max(task.parameters.gap, NEAR)))


def guide(
    task: Task,
    prices: Prices,
    incumbent: Incumbent | None,
    links: Mapping[str, float],
    sites: Mapping[str, float],
    bound: float | None,
    close: float = CLOSE,
    few: bool = False,
    lasting: bool = False,
) -> Incumbent | None:
    """A plan by local search on the links that the relaxation or the plan known uses, then shaken, until near a bound.

    `links` and `sites` are the relaxation's values. Not shaken where it is `close` to the bound by then, else, if it is
    to be `lasting`, for long.
    """
    task, liked = until_near(task), links_in_use(incumbent, links)
    found = GuidedSearch(task, prices, liked).search(task.served, links, sites, incumbent, bound, few)
    found = found or GuidedSearch(task, prices).search(task.served, links, sites)
    if found is None or near(found, bound, close):
        return found
    return shake(task, prices, found, liked, bound, lasting)


def guide_on_support(
    task: Task,
    prices: Prices,
    incumbent: Incumbent | None,
    links: Mapping[str, float],
    sites: Mapping[str, float],
    bound: float | None,
    lasting: bool = False,
) -> Incumbent | None:
    """A plan by local search on the links that the relaxation or the plan known uses, then shaken, until in the gap.

    `lasting`: there is no better use for the time.
    """
    liked = links_in_use(incumbent, links)
    found = GuidedSearch(task.part(0.5), prices, liked).search(task.served, links, sites, incumbent, bound)
    if found is None or task.within(found.value, bound):
        return found
    return shake(task, prices, found, liked, bound, lasting)


def near(found: Incumbent | None, bound: float | None, share: float) -> bool:
    """Both are known, and no more than this share of the value apart."""
    return found is not None and bound is not None and found.value - bound <= share * abs(found.value)
