"""Cuts that see ends which do not relay as leaves of a design, or as ends of its cycles.

All links of such an end serve corridors that end there, and these lead to ends that chains of corridors link without
it. So what it has more than one link closes a cycle, each link one of its own.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass

from qplan.candidates.fibre_graph import adjacent, breadth_first
from qplan.candidates.max_flow import VIOLATION
from qplan.optimizer.cuts.row import Point, Row, Separator, separate_none
from qplan.optimizer.cuts.trees import Trees, frame, required_ends
from qplan.optimizer.model.families import row_family
from qplan.optimizer.model.formulation import Formulation


@dataclass(frozen=True)
class Leaf:
    """An end, the sites next to it, whose links are looked at, and how far these exceed what it may have."""

    end: str
    near: tuple[str, ...]
    excess: float


@row_family("leaf_cut")
def leaf_cuts(model: Formulation, trees: Trees) -> Separator:
    """Σ over ends t of a set (Σ link between t and some sites S(t) − 1 − (|S(t)| − 1) · relay(t)) ≤ extra.

    No site of S(t) is in the set, no corridor ends at two of the set, only required ones end there, and the rest of
    each component is linked by chains of corridors without the set.

    Proof. Let Q be those of the set that do not relay. Paths of corridors that do not end at one of Q avoid Q, so in
    the design without Q the ends of a component that are left are joined. A link of t ∈ Q serves a corridor from t to
    one of them, so its other site is joined with them as well: the d links between t and S(t) close d − 1 cycles, each
    end's beside those of the others. Where t relays, what is counted above |S(t)| are links beside others: one more
    cycle each. A design whose links beyond the trees are taken away has no cycle left (in the parts that have a tree).
    """
    if trees.extra is None:
        return Separator("leaf_cut", separate_none)
    index, linked = model.index(), adjacent(required_ends(model.inventory))
    extra = index[trees.extra.name]
    optional = {s for corridor in model.inventory.corridors.values() if not corridor.required for s in corridor.ends}
    relay = {s: index[variable.name] for s, variable in model.relay.items()}
    between: dict[str, dict[str, list[int]]] = defaultdict(dict)
    for (a, b), links in frame(model)[1].items():
        between[a][b] = between[b][a] = [index[model.link[link.id].name] for link in links]
    ends = {
        s
        for part in trees.components[: trees.rooted]
        for s in part.ends
        if s not in optional and _linked_without(linked, {s}, s)
    }

    def look(t: str, without: Collection[str], point: Point) -> Leaf:
        """The sites for which most is exceeded."""
        relays = float(point[relay[t]]) if t in relay else 0.0
        over = {s: float(point[columns].sum()) - relays for s, columns in between[t].items() if s not in without}
        near = tuple(sorted(s for s, much in over.items() if much > VIOLATION))
        return Leaf(t, near, sum(over[s] for s in near) - 1.0 + relays)

    def row(leaves: Iterable[Leaf]) -> Row:
        weights: dict[int, float] = defaultdict(float, {extra: 1.0})
        count = 0
        for leaf in leaves:
            count += 1
            if leaf.end in relay:
                weights[relay[leaf.end]] += len(leaf.near) - 1.0
            for s in leaf.near:
                for column in between[leaf.end][s]:
                    weights[column] -= 1.0
        return Row("leaf_cut", tuple(weights), tuple(weights.values()), -float(count))

    def separate(point: Point) -> list[Row]:
        rows = []
        leaves = [look(t, (), point) for t in sorted(ends)]
        left = sorted((leaf for leaf in leaves if leaf.excess > VIOLATION), key=lambda leaf: (-leaf.excess, leaf.end))
        rows += [row([leaf]) for leaf in left if leaf.excess > point[extra] + VIOLATION]
        while left:
            chosen: dict[str, Leaf] = {}
            for leaf in left:
                t = leaf.end
                if any(t in other.near for other in chosen.values()):
                    continue
                leaf = look(t, chosen, point)
                if leaf.excess > VIOLATION and _linked_without(linked, {*chosen, t}, t):
                    chosen[t] = leaf
            if not chosen:
                break
            if len(chosen) > 1 and sum(leaf.excess for leaf in chosen.values()) > point[extra] + VIOLATION:
                rows.append(row(chosen.values()))
            left = [leaf for leaf in left if leaf.end not in chosen]
        return rows

    return Separator("leaf_cut", separate)


def _linked_without(linked: Mapping[str, Sequence[str]], gone: set[str], t: str) -> bool:
    """Chains of corridors link all ends near t without those gone, of which none is next to t."""
    if gone.intersection(linked[t]):
        return False
    part = breadth_first(linked, t).keys() - gone
    without = {s: [other for other in linked[s] if other not in gone] for s in part}
    return part == breadth_first(without, linked[t][0]).keys()
