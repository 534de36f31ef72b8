"""The comparison is fair: on small instances every method solves the same problem, to the same optimum."""

from __future__ import annotations

import importlib.util
import json
import random
import signal
import sys
import time
from collections import Counter
from dataclasses import replace

import pytest
from benchmarks import bounds, run
from benchmarks.cases import Case, Network, all_cases
from benchmarks.designs import REF
from benchmarks.instances import metro, planted
from benchmarks.methods import METHODS, Limits
from benchmarks.tables import contradictions

from qplan.inventory.model import Inventory
from qplan.optimizer.limits import SearchParameters
from qplan.optimizer.planner import optimize
from qplan.time_budget import TimeBudget

PLAIN = Case("small", "small", Network("metro", 70), corridors=4, target_gap=0.0, target_s=60, hub=False)
EXACT = sorted(METHODS.keys() - {"greedy"} - (set() if importlib.util.find_spec("ortools") else {"cp-sat"}))
PRICED = replace(PLAIN, relay_cost=90e3, forbidden=0.3)
SMALL = {  # case, seed of the network, what its demands are multiplied by, and the rule that binds
    "alternatives": (replace(PLAIN, network=Network("metro", 70, alternatives=0.7)), 5, 1, {}),
    "relays": (replace(PLAIN, extra_relays=0), 5, 1, {"corridors": {"max_relays": None}}),
    "relays at a price": (PRICED, 1, 1, {"sites": {"relay_cost": 0.0, "trusted_node": "allowed"}}),
    "rules": (replace(PLAIN, rules=True), 3, 1, {"sites": {"security_tier": 3, "operator": "a"}}),
    "strands": (replace(PLAIN, rates=True, strands=1), 1, 30, {"fibres": {"strands": 99}}),
    "ducts": (replace(PLAIN, paths=(1, 2), disjoint="duct", in_ducts=0.6), 2, 1, {"fibres": {"ducts": ()}}),
}


def small_inventory(case: Case, seed: int, factor: float) -> Inventory:
    rng = random.Random(seed)
    built = planted(case, *metro(7, 160.0, rng), rng)
    louder = {q: c.model_copy(update={"key_rate_bps": c.key_rate_bps * factor}) for q, c in built.corridors.items()}
    return built.model_copy(update={"corridors": louder})


def without(inventory: Inventory, rule: dict[str, dict]) -> Inventory:
    """The inventory with other values in all its fibres or corridors."""
    changed = {
        kind: {name: item.model_copy(update=values) for name, item in getattr(inventory, kind).items()}
        for kind, values in rule.items()
    }
    return inventory.model_copy(update=changed)


@pytest.mark.parametrize("kind", SMALL)
def test_methods_agree(kind):
    case, seed, factor, rule = SMALL[kind]
    inventory = small_inventory(case, seed, factor)
    assert inventory == small_inventory(case, seed, factor)
    found = {name: METHODS[name](inventory, Limits(0.0, time.monotonic() + 60, 1)) for name in [*EXACT, "greedy"]}
    assert all(outcome.verified for outcome in found.values()), found
    optimum = found["qplan"].value
    assert {name: found[name].value for name in EXACT} == pytest.approx(dict.fromkeys(EXACT, optimum))
    assert all(found[name].bound == pytest.approx(optimum, rel=1e-4) for name in EXACT), found
    assert found["greedy"].value >= optimum
    assert len({outcome.links for outcome in found.values()}) == 1
    relaxed = METHODS["qplan"](without(inventory, rule), Limits(0.0, time.monotonic() + 60, 1))
    assert relaxed.value < optimum or not rule


@pytest.mark.parametrize("first", [1, 5, 9])
def test_bounds_hold_whatever_ends_the_search(first):
    """A few of the inventories of bounds.py: loose gaps, early deadlines, interrupts."""
    for seed in range(first, first + 4):
        kind, build = ("small", bounds.small) if seed > first else ("larger", bounds.larger)
        assert bounds.examine(kind, build, seed, Counter()) == 0


@pytest.mark.parametrize("seed", [5017, 5029])
def test_an_interrupt_among_optional_corridors_is_no_proof(seed):
    inventory, optimum = bounds.small(seed)
    for sightings in range(1, 13):
        asked = bounds.interrupted_after(sightings)
        assert not list(bounds.faults(inventory, optimum, optimize(inventory, REF, "highs", asked), asked))


def test_a_deadline_does_not_prove_that_nothing_is_possible():
    inventory, optimum = bounds.small(20243)
    for step in range(40):
        asked = SearchParameters(0.0, TimeBudget.of(0.005 * 1.1**step))
        assert not list(bounds.faults(inventory, optimum, optimize(inventory, REF, "highs", asked), asked))


def test_the_reference_finds_no_plan_without_links():
    """HiGHS was given no row that asked for a way, and answered with no flow (seed 230404)."""
    assert bounds.larger(230404)[1] == bounds.Optimum(0.0, None)


def test_every_row_of_the_table_is_there():
    names = [case.name for case in all_cases()]
    assert len(set(names)) == len(names)
    rows = ("k1-hub", "k1-spread", "k2-node", "k2-duct", "k1-rates", "k2-rates", "k1-relays")
    assert {f"{row}-{size}" for row in rows for size in (150, 500, 1000)} <= set(names)
    assert set(run.METHODS) == set(METHODS)


def test_contradictions_are_found():
    row = {"case": "a", "method": "m", "value": 10.0, "bound": 9.0, "verified": True, "notes": [], "published": None}
    assert contradictions([row, row | {"value": None, "bound": 10.0}]) == []
    assert "is above 10.0" in contradictions([row, row | {"value": None, "bound": 10.1}])[0]
    assert "does not hold" in contradictions([row | {"verified": False}])[0]
    assert "published 8" in contradictions([row | {"published": 8}])[0]


def test_a_run_writes_its_table_and_goes_on_where_it_stopped(tmp_path, monkeypatch, capsys):
    (tmp_path / "README.md").write_text("- PACE instance001: 4\n")
    (tmp_path / "instance001.gr").write_text("E 1 2 3\nE 2 3 1\nE 1 3 9\nT 1\nT 3\n")
    rows, table = tmp_path / "r.json", tmp_path / "r.md"
    monkeypatch.setattr(signal, "signal", lambda *_: None)

    def said(*words: str) -> str:
        monkeypatch.setattr(sys, "argv", ["run.py", "--steiner", str(tmp_path), "--json", str(rows), *words])
        assert run.main() == 0
        return capsys.readouterr().out

    first = said("--methods", "greedy")
    second = said("--methods", "greedy,qplan", "--markdown", str(table))
    found = json.loads(rows.read_text())["rows"]
    figures = [(row["method"], row["value"], row["bound"]) for row in found]
    assert figures == [("qplan", 4.0, 4.0), ("greedy", 4.0, None)]
    assert all(row["wall_s"] >= 0 and row["cpu_s"] >= 0 and row["peak_mib"] > 10 for row in found)
    assert first.count("instance001") == 2 and second.count("instance001") == 3  # as it runs, at the end
    assert "| instance001 | 3 | 3 | 1 | qplan | 4 | 4 | 0 % |" in table.read_text()
    older = [row | {"commit": "older"} for row in found]
    rows.write_text(json.dumps({"rows": older}))
    said("--methods", "greedy,qplan")
    again = json.loads(rows.read_text())["rows"]  # qplan has changed since, the others have not
    assert [(row["method"], row["commit"] == "older") for row in again] == [("qplan", False), ("greedy", True)]
