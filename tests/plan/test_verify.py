"""The verifier on a plan made by hand, and on the same plan broken on purpose."""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterator
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from networks import ONE, fibre, network
from plan_by_hand import AR, AT, INVENTORY, LINKS, PLAN, RATE_AR, RATE_TB, RB, TB
from planning import planned
from pydantic import ValidationError
from seeds import CASES

from qplan.inventory.model import Inventory, QkdSystem
from qplan.plan.model import Plan, link_id
from qplan.plan.verify.money import annuity
from qplan.plan.verify.recompute import rate_bps
from qplan.plan.verify.verifier import verify
from qplan.plan.verify.violation import Violation


def rules(inventory: dict, plan: dict) -> set[str]:
    return {violation.rule for violation in verify(Inventory.model_validate(inventory), Plan.model_validate(plan))}


def put(data: dict, address: str, value: object) -> None:
    """Set the value at `key.key.0.key`."""
    *parents, last = (int(key) if key.isdigit() else key for key in address.split("."))
    for key in parents:
        data = data[key]
    data[last] = value


def test_the_plan_made_by_hand_holds():
    assert verify(Inventory.model_validate(INVENTORY), Plan.model_validate(PLAN)) == ()


@pytest.mark.parametrize(("name", "value"), [("capex", 706.0), ("relays", 2.0)])
def test_the_other_objectives_hold(name, value):
    plan = copy.deepcopy(PLAN)
    plan["objective"] = {"name": name, "value": value, "bound": value, "gap": 0.0}
    assert rules(INVENTORY | {"objective": name}, plan) == set()
    assert rules(INVENTORY, plan) == {"objective-name"}


def test_a_feasible_plan_without_a_bound_holds():
    plan = copy.deepcopy(PLAN)
    plan |= {"status": "feasible", "objective": {"name": "tco", "value": 887.48, "bound": None, "gap": None}}
    assert rules(INVENTORY, plan) == set()


# The plan stays as it is, the inventory asks for more: exactly these rules break.
ASKED_FOR_MORE = [
    ("amplified", "fibres.f2.amplified", True),
    ("max-bypass", "policy.max_bypass_sites", 0),
    ("loss", "equipment.qkd_systems.o.max_loss_db", 6.29),
    ("loss", "equipment.qkd_systems.q.max_loss_db", 8.4999),
    ("length", "equipment.qkd_systems.o.max_length_km", 24.9),
    ("technology", "policy.technologies", ["dv-bb84"]),
    ("technology", "equipment.qkd_systems.q.technology", None),
    ("strands", "fibres.f1.strands", 1),
    ("strands", "fibres.f5.strands", 1),
    ("rack-units", "sites.a.rack_units", 6.9),
    ("rack-units", "sites.r.rack_units", 6.9),
    ("rack-units", "sites.t.rack_units", 5.0),
    ("power", "sites.t.power_w", 149.0),
    ("power", "sites.b.power_w", 109.0),
    ("trusted-node", "sites.t.trusted_node", "forbidden"),
    ("avoid-sites", "corridors.bank.avoid_sites", ["r"]),
    ("allowed-countries", "corridors.bank.allowed_countries", ["LI"]),
    ("allowed-countries", "sites.t.country", None),
    ("allowed-operators", "sites.r.operator", "other"),
    ("allowed-key-domains", "corridors.bank.allowed_key_domains", []),
    ("min-security-tier", "corridors.bank.min_security_tier", 4),
    ("min-security-tier", "sites.r.security_tier", None),
    ("max-relays", "corridors.bank.max_relays", 0),
    ("paths", "corridors.bank.paths", 3),
    ("required", "corridors.late.required", True),
    ("disjoint-duct", "fibres.f5.ducts", ["k2"]),
    ("budget-capex", "budget.capex", 705.99),
    ("budget-tco", "budget.tco", 887.47),
    ("currency", "economics.currency", "CHF"),
    ("band", "fibres.f5", {"ends": ["t", "b"], "loss_db": 5.0, "cost_per_strand_year": 1.5}),
    ("corridors-list", "corridors.more", {"ends": ["a", "t"], "key_rate_bps": 1.0, "required": False}),
]


@pytest.mark.parametrize(("rule", "address", "value"), ASKED_FOR_MORE)
def test_an_inventory_that_asks_for_more_refuses_the_plan(rule, address, value):
    inventory = copy.deepcopy(INVENTORY)
    put(inventory, address, value)
    expected = {rule, "length-value", "length"} if rule == "band" else {rule}  # the fibre also lost its length
    assert rules(inventory, PLAN) == expected


