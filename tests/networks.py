"""Tiny networks of one system that reaches 10 dB, for tests of what is possible and why not."""

from __future__ import annotations

from qplan.inventory.model import Inventory

REACH_DB, RATE_BPS = 10.0, 1000.0


def system(**fields) -> dict:
    return {"key_rate_curve": [[0, RATE_BPS], [REACH_DB, RATE_BPS]], "technology": "dv-bb84", "price": 100} | fields


def fibre(a: str, b: str, loss_db: float = 5.0, **fields) -> dict:
    return {"ends": [a, b], "loss_db": loss_db, "length_km": loss_db * 4, "strands": 1} | fields


def corridor(a: str, b: str, **fields) -> dict:
    return {"ends": [a, b], "key_rate_bps": 100.0} | fields


def network(fibres: dict, corridors: dict, sites: dict | None = None, systems: dict | None = None, **rest) -> Inventory:
    """Sites are named by the fibres' ends; no patching unless the policy says so; one system unless told."""
    names = {end for one in fibres.values() for end in one["ends"]} | {e for q in corridors.values() for e in q["ends"]}
    return Inventory.model_validate(
        {
            "qplan": 1,
            "sites": {name: (sites or {}).get(name, {}) for name in sorted(names)},
            "fibres": fibres,
            "equipment": {"qkd_systems": systems or {"q": system()}} | rest.pop("items", {}),
            "corridors": corridors,
            "policy": {"max_bypass_sites": 0} | rest.pop("policy", {}),
        }
        | rest
    )


LINE = {"f": fibre("a", "m"), "g": fibre("m", "b")}
ONE = {"c": corridor("a", "b")}
PAIR = {"c": corridor("a", "b", paths=2)}
ROOMY = {"f": fibre("a", "b", strands=9)}
RING = {"f1": fibre("a", "x"), "f2": fibre("x", "b"), "g1": fibre("a", "y"), "g2": fibre("y", "b")}
LOOP = RING | {"f1": fibre("a", "x", ducts=["bridge"]), "g2": fibre("y", "b", ducts=["bridge"])}
