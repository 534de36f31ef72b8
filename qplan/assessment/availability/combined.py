"""Availability of several paths together, exactly, by inclusion and exclusion over the paths."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from itertools import combinations

Paths = Sequence[frozenset[str]]
"""The components that each path needs."""


def unavailability(paths: Paths, down: Mapping[str, float], needed: int = 1) -> float:
    """Probability that fewer than `needed` of the paths hold; components are independent, `down` the share of each.

    With q_T the probability that some component of the paths T is down, at least j of n paths hold with probability
    1 − Σ_{i=j..n} (−1)^(i−j) C(i−1, j−1) Σ_{|T|=i} q_T (j = 1: any path, standby; j = n: all, shares). In q, not in
    1 − q, so that nothing is lost near 1. Terms: 2^n − 1.
    """
    terms = (weight * some_down(components, down) for weight, components in _terms(paths, needed))
    return min(1.0, max(0.0, math.fsum(terms)))


def contributions(paths: Paths, down: Mapping[str, float], needed: int = 1) -> dict[str, float]:
    """How much lower `unavailability` would be if each component never failed.

    The probability that the paths T hold, Π (1 − u), is linear in the 1 − u of each component in T (Birnbaum 1969).
    """
    up = [(components, weight * (1 - some_down(components, down))) for weight, components in _terms(paths, needed)]
    lower = {}
    for component in sorted(frozenset().union(*paths)):
        share = down[component]
        if share < 1:
            held = math.fsum(holds for components, holds in up if component in components)
            lower[component] = max(0.0, held * share / (1 - share))
        else:
            without = unavailability(paths, {**down, component: 0.0}, needed)
            lower[component] = unavailability(paths, down, needed) - without
    return lower


def _terms(paths: Paths, needed: int) -> Iterator[tuple[int, frozenset[str]]]:
    """Weight and components of every set T of at least `needed` paths."""
    for size in range(needed, len(paths) + 1):
        weight = (-1) ** (size - needed) * math.comb(size - 1, needed - 1)
        for chosen in combinations(paths, size):
            yield weight, frozenset().union(*chosen)


def some_down(components: frozenset[str], down: Mapping[str, float]) -> float:
    """Probability that at least one of the components is down: 1 − Π (1 − u), without the loss of digits."""
    if any(down[component] >= 1 for component in components):
        return 1.0
    return -math.expm1(math.fsum(math.log1p(-down[component]) for component in sorted(components)))
