"""Minimum cuts found by the quick search for small networks are those of scipy's, and are minimum cuts."""

from __future__ import annotations

import random

import networkx as nx
import numpy as np
import pytest
from seeds import seeds

from qplan.candidates import max_flow
from qplan.candidates.max_flow import UNIT, VIOLATION, FlowNetwork


def random_network(rng: random.Random) -> tuple[FlowNetwork, np.ndarray]:
    """Capacities with ties, zeros and remainders of a unit."""
    size = rng.randint(2, 12)
    pairs = [(a, b) for a in range(size) for b in range(size) if a != b and rng.random() < 0.4]
    arcs = [(a, b, [column]) for column, (a, b) in enumerate(pairs)]
    return FlowNetwork(size, arcs, len(arcs)), np.array([rng.choice((0, 1 / 3, 0.5, 1, rng.random())) for _ in arcs])


def test_both_searches_find_the_same_cuts(monkeypatch):
    found = 0
    for seed in seeds(60):
        rng = random.Random(seed)
        network, capacity = random_network(rng)
        source, sink = rng.sample(range(network.size), 2)
        quick = network.cuts(capacity, source, sink, 1.0)
        with monkeypatch.context() as patch:
            patch.setattr(max_flow, "MANY_SLOTS", 0)
            slow = network.cuts(capacity, source, sink, 1.0)
        assert [(arcs.tolist(), side.tolist()) for arcs, side in quick] == [
            (arcs.tolist(), side.tolist()) for arcs, side in slow
        ], seed
        graph = nx.DiGraph()
        graph.add_nodes_from(range(network.size))
        graph.add_weighted_edges_from(zip(network.tails, network.heads, capacity, strict=True), "capacity")
        value = nx.maximum_flow_value(graph, source, sink)
        assert bool(quick) == (value < 1.0 - VIOLATION - 1e-5), seed
        for arcs, side in quick[:1]:
            assert side[source] and not side[sink] and capacity[arcs].sum() == pytest.approx(value, abs=20 / UNIT), seed
        found += bool(quick)
    assert found > 10


def test_flows_side_by_side_are_maximum_flows():
    carrying = 0
    for seed in seeds(60):
        rng = random.Random(seed)
        network, capacity = random_network(rng)
        pairs = [tuple(rng.sample(range(network.size), 2)) for _ in range(rng.randint(1, 6))]
        for pair, carried in zip(pairs, network.carried(capacity, pairs), strict=True):
            assert (carried <= capacity).all(), seed
            net = np.zeros(network.size)
            np.add.at(net, network.tails, carried)
            np.add.at(net, network.heads, -carried)
            value = sum(capacity[arcs].sum() for arcs, _ in network.cuts(capacity, *pair, float(network.size), 1)[:1])
            net[list(pair)] -= value, -value
            assert net == pytest.approx(0.0, abs=1e-4), seed
            carrying += value > 0
    assert carrying > 10
