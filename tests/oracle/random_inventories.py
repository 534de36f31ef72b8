"""Random small inventories in which every feature of the planning model turns up, alone and mixed.

Amounts are small integers wherever that is natural, so that ties and sums that meet a limit exactly occur.
"""

from __future__ import annotations

import math
import random
from collections import Counter
from itertools import combinations

KM_PER_DEGREE = 111.0
MOST_CHAINS = 2500
COUNTRIES, OPERATORS, DOMAINS = ("CH", "LI", "FR"), ("acme", "telco"), ("core", "edge")


def random_inventory(rng: random.Random) -> dict:
    """A valid inventory with 3 to 7 sites, small enough for exhaustive search; about two thirds can be served."""
    size = rng.choices((3, 4, 5, 6, 7), (1, 4, 5, 4, 3))[0]
    places = {f"s{i}": (rng.uniform(0, 20), rng.uniform(0, 20)) for i in range(1, size + 1)}
    located = rng.random() < 0.25
    inventory = {
        "qplan": 1,
        "sites": {name: _site(rng, place, located) for name, place in places.items()},
        "fibres": _fibres(rng, places, located),
        "equipment": _equipment(rng),
        "corridors": _corridors(rng, list(places)),
        "policy": _policy(rng),
        "objective": rng.choice(("tco", "tco", "capex", "relays")),
        "economics": {
            "horizon_years": rng.choice((0, 1, 5, 10)),
            "discount_rate": rng.choice((0.0, 0.0, 0.05, 0.1)),
            "contingency": rng.choice((0.0, 0.0, 0.1, 0.25)),
        },
    }
    while most_chains(inventory) > MOST_CHAINS:
        _shrink(rng, inventory)
    budget = _budget(rng, inventory)
    return inventory | ({"budget": budget} if budget else {})


def most_chains(inventory: dict) -> int:
    """Chains of routes × systems between the two sites that have most, if no loss were too high: what search costs."""
    names = list(inventory["sites"])
    routes = Counter()
    stack = [(name,) for name in names]
    while stack:
        sites = stack.pop()
        for fibre in inventory["fibres"].values():
            if sites[-1] in fibre["ends"]:
                onward = fibre["ends"][fibre["ends"][0] == sites[-1]]
                if onward not in sites:
                    routes[sites[0], onward] += len(inventory["equipment"]["qkd_systems"])
                    if len(sites) <= inventory["policy"]["max_bypass_sites"]:
                        stack.append((*sites, onward))
    return max(max(_chains(routes, start).values(), default=0) for start in names)


def _chains(routes: Counter, start: str) -> Counter:
    """Chains from a site on, by the site where they end; those that have seen the same sites are counted as one."""
    found, longest = Counter(), Counter({(frozenset([start]), start): 1})
    while longest:
        longer = Counter()
        for (seen, at), chains in longest.items():
            for (here, onward), ways in routes.items():
                if here == at and onward not in seen:
                    found[onward] += chains * ways
                    longer[seen | {onward}, onward] += chains * ways
        longest = longer
    return found


def _shrink(rng: random.Random, inventory: dict) -> None:
    """Fewer routes, else fewer systems, else fewer fibres."""
    systems = inventory["equipment"]["qkd_systems"]
    if inventory["policy"]["max_bypass_sites"] > 0 and rng.random() < 0.3:
        inventory["policy"]["max_bypass_sites"] -= 1
    elif len(systems) > 1 and rng.random() < 0.3:
        systems.popitem()
    else:
        inventory["fibres"].popitem()


def _some(rng: random.Random, chance: float, **values) -> dict:
    """Each value with the chance given; a callable is called when its key is taken."""
    return {key: value() if callable(value) else value for key, value in values.items() if rng.random() < chance}


