"""The verifier on a plan made by hand, and on the same plan broken on purpose."""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterator

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from qplan.inventory.model import Inventory
from qplan.plan.model import Plan, link_id
from qplan.plan.verify import CheckResult, Violation, failed_checks, verify

IN_CH = {"country": "CH", "operator": "acme", "key_domain": "core", "security_tier": 3}
NODE = {"node_cost": 10.0, "node_cost_per_year": 1.0}
RELAY = {"relay_cost": 50.0, "relay_cost_per_year": 2.0}

INVENTORY = {
    "qplan": 1,
    "sites": {
        "a": NODE | {"rack_units": 7.0},  # 2 + 1 systems of 2 U, a key manager
        "b": NODE | {"lat": 47.0, "lon": 8.0},
        "r": IN_CH | NODE | {"trusted_node": "existing", "relay_cost": 1000.0, "relay_cost_per_year": 4.0, "rack_units": 7.0},
        "t": IN_CH | NODE | RELAY | {"rack_units": 6.0, "power_w": 150.0},
        "x": {"trusted_node": "forbidden", "bypass_loss_db": 0.7},
    },
    "fibres": {
        "f1": {
            "ends": ["a", "r"], "length_km": 20.0, "loss_db": 5.0, "strands": 2, "ducts": ["k1"],
            "setup_cost_per_strand": 3.0, "cost_per_strand_year": 2.0, "cost_per_strand_km_year": 0.1,
        },
        "f2": {"ends": ["b", "r"], "length_km": 30.0, "attenuation_db_per_km": 0.25, "splices": 4, "ducts": ["k2"]},
        "f3": {"ends": ["a", "x"], "length_km": 10.0, "attenuation_db_per_km": 0.25, "ducts": ["k3"]},
        "f4": {"ends": ["x", "t"], "length_km": 12.0, "attenuation_db_per_km": 0.25, "ducts": ["k3"]},
        "f5": {"ends": ["t", "b"], "length_km": 25.0, "loss_1310_db": 6.0, "cost_per_strand_year": 1.5},
        "f6": {"ends": ["a", "r"], "length_km": 20.0, "loss_db": 5.0},
    },
    "equipment": {
        "qkd_systems": {
            "q": {
                "technology": "dv-bb84", "key_rate_curve": [[2, 1000], [12, 100]], "price": 100.0,
                "support_per_year": 10.0, "rack_units": 2.0, "power_w": 50.0,
            },
            "o": {
                "technology": "dv-cow", "wavelength_nm": 1310.0, "key_rate_curve": [[4, 800], [10, 80]],
                "max_loss_db": 6.3, "max_length_km": 25.0, "strands": 2, "price": 150.0, "support_per_year": 12.0,
                "rack_units": 1.0, "power_w": 40.0,
            },
        },
        "node_items": {"KMS": {"price": 5.0, "support_per_year": 0.5, "rack_units": 1.0, "power_w": 20.0}},
        "relay_items": {
            "HSM": {"quantity": 2, "price": 20.0, "support_per_year": 1.0, "rack_units": 1.0, "power_w": 20.0}
        },
    },
    "corridors": {
        "bank": {
            "ends": ["a", "b"], "rekey": {"interval_s": 4.0, "key_bits": 150.0, "tunnels": 2, "directions": 2},
            "paths": 2, "disjoint": "duct", "max_relays": 1, "allowed_countries": ["CH"], "allowed_operators": ["acme"],
            "allowed_key_domains": ["core"], "min_security_tier": 3, "avoid_sites": ["x"],
        },
        "late": {"ends": ["x", "b"], "key_rate_bps": 10.0, "required": False},
        "opt": {"ends": ["r", "a"], "otp_bps": 300.0, "required": False, "priority": 2.0},
    },
    "policy": {
        "key_rate_reserve": 0.2, "loss_margin_db": 0.3, "max_bypass_sites": 1, "technologies": ["dv-bb84", "dv-cow"],
    },
    "budget": {"capex": 706.0, "tco": 887.48},
    "economics": {"horizon_years": 2, "discount_rate": 0.25, "contingency": 0.1},
}  # fmt: skip


