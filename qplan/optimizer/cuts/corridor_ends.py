"""What corridors ask for at their ends: which are joined, and by how many paths."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Collection
from dataclasses import dataclass

from qplan.inventory.model import Inventory


def required_corridors(inventory: Inventory, among: Collection[str] | None = None) -> list[str]:
    """Of all corridors or `among` some."""
    return [q for q, corridor in inventory.corridors.items() if corridor.required and (among is None or q in among)]


def required_ends(inventory: Inventory, among: Collection[str] | None = None) -> list[tuple[str, str]]:
    """The two ends of each required corridor, of all or `among` some."""
    return [inventory.corridors[q].ends for q in required_corridors(inventory, among)]


def paths_are_several(inventory: Inventory) -> bool:
    """A required corridor asks for several paths."""
    return any(corridor.required and corridor.paths > 1 for corridor in inventory.corridors.values())


def paths_ending(inventory: Inventory) -> Counter[str]:
    """Per end the paths of all corridors there, optional ones among them: without relaying it has no more links."""
    paths = Counter[str]()
    for corridor in inventory.corridors.values():
        paths.update(dict.fromkeys(corridor.ends, corridor.paths))
    return paths


def single_ends(inventory: Inventory) -> set[str]:
    """Sites at which just one corridor ends, with one path: if they do not relay they have just one link."""
    return {s for s, count in paths_ending(inventory).items() if count == 1}


@dataclass(frozen=True)
class End:
    """An end of required corridors: the most paths that one asks for, and the other ends of those with so many."""

    paths: int
    others: tuple[str, ...]


def required_by_end(inventory: Inventory) -> dict[str, End]:
    """The ends of all required corridors, in id order."""
    found: dict[str, dict[str, int]] = defaultdict(dict)  # paths, by end and other end
    for corridor in map(inventory.corridors.__getitem__, required_corridors(inventory)):
        for s, t in (corridor.ends, corridor.ends[::-1]):
            found[s][t] = max(corridor.paths, found[s].get(t, 0))
    ends = {s: (max(paths.values()), paths) for s, paths in sorted(found.items())}
    return {s: End(most, tuple(t for t, k in paths.items() if k == most)) for s, (most, paths) in ends.items()}
