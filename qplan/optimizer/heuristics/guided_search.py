"""Plans without the solver: corridors routed one by one and improved by local search, guided by a relaxation."""

from __future__ import annotations

import random
from collections.abc import Collection, Iterator, Mapping
from dataclasses import replace

import numpy as np

from qplan.candidates.arrays import CandidateArrays
from qplan.candidates.cheapest_paths import find_paths
from qplan.candidates.design import Design, in_order
from qplan.candidates.paths import Weights, relays_of
from qplan.candidates.prices import Prices
from qplan.optimizer.heuristics.local_search import construct, improve, orders, perturb
from qplan.optimizer.heuristics.optional_corridors import leave_some_out, serve_optional
from qplan.optimizer.heuristics.routing_state import RoutingState
from qplan.optimizer.model.designs import design_of
from qplan.optimizer.model.objectives import Goal
from qplan.optimizer.model.stage import Incumbent, Task, better
from qplan.plan.model import Path, ServedCorridor
from qplan.time_budget import TimeBudget

FEW, MANY = 3, 12  # orders in which corridors are routed
EFFORT = 2400  # links × orders
GRACE_S = 2.0  # after the time limit, in which a plan may still be made up
IDLE = 40  # times that other optional corridors are served without a higher total, until no more are tried
KICKS, LASTING = 4, 10  # of a plan on the same links; how many times as many turns where nothing is of more use
LIKELY, OTHERS = 0.8, 0.2  # share of the links that are liked, and of all others, on which a plan is shaken
ASTRAY = 0.006  # by how much a plan may cost more than the best to be shaken further
FULL = 1.02  # share of a price that counts, less the relaxation's value of the thing
RELAY_PENALTY = 1e5  # on every relay where an earlier stage has fixed their number; prices are scaled to a few thousand


def guiding_prices(task: Task, goal: Goal) -> Prices:
    """The goal's prices; relays are dear where an earlier stage has fixed their number."""
    prices = goal.prices
    if not any(constraint.of_relays for constraint in task.side_constraints):
        return prices
    return replace(prices, relay={s: price + RELAY_PENALTY for s, price in prices.relay.items()})


