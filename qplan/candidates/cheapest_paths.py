"""Paths of one corridor at least added price: Dijkstra's search, hop-limited, and k disjoint paths by augmentation.

Weights are per link (infinite where it cannot be used) and per site (what its becoming a relay adds). Two paths come
from Suurballe's and Bhandari's augmenting paths on the node-split graph, then conflicts over fibres, patched sites and
ducts are branched on: a heuristic for those, exact where no such conflict arises.
"""

from __future__ import annotations

import math

from qplan.candidates.arrays import CandidateArrays, Commodity
from qplan.candidates.disjoint_paths import disjoint_paths
from qplan.candidates.paths import Path, Weights
from qplan.candidates.shortest_path import one_path


def find_paths(
    index: CandidateArrays, commodity: Commodity, weights: Weights, most: float = math.inf
) -> list[Path] | None:
    """The corridor's paths, or None where none were found (for several paths there may be some all the same).

    Together they must weigh less than `most`.
    """
    if most <= 0:
        return None
    if commodity.paths == 1:
        path = one_path(index, commodity, weights, most)
        return None if path is None else [path]
    return disjoint_paths(index, commodity, weights, most)
