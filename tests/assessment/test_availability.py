"""Availability held against brute force over all states, textbook networks and figures worked out by hand."""

from __future__ import annotations

import math
import random
from itertools import product

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from plan_fixtures import make_link, make_plan, sample

from qplan.assessment.availability import combined
from qplan.assessment.availability.combined import contributions, left_out, unavailability
from qplan.assessment.availability.components import Components, at_least, share_down
from qplan.assessment.availability.corridors import MINUTES_PER_YEAR, assess_availability
from qplan.assessment.availability.restoration import bounds
from qplan.assessment.network import CorridorInPlay, LinkInPlay, Network
from qplan.inventory.model import Inventory
from qplan.plan.model import Path


def brute_force(paths: list[frozenset[str]], down: dict[str, float], needed: int) -> float:
    """Over all 2^n states of the components."""
    names, total = sorted(down), 0.0
    for state in product((True, False), repeat=len(names)):
        up = {name for name, holds in zip(names, state, strict=True) if holds}
        if sum(path <= up for path in paths) < needed:
            total += math.prod(1 - down[name] if name in up else down[name] for name in names)
    return total


def test_published_and_textbook_cases():
    span = share_down(8760 / (2.13 * 50 / 1000), 12)
    assert 1 - span == pytest.approx(0.9998541308699485, rel=1e-15)
    down = {"f1": span, "f2": 1 - 0.9998249621504619, "d1": 5e-4, "d2": 5e-4, "s": 1e-4, "duct": 1e-5}
    one, other = frozenset(("f1", "d1", "s", "duct")), frozenset(("f2", "d2", "s", "duct"))
    assert 1 - unavailability([one], down) == pytest.approx(0.9992442758414494, rel=1e-14)
    assert 1 - unavailability([one, other], down) == pytest.approx(0.999889565167591, rel=1e-14)
    assert 1 - unavailability([one, other], down, 2) == pytest.approx(0.9985698355871067, rel=1e-14)
    apart = [frozenset(("f1", "d1")), frozenset(("f2", "d2"))]
    assert unavailability(apart, down) * MINUTES_PER_YEAR == pytest.approx(0.23, abs=0.005)
    bridge = [frozenset(path) for path in ("ad", "be", "ace", "bcd")]
    assert 1 - unavailability(bridge, dict.fromkeys("abcde", 0.1)) == pytest.approx(0.97848)
    assert 1 - unavailability([frozenset(x) for x in "abc"], dict.fromkeys("abc", 0.1), 2) == pytest.approx(0.972)


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 10**9))
def test_inclusion_and_exclusion_is_brute_force(seed):
    rng = random.Random(seed)
    down = {name: rng.choice([0.0, rng.random(), rng.random() / 100, 1.0]) for name in "abcdefgh"[: rng.randint(1, 8)]}
    paths = [frozenset(rng.sample(sorted(down), rng.randint(1, len(down)))) for _ in range(rng.randint(1, 4))]
    needed = rng.randint(1, len(paths))
    found = unavailability(paths, down, needed)
    assert found == pytest.approx(brute_force(paths, down, needed), abs=1e-13)
    better = rng.choice(sorted(down))
    assert unavailability(paths, down | {better: down[better] / 2}, needed) <= found + 1e-15
    more = frozenset(rng.sample(sorted(down), rng.randint(1, len(down))))
    assert unavailability([*paths, more], down) <= unavailability(paths, down) + 1e-15  # standby: one more never hurts
    shares = unavailability(paths, down, len(paths))
    assert unavailability([*paths, more], down, len(paths) + 1) >= shares - 1e-15  # shares: it never helps


def test_nothing_is_lost_near_one():
    """Two paths apart, each down for 1e-9 of the time: 1e-18, far below the last digit of 1 − 1e-18."""
    assert unavailability([frozenset("a"), frozenset("b")], {"a": 1e-9, "b": 1e-9}) == pytest.approx(1e-18, rel=1e-3)


def test_very_many_paths_are_looked_at_by_parts(monkeypatch):
    """Exact where the parts are small, else an upper bound that says so; the same as all paths together give."""
    down = {name: 0.01 * (number + 1) for number, name in enumerate("abcdefghz")}
    paths = [frozenset(path) for path in ("abz", "bcz", "caz", "dz", "efz", "fgz", "hz")]
    exact, lower = unavailability(paths, down), contributions(paths, down)
    monkeypatch.setattr(combined, "MOST_PATHS", 3)
    assert unavailability(paths, down) == pytest.approx(exact, rel=1e-12) and left_out(paths, down) == 0
    assert contributions(paths, down) == pytest.approx(lower, rel=1e-9)
    monkeypatch.setattr(combined, "MOST_PATHS", 2)
    assert unavailability(paths, down) > exact and left_out(paths, down) == 1
    forty = [frozenset((f"p{number}", f"q{number}")) for number in range(40)]
    few = {component: 1e-3 for path in forty for component in path}
    assert unavailability(forty, few) == pytest.approx((1 - 0.999**2) ** 40, rel=1e-9)


