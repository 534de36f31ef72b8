"""Drills against two other ways of playing them, and against what must hold of every drill."""

from __future__ import annotations

import pytest
from drill_networks import Seen, corridor, down, link, network, seen
from hypothesis import given, settings
from hypothesis import strategies as st
from oracle.drills import Change, PlainCorridor, PlainLink, Scenario, played_in_keys, played_in_steps, random_scenario

from qplan.assessment.drills.disturbances import Disturbance
from qplan.assessment.drills.engine import play
from qplan.assessment.network import Network
from qplan.inventory.drills import DrillPolicy

SEEDS = range(100, 106)
KEY_BITS, STEP_S = 100.0, 1.0


def net_of(scenario: Scenario) -> Network:
    links = [
        link(f"l{n}", plain.rate, plain.capacity, plain.store, plain.floor, plain.resume, plain.restart_s)
        for n, plain in enumerate(scenario.links)
    ]
    corridors = [corridor(f"c{n}", q.demand, *q.paths, shares=q.shares) for n, q in enumerate(scenario.corridors)]
    return network(links, *corridors)


def by_engine(scenario: Scenario, **policy: object) -> Seen:
    trigger = "outage" if scenario.outage else "exhaustion"
    stated = DrillPolicy(**{"trigger": trigger, "wait_to_restore_s": scenario.wait, **policy})
    changes = map(disturbance, scenario.changes)
    return Seen(play(net_of(scenario), stated, changes, scenario.duration, trace=True))


def disturbance(change: Change) -> Disturbance:
    part = {"down": "down", "hide": "hidden", "degrade": "degraded", "surge": "surged"}[change.kind]
    action = "alarm" if change.kind == "hide" else "fail"
    return Disturbance(change.at, action, "x", change.until, factor=change.factor, **{part: (change.place,)})


def turns(found: Seen) -> int:
    """How often a store ran dry, came back, or a link restarted: each may come a key or a step later."""
    return len(found.log("store.exhausted", "store.usable", "link.up"))


@pytest.mark.parametrize("seed", SEEDS)
def test_small_steps_agree(seed):
    scenario = random_scenario(seed)
    found, tallies = by_engine(scenario), played_in_steps(scenario, STEP_S)
    for service, tally in zip(found.outcome.services, tallies, strict=True):
        assert service.seconds["fresh"] == pytest.approx(tally.served, abs=STEP_S * (2 + turns(found)))
        assert service.asked_bits == pytest.approx(tally.asked, rel=1e-2)
        if turns(found) < 10:
            assert service.switches == tally.switches


@pytest.mark.parametrize("seed", SEEDS)
def test_whole_keys_agree(seed):
    """Within one key per link and one block per restart, each time a store runs dry or comes back."""
    scenario = random_scenario(seed)
    found, tallies = by_engine(scenario), played_in_keys(scenario, KEY_BITS)
    rates = [plain.rate for plain in scenario.links if plain.rate]
    for service, plain, tally in zip(found.outcome.services, scenario.corridors, tallies, strict=True):
        one_key_s = KEY_BITS / plain.demand + KEY_BITS / min([*rates, plain.demand])
        assert service.seconds["fresh"] == pytest.approx(tally.served, abs=one_key_s * (2 + turns(found)))


def test_one_link_in_whole_keys_differs_by_less_than_a_key():
    """The cut that is longer than the store: a gap of 433.33 s in the fluid."""
    plain = Scenario(
        (PlainLink(1000, 1e6, 1e6, 0, 1e4, 90),), (PlainCorridor(600, ((0,),)),), (Change("down", 0, 0, 2000),), 4000
    )
    (tally,) = played_in_keys(plain, 256)
    fluid = by_engine(plain).corridors["c0"].seconds["fresh"]
    assert fluid == pytest.approx(3566.6667, abs=1e-4)
    assert tally.served == pytest.approx(fluid, abs=256 / 600 + 256 / 1000)