def lost(*addresses: str) -> Callable[[dict], None]:
    def edit(inventory: dict) -> None:
        for address in addresses:
            section, name = address.split(".")
            del inventory[section][name]

    return edit


def set_to(address: str, value: object) -> Callable[[dict], None]:
    return lambda inventory: put(inventory, address, value)


EDITS = [
    (lost("sites.t", "fibres.f4", "fibres.f5"), f"links.{AT}: unknown-site: found t, expected a site of the inventory"),
    (lost("fibres.f3"), f"links.{AT}: unknown-fibre: found f3, expected a fibre of the inventory"),
    (set_to("fibres.f1.length_km", 22.0), f"links.{AR}: length-value: found 20 km, expected 22 km"),
    (set_to("fibres.f5.loss_1310_db", 6.5), f"links.{TB}: loss: found 6.8 dB, expected at most 6.3 dB by o"),
    (set_to("fibres.f1.ends", ["a", "t"]), f"links.{AR}: route: found a > t, expected a simple path from a to r"),
    (set_to("fibres.f5.ducts", ["k2"]), "corridors.bank: disjoint-duct: found two paths share duct k2, expected duct-"),
    (set_to("fibres.f1.strands", 1), "fibres.f1: strands: found 2 strands, expected at most 1"),
    (set_to("sites.t.power_w", 90.0), "sites.t: power: found 150 W, expected at most 90 W"),
    (set_to("corridors.more", {"ends": ["a", "t"], "key_rate_bps": 1.0}), "corridors.more: corridors-list: found not"),
    (lost("corridors.bank"), "corridors.bank: unknown-corridor: found in the plan, expected a corridor of the"),
    (set_to("corridors.bank.ends", ["a", "t"]), "corridors.bank: chain: found a > r > b, expected a to t"),
    (set_to("corridors.bank.rekey.tunnels", 4), "corridors.bank: demand-value: found 150 bit/s, expected 300 bit/s"),
    (set_to("corridors.bank.paths", 1), "corridors.bank: paths: found 2 paths, expected 1"),
    (set_to("corridors.bank.avoid_sites", ["r"]), "corridors.bank: avoid-sites: found relay r, expected another site"),
    (set_to("corridors.bank.allowed_countries", ["LI"]), "corridors.bank: allowed-countries: found relay r: CH, e"),
    (set_to("equipment.qkd_systems.q.price", 120.0), "costs.capex: capex-value: found EUR 706.00, expected EUR 786.00"),
    (set_to("equipment.qkd_systems.q.key_rate_curve", [[2, 500], [12, 50]]), f"links.{AT}: capacity: found 150 bit/s"),
    (lambda inventory: inventory["equipment"]["qkd_systems"].pop("o"), f"links.{TB}: unknown-system: found o, e"),
    (set_to("budget.capex", 700.0), "costs.capex: budget-capex: found EUR 706.00, expected at most EUR 700.00"),
    (set_to("economics.horizon_years", 3), "costs.tco: tco-value: found EUR 887.48, expected EUR 926.90"),
    (set_to("objective", "capex"), "objective.name: objective-name: found tco, expected capex"),
]


@pytest.mark.parametrize(("edit", "told"), EDITS)
def test_every_edit_is_told_with_address_found_and_expected(edit, told):
    inventory = copy.deepcopy(INVENTORY)
    edit(inventory)
    lines = [violation.text() for violation in verify(Inventory.model_validate(inventory), Plan.model_validate(PLAN))]
    assert any(line.startswith(told) for line in lines), lines


BACKWARDS = LINKS[0] | {"id": link_id(("r", "a"), "q", ("f1",)), "ends": ["r", "a"]}

