"""What every component costs at least in whatever tree it hangs, without a linear programme; and what a tree may use.

In the lift of trees (`trees.py`) each tree pays links and relays in full, so the dual falls into one packing of
directed cuts per tree (Wong 1984). With A(k, l) what the packing of tree k raises for the ends of component l ≥ k,

    Σ_l share(l) is a bound for any share(l) ≤ A(k, l) for all k ≤ l:

a part of a design that tree k leads costs at least what is raised for the components that it spans, and the reduced
costs of the tree's arcs besides. So no tree of a design worth no more than a value known takes a way from its root to
an end whose reduced costs are more than what value and bound leave.
"""

from __future__ import annotations

import math
import random
from collections import Counter
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from scipy.sparse import csr_array
from scipy.sparse.csgraph import dijkstra

from qplan.candidates.model import CandidateLink
from qplan.optimizer.cuts.dual_ascent import Arcs, Raising, ascend
from qplan.optimizer.cuts.trees import Component, Pair, Scope, TreeCut
from qplan.optimizer.model.formulation import Formulation
from qplan.optimizer.model.objectives import Goal
from qplan.time_budget import TimeBudget

SWEEPS = 6  # of which the best counts
MOST_STEPS = 30_000  # cuts of one packing
JITTER = 3.0  # arcs: in later sweeps ends come in an order a little different
CENT = 0.01  # to which values are rounded
ROOM = 1e-7  # of the value: what rounding of sums may take


@dataclass(frozen=True)
class Packing:
    """Of one tree: raised per component (infinite: out of its reach), and what is left of every arc's cost.

    That is infinite for arcs that are not the tree's.
    """

    raised: Mapping[int, float]
    reduced: np.ndarray
    cuts: Sequence[tuple[int, np.ndarray]]  # components, with the arcs into a set with an end of theirs


@dataclass(frozen=True)
class _Sweep:
    """A packing per tree, and the share of each component that these give."""

    shares: Sequence[float]
    packings: Mapping[int, Packing]

    @property
    def total(self) -> float:
        return sum(self.shares)


@dataclass(frozen=True)
class _TreeScope:
    """The arcs that a tree may use, as a mask, and the components that it may span, its own among them."""

    arcs: np.ndarray
    spanned: Sequence[int]


@dataclass(frozen=True)
class _Network:
    """Sites and arcs by number, with the least that an arc costs in the model: a link, and its head as a relay."""

    sites: Mapping[str, int]
    arcs: Sequence[Pair]
    tails: np.ndarray
    heads: np.ndarray
    cost: np.ndarray
    parts: Sequence[Component]
    part_of: np.ndarray  # component of a site, beyond all where it is no end
    fixed: float  # what every design costs besides


def scope_of(
    model: Formulation,
    goal: Goal,
    pairs: Mapping[Pair, Sequence[CandidateLink]],
    parts: Sequence[Component],
    value: float,
    enough: float,
    clock: TimeBudget,
) -> Scope | None:
    """What designs worth no more than `value` leave their trees, and a bound; None where nothing joins some ends.

    `pairs` of sites and the links between them. Sweeps over the trees end where the bound is `enough`.
    """
    network = _network(model, goal, pairs, parts)
    rng, scopes, best = random.Random(len(parts)), _everything(network), _Sweep((-math.inf,), {})
    for turn in range(SWEEPS):
        sweep = _sweep(network, scopes, (lambda: 0.0) if turn == 0 else lambda: JITTER * rng.random(), clock)
        if math.inf in sweep.shares:
            return None
        best = max(best, sweep, key=lambda found: found.total)
        room = (value - goal.to_domain(network.fixed + sweep.total) + CENT) * goal.scale
        scopes = _narrow(network, sweep, room + ROOM * abs(value * goal.scale))
        if clock.spent or goal.to_domain(network.fixed + best.total) >= enough:
            break
    cuts = (
        TreeCut(k, l, tuple(network.arcs[arc] for arc in entering.tolist()))
        for k, scope in scopes.items()
        for l, entering in best.packings[k].cuts
        if l in scope.spanned
    )
    arcs = frozenset(
        (k, *network.arcs[arc]) for k, scope in scopes.items() for arc in np.flatnonzero(scope.arcs).tolist()
    )
    spans = frozenset((k, l) for k, scope in scopes.items() for l in scope.spanned)
    return Scope(goal.to_domain(network.fixed + best.total), arcs, spans, tuple(cuts))


