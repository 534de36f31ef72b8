"""Benchmark inventories on public topologies (PyPI package topohub), seeded and rebuilt from code.

Routes are 1.3 × the distance and cut into spans by candidate huts; a candidate link is any route within 24 dB. Rate of
a system: 3e5 · 10^(−loss/10) bit/s. Cities cost 80 k, huts 150 k, systems 160 k + 3 k per km.
"""

from __future__ import annotations

import itertools
import math
import random
from dataclasses import dataclass

import topohub

from qplan.inventory.model import Inventory
from qplan.physics.loss import geodesic_km

ROUTE_FACTOR = 1.3
CURVE = [[a, 3e5 * 10 ** (-a / 10)] for a in (0, 6, 12, 18, 24)]


@dataclass(frozen=True)
class Case:
    """One inventory: a topology with huts at most `hut_km` apart, and corridors of one kind.

    `hub`: ends from a pool of 2 √corridors cities (one corridor component); else any city pairs (many components).
    """

    topology: str
    hut_km: float
    corridors: int = 40
    hub: bool = True
    paths: int = 1
    disjoint: str = "node"
    bypass: int = 1
    rates: bool = False
    extra_relays: int | None = None
    seed: int = 1

    @property
    def name(self) -> str:
        kind = "hub" if self.hub else "spread"
        paths = "k=1" if self.paths == 1 else f"k={self.paths} {self.disjoint}"
        more = (", rates" if self.rates else "") + ("" if self.extra_relays is None else f", +{self.extra_relays} relays")
        return f"{self.topology} {self.hut_km:g} km, {self.corridors} {kind}, {paths}{more}"


def inventory(case: Case) -> Inventory:
    """Build the inventory of a case."""
    rng = random.Random(case.seed)
    network = topohub.get(case.topology)
    degrees = all(abs(node["pos"][0]) <= 180 and abs(node["pos"][1]) <= 90 for node in network["nodes"])
    place = {node["id"]: node["pos"] for node in network["nodes"]}
    sites = {f"c{i}": {"node_cost": 80e3} for i in place}
    fibres: dict[str, dict] = {}
    for n, edge in enumerate(network["edges"]):
        a, b = edge["source"], edge["target"]
        km = ROUTE_FACTOR * (_geodesic(place[a], place[b]) if degrees else edge["dist"])
        spans = max(1, math.ceil(km / case.hut_km))
        stops = [f"c{a}", *(f"h{n}-{i}" for i in range(1, spans)), f"c{b}"]
        sites |= {hut: {"node_cost": 150e3} for hut in stops[1:-1]}
        for i, ends in enumerate(itertools.pairwise(stops)):
            ducts = [f"d{rng.randrange(60)}"] if case.disjoint == "duct" and rng.random() < 0.15 else []
            fibres[f"f{n}-{i}"] = {
                "ends": list(ends), "length_km": round(km / spans, 3), "strands": 200, "connectors": 2,
                "setup_cost_per_strand": round(3000 * km / spans), "ducts": ducts,
            }  # fmt: skip
    cities = sorted(sites.keys() - {s for s in sites if s.startswith("h")})
    pairs = _corridor_pairs(case, cities, rng)
    return Inventory.model_validate({
        "qplan": 1, "sites": sites, "fibres": fibres,
        "equipment": {"qkd_systems": {"pair": {"key_rate_curve": CURVE, "price": 160e3}}},
        "corridors": {
            f"q{i:03}": {
                "ends": list(pair), "paths": case.paths, "disjoint": case.disjoint,
                "key_rate_bps": float(rng.randrange(64, 513)) if case.rates else 1e-3,
                **({} if case.extra_relays is None else {"max_relays": case.extra_relays}),
            }
            for i, pair in enumerate(pairs)
        },
        "policy": {"max_bypass_sites": case.bypass, "bypass_loss_db": 0.5}, "objective": "capex",
    })  # fmt: skip


def _geodesic(a: list[float], b: list[float]) -> float:
    return geodesic_km(a[1], a[0], b[1], b[0])


def _corridor_pairs(case: Case, cities: list[str], rng: random.Random) -> list[tuple[str, str]]:
    pool = rng.sample(cities, min(len(cities), 2 * math.isqrt(case.corridors))) if case.hub else cities
    pairs = sorted(itertools.combinations(sorted(pool), 2))
    return rng.sample(pairs, min(case.corridors, len(pairs)))
