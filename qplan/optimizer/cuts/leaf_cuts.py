"""Cuts that see ends which do not relay as leaves of a design, or as ends on its cycles.

No path passes such an end. So where branches of a tree meet there, and lead to ends that chains of corridors link
without it, the paths of these close a cycle.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass

from qplan.candidates.fibre_graph import adjacent, breadth_first
from qplan.candidates.max_flow import VIOLATION
from qplan.optimizer.cuts.components import site_of
from qplan.optimizer.cuts.corridor_ends import required_ends
from qplan.optimizer.cuts.row import Point, Row, Separator, separate_none
from qplan.optimizer.cuts.trees import Trees
from qplan.optimizer.model.families import row_family
from qplan.optimizer.model.formulation import Formulation

MOST_SITES = 12  # of a branch


@dataclass(frozen=True)
class Branch:
    """Sites next to an end, and how much more than once the tree enters these and the end together."""

    sites: frozenset[str]
    over: float


@dataclass(frozen=True)
class Joint:
    """An end where branches meet, the component of both, and what they ask for above a relay there: cycles."""

    end: str
    component: int
    branches: tuple[Branch, ...]
    excess: float


@dataclass(frozen=True)
class _Support:
    """What a point says of a tree: arcs between sites both ways together, arcs into sites."""

    used: Mapping[str, Mapping[str, float]]
    entered: Mapping[str, float]


class LeafCuts:
    """The cuts of one tree."""

    def __init__(self, model: Formulation, trees: Trees, k: int, index: dict[str, int]):
        assert trees.extra is not None
        self.extra, self.root = index[trees.extra.name], trees.components[k].ends[0]
        self.spans = {l: index[trees.spans[k, l].name] if trees.spans else None for l in trees.spanned_by(k)}
        self.relay = {s: index[variable.name] for s, variable in model.relay.items()}
        self.linked = adjacent(required_ends(model.inventory))
        mine = trees.by_tree[k].items()
        self.arcs = [(site_of(tail), site_of(head), index[v.name]) for (tail, head), v in mine]
        self.into: dict[str, list[tuple[str, int]]] = defaultdict(list)
        for tail, head, column in self.arcs:
            self.into[head].append((tail, column))
        self.ends = {l: trees.components[l].ends for l in self.spans}
        self.groups = {t: _groups(self.linked, ends, {t}) for ends in self.ends.values() for t in ends}

    @row_family("leaf_cut")
    def separate(self, point: Point) -> list[Row]:
        """extra + Σ_t ((m(t) − 1) · relay(t) + Σ_i Σ tree(k) into B_i ∪ t) ≥ Σ_t (2 m(t) − 1 − r(t)) · spans(k, l(t)).

        For ends t of components l(t), and for each m(t) sets B_i of sites without an end from the first sum, no two of
        which meet; r(t) of the sets B_i ∪ t hold the root. All sets of t hold ends of l(t), one each at least, that
        chains of corridors link without any t.

        Proof, where tree k spans l(t) (elsewhere the left is no less than 0): the tree enters B_i ∪ t once, or is there
        from its root on; if it enters no further time, it joins t with the ends in B_i there, over a link from t into
        B_i. Let that be so for d(t) of the sets: the others pay for themselves. If t relays, that pays for the d(t).
        If not, no path passes t. Without all such t the chains still join the ends in the sets, so that d(t) links of
        each t lead to the same part of what is left: Σ (d(t) − 1) cycles, each of which has a link beyond the trees.
        """
        at, joints = self._support(point), list[Joint]()
        for l, span in self.spans.items():
            wanted = 1.0 if span is None else float(point[span])
            for t in self.ends[l]:
                spare = wanted - (float(point[self.relay[t]]) if t in self.relay else 0.0)
                if spare > VIOLATION:
                    joints += self._join(t, l, spare, wanted, at)
        joints.sort(key=lambda joint: (-joint.excess, joint.end))
        few = float(point[self.extra]) + VIOLATION
        rows = [self._row([joint]) for joint in joints if joint.excess > few]
        while joints:
            chosen: list[Joint] = []
            for joint in joints:
                if self._agree([*chosen, joint]):
                    chosen.append(joint)
            if len(chosen) > 1 and sum(joint.excess for joint in chosen) > few:
                rows.append(self._row(chosen))
            joints = [joint for joint in joints if joint not in chosen]
        return rows

    def _support(self, point: Point) -> _Support:
        used: dict[str, dict[str, float]] = defaultdict(dict)
        entered: dict[str, float] = defaultdict(float)
        for tail, head, column in self.arcs:
            if (much := float(point[column])) > VIOLATION:
                used[tail][head] = used[head][tail] = used[head].get(tail, 0.0) + much
                entered[head] += much
        return _Support(used, entered)

    def _join(self, t: str, l: int, spare: float, wanted: float, at: _Support) -> list[Joint]:
        """The branches at an end of component l that ask for most, none where they ask for no cycle."""
        met: dict[int, list[Branch]] = defaultdict(list)
        for first in sorted(at.used.get(t, ())):
            for group, branch in self._grow(t, first, spare, wanted, at).items():
                met[group].append(branch)
        best: list[Joint] = []
        for _, branches in sorted(met.items()):
            taken: list[Branch] = []
            for branch in sorted(branches, key=lambda branch: branch.over):
                if all(branch.sites.isdisjoint(other.sites) for other in taken):
                    taken.append(branch)
            excess = sum(spare - branch.over for branch in taken) - spare
            if excess > (best[0].excess if best else VIOLATION):
                best = [Joint(t, l, tuple(taken), excess)]
        return best

    def _grow(self, t: str, first: str, spare: float, wanted: float, at: _Support) -> dict[int, Branch]:
        """From a site next to t on, the fewest sites that hold an end of each group, while they are of use."""
        groups, near, found = self.groups[t], at.used[t], dict[int, Branch]()
        sites, joined = {t}, dict[str, float]()
        here, over = first, (wanted if t == self.root else at.entered.get(t, 0.0)) - wanted
        joined[first] = near[first]
        while len(sites) <= MOST_SITES:
            over += (wanted if here == self.root else at.entered.get(here, 0.0)) - joined.pop(here)
            if over >= spare - VIOLATION:
                break
            sites.add(here)
            if here in groups and groups[here] not in found:
                found[groups[here]] = Branch(frozenset(sites - {t}), max(0.0, over))
            for s, much in at.used[here].items():
                if s not in sites:
                    joined[s] = joined.get(s, near.get(s, 0.0)) + much
            if not joined:
                break
            here = min(joined, key=lambda s: (at.entered.get(s, 0.0) - joined[s], s))
        return found

    def _agree(self, joints: Sequence[Joint]) -> bool:
        """Without all their ends, all branches of each hold ends of the same group."""
        gone = {joint.end for joint in joints}
        if any(gone & branch.sites for joint in joints for branch in joint.branches):
            return False
        for joint in joints:
            groups = _groups(self.linked, self.ends[joint.component], gone)
            if not set.intersection(*({groups[s] for s in one.sites if s in groups} for one in joint.branches)):
                return False
        return True

    def _row(self, joints: Iterable[Joint]) -> Row:
        weights, least = defaultdict[int, float](float, {self.extra: 1.0}), 0.0
        for joint in joints:
            count = len(joint.branches)
            wanted, span = 2.0 * count - 1.0, self.spans[joint.component]
            if joint.end in self.relay:
                weights[self.relay[joint.end]] += count - 1.0
            for branch in joint.branches:
                inside = branch.sites | {joint.end}
                wanted -= float(self.root in inside)
                for column in (c for s in sorted(inside) for tail, c in self.into[s] if tail not in inside):
                    weights[column] += 1.0
            if span is None:
                least += wanted
            else:
                weights[span] -= wanted
        return Row("leaf_cut", tuple(weights), tuple(weights.values()), least)


def leaf_cuts(model: Formulation, trees: Trees) -> Separator:
    """The cuts of all trees, where links beyond the trees are counted."""
    if trees.extra is None:
        return Separator("leaf_cut", separate_none)
    index = model.index()
    cuts = [LeafCuts(model, trees, k, index) for k in range(trees.rooted)]
    return Separator("leaf_cut", lambda point: [row for one in cuts for row in one.separate(point)])


def _groups(linked: Mapping[str, Sequence[str]], ends: Sequence[str], gone: Collection[str]) -> dict[str, int]:
    """Ends of a component that chains of corridors link without those gone, by the number of their group."""
    left = {s: linked[s] for s in ends if s not in gone}
    groups: dict[str, int] = {}
    for number, s in enumerate(left):
        if s not in groups:
            groups |= dict.fromkeys(breadth_first(left, s), number)
    return groups
