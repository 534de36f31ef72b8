"""Routes: paths in the fibre graph on which a quantum channel can be patched through."""

from __future__ import annotations

from qplan.candidates.model import BypassLimit, Route, Usability
from qplan.candidates.parallel_fibres import ALL_FIBRES, ParallelFibres
from qplan.candidates.survey import Survey
from qplan.time_budget import UNLIMITED, TimeBudget

MAX_ROUTES = 60_000  # more than this and only routes with fewer patched sites are considered, and the plan says so


def routes_within_reach(
    survey: Survey, usable: Usability, parallel: ParallelFibres = ALL_FIBRES, clock: TimeBudget = UNLIMITED
) -> tuple[list[Route], BypassLimit | None]:
    """Every route between two sites of one corridor, by the number of patched sites, over fibres that are needed.

    Returns the routes and, where there are more than `MAX_ROUTES` or than the time is enough for, what was left out.
    """
    ends = frozenset().union(*usable.permitted.values())
    partial: list[tuple[tuple[str, ...], tuple[str, ...]]] = [((s,), ()) for s in sorted(ends)]
    routes: list[Route] = []
    for bypasses in range(survey.inventory.policy.max_bypass_sites + 1):
        grown, found = [], []
        for visited, fibres in partial:
            if bypasses and clock.spent:
                return routes, BypassLimit(bypasses - 1, in_time=False)
            for fibre, there in survey.neighbours[visited[-1]]:
                if there in visited or fibre in parallel.needless or not parallel.combine(fibres, fibre):
                    continue
                longer = (*visited, there), (*fibres, fibre)
                route = route_between(*longer)
                if bypasses and not survey.within_reach(route):
                    continue
                grown.append(longer)
                if visited[0] < there and there in ends and usable.may_join(visited[0], there):
                    found.append(route)
            if bypasses and len(routes) + max(len(found), len(grown) // 10) > MAX_ROUTES:
                return routes, BypassLimit(bypasses - 1, in_time=True)
        routes += found
        partial = grown
    return routes, None


def route_between(visited: tuple[str, ...], fibres: tuple[str, ...]) -> Route:
    if visited[0] > visited[-1]:
        visited, fibres = visited[::-1], fibres[::-1]
    return Route((visited[0], visited[-1]), fibres, visited[1:-1])