class GuidedSearch:
    """Plans on some of a task's links; `likes` are a relaxation's values per link and per site, between 0 and 1."""

    def __init__(self, task: Task, price: Prices, links: Collection[str] | None = None):
        self.task = task if links is None else task.on(links)
        self.index = CandidateArrays(self.task.inventory, self.task.candidates, price)

    def improve(self, incumbent: Incumbent, clock: TimeBudget | None = None) -> Incumbent:
        """A plan known, all of whose links are here, by local search; on the clock of the task, if on no other."""
        state, clock = self._state(incumbent), clock or self.task.clock
        improve(state, lambda: clock.spent)
        return _better(incumbent, self._incumbent(state))

    def _state(self, incumbent: Incumbent) -> RoutingState:
        number = {link.id: l for l, link in enumerate(self.index.links)}
        state = RoutingState(self.index)
        for corridor in incumbent.design.corridors:
            if corridor.served:
                paths = [tuple(number[link] for link in path.links) for path in corridor.paths]
                state.add(self.index.commodities[corridor.id], paths)
        return state

    def _incumbent(self, state: RoutingState) -> Incumbent | None:
        return self.task.incumbent(self._design(state))

    def plan(
        self, served: Collection[str] | None, links: Mapping[str, float], sites: Mapping[str, float]
    ) -> Incumbent | None:
        """The best of a few orders of routing. `served`: which optional corridors; None: as many as fit."""
        return better(*(self._incumbent(state) for state in self._starts(served, links, sites, FEW)))

    def search(
        self,
        served: Collection[str] | None,
        links: Mapping[str, float],
        sites: Mapping[str, float],
        incumbent: Incumbent | None = None,
        bound: float | None = None,
        few: bool = False,
    ) -> Incumbent | None:
        """The same with many orders, each improved by local search; until near the bound."""
        for state in self._starts(served, links, sites, FEW if few else self._effort):
            incumbent = better(incumbent, self._incumbent(state))
            improve(state, self._over)
            incumbent = better(incumbent, self._incumbent(state))
            if incumbent is not None and self.task.within(incumbent.value, bound):
                break
        return incumbent

    @property
    def _effort(self) -> int:
        return max(FEW, min(MANY, EFFORT // max(1, len(self.index.links))))

    def _starts(
        self, served: Collection[str] | None, links: Mapping[str, float], sites: Mapping[str, float], count: int
    ) -> Iterator[RoutingState]:
        """Plans made corridor by corridor, in so many orders."""
        index, corridors = self.index, self.task.inventory.corridors
        required = [q for q, corridor in corridors.items() if corridor.required or (served and q in served)]
        link_factor = FULL - np.clip([links.get(link.id, 0.0) for link in index.links], 0, 1) if links else 1.0
        site_factor = FULL - np.clip([sites.get(s, 0.0) for s in index.sites], 0, 1) if sites else 1.0
        for order in orders(index, required, count):
            if self._over():
                return
            state = construct(index, order, link_factor, site_factor, self._late)
            if state is not None:
                if served is None:
                    self._add_optional(state)
                yield state

    def _over(self) -> bool:
        return self.task.clock.spent

    def _late(self) -> bool:
        """Even a plan that was begun in time is not waited for."""
        clock = self.task.clock
        return clock.interrupted or clock.seconds_over() > GRACE_S

    def _add_optional(self, state: RoutingState, rng: random.Random | None = None) -> None:
        """Optional corridors, as long as the budget allows."""
        serve_optional(state, self.optional, lambda state: self._incumbent(state) is not None, self._over, rng)

    @property
    def optional(self) -> dict[str, float]:
        """The priorities of optional corridors."""
        return {q: c.priority for q, c in self.task.inventory.corridors.items() if not c.required}

    def serve_more(self, incumbent: Incumbent) -> Incumbent:
        """Optional corridors of a plan left out and others served, again and again, for a higher total priority."""
        rng, best, state, idle = random.Random(len(self.optional)), incumbent, self._state(incumbent), 0
        while idle < IDLE and not self._over():
            trial = state.copy()
            leave_some_out(trial, self.optional, rng)
            self._add_optional(trial, rng)
            improve(trial, self._over)
            self._add_optional(trial, rng)
            found = self._incumbent(trial)
            idle += 1
            if found is not None and found.value <= best.value:
                idle = idle if found.value == best.value else 0
                best, state = found, trial
        return best

    def _design(self, state: RoutingState) -> Design:
        return design_of(self.task.inventory, self.task.candidates, served_corridors(state))

    def routable_alone(self, q: str) -> bool:
        """Paths for the corridor were found on these links, whatever the rates (False proves nothing)."""
        weights = Weights(np.zeros(len(self.index.links)), np.zeros(len(self.index.sites)))
        return find_paths(self.index, self.index.commodities[q], weights) is not None


def shake(
    task: Task, prices: Prices, incumbent: Incumbent, liked: Collection[str], bound: float | None, lasting: bool = False
) -> Incumbent:
    """A plan known, shaken and improved again and again; until near the bound.

    Each turn draws links anew: those of the plan, most of those that are `liked`, and some of all others. What is left
    out gives other plans a chance, and searches on few links are quick. Random numbers are always alike.
    """
    rng = random.Random(len(task.inventory.corridors))
    turns = min(MANY, sum(corridor.served for corridor in incumbent.design.corridors)) * (LASTING if lasting else 1)
    best = current = incumbent
    for _ in range(turns):
        drawn = {l.id for l in task.candidates.links if rng.random() < (LIKELY if l.id in liked else OTHERS)}
        planner = GuidedSearch(task, prices, drawn.union(current.design.used_links))
        for state in perturb(planner._state(current), rng, KICKS, planner._over):
            current = planner._incumbent(state) or current
            best = _better(best, current)
            if task.within(best.value, bound):
                return best
        if planner._over():
            break
        if current.value > best.value * (1 + ASTRAY):
            current = best
    return best


def _better(incumbent: Incumbent, other: Incumbent | None) -> Incumbent:
    return better(incumbent, other) or incumbent


def served_corridors(state: RoutingState) -> tuple[ServedCorridor, ...]:
    """Every corridor with its paths by id, served or not."""
    index, corridors = state.index, []
    for q, commodity in index.commodities.items():
        found = state.paths.get(q)
        paths = in_order(
            Path(
                links=tuple(index.links[l].id for l in path),
                relays=tuple(index.sites[s] for s in relays_of(index, commodity, path)),
            )
            for path in found or ()
        )
        demand_bps = index.inventory.corridors[q].demand_bps
        corridors.append(ServedCorridor(id=q, served=found is not None, key_rate_bps=demand_bps, paths=paths))
    return tuple(corridors)