@settings(max_examples=30, deadline=None)
@given(st.integers(0, 10**9), st.sampled_from(["planned", "any"]))
def test_every_bit_is_accounted_for(seed, restoration):
    """Made and in store before = used, spilt, lost and in store after; no level below floor or above capacity."""
    scenario = random_scenario(seed)
    found = by_engine(scenario, restoration=restoration)
    used = 0.0
    for store, plain in zip(found.outcome.stores, scenario.links, strict=True):
        came, went = plain.store + store.made_bits, store.used_bits + store.spilt_bits + store.lost_bits
        assert came == pytest.approx(went + store.bits, rel=1e-9, abs=1e-3)
        levels = [bits for _, bits in store.points]
        assert min(levels) == store.lowest_bits >= plain.floor and max(levels) <= plain.capacity
        used += store.used_bits
    assert used == pytest.approx(
        sum(bits * sum(map(len, chains)) for s in found.outcome.services for chains, bits in s.bits_over.items()),
        rel=1e-9,
    )
    for service in found.outcome.services:
        assert sum(service.seconds.values()) == pytest.approx(scenario.duration)
        assert sum(end - begin for begin, end in found.gaps(service.corridor.id)) == pytest.approx(
            service.seconds["stale"] + service.seconds["down"], abs=1e-3
        )
        assert service.delivered_bits <= service.asked_bits * (1 + 1e-12)


@settings(max_examples=40, deadline=None)
@given(st.lists(st.tuples(st.floats(100, 1e5), st.floats(0, 90)), min_size=1, max_size=4), st.data())
def test_more_store_rate_or_paths_never_serve_one_corridor_less(ways, data):
    """One corridor, its links lost for good one after the other and never exhausted before.

    It does not hold in general. Several corridors drain each other's stores: a path more for one is less for another.
    And a store that was exhausted is locked until it holds `resume` bits: one that lasted longer before may be locked
    just when the other link fails (the next test).
    """
    cuts = data.draw(st.lists(st.floats(0, 5000), min_size=len(ways), max_size=len(ways)))

    def delivered(ways: list[tuple[float, float]], links: int) -> float:
        net = network(
            [link(f"l{n}", 200 + rate, store, resume=1) for n, (store, rate) in enumerate(ways)],
            corridor("c", 100, *((n,) for n in range(links))),
        )
        return seen(net, 6000, *(down(n, at) for n, at in enumerate(cuts))).corridors["c"].delivered_bits

    least = delivered(ways, len(ways))
    place, more = data.draw(st.integers(0, len(ways) - 1)), data.draw(st.floats(1, 1e5))
    store, rate = ways[place]
    assert delivered([*ways[:place], (store + more, rate), *ways[place + 1 :]], len(ways)) >= least - 1e-3
    assert delivered([*ways[:place], (store, rate + more), *ways[place + 1 :]], len(ways)) >= least - 1e-3
    assert delivered(ways, len(ways) - 1) <= least + 1e-3 if len(ways) > 1 else True


def test_more_in_store_may_serve_less_since_an_exhausted_store_is_locked():
    """50 of 100 bit/s are made. With 500 bits at first the store runs dry after 10 s and is back with 400 bits at 18 s;
    with 100 bits more it runs dry at 12 s and holds no more than 350 when the link fails for good at 19 s."""

    def served(store: float) -> float:
        net = network([link("l", 50, 5000, store, resume=400)], corridor("c", 100, (0,)))
        return seen(net, 100, down(0, 19)).corridors["c"].seconds["fresh"]

    assert (served(500), served(600)) == (pytest.approx(10 + 1 + 3.5), pytest.approx(12))


def test_a_path_more_for_one_may_serve_another_less():
    def served(*paths: tuple[int, ...]) -> float:
        links = [link("a", 0, 1000), link("b", 0, 1000)]
        net = network(links, corridor("one", 10, *paths), corridor("two", 10, (1,)))
        return seen(net, 300).corridors["two"].seconds["fresh"]

    assert (served((0,)), served((0,), (1,))) == (100, 100)
    assert served((1,), (0,)) == 50


def test_a_lifetime_turns_down_time_into_stale_time_and_nothing_else():
    scenario = random_scenario(7)
    longer, shorter = by_engine(scenario, key_lifetime_s=30.0), by_engine(scenario)
    for name, service in longer.corridors.items():
        assert service.seconds["fresh"] == shorter.corridors[name].seconds["fresh"]
        gaps = longer.gaps(name)
        assert service.seconds["stale"] == pytest.approx(sum(min(30, end - begin) for begin, end in gaps if begin > 0))