@settings(max_examples=30, deadline=None)
@given(st.integers(0, 10**9))
def test_bounds_over_any_chain_are_brute_force(seed):
    """Every state of links, sites and one shared duct; a chain of links that work, over relays that work."""
    rng = random.Random(seed)
    sites = "xyrs"
    pairs = [(a, b) for i, a in enumerate(sites) for b in sites[i + 1 :]]
    ends = rng.sample(pairs, rng.randint(3, 5))
    links = tuple(LinkInPlay(f"l{n}", pair, 1, 1, 0, 1, 1) for n, pair in enumerate(ends))
    limit = rng.choice([1, 2, math.inf])
    corridor = CorridorInPlay("c", ("x", "y"), 1, (), may_relay=frozenset("rs"), max_relays=limit)
    needs = {n: frozenset({f"l{n}"} | ({"duct"} if rng.random() < 0.4 else set())) for n in range(len(links))}
    relays = {site: frozenset({f"s-{site}"}) for site in sites}
    down = {
        name: rng.choice([0.0, 0.5, rng.random() / 10])
        for group in (*needs.values(), *relays.values())
        for name in group
    }
    names, total = sorted(down), 0.0
    for state in product((True, False), repeat=len(names)):
        up = {name for name, holds in zip(names, state, strict=True) if holds}
        if not _joined(ends, needs, relays, up, limit):
            total += math.prod(1 - down[name] if name in up else down[name] for name in names)
    spare = frozenset(range(len(links)))
    found = bounds(Network(links, (corridor,)), corridor, needs, relays, frozenset(), down, spare)
    assert found.least - 1e-12 <= total <= found.most + 1e-12
    assert found.most - found.least <= 2e-9


def _joined(ends, needs, relays, up, limit) -> bool:
    reach, relayed = {"x"}, 0
    while "y" not in reach and relayed <= limit:
        onward = {
            site
            for n, pair in enumerate(ends)
            if needs[n] <= up
            for end, site in (pair, pair[::-1])
            if end in reach and (end == "x" or relays[end] <= up)
        }
        if onward <= reach:
            return False
        reach |= onward
        relayed += 1
    return "y" in reach


def test_parallel_systems_that_the_load_can_spare():
    assert at_least(1, 1, 0.1) == pytest.approx(0.1)
    assert at_least(2, 2, 0.1) == pytest.approx(0.01)
    assert at_least(1, 100_000, 1e-5) == pytest.approx(1 - (1 - 1e-5) ** 100_000)  # no cable holds more strands
    assert (at_least(0, 3, 0.1), at_least(1, 3, 0.0), at_least(1, 3, 1.0)) == (1, 0, 1)
    inventory, _ = sample()
    spare = make_link(inventory, ("zrh-dc1", "win-co"), "dv-metro", ("f-zrh-win",), count=2, load_bps=10.0)
    full = spare.model_copy(update={"load_bps": spare.capacity_bps})
    pair = 2 * share_down(50_000, 48) - share_down(50_000, 48) ** 2

    def systems(link) -> float:
        return Components(inventory, make_plan(inventory, (link,), {}))[f"links.{link.id}"].unavailability

    assert (systems(spare), systems(full)) == (pytest.approx(pair**2), pytest.approx(1 - (1 - pair) ** 2))
    kept = spare.model_copy(
        update={"key_rate_bps": 0.0, "capacity_bps": 0.0, "load_bps": 0.0}
    )  # plant beyond its limit
    assert systems(kept) == pytest.approx(pair**2)


def test_sample_by_hand():
    """bank-a stands by on two paths, without anything in common; grid-b has one link, of 27.4 km in a duct of 3 km."""
    inventory, plan = sample()
    inventory = Inventory.model_validate(
        {
            **inventory.model_dump(exclude_unset=True),
            "reliability": {"ducts": {"a1": {"length_km": 3}}},
        }
    )
    found = {corridor.id: corridor for corridor in assess_availability(inventory, plan).corridors}
    pair = 2 * share_down(50_000, 48) - share_down(50_000, 48) ** 2

    def cable(km: float) -> float:
        return share_down(8760 / (2.13 * km / 1000), 12)

    own, duct = cable(27.4 - 3), cable(3)
    assert found["grid-b"].unavailability == pytest.approx(1 - (1 - pair) * (1 - own) * (1 - duct))
    site, manager = share_down(50_000, 4), share_down(100_000, 8)
    east = 1 - (1 - pair) ** 2 * (1 - own) * (1 - duct) * (1 - cable(58.3)) * (1 - site) * (1 - manager)
    south = 1 - (1 - pair) ** 2 * (1 - cable(19.6)) * (1 - cable(18.2)) * (1 - cable(66)) * (1 - site) ** 2 * (
        1 - manager
    )
    assert found["bank-a"].unavailability == pytest.approx(east * south)
    top = found["grid-b"].contributors[0]
    assert top.address == f"links.{plan.corridors[1].paths[0].links[0]}"
    assert top.min_per_year == pytest.approx(pair * (1 - own) * (1 - duct) * MINUTES_PER_YEAR)


