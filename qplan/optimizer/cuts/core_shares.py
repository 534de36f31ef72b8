"""What every component costs at least in whatever tree it hangs, without a linear programme; and what a tree may use.

In the lift of trees (`trees.py`) each tree pays links and relays in full, so the dual falls into one packing of
directed cuts per tree (Wong 1984). With A(k, l) what the packing of tree k raises for the ends of component l ≥ k,

    Σ_l share(l) is a bound for any share(l) ≤ A(k, l) for all k ≤ l:

a part of a design that tree k leads costs at least what is raised for the components that it spans, and the reduced
costs of the tree's arcs besides. So no tree of a design worth no more than a value known takes a way from its root to
an end whose reduced costs are more than what value and bound leave. The next packings are of trees within that: with
fewer arcs they raise more, and components that tree k cannot span ask nothing of it.

Where ends are apart, a tree that passes one pays the relay, and what is raised at one counts for a single component
among those that it is an end of.
"""

from __future__ import annotations

import math
import random
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
from scipy.sparse import csr_array
from scipy.sparse.csgraph import dijkstra

from qplan.candidates.model import CandidateLink
from qplan.optimizer.cuts.components import (
    Component,
    Pair,
    binding_ends,
    components_by_end,
    frame,
    passed,
    site_of,
    trees_bind,
    ways_apart,
)
from qplan.optimizer.cuts.dual_ascent import Arcs, Raising, ascend
from qplan.optimizer.cuts.trees import Scope, TreeCut
from qplan.optimizer.model.formulation import Formulation
from qplan.optimizer.model.objectives import Goal
from qplan.time_budget import TimeBudget

SWEEPS = 12  # of which the best counts
STILL_SWEEPS, NARROWED = 3, 0.02  # over so many sweeps this share of the arcs must go, else they end
MOST_STEPS = 30_000  # cuts of one packing
JITTER = 3.0  # arcs: in later sweeps ends come in an order a little different
CENT = 0.01  # to which values are rounded
MORE_TREES = 8 / 7  # what is left between value and bound weighs so much more where trees are more
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
    """Places and arcs by number, with the least that an arc costs in the model: a link, and its head as a relay.

    Of an end that is apart, the place through which trees pass leads for nothing to the one where they end; where it is
    of several components, this leads to a goal of each.
    """

    arcs: Sequence[Pair]  # the first of them; those for nothing follow
    tails: np.ndarray
    heads: np.ndarray
    cost: np.ndarray
    roots: Sequence[int]  # per component: where its tree leaves the first of its ends
    ends: Sequence[Mapping[int, int]]  # per component, of its ends in order: where trees end, and the goal
    of: np.ndarray  # per place and component: is at an end of it
    through: np.ndarray  # per place: one through which trees pass, if they span all of these
    fixed: float  # what every design costs besides

    def targets(self, k: int, spanned: Iterable[int]) -> dict[int, int]:
        """The goals of tree k at the ends of components, with the component; its root is none."""
        return {goal: l for l in spanned for end, goal in self.ends[l].items() if end != self.first(k)}

    def first(self, k: int) -> int:
        """Where other trees end at the root of tree k."""
        return next(iter(self.ends[k]))

    def open_to(self, k: int, spanned: Collection[int]) -> np.ndarray:
        """The places that tree k may meet if it spans these components at the most, as a mask."""
        every, met = self.of.sum(axis=1), self.of[:, [*spanned]].sum(axis=1)
        open_: np.ndarray = (every == 0) | np.where(self.through, met == every, met > 0)
        open_[self.roots[k]] = True
        return open_


def best_scope(
    model: Formulation, goal: Goal, value: float, gap: float, most_arcs: int, clock: TimeBudget
) -> Scope | None:
    """What trees may use in designs worth no more than the value, and a bound on all designs.

    Of the ways to take ends apart, the one that leaves no more arcs than are of use, and less between value and bound:
    by an eighth, where it is the one with more trees, as these take longer. The next is not tried where the bound is
    within the gap. None where a design cannot be, or no corridor asks for one path only.
    """
    found, enough = list[Scope](), value - gap * abs(value)
    for apart in ways_apart(model, binding_ends(model, goal)) if trees_bind(model.inventory) else ():
        parts, pairs = frame(model, None, apart)
        scope = scope_of(model, goal, pairs, parts, apart, value, enough, clock)
        if scope is None:
            return None
        found.append(scope)
        if scope.bound >= enough or clock.spent:
            break

    def weight(scope: Scope) -> tuple[bool, float]:
        left = value - scope.bound
        return len(scope.arcs) > most_arcs, left if scope is found[-1] else MORE_TREES * left

    best = min(found, key=weight, default=None)
    return best and replace(best, bound=max(scope.bound for scope in found))


