"""The oracle on cases small enough for pen and paper, and its plans before the verifier."""

from __future__ import annotations

import random
from collections import Counter
from decimal import Decimal

import pytest

from oracle.in_play import WITHOUT, in_play
from oracle.model import Candidate, fibre_length_km, fibre_loss_db, nodes_of
from oracle.money import Money, printed
from oracle.random_inventories import random_inventory
from oracle.random_markets import random_market
from oracle.search import Oracle, Reference, TooManyDesigns, best_value
from qplan.inventory.model import Inventory
from qplan.plan.model import (
    BoughtOffer,
    Costs,
    InventoryRef,
    Link,
    Node,
    Objective,
    Path,
    Plan,
    ServedCorridor,
    Solver,
    link_id,
)
from qplan.plan.verify.money import annuity
from qplan.plan.verify.recompute import demand_bps
from qplan.plan.verify.verifier import verify

# of the first 150 seeds those that bring every feature into play; found anew where the random inventories change
TELLING = (12, 19, 25, 31, 32, 35, 43, 48, 59, 60, 71, 78, 81, 98, 99, 100, 106, 123, 131, 134)


def fibre(a: str, b: str, **fields) -> dict:
    return {"ends": [a, b], "loss_db": 5.0, "length_km": 20.0, "strands": 4} | fields


def solve(sites: dict, fibres: dict, corridors: dict, systems: dict | None = None, **rest) -> Oracle | None:
    """One system at 100 a pair, 1000 bit/s up to 12 dB, unless others are given; no yearly cost, so tco = capex."""
    systems = systems or {"q": {"key_rate_curve": [[12, 1000]], "price": 100}}
    corridors = {name: {"key_rate_bps": 100} | corridor for name, corridor in corridors.items()}
    policy = {"max_bypass_sites": 0, "bypass_loss_db": 1.0} | rest.pop("policy", {})
    equipment = {"qkd_systems": systems} | rest.pop("equipment", {})
    data = {"qplan": 1, "sites": sites, "fibres": fibres, "equipment": equipment, "corridors": corridors}
    return best_value(Inventory.model_validate(data | {"policy": policy} | rest))


AB = {"a": {}, "b": {}}
ABX = {"a": {}, "b": {}, "x": {}}
ONE = {"c": {"ends": ["a", "b"]}}


def test_one_link_with_node_costs():
    # 100 for the pair, 7 + 8 for the two nodes
    sites = {"a": {"node_cost": 7}, "b": {"node_cost": 8}}
    assert solve(sites, {"f": fibre("a", "b")}, ONE).value == pytest.approx(115)


def test_yearly_costs_and_contingency():
    # capex 100 + 2 strands × 10 = 120, contingency 12; opex 5 + 2 × (1 + 0.1 × 20) = 11; at 10 % for 2 years
    # 11/1.1 + 11/1.21 = 10 + 9.0909…
    systems = {"q": {"key_rate_curve": [[12, 1000]], "price": 100, "support_per_year": 5, "strands": 2}}
    cable = fibre("a", "b", setup_cost_per_strand=10, cost_per_strand_year=1, cost_per_strand_km_year=0.1)
    economics = {"horizon_years": 2, "discount_rate": 0.1, "contingency": 0.1}
    best = solve(AB, {"f": cable}, ONE, systems, economics=economics)
    assert (best.capex, best.tco) == (pytest.approx(120), pytest.approx(132 + 10 + 100 / 11))


def test_counts_follow_the_load_of_all_corridors():
    # 600 + 500 > 1000: two systems; with 20 % reserve 600 + 200 = 800 fits in one
    two = {"c": {"ends": ["a", "b"], "key_rate_bps": 600}, "d": {"ends": ["b", "a"], "key_rate_bps": 500}}
    assert solve(AB, {"f": fibre("a", "b")}, two).value == pytest.approx(200)
    two["d"]["key_rate_bps"] = 200
    assert solve(AB, {"f": fibre("a", "b")}, two, policy={"key_rate_reserve": 0.2}).value == pytest.approx(100)


