"""Availability of several paths together, exactly, by inclusion and exclusion over the paths.

Of very many standby paths the parts that share no component are looked at one by one, for the work doubles with every
path; of more than `MOST_PATHS` in one part those that are down least stand for all, which gives an upper bound.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from itertools import combinations

Paths = Sequence[frozenset[str]]
"""The components that each path needs."""
MOST_PATHS = 10  # that are looked at together


def unavailability(paths: Paths, down: Mapping[str, float], needed: int = 1) -> float:
    """Probability that fewer than `needed` of the paths hold; components are independent, `down` the share of each.

    With q_T the probability that some component of the paths T is down, at least j of n paths hold with probability
    1 − Σ_{i=j..n} (−1)^(i−j) C(i−1, j−1) Σ_{|T|=i} q_T (j = 1: any path, standby; j = n: all, shares). In q, not in
    1 − q, so that nothing is lost near 1. Terms: 2^n − 1.
    """
    if _are_many(paths, needed):
        common, parts = _parts(paths, down)
        always = some_down(common, down)
        return always + (1 - always) * math.prod(unavailability(part, down) for part in parts)
    terms = (weight * some_down(components, down) for weight, components in _terms(paths, needed))
    return min(1.0, max(0.0, math.fsum(terms)))


def contributions(paths: Paths, down: Mapping[str, float], needed: int = 1) -> dict[str, float]:
    """How much lower `unavailability` would be if each component never failed.

    The probability that the paths T hold, Π (1 − u), is linear in the 1 − u of each component in T (Birnbaum 1969).
    """
    if _are_many(paths, needed):
        return _contributions_of_many(paths, down)
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


def left_out(paths: Paths, down: Mapping[str, float], needed: int = 1) -> int:
    """Paths that are not looked at: with them `unavailability` would be as low or lower."""
    return len(paths) - sum(map(len, _parts(paths, down)[1])) if _are_many(paths, needed) else 0


def _are_many(paths: Paths, needed: int) -> bool:
    return len(paths) > MOST_PATHS and needed == 1


def _parts(paths: Paths, down: Mapping[str, float]) -> tuple[frozenset[str], list[list[frozenset[str]]]]:
    """What all paths need; and the paths, as far as they are looked at, by groups that have nothing else in common."""
    common = frozenset.intersection(*paths)
    parts: list[list[frozenset[str]]] = []
    for path in (path - common for path in paths):
        met = [part for part in parts if any(not path.isdisjoint(other) for other in part)]
        parts = [part for part in parts if part not in met] + [[path, *(other for part in met for other in part)]]
    return common, [sorted(part, key=lambda path: (some_down(path, down), sorted(path)))[:MOST_PATHS] for part in parts]


def _contributions_of_many(paths: Paths, down: Mapping[str, float]) -> dict[str, float]:
    """What is common counts whenever some path holds; of a part what the others leave."""
    common, parts = _parts(paths, down)
    apart = [unavailability(part, down) for part in parts]
    lower = dict.fromkeys(sorted(frozenset().union(*paths)), 0.0)
    lower |= {c: share * (1 - math.prod(apart)) for c, share in contributions([common], down).items()}
    for number, part in enumerate(parts):
        others = math.prod(apart[:number] + apart[number + 1 :]) * (1 - some_down(common, down))
        lower |= {c: share * others for c, share in contributions(part, down).items()}
    return lower


def some_down(components: frozenset[str], down: Mapping[str, float]) -> float:
    """Probability that at least one of the components is down: 1 − Π (1 − u), without the loss of digits."""
    if any(down[component] >= 1 for component in components):
        return 1.0
    return -math.expm1(math.fsum(math.log1p(-down[component]) for component in sorted(components)))