def link(ends: list[str], system: str, fibres: list[str], bypass: list[str], **figures) -> dict:
    name = link_id(tuple(ends), system, tuple(fibres))
    return {"id": name, "ends": ends, "system": system, "fibres": fibres, "bypass_sites": bypass} | figures


# q falls by a factor of 10 in 10 dB from 1000 bit/s at 2 dB, o from 800 bit/s at 4 dB by 10 in 6 dB; 20 % are reserved
RATE_AR = 0.8 * 10 ** (3 - (5.3 - 2) / 10)  # 5.0 measured + 0.3 margin
RATE_AT = 0.8 * 10 ** (3 - (7.5 - 2) / 10)  # 22 km × 0.25 + 4 connectors × 0.25 + 0.7 at x + 0.3
RATE_RB = 0.8 * 10 ** (3 - (8.5 - 2) / 10)  # 30 km × 0.25 + 2 × 0.25 + 4 × 0.05 + 0.3
RATE_TB = 0.8 * 800 * 10 ** (-(6.3 - 4) / 6)  # 6.0 at 1310 nm + 0.3
LINKS = [
    link(["a", "r"], "q", ["f1"], [], count=2, length_km=20.0, loss_db=5.3,
         key_rate_bps=RATE_AR, capacity_bps=2 * RATE_AR, load_bps=450.0),
    link(["a", "t"], "q", ["f3", "f4"], ["x"], count=1, length_km=22.0, loss_db=7.5,
         key_rate_bps=RATE_AT, capacity_bps=RATE_AT, load_bps=150.0),
    link(["r", "b"], "q", ["f2"], [], count=1, length_km=30.0, loss_db=8.5,
         key_rate_bps=RATE_RB, capacity_bps=RATE_RB, load_bps=150.0),
    link(["t", "b"], "o", ["f5"], [], count=1, length_km=25.0, loss_db=6.3,
         key_rate_bps=RATE_TB, capacity_bps=RATE_TB, load_bps=150.0),
]  # fmt: skip
AR, AT, RB, TB = (entry["id"] for entry in LINKS)

# capex: systems 4 × 100 + 150, two strands of f1 set up 6, nodes 4 × 10, KMS 4 × 5, relay t 50 + 2 × 20 (r exists) = 706
# opex: support 4 × 10 + 12, f1 2 × (2 + 0.1 × 20), f5 2 × 1.5, nodes 4, KMS 4 × 0.5, relays 4 + 2, HSM 2 × 1 = 77
# tco: 706 + 70.6 + 77 × (1/1.25 + 1/1.25²) = 776.6 + 77 × 1.44 = 887.48
PLAN = {
    "format_version": "1.0",
    "qplan_version": "0.1.0",
    "inventory": {"name": "x", "sha256": "0", "files": [], "scenario": None, "set": {}, "effective_sha256": "0"},
    "status": "optimal",
    "objective": {"name": "tco", "value": 887.48, "bound": 887.0, "gap": 0.48 / 887.48},
    "nodes": [
        {"site": "a", "roles": ["end"]},
        {"site": "b", "roles": ["end"]},
        {"site": "r", "roles": ["end", "relay"]},
        {"site": "t", "roles": ["relay"]},
    ],
    "links": LINKS,
    "corridors": [
        {"id": "bank", "served": True, "key_rate_bps": 150.0,
         "paths": [{"links": [AR, RB], "relays": ["r"]}, {"links": [AT, TB], "relays": ["t"]}]},
        {"id": "late", "served": False, "key_rate_bps": 10.0, "paths": []},
        {"id": "opt", "served": True, "key_rate_bps": 300.0, "paths": [{"links": [AR], "relays": []}]},
    ],
    "costs": {"currency": "EUR", "capex": 706.0, "contingency": 70.6, "opex_per_year": 77.0, "tco": 887.48},
    "solver": {"name": "by hand", "version": "1", "gap_asked": 0.001},
}  # fmt: skip


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
    assert rules(INVENTORY, plan) == set()


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
    ("optimal", "solver.stopped_by", "route_limit"),
    ("optimal", "solver.stopped_by", "time_limit"),
]  # fmt: skip


