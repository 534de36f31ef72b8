"""Relay limits as arborescences in layered graphs: a lift of the design variables, one tree per root.

Corridors with one path each and a limit on relays that end at the same site, the root, and may use links between the
same pairs of sites (the same possible relays, and demands that the same links carry) are reached from it within their
limits by one tree that every design contains: of what a breadth-first search from the root over the design's links and
relays finds, the branches that lead to the corridors' other ends. Layer h of the tree's layered graph holds sites h
links from the root (Gouveia, Simonetti & Uchoa 2011). With layered_tree(r, h, u, v) ∈ [0, 1] for "the tree of root r
enters v, h + 1 links from r, from u":

* a target is entered once, within its limit; another site at most relay(s) times, over all layers;
* over all layers and both directions the tree takes a pair of sites at most Σ link over the pair;
* what enters a site that is no target leaves it, one layer on; what leaves a target by one arc is at most relay(s);
* an arc is taken only where its tail was entered one layer before, from elsewhere;
* every cut between the root and a target in the target's own layered graph has at least one arc.

Only the first rows are in the model from the start, the others are found where they are violated. Every row holds for
every design.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import pulp

from qplan.candidates.bundles import CorridorNetwork
from qplan.candidates.design import Design
from qplan.candidates.fibre_graph import way_to
from qplan.candidates.layered_graph import Arc, layered_arcs, layered_network
from qplan.candidates.prices import Prices
from qplan.optimizer.cuts.dual_ascent import MOST_STEPS, Arcs, arc_prices, ascend, cheapest_links
from qplan.optimizer.cuts.row import Point, Row, Separator, at_least, require
from qplan.optimizer.model.families import row_family
from qplan.optimizer.model.formulation import Formulation, Terms
from qplan.time_budget import TimeBudget

MOST_COLUMNS = 125_000  # of all trees; those with few layers come first


@dataclass(frozen=True)
class LayeredTree:
    """A root, its targets with the most links to each, and the variables of the arcs."""

    root: str
    corridors: frozenset[str]
    targets: dict[str, int]
    reaching: dict[str, tuple[Arc, ...]]  # per target the arcs of its own layered graph
    arcs: dict[Arc, pulp.LpVariable]


@dataclass(frozen=True)
class Root:
    """A site at which corridors end, its targets with the most links to each, and the arcs that reach each."""

    site: str
    corridors: frozenset[str]
    targets: dict[str, int]
    reaching: dict[str, tuple[Arc, ...]]

    def arcs(self) -> list[Arc]:
        """Arcs of the layered graphs of all targets; none leads to a target, or on from it, beyond its limit."""
        return sorted(
            {
                (tail, head, h)
                for mine in self.reaching.values()
                for tail, head, h in mine
                if h < self.targets.get(head, h + 1) and h <= self.targets.get(tail, h)
            }
        )


def add_layered_trees(model: Formulation) -> list[LayeredTree]:
    """Add the lift for as many roots as there is room for."""
    trees: list[LayeredTree] = []
    room = MOST_COLUMNS
    for root in _choose_roots(model):
        arcs = root.arcs()
        room -= len(arcs)
        if room < 0:
            break
        trees.append(_add_tree(model, root, arcs, len(trees) + 1))
    return trees


@row_family("layered_tree_target", "layered_tree_relay")
def _add_tree(model: Formulation, root: Root, arcs: list[Arc], number: int) -> LayeredTree:
    """Σ layered_tree into a target = 1 (layered_tree_target), into another site ≤ relay(s) (layered_tree_relay)."""
    variables = {
        (tail, head, h): model.variable("layered_tree", number, h + 1, tail, head, integer=False)
        for tail, head, h in arcs
    }
    entering: dict[str, Terms] = defaultdict(list)
    for (_, head, _), flow in variables.items():
        entering[head].append((flow, 1.0))
    for s, terms in sorted(entering.items()):
        if s in root.targets:
            model.add(terms, "=", 1, "layered_tree_target", number, s)
        else:
            model.add([*terms, (model.relay[s], -1.0)], "<=", 0, "layered_tree_relay", number, s)
    return LayeredTree(root.site, root.corridors, root.targets, root.reaching, variables)


def _choose_roots(model: Formulation) -> list[Root]:
    """All ends of corridors with their corridors, those first that reach most corridors which none before reaches.

    So a corridor is on the trees of both its ends, unless one reaches no other: a single path is the same from there.
    """
    corridors = model.inventory.corridors
    groups: dict[tuple[str, frozenset[tuple[str, str]]], list[CorridorNetwork]] = defaultdict(list)
    for network in model.networks:
        corridor = corridors[network.corridor]
        if corridor.required and corridor.paths == 1 and corridor.max_relays is not None:
            usable = frozenset(bundle.ends for bundle in network.bundles)
            for end in corridor.ends:
                groups[end, usable].append(network)
    waiting = [(end, mine) for (end, _), mine in groups.items()]
    found: list[Root] = []
    reached: set[str] = set()
    while waiting:
        fresh = [sum(network.corridor not in reached for network in mine) for _, mine in waiting]
        first = max(range(len(waiting)), key=lambda i: (fresh[i], len(waiting[i][1])))
        end, mine = waiting.pop(first)
        if fresh[first] or len(mine) > 1:
            model.clock.check()
            found.append(_root(model, end, mine))
            reached |= found[-1].corridors
    return found


def _root(model: Formulation, site: str, networks: list[CorridorNetwork]) -> Root:
    """With the targets of corridors that may use the same pairs of sites."""
    targets: dict[str, int] = {}
    for network in networks:
        corridor = model.inventory.corridors[network.corridor]
        (target,) = set(corridor.ends) - {site}
        assert corridor.max_relays is not None
        targets[target] = min(corridor.max_relays + 1, targets.get(target, corridor.max_relays + 1))
    reaching = {t: tuple(layered_arcs(networks[0], (site, t), most)) for t, most in sorted(targets.items())}
    return Root(site, frozenset(network.corridor for network in networks), targets, reaching)


@row_family("layered_tree_link", "layered_tree_relay", "layered_tree_balance")
def layer_ties(model: Formulation, trees: Sequence[LayeredTree]) -> Iterator[Row]:
    """The rows that tie arcs to links and relays, and what enters a site to what leaves it.

    * layered_tree_link: Σ link over a pair of sites ≥ Σ layered_tree over it, all layers and both directions;
    * layered_tree_relay: relay(target) ≥ Σ layered_tree over all layers from a target to one site;
    * layered_tree_balance: Σ layered_tree out of a site in layer h ≥ Σ into it, unless it is a target.
    """
    index = model.index()
    links: dict[tuple[str, str], set[int]] = defaultdict(set)
    for link in model.candidates.links:
        links[link.route.ends].add(index[model.link[link.id].name])
    for tree in trees:
        over: dict[tuple[str, str], list[int]] = defaultdict(list)
        into: dict[tuple[str, int], list[int]] = defaultdict(list)
        out: dict[tuple[str, int], list[int]] = defaultdict(list)
        from_target: dict[tuple[str, str], list[int]] = defaultdict(list)
        for (tail, head, h), flow in tree.arcs.items():
            column = index[flow.name]
            over[min(tail, head), max(tail, head)].append(column)
            into[head, h + 1].append(column)
            out[tail, h].append(column)
            if tail in tree.targets and tail in model.relay:
                from_target[tail, head].append(column)
        for pair, columns in over.items():
            yield at_least("layered_tree_link", sorted(links[pair]), columns)
        for (tail, _), columns in from_target.items():
            yield at_least("layered_tree_relay", [index[model.relay[tail].name]], columns)
        for (site, h), columns in into.items():
            if site not in tree.targets:
                yield at_least("layered_tree_balance", out[site, h], columns)


@row_family("layered_tree_entry")
def layer_entries(model: Formulation, trees: Sequence[LayeredTree]) -> Iterator[Row]:
    """Σ layered_tree into the tail of an arc, one layer before and from elsewhere than its head, ≥ the arc's own."""
    index = model.index()
    for tree in trees:
        into: dict[tuple[str, int], list[tuple[str, int]]] = defaultdict(list)
        for (tail, head, h), flow in tree.arcs.items():
            into[head, h + 1].append((tail, index[flow.name]))
        for (tail, head, h), flow in tree.arcs.items():
            if tail != tree.root:
                before = [column for site, column in into[tail, h] if site != head]
                yield at_least("layered_tree_entry", before, [index[flow.name]])


