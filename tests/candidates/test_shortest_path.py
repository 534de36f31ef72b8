"""The cheapest path within a limit on links is the cheapest of all of them."""

from __future__ import annotations

import math
import random
from itertools import combinations, pairwise

import networkx as nx
import numpy as np
import pytest
from networks import corridor, fibre, network
from seeds import seeds

from qplan.candidates.arrays import CandidateArrays
from qplan.candidates.links import enumerate_candidates
from qplan.candidates.paths import Weights, sites_of
from qplan.candidates.prices import Prices
from qplan.candidates.shortest_path import one_path


def test_the_cheapest_path_within_a_limit():
    limits = found = 0
    for seed in seeds(60):
        rng = random.Random(seed)
        names = "abcdefgh"
        reach = rng.randint(2, 4)  # letters
        pairs = [(a, b) for a, b in combinations(names, 2) if ord(b) - ord(a) <= reach and rng.random() < 0.8]
        limit = rng.randint(1, 4)
        rules = {"max_relays": limit, "avoid_sites": rng.sample(names[1:-1], 1)}
        inventory = network({f"{a}{b}": fibre(a, b) for a, b in pairs}, {"c": corridor("a", "h", **rules)})
        index = CandidateArrays(inventory, enumerate_candidates(inventory), Prices({}, {}, {}))
        commodity = index.commodities["c"]
        steep, dear = rng.choice((1, 3)), rng.choice((0, 1))
        weights = Weights(
            np.array([rng.choice((1, rng.random())) * abs(a - b) ** steep for a, b in index.ends]),
            np.array([dear * rng.choice((0, 1, rng.random())) for _ in index.sites]),
        )
        link = {frozenset(ends): weights.link[l] for l, ends in enumerate(index.ends)}
        start, goal = commodity.ends

        def price(path: list[int], link=link, weights=weights) -> float:
            steps = sum(link[frozenset(step)] for step in pairwise(path))
            return steps + sum(weights.site[s] for s in path[1:-1])

        graph = nx.Graph(end for end in index.ends if all(commodity.permitted[s] for s in end))
        graph.add_nodes_from(commodity.ends)
        ways = [price(way) for way in nx.all_simple_paths(graph, start, goal, limit + 1)]
        path = one_path(index, commodity, weights)
        assert (path is None) == (not ways), seed
        if path is not None:
            assert len(path) <= limit + 1, seed
            assert price(sites_of(index, start, path)) == pytest.approx(min(ways)), seed
            assert one_path(index, commodity, weights, min(ways) * (1 - 1e-9)) is None, seed
            found += 1
            limits += min(map(price, nx.all_simple_paths(graph, start, goal)), default=math.inf) < min(ways) - 1e-9
    assert found > 20 and limits > 5, (found, limits)