def scope_of(
    model: Formulation,
    goal: Goal,
    pairs: Mapping[Pair, Sequence[CandidateLink]],
    parts: Sequence[Component],
    apart: Collection[str],
    value: float,
    enough: float,
    clock: TimeBudget,
) -> Scope | None:
    """What designs worth no more than `value` leave their trees, and a bound; None where nothing joins some ends.

    `pairs` of sites and the links between them; `apart`: ends that are. Sweeps over the trees end where the bound is
    `enough`; each goes over what the one before has left, as less makes packings stronger.
    """
    network = _network(model, goal, pairs, parts, apart)
    rng, scopes, best, left = random.Random(len(parts)), _everything(network), _Sweep((-math.inf,), {}), list[int]()
    for turn in range(SWEEPS):
        sweep = _sweep(network, scopes, (lambda: 0.0) if turn == 0 else lambda: JITTER * rng.random(), clock)
        if math.inf in sweep.shares:
            return None
        best = max(best, sweep, key=lambda found: found.total)
        room = (value - goal.to_domain(network.fixed + sweep.total) + CENT) * goal.scale
        scopes = _narrow(network, sweep, room + ROOM * abs(value * goal.scale))
        left.append(sum(int(scope.arcs.sum()) for scope in scopes.values()))
        still = turn >= STILL_SWEEPS and left[-1] > (1 - NARROWED) * left[-1 - STILL_SWEEPS]
        if clock.spent or still or goal.to_domain(network.fixed + best.total) >= enough:
            break
    cuts = (
        TreeCut(k, l, tuple(network.arcs[arc] for arc in entering.tolist()))
        for k, scope in scopes.items()
        for l, entering in best.packings[k].cuts
        if l in scope.spanned
    )
    kept = {k: np.flatnonzero(scope.arcs[: len(network.arcs)]).tolist() for k, scope in scopes.items()}
    arcs = frozenset((k, *network.arcs[arc]) for k, mine in kept.items() for arc in mine)
    spans = frozenset((k, l) for k, scope in scopes.items() for l in scope.spanned)
    return Scope(goal.to_domain(network.fixed + best.total), frozenset(apart), arcs, spans, tuple(cuts))


