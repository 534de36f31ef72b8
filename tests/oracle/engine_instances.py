"""Small inventories of the kinds on which engines have failed: all corridors required, money to be minimised."""

from __future__ import annotations

import random
from collections.abc import Callable
from contextlib import suppress
from decimal import ROUND_HALF_EVEN, Decimal
from itertools import combinations, pairwise

from oracle.random_inventories import random_inventory
from oracle.random_markets import random_market
from oracle.search import Oracle, Reference, TooManyDesigns, best_value
from qplan.inventory.installed import find_overfull
from qplan.inventory.model import Inventory

CURVE = [[0, 1000], [10, 1000], [12, 100]]
MOST_DESIGNS = 40  # that exhaustive search has to buy for one market; others are drawn in place of what has more


def forest(rng: random.Random) -> dict:
    """Corridors without ends in common on a ring with a chord: between them sites that only pass keys on."""
    names = [f"s{i}" for i in range(rng.randint(6, 8))]
    ways = [*pairwise([*names, names[0]]), (names[0], rng.choice(names[2:-1]))]
    return _inventory(rng, ways, _pairs(rng, names, rng.randint(2, 3)), relays=(0, 0, 10))


def common_roots(rng: random.Random) -> dict:
    """Corridors from one or two roots, with limits on relays and demands that not all links carry."""
    names = [f"s{i}" for i in range(rng.randint(5, 6))]
    roots = [names[0], names[0], names[1]]
    document = _inventory(rng, _net(rng, names), [(roots[i], names[-1 - i]) for i in range(3)], relays=(0, 5, 20))
    for corridor in document["corridors"].values():
        corridor |= {"max_relays": rng.randint(0, 3), "key_rate_bps": rng.choice((1, 900, 1900))}
    for fibre in document["fibres"].values():
        fibre["strands"] = rng.choice((1, 2, 3))
    if rng.random() < 0.4:
        document["corridors"]["c1"] |= {"paths": 2, "disjoint": rng.choice(("relay", "node"))}
    return document


def dear_ends(rng: random.Random) -> dict:
    """Most sites are ends, and ask much for relaying, or may not at all: cycles may be cheaper than trees."""
    names = [f"s{i}" for i in range(rng.randint(4, 6))]
    pairs = list(pairwise(rng.sample(names, len(names))))[: rng.randint(2, 4)]
    if rng.random() < 0.3:
        pairs = [pairs[0], tuple(rng.sample([s for s in names if s not in pairs[0]], 2))]  # two components
    document = _inventory(rng, _net(rng, names), pairs, relays=(0, 120, 240))
    for site in document["sites"].values():
        site["trusted_node"] = rng.choices(("allowed", "existing", "forbidden"), (8, 1, 1))[0]
    return document


def dear_ring(rng: random.Random) -> dict:
    """Corridors around a ring of ends that ask much for relaying, with sites between them or not, and a dear chord."""
    names = [f"s{i}" for i in range(rng.randint(4, 5))]
    pairs = list(pairwise([*names, names[0]]))
    ways = [(names[0], names[2])]
    between = rng.choice((0.0, 0.5, 1.0))
    for i, (a, b) in enumerate(pairs):
        ways += [(a, f"h{i}"), (f"h{i}", b)] if rng.random() < between else [(a, b)]
    document = _inventory(rng, ways, pairs, relays=(240, 900))
    document["fibres"]["f0"]["setup_cost_per_strand"] = 300
    for name, site in document["sites"].items():
        site["relay_cost"] = 0 if name.startswith("h") else site["relay_cost"]
    return document


def ruled(rng: random.Random) -> dict:
    """Chains of corridors, each under rules of its own on relays, which its ends need not keep to."""
    names = [f"s{i}" for i in range(rng.randint(6, 8))]
    pairs = {tuple(sorted(pair)): i for i in range(rng.choice((1, 2, 2))) for pair in pairwise(rng.sample(names, 3))}
    if rng.random() < 0.3:
        pairs |= {tuple(rng.sample(names, 2)): rng.randrange(2)}
    document = _inventory(rng, _net(rng, names), list(pairs), relays=(0, 0, 10, 120))
    for site in document["sites"].values():
        site |= {"security_tier": rng.choice((1, 2, 2, 3)), "operator": rng.choice("aab")}
    rules = rng.choices(({}, {"min_security_tier": 2}, {"allowed_operators": ["a"]}), (1, 2, 2), k=2)
    for corridor, i in zip(document["corridors"].values(), pairs.values(), strict=True):
        corridor |= rules[i] if rng.random() < 0.9 else {}
    return document


def parallel_fibres(rng: random.Random) -> dict:
    """Up to four fibres side by side, alike or not, and several paths."""
    names = ["s0", "s1", "s2"]
    ways = [way for way in [*pairwise(names), ("s0", "s2")] for _ in range(rng.choice((1, 2, 2, 4)))]
    document = _inventory(rng, ways, [("s0", "s2"), ("s0", "s1")][: rng.randint(1, 2)], relays=(0, 10))
    for f in document["fibres"].values():
        f |= {
            "strands": rng.choice((1, 1, 2)),
            "ducts": rng.choice(([], [], ["d"])),
            "loss_db": rng.choice((5.0, 5.0, 6.0)),
        }
    for corridor in document["corridors"].values():
        corridor |= {"paths": rng.choice((1, 2, 2)), "disjoint": rng.choice(("relay", "node", "duct"))}
        corridor["key_rate_bps"] = rng.choice((10, 600))
    document["equipment"]["qkd_systems"]["q"]["strands"] = rng.choice((1, 1, 2))
    document["policy"]["max_bypass_sites"] = rng.choice((0, 1))
    return document


