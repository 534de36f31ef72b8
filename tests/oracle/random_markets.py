"""Random small inventories with offers, services, years and existing plant, alone and mixed."""

from __future__ import annotations

import random

from oracle.random_inventories import random_inventory

SUPPLIERS = ("Acme", "Beta")
KINDS = ("purchase", "purchase", "lease", "managed")
PER = ("node", "relay", "link", "system", "fibre", "corridor", "plan")


def random_market(rng: random.Random) -> dict:
    """An inventory with at most five sites in which money depends on terms, years and what is there."""
    document = random_inventory(rng)
    while len(document["sites"]) > 5:
        document = random_inventory(rng)
    equipment, economics = document["equipment"], document["economics"]
    for system in equipment["qkd_systems"].values():
        system["manufacturer"] = rng.choice(("Acme", "Beta", "Gamma"))
        if rng.random() < 0.4:
            system["life_years"] = rng.choice((1, 2, 3, 4, 8))
        if rng.random() < 0.5:
            system["power_w"] = rng.choice((60, 100))
    for item in (*equipment["node_items"].values(), *equipment["relay_items"].values()):
        if rng.random() < 0.3:
            item["life_years"] = rng.choice((2, 4))
    _years(rng, economics)
    if rng.random() < 0.5:
        document["services"] = {f"v{i}": _service(rng) for i in range(rng.randint(1, 3))}
    document["offers"] = _offers(rng, document)
    products = [f"qkd_systems.{name}" for name in equipment["qkd_systems"]]
    products += [f"node_items.{part}" for part in equipment["node_items"]]
    if rng.random() < 0.2:
        document["spares"] = {rng.choice(products): rng.randint(1, 2)}
    if rng.random() < 0.6:
        document["existing"] = _existing(rng, document)
    if rng.random() < 0.2:
        equipment["encryptors"] = {"e": {"qkd_licence_per_year": rng.choice((1, 5)), "price": 100}}
        for corridor in document["corridors"].values():
            if rng.random() < 0.6:
                corridor["encryptor"] = rng.choice(("e", "e", "owned"))
        if rng.random() < 0.5:
            document["classical"] = {"encryptor": "e", "per_end": rng.choice((1, 2))}
    _policy(rng, document)
    return document


def _years(rng: random.Random, economics: dict) -> None:
    economics["exchange_rates"] = {"USD": rng.choice((0.92, 0.913, 1.1))}
    if rng.random() < 0.4:
        economics["escalation"] = {
            key: rng.choice((0.0, 0.02, 0.1, -0.05)) for key in ("lease", "support", "energy") if rng.random() < 0.6
        }
    if rng.random() < 0.4:
        economics["energy_per_kwh"] = rng.choice((0.001, 0.002))  # amounts here are small
    if rng.random() < 0.6:
        economics["day_rate"] = rng.choice((2, 5))
    if rng.random() < 0.7:
        economics["start"] = rng.choice(("2027-01", "2027-07"))


def _service(rng: random.Random) -> dict:
    service: dict = {"per": rng.choice((*PER, "link", "system", "fibre"))}
    if rng.random() < 0.7:
        service["price"] = rng.choice((1, 5, 10, 25))
    if rng.random() < 0.4:
        service["effort_days"] = rng.choice((1, 2))
    if rng.random() < 0.4:
        service["price_per_year"] = rng.choice((0.5, 1, 2))
    return service


def _offers(rng: random.Random, document: dict) -> dict:
    equipment = document["equipment"]
    wanted = [(f"qkd_systems.{name}", rng.choice((0, 1, 2, 2, 3))) for name in equipment["qkd_systems"]]
    wanted += [(f"node_items.{part}", rng.choice((0, 1, 2))) for part in equipment["node_items"]]
    wanted += [(f"relay_items.{part}", rng.choice((0, 0, 2))) for part in equipment["relay_items"]]
    wanted += [(f"services.{name}", rng.choice((0, 0, 1, 2))) for name in document.get("services", {})]
    wanted += [(f"fibres.{name}", rng.choice((1, 2))) for name in document["fibres"] if rng.random() < 0.15]
    included = [name for name, s in document.get("services", {}).items() if s["per"] in ("link", "system")]
    offers: dict = {}
    for product, count in wanted:
        base = _price_of(rng, document, product)
        for _ in range(count):
            offers[f"o{len(offers)}"] = {"for": product} | _offer(rng, base, product, included)
    return offers


