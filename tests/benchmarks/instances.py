"""Benchmark inventories on public topologies (PyPI package topohub) and on a synthetic metro, seeded.

Routes are cut into spans by candidate huts (0.22 dB per km and 0.5 dB per fibre); a candidate link is any route within
24 dB that is patched through few enough sites. Rate of a system: 3e5 · 10^(−loss/10) bit/s. Cities cost 80 k, huts
150 k, systems 160 k + 3 k per km.
Corridors that cannot be served are left out: what `served_alone` and `FreeStrands` let through has a plan.
"""

from __future__ import annotations

import itertools
import math
import random
from collections import defaultdict, deque
from collections.abc import Callable

import networkx as nx
import numpy as np
from benchmarks.cases import LINE, METRO, PLENTY, RING, SHAPES, Case

from qplan.candidates.links import enumerate_candidates
from qplan.inventory.model import Inventory

CURVE = [[a, 3e5 * 10 ** (-a / 10)] for a in (0, 6, 12, 18, 24)]
DB_PER_KM, CONNECTORS_DB = 0.22, 0.5
MOST_DUCTS_PER_CITY = 3
METRO_KM, ROUTE_FACTOR = 25.0, 1.3
NO_LENGTH_KM = 10.0  # of a route between two sites of topohub that lie at one place
SHAPE_KM = 15.0, 50.0  # between neighbours on a line, ring or tree
NO_RULES: tuple[dict, Callable[[dict], bool]] = {}, lambda site: False
RULES: list[tuple[dict, Callable[[dict], bool]]] = [  # what a corridor says, and sites that it refuses as relays
    ({"min_security_tier": 2}, lambda site: site["security_tier"] < 2),
    ({"allowed_operators": ["a", "b", "c"]}, lambda site: site["operator"] == "d"),
]
Edge = tuple[str, str, float]  # two cities and the length of the route in km


def inventory(case: Case) -> Inventory:
    """Build the inventory of a case; the same bytes every time."""
    rng = random.Random(case.seed)
    shape, count = case.network.topology, case.network.cities
    if shape == METRO:
        cities, edges = metro(count, METRO_KM, rng)
    else:
        cities, edges = joined(shape, count, rng) if shape in SHAPES else topohub_edges(case)
    return planted(case, cities, edges, rng)


def planted(case: Case, cities: list[str], edges: list[Edge], rng: random.Random) -> Inventory:
    """Huts, fibres and corridors of a case over given cities and routes."""
    sites: dict[str, dict] = {city: {"node_cost": 80e3, "relay_cost": case.relay_cost} for city in cities}
    for city in random.Random(f"forbidden {case.seed}").sample(cities, round(case.forbidden * len(cities))):
        sites[city]["trusted_node"] = "forbidden"
    fibres: dict[str, dict] = {}
    drawn = random.Random(f"tiers and operators {case.seed}")
    for n, edge in enumerate(edges):
        for i, (ends, km) in enumerate(_spans(n, edge, case.network.span_km)):
            sites |= {end: {"node_cost": 150e3} for end in ends if end not in sites}
            fibres[f"f{n}-{i}"] = _fibre(case, ends, km, 3000, rng)
            if rng.random() < case.network.alternatives:
                longer = round(km * rng.uniform(1.05, 1.35), 3)
                fibres[f"f{n}-{i}b"] = _fibre(case, ends, longer, rng.uniform(1500, 2500), rng)
    for site in sites.values() if case.rules else ():
        site |= {"security_tier": drawn.choices((1, 2, 3), (3, 3, 4))[0], "operator": drawn.choice("abcd")}
    if case.disjoint == "duct":
        _share_ducts(case, cities, fibres)
    bare = {
        "qplan": 1, "sites": sites, "fibres": fibres,
        "equipment": {"qkd_systems": {"pair": {"key_rate_curve": CURVE, "price": 160e3}}},
        "policy": {"max_bypass_sites": case.network.bypass, "bypass_loss_db": 0.5}, "objective": "capex",
    }  # fmt: skip
    return Inventory.model_validate(bare | {"corridors": _corridors(case, cities, bare)})


def topohub_edges(case: Case) -> tuple[list[str], list[Edge]]:
    import topohub  # not needed for what is built without it

    network = topohub.get(case.network.topology)
    edges = [(f"c{edge['source']}", f"c{edge['target']}", edge["dist"] or NO_LENGTH_KM) for edge in network["edges"]]
    return sorted(f"c{node['id']}" for node in network["nodes"]), edges


