"""Dual ascent for Steiner arborescences (Wong 1984): directed cuts to start the relaxation with.

Every arc has a reduced cost, at first the price of its cheapest link and of its head as a relay. For one end after the
other, the sites from which it can be reached along arcs of reduced cost 0 form a set; as long as the root is not among
them, the least reduced cost over the arcs that enter the set is taken off all of these. The cuts met on the way bind in
a dual solution that is often nearly optimal, so that the relaxation starts where cut by cut it would come to late.
"""

from __future__ import annotations

import heapq
import math
from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from qplan.candidates.prices import Prices
from qplan.optimizer.cuts.components import site_of
from qplan.optimizer.cuts.row import Row, require
from qplan.optimizer.cuts.trees import TreeCut, Trees
from qplan.optimizer.model.formulation import Formulation
from qplan.time_budget import TimeBudget

MOST_STEPS = 6000  # cuts, over all trees
ROUNDING = 1e-9


@dataclass(frozen=True)
class Arcs:
    """Arcs of one tree by number: their tails, their columns, and those that enter each place."""

    tails: np.ndarray
    columns: np.ndarray
    into: list[np.ndarray]


def ascent_cuts(model: Formulation, trees: Trees, prices: Prices, clock: TimeBudget) -> list[Row]:
    """Directed cuts of every tree for the ends that it may span."""
    index = model.index()
    cheapest = cheapest_links(model, prices)
    component_of = {s: l for l, part in enumerate(trees.components) for s in part.ends}
    number, back = {place: i for i, place in enumerate(trees.places())}, trees.returns()
    rows: dict[Row, None] = {}
    for k, part in enumerate(trees.components[: trees.rooted]):
        mine = {arc: index[variable.name] for arc, variable in trees.by_tree[k].items()}
        into: list[list[int]] = [[] for _ in number]
        for arc, (_, head) in enumerate([*mine, *back]):
            into[number[head]].append(arc)
        cost = np.append(arc_prices(mine, cheapest, prices, component_of), np.zeros(len(back)))
        arcs = Arcs(
            np.array([number[tail] for tail, _ in [*mine, *back]], dtype=np.int64),
            np.array([*mine.values()], dtype=np.int64),
            [np.array(entering, dtype=np.int64) for entering in into],
        )
        spanned = trees.spanned_by(k)
        span_of = {number[s]: l for s, l in component_of.items() if l in spanned and s != part.ends[0]}
        for end, cut in ascend(number[trees.start(k)], span_of, arcs, cost, MOST_STEPS // trees.rooted, clock):
            entering = tuple(np.unique(arcs.columns[cut]).tolist())
            span = index[trees.spans[k, span_of[end]].name] if trees.spans else None
            rows[require("tree_cut", entering, 1.0, span)] = None
    return list(rows)


def packed_cuts(model: Formulation, trees: Trees, cuts: Iterable[TreeCut]) -> list[Row]:
    """Directed cuts that are known, over the arcs that the trees have."""
    index = model.index()
    rows: dict[Row, None] = {}
    for cut in cuts:
        mine = (trees.arcs.get((cut.k, *arc)) for arc in cut.arcs)
        columns = sorted({index[variable.name] for variable in mine if variable is not None})
        span = index[trees.spans[cut.k, cut.l].name] if trees.spans else None
        rows[require("tree_cut", tuple(columns), 1.0, span)] = None
    return list(rows)


def cheapest_links(model: Formulation, prices: Prices) -> dict[tuple[str, str], float]:
    """Per pair of sites the price of its cheapest link."""
    cheapest: dict[tuple[str, str], float] = defaultdict(lambda: math.inf)
    for link in model.candidates.links:
        cheapest[link.route.ends] = min(cheapest[link.route.ends], prices.first(link))
    return cheapest


def arc_prices(
    arcs: Iterable[tuple[str, str]], cheapest: Mapping[tuple[str, str], float], prices: Prices, ends: Collection[str]
) -> np.ndarray:
    """What each arc costs at least: the cheapest link, and its head as a relay unless that is one of the ends."""
    sites = [(site_of(tail), site_of(head)) for tail, head in arcs]
    links = np.array([cheapest[min(pair), max(pair)] for pair in sites])
    return links + [0.0 if head in ends else prices.relay.get(site_of(head), 0.0) for _, head in arcs]


@dataclass(frozen=True)
class Raising:
    """What each group of ends may raise at the most, what it has raised, and by how many arcs an end is put off.

    Infinite: an end that nothing leads to.
    """

    most: Sequence[float]
    raised: dict[int, float]
    later: Callable[[], float]

    def left(self, group: int) -> float:
        return 0.0 if math.isinf(self.raised[group]) else self.most[group] - self.raised[group]


class _Ahead:
    """The sites from which an end can be reached for nothing, and the arcs that enter them."""

    def __init__(self, root: int, end: int, arcs: Arcs):
        self.root, self.arcs = root, arcs
        self.inside = np.zeros(len(arcs.into), dtype=bool)
        self.inside[end] = True
        self.entering = arcs.into[end]

    def grow(self, cost: np.ndarray) -> bool:
        """Take in what can now be reached for nothing; False once that is the root. Costs never rise."""
        tails = self.arcs.tails
        while True:
            self.entering = self.entering[~self.inside[tails[self.entering]]]
            reached = np.unique(tails[self.entering[cost[self.entering] <= ROUNDING]])
            if not len(reached):
                return True
            if self.root in reached:
                return False
            self.inside[reached] = True
            self.entering = np.concatenate([self.entering, *(self.arcs.into[site] for site in reached)])


def ascend(
    root: int,
    ends: dict[int, int],
    arcs: Arcs,
    cost: np.ndarray,
    most_steps: int,
    clock: TimeBudget,
    raising: Raising | None = None,
) -> list[tuple[int, np.ndarray]]:
    """(end, arcs of a cut) in the order met; ends with few arcs into their set first. Takes `cost` down.

    `ends` with their groups, of which `raising` keeps the account.
    """
    met: list[tuple[int, np.ndarray]] = []
    sets = {end: _Ahead(root, end, arcs) for end in ends}
    heap = [(0.0, end) for end in sorted(ends)]
    while heap and len(met) < most_steps and not clock.spent:
        _, end = heapq.heappop(heap)
        if not sets[end].grow(cost):
            continue
        entering = sets[end].entering
        if heap and len(entering) > heap[0][0] > 0:  # the set has grown: others first
            heapq.heappush(heap, (len(entering), end))
            continue
        if not len(entering):  # nothing leads here: the relaxation will say that nothing is possible
            if raising is not None:
                raising.raised[ends[end]] = math.inf
            continue
        step = float(cost[entering].min())
        if raising is not None:
            step = min(step, raising.left(ends[end]))
            if step <= ROUNDING:
                continue
            raising.raised[ends[end]] += step
        cost[entering] -= step
        met.append((end, entering))
        heapq.heappush(heap, (len(entering) + (raising.later() if raising else 0.0), end))
    return met