def _network(
    model: Formulation, goal: Goal, pairs: Mapping[Pair, Sequence[CandidateLink]], parts: Sequence[Component]
) -> _Network:
    """Arcs with the least that the goal asks for them; what is not counted on arcs is 0 or fixed."""
    weight = dict[str, float]()
    for variable, each in goal.terms:
        weight[variable.name] = weight.get(variable.name, 0.0) + each
    alike = Counter(variable.name for variable in model.link.values())  # links of a series are built together

    def priced(name: str) -> float:
        return max(0.0, weight.get(name, 0.0))

    def link_cost(link: CandidateLink) -> float:
        built, count = model.link[link.id].name, model.count[link.id].name
        return priced(built) / alike[built] + (priced(count) if count != built else 0.0)

    def relay_cost(s: str) -> float:
        return 0.0 if s in part_of or model.relay[s].name in alike else priced(model.relay[s].name)

    part_of = {end: k for k, part in enumerate(parts) for end in part.ends}
    sites = {s: i for i, s in enumerate(sorted({*part_of, *(end for pair in pairs for end in pair)}))}
    arcs = [arc for pair in sorted(pairs) for arc in (pair, pair[::-1]) if arc[1] in part_of or arc[1] in model.relay]
    least = {pair: min(map(link_cost, links)) for pair, links in pairs.items()}
    upper = {variable.name: float(variable.upBound) for variable, _ in goal.terms}
    fixed = sum(min(0.0, each) * upper[name] for name, each in weight.items())
    fixed += sum(priced(model.node[end].name) for end in part_of if end in model.node)
    return _Network(
        sites,
        arcs,
        np.array([sites[tail] for tail, _ in arcs], dtype=np.int64),
        np.array([sites[head] for _, head in arcs], dtype=np.int64),
        np.array([least[min(arc), max(arc)] + relay_cost(arc[1]) for arc in arcs]),
        parts,
        np.array([part_of.get(s, len(parts)) for s in sites], dtype=np.int64),
        fixed,
    )


def _everything(network: _Network) -> dict[int, _TreeScope]:
    """Tree k leads from the first end of component k away, and touches no end of the components before it."""
    scopes = {}
    for k, part in enumerate(network.parts):
        arcs = (network.part_of[network.tails] >= k) & (network.part_of[network.heads] >= k)
        scopes[k] = _TreeScope(arcs & (network.heads != network.sites[part.ends[0]]), range(k, len(network.parts)))
    return scopes


def _sweep(
    network: _Network, scopes: Mapping[int, _TreeScope], later: Callable[[], float], clock: TimeBudget
) -> _Sweep:
    """One packing after the other, in which no component raises more than its share so far.

    Trees that cannot span their own component have none.
    """
    shares, packings = [math.inf] * len(network.parts), dict[int, Packing]()
    for k, scope in scopes.items():
        root, cost = network.sites[network.parts[k].ends[0]], np.where(scope.arcs, network.cost, math.inf)
        into: list[list[int]] = [[] for _ in network.sites]
        for arc in np.flatnonzero(scope.arcs).tolist():
            into[network.heads[arc]].append(arc)
        arcs = Arcs(network.tails, np.arange(len(cost)), [np.array(entering, dtype=np.int64) for entering in into])
        spanned = frozenset(scope.spanned)
        ends = {s: l for s, l in enumerate(network.part_of.tolist()) if l in spanned and s != root}
        raised = dict.fromkeys(scope.spanned, 0.0)
        met = ascend(root, ends, arcs, cost, MOST_STEPS, clock, Raising(shares, raised, later))
        if math.isfinite(raised[k]):
            packings[k] = Packing(raised, cost, [(ends[end], entering) for end, entering in met])
            for l, much in raised.items():
                shares[l] = min(shares[l], much)
    return _Sweep(shares, packings)


def _narrow(network: _Network, sweep: _Sweep, room: float) -> dict[int, _TreeScope]:
    """Arcs of trees, and components that they span, where the ways there leave enough; only trees that there can be."""
    scopes = {}
    for k, packing in sweep.packings.items():
        over = {l: much - sweep.shares[l] for l, much in packing.raised.items()}
        from_root, _ = _ways(network, k, packing, packing.raised)
        farthest = {l: max(float(from_root[network.sites[end]]) for end in network.parts[l].ends) for l in over}
        spanned = [l for l in over if farthest[l] + over[k] + (over[l] if l > k else 0.0) <= room]
        if k in spanned:
            _, ways = _ways(network, k, packing, spanned)
            scopes[k] = _TreeScope(ways + over[k] <= room, spanned)
    return scopes


def _ways(network: _Network, k: int, packing: Packing, spanned: Collection[int]) -> tuple[np.ndarray, np.ndarray]:
    """Least reduced costs from the root of tree k to each site, and from there over each arc to an end spanned.

    Through no ends of other components.
    """
    size, count = len(network.sites), len(network.parts)
    open_ = np.isin(network.part_of, [*spanned, count])
    usable = np.flatnonzero(np.isfinite(packing.reduced) & open_[network.tails] & open_[network.heads])
    tails, heads, reduced = network.tails[usable], network.heads[usable], packing.reduced[usable]
    there = csr_array((reduced, (tails, heads)), shape=(size, size))
    back = csr_array((reduced, (heads, tails)), shape=(size, size))
    from_root = dijkstra(there, indices=network.sites[network.parts[k].ends[0]])
    onward = dijkstra(back, indices=np.flatnonzero(open_ & (network.part_of < count)), min_only=True)
    ways = np.full(len(network.arcs), math.inf)
    ways[usable] = from_root[tails] + reduced + onward[heads]
    return from_root, ways