def metro(count: int, side_km: float, rng: random.Random) -> tuple[list[str], list[Edge]]:
    """Sites at random in a square, joined as a Gabriel graph: no site lies within the circle over an edge."""
    places = np.array([(rng.uniform(0, side_km), rng.uniform(0, side_km)) for _ in range(count)])
    squared = ((places[:, None] - places[None]) ** 2).sum(axis=2)
    edges = [
        (f"c{i}", f"c{j}", round(ROUTE_FACTOR * math.sqrt(squared[i, j]), 3))
        for i, j in itertools.combinations(range(count), 2)
        if not np.any(np.delete(squared[i] + squared[j], (i, j)) < squared[i, j])
    ]
    return sorted(f"c{i}" for i in range(count)), edges


def joined(shape: str, count: int, rng: random.Random) -> tuple[list[str], list[Edge]]:
    """Sites on a line or ring, or each on a tree joined to one of the three before it."""
    before = [i - 1 if shape in (LINE, RING) else rng.randrange(max(0, i - 3), i) for i in range(1, count)]
    pairs = list(enumerate(before, start=1)) + ([(count - 1, 0)] if shape == RING else [])
    return [f"c{i}" for i in range(count)], [(f"c{a}", f"c{b}", round(rng.uniform(*SHAPE_KM), 3)) for a, b in pairs]


def _spans(n: int, edge: Edge, span_km: float) -> list[tuple[tuple[str, str], float]]:
    """Spans of equal length, joined at huts."""
    a, b, km = edge
    spans = max(1, math.ceil(km / span_km))
    stops = [a, *(f"h{n}-{i}" for i in range(1, spans)), b]
    return [(ends, round(km / spans, 3)) for ends in itertools.pairwise(stops)]


def _fibre(case: Case, ends: tuple[str, str], km: float, price_per_km: float, rng: random.Random) -> dict:
    return {
        "ends": list(ends), "length_km": km, "connectors": 2, "attenuation_db_per_km": DB_PER_KM,
        "strands": case.strands, "setup_cost_per_strand": round(price_per_km * km),
        "ducts": [],
    }  # fmt: skip


def _share_ducts(case: Case, cities: list[str], fibres: dict[str, dict]) -> None:
    """Put fibres into ducts by twos, until their share is reached: both leave a city, for different places."""
    rng = random.Random(f"ducts {case.seed}")
    leaving: dict[str, list[str]] = defaultdict(list)
    for f, fibre in fibres.items():
        for end in fibre["ends"]:
            leaving[end].append(f)
    for duct, city in enumerate(rng.sample(cities, len(cities)) * MOST_DUCTS_PER_CITY):
        if 2 * duct >= case.in_ducts * len(fibres):
            break
        free = [f for f in leaving[city] if not fibres[f]["ducts"]]
        ends = {f: set(fibres[f]["ends"]) for f in free}
        pairs = [(f, g) for f, g in itertools.combinations(free, 2) if ends[f] != ends[g]]
        for f in rng.choice(pairs) if pairs else ():
            fibres[f]["ducts"] = [f"d{duct}"]


def _corridors(case: Case, cities: list[str], bare: dict) -> dict[str, dict]:
    """The first so many pairs, in random order, that can be served (all together where strands are few).

    Drawn apart from the network, so that cases which differ in their demands alone share their pairs.
    """
    rng, demands = random.Random(f"pairs {case.seed}"), random.Random(f"demands {case.seed}")
    pool = rng.sample(cities, min(len(cities), 2 * math.isqrt(case.corridors))) if case.hub else cities
    pairs = sorted(itertools.combinations(sorted(pool), 2))
    rng.shuffle(pairs)
    if case.all_ends:
        order = rng.sample(cities, len(cities))
        pairs = list(dict.fromkeys([*((min(p), max(p)) for p in zip(order[::2], order[1::2], strict=True)), *pairs]))
    fibres = bare["fibres"]
    graph = nx.Graph([fibre["ends"] for fibre in fibres.values()])
    barred = {s for s, site in bare["sites"].items() if site.get("trusted_node") == "forbidden"}
    classes = [
        (rules, barred | {s for s, site in bare["sites"].items() if refused(site)})
        for rules, refused in ([*RULES, *[NO_RULES] * len(RULES)] if case.rules else [NO_RULES])
    ]
    free = FreeStrands(fibres) if case.strands < PLENTY else None
    chosen: dict[str, dict] = {}
    for number, (a, b) in enumerate(pairs):
        if len(chosen) == case.corridors:
            break
        paths = case.paths[len(chosen) % len(case.paths)]
        demand = float(demands.randrange(64, 513)) if case.rates else 1e-3
        rules, closed = classes[number % len(classes)]
        open_ = graph.subgraph(graph.nodes - (closed - {a, b}))
        if served_alone(open_, fibres, a, b, paths, case.disjoint) and (free is None or free.take(a, b, demand)):
            chosen[f"q{len(chosen):03}"] = {
                "ends": [a, b], "paths": paths, "disjoint": case.disjoint, "key_rate_bps": demand, **rules,
            }  # fmt: skip
    if case.extra_relays is not None:
        neighbours = neighbours_by_link(bare)
        for corridor in chosen.values():
            corridor["max_relays"] = fewest_links(neighbours, *corridor["ends"]) - 1 + case.extra_relays
    return chosen