def _network(
    model: Formulation,
    goal: Goal,
    pairs: Mapping[Pair, Sequence[CandidateLink]],
    parts: Sequence[Component],
    apart: Collection[str],
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
        return 0.0 if model.relay[s].name in alike else priced(model.relay[s].name)

    by_end = components_by_end(parts)
    doubled = by_end.keys() & apart
    leave = {s: passed(s) if s in doubled else s for s in {*by_end, *(end for pair in pairs for end in pair)}}
    places = sorted({*leave, *leave.values()})
    goals = [(s, l) for s, mine in sorted(by_end.items()) if len(mine) > 1 for l in mine]
    number = {place: i for i, place in enumerate(places)}
    goal_at = {goal: i for i, goal in enumerate(goals, start=len(places))}
    arcs = [
        (leave[tail], place)
        for pair in sorted(pairs)
        for tail, head in (pair, pair[::-1])
        for place in sorted({head, leave[head]})
        if place in by_end or head in model.relay
    ]
    back = [(passed(s), s) for s in sorted(doubled)]
    tails = [number[tail] for tail, _ in [*arcs, *back, *goals]]
    heads = [*(number[head] for _, head in [*arcs, *back]), *goal_at.values()]
    least = {pair: min(map(link_cost, links)) for pair, links in pairs.items()}
    upper = {variable.name: float(variable.upBound) for variable, _ in goal.terms}
    fixed = sum(min(0.0, each) * upper[name] for name, each in weight.items())
    fixed += sum(priced(model.node[end].name) for end in by_end if end in model.node)
    built = [least[min(a, b), max(a, b)] for a, b in ((site_of(tail), site_of(head)) for tail, head in arcs)]
    taken = [0.0 if head in by_end else relay_cost(site_of(head)) for _, head in arcs]
    return _Network(
        arcs,
        np.array(tails, dtype=np.int64),
        np.array(heads, dtype=np.int64),
        np.append(np.add(built, taken), np.zeros(len(tails) - len(arcs))),
        [number[leave[part.ends[0]]] for part in parts],
        [{number[s]: goal_at.get((s, l), number[s]) for s in part.ends} for l, part in enumerate(parts)],
        _incidence([*(by_end.get(site_of(place), ()) for place in places), *((l,) for _, l in goals)], len(parts)),
        np.array([*(site_of(place) != place for place in places), *(False for _ in goals)]),
        fixed,
    )


def _incidence(of: Sequence[Sequence[int]], count: int) -> np.ndarray:
    """Per place and each of so many components, whether the place is of it."""
    found = np.zeros((len(of), count), dtype=bool)
    for place, mine in enumerate(of):
        found[place, mine] = True
    return found


def _everything(network: _Network) -> dict[int, _TreeScope]:
    """Tree k leads from the first end of component k away, and touches no end of the components before it."""
    scopes = {}
    for k, root in enumerate(network.roots):
        open_ = network.open_to(k, range(k, len(network.roots)))
        arcs = open_[network.tails] & open_[network.heads]
        arcs &= (network.heads != root) & (network.heads != network.first(k))
        scopes[k] = _TreeScope(arcs, range(k, len(network.roots)))
    return scopes


def _sweep(
    network: _Network, scopes: Mapping[int, _TreeScope], later: Callable[[], float], clock: TimeBudget
) -> _Sweep:
    """One packing after the other, in which no component raises more than its share so far.

    Trees that cannot span their own component have none.
    """
    shares, packings = [math.inf] * len(network.roots), dict[int, Packing]()
    for k, scope in scopes.items():
        cost, ends = np.where(scope.arcs, network.cost, math.inf), network.targets(k, scope.spanned)
        into: list[list[int]] = [[] for _ in network.of]
        for arc in np.flatnonzero(scope.arcs).tolist():
            into[network.heads[arc]].append(arc)
        leading = [np.array(entering, dtype=np.int64) for entering in into]
        arcs = Arcs(network.tails, np.arange(len(cost)), leading)
        raised = dict.fromkeys(scope.spanned, 0.0)
        met = ascend(network.roots[k], ends, arcs, cost, MOST_STEPS, clock, Raising(shares, raised, later))
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
        from_root, _ = _ways(network, k, packing, over)
        farthest = dict.fromkeys(over, 0.0)
        for end, l in network.targets(k, over).items():
            farthest[l] = max(farthest[l], float(from_root[end]))
        spanned = [l for l in over if farthest[l] + over[k] + (over[l] if l > k else 0.0) <= room]
        if k in spanned:
            _, ways = _ways(network, k, packing, spanned)
            scopes[k] = _TreeScope(ways + over[k] <= room, spanned)
    return scopes


def _ways(network: _Network, k: int, packing: Packing, spanned: Collection[int]) -> tuple[np.ndarray, np.ndarray]:
    """Least reduced costs from the root of tree k to each site, and from there over each arc to an end spanned.

    Through no ends of other components.
    """
    size, open_ = len(network.of), network.open_to(k, spanned)
    usable = np.flatnonzero(np.isfinite(packing.reduced) & open_[network.tails] & open_[network.heads])
    tails, heads, reduced = network.tails[usable], network.heads[usable], packing.reduced[usable]
    there = csr_array((reduced, (tails, heads)), shape=(size, size))
    back = csr_array((reduced, (heads, tails)), shape=(size, size))
    from_root = dijkstra(there, indices=network.roots[k])
    onward = dijkstra(back, indices=list(network.targets(k, spanned)), min_only=True)
    ways = np.full(len(network.tails), math.inf)
    ways[usable] = from_root[tails] + reduced + onward[heads]
    return from_root, ways
