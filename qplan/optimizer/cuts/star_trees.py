"""Optional corridors that end at one site as an arborescence: a lift of the design variables, one tree per root.

The corridors served that end at the root are reached from it by a tree that every design contains: of what a
breadth-first search from the root over the design's links and relays finds, the branches that lead to their other ends.
With star_tree(r, u, v) ∈ [0, 1] for "the tree of root r enters v from u":

* a site that is no target is entered at most relay(s) times, a target at most once;
* over both directions the tree takes a pair of sites at most Σ link over the pair;
* what enters a site that is no target leaves it; what leaves a target by one arc is at most relay(s);
* every cut between the root and the other end of corridor q has at least served(q) arcs.

Only the first rows are in the model from the start, the others are found where they are violated. Every row holds for
every design, whatever its rates, ducts and numbers of paths. (Required corridors are left to `trees.py`.)
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import pulp

from qplan.candidates.bundles import CorridorNetwork
from qplan.candidates.design import Design
from qplan.candidates.fibre_graph import way_to
from qplan.candidates.max_flow import VIOLATION, FlowNetwork
from qplan.optimizer.cuts.components import Pair
from qplan.optimizer.cuts.row import Point, Row, Separator, at_least, require
from qplan.optimizer.model.families import row_family
from qplan.optimizer.model.formulation import Formulation, Terms

MOST_COLUMNS = 20_000  # of all trees; those of roots at which most corridors end come first


@dataclass(frozen=True)
class StarTree:
    """A root, the other end of each corridor, and the variables of the arcs."""

    root: str
    targets: dict[str, str]
    arcs: dict[Pair, pulp.LpVariable]


def add_star_trees(model: Formulation) -> list[StarTree]:
    """Add the lift for as many roots as there is room for.

    A tree is named after its root, and may use what any of its corridors may, so that rows over it can be carried to a
    model with fewer links.
    """
    corridors = model.inventory.corridors
    ending: dict[str, list[CorridorNetwork]] = defaultdict(list)
    for network in model.networks:
        served = model.served.get(network.corridor)
        for end in corridors[network.corridor].ends if served is not None and served.upBound else ():
            ending[end].append(network)
    trees, room = list[StarTree](), MOST_COLUMNS
    for root, networks in sorted(ending.items(), key=lambda mine: (-len(mine[1]), mine[0])):
        model.clock.check()
        pairs = {bundle.ends for network in networks for bundle in network.bundles}
        arcs = sorted(arc for pair in pairs for arc in (pair, pair[::-1]) if arc[1] != root)
        room -= len(arcs)
        if room < 0:
            break
        targets = {each.corridor: next(s for s in corridors[each.corridor].ends if s != root) for each in networks}
        trees.append(_add_tree(model, root, targets, arcs))
    return trees


@row_family("star_tree_target", "star_tree_relay")
def _add_tree(model: Formulation, root: str, targets: dict[str, str], arcs: list[Pair]) -> StarTree:
    """Σ star_tree into a target ≤ 1 (star_tree_target), into another site ≤ relay(s) (star_tree_relay)."""
    variables = {arc: model.variable("star_tree", root, *arc, integer=False) for arc in arcs}
    entering: dict[str, Terms] = defaultdict(list)
    for (_, head), variable in variables.items():
        entering[head].append((variable, 1.0))
    for s, terms in sorted(entering.items()):
        if s in targets.values():
            model.add(terms, "<=", 1, "star_tree_target", root, s)
        else:
            model.add([*terms, (model.relay[s], -1.0)], "<=", 0, "star_tree_relay", root, s)
    return StarTree(root, targets, variables)


@row_family("star_tree_link", "star_tree_relay", "star_tree_balance")
def star_ties(model: Formulation, trees: Sequence[StarTree]) -> Iterator[Row]:
    """The rows that tie arcs to links and relays, and what enters a site to what leaves it.

    * star_tree_link: Σ link over a pair of sites ≥ star_tree over it, in both directions;
    * star_tree_relay: relay(target) ≥ star_tree from a target to one site;
    * star_tree_balance: Σ star_tree out of a site ≥ Σ into it, unless it is a target.
    """
    index = model.index()
    links: dict[Pair, set[int]] = defaultdict(set)
    for link in model.candidates.links:
        links[link.route.ends].add(index[model.link[link.id].name])
    for tree in trees:
        targets = set(tree.targets.values())
        over, into, out = (defaultdict[Any, list[int]](list) for _ in range(3))
        for (tail, head), variable in tree.arcs.items():
            column = index[variable.name]
            over[min(tail, head), max(tail, head)].append(column)
            into[head].append(column)
            out[tail].append(column)
            if tail in targets and tail in model.relay:
                yield at_least("star_tree_relay", [index[model.relay[tail].name]], [column])
        for pair, columns in over.items():
            yield at_least("star_tree_link", sorted(links[pair]), columns)
        for s, columns in into.items():
            if s not in targets:
                yield at_least("star_tree_balance", out[s], columns)


@row_family("star_tree_cut")
def star_tree_cuts(model: Formulation, trees: Sequence[StarTree]) -> Separator:
    """Σ star_tree over the arcs of a cut between the root and the other end of corridor q ≥ served(q)."""
    index = model.index()
    networks = []
    for tree in trees:
        sites = {s: i for i, s in enumerate(sorted({tree.root, *(s for arc in tree.arcs for s in arc)}))}
        arcs = [(sites[tail], sites[head], [index[v.name]]) for (tail, head), v in tree.arcs.items()]
        targets = [(index[model.served[q].name], sites[s]) for q, s in tree.targets.items() if s in sites]
        networks.append((FlowNetwork(len(sites), arcs, len(index)), sites[tree.root], targets))

    def separate(point: Point) -> list[Row]:
        rows = []
        for network, root, targets in networks:
            capacity = network.capacities(point)
            for served, target in targets:
                model.clock.check()
                wanted = float(point[served])
                for cut, _ in network.cuts(capacity, root, target, wanted) if wanted > VIOLATION else ():
                    rows.append(require("star_tree_cut", network.columns(cut), 1.0, served))
        return list(dict.fromkeys(rows))

    return Separator("star_tree_cut", separate)


def star_tree_values(trees: Sequence[StarTree], design: Design) -> dict[str, float]:
    """Values of the lift in a design: the branches of a breadth-first search that lead to corridors served."""
    served = {q.id for q in design.corridors if q.served}
    values = {variable.name: 0.0 for tree in trees for variable in tree.arcs.values()}
    for tree in trees:
        reached = design.relayed_from(tree.root, tree.arcs)
        for target in {tree.targets[q] for q in tree.targets.keys() & served}:
            values |= {tree.arcs[tail, head].name: 1.0 for tail, head in pairwise(way_to(reached, target))}
    return values