# The inventory stays as it is, the plan says something else.
BROKEN = [
    ("link-id", "links.0.id", "a--r--q--00000000"),
    ("links-order", "links", [LINKS[1], LINKS[0], *LINKS[2:]]),
    ("link-twice", "links", [LINKS[0], *LINKS]),
    ("route-twice", "links", [*LINKS[:2], BACKWARDS, *LINKS[2:]]),
    ("unused-link", "corridors.0.served", False),
    ("paths", "corridors.2.served", False),
    ("load-value", "links.0.load_bps", 449.0),
    ("load-value", "links.0.load_bps", float("nan")),
    ("unknown-system", "links.0.system", "none"),
    ("unknown-fibre", "links.1.fibres", ["f3", "none"]),
    ("unknown-site", "links.1.ends", ["a", "none"]),
    ("unknown-site", "links.1.bypass_sites", ["none"]),
    ("route", "links.1.fibres", ["f4", "f3"]),
    ("route", "links.1.fibres", ["f3"]),
    ("route", "links.1.fibres", []),
    ("route", "links.1.fibres", ["f3", "f3", "f3", "f4"]),
    ("route", "links.0.ends", ["r", "b"]),
    ("bypass-sites", "links.1.bypass_sites", []),
    ("bypass-sites", "links.1.bypass_sites", ["r"]),
    ("loss-value", "links.1.loss_db", 7.50002),
    ("length-value", "links.1.length_km", 21.99),
    ("rate-value", "links.3.key_rate_bps", RATE_TB * 1.00001),
    ("capacity-value", "links.0.capacity_bps", RATE_AR),
    ("capacity", "links.0.count", 1),
    ("nodes-list", "nodes", PLAN["nodes"][:3]),
    ("nodes-list", "nodes", [*PLAN["nodes"], {"site": "x", "roles": []}]),
    ("nodes-list", "nodes", [PLAN["nodes"][0], *PLAN["nodes"]]),
    ("nodes-order", "nodes", PLAN["nodes"][::-1]),
    ("roles", "nodes.2.roles", ["relay"]),
    ("roles", "nodes.2.roles", ["relay", "end"]),
    ("roles", "nodes.3.roles", ["end", "relay"]),
    ("corridors-list", "corridors", PLAN["corridors"][:1] + PLAN["corridors"][2:]),
    ("corridors-list", "corridors", PLAN["corridors"][::-1]),
    ("corridors-list", "corridors", [PLAN["corridors"][0], *PLAN["corridors"]]),
    ("unknown-corridor", "corridors.1.id", "none"),
    ("demand-value", "corridors.0.key_rate_bps", 149.0),
    ("required", "corridors.0.served", False),
    ("paths", "corridors.0.paths", PLAN["corridors"][0]["paths"][:1]),
    ("paths", "corridors.1.served", True),
    ("unknown-link", "corridors.0.paths.0.links", [AR, "none"]),
    ("chain", "corridors.0.paths.0.links", [RB, AR]),
    ("chain", "corridors.0.paths.0.links", [AR]),
    ("chain", "corridors.0.paths.0.links", []),
    ("site-twice", "corridors.0.paths.0.links", [AR, AR, AR, RB]),
    ("relays-list", "corridors.0.paths.0.relays", []),
    ("relays-list", "corridors.0.paths.1.relays", ["x", "t"]),
    ("max-relays", "corridors.0.paths.0.links", [AR, RB, TB]),
    ("disjoint-relay", "corridors.0.paths.1", PLAN["corridors"][0]["paths"][0]),
    ("disjoint-node", "corridors.0.paths.1", PLAN["corridors"][0]["paths"][0]),
    ("capex-value", "costs.capex", 706.01),
    ("contingency-value", "costs.contingency", 0.0),
    ("opex-per-year-value", "costs.opex_per_year", 76.99),
    ("tco-value", "costs.tco", 887.49),
    ("tco-value", "costs.tco", float("inf")),
    ("currency", "costs.currency", "CHF"),
    ("objective-value", "objective.value", 887.49),
    ("objective-value", "objective.name", "relays"),
    ("bound", "objective", {"name": "tco", "value": 887.48, "bound": 887.49, "gap": -0.01 / 887.48}),
    ("bound", "objective.bound", float("nan")),
    ("gap", "objective.gap", 0.0),
    ("gap", "objective.gap", None),
    ("gap", "objective.bound", None),
    ("optimal", "objective", {"name": "tco", "value": 887.48, "bound": None, "gap": None}),
    ("optimal", "solver.gap_asked", 0.0005),
    ("gap-asked", "solver.gap_asked", 1e308),
    ("gap-asked", "solver.gap_asked", -0.1),
    ("gap-asked", "solver.gap_asked", float("nan")),
    ("optimal", "solver.stopped_by", "route_limit"),
    ("optimal", "solver.stopped_by", "time_limit"),
    ("optimal", "solver.stopped_by", "unsound_cut"),
    ("optimal", "solver.stopped_by", "solver_failed"),
]  # fmt: skip


@pytest.mark.parametrize(("rule", "address", "value"), BROKEN)
def test_a_broken_plan_is_refused(rule, address, value):
    plan = copy.deepcopy(PLAN)
    put(plan, address, value)
    assert rule in rules(INVENTORY, plan)