def test_strands_limit_the_count():
    # three systems are needed and two strands are free
    heavy = {"c": {"ends": ["a", "b"], "key_rate_bps": 2500}}
    assert solve(AB, {"f": fibre("a", "b", strands=2)}, heavy) is None
    assert solve(AB, {"f": fibre("a", "b", strands=3)}, heavy).value == pytest.approx(300)


def test_rack_units_count_systems_and_items():
    # one system (2 U) and two managers (1 U each) need 4 U at each end
    systems = {"q": {"key_rate_curve": [[12, 1000]], "price": 100, "rack_units": 2}}
    items = {"node_items": {"KMS": {"quantity": 2, "price": 10, "rack_units": 1}}}
    for free, value in ((4, 100 + 2 * 2 * 10), (3.5, None)):
        best = solve({"a": {"rack_units": free}, "b": {}}, {"f": fibre("a", "b")}, ONE, systems, equipment=items)
        assert (best and best.value) == value


def test_an_existing_relay_pays_only_the_yearly_cost():
    # via x: 2 pairs = 200; existing: 3 a year × 10 = 30, its node cost 9 stays due, relay cost and item are waived
    sites = ABX | {"x": {"trusted_node": "existing", "relay_cost": 1000, "relay_cost_per_year": 3, "node_cost": 9}}
    items = {"relay_items": {"HSM": {"price": 500}}}
    fibres = {"f": fibre("a", "x"), "g": fibre("x", "b")}
    economics = {"discount_rate": 0.0}
    assert solve(sites, fibres, ONE, equipment=items, economics=economics).value == pytest.approx(239)
    sites["x"]["trusted_node"] = "allowed"
    assert solve(sites, fibres, ONE, equipment=items, economics=economics).value == pytest.approx(1739)


def test_bypass_instead_of_a_relay_while_the_loss_allows():
    # patched through x: 5 + 5 + 1 = 11 dB, one pair; with 2 dB of margin 13 > 12, so two pairs and x relays
    fibres = {"f": fibre("a", "x"), "g": fibre("x", "b")}
    near = solve(ABX, fibres, ONE, policy={"max_bypass_sites": 1})
    far = solve(ABX, fibres, ONE, policy={"max_bypass_sites": 1, "loss_margin_db": 2.0})
    assert (near.value, near.relays, far.value, far.relays) == (100, 0, 200, 1)


def test_direct_links_of_two_systems_on_one_route_are_relay_disjoint_only():
    # q (100) and r (130) on the single fibre: different links; node-disjoint paths would need another fibre
    systems = {name: {"key_rate_curve": [[12, 1000]], "price": price} for name, price in (("q", 100), ("r", 130))}
    for level, value in (("relay", 230), ("node", None), ("duct", None)):
        twice = {"c": {"ends": ["a", "b"], "paths": 2, "disjoint": level}}
        best = solve(AB, {"f": fibre("a", "b")}, twice, systems)
        assert (best and best.value) == value


def test_parallel_fibres_in_one_duct_are_node_disjoint_but_not_duct_disjoint():
    fibres = {"f": fibre("a", "b", ducts=["d"]), "g": fibre("a", "b", ducts=["d"])}
    for level, value in (("relay", 200), ("node", 200), ("duct", None)):
        best = solve(AB, fibres, {"c": {"ends": ["a", "b"], "paths": 2, "disjoint": level}})
        assert (best and best.value) == value


def test_a_duct_may_repeat_within_one_path():
    # a-x-b twice through duct d on the same path, the other path direct: 200 + 100
    fibres = {"f": fibre("a", "x", ducts=["d"]), "g": fibre("x", "b", ducts=["d"]), "h": fibre("a", "b", ducts=["e"])}
    best = solve(ABX, fibres, {"c": {"ends": ["a", "b"], "paths": 2, "disjoint": "duct"}})
    assert best.value == pytest.approx(300)