@row_family("layered_tree_cut")
def layered_tree_cuts(model: Formulation, trees: Sequence[LayeredTree]) -> Separator:
    """Σ layered_tree over the arcs of a cut between the root and a target in the target's layered graph ≥ 1."""
    index = model.index()
    networks = []
    for tree in trees:
        for target in sorted(tree.targets):
            model.clock.check()
            arcs = {arc: [index[tree.arcs[arc].name]] for arc in tree.reaching[target] if arc in tree.arcs}
            networks.append(layered_network(arcs, (tree.root, target), len(index)))

    def separate(point: Point) -> list[Row]:
        rows = []
        for network in networks:
            model.clock.check()
            for cut, _ in network.cuts(network.capacities(point), 0, 1, 1.0):
                rows.append(require("layered_tree_cut", network.columns(cut), 1.0, None))
        return list(dict.fromkeys(rows))

    return Separator("layered_tree_cut", separate)


def layered_ascent(model: Formulation, trees: Sequence[LayeredTree], prices: Prices, clock: TimeBudget) -> list[Row]:
    """Cuts of every tree by dual ascent (Wong 1984) in its layered graph."""
    index = model.index()
    cheapest = cheapest_links(model, prices)
    ends = {end for corridor in model.inventory.corridors.values() for end in corridor.ends}
    rows: dict[Row, None] = {}
    for tree in trees:
        vertices: dict[tuple[str, int], int] = {(tree.root, 0): 0}
        number = {arc: i for i, arc in enumerate(tree.arcs)}
        tails = np.array([vertices.setdefault((tail, h), len(vertices)) for tail, _, h in number], dtype=np.int64)
        heads = [vertices.setdefault((head, h + 1), len(vertices)) for _, head, h in number]
        targets = {len(vertices) + i: target for i, target in enumerate(sorted(tree.targets))}
        into: list[list[int]] = [[] for _ in range(len(vertices) + len(targets))]
        for arc, head in enumerate(heads):
            into[head].append(arc)
        for vertex, target in targets.items():
            into[vertex] = [number[arc] for arc in tree.reaching[target] if arc[1] == target and arc in number]
        cost = arc_prices([arc[:2] for arc in number], cheapest, prices, ends)
        columns = np.array([index[flow.name] for flow in tree.arcs.values()], dtype=np.int64)
        arcs = Arcs(tails, columns, [np.array(entering, dtype=np.int64) for entering in into])
        for _, cut in ascend(0, dict.fromkeys(targets, 0), arcs, cost, MOST_STEPS // len(trees), clock):
            entering = tuple(np.unique(columns[cut]).tolist())
            rows[require("layered_tree_cut", entering, 1.0, None)] = None
    return list(rows)


def layered_tree_values(trees: Sequence[LayeredTree], design: Design) -> dict[str, float]:
    """Values of the lift in a design: the branches of a breadth-first search that lead to targets."""
    values = {flow.name: 0.0 for tree in trees for flow in tree.arcs.values()}
    for tree in trees:
        reached = design.relayed_from(tree.root, (arc[:2] for arc in tree.arcs))
        for target in tree.targets:
            for h, (tail, head) in enumerate(pairwise(way_to(reached, target))):
                values[tree.arcs[tail, head, h].name] = 1.0
    return values