@pytest.mark.parametrize(("price", "bought"), [(5.0, "a"), (7.0, "z")])
@pytest.mark.parametrize("units", [0, 1, 2])
def test_a_product_is_bought_on_one_offer(price, bought, units):
    offers = {"a": {"for": "node_items.kms", "list_price": price}, "z": {"for": "node_items.kms", "list_price": 6.0}}
    inventory = network({"f": fibre("a", "b")}, ONE, items={"node_items": {"kms": {"price": 9.0}}}, offers=offers)
    plan = planned(inventory).plan
    (entry,) = plan.offers
    assert (entry.id, entry.units, verify(inventory, plan)) == (bought, 2, ())
    (other,) = offers.keys() - {bought}
    more = entry.model_copy(
        update={"id": other, "units": units, "paid": units, "unit_price": offers[other]["list_price"]}
    )
    both = plan.model_copy(update={"offers": tuple(sorted((entry, more), key=lambda each: each.id))})
    assert "offers-list" in {violation.rule for violation in verify(inventory, both)}


def test_an_existing_link_in_use_keeps_to_its_limit():
    there = {"links": {"x": {"ends": ["a", "b"], "fibres": ["f"], "system": "q"}}}
    quiet, loud = (network({"f": fibre("a", "b", loss)}, ONE, existing=there) for loss in (10.0, 10.5))
    plan = planned(quiet).plan
    assert plan.links[0].bought == 0 and not verify(quiet, plan)
    assert "loss" in {violation.rule for violation in verify(loud, plan)}


def test_relays_stand_in_the_order_of_their_path():
    inventory = network({f: fibre(*f) for f in ("am", "mn", "nb")}, ONE)
    record = planned(inventory).plan.model_dump()
    path = record["corridors"][0]["paths"][0]
    path["relays"] = path["relays"][::-1]
    assert [each.rule for each in verify(inventory, Plan.model_validate(record))] == ["relays-list"]


@pytest.mark.parametrize(("excess", "holds"), [(0.9e-6, True), (1.1e-6, False), (1e-3, False)])
def test_a_load_may_exceed_the_capacity_by_one_millionth(excess, holds):
    inventory, (link, *_) = copy.deepcopy(INVENTORY), PLAN["links"]
    others = link["load_bps"] - INVENTORY["corridors"]["opt"]["otp_bps"]
    put(inventory, "corridors.opt.otp_bps", link["capacity_bps"] * (1 + excess) - others)
    assert ("capacity" not in rules(inventory, PLAN)) == holds


def through_r(disjoint: str) -> set[str]:
    """The second path is patched through r, where the first one relays."""
    inventory, plan = copy.deepcopy(INVENTORY), copy.deepcopy(PLAN)
    put(inventory, "fibres.f3.ends", ["a", "r"])
    put(inventory, "fibres.f4.ends", ["r", "t"])
    put(inventory, "sites.r.bypass_loss_db", 0.7)
    put(inventory, "corridors.bank.disjoint", disjoint)
    put(plan, "links.1.bypass_sites", ["r"])
    return rules(inventory, plan)


def test_a_site_relaying_for_one_path_and_patched_through_by_the_other():
    assert (through_r("relay"), through_r("node"), through_r("duct")) == (set(), {"disjoint-node"}, {"disjoint-node"})


def test_rate_and_loss_beyond_the_curve():
    inventory = copy.deepcopy(INVENTORY)
    put(inventory, "equipment.qkd_systems.q.key_rate_curve", [[2, 1000], [8, 100]])
    assert {"loss", "rate", "rate-value"} <= rules(inventory, PLAN)


@pytest.mark.parametrize(
    ("loss", "rate"),
    [("1", 50), ("2", 50), ("3", 500**0.5 * 50**0.5), ("4", 500), ("7", 500**0.5), ("10", 1), ("10.1", 0), ("12", 0),
     ("12.0000000005", 0), ("12.1", 0)],
)  # fmt: skip
def test_rates_between_and_beyond_the_points(loss, rate):
    system = QkdSystem(key_rate_curve=((2, 50), (4, 500), (10, 1), (12, 0)))
    assert rate_bps(system, Decimal(loss)) == pytest.approx(rate, rel=1e-12)


def test_a_loss_on_the_last_point_is_within_the_curve_up_to_rounding():
    system = QkdSystem(key_rate_curve=((2, 50), (12, 5)))
    assert [rate_bps(system, Decimal(loss)) for loss in ("12.000000001", "12.0000000011")] == [5, 0]