def test_a_site_may_be_bypassed_twice_by_one_path():
    # a star around m, where no relaying is allowed; a-m-b has 9 + 9 + 1 dB, too much. Relay x: a-m-x and x-m-b at 12 dB
    # each pass m; fibre m-x is used twice
    sites = {"a": {}, "b": {}, "m": {"trusted_node": "forbidden"}, "x": {}}
    fibres = {"f": fibre("a", "m", loss_db=9.0), "g": fibre("b", "m", loss_db=9.0), "h": fibre("m", "x", loss_db=2.0)}
    best = solve(sites, fibres, ONE, policy={"max_bypass_sites": 1})
    assert (best.value, best.relays) == (200, 1)
    fibres["h"]["strands"] = 1
    assert solve(sites, fibres, ONE, policy={"max_bypass_sites": 1}) is None


def test_a_relay_of_one_path_may_be_patched_through_by_another_at_relay_level_only():
    # patched through x: h (one strand) and g or i, 5 + 5 + 1 = 11 dB; f has 7 dB and must stop at x: 100 + 200
    fibres = {"f": fibre("a", "x", loss_db=7.0), "h": fibre("a", "x", strands=1)}
    fibres |= {"g": fibre("x", "b"), "i": fibre("x", "b")}
    for level, value in (("relay", 300), ("node", None)):
        corridor = {"c": {"ends": ["a", "b"], "paths": 2, "disjoint": level}}
        best = solve(ABX, fibres, corridor, policy={"max_bypass_sites": 1})
        assert (best and best.value) == value


def test_the_cheaper_relay_is_passed_over_where_a_rule_forbids_it():
    # x costs 0, y costs 50: allowed_operators moves the relay to y, a site without operator is refused
    sites = {"a": {}, "b": {}, "x": {}, "y": {"operator": "acme", "relay_cost": 50}}
    fibres = {"f": fibre("a", "x"), "g": fibre("x", "b"), "h": fibre("a", "y"), "i": fibre("y", "b")}
    assert solve(sites, fibres, ONE).value == pytest.approx(200)
    assert solve(sites, fibres, {"c": {"ends": ["a", "b"], "allowed_operators": ["acme"]}}).value == pytest.approx(250)
    assert solve(sites, fibres, {"c": {"ends": ["a", "b"], "max_relays": 0}}) is None


def test_relays_as_objective_with_tco_as_tie_break():
    # a direct pair on the long fibre costs 500 (system r) and needs no relay; via x 200 and one relay
    systems = {"q": {"key_rate_curve": [[12, 1000]], "price": 100}, "r": {"key_rate_curve": [[30, 1000]], "price": 500}}
    fibres = {"f": fibre("a", "x"), "g": fibre("x", "b"), "h": fibre("a", "b", loss_db=20.0)}
    few, cheap = (solve(ABX, fibres, ONE, systems, objective=name) for name in ("relays", "tco"))
    assert (few.value, few.tco, cheap.value, cheap.relays) == (0, 500, 200, 1)


def test_the_budget_keeps_the_higher_priority():
    # each corridor costs 100; 250 buy two of three; 3 + 2 beats any pair with 1
    ends = {"c": ["a", "b"], "d": ["a", "x"], "e": ["b", "x"]}
    fibres = {name: fibre(*pair) for name, pair in ends.items()}
    corridors = {
        name: {"ends": ends[name], "required": False, "priority": weight, "max_relays": 0}
        for name, weight in (("c", 1), ("d", 3), ("e", 2))
    }
    best = solve(ABX, fibres, corridors, budget={"capex": 250})
    assert (best.priority, best.value, sorted(best.paths)) == (5, 200, ["d", "e"])
    corridors["c"]["required"] = True  # then 100 are spoken for, and d goes before e
    best = solve(ABX, fibres, corridors, budget={"tco": 250})
    assert (best.priority, best.value, sorted(best.paths)) == (3, 200, ["c", "d"])
    assert solve(ABX, fibres, corridors, budget={"capex": 99}) is None


