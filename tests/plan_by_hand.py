"""A small inventory with every rule in it and a plan for it, all figures worked out by hand."""

from __future__ import annotations

from qplan.plan.model import link_id

IN_CH = {"country": "CH", "operator": "acme", "key_domain": "core", "security_tier": 3}
NODE = {"node_cost": 10.0, "node_cost_per_year": 1.0}
RELAY = {"relay_cost": 50.0, "relay_cost_per_year": 2.0}
EXISTING = {"trusted_node": "existing", "relay_cost": 1000.0, "relay_cost_per_year": 4.0}

INVENTORY = {
    "qplan": 1,
    "sites": {
        "a": NODE | {"rack_units": 7.0},  # 2 + 1 systems of 2 U, a key manager
        "b": NODE | {"lat": 47.0, "lon": 8.0},
        "r": IN_CH | NODE | EXISTING | {"rack_units": 7.0},
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

# capex: systems 4 × 100 + 150, set-up of f1 2 × 3, nodes 4 × 10, KMS 4 × 5, relay t 50 + 2 × 20 (r exists) = 706
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
