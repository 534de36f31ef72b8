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
    rng = random.Random(len(parts))
    best: tuple[float, list[float], dict[int, Packing]] = -math.inf, [], {}
    for turn in range(SWEEPS):
        shares, packings = _sweep(network, (lambda: 0.0) if turn == 0 else lambda: JITTER * rng.random(), clock)
        if math.inf in shares:
            return None
        best = max(best, (sum(shares), shares, packings), key=lambda found: found[0])
        if clock.spent or goal.to_domain(network.fixed + best[0]) >= enough:
            break
    total, shares, packings = best
    bound = goal.to_domain(network.fixed + total)
    room = (value - bound + CENT) * goal.scale + ROOM * abs(value * goal.scale)
    arcs, spans = set[tuple[int, str, str]](), set[tuple[int, int]]()
    for k, packing in packings.items():
        mine, joined = _kept(network, k, packing, shares, room)
        arcs |= mine
        spans |= joined
    cuts = (
        TreeCut(k, l, tuple(network.arcs[arc] for arc in entering.tolist()))
        for k, packing in packings.items()
        for l, entering in packing.cuts
        if (k, l) in spans
    )
    return Scope(bound, frozenset(arcs), frozenset(spans), tuple(cuts))


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


def _sweep(network: _Network, later: Callable[[], float], clock: TimeBudget) -> tuple[list[float], dict[int, Packing]]:
    """One packing after the other, in which no component raises more than its share so far, and the shares at the end.

    Trees that cannot span their own component have none.
    """
    count = len(network.parts)
    shares, packings = [math.inf] * count, dict[int, Packing]()
    for k, part in enumerate(network.parts):
        root, cost = network.sites[part.ends[0]], network.cost.copy()
        mine = (network.part_of[network.tails] >= k) & (network.part_of[network.heads] >= k) & (network.heads != root)
        cost[~mine] = math.inf
        into: list[list[int]] = [[] for _ in network.sites]
        for arc in np.flatnonzero(mine).tolist():
            into[network.heads[arc]].append(arc)
        arcs = Arcs(network.tails, np.arange(len(cost)), [np.array(entering, dtype=np.int64) for entering in into])
        ends = {s: int(l) for s, l in enumerate(network.part_of.tolist()) if k <= l < count and s != root}
        raised = dict.fromkeys(range(k, count), 0.0)
        met = ascend(root, ends, arcs, cost, MOST_STEPS, clock, Raising(shares, raised, later))
        if math.isfinite(raised[k]):
            packings[k] = Packing(raised, cost, [(ends[end], entering) for end, entering in met])
            for l, much in raised.items():
                shares[l] = min(shares[l], much)
    return shares, packings


def _kept(
    network: _Network, k: int, packing: Packing, shares: Sequence[float], room: float
) -> tuple[set[tuple[int, str, str]], set[tuple[int, int]]]:
    """Arcs of tree k, and components that it spans, where the ways there leave enough; none where there is no tree."""
    later = range(k, len(network.parts))
    over = packing.raised[k] - shares[k]
    from_root, _ = _ways(network, k, packing, later)

    def farthest(l: int) -> float:
        more = packing.raised[l] - shares[l] if l > k else 0.0
        return max(float(from_root[network.sites[end]]) for end in network.parts[l].ends) + over + more

    spanned = [l for l in later if farthest(l) <= room]
    if k not in spanned:
        return set(), set()
    _, ways = _ways(network, k, packing, spanned)
    return {(k, *network.arcs[arc]) for arc in np.flatnonzero(ways + over <= room).tolist()}, {(k, l) for l in spanned}


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
