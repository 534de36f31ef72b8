"""Equal fibres side by side: so many as plans may need are looked at, and no optimum is lost by that."""

from __future__ import annotations

import random

import pytest
from networks import corridor, fibre, network, system
from oracle.search import best_value
from planning import planned, worth
from seeds import seeds

from qplan.candidates.links import enumerate_candidates
from qplan.inventory.model import Inventory


def spans(ends: list[str], side_by_side: int, **fields) -> dict:
    return {f"{way}-{i:03}": fibre(*way, **fields) for way in ends for i in range(side_by_side)}


def strands_listed(side_by_side: int) -> Inventory:
    """Four spans of single strands, patched through up to two sites; corridors that share them."""
    corridors = {"c": corridor("a", "e", paths=2, disjoint="relay"), "d": corridor("b", "d", key_rate_bps=700.0)}
    return network(
        spans(["ab", "bc", "cd", "de"], side_by_side, loss_db=3.0),
        corridors,
        sites={s: {"relay_cost": 10} for s in "bcd"},
        policy={"max_bypass_sites": 2, "bypass_loss_db": 0.5},
    )


def test_two_hundred_strands_give_the_plan_of_ten_with_no_more_work():
    (ten, few), (two_hundred, many) = ((planned(inventory), inventory) for inventory in map(strands_listed, (10, 200)))
    assert worth(ten, few) == worth(two_hundred, many)
    assert len(two_hundred.candidates.links) <= len(ten.candidates.links)
    assert two_hundred.candidates.bypass_limit is None


def crowded(rng: random.Random) -> Inventory:
    """More equal fibres than plans need on one or two spans, and some that differ a little."""
    most = rng.choice((0, 1))
    ways = ["am", "mb"] if most else rng.choice((["am", "mb"], ["am", "mb", "ab"]))
    fibres = spans(ways, rng.choice((3, 4, 7)), strands=rng.choice((1, 1, 2)), cost_per_strand_year=rng.choice((0, 1)))
    for f in rng.sample(sorted(fibres), 2):
        fibres[f] |= rng.choice(({"loss_db": 4.0}, {"ducts": ["d"]}, {"strands": 3}, {"setup_cost_per_strand": 9}))
    rate = rng.choice((100.0, 600.0))
    paths = {"paths": rng.choice((1, 2)), "disjoint": rng.choice(("relay", "node", "duct")), "key_rate_bps": rate}
    corridors = {"c": corridor("a", "b", **paths)} | ({"d": corridor("a", "m")} if rng.random() < 0.5 else {})
    services = {"lighting": {"per": "fibre", "price": 7}} if rng.random() < 0.3 else {}
    return network(
        fibres,
        corridors,
        systems={"q": system(strands=rng.choice((1, 1, 2)))},
        policy={"max_bypass_sites": most, "bypass_loss_db": 0.0},
        services=services,
    )


def test_no_optimum_is_lost():
    feasible = 0
    for seed in seeds(16, 8 * 10**6):
        inventory = crowded(random.Random(seed))
        best, found = best_value(inventory), worth(planned(inventory), inventory)
        assert (best and best.value) == (found and pytest.approx(found[1], abs=0.0101)), f"seed {seed}"
        feasible += best is not None
    assert feasible > 5


def test_a_system_stays_on_one_fibre():
    """Two strands side by side are not two strands of one fibre."""
    demand = {"c": corridor("a", "b", key_rate_bps=1500.0)}
    assert planned(network(spans(["ab"], 200, strands=1), demand)).plan is None
    assert planned(network(spans(["ab"], 200, strands=2), demand)).plan.links[0].count == 2


def test_fibres_of_an_earlier_plan_are_kept():
    inventory = network(spans(["ab"], 9), {"c": corridor("a", "b")})
    assert [link.route.fibres for link in enumerate_candidates(inventory).links] == [("ab-000",)]
    kept = enumerate_candidates(inventory, used=frozenset({"ab-007"})).links
    assert {link.route.fibres for link in kept} == {("ab-000",), ("ab-007",)}
