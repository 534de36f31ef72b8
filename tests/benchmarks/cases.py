"""The benchmark cases by name: which network, which corridors, and what is aimed at (gap and seconds on two cores).

Light to import: the networks are built in `instances.py`.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

PLENTY = 200  # strands that never bind


@dataclass(frozen=True)
class Network:
    """A topology (one of `SHAPES`, or a name of topohub) with huts so close that no span is longer than `span_km`."""

    topology: str
    span_km: float
    bypass: int = 2  # sites that a QKD link may be patched through
    alternatives: float = 0.0  # share of the spans with a second fibre: longer, cheaper, in ducts of its own
    cities: int = 150  # of a shape


@dataclass(frozen=True)
class Case:
    """One inventory and its target. `hub`: corridors between a few cities, else between any two."""

    name: str
    group: str
    network: Network
    corridors: int
    target_gap: float | None  # None: the gap is stated, whatever it is
    target_s: float
    hub: bool = True
    paths: tuple[int, ...] = (1,)  # dealt out to the corridors in turn
    disjoint: str = "node"
    in_ducts: float = 0.15  # share of the fibres that share a duct, where corridors are to be disjoint in ducts
    rates: bool = False  # demands of 64 to 512 bit/s that share links, else so small that one system carries all
    extra_relays: int | None = None  # relays allowed beyond the fewest possible for the corridor
    strands: int = PLENTY
    relay_cost: float = 0.0  # of a city, beside links of about 220 k
    forbidden: float = 0.0  # share of the cities that may not relay
    all_ends: bool = False  # every city is the end of a corridor
    rules: bool = False  # half of the corridors refuse some relays, by tier or by operator
    seed: int = 1


METRO, LINE, RING, TREE = SHAPES = ("metro", "line", "ring", "tree")
NETWORKS = {
    "150": Network("sndlib/germany50", 60),
    "500": Network("gabriel/100/0", 37),
    "1000": Network("gabriel/300/0", 60),
    "3000": Network("gabriel/500/0", 30, bypass=3),
    "5000": Network("gabriel/500/0", 20),
    "europe": Network("backbone/europe_nosc", 80),
    "america": Network("backbone/north_america", 80),
    "surfnet": Network("topozoo/Surfnet", 60),
    "tata": Network("topozoo/TataNld", 80),
    "metro": Network(METRO, 60),
    "metro-far": Network(METRO, 60, bypass=3),
}
WITH_ALTERNATIVES = [NETWORKS[size] for size in ("150", "500", "1000", "metro")]
SMALL_SHAPES = {f"{shape}-{n}": Network(shape, 60, cities=n) for shape in (LINE, RING, TREE) for n in (16, 24, 48)}
TOWNS = {f"town-{n}": Network(METRO, 60, bypass=1, cities=n) for n in (24, 40)}
TABLE = {  # group: what the corridors ask for, then (gap, seconds) at 150, 500 and 1,000 sites
    "k1-hub": ({}, (0.0, 1), (0.0, 5), (0.001, 20)),
    "k1-spread": ({"hub": False}, (0.0, 2), (0.0025, 20), (0.001, 90)),
    "k2-node": ({"paths": (2,)}, (0.0, 10), (0.01, 60), (0.02, 120)),
    "k2-duct": ({"paths": (2,), "disjoint": "duct"}, (0.005, 30), (0.03, 120), (0.05, 300)),
    "k1-rates": ({"rates": True}, (0.03, 120), (0.06, 120), (0.08, 120)),
    "k2-rates": ({"rates": True, "paths": (2,)}, (0.07, 40), (0.15, 120), (0.1, 120)),
    "k1-relays": ({"extra_relays": 2}, (0.01, 60), (0.03, 120), (0.03, 300)),
}
BEYOND = {  # the same on other networks, and what the table has not
    "k1-hub": {
        "3000": (0.001, 45),
        "5000": (None, 600),
        "europe": (0.001, 20),
        "metro": (0.0, 5),
        "metro-far": (0.0, 60),
    },
    "k1-spread": {"metro": (0.01, 60), "europe": (0.01, 120)},
    "k2-node": {"europe": (0.05, 120), "metro": (0.01, 60)},
    "k2-duct": {"metro": (0.01, 60)},
    "k1-rates": {"metro": (0.05, 120)},
    "k1-relays": {"metro": (0.01, 60)},
}
OTHERS = {
    "k2-node-spread": ({"paths": (2,), "hub": False}, {"150": (0.01, 60), "500": (0.03, 120), "1000": (0.05, 120)}),
    "k2-relays": ({"paths": (2,), "extra_relays": 8}, {"150": (0.1, 60)}),
    "mixed-k": ({"paths": (1, 2, 3)}, {"150": (0.01, 60), "500": (0.03, 120)}),
    "k1-strands": ({"rates": True, "strands": 2}, {"150": (0.05, 120), "500": (0.1, 120)}),
    "k1-one-strand": ({"rates": True, "strands": 1}, {"150": (None, 120)}),
    "k1-hub-100c": ({"corridors": 100}, {"150": (0.0, 5), "500": (0.0, 20)}),
    "k2-node-100c": ({"corridors": 100, "paths": (2,)}, {"150": (0.01, 60)}),
    "k1-rates-100c": ({"corridors": 100, "rates": True}, {"150": (0.05, 120)}),
    "k1-hub-priced": ({"relay_cost": 30e3}, {"150": (0.0, 2), "500": (0.0, 10), "1000": (0.001, 30)}),
    "k1-hub-dear": ({"relay_cost": 150e3}, {"150": (0.0, 2), "500": (0.0, 10), "1000": (0.001, 30)}),
    "k1-spread-priced": (
        {"relay_cost": 30e3, "hub": False},
        {
            "150": (0.001, 20),
            "500": (0.01, 45),
            "1000": (0.01, 120),
            "surfnet": (0.001, 20),
            "tata": (0.01, 45),
            "america": (0.01, 120),
        },
    ),
    "k1-spread-dear": (
        {"relay_cost": 150e3, "hub": False},
        {"150": (0.001, 20), "500": (0.01, 45), "1000": (0.01, 120)},
    ),
    "k2-node-spread-dear": (
        {"relay_cost": 150e3, "paths": (2,), "hub": False},
        {"150": (0.001, 20), "500": (None, 60), "metro": (None, 60)},
    ),
    "k1-hub-rules": ({"rules": True}, {"150": (0.0, 10), "500": (0.0, 60)}),
    "k1-spread-rules": ({"rules": True, "hub": False}, {"150": (0.001, 60), "500": (0.01, 120)}),
    "k2-node-rules": ({"rules": True, "paths": (2,)}, {"150": (0.01, 60)}),
    "k1-rates-relays": ({"rates": True, "extra_relays": 2}, {"150": (0.08, 120), "500": (None, 120)}),
    "k1-relays-loose": ({"extra_relays": 8}, {"150": (0.001, 20), "500": (None, 60), "metro": (0.001, 60)}),
    "k1-rates-rules": ({"rules": True, "rates": True}, {"150": (0.05, 120)}),
    "k1-spread-forbidden": ({"relay_cost": 30e3, "forbidden": 0.3, "hub": False}, {"150": (0.001, 20)}),
}
IN_TOWNS = {  # half as many corridors as sites, between any two
    "k1-relays-spread": ({"extra_relays": 2}, {"town-24": (0.0, 20), "town-40": (0.0, 60)}),
    "k2-rates-spread": ({"rates": True, "paths": (2,)}, {"town-24": (0.0, 10), "town-40": (0.02, 60)}),
    "k2-dear-spread": ({"relay_cost": 150e3, "paths": (2,)}, {"town-24": (0.001, 5), "town-40": (0.001, 20)}),
    "mixed-dear-spread": ({"relay_cost": 150e3, "paths": (1, 2)}, {"town-24": (None, 60), "town-40": (None, 60)}),
    "k2-relays-spread": ({"extra_relays": 4, "paths": (2,)}, {"town-24": (None, 60), "town-40": (None, 60)}),
}


def all_cases() -> tuple[Case, ...]:
    """Every case, and those of the table once more (`-alt`) where most pairs of neighbouring sites have two routes."""
    cases = []
    for group, (asks, *targets) in TABLE.items():
        at = dict(zip(("150", "500", "1000"), targets, strict=True)) | BEYOND.get(group, {})
        cases += [_case(group, size, asks, target) for size, target in at.items()]
    for group, (asks, at) in OTHERS.items():
        cases += [_case(group, size, asks, target) for size, target in at.items()]
    for group, (asks, at) in IN_TOWNS.items():
        cases += [_in_town(group, size, asks, target) for size, target in at.items()]
    cases += [_all_ends(shape, network) for shape, network in SMALL_SHAPES.items()]
    twins = [_with_alternatives(case) for case in cases if case.group in TABLE and case.network in WITH_ALTERNATIVES]
    return tuple(cases + twins)


def _all_ends(shape: str, network: Network) -> Case:
    """Every site an end that relays at a price: nothing lies between corridors."""
    seconds = 60 if network.cities > 24 else 5
    return Case(
        f"k1-all-ends-{shape}", "k1-all-ends", network, network.cities, 0.0, seconds,
        hub=False, relay_cost=30e3, all_ends=True,
    )  # fmt: skip


def _in_town(group: str, size: str, asks: dict, target: tuple[float | None, float]) -> Case:
    network = TOWNS[size]
    return Case(f"{group}-{size}", group, network, network.cities // 2, *target, hub=False, **asks)


def _case(group: str, size: str, asks: dict, target: tuple[float | None, float]) -> Case:
    corridors = 40 if size == "150" else 50
    asks = {"corridors": corridors, "target_gap": target[0], "target_s": target[1]} | asks
    return Case(f"{group}-{size}", group, NETWORKS[size], **asks)


def _with_alternatives(case: Case) -> Case:
    network = replace(case.network, alternatives=0.7)
    return replace(case, name=f"{case.name}-alt", network=network)
