"""Steiner arborescences that every design contains: the directed lift of the design variables.

Any design joins the ends of every component of corridors (`components.py`). Where ends that do not relay are apart,
its links fall into parts, which have no other site in common: a path of every corridor lies in one of them. So every
design contains a forest of trees, one in each part that is needed, each of which spans the ends of one or more
components. Directed away from a root these trees have a relaxation whose bound is nearly always the optimum (Wong 1984;
Goemans & Myung 1993; for several components hung on one tree Schmidt, Zey & Margot 2021). With tree(k, u, v) ∈ [0, 1]
for arcs and spans(k, l) ∈ [0, 1] for "tree k spans component l ≥ k":

* Σ_k tree(k, u, v) + tree(k, v, u) ≤ Σ link over the pair {u, v};
* a site that is an end of no component is entered at most once by all trees, and only if it relays;
* an end of component l is entered by tree k exactly spans(k, l) times, but for the root of tree k; if it is apart and
  of several components, at least so many times;
* an end that is apart is passed only if it relays, by one tree at the most, one that spans all its components;
* Σ_{k ≤ l} spans(k, l) = 1,  spans(k, l) ≤ spans(k, k);
* what enters a relay is at most what leaves it.

Every tree costs as many columns as the network has arcs. Where they would be too many, only the widest components have
a tree, and a tree that would hang on another component is left to an undirected rest: links and relays that join the
ends of the components spanned by the rest, counted beside the trees in the first two rows.

Where relaying binds at ends that are not apart, extra ∈ ℤ counts the links beyond the trees, on which more cuts rest
(`relay_cuts.py`).

The last rows, and the cuts that make the relaxation strong, are found where they are violated (`tree_cuts.py`). Every
row holds for every design, whatever its rates, ducts and numbers of paths.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property

import pulp

from qplan.candidates.model import CandidateLink
from qplan.optimizer.cuts.components import (
    Component,
    Pair,
    components_by_end,
    frame,
    passed,
    site_of,
    trees_bind,
    ways_apart,
)
from qplan.optimizer.cuts.corridor_ends import paths_are_several
from qplan.optimizer.cuts.series import find_passing, in_id_order, start_series
from qplan.optimizer.model.families import row_family
from qplan.optimizer.model.formulation import Formulation, Terms

MOST_COLUMNS = 60_000  # of trees: beyond this more of them slow the relaxation down more than they strengthen it


@dataclass(frozen=True)
class Rules:
    """Required corridors, and the sites of which their rules permit no others as relays."""

    corridors: frozenset[str]
    relays: frozenset[str]


@dataclass(frozen=True)
class TreeCut:
    """Arcs of tree k, one of which is on it where it spans component l."""

    k: int
    l: int
    arcs: tuple[Pair, ...]


@dataclass(frozen=True)
class Scope:
    """What trees of designs worth no more than a value may use (`core_shares.py`): arcs, and components, by tree.

    With a bound, and the cuts that give it; with these ends apart.
    """

    bound: float
    apart: frozenset[str]
    arcs: frozenset[tuple[int, str, str]]
    spans: frozenset[tuple[int, int]]
    cuts: tuple[TreeCut, ...]


@dataclass(frozen=True)
class Trees:
    """The lift: components, variables of the arcs by (tree, tail, head place), and of "tree k spans component l".

    The first `rooted` components have a tree; spans(rooted, l) says that the rest joins component l.
    """

    components: tuple[Component, ...] = ()
    rooted: int = 0
    arcs: Mapping[tuple[int, str, str], pulp.LpVariable] = field(default_factory=dict)
    spans: Mapping[tuple[int, int], pulp.LpVariable] = field(default_factory=dict)
    onward: tuple[tuple[list[pulp.LpVariable], list[pulp.LpVariable]], ...] = ()  # into a relay, out
    rest_links: Mapping[Pair, pulp.LpVariable] = field(default_factory=dict)
    rest_relays: Mapping[str, pulp.LpVariable] = field(default_factory=dict)
    extra: pulp.LpVariable | None = None  # links beyond the trees and the rest
    counted: Sequence[tuple[pulp.LpVariable, float]] = ()  # what sums up to that
    rules: Rules | None = None  # where the trees are of some corridors only
    apart: frozenset[str] = frozenset()  # ends that are two places
    pairs: frozenset[Pair] = frozenset()  # that links may join
    scope: Scope | None = None

    @cached_property
    def by_tree(self) -> Mapping[int, Mapping[Pair, pulp.LpVariable]]:
        """The variables of the arcs of each rooted tree."""
        found: dict[int, dict[Pair, pulp.LpVariable]] = {k: {} for k in range(self.rooted)}
        for (k, tail, head), variable in self.arcs.items():
            found[k][tail, head] = variable
        return found

    def spanned_by(self, k: int) -> list[int]:
        """Components that tree k may span; none where it is out of scope."""
        return [l for l in range(k, len(self.components)) if not self.spans or (k, l) in self.spans]

    def start(self, k: int) -> str:
        """The place where tree k leaves its root."""
        root = self.components[k].ends[0]
        return passed(root) if root in self.apart else root

    def places(self) -> list[str]:
        """All that trees may meet, and both of every end that is apart."""
        ends = {s for part in self.components for s in part.ends}
        return sorted(ends.union(map(passed, self.apart), *(arc for _, *arc in self.arcs)))

    def returns(self) -> list[Pair]:
        """From the place through which trees pass an end that is apart to the one where they end."""
        return [(passed(s), s) for s in sorted(self.apart)]

    def variables(self) -> list[pulp.LpVariable]:
        groups = (self.arcs, self.spans, self.rest_links, self.rest_relays)
        return [variable for group in groups for variable in group.values()]


def add_trees(
    model: Formulation,
    joined: bool = False,
    binding: Collection[str] = (),
    scope: Scope | None = None,
    like: Trees | None = None,
) -> Trees:
    """Add the lift to a model; empty where all corridors ask for several paths.

    (The node-split cuts of several paths are the stronger ones.) `joined`: one tree must span all components, which a
    design need not. `binding`: ends at which relaying does; as many as may be are apart where that leaves room for a
    tree for every component. Where others are not, and one path suffices everywhere, links beyond the trees are
    counted. `scope`: for designs within it only, with a tree for every component. `like` the trees of a model with more
    links, whose rows then hold.
    """
    if not trees_bind(model.inventory):
        return Trees()
    scope = scope if like is None else like.scope
    given = scope or like
    for apart in ways_apart(model, binding) if given is None else [given.apart]:
        parts, between = frame(model, None, apart)
        most = len(parts) if scope or joined else max(1, MOST_COLUMNS // max(1, 2 * len(between)))
        if len(parts) <= most:
            break
    if joined:
        parts = (Component(tuple(dict.fromkeys(end for part in parts for end in part.ends))),)
    lift = Lift(model, between, parts, min(len(parts), most), apart, scope=scope)
    lift.add_all()
    counting = not paths_are_several(model.inventory) and not apart.issuperset(lift.by_end.keys() & binding)
    extra, counted = lift.add_extra() if counting else (None, [])
    return replace(lift.trees(), extra=extra, counted=counted, scope=scope)


class Lift:
    """Variables and rows of the trees as they are made; the ids of all their names begin with `number`."""

    def __init__(
        self,
        model: Formulation,
        between: Mapping[Pair, Sequence[CandidateLink]],
        parts: tuple[Component, ...],
        rooted: int,
        apart: Collection[str] = (),
        relays: Collection[str] | None = None,
        scope: Scope | None = None,
        number: tuple[int, ...] = (),
    ):
        """`relays`: sites that may be passed, all that may relay unless given."""
        self.model, self.parts, self.rooted = model, parts, rooted
        self.pairs = {pair: [model.link[link.id] for link in links] for pair, links in between.items()}
        self.spans, self.scope, self.number = _add_spans(model, len(parts), rooted, scope, number), scope, number
        self.by_end = components_by_end(parts)
        self.apart = frozenset(self.by_end.keys() & apart)
        self.relays = self.apart.intersection(model.relay if relays is None else relays)
        self.passing = find_passing(between, self.by_end, self.apart)
        self.arcs: dict[tuple[int, str, str], pulp.LpVariable] = {}
        self.onward: list[tuple[list[pulp.LpVariable], list[pulp.LpVariable]]] = []
        self.rest_links: dict[Pair, pulp.LpVariable] = {}
        self.rest_relays: dict[str, pulp.LpVariable] = {}
        self.entering: dict[str, Terms] = defaultdict(list)  # into places at which no tree ends
        self.given: set[frozenset[tuple[str, float]]] = set()  # rows that a series has given before

    def add_all(self) -> None:
        """Trees, the rest, and what ties them to the design."""
        for k in range(self.rooted):
            self.add_tree(k)
        if self.rooted < len(self.parts):
            self.add_rest()
        self.add_ties()

    def trees(self) -> Trees:
        """What has been added."""
        onward = tuple(self.onward)
        rest = self.rest_links, self.rest_relays
        pairs = frozenset(self.pairs)
        return Trees(self.parts, self.rooted, self.arcs, self.spans, onward, *rest, apart=self.apart, pairs=pairs)

    def add_tree(self, k: int) -> None:
        """The arcs of tree k, and the rows of the ends that it enters."""
        root = self.parts[k].ends[0]
        into: dict[str, Terms] = defaultdict(list)
        out: dict[str, Terms] = defaultdict(list)
        for tail, head in sorted(arc for pair in self.pairs for arc in (pair, pair[::-1])):
            if head != root and self._may_meet(k, head) and (tail == root or self._may_pass(k, tail)):
                start, second = start_series(tail, head, self.passing)
                for place in (head, passed(head)) if head in self.relays and self._may_pass(k, head) else (head,):
                    first = self._leave(start), place if second == head else second
                    if self.scope is not None and (k, *first) not in self.scope.arcs:
                        continue
                    if (k, *first) not in self.arcs:
                        self.arcs[k, *first] = self.model.variable("tree", *self.number, k + 1, *first, integer=False)
                    arc = self.arcs[k, self._leave(tail), place] = self.model.share(
                        self.arcs[k, *first], "tree", *self.number, k + 1, self._leave(tail), place
                    )
                    into[place].append((arc, 1.0))
                    out[self._leave(tail)].append((arc, 1.0))
        for s, terms in sorted(into.items()):
            if s in self.by_end:
                self._enter_end(k, s, [*terms, *into.get(passed(s), ())])
            else:
                self.entering[s] += terms
                if s not in self.passing:  # in series what enters a site is what leaves it
                    self.onward.append(([v for v, _ in terms], [v for v, _ in out[s]]))

    def _leave(self, s: str) -> str:
        """The place where trees leave a site."""
        return passed(s) if s in self.apart else s

    def _may_meet(self, k: int, s: str) -> bool:
        """The site is no end, or one of a component that tree k may span."""
        return not self.spans or s not in self.by_end or any((k, l) in self.spans for l in self.by_end[s])

    def _may_pass(self, k: int, s: str) -> bool:
        """All components that the site is an end of may be spanned by tree k."""
        return not self.spans or all((k, l) in self.spans for l in self.by_end.get(s, ()))

    @row_family("tree_end")
    def _enter_end(self, k: int, s: str, terms: Terms) -> None:
        """Σ tree(k) into an end of component l that is not the root = spans(k, l), = 1 where there is one component.

        Where it is of several, ≥ for each.
        """
        if self.spans:
            several = len(self.by_end[s]) > 1
            for l in (l for l in self.by_end[s] if (k, l) in self.spans):
                name = ("tree_end", *self.number, k + 1, s, *((l + 1,) if several else ()))
                self.model.add([*terms, (self.spans[k, l], -1.0)], ">=" if several else "=", 0, *name)
        else:
            self.model.add(terms, "=", 1, "tree_end", *self.number, k + 1, s)

    def add_rest(self) -> None:
        """Links and relays of the rest, which touches no component that has a tree."""
        component_of, passing = {s: l for s, (l,) in self.by_end.items()}, self.passing
        for pair in sorted(self.pairs):
            outer = sorted(in_id_order(start_series(*arc, passing)) for arc in (pair, pair[::-1]))
            if all(component_of.get(end, self.rooted) >= self.rooted for last in outer for end in last):
                if outer[0] not in self.rest_links:
                    self.rest_links[outer[0]] = self.model.variable("rest", *self.number, *outer[0], integer=False)
                self.rest_links[pair] = self.model.share(self.rest_links[outer[0]], "rest", *self.number, *pair)
        for s in sorted({end for pair in self.rest_links for end in pair}):
            if s not in component_of and s not in passing:
                self.rest_relays[s] = self.model.variable("rest_relay", *self.number, s, integer=False)
                self.entering[s].append((self.rest_relays[s], 1.0))

    @row_family("tree_relay", "tree_link")
    def add_ties(self) -> None:
        """What all trees and the rest take is built.

        * tree_relay: Σ_k Σ tree(k) into a site that is no end, or through an end, + rest_relay(s) ≤ relay(s);
        * tree_link: Σ_k tree(k, u, v) + tree(k, v, u) + rest(u, v) ≤ Σ link over the pair of sites.
        """
        for place, terms in sorted(self.entering.items()):
            s = site_of(place)
            relay = [(self.model.relay[s], -1.0)] if s in self.model.relay else []
            self._add_once([*terms, *relay], "tree_relay", *self.number, s)
        for pair in sorted(self.pairs):
            self._add_once(self._taken(pair), "tree_link", *self.number, *pair)

    def _taken(self, pair: Pair) -> Terms:
        """What trees and rest take between two sites, less what is built there."""
        arcs = [(self._leave(s), place) for s, t in (pair, pair[::-1]) for place in (t, passed(t))]
        keys = [(k, *arc) for k in range(self.rooted) for arc in arcs]
        used = [(self.arcs[key], 1.0) for key in keys if key in self.arcs]
        rest = [(self.rest_links[pair], 1.0)] if pair in self.rest_links else []
        return [*used, *rest, *((v, -1.0) for v in self.pairs[pair])]

    def _add_once(self, terms: Terms, *name: object) -> None:
        """Σ ≤ 0, unless a series has given the same row before."""
        key = frozenset((variable.name, weight) for variable, weight in terms)
        if key not in self.given:
            self.given.add(key)
            self.model.add(terms, "<=", 0, *name)

    @row_family("tree_extra")
    def add_extra(self) -> tuple[pulp.LpVariable, Terms]:
        """extra = Σ over pairs of sites of Σ link − Σ_k tree(k, u, v) + tree(k, v, u) − rest(u, v).

        A series, which is built and taken as a whole, counts once. It is 0 only where the design's links between the
        pairs are those of the trees.
        """
        taken: dict[frozenset[str], Terms] = {}
        for pair, links in sorted(self.pairs.items()):
            terms, series = self._taken(pair), frozenset(link.name for link in links)
            if len(terms) > len(taken.get(series, ())):
                taken[series] = terms
        counted = [(variable, -weight) for terms in taken.values() for variable, weight in terms]
        most = sum(variable.upBound for variable, weight in counted if weight > 0)
        extra = self.model.variable("extra", upper=int(most))
        self.model.add([*counted, (extra, -1.0)], "=", 0, "tree_extra")
        return extra, counted


@row_family("spanned", "tree_exists")
def _add_spans(
    model: Formulation, count: int, rooted: int, scope: Scope | None, number: tuple[int, ...]
) -> dict[tuple[int, int], pulp.LpVariable]:
    """Σ_{k ≤ l} spans(k, l) = 1 (spanned), spans(k, l) ≤ spans(k, k) (tree_exists).

    For trees k ≤ l and, after them, for the rest; none where there is just one component.
    """
    if count < 2:
        return {}
    trees = range(min(rooted + 1, count))
    spans = {
        (k, l): model.variable("spans", *number, k + 1 if k < rooted else "rest", l + 1, integer=False)
        for k in trees
        for l in range(k, count)
        if scope is None or (k, l) in scope.spans
    }
    for l in range(count):
        model.add([(spans[k, l], 1.0) for k in trees if (k, l) in spans], "=", 1, "spanned", *number, l + 1)
        for k in range(min(l, rooted)):
            if (k, l) in spans:
                model.add([(spans[k, l], 1.0), (spans[k, k], -1.0)], "<=", 0, "tree_exists", *number, k + 1, l + 1)
    return spans