def _price_of(rng: random.Random, document: dict, product: str) -> float:
    """About what the product costs by itself."""
    kind, _, name = product.partition(".")
    if kind in ("services", "fibres"):
        return rng.choice((2, 6, 20))
    return document["equipment"][kind][name].get("price") or rng.choice((5, 30))


def _offer(rng: random.Random, base: float, product: str, included: list[str]) -> dict:
    kind = rng.choice(KINDS)
    offer: dict = {"kind": kind, "supplier": rng.choice(SUPPLIERS)}
    if kind == "purchase":
        offer["list_price"] = max(1, round(base * rng.choice((0.7, 0.9, 1, 1.2))))
        offer["discount"] = rng.choice((0, 0, 0.05, 0.1))
        if rng.random() < 0.6:
            steps = sorted(rng.sample((2, 3, 4, 5), rng.choice((1, 1, 2))))
            offer["tiers"] = [{"from": n, "discount": 0.15 + 0.1 * i} for i, n in enumerate(steps)]
    else:
        offer["setup_fee"] = rng.choice((0, 0, 2, 5))
        offer["fee_per_month"] = round(base / rng.choice((40, 80, 120)), 2)
        offer["term_months"] = rng.choice((1, 12, 36, 60))
    if rng.random() < 0.4:
        offer["support_per_year"] = rng.choice((0, 1, 4))
    if rng.random() < 0.3:
        offer["currency"] = "USD"
    if product.startswith("qkd_systems.") and rng.random() < 0.4:
        words = ["support", *included]
        offer["includes"] = rng.sample(words, rng.randint(1, len(words)))
    return offer


def _existing(rng: random.Random, document: dict) -> dict:
    """One or two links over one or two fibres, and now and then nodes and relays."""
    systems, fibres = list(document["equipment"]["qkd_systems"]), document["fibres"]
    links: dict = {}
    seen = set()
    for _ in range(rng.choice((0, 1, 1, 2))):
        route, ends = _route(rng, fibres)
        system = rng.choice(systems)
        if (system, frozenset(route)) in seen:
            continue
        seen.add((system, frozenset(route)))
        entry = {"ends": ends, "fibres": route, "system": system, "count": rng.choice((1, 1, 1, 2))}
        entry["keep"] = rng.random() < 0.6
        if rng.random() < 0.6:
            entry["bought"] = rng.choice(("2020-03", "2024-01", "2026-08"))
        if rng.random() < 0.6:
            entry["support_per_year"] = rng.choice((0, 1, 3))
        own = [name for name, offer in document["offers"].items() if offer["for"] == f"qkd_systems.{system}"]
        if own and rng.random() < 0.5:
            entry["offer"] = rng.choice(own)
        links[f"x{len(links)}"] = entry
        if rng.random() < 0.7:  # else it may not fit
            taken = entry["count"] * document["equipment"]["qkd_systems"][system].get("strands", 1)
            for fibre in route:
                fibres[fibre]["strands"] = fibres[fibre].get("strands", 2) + taken
    sites = list(document["sites"])
    existing: dict = {"links": links}
    if rng.random() < 0.3:
        existing["nodes"] = rng.sample(sites, 1)
    if rng.random() < 0.3:
        existing["relays"] = rng.sample(sites, 1)
    return existing


def _route(rng: random.Random, fibres: dict) -> tuple[list[str], list[str]]:
    """One fibre, or two that meet, as a route between two sites in either direction."""
    first = rng.choice(list(fibres))
    a, b = fibres[first]["ends"]
    route, ends = [first], [a, b]
    onward = [(f, next(e for e in x["ends"] if e != b)) for f, x in fibres.items() if b in x["ends"] and f != first]
    onward = [(f, end) for f, end in onward if end != a]
    if onward and rng.random() < 0.3:
        second, end = rng.choice(onward)
        route, ends = [first, second], [a, end]
    return (route[::-1], ends[::-1]) if rng.random() < 0.5 else (route, ends)


def _policy(rng: random.Random, document: dict) -> None:
    policy = document["policy"]
    if rng.random() < 0.2:
        policy["offers"] = rng.choice(("purchase", "lease", "managed", list(document["offers"])[::2]))
    if rng.random() < 0.1:
        policy["suppliers"] = ["Acme"]
    if rng.random() < 0.1:
        policy["manufacturers"] = ["Acme", "Beta"]
