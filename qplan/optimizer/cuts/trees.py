"""Steiner arborescences that every design contains: the directed lift of the design variables.

Corridors that share ends form a corridor component, whose ends any design joins. So every design contains a forest of
trees, each of which spans the ends of one or more components. Directed away from a root these trees have a relaxation
whose bound is nearly always the optimum (Wong 1984; Goemans & Myung 1993; for several components hung on one tree
Schmidt, Zey & Margot 2021). With tree(k, u, v) ∈ [0, 1] for arcs and spans(k, l) ∈ [0, 1] for "tree k spans component
l ≥ k":

* Σ_k tree(k, u, v) + tree(k, v, u) ≤ Σ link over the pair {u, v};
* a site that is an end of no component is entered at most once by all trees, and only if it relays;
* an end of component l is entered by tree k exactly spans(k, l) times, but for the root of tree k;
* Σ_{k ≤ l} spans(k, l) = 1,  spans(k, l) ≤ spans(k, k);
* what enters a relay is at most what leaves it.

Every tree costs as many columns as the network has arcs. Where they would be too many, only the widest components have
a tree, and a tree that would hang on another component is left to an undirected rest: links and relays that join the
ends of the components spanned by the rest, counted beside the trees in the first two rows.

The last rows, and the cuts that make the relaxation strong, are found where they are violated (`tree_cuts.py`). Every
row holds for every design, whatever its rates, ducts and numbers of paths.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field

import networkx as nx
import pulp

from qplan.inventory.model import Inventory
from qplan.optimizer.model.formulation import Formulation, Terms

MOST_COLUMNS = 60_000  # of trees: beyond this more of them slow the relaxation down more than they strengthen it


@dataclass(frozen=True)
class Component:
    """Sites that every design joins, because chains of required corridors link them; the first is the root."""

    ends: tuple[str, ...]


@dataclass(frozen=True)
class Trees:
    """The lift: components, variables of the arcs by (tree, tail, head), and of "tree k spans component l".

    The first `rooted` components have a tree; spans(rooted, l) says that the rest joins component l.
    """

    components: tuple[Component, ...] = ()
    rooted: int = 0
    arcs: dict[tuple[int, str, str], pulp.LpVariable] = field(default_factory=dict)
    spans: dict[tuple[int, int], pulp.LpVariable] = field(default_factory=dict)
    onward: list[tuple[list[pulp.LpVariable], list[pulp.LpVariable]]] = field(default_factory=list)  # into a relay, out
    rest_links: dict[tuple[str, str], pulp.LpVariable] = field(default_factory=dict)
    rest_relays: dict[str, pulp.LpVariable] = field(default_factory=dict)

    def variables(self) -> list[pulp.LpVariable]:
        groups = (self.arcs, self.spans, self.rest_links, self.rest_relays)
        return [variable for group in groups for variable in group.values()]


def components(inventory: Inventory) -> tuple[Component, ...]:
    """The connected components of the graph of required corridors, in id order."""
    graph = nx.Graph([corridor.ends for corridor in inventory.corridors.values() if corridor.required])
    return tuple(Component(tuple(ends)) for ends in sorted(sorted(part) for part in nx.connected_components(graph)))


def trees_bind(inventory: Inventory) -> bool:
    """A required corridor asks for one path only."""
    return any(corridor.required and corridor.paths == 1 for corridor in inventory.corridors.values())


def add_trees(model: Formulation, joined: bool = False) -> Trees:
    """Add the lift to a model; empty where all corridors ask for several paths.

    (The node-split cuts of several paths are the stronger ones.) `joined`: one tree must span all components, which a
    design need not.
    """
    if not trees_bind(model.inventory):
        return Trees()
    pairs = _pairs(model)
    parts = _widest_first(components(model.inventory), pairs)
    if joined:
        parts = (Component(tuple(end for part in parts for end in part.ends)),)
    rooted = min(len(parts), max(1, MOST_COLUMNS // max(1, 2 * len(pairs))))
    component_of = {end: k for k, part in enumerate(parts) for end in part.ends}
    beyond = _beyond(pairs, component_of)
    trees = Trees(parts, rooted, spans=_add_spans(model, len(parts), rooted))
    entering: dict[str, Terms] = defaultdict(list)  # of sites that are no ends
    for k in range(rooted):
        _add_tree(model, trees, k, pairs, component_of, beyond, entering)
    if rooted < len(parts):
        _add_rest(model, trees, pairs, component_of, beyond, entering)
    seen: set[frozenset] = set()
    for s, terms in sorted(entering.items()):
        relay = [(model.relay[s], -1.0)] if s in model.relay else []
        _add_once(model, [*terms, *relay], seen, "tree_relay", s)
    for pair, links in sorted(pairs.items()):
        used = [
            (trees.arcs[k, *arc], 1.0) for k in range(rooted) for arc in (pair, pair[::-1]) if (k, *arc) in trees.arcs
        ]
        rest = [(trees.rest_links[pair], 1.0)] if pair in trees.rest_links else []
        _add_once(model, [*used, *rest, *((v, -1.0) for v in links)], seen, "tree_link", *pair)
    return trees


def _add_tree(
    model: Formulation,
    trees: Trees,
    k: int,
    pairs: Collection[tuple[str, str]],
    component_of: Mapping[str, int],
    beyond: Mapping[str, tuple[str, str]],
    entering: dict[str, Terms],
) -> None:
    """The arcs of tree k, and the rows of the ends that it enters; `entering` takes up its arcs into other sites."""
    root = trees.components[k].ends[0]
    into: dict[str, Terms] = defaultdict(list)
    out: dict[str, Terms] = defaultdict(list)
    for tail, head in sorted(arc for pair in pairs for arc in (pair, pair[::-1])):
        if head != root and component_of.get(head, k) >= k and component_of.get(tail, k) >= k:
            first = _chain_start(tail, head, beyond)
            if (k, *first) not in trees.arcs:
                trees.arcs[k, *first] = model.variable("tree", k + 1, *first, integer=False)
            arc = trees.arcs[k, tail, head] = model.share(trees.arcs[k, *first], "tree", k + 1, tail, head)
            into[head].append((arc, 1.0))
            out[tail].append((arc, 1.0))
    for s, terms in sorted(into.items()):
        if s in component_of:
            _enter_end(model, trees, k, component_of[s], s, terms)
        else:
            entering[s] += terms
            if s not in beyond:  # in a chain what enters a site is what leaves it
                trees.onward.append(([v for v, _ in terms], [v for v, _ in out[s]]))


def _add_rest(
    model: Formulation,
    trees: Trees,
    pairs: Collection[tuple[str, str]],
    component_of: Mapping[str, int],
    beyond: Mapping[str, tuple[str, str]],
    entering: dict[str, Terms],
) -> None:
    """Links and relays of the rest, which touches no component that has a tree; `entering` takes up its relays."""
    for pair in sorted(pairs):
        outer = sorted(tuple(sorted(_chain_start(*arc, beyond))) for arc in (pair, pair[::-1]))
        if all(component_of.get(end, trees.rooted) >= trees.rooted for last in outer for end in last):
            if outer[0] not in trees.rest_links:
                trees.rest_links[outer[0]] = model.variable("rest", *outer[0], integer=False)
            trees.rest_links[pair] = model.share(trees.rest_links[outer[0]], "rest", *pair)
    for s in sorted({end for pair in trees.rest_links for end in pair}):
        if s not in component_of and s not in beyond:
            trees.rest_relays[s] = model.variable("rest_relay", s, integer=False)
            entering[s].append((trees.rest_relays[s], 1.0))


def _pairs(model: Formulation) -> dict[tuple[str, str], list[pulp.LpVariable]]:
    """Pairs of sites that a link for a required corridor may join, with the links' variables."""
    required = [q for q, corridor in model.inventory.corridors.items() if corridor.required]
    pairs: dict[tuple[str, str], list[pulp.LpVariable]] = defaultdict(list)
    permitted = model.candidates.usability.permitted
    for link in model.candidates.links:
        if any(permitted[q].issuperset(link.route.ends) for q in required):
            pairs[link.route.ends].append(model.link[link.id])
    return pairs


