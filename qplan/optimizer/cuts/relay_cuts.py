"""Cuts that see what relaying at the ends of corridors costs, on the lift of trees with its count of further links.

In a design without a cycle the way from one end to another is the tree's, and the ends on it relay where the corridors
between the two do without them.
"""

from __future__ import annotations

import numpy as np

from qplan.candidates.fibre_graph import adjacent, breadth_first
from qplan.candidates.max_flow import VIOLATION, FlowNetwork
from qplan.inventory.model import Inventory
from qplan.optimizer.cuts.row import Point, Row, require
from qplan.optimizer.cuts.trees import Trees, required_ends
from qplan.optimizer.model.families import row_family
from qplan.optimizer.model.formulation import Formulation
from qplan.optimizer.model.objectives import Goal


def relaying_binds(model: Formulation, goal: Goal) -> bool:
    """Some end of a corridor may not relay, or only at a price."""
    priced = {variable.name for variable, weight in goal.terms if weight > 0}
    return any(s not in model.relay or model.relay[s].name in priced for s in model.node)


class RelayCuts:
    """The cuts of one tree, for the ends of its own component."""

    def __init__(self, model: Formulation, trees: Trees, k: int, index: dict[str, int]):
        """`trees` count the links beyond them."""
        assert trees.extra is not None
        self.extra, self.span = index[trees.extra.name], index[trees.spans[k, k].name] if trees.spans else None
        self.root, *others = trees.components[k].ends
        relays = {s: [index[model.relay[s].name]] if s in model.relay else [] for s in model.node if s != self.root}
        mine = [(tail, head, [index[v.name]]) for (i, tail, head), v in trees.arcs.items() if i == k]
        sites = {s: 2 * i for i, s in enumerate(sorted({self.root, *others}.union(*(arc[:2] for arc in mine))))}
        arcs = [(sites[tail] + (tail in relays), sites[head], columns) for tail, head, columns in mine]
        through = {s: len(arcs) + i for i, s in enumerate(sorted(relays.keys() & sites.keys()))}
        self.network = FlowNetwork(
            2 * len(sites), arcs + [(sites[s], sites[s] + 1, relays[s]) for s in through], len(index)
        )
        needed = _between(model.inventory, self.root)
        self.sites = sites
        self.free = {s: [through[t] for t in needed.get(s, through) if t in through] for s in others}

    @row_family("tree_relay_cut")
    def separate(self, point: Point) -> dict[str, list[Row]]:
        """Σ tree(k) + Σ relay over a cut between the root of k and an end of its component + extra ≥ spans(k, k).

        Sites are split at ends t without which corridors still link the two; other ends let every way pass. If extra is
        0 the tree's way is the only one, the paths of such corridors lead over it, and t on it relays. Violated rows by
        end.
        """
        wanted = (1.0 if self.span is None else point[self.span]) - point[self.extra]
        capacity, rows = self.network.capacities(point), dict[str, list[Row]]()
        for end, free in self.free.items() if wanted > VIOLATION else ():
            passing = capacity.copy()
            passing[free] = 1.0
            for cut, _ in self.network.cuts(passing, self.sites[self.root], self.sites[end], wanted):
                capacity[cut] = np.maximum(capacity[cut], wanted)  # one row per cut and round
                columns = (*self.network.columns(cut), self.extra)
                rows.setdefault(end, []).append(require("tree_relay_cut", columns, 1.0, self.span))
        return rows


def _between(inventory: Inventory, root: str) -> dict[str, set[str]]:
    """For each end that corridors link to the root, the ends that any chain of corridors between the two meets."""
    neighbours = adjacent(required_ends(inventory))
    linked = breadth_first(neighbours, root).keys() - {root}
    met: dict[str, set[str]] = {s: set() for s in linked}
    for t in linked:
        without = {s: near for s, near in neighbours.items() if s != t} | {t: []}
        for s in linked - {t} - breadth_first(without, root).keys():
            met[s].add(t)
    return met