def test_o_band_needs_a_loss_of_its_own():
    # loss_db alone says nothing at 1310 nm; a stated length does: 20 × 0.35 + 0.5 = 7.5 dB
    systems = {"q": {"key_rate_curve": [[8, 1000]], "price": 100, "wavelength_nm": 1310}}
    sites = {"a": {"lat": 47.0, "lon": 8.0}, "b": {"lat": 47.1, "lon": 8.0}}
    cable = fibre("a", "b")
    assert solve(sites, {"f": cable}, ONE, systems).value == pytest.approx(100)
    del cable["length_km"]
    assert solve(sites, {"f": cable}, ONE, systems) is None
    assert solve(sites, {"f": cable | {"loss_1310_db": 8}}, ONE, systems).value == pytest.approx(100)


def test_a_zero_demand_still_needs_a_link():
    assert solve(AB, {"f": fibre("a", "b")}, {"c": {"ends": ["a", "b"], "key_rate_bps": 0}}).value == pytest.approx(100)


def plan_of(inventory: Inventory, best: Oracle, reference: Reference = Reference()) -> Plan:
    """The oracle's choice as a plan; its yearly costs are stated as what is left of the tco, spread evenly."""
    corridors, loads, relays = [], {}, set()
    for name, corridor in sorted(inventory.corridors.items()):
        paths = []
        for chain in best.paths.get(name, ()):
            for link in chain:
                loads[link] = loads.get(link, 0.0) + float(demand_bps(corridor))
            inner = nodes_of(corridor.ends[0], chain)[1:-1]
            relays.update(inner)
            paths.append(Path(links=tuple(link_id(x.ends, x.system, x.fibres) for x in chain), relays=inner))
        entry = {"id": name, "served": name in best.paths, "key_rate_bps": float(demand_bps(corridor))}
        corridors.append(ServedCorridor(**entry, paths=tuple(paths)))
    links = [
        link_of(inventory, best, i, link, loads.get(link, 0.0))
        for i, link in enumerate(best.links)
        if link in best.counts
    ]
    ends = {end for name in best.paths for end in inventory.corridors[name].ends}
    nodes = sorted({end for link in links for end in link.ends})
    contingency = best.capex * inventory.economics.contingency
    yearly = Decimal(best.tco - best.capex - contingency) / (annuity(inventory) or 1)
    change_cost = reference.change_cost or None
    counted = reference.first or change_cost is not None
    return Plan(
        qplan_version="0",
        inventory=InventoryRef(name="x", sha256="0", files=(), scenario=None, set={}, effective_sha256="0"),
        status="optimal",
        objective=Objective(
            name=inventory.objective,
            value=best.value,
            bound=best.value,
            gap=0.0,
            change_cost=change_cost,
            changes=best.changes if counted else None,
        ),
        nodes=tuple(Node(site=s, roles=("end",) * (s in ends) + ("relay",) * (s in relays)) for s in nodes),
        links=tuple(sorted(links, key=lambda link: link.id)),
        corridors=tuple(corridors),
        costs=Costs(
            currency="EUR",
            capex=best.capex,
            contingency=contingency,
            opex_per_year=float(yearly),
            tco=best.tco,
        ),
        offers=offers_of(inventory, best),
        solver=Solver(name="oracle", version="0"),
    )


def link_of(inventory: Inventory, best: Oracle, number: int, link: Candidate, load_bps: float) -> Link:
    """A link of the oracle's lists; one that no path can use gives no key."""
    count, chosen = best.counts[link], {what: offer for what, offer, _ in best.way.chosen}
    own = inventory.existing.links[link.entry] if link.entry else None
    offer = chosen[number] if best.lists.bought[number] else own and own.offer
    sites = along(inventory, link.ends[0], link.fibres)
    losses = [fibre_loss_db(inventory, inventory.fibres[f], systems_of(inventory)[link.system]) for f in link.fibres]
    patched = [inventory.sites[s].bypass_loss_db for s in sites[1:-1]]
    losses += [inventory.policy.bypass_loss_db if db is None else db for db in patched]
    return Link(
        id=link_id(link.ends, link.system, link.fibres),
        ends=link.ends,
        system=link.system,
        count=count,
        fibres=link.fibres,
        bypass_sites=sites[1:-1],
        length_km=sum(fibre_length_km(inventory, inventory.fibres[f]) or 0.0 for f in link.fibres),
        loss_db=0.0 if None in losses else sum(losses) + inventory.policy.loss_margin_db,
        key_rate_bps=link.net_rate_bps,
        capacity_bps=count * link.net_rate_bps,
        load_bps=load_bps,
        offer=offer,
        existing=best.lists.existing[number],
        tx=own.ends[0] if own else link.ends[0],
    )


