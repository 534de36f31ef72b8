"""Availability of several paths together, exactly, by inclusion and exclusion over the paths."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from itertools import combinations


def unavailability(paths: Sequence[frozenset[str]], down: Mapping[str, float], needed: int = 1) -> float:
    """Probability that fewer than `needed` of the paths hold; components are independent, `down` the share of each.

    With q_T the probability that some component of the paths T is down, at least j of n paths hold with probability
    1 − Σ_{i=j..n} (−1)^(i−j) C(i−1, j−1) Σ_{|T|=i} q_T (j = 1: any path, standby; j = n: all, shares). In q, not in
    1 − q, so that nothing is lost near 1. Terms: 2^n − 1.
    """
    terms = []
    for size in range(needed, len(paths) + 1):
        weight = (-1) ** (size - needed) * math.comb(size - 1, needed - 1)
        for chosen in combinations(paths, size):
            terms.append(weight * some_down(frozenset().union(*chosen), down))
    return min(1.0, max(0.0, math.fsum(terms)))


def some_down(components: frozenset[str], down: Mapping[str, float]) -> float:
    """Probability that at least one of the components is down: 1 − Π (1 − u), without the loss of digits."""
    if any(down[component] >= 1 for component in components):
        return 1.0
    return -math.expm1(math.fsum(math.log1p(-down[component]) for component in sorted(components)))