def _site(rng: random.Random, place: tuple[float, float], located: bool) -> dict:
    site = {"trusted_node": rng.choices(("allowed", "existing", "forbidden"), (14, 3, 2))[0]}
    site |= _some(
        rng,
        0.85,
        country=lambda: rng.choices(COUNTRIES, (4, 2, 1))[0],
        operator=lambda: rng.choices(OPERATORS, (3, 1))[0],
        key_domain=lambda: rng.choices(DOMAINS, (3, 1))[0],
        security_tier=lambda: rng.randint(1, 4),
    )
    site |= _some(
        rng,
        0.6,
        node_cost=lambda: rng.choice((0, 5, 20, 40)),
        node_cost_per_year=lambda: rng.choice((0, 1, 2)),
        relay_cost=lambda: rng.choice((0, 10, 30, 60)),
        relay_cost_per_year=lambda: rng.choice((0, 1, 3)),
    )
    site |= _some(rng, 0.2, bypass_loss_db=lambda: rng.choice((0.0, 1.0, 3.0)))
    site |= _some(rng, 0.15, rack_units=lambda: rng.choice((1, 2, 3, 4)), power_w=lambda: rng.choice((150, 250, 400)))
    if located:
        site |= {"lat": 47 + place[1] / KM_PER_DEGREE, "lon": 8 + place[0] / KM_PER_DEGREE / math.cos(math.radians(47))}
    return site


def _fibres(rng: random.Random, places: dict[str, tuple[float, float]], located: bool) -> dict:
    """A random tree, further spans (mostly between neighbours), and now and then a parallel one."""
    names = list(places)
    pairs = [(rng.choice(names[:i]), names[i]) for i in range(1, len(names))]
    others = [pair for pair in combinations(names, 2) if pair not in pairs]
    others.sort(key=lambda pair: math.dist(places[pair[0]], places[pair[1]]) * rng.uniform(0.5, 1.5))
    pairs += others[: rng.randint(2, 5)]
    pairs += [rng.choice(pairs) for _ in range(rng.choice((0, 0, 0, 1, 1, 2)))]
    ducts = [f"d{i}" for i in range(rng.choice((0, 3, 4)))]
    fibres = {}
    for i, pair in enumerate(pairs, start=1):
        ends = pair if rng.random() < 0.5 else pair[::-1]
        straight = math.dist(places[pair[0]], places[pair[1]])
        fibres[f"f{i}"] = {"ends": list(ends)} | _fibre(rng, straight, ducts, located)
    return fibres


def _fibre(rng: random.Random, straight_km: float, ducts: list[str], located: bool) -> dict:
    kilometres = math.ceil(straight_km * 1.3) + rng.choice((0, 1, 5))
    fibre = {"length_km": kilometres, "strands": rng.choices((1, 2, 3, 4, 8), (1, 4, 4, 6, 6))[0]}
    if rng.random() < 0.3:
        fibre["loss_db"] = round(kilometres * rng.choice((0.2, 0.25, 0.3)), 1)
    if located and rng.random() < 0.5:
        del fibre["length_km"]
    fibre |= _some(
        rng,
        0.2,
        attenuation_db_per_km=0.25,
        attenuation_1310_db_per_km=0.4,
        loss_1310_db=lambda: round(kilometres * 0.35, 1),
        connectors=lambda: rng.randint(0, 4),
        splices=lambda: rng.randint(0, 5),
    )
    fibre |= _some(
        rng,
        0.4,
        setup_cost_per_strand=lambda: rng.choice((0, 1, 5)),
        cost_per_strand_year=lambda: rng.choice((0, 1, 2)),
        cost_per_strand_km_year=lambda: rng.choice((0, 0.1, 0.2)),
    )
    if ducts and rng.random() < 0.5:
        fibre["ducts"] = rng.sample(ducts, rng.choice((1, 1, 2)))
    return fibre | _some(rng, 0.02, amplified=True)


