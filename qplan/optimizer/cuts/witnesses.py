"""Designs known to be possible, as points of a model: no cut may exclude one of them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from itertools import pairwise

import numpy as np

from qplan.candidates.design import Design
from qplan.candidates.fibre_graph import adjacent, breadth_first, way_to
from qplan.candidates.model import systems_needed
from qplan.optimizer.cuts.components import Pair, linked_but_at, passed, site_of
from qplan.optimizer.cuts.layered_trees import layered_tree_values
from qplan.optimizer.cuts.lifts import Lifts
from qplan.optimizer.cuts.row import Row
from qplan.optimizer.cuts.star_trees import star_tree_values
from qplan.optimizer.cuts.trees import Trees
from qplan.optimizer.model.formulation import Formulation
from qplan.optimizer.model.stage import Incumbent

TOLERANCE = 1e-6


def start_values(model: Formulation, design: Design) -> dict[str, float]:
    """Values of the design variables in a design; links that the model lacks are left out."""
    known = {link.id: link for link in design.links}
    used = design.used_links
    counts = {name: float(systems_needed(known[name].load_bps, known[name].key_rate_bps)) for name in used}
    bought = {name: float(link.bought) for name, link in known.items()}
    nodes = {node.site for node in design.nodes}
    served = {corridor.id for corridor in design.corridors if corridor.served}
    values = {v.name: float(link in used) for link, v in model.link.items()}
    values |= {v.name: counts.get(link, 0.0) for link, v in model.count.items()}
    for name in model.extended:
        values[model.bought[name].name] = bought.get(name, 0.0)
        values[model.extended[name].name] = float(bought.get(name, 0.0) > 0)
    for group, chosen in ((model.node, nodes), (model.relay, design.relays), (model.served, served)):
        values |= {v.name: float(key in chosen) for key, v in group.items()}
    return values


def tree_values(trees: Trees, design: Design) -> dict[str, float]:
    """Values of the lift of trees in a design: in each of its parts a tree, or the rest, joins all components there."""
    values = dict.fromkeys((v.name for v in trees.variables()), 0.0)
    relays = design.relays & trees.rules.relays if trees.rules else design.relays
    last = {node.site for node in design.nodes} - relays
    pairs = sorted(trees.pairs & design.arcs)
    met = relays.union(*(component.ends for component in trees.components)) - (trees.apart - relays)
    parts = [adjacent(part) for part in linked_but_at(pairs, {s for pair in pairs for s in pair} - met)]
    joining = [next(part for part in parts if part.keys() >= set(component.ends)) for component in trees.components]
    waiting = list(range(len(trees.components)))
    while waiting and waiting[0] < trees.rooted:
        k = waiting[0]
        root = trees.components[k].ends[0]
        spanned = [l for l in waiting if joining[l] is joining[k]]
        onward: dict[str, list[str]] = defaultdict(list)
        for tail, head in trees.by_tree[k]:
            end = site_of(head)
            if (head == end or end in relays) and end in joining[k].get(site_of(tail), ()):
                onward[tail].append(head)
                onward[head] += [end] if head != end else []
        reached = breadth_first(onward, trees.start(k), last)
        if trees.spans:
            values |= {trees.spans[k, l].name: 1.0 for l in spanned}
        ends = [s for l in spanned for s in trees.components[l].ends if s != root]
        for tail, head in _tree(reached, ends):
            place = head if (k, tail, head) in trees.arcs else passed(head)
            values[trees.arcs[k, tail, place].name] = 1.0
        waiting = [l for l in waiting[1:] if l not in spanned]
    for l in waiting:
        neighbours = adjacent(arc for arc in trees.rest_links if arc[1] in joining[l].get(arc[0], ()))
        values[trees.spans[trees.rooted, l].name] = 1.0
        first, *others = trees.components[l].ends
        reached = breadth_first(neighbours, first)
        for other in others:
            path = way_to(reached, other)
            values |= {trees.rest_links[min(a, b), max(a, b)].name: 1.0 for a, b in pairwise(path)}
            values |= {trees.rest_relays[s].name: 1.0 for s in path[1:-1] if s in trees.rest_relays}
    return values


def _tree(reached: Mapping[str, tuple[int, str]], ends: Collection[str]) -> set[Pair]:
    """The arcs of a tree to some ends, each of which it passes only where it goes on from there."""
    tree = {arc for s in ends for arc in pairwise(way_to(reached, s))}
    for _ in range(2):  # an end reached by itself may be passed on the way to others
        going_on = {tail for tail, head in tree if site_of(tail) != head}
        ways = (way_to(reached, passed(s) if passed(s) in going_on else s) for s in ends)
        tree = {arc for way in ways for arc in pairwise(way) if site_of(arc[0]) != arc[1]}
    return {(tail, head if head in going_on else site_of(head)) for tail, head in tree}


class UnsoundCut(Exception):
    """A cut excludes a design that is known to be possible; `incumbent` is the best design."""

    def __init__(self, family: str, incumbent: Incumbent | None):
        super().__init__(
            f"A cut of the family {family} excluded a plan that holds: a defect, please report it. The plan is kept; "
            "no bound by cuts is given."
        )
        self.incumbent = incumbent


class Witnesses:
    """Designs known to be possible, as points over the columns of one model (NaN where a lift's value is unknown)."""

    def __init__(self, model: Formulation, lifts: Lifts):
        self.model, self.lifts = model, lifts
        self.names = [v.name for v in model.columns]
        self.designs: list[Design] = []
        self.points: list[np.ndarray] = []

    def add(self, design: Design) -> None:
        """Take up a design, unless the model lacks a link of it."""
        if not design.used_links <= self.model.link.keys():
            return
        values = start_values(self.model, design)
        trees = self.lifts.trees
        for each in self.lifts.all_trees:
            values |= tree_values(each, design)
        values |= layered_tree_values(self.lifts.layered_trees, design)
        values |= star_tree_values(self.lifts.star_trees, design)
        if trees.extra is not None:
            values[trees.extra.name] = sum(weight * values[variable.name] for variable, weight in trees.counted)
        self.designs.append(design)
        self.points.append(np.array([values.get(name, np.nan) for name in self.names]))

    def knows(self, design: Design) -> bool:
        """The design is among those that judge cuts, so the model has all its links."""
        return any(known is design for known in self.designs)

    def learn(self, incumbent: Incumbent | None, rows: Iterable[Row]) -> None:
        """A new design judges the rows there are. Raises `UnsoundCut`."""
        if incumbent is not None and not self.knows(incumbent.design):
            self.add(incumbent.design)
            self.judge(rows, incumbent)

    def judge(self, rows: Iterable[Row], incumbent: Incumbent | None) -> None:
        """Raises `UnsoundCut` where a row excludes a design."""
        for row in rows:
            if any(row.violated(point, TOLERANCE) for point in self.points):
                raise UnsoundCut(row.family, incumbent)