def _add_once(model: Formulation, terms: Terms, seen: set[frozenset], *name: object) -> None:
    """Σ ≤ 0, unless a chain has given the same row before."""
    key = frozenset((variable.name, weight) for variable, weight in terms)
    if key not in seen:
        seen.add(key)
        model.add(terms, "<=", 0, *name)


def _beyond(pairs: Iterable[tuple[str, str]], ends: Collection[str]) -> dict[str, tuple[str, str]]:
    """Sites that are no ends and have just two neighbours, with these: a tree passes through or stays away."""
    neighbours: dict[str, list[str]] = defaultdict(list)
    for a, b in sorted(pairs):
        neighbours[a].append(b)
        neighbours[b].append(a)
    return {s: (near[0], near[1]) for s, near in neighbours.items() if len(near) == 2 and s not in ends}


def _chain_start(tail: str, head: str, beyond: Mapping[str, tuple[str, str]]) -> tuple[str, str]:
    """The first arc of the chain that leads through the arc; the arc itself outside chains."""
    start = tail
    while tail in beyond:
        a, b = beyond[tail]
        tail, head = (b if head == a else a), tail
        if tail == start:  # a ring of such sites: it is on no tree
            break
    return tail, head


def _widest_first(parts: tuple[Component, ...], pairs: Iterable[tuple[str, str]]) -> tuple[Component, ...]:
    """Components whose ends are many and far apart first."""
    graph = nx.Graph(pairs)

    def width(part: Component) -> int:
        far = nx.single_source_shortest_path_length(graph, part.ends[0]) if part.ends[0] in graph else {}
        return sum(far.get(end, 0) for end in part.ends)

    return tuple(sorted(parts, key=lambda part: (-width(part), part.ends)))


def _add_spans(model: Formulation, count: int, rooted: int) -> dict[tuple[int, int], pulp.LpVariable]:
    """spans(k, l) for trees k ≤ l and, after them, for the rest; none where there is just one component."""
    if count < 2:
        return {}
    trees = range(min(rooted + 1, count))
    spans = {(k, l): model.variable("spans", k + 1, l + 1, integer=False) for k in trees for l in range(k, count)}
    for l in range(count):
        model.add([(spans[k, l], 1.0) for k in trees if k <= l], "=", 1, "spanned", l + 1)
        for k in range(min(l, rooted)):
            model.add([(spans[k, l], 1.0), (spans[k, k], -1.0)], "<=", 0, "tree_exists", k + 1, l + 1)
    return spans


def _enter_end(model: Formulation, trees: Trees, k: int, l: int, s: str, terms: Terms) -> None:
    if trees.spans:
        model.add([*terms, (trees.spans[k, l], -1.0)], "=", 0, "tree_end", k + 1, s)
    else:
        model.add(terms, "=", 1, "tree_end", k + 1, s)
