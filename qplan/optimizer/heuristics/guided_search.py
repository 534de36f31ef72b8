"""Plans without the solver: corridors routed one by one and improved by local search, guided by a relaxation."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import replace

import numpy as np

from qplan.candidates.arrays import IndexedReach
from qplan.candidates.cheapest_paths import find_paths
from qplan.candidates.design import Design, design_of, in_order
from qplan.candidates.paths import Weights, relays_of
from qplan.candidates.prices import Prices
from qplan.optimizer.heuristics.local_search import construct, improve, orders, shaken
from qplan.optimizer.heuristics.routing_state import Works
from qplan.optimizer.model.objectives import Goal
from qplan.optimizer.model.stage import Known, Task, better
from qplan.plan.model import Path, ServedCorridor

FEW, MANY = 3, 12  # orders in which corridors are routed
EFFORT = 2400  # links × orders
KICKS = 3  # of the best plan per order
FULL = 1.02  # share of a price that counts, less the relaxation's value of the thing
RELAY_PENALTY = 1e5  # on every relay where an earlier stage has fixed their number; prices are scaled to a few thousand


def guiding_prices(task: Task, goal: Goal) -> Prices:
    """The goal's prices; relays are dear where an earlier stage has fixed their number."""
    prices = goal.prices
    if not any(hold.of_relays for hold in task.holds):
        return prices
    return replace(prices, relay={s: price + RELAY_PENALTY for s, price in prices.relay.items()})


class Planner:
    """Plans on some of a task's links; `likes` are a relaxation's values per link and per site, between 0 and 1."""

    def __init__(self, task: Task, price: Prices, links: Collection[str] | None = None):
        self.task = task if links is None else task.on(links)
        self.index = IndexedReach(self.task.inventory, self.task.graph, price)

    def improved(self, known: Known) -> Known:
        """A plan known, all of whose links are here, by local search."""
        works = self._works(known)
        improve(works, self._over)
        return better(known, self._known(works))

    def _works(self, known: Known) -> Works:
        number = {link.id: l for l, link in enumerate(self.index.links)}
        works = Works(self.index)
        for corridor in known.design.corridors:
            if corridor.served:
                paths = [tuple(number[link] for link in path.links) for path in corridor.paths]
                works.add(self.index.calls[corridor.id], paths)
        return works

    def _known(self, works: Works) -> Known | None:
        return self.task.known(self._design(works))

    def plan(
        self, served: Collection[str] | None, links: Mapping[str, float], sites: Mapping[str, float]
    ) -> Known | None:
        """The best of a few orders of routing. `served`: which optional corridors; None: as many as fit."""
        return better(*(self._known(works) for works in self._starts(served, links, sites, FEW)))

    def searched(
        self, served: Collection[str] | None, links: Mapping[str, float], sites: Mapping[str, float],
        known: Known | None = None, bound: float | None = None,
    ) -> Known | None:  # fmt: skip
        """The same with many orders, each improved by local search; until near the bound. `known`: a plan so far."""
        for works in self._starts(served, links, sites, self._effort):
            known = better(known, self._known(works))
            improve(works, self._over)
            known = better(known, self._known(works))
            if known is not None and self.task.within(known.value, bound):
                break
        return known

    def shaken(self, known: Known, bound: float | None = None) -> Known:
        """A plan known, all of whose links are here, by iterated local search; until near the bound."""
        for works in shaken(self._works(known), KICKS * self._effort, self._over):
            known = better(known, self._known(works))
            if self.task.within(known.value, bound):
                break
        return known

    @property
    def _effort(self) -> int:
        return max(FEW, min(MANY, EFFORT // max(1, len(self.index.links))))

    def _starts(
        self, served: Collection[str] | None, links: Mapping[str, float], sites: Mapping[str, float], count: int
    ) -> Iterator[Works]:
        """Plans made corridor by corridor, in so many orders."""
        index, corridors = self.index, self.task.inventory.corridors
        required = [q for q, corridor in corridors.items() if corridor.required or (served and q in served)]
        link_factor = FULL - np.clip([links.get(link.id, 0.0) for link in index.links], 0, 1) if links else 1.0
        site_factor = FULL - np.clip([sites.get(s, 0.0) for s in index.sites], 0, 1) if sites else 1.0
        for order in orders(index, required, count):
            if self._over():
                return
            works = construct(index, order, link_factor, site_factor)
            if works is not None:
                if served is None:
                    self._add_optional(works)
                yield works

    def _over(self) -> bool:
        return self.task.limits.hit() is not None

    def _add_optional(self, works: Works) -> None:
        """Optional corridors, those of high priority first, as long as the budget allows."""
        corridors = self.task.inventory.corridors
        optional = sorted((-c.priority, q) for q, c in corridors.items() if not c.required)
        for _, q in optional:
            if works.route(self.index.calls[q]) and self._known(works) is None:
                works.remove(self.index.calls[q])

    def _design(self, works: Works) -> Design:
        return design_of(self.task.inventory, self.task.graph, served_corridors(works))

    def routable_alone(self, q: str) -> bool:
        """Paths for the corridor were found on these links, whatever the rates (False proves nothing)."""
        weights = Weights([0.0] * len(self.index.links), [0.0] * len(self.index.sites))
        return find_paths(self.index, self.index.calls[q], weights) is not None


def served_corridors(works: Works) -> tuple[ServedCorridor, ...]:
    """Every corridor with its paths by id, served or not."""
    index, corridors = works.index, []
    for q, call in index.calls.items():
        found = works.paths.get(q)
        paths = in_order(
            Path(links=tuple(index.links[l].id for l in path),
                 relays=tuple(index.sites[s] for s in relays_of(index, call, path)))
            for path in found or ()
        )  # fmt: skip
        demand_bps = index.inventory.corridors[q].demand_bps
        corridors.append(ServedCorridor(id=q, served=found is not None, key_rate_bps=demand_bps, paths=paths))
    return tuple(corridors)