def along(inventory: Inventory, start: str, fibres: tuple[str, ...]) -> tuple[str, ...]:
    sites = [start]
    for f in fibres:
        a, b = inventory.fibres[f].ends
        sites.append(b if sites[-1] == a else a)
    return tuple(sites)


def systems_of(inventory: Inventory) -> dict:
    return inventory.equipment.qkd_systems


def offers_of(inventory: Inventory, best: Oracle) -> tuple[BoughtOffer, ...]:
    """What the oracle's way buys on offers, with units counted from its lists."""
    money = Money(inventory, best.links)
    units: Counter[tuple[str, str]] = Counter()
    offer_of = {what: offer for what, offer, _ in best.way.chosen if isinstance(what, int)}
    for i, offer in offer_of.items():
        if offer is not None:
            units[offer, f"qkd_systems.{best.links[i].system}"] += best.lists.bought[i]
    wanted = {product: (new, used) for product, new, used in money._known_products(best.lists)}
    for name, service in inventory.services.items():
        if service.per in ("link", "system"):
            wanted[f"services.{name}"] = money._charged(name, best.lists, offer_of)
    tiers = {(what, offer): tier for what, offer, tier in best.way.chosen if isinstance(what, str)}
    for (product, offer), _ in tiers.items():
        if offer is not None and not product.startswith("qkd_systems.") and wanted[product] != (0, 0):
            units[offer, product] = wanted[product][0]
    stated = []
    for (name, product), count in sorted(units.items()):
        offer, tier = inventory.offers[name], tiers[product, name]
        least = offer.tiers[tier - 1].at_least if tier else 1
        price = float(printed(money.price(offer, tier)))
        paid = max(count, least) if count else 0
        stated.append(BoughtOffer(id=name, product=product, units=count, paid=paid, tier_from=least, unit_price=price))
    return tuple(stated)


def test_the_verifier_accepts_what_the_oracle_chooses():
    """Two pieces of code that share nothing but the models agree on loss, rate, rules and cost."""
    held = 0
    for seed in range(50):
        inventory = Inventory.model_validate(random_inventory(random.Random(seed)))
        best = best_value(inventory)
        if best is not None:
            found = verify(inventory, plan_of(inventory, best))
            if not inventory.economics.horizon_years:  # without years, tco does not tell the yearly cost
                found = tuple(v for v in found if v.rule != "opex-per-year-value")
            assert found == (), seed
            held += 1
    assert held > 25


def test_the_verifier_accepts_what_the_oracle_buys_and_keeps():
    """The same with offers, services, years and existing plant, and counted changes."""
    held = kept = 0
    for seed in range(40):
        rng = random.Random(seed)
        inventory = Inventory.model_validate(random_market(rng))
        try:
            best = best_value(inventory, most_designs=25)
        except TooManyDesigns:
            continue
        if best is None:
            continue
        plan = plan_of(inventory, best)
        found = [v for v in verify(inventory, plan) if v.rule != "opex-per-year-value"]
        assert found == [], seed
        held += 1
        kept += any(link.existing for link in plan.links)
    assert held > 16 and kept > 3


def test_random_inventories_bring_every_feature_into_play(record_property):
    """Not merely there: the optimum would be another without it."""
    seen = Counter(name for seed in TELLING for name in in_play(random_inventory(random.Random(seed))))
    record_property("in play", dict(seen.most_common()))
    assert {name: seen[name] for name in WITHOUT if seen[name] < 2} == {}
    for limit in ("strands", "rack units", "power"):
        assert seen[f"{limit} under bypass"] > 0, limit
