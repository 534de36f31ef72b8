"""Cuts that see ends which do not relay as leaves of a design, or as ends of its cycles.

No path passes such an end. So two branches of a tree that meet there, and lead to ends which chains of corridors link
without it, are closed to a cycle by these chains.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from qplan.candidates.fibre_graph import adjacent, breadth_first
from qplan.candidates.max_flow import VIOLATION
from qplan.optimizer.cuts.row import Point, Row, Separator, separate_none
from qplan.optimizer.cuts.trees import Trees, required_ends
from qplan.optimizer.model.families import row_family
from qplan.optimizer.model.formulation import Formulation

MOST_SITES = 12  # of a branch


@dataclass(frozen=True)
class Branch:
    """Sites next to an end, and by how much more than once the tree enters them together with it."""

    sites: frozenset[str]
    over: float


@dataclass(frozen=True)
class Joint:
    """An end where branches meet, and by how much these exceed what it may have without a relay or a cycle."""

    end: str
    branches: tuple[Branch, ...]
    excess: float


class LeafCuts:
    """The cuts of one tree, for the ends of its own component."""

    def __init__(self, model: Formulation, trees: Trees, k: int, index: dict[str, int]):
        assert trees.extra is not None
        self.extra, self.span = index[trees.extra.name], index[trees.spans[k, k].name] if trees.spans else None
        self.ends = trees.components[k].ends
        self.root = self.ends[0]
        self.relay = {s: index[model.relay[s].name] for s in self.ends if s in model.relay}
        self.linked = adjacent(required_ends(model.inventory))
        self.arcs = {(tail, head): index[v.name] for (i, tail, head), v in trees.arcs.items() if i == k}
        self.into: dict[str, list[tuple[str, int]]] = defaultdict(list)
        for (tail, head), column in self.arcs.items():
            self.into[head].append((tail, column))

    def _groups(self, gone: set[str]) -> dict[str, int]:
        """Ends that chains of corridors link without those gone, by number of their group."""
        group: dict[str, int] = {}
        for number, s in enumerate(self.ends):
            if s not in group and s not in gone:
                without = {one: [o for o in near if o not in gone] for one, near in self.linked.items()}
                group |= dict.fromkeys(breadth_first(without, s), number)
        return group

    def separate(self, point: Point) -> list[Row]:
        wanted = 1.0 if self.span is None else float(point[self.span])
        if wanted <= VIOLATION:
            return []
        used: dict[str, dict[str, float]] = defaultdict(dict)  # between sites, both ways
        entered: dict[str, float] = defaultdict(float)
        for (tail, head), column in self.arcs.items():
            if (much := float(point[column])) > VIOLATION:
                used[tail][head] = used[head][tail] = used[head].get(tail, 0.0) + much
                entered[head] += much
        entered[self.root] = wanted
        found = []
        for t in self.ends:
            relays = float(point[self.relay[t]]) if t in self.relay else 0.0
            if relays < wanted - VIOLATION:
                joint = self._join(t, relays, wanted, used, entered)
                if joint is not None and joint.excess > VIOLATION:
                    found.append(joint)
        found.sort(key=lambda joint: (-joint.excess, joint.end))
        rows = [self._row([joint]) for joint in found if joint.excess > point[self.extra] + VIOLATION]
        while found:
            chosen: dict[str, Joint] = {}
            for joint in found:
                if self._together([*chosen.values(), joint]):
                    chosen[joint.end] = joint
            if len(chosen) > 1 and sum(joint.excess for joint in chosen.values()) > point[self.extra] + VIOLATION:
                rows.append(self._row(chosen.values()))
            found = [joint for joint in found if joint.end not in chosen]
        return rows

    def _together(self, joints: Sequence[Joint]) -> bool:
        """Without all their ends some group of ends is still met by all branches of each."""
        gone = {joint.end for joint in joints}
        if any(gone & branch.sites for joint in joints for branch in joint.branches):
            return False
        group = self._groups(gone)
        return all(
            set.intersection(*({group[s] for s in branch.sites if s in group} for branch in joint.branches))
            for joint in joints
        )

    def _join(
        self, t: str, relays: float, wanted: float, used: Mapping[str, Mapping[str, float]], entered: Mapping[str, float]
    ) -> Joint | None:
        """The branches at an end that exceed most."""
        group = self._groups({t})
        met: dict[int, list[Branch]] = defaultdict(list)
        for first in sorted(used[t]):
            for number, branch in self._grow(t, first, wanted - relays, wanted, used, entered, group).items():
                met[number].append(branch)
        best = None
        for number in sorted(met):
            taken: list[Branch] = []
            for branch in sorted(met[number], key=lambda branch: branch.over):
                if not any(branch.sites & other.sites for other in taken):
                    taken.append(branch)
            excess = sum(wanted - relays - branch.over for branch in taken) - (wanted - relays)
            if best is None or excess > best.excess:
                best = Joint(t, tuple(taken), excess)
        return best

    def _grow(
        self,
        t: str,
        first: str,
        most: float,
        wanted: float,
        used: Mapping[str, Mapping[str, float]],
        entered: Mapping[str, float],
        group: Mapping[str, int],
    ) -> dict[int, Branch]:
        """For each group of ends, the least sites from the first one on that meet it."""
        found: dict[int, Branch] = {}
        sites = {first}
        over = entered[t] + entered[first] - used[t][first] - wanted
        joined = {s: much for s, much in used[t].items() if s != first}
        here = first
        while True:
            if here in group and group[here] not in found and over < most - VIOLATION:
                found[group[here]] = Branch(frozenset(sites), max(0.0, over))
            for s, much in used[here].items():
                if s != t and s not in sites:
                    joined[s] = joined.get(s, 0.0) + much
            near = [s for s in joined if any(o in sites for o in used[s])]
            if not near or len(sites) >= MOST_SITES:
                return found
            here = min(near, key=lambda s: (entered[s] - joined[s], s))
            over += entered[here] - joined.pop(here)
            sites.add(here)
            if over > 1.5 * most:
                return found

    def _row(self, joints: Iterable[Joint]) -> Row:
        weights: dict[int, float] = defaultdict(float, {self.extra: 1.0})
        least = 0.0
        for joint in joints:
            count = len(joint.branches)
            wanted = 2.0 * count - 1.0
            if joint.end in self.relay:
                weights[self.relay[joint.end]] += count - 1.0
            for branch in joint.branches:
                inside = branch.sites | {joint.end}
                wanted -= float(self.root in inside)
                for head in inside:
                    for tail, column in self.into[head]:
                        if tail not in inside:
                            weights[column] += 1.0
            if self.span is None:
                least += wanted
            else:
                weights[self.span] -= wanted
        return Row("leaf_cut", tuple(weights), tuple(weights.values()), least)


@row_family("leaf_cut")
def leaf_cuts(model: Formulation, trees: Trees) -> Separator:
    """TODO"""
    if trees.extra is None:
        return Separator("leaf_cut", separate_none)
    index = model.index()
    cuts = [LeafCuts(model, trees, k, index) for k in range(trees.rooted) if k in trees.spanned_by(k)]
    return Separator("leaf_cut", lambda point: [row for one in cuts for row in one.separate(point)])