def halves(rng: random.Random) -> dict:
    """Two triangles joined by three spans, and two paths between most sites: where relaxations are half.

    Relaying is dear in some of them.
    """
    names = [f"s{i}" for i in range(6)]
    ways = [*combinations(names[:3], 2), *combinations(names[3:], 2), *zip(names[:3], names[3:], strict=True)]
    ends = rng.sample(names, rng.randint(3, 5))
    document = _inventory(rng, ways, list(pairwise(ends)), relays=rng.choice(((0, 0, 10), (0, 120, 240))))
    level = rng.choice(("relay", "node", "duct"))
    for corridor in document["corridors"].values():
        corridor |= {"paths": rng.choice((2, 2, 2, 1)), "disjoint": level}
    return document


def several_paths(rng: random.Random) -> dict:
    """The one or the other, some with few relays on each path."""
    document = rng.choice((parallel_fibres, halves))(rng)
    for corridor in document["corridors"].values():
        if rng.random() < 0.3:
            corridor["max_relays"] = rng.randint(0, 3)
    return document


def rooms(rng: random.Random) -> dict:
    """Sites with few rack units, existing relays, and items that take some."""
    document = parallel_fibres(rng) if rng.random() < 0.8 else common_roots(rng)
    items = {"price": 3, "rack_units": 1}
    document["equipment"] |= {"node_items": {"KMS": items}, "relay_items": {"HSM": items | {"quantity": 2}}}
    document["equipment"]["qkd_systems"]["q"]["rack_units"] = 1
    for site in document["sites"].values():
        site |= {"rack_units": rng.choice((2, 3, 4, 5, 6, 9)), "trusted_node": rng.choice(("allowed", "existing"))}
    return document


def mixed(rng: random.Random) -> dict:
    """Every feature, but for optional corridors and relays as the objective."""
    return _for_money(rng, random_inventory(rng))


def market(rng: random.Random) -> dict:
    """Offers with tiers, leases and managed links, services, years, spares, and what exists."""
    while True:
        document = _for_money(rng, random_market(rng))
        inventory = Inventory.model_validate(document)
        if not find_overfull(inventory):
            with suppress(TooManyDesigns):
                best_value(inventory, Reference(), MOST_DESIGNS)
                return document


KINDS: tuple[Callable[[random.Random], dict], ...] = (
    forest,
    common_roots,
    dear_ends,
    dear_ring,
    ruled,
    several_paths,
    rooms,
    mixed,
    market,
)


def engine_instance(seed: int) -> dict:
    """An inventory of the kind that the seed falls on."""
    return KINDS[seed % len(KINDS)](random.Random(seed))


def with_printed_budget(document: dict, best: Oracle) -> dict:
    """With the budget at the optimum's cost as a plan prints it, which that optimum keeps to."""
    measure = document["objective"]
    cost = Decimal(repr(round(best.value, 6)))  # without the rounding of floats
    printed = {measure: float(cost.quantize(Decimal("0.01"), ROUND_HALF_EVEN))}
    return document | {"budget": document.get("budget", {}) | printed}


def _for_money(rng: random.Random, document: dict) -> dict:
    """All corridors required, money as the objective."""
    for corridor in document["corridors"].values():
        corridor.pop("required", None)
        corridor.pop("priority", None)
    document["objective"] = rng.choice(("tco", "capex"))
    return document


def _net(rng: random.Random, names: list[str]) -> list[tuple[str, str]]:
    """A random tree and two or three spans more."""
    ways = [(rng.choice(names[:i]), names[i]) for i in range(1, len(names))]
    others = [(a, b) for i, a in enumerate(names) for b in names[i + 1 :] if (a, b) not in ways]
    return ways + rng.sample(others, min(len(others), rng.randint(2, 3)))


def _pairs(rng: random.Random, names: list[str], count: int) -> list[tuple[str, str]]:
    ends = rng.sample(names, 2 * count)
    return list(zip(ends[::2], ends[1::2], strict=True))


def _inventory(
    rng: random.Random, ways: list[tuple[str, str]], corridors: list[tuple[str, str]], relays: tuple
) -> dict:
    names = sorted({site for way in [*ways, *corridors] for site in way})
    return {
        "qplan": 1,
        "sites": {s: {"node_cost": rng.choice((0, 7)), "relay_cost": rng.choice(relays)} for s in names},
        "fibres": {
            f"f{i}": {"ends": list(way), "loss_db": rng.choice((4.0, 9.0, 10.5)), "length_km": 40}
            | {"cost_per_strand_year": rng.choice((0, 1.005, 20)), "setup_cost_per_strand": rng.choice((0, 33.335, 50))}
            for i, way in enumerate(ways)
        },
        "equipment": {"qkd_systems": {"q": {"key_rate_curve": CURVE, "price": rng.choice((20, 100.01))}}},
        "corridors": {f"c{i}": {"ends": list(ends), "key_rate_bps": 10} for i, ends in enumerate(corridors, start=1)},
        "policy": {"max_bypass_sites": rng.choice((0, 0, 1))},
        "objective": rng.choice(("tco", "capex")),
        "economics": {"horizon_years": rng.choice((0, 3))},
    }  # fmt: skip
