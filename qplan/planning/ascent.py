"""Dual ascent for Steiner arborescences (Wong 1984): directed cuts to start the relaxation with.

Every arc has a reduced cost, at first the price of its cheapest link and of its head as a relay. For one end after the
other, the sites from which it can be reached along arcs of reduced cost 0 form a set; as long as the root is not among
them, the least reduced cost over the arcs that enter the set is taken off all of these. The cuts met on the way bind in
a dual solution that is often nearly optimal, so that the relaxation starts where cut by cut it would come to late.
"""

from __future__ import annotations

import heapq
from collections import defaultdict

from qplan.planning.cuts import Row
from qplan.planning.formulation import Formulation, Prices
from qplan.planning.limits import SearchLimits
from qplan.planning.trees import Trees

MOST_STEPS = 6000  # cuts, over all trees
ROUNDING = 1e-9


def ascent_cuts(model: Formulation, trees: Trees, prices: Prices, limits: SearchLimits) -> list[Row]:
    """Directed cuts of every tree for the ends that it may span."""
    index = model.index()
    cheapest: dict[tuple[str, str], float] = defaultdict(lambda: float("inf"))
    for link in model.reach.links:
        cheapest[link.route.ends] = min(cheapest[link.route.ends], prices.link.get(link.id, 0.0))
    ends = {s for part in trees.components for s in part.ends}
    rows: dict[Row, None] = {}
    for k, part in enumerate(trees.components[: trees.rooted]):
        into: dict[str, list[tuple[str, int]]] = defaultdict(list)
        cost: list[float] = []
        columns: list[int] = []
        for (tree, tail, head), variable in trees.arcs.items():
            if tree == k:
                into[head].append((tail, len(cost)))
                relayed = 0.0 if head in ends else prices.relay.get(head, 0.0)
                cost.append(cheapest[min(tail, head), max(tail, head)] + relayed)
                columns.append(index[variable.name])
        span_of = {s: l for l, other in enumerate(trees.components) if l >= k for s in other.ends if s != part.ends[0]}
        steps = MOST_STEPS // trees.rooted
        for end, arcs in _ascend(part.ends[0], span_of, into, cost, steps, limits):
            entering = tuple(sorted({columns[arc] for arc in arcs}))
            if trees.spans:
                span = index[trees.spans[k, span_of[end]].name]
                rows[Row("tree_cut", (*entering, span), (*(1.0,) * len(entering), -1.0), 0.0)] = None
            else:
                rows[Row("tree_cut", entering, (1.0,) * len(entering), 1.0)] = None
    return list(rows)


def _ascend(
    root: str, ends: dict[str, int], into: dict[str, list[tuple[str, int]]], cost: list[float], most_steps: int,
    limits: SearchLimits,
) -> list[tuple[str, list[int]]]:  # fmt: skip
    """(end, arcs of a cut) in the order met; ends with few arcs into their set first. Takes `cost` down."""
    met: list[tuple[str, list[int]]] = []
    heap = [(0, s) for s in sorted(ends)]
    while heap and len(met) < most_steps and not limits.hit():
        _, end = heapq.heappop(heap)
        arcs = _entering(root, end, into, cost)
        if arcs is None:
            continue
        if heap and len(arcs) > heap[0][0] > 0:  # the set has grown: others first
            heapq.heappush(heap, (len(arcs), end))
            continue
        if not arcs:
            continue  # nothing leads here: the relaxation will say that nothing is possible
        least = min(cost[arc] for arc in arcs)
        for arc in arcs:
            cost[arc] -= least
        met.append((end, arcs))
        heapq.heappush(heap, (len(arcs), end))
    return met


def _entering(root: str, end: str, into: dict[str, list[tuple[str, int]]], cost: list[float]) -> list[int] | None:
    """Arcs into the set from which the end can be reached for nothing; None where the root is in it."""
    inside, stack, arcs = {end}, [end], []
    while stack:
        head = stack.pop()
        for tail, arc in into[head]:
            if cost[arc] > ROUNDING:
                arcs.append((tail, arc))
            elif tail not in inside:
                if tail == root:
                    return None
                inside.add(tail)
                stack.append(tail)
    return [arc for tail, arc in arcs if tail not in inside]
