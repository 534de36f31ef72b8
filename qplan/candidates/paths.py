"""A path as the numbers of its links, and what follows from it."""

from __future__ import annotations

import math
from collections.abc import Collection, Iterable
from dataclasses import dataclass

import numpy as np

from qplan.candidates.arrays import CandidateArrays, Commodity
from qplan.candidates.resources import Resource

Path = tuple[int, ...]  # links from the corridor's first end to its second


@dataclass(frozen=True)
class Weights:
    """What a search counts; what is infinite is not used."""

    link: np.ndarray
    site: np.ndarray

    def without(self, links: Collection[int]) -> Weights:
        link = self.link.copy()
        link[list(links)] = math.inf
        return Weights(link, self.site)


def relays_of(index: CandidateArrays, commodity: Commodity, path: Path) -> list[int]:
    """Sites between the links of a path, in order."""
    return sites_of(index, commodity.ends[0], path)[1:-1]


def sites_of(index: CandidateArrays, start: int, links: Iterable[int]) -> list[int]:
    """The sites that links lead through one after the other, the first and the last among them."""
    sites, ends, here = [start], index.ends, start
    for l in links:
        a, b = ends[l]
        here = b if here == a else a
        sites.append(here)
    return sites


def exclusive_to_path(index: CandidateArrays, commodity: Commodity, path: Path) -> frozenset[Resource]:
    """What of the path no other path of the corridor may take: relays, and links or else what these take.

    (Paths that may not share a fibre share no link.)
    """
    taken = {index.site_resource[s] for s in relays_of(index, commodity, path)}
    if commodity.disjoint == "relay":
        taken.update(index.link_resource[l] for l in path)
    exclusive = index.exclusive(commodity.disjoint)
    taken.update(*(exclusive[l] for l in path))
    return frozenset(taken.difference(index.site_resource[end] for end in commodity.ends))


def without_loops(index: CandidateArrays, commodity: Commodity, links: Iterable[int]) -> Path:
    """A way from the first end to the second made a path: what lies between two visits of a site is left out."""
    links = list(links)
    sites, path = [commodity.ends[0]], list[int]()
    for l, here in zip(links, sites_of(index, commodity.ends[0], links)[1:], strict=True):
        if here in sites:
            first = sites.index(here)
            del sites[first + 1 :], path[first:]
        else:
            sites.append(here)
            path.append(l)
    return tuple(path)
