"""The precheck claims only what is so: whatever it calls impossible, exhaustive search finds impossible too."""

from __future__ import annotations

import random

import pytest
from networks import LOOP, RING, corridor, fibre, network
from oracle.random_inventories import random_inventory
from oracle.search import best_value
from planning import planned

from qplan.candidates.links import enumerate_candidates
from qplan.candidates.precheck import precheck
from qplan.explain.variants import require_corridors
from qplan.inventory.model import Budget, Inventory
from qplan.optimizer.search import stages as search

SEEDS = range(100, 160)
DOUBLE = {"f1": fibre("a", "b", strands=1), "f2": fibre("a", "b", strands=1)}
TWO_DOORS = {"f": fibre("a", "x"), "g": fibre("a", "y")} | {
    f"{s}{i}": fibre(s, "b", ducts=[f"d{i}"]) for s in "xy" for i in (1, 2)
}
STAR = {s: fibre(s, "hub", strands=2) for s in "abc"} | {"hub": fibre("hub", "z", strands=2)}


def tightened(seed: int) -> Inventory:
    """A random inventory short of disjoint ways or relays, of strands, or of key rate: about half are impossible."""
    rng, data = random.Random(seed), random_inventory(random.Random(seed))
    short_of = ("ways", "strands", "rate")[seed % 3]
    top_bps = max(rate for system in data["equipment"]["qkd_systems"].values() for _, rate in system["key_rate_curve"])
    for each in data["fibres"].values():
        each |= {"strands": rng.choice((1, 2, 3))} if short_of != "ways" else {"ducts": [rng.choice("vwxyz")]}
    optional = random.Random(f"optional {seed}")
    for each in data["corridors"].values():
        each |= {"paths": 1, "required": short_of == "rate" or optional.random() < 0.8}
        if short_of == "ways":
            each |= {
                "paths": rng.choice((1, 2, 3)),
                "disjoint": rng.choice(("node", "duct")),
                "max_relays": rng.choice((1, 2)),
            }
        elif short_of == "strands":
            each |= {"paths": rng.choice((2, 3)), "disjoint": "relay"}
        else:
            each |= {"key_rate_bps": top_bps * rng.choice((0.05, 0.1, 0.3)), "rekey": None, "otp_bps": None}
    return Inventory.model_validate(data)


def test_whatever_it_calls_impossible_is_impossible():
    impossible, left_out, codes = 0, 0, set()
    for seed in SEEDS:
        inventory = tightened(seed)
        found = precheck(inventory, enumerate_candidates(inventory))
        if found.impossible:
            impossible += 1
            assert best_value(inventory.model_copy(update={"budget": Budget()})) is None, seed
        for q, reason in (found.alone | found.optional).items():
            codes.add(reason.code)
            assert (q in found.alone) is inventory.corridors[q].required
            alone = require_corridors(inventory, [q]).model_copy(update={"budget": Budget()})
            assert best_value(alone) is None, (seed, q)
        left_out += len(found.optional)
        codes |= {"together"} if found.together else set()
    assert left_out > 5 and impossible > len(SEEDS) / 4
    assert codes == {"no_way", "max_relays", "disjoint", "strands", "together"}


@pytest.mark.parametrize(
    ("fibres", "asked", "code", "value", "where"),
    [
        ({"f": fibre("a", "m"), "g": fibre("n", "b")}, {}, "no_way", None, ("sites.a", "sites.b")),
        ({"f": fibre("a", "m"), "g": fibre("m", "b")}, {"max_relays": 0}, "no_way", None, ("sites.a", "sites.b")),
        ({"f": fibre("a", "m"), "g": fibre("m", "n"), "h": fibre("n", "b")}, {"max_relays": 1}, "max_relays", 2,
         ("sites.m", "sites.n")),
        ({"f": fibre("a", "m"), "g": fibre("m", "b")}, {"paths": 2}, "disjoint", 1,
         ("sites.m", "fibres.f", "fibres.g")),
        (LOOP, {"paths": 2}, "disjoint", 1, ("ducts.bridge",)),
        (RING, {"paths": 3, "disjoint": "node"}, "disjoint", 2, ("sites.x", "sites.y")),
        (TWO_DOORS, {"paths": 3, "disjoint": "relay"}, "disjoint", 2, ("sites.x", "sites.y")),
        (DOUBLE | {"f2": fibre("a", "b", strands=2)}, {"paths": 4, "disjoint": "relay"}, "disjoint", 2, None),
    ],
)  # fmt: skip
def test_the_cut_is_named(fibres, asked, code, value, where):
    inventory = network(fibres, {"c": corridor("a", "b", **asked)})
    reason = precheck(inventory, enumerate_candidates(inventory)).alone["c"]
    assert (reason.code, reason.value) == (code, value)
    assert where is None or reason.where == where


def test_demands_that_meet_on_a_cut():
    """As much as three systems give fits on three strands to the bit, and not on the two that there are."""
    corridors = {q: corridor(q, "z", key_rate_bps=1000.0) for q in "abc"}
    inventory = network(STAR, corridors)
    found = precheck(inventory, enumerate_candidates(inventory))
    assert not found.alone and best_value(inventory) is None
    reason = found.together
    assert (reason.code, reason.value, reason.where) == (
        "key_rate", 3000, ("corridors.a", "corridors.b", "corridors.c", "fibres.hub")
    )  # fmt: skip
    wider = network(STAR | {"hub": fibre("hub", "z", strands=3)}, corridors)
    assert not precheck(wider, enumerate_candidates(wider)).impossible and best_value(wider) is not None


def test_no_solver_runs_for_what_it_proves(monkeypatch):
    monkeypatch.setattr(search, "minimize", None)
    result = planned(network(LOOP, {"c": corridor("a", "b", paths=2)}))
    assert (result.search.status, result.search.stopped_by, result.search.method) == ("infeasible", "proof", "precheck")
    assert result.search.precheck.alone["c"].where == ("ducts.bridge",)