@pytest.mark.parametrize(("rule", "address", "value"), BROKEN)
def test_a_broken_plan_is_refused(rule, address, value):
    plan = copy.deepcopy(PLAN)
    put(plan, address, value)
    assert rule in rules(INVENTORY, plan)


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


def test_a_length_taken_from_coordinates():
    inventory, plan = copy.deepcopy(INVENTORY), copy.deepcopy(PLAN)
    inventory["sites"]["t"] |= {"lat": 47.1, "lon": 8.0}
    del inventory["fibres"]["f5"]["length_km"]
    # 0.1° of latitude at 47° is 11.1176 km by the series for the WGS84 meridian (111.1327 − 0.5598 cos 2φ + …) per degree
    put(plan, "links.3.length_km", 14.453)
    (violation,) = verify(Inventory.model_validate(inventory), Plan.model_validate(plan))
    assert (violation.rule, violation.found) == ("length-value", "14.453")
    assert float(violation.limit) == pytest.approx(14.453, abs=0.001)


def test_checks_of_the_inventory():
    inventory = copy.deepcopy(INVENTORY)
    inventory["checks"] = {
        "two-relays": {"metric": "relays", "max": 1, "severity": "warning", "message": "one is enough"},
        "four-links": {"metric": "links", "max": 4},
        "spend": {"metric": "capex", "max": 705.99},
        "total": {"metric": "tco", "max": 887.48},
        "yearly": {"metric": "opex_per_year", "max": 76},
        "sites": {"metric": "nodes", "max": 4},
    }
    assert failed_checks(Inventory.model_validate(inventory), Plan.model_validate(PLAN)) == (
        CheckResult("spend", "capex", 706.0, 705.99, "error", None),
        CheckResult("two-relays", "relays", 2, 1, "warning", "one is enough"),
        CheckResult("yearly", "opex_per_year", 77.0, 76, "error", None),
    )


def test_a_violation_reads_as_one_harmless_line():
    text = Violation("unknown-system", "links.a\nb", "\x1b[31m\u202eq", "a system").text()
    assert text == "links.a\\nb: unknown-system: found \\x1b[31m\\u202eq, limit a system"


def places(data: object, at: tuple = ()) -> Iterator[tuple]:
    """Every place in nested lists and mappings."""
    if at:
        yield at
    for key in data if isinstance(data, dict) else range(len(data)) if isinstance(data, list) else ():
        yield from places(data[key], (*at, key))


PLACES = [at for at in places(PLAN) if at[0] not in ("format_version", "qplan_version", "inventory", "solver")]
NAMES = ["a", "b", "r", "t", "x", "f1", "f2", "f6", "q", "o", "bank", "late", "opt", AR, AT, RB, TB]
VALUES = st.one_of(
    st.sampled_from([*NAMES, "", "\x1b\u202e", "\ud800", "end", "relay", "EUR", "optimal", "feasible", None, True, False]),
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
        parent[at[-1]] = draw(st.sampled_from(CHANGES))(old) if isinstance(old, list) and draw(st.booleans()) else draw(VALUES)
    except (KeyError, IndexError, TypeError):
        pass
    return plan


def meaning(plan: Plan) -> dict:
    """What a plan claims: the order of a corridor's paths says nothing, and `feasible` claims no more than `optimal`."""
    data = plan.model_dump(exclude={"status"})
    for corridor in data["corridors"]:
        corridor["paths"] = sorted(corridor["paths"], key=str)
    return data


@settings(max_examples=600, deadline=None)
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


@settings(max_examples=300, deadline=None)
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
    failed_checks(Inventory.model_validate(INVENTORY), plan)