def test_stores_mask_what_is_repaired_soon_enough():
    """50 km cut 0.1065 times a year for 12 h: 1.278 h; a store of τ hours leaves e^(−τ/12) of it, or 1 − τ/12."""
    left = {0: (1.278, 1.278), 1: (1.176, 1.172), 4: (0.916, 0.852), 12: (0.470, 0), 24: (0.173, 0), 48: (0.023, 0)}
    for tau, (exponential, fixed) in left.items():
        bridged = only_a_fibre(tau).with_stores
        assert bridged.exponential_min_per_year / 60 == pytest.approx(exponential, abs=1e-3)
        assert bridged.fixed_min_per_year / 60 == pytest.approx(fixed, abs=1e-3)


def test_planned_standstill_is_no_outage_of_the_length_of_a_repair():
    """Each end of the link stands still for 2 h a year, in one piece, of which a store of τ hours leaves 2 − τ."""
    for tau, left in {0: 4.0, 0.5: 3.0, 1: 2.0, 2: 0.0, 4: 0.0}.items():
        without, planned = (only_a_fibre(tau, planned_h).with_stores for planned_h in (0.0, 2.0))
        for spread in ("exponential_min_per_year", "fixed_min_per_year"):
            assert (getattr(planned, spread) - getattr(without, spread)) / 60 == pytest.approx(left, abs=2e-3)


def only_a_fibre(tau_h: float, planned_h: float = 0.0):
    """A corridor of 100 bit/s over one link of 50 km whose equipment never fails, and a store that lasts so long."""
    never = {"mtbf_h": 1e15, "mttr_h": 0.0}
    capacity = 12_800 + max(100 * 3600 * tau_h, 1e-3)
    inventory = Inventory.model_validate(
        {
            "qplan": 1,
            "sites": {"a": {}, "b": {}},
            "fibres": {"f": {"ends": ("a", "b"), "length_km": 50.0}},
            "equipment": {"qkd_systems": {"s": {"key_rate_curve": ((30.0, 1e3),)}}},
            "corridors": {"c": {"ends": ("a", "b"), "key_rate_bps": 100.0}},
            "reliability": {
                "site": never,
                "system_end": never | {"planned_h_per_year": planned_h},
                "key_manager": never,
            },
            "key_stores": {"capacity_bits": capacity},
        }
    )
    only = make_link(inventory, ("a", "b"), "s", ("f",), load_bps=100.0)
    plan = make_plan(inventory, (only,), {"c": (Path(links=(only.id,), relays=()),)})
    return assess_availability(inventory, plan).corridors[0]


def test_what_would_change_is_what_it_says():
    inventory, plan = sample()
    found = assess_availability(inventory, plan)
    for corridor in found.corridors:
        assert all(item.downtime_min_per_year < corridor.downtime_min_per_year for item in corridor.improvements)
        by_change = {item.change: item for item in corridor.improvements}
        assert {"spare", "path", "repair"} == by_change.keys()
    spare = inventory.model_dump(exclude_unset=True) | {"reliability": {"system_end": {"mttr_h": 8.0}}}
    quicker = assess_availability(Inventory.model_validate(spare), plan).corridors[1]
    assert by_change["spare"].downtime_min_per_year == pytest.approx(quicker.downtime_min_per_year)  # of grid-b
    assert found.equipment_min_per_year > found.cable_min_per_year


def test_a_quicker_repair_does_not_shorten_what_is_planned():
    inventory, plan = sample()
    change, again = (
        assess_availability(
            Inventory.model_validate(
                inventory.model_dump(exclude_unset=True)
                | {"reliability": {"system_end": {"mttr_h": mttr_h, "planned_h_per_year": 14.0}}}
            ),
            plan,
        ).corridors[1]  # grid-b, of one link
        for mttr_h in (66.0, 33.0)
    )
    repair = next(item for item in change.improvements if item.change == "repair")
    assert repair.address.startswith("links.")
    assert repair.downtime_min_per_year == pytest.approx(again.downtime_min_per_year, rel=1e-12)


def test_an_operator_counts_once_its_outages_are_stated():
    inventory, plan = sample()
    stated = inventory.model_dump(exclude_unset=True) | {
        "reliability": {"operators": {"acme": {"mtbf_h": 8760.0, "mttr_h": 24.0}}}
    }
    without, with_it = (assess_availability(i, plan) for i in (inventory, Inventory.model_validate(stated)))
    bank, lonely = with_it.corridors
    assert bank.unavailability > share_down(8760, 24) > without.corridors[0].unavailability * 10
    assert "operators.acme" in {item.address for item in bank.contributors}
    assert lonely.unavailability == without.corridors[1].unavailability  # no relay, and its fibre is nobody's


def test_the_ends_count_only_where_asked_for():
    inventory, plan = sample()
    without, with_ends = (
        assess_availability(inventory, plan, ends, any_chain=True).corridors[1] for ends in (False, True)
    )
    node = 1 - (1 - share_down(50_000, 4)) * (1 - share_down(100_000, 8))
    assert with_ends.unavailability == pytest.approx(1 - (1 - without.unavailability) * (1 - node) ** 2)
    assert with_ends.any_chain.least > without.any_chain.least
