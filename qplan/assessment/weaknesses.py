"""The smallest sets of sites, fibres and ducts that undo what a corridor's paths are for."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from itertools import combinations

from qplan.inventory.model import Corridor, Inventory
from qplan.plan.model import Link, Path

KINDS = ("ducts", "sites", "fibres")  # the order in which pieces are named


@dataclass(frozen=True)
class SmallestSet:
    """The smallest sets of pieces that hit enough paths: one set takes one piece out of every group.

    Pieces are addresses (`sites.x`, `fibres.f`, `ducts.d`). `count` is how many sets of that size there are in all,
    those of other groups included.
    """

    groups: tuple[tuple[str, ...], ...]
    count: int

    @property
    def size(self) -> int:
        return len(self.groups)


def reveals(corridor: Corridor, paths: Iterable[Path]) -> SmallestSet | None:
    """Relays whose compromise gives the key: on so many paths as shares are needed. None: relays alone never can."""
    relays = [[f"sites.{relay}" for relay in path.relays] for path in paths]
    return smallest_sets(relays, corridor.shares_needed)


def cuts_off(
    inventory: Inventory, corridor: Corridor, paths: Iterable[Path], links: Mapping[str, Link]
) -> SmallestSet | None:
    """Sites (the corridor's ends apart), fibres or ducts whose loss leaves fewer paths than the key needs."""
    pieces = [_pieces(inventory, corridor, path, links) for path in paths]
    return smallest_sets(pieces, len(pieces) - corridor.shares_needed + 1)


def _pieces(inventory: Inventory, corridor: Corridor, path: Path, links: Mapping[str, Link]) -> list[str]:
    used = [links[link] for link in path.links]
    fibres = {fibre for link in used for fibre in link.fibres}
    sites = {*path.relays, *(site for link in used for site in link.bypass_sites)} - set(corridor.ends)
    ducts = {duct for fibre in fibres for duct in inventory.fibres[fibre].ducts}
    return [f"{kind}.{name}" for kind, names in zip(KINDS, (ducts, sites, fibres), strict=True) for name in names]


def smallest_sets(pieces_by_path: Iterable[Iterable[str]], needed: int) -> SmallestSet | None:
    """The smallest sets of pieces that lie on at least `needed` of the paths; None where no set does."""
    on: dict[str, set[int]] = defaultdict(set)
    for number, pieces in enumerate(pieces_by_path):
        for piece in pieces:
            on[piece].add(number)
    alike: dict[tuple[int, ...], list[str]] = defaultdict(list)
    ordered = sorted(on, key=lambda piece: (KINDS.index(piece.partition(".")[0]), piece))
    for piece in ordered:
        alike[tuple(sorted(on[piece]))].append(piece)
    kinds = sorted(alike, key=lambda paths: (-len(paths), paths))
    for size in range(1, needed + 1):
        if sum(map(len, kinds[:size])) < needed:
            continue
        found = [chosen for chosen in combinations(kinds, size) if len(set().union(*chosen)) >= needed]
        if found and size == 1:
            alone = tuple(piece for piece in ordered if any(piece in alike[paths] for (paths,) in found))
            return SmallestSet((alone,), len(alone))
        if found:
            groups = tuple(tuple(alike[paths]) for paths in found[0])
            return SmallestSet(groups, sum(math.prod(len(alike[paths]) for paths in chosen) for chosen in found))
    return None