def _curve(rng: random.Random) -> list[list[float]]:
    candidates = rng.choice((11, 13, 15, 18, 22))
    top = rng.choice((300, 600, 1000))
    curve = [[2, top], [candidates // 2, top // rng.choice((2, 5))], [candidates, top // 50]]
    if rng.random() < 0.2:
        curve[0][1] = curve[1][1] // 2  # receivers saturate at low loss
    if rng.random() < 0.05:
        curve[-1][1] = 0
    return curve


def _system(rng: random.Random) -> dict:
    system = {"key_rate_curve": _curve(rng), "technology": rng.choice(("dv-bb84", "dv-bb84", "cv-gmcs"))}
    system |= {"price": rng.choice((0, 20, 50, 100)), "support_per_year": rng.choice((0, 2, 5))}
    if rng.random() < 0.2:
        system["wavelength_nm"] = 1310
    if rng.random() < 0.2:
        system["max_loss_db"] = system["key_rate_curve"][-1][0] - rng.choice((0, 4, 8))
    system |= _some(
        rng,
        0.3,
        max_length_km=lambda: rng.choice((20, 30, 45)),
        strands=2,
        rack_units=1,
        power_w=lambda: rng.choice((60, 100)),
        clock_hz=1e9,
    )
    if rng.random() < 0.05:
        del system["price"]
    return system


def _equipment(rng: random.Random) -> dict:
    item = {"price": rng.choice((0, 5, 15)), "support_per_year": rng.choice((0, 1)), "quantity": rng.choice((1, 2))}
    place = {"rack_units": 1, "power_w": 80}
    return {
        "qkd_systems": {f"q{i}": _system(rng) for i in range(1, rng.choices((1, 2, 3), (4, 4, 3))[0] + 1)},
        "node_items": {"KMS-1": item | place} if rng.random() < 0.4 else {},
        "relay_items": {"HSM-2": item | place} if rng.random() < 0.4 else {},
    }


def _policy(rng: random.Random) -> dict:
    policy = {"max_bypass_sites": rng.choices((0, 1, 2), (2, 3, 4))[0]}
    policy |= _some(rng, 0.25, key_rate_reserve=lambda: rng.choice((0.1, 0.2, 0.5)), bypass_loss_db=1.0)
    return policy | _some(rng, 0.15, loss_margin_db=lambda: rng.choice((0.5, 1.0, 2.0)), technologies=["dv-bb84"])


def _corridors(rng: random.Random, sites: list[str]) -> dict:
    number = rng.choices((1, 2, 3, 4), (4, 6, 3, 1))[0]
    return {f"c{i}": _corridor(rng, sites, 0.2 if i == 1 else 0.5) for i in range(1, number + 1)}


def _corridor(rng: random.Random, sites: list[str], optional: float) -> dict:
    ends = rng.sample(sites, 2)
    corridor = {"ends": ends} | _demand(rng)
    corridor["paths"] = rng.choices((1, 2, 3), (18, 6, 1))[0]
    if corridor["paths"] > 1:
        corridor["disjoint"] = rng.choice(("relay", "node", "duct", "duct"))
    corridor |= _some(
        rng,
        0.08,
        allowed_countries=lambda: rng.sample(COUNTRIES, 2),
        allowed_operators=["acme"],
        allowed_key_domains=["core"],
        min_security_tier=lambda: rng.randint(1, 3),
        max_relays=lambda: rng.randint(0, 2),
        avoid_sites=lambda: [rng.choice([site for site in sites if site not in ends])],
    )
    if rng.random() < optional:
        corridor |= {"required": False, "priority": rng.choice((0, 0.5, 1, 1, 2, 3))}
    return corridor


def _demand(rng: random.Random) -> dict:
    kind = rng.random()
    if kind < 0.1:
        return {"rekey": {"key_bits": 256, "interval_s": rng.choice((1, 4)), "tunnels": 2, "directions": 2}}
    if kind < 0.2:
        return {"otp_bps": rng.choice((50, 200))}
    return {"key_rate_bps": rng.choice((0, 10, 20, 50, 50, 100, 100, 200, 300))}


def _budget(rng: random.Random, inventory: dict) -> dict:
    """Ceilings near what a plan may cost: so many systems of the mean price, with some for sites."""
    systems = inventory["equipment"]["qkd_systems"].values()
    price = sum(system.get("price", 0) for system in systems) / len(systems)
    paths = sum(corridor["paths"] for corridor in inventory["corridors"].values())
    optional = any("required" in corridor for corridor in inventory["corridors"].values())
    capex = (price + 20) * paths
    return _some(
        rng,
        0.45 if optional else 0.1,
        capex=lambda: round(capex * rng.uniform(0.5, 2)),
        tco=lambda: round(capex * rng.uniform(0.7, 3)),
    )