def served_alone(graph: nx.Graph, fibres: dict[str, dict], a: str, b: str, paths: int, disjoint: str) -> bool:
    """So many disjoint ways exist, every fibre being a QKD link. For ducts: `ways_apart` finds them, else none."""
    if a not in graph or b not in graph or not nx.has_path(graph, a, b):
        return False
    if paths == 1:
        return True
    ways = nx.algorithms.connectivity.local_node_connectivity(graph, a, b, cutoff=paths)
    return ways >= paths and (disjoint != "duct" or ways_apart(fibres, a, b))


def ways_apart(fibres: dict[str, dict], a: str, b: str) -> bool:
    """Two ways that share neither site nor duct: a short first way, then what is left, with a few first ways tried."""
    graph = nx.Graph()
    ducts: dict[frozenset[str], set[str]] = defaultdict(set)
    for fibre in sorted(fibres.values(), key=lambda fibre: -len(fibre["ducts"])):  # a fibre without ducts comes last
        graph.add_edge(*fibre["ends"], km=fibre["length_km"])
        ducts[frozenset(fibre["ends"])] = set(fibre["ducts"])
    apart = sorted(nx.node_disjoint_paths(graph, a, b), key=lambda way: (len(way), way))
    for first in [nx.shortest_path(graph, a, b, "km"), *apart]:
        taken = set().union(*(ducts[frozenset(pair)] for pair in itertools.pairwise(first)))
        rest = graph.subgraph(set(graph) - set(first[1:-1])).copy()
        shared = [pair for pair in rest.edges if ducts[frozenset(pair)] & taken or set(pair) == {a, b} == set(first)]
        rest.remove_edges_from(shared)
        if nx.has_path(rest, a, b):
            return True
    return False


class FreeStrands:
    """One corridor after the other routed over single fibres: what fits has a plan."""

    def __init__(self, fibres: dict[str, dict]):
        self.left: dict[str, float] = {}  # bit/s by fibre
        self.graph = nx.MultiGraph()
        for f, fibre in fibres.items():
            rate = 3e5 * 10 ** (-(fibre["length_km"] * DB_PER_KM + CONNECTORS_DB) / 10) * (1 - 1e-6)
            self.left[f] = fibre["strands"] * rate
            self.graph.add_edge(*fibre["ends"], key=f, km=fibre["length_km"])

    def take(self, a: str, b: str, demand_bps: float) -> bool:
        """Reserve the shortest way on which the demand fits; False where there is none."""
        open_ = nx.subgraph_view(self.graph, filter_edge=lambda u, v, f: self.left[f] >= demand_bps)
        if not nx.has_path(open_, a, b):
            return False
        for u, v in itertools.pairwise(nx.shortest_path(open_, a, b, "km")):
            self.left[min(open_[u][v], key=lambda f: self.graph[u][v][f]["km"])] -= demand_bps
        return True


def neighbours_by_link(bare: dict) -> dict[str, list[str]]:
    """Sites that one QKD link joins."""
    everywhere = {"all": {"ends": sorted(bare["sites"])[:2], "key_rate_bps": 1e-3}}
    joined: dict[str, list[str]] = defaultdict(list)
    for link in enumerate_candidates(Inventory.model_validate(bare | {"corridors": everywhere})).links:
        a, b = link.route.ends
        joined[a].append(b)
        joined[b].append(a)
    return joined


def fewest_links(neighbours: dict[str, list[str]], a: str, b: str) -> int:
    """Links on the way from a to b that has fewest."""
    distance, queue = {a: 0}, deque([a])
    while b not in distance:
        here = queue.popleft()
        for there in neighbours[here]:
            if there not in distance:
                distance[there] = distance[here] + 1
                queue.append(there)
    return distance[b]