@pytest.mark.parametrize(("rate", "years", "value"), [(1e-9, 10, 10 - 55e-9), (0.5, 10**9, 2), (0.25, 2, 1.44)])
def test_the_present_value_of_a_year_for_any_rate_and_horizon(rate, years, value):
    economics = {"discount_rate": rate, "horizon_years": years}
    assert float(annuity(Inventory.model_validate(INVENTORY | {"economics": economics}))) == pytest.approx(value, 1e-15)


def test_a_length_taken_from_coordinates():
    inventory, plan = copy.deepcopy(INVENTORY), copy.deepcopy(PLAN)
    inventory["sites"]["t"] |= {"lat": 47.1, "lon": 8.0}
    del inventory["fibres"]["f5"]["length_km"]
    # 0.1° of latitude at 47° is 11.1176 km by the series for the WGS84 meridian, 111.133 − 0.560 cos 2φ per degree
    put(plan, "links.3.length_km", 14.453)
    (violation,) = verify(Inventory.model_validate(inventory), Plan.model_validate(plan))
    assert (violation.rule, violation.found) == ("length-value", "14.453 km")
    assert float(violation.limit.removesuffix(" km")) == pytest.approx(14.453, abs=0.001)


def test_a_violation_reads_as_one_harmless_line():
    text = Violation("unknown-system", "links.a\nb", "\x1b[31m\u202eq", "a system").text()
    assert text == "links.a\\nb: unknown-system: found \\x1b[31m\\u202eq, expected a system"


def places(data: object, at: tuple = ()) -> Iterator[tuple]:
    """Every place in nested lists and mappings."""
    if at:
        yield at
    for key in data if isinstance(data, dict) else range(len(data)) if isinstance(data, list) else ():
        yield from places(data[key], (*at, key))


PLACES = [at for at in places(PLAN) if at[0] not in ("format_version", "qplan_version", "inventory", "solver")]
NAMES = ["a", "b", "r", "t", "x", "f1", "f2", "f6", "q", "o", "bank", "late", "opt", AR, AT, RB, TB]
VALUES = st.one_of(
    st.sampled_from([*NAMES, "", "\x1b\u202e", "\ud800", "end", "relay", "optimal", "feasible", None, True, False]),
    st.sampled_from([[], {}, [[]], 0, 1, 2, -1, 10**400, 1e308, 5e-324, float("nan"), float("inf"), float("-inf")]),
    st.lists(st.sampled_from(NAMES), max_size=4),
    st.integers(-10, 1000),
    st.floats(-1000, 1000),
)
CHANGES: list[Callable[[list], object]] = [
    lambda items: items[::-1],
    lambda items: items[1:],
    lambda items: items[:1] + items,
]


def changed(plan: dict, at: tuple, draw: st.DrawFn) -> dict:
    """The plan with something else at one place; a place that an earlier change removed stays removed."""
    plan = copy.deepcopy(plan)
    parent: object = plan
    try:
        for key in at[:-1]:
            parent = parent[key]
        old = parent[at[-1]]
        reorder = isinstance(old, list) and draw(st.booleans())
        parent[at[-1]] = draw(st.sampled_from(CHANGES))(old) if reorder else draw(VALUES)
    except (KeyError, IndexError, TypeError):
        pass
    return plan


def meaning(plan: Plan) -> dict:
    """What a plan claims: the order of a corridor's paths says nothing, `feasible` claims no more than `optimal`."""
    data = plan.model_dump(exclude={"status"})
    for corridor in data["corridors"]:
        corridor["paths"] = sorted(corridor["paths"], key=str)
    return data


@settings(max_examples=CASES or 400)
@given(st.data())
def test_any_single_change_is_refused(data):
    broken = changed(PLAN, data.draw(st.sampled_from(PLACES)), data.draw)
    try:
        plan = Plan.model_validate(broken)
    except ValidationError:
        return
    held = verify(Inventory.model_validate(INVENTORY), plan) == ()
    same = meaning(plan) == meaning(Plan.model_validate(PLAN))
    assert held == same


@settings(max_examples=CASES or 150)
@given(st.data())
def test_no_number_of_changes_raises(data):
    broken = PLAN
    for at in data.draw(st.lists(st.sampled_from(PLACES), min_size=2, max_size=6)):
        broken = changed(broken, at, data.draw)
    try:
        plan = Plan.model_validate(broken)
    except ValidationError:
        return
    for violation in verify(Inventory.model_validate(INVENTORY), plan):
        assert violation.text().isprintable()
