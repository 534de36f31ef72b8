"""Cuts that see what relaying at the ends of corridors costs, on the lift of trees.

No path passes an end that does not relay. So a tree, grown in a design, goes on from such ends only where nothing else
is left: it passes none on its way to an end that chains of corridors link with the root without them. In a design
without a cycle, moreover, the way from one end to another is the tree's.
"""

from __future__ import annotations

import heapq
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from qplan.candidates.fibre_graph import adjacent, breadth_first
from qplan.candidates.max_flow import VIOLATION, FlowNetwork
from qplan.optimizer.cuts.corridor_ends import required_ends
from qplan.optimizer.cuts.row import Point, Row, require
from qplan.optimizer.cuts.trees import Trees
from qplan.optimizer.model.families import row_family
from qplan.optimizer.model.formulation import Formulation


@dataclass(frozen=True)
class Excuse:
    """What lets a tree pass ends that do not relay: Σ weight × columns + constant, and how `much` that is at a point.

    It passes those that are `free` without.
    """

    much: float
    free: Collection[str]
    columns: tuple[int, ...]
    weight: float
    constant: float = 0.0


class RelayCuts:
    """The cuts of one tree, for the ends of its own component."""

    def __init__(self, model: Formulation, trees: Trees, k: int, index: dict[str, int]):
        """`trees` count the links beyond them, or are of corridors that rules bind."""
        self.extra = None if trees.extra is None else index[trees.extra.name]
        self.span = index[trees.spans[k, k].name] if trees.spans else None
        self.root, *self.others = trees.components[k].ends
        mine = [(tail, head, [index[v.name]]) for (tail, head), v in trees.by_tree[k].items()]
        sites = {place: 2 * i for i, place in enumerate(trees.places())}
        among = trees.rules.corridors if trees.rules else None
        relays = model.relay.keys() & trees.rules.relays if trees.rules else model.relay.keys()
        self.relay = {s: index[model.relay[s].name] for s in model.node if s in relays}
        split = (s for s in sorted(model.node) if s in sites and s != self.root and s not in trees.apart)
        self.through = {s: arc for arc, s in enumerate(split, start=len(mine))}
        self.first_through = len(mine)
        arcs = [(sites[tail] + (tail in self.through), sites[head], columns) for tail, head, columns in mine]
        ways = [(sites[s], sites[s] + 1, [self.relay[s]] if s in self.relay else []) for s in self.through]
        back = [(sites[tail], sites[head], list[int]()) for tail, head in trees.returns()]
        self.first_back = len(arcs) + len(ways)
        self.network = FlowNetwork(2 * len(sites), [*arcs, *ways, *back], len(index))
        self.sites, self.start = sites, sites[trees.start(k)]
        self.linked = adjacent(required_ends(model.inventory, among))
        self.needed = {} if self.extra is None else _between(self.linked, self.root)

    @row_family("tree_relay_cut")
    def separate(self, point: Point) -> tuple[list[Row], set[str]]:
        """Σ tree(k) + Σ relay over a cut between the root of k and an end of its component + excuse ≥ spans(k, k).

        Sites are split at ends, which the tree passes where they relay, or with one of two excuses; a row for each:

        * extra; ends let every way pass that all chains of corridors between the two meet. If extra is 0 the tree's way
          is the only one, the paths of a chain without t lead over it, and t on it relays;
        * Σ 1 − relay(t) over the ends t inside one chain of corridors between the two, which let every way pass. If all
          of them relay, the paths of that chain lead over relays alone.

        Where the trees are of corridors that rules bind, the chains are of these, and no tree passes an end that their
        rules refuse as a relay without an excuse; only the second is.

        Violated rows, and the ends for which arcs alone need not be looked at.
        """
        capacity, rows, settled = self.network.capacities(point), list[Row](), set[str]()
        capacity[self.first_back :] = 1.0
        wanted, chains = 1.0 if self.span is None else point[self.span], self._chains(point)
        for end in self.others:
            excuses = list[Excuse]()
            if self.extra is not None:
                excuses.append(Excuse(point[self.extra], self.needed.get(end, self.through.keys()), (self.extra,), 1.0))
            if end in chains and all(chains[end][0] < excuse.much for excuse in excuses):  # else it says no more
                lack, inner = chains[end]
                excuses.insert(0, Excuse(lack, inner, tuple(self.relay[t] for t in inner), -1.0, len(inner)))
            for excuse in excuses:
                mine = self._cut(end, wanted, excuse, capacity)
                rows += mine
                if mine or excuse.much <= VIOLATION:
                    settled.add(end)
                    break
        return rows, settled

    def _cut(self, end: str, wanted: float, excuse: Excuse, capacity: np.ndarray) -> list[Row]:
        """Rows between the root and an end that are violated; takes `capacity` up where they are."""
        rows: list[Row] = []
        if wanted - excuse.much <= VIOLATION:
            return rows
        passing = capacity.copy()
        passing[[self.through[t] for t in excuse.free if t in self.through]] = 1.0
        for cut, _ in self.network.cuts(passing, self.start, self.sites[end], wanted - excuse.much):
            capacity[cut] = np.maximum(capacity[cut], wanted)  # one row per cut and round
            row = require("tree_relay_cut", self.network.columns(cut), 1.0, self.span)
            if (cut >= self.first_through).any():  # arcs alone need no excuse
                columns = (*row.columns, *excuse.columns)
                weights = (*row.weights, *(excuse.weight for _ in excuse.columns))
                row = Row("tree_relay_cut", columns, weights, row.least - excuse.constant)
            rows.append(row)
        return rows

    def _chains(self, point: Point) -> dict[str, tuple[float, tuple[str, ...]]]:
        """For ends near the root: a chain of corridors from there, by what its inner ends lack to relay at least."""
        found: dict[str, tuple[float, tuple[str, ...]]] = {}
        heap: list[tuple[float, str, tuple[str, ...]]] = [(0.0, self.root, ())]
        while heap:
            lack, here, inner = heapq.heappop(heap)
            if here in found:
                continue
            found[here] = lack, inner
            if here != self.root:
                lack += max(0.0, 1.0 - point[self.relay[here]]) if here in self.relay else 1.0
                inner = (*inner, here)
            for there in self.linked[here] if lack < 1.0 else ():
                heapq.heappush(heap, (lack, there, inner))
        return found


def _between(linked: Mapping[str, Sequence[str]], root: str) -> dict[str, set[str]]:
    """For each end that corridors link to the root, the ends that any chain of corridors between the two meets."""
    met: dict[str, set[str]] = {s: set() for s in breadth_first(linked, root).keys() - {root}}
    for t in met:
        without = {s: near for s, near in linked.items() if s != t} | {t: []}
        for s in met.keys() - {t} - breadth_first(without, root).keys():
            met[s].add(t)
    return met
