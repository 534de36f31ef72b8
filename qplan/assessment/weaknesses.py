"""The smallest sets of sites, fibres and ducts that undo what a corridor's paths are for."""

from __future__ import annotations

import functools
import operator
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

from qplan.inventory.model import Corridor, Inventory
from qplan.plan.model import Link, Path

KINDS = ("ducts", "sites", "fibres")  # the order in which pieces are named
MOST_EFFORT = 100_000
"""Entries made for one question: a third of a second or so."""
MOST_EFFORT_IN_ALL = 600_000
"""Entries that the questions of all corridors of a plan may share."""


@dataclass(frozen=True)
class SmallestSet:
    """The smallest sets of pieces that hit enough paths: one set takes one piece out of every group.

    Pieces are addresses (`sites.x`, `fibres.f`, `ducts.d`). `count` is how many sets of that size there are in all,
    those of other groups included. Without groups they were not worked out: too many would have to be looked at.
    """

    groups: tuple[tuple[str, ...], ...]
    count: int
    size: int
    """Of every such set; where they were not worked out, no set is smaller."""

    @property
    def known(self) -> bool:
        return bool(self.groups)


def reveals(corridor: Corridor, paths: Iterable[Path], effort: int = MOST_EFFORT) -> SmallestSet | None:
    """Relays whose compromise gives the key: on so many paths as shares are needed. None: relays alone never can."""
    relays = [[f"sites.{relay}" for relay in path.relays] for path in paths]
    return smallest_sets(relays, corridor.shares_needed, effort)


def cuts_off(
    inventory: Inventory,
    corridor: Corridor,
    paths: Iterable[Path],
    links: Mapping[str, Link],
    effort: int = MOST_EFFORT,
) -> SmallestSet | None:
    """Sites (the corridor's ends apart), fibres or ducts whose loss leaves fewer paths than the key needs."""
    pieces = [_pieces(inventory, corridor, path, links) for path in paths]
    return smallest_sets(pieces, len(pieces) - corridor.shares_needed + 1, effort)


def _pieces(inventory: Inventory, corridor: Corridor, path: Path, links: Mapping[str, Link]) -> list[str]:
    used = [links[link] for link in path.links]
    fibres = {fibre for link in used for fibre in link.fibres}
    sites = {*path.relays, *(site for link in used for site in link.bypass_sites)} - set(corridor.ends)
    ducts = {duct for fibre in fibres for duct in inventory.fibres[fibre].ducts}
    return [f"{kind}.{name}" for kind, names in zip(KINDS, (ducts, sites, fibres), strict=True) for name in names]


def smallest_sets(
    pieces_by_path: Iterable[Iterable[str]], needed: int, effort: int = MOST_EFFORT
) -> SmallestSet | None:
    """The smallest sets of pieces that lie on at least `needed` of the paths; None where no set does.

    Pieces on the same paths are alike, so that sets of such classes are looked at: of each size, those that hit the
    same paths together (a mask) are one entry. `effort` bounds how many entries are made; where it is used up, the
    answer is a size that no set falls below.
    """
    on: dict[str, int] = defaultdict(int)
    for number, pieces in enumerate(pieces_by_path):
        for piece in pieces:
            on[piece] |= 1 << number
    ordered = sorted(on, key=lambda piece: (KINDS.index(piece.partition(".")[0]), piece))
    alike: dict[int, list[str]] = defaultdict(list)
    for piece in ordered:
        alike[on[piece]].append(piece)
    kinds = sorted(alike, key=lambda mask: (-mask.bit_count(), _paths(mask)))
    if functools.reduce(operator.or_, kinds, 0).bit_count() < needed:
        return None
    for size in range(1, needed + 1):
        if sum(mask.bit_count() for mask in kinds[:size]) < needed:
            continue
        sets, effort = _sets_of(size, kinds, alike, effort)
        if effort < 0:
            return SmallestSet((), 0, size)
        found = [entry for mask, entry in sets.items() if mask.bit_count() >= needed]
        if found and size == 1:
            alone = tuple(piece for piece in ordered if on[piece].bit_count() >= needed)
            return SmallestSet((alone,), len(alone), size)
        if found:
            groups = tuple(tuple(alike[kinds[number]]) for number in min(first for _, first in found))
            return SmallestSet(groups, sum(count for count, _ in found), size)
    return None


def _sets_of(
    size: int, kinds: Sequence[int], alike: Mapping[int, Sequence[str]], effort: int
) -> tuple[dict[int, tuple[int, tuple[int, ...]]], int]:
    """Sets of so many classes by the paths they hit: how many sets of pieces they are, and the first by number.

    Also what is left of the effort; below 0 the sets are not complete.
    """
    layers: list[dict[int, tuple[int, tuple[int, ...]]]] = [{0: (1, ())}, *({} for _ in range(size))]
    for number, kind in enumerate(kinds):
        weight = len(alike[kind])
        for smaller, larger in reversed(list(pairwise(layers))):
            effort -= len(smaller)
            if effort < 0:
                return {}, effort
            for mask, (count, first) in smaller.items():
                known, best = larger.get(mask | kind, (0, (*first, number)))
                larger[mask | kind] = (known + count * weight, min(best, (*first, number)))
    return layers[size], effort


def _paths(mask: int) -> tuple[int, ...]:
    return tuple(number for number in range(mask.bit_length()) if mask >> number & 1)
