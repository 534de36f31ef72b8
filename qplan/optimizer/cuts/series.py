"""Links in series, which trees take as a whole: their sites between are ends of nothing and have no other links."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping

from qplan.candidates.fibre_graph import adjacent
from qplan.optimizer.cuts.components import Pair


def find_passing(pairs: Iterable[Pair], ends: Collection[str], apart: Collection[str]) -> dict[str, Pair]:
    """Sites that are no ends and have just two neighbours, with these: a tree passes through or stays away.

    (Beside ends that are apart it has more than one way to go on.)
    """
    return {
        s: (near[0], near[1])
        for s, near in adjacent(sorted(pairs)).items()
        if len(near) == 2 and s not in ends and not set(near).intersection(apart)
    }


def start_series(tail: str, head: str, passing: Mapping[str, Pair]) -> Pair:
    """The first arc of the series that leads through the arc; the arc itself outside series."""
    start = tail
    while tail in passing:
        a, b = passing[tail]
        tail, head = (b if head == a else a), tail
        if tail == start:  # a ring of such sites: it is on no tree
            break
    return tail, head


def in_id_order(pair: Pair) -> Pair:
    return min(pair), max(pair)
