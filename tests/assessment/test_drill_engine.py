"""The engine of drills held against drills worked out by hand, published events among them."""

from __future__ import annotations

import math

import pytest
from drill_networks import AT_ONCE, corridor, down, hidden, link, network, seen

from qplan.assessment.drills import engine
from qplan.assessment.drills.disturbances import Disturbance
from qplan.assessment.network import NotPlayable
from qplan.inventory.drills import DrillPolicy

MIB = 8 * 2**20  # in bits


def close(value: float | None) -> object:
    return pytest.approx(value, rel=1e-9, abs=1e-6)


# one link


def test_a_cut_shorter_than_the_store_costs_nothing():
    """600 bit/s out of 1e6 for 1000 s leave 400 000; 400 bit/s more than is asked fill that by 2500 s."""
    found = seen(network([link("l", 1000, 1e6)], corridor("c", 600, (0,))), 4000, down(0, 0, 1000))
    assert found.corridors["c"].seconds == {"fresh": 4000, "stale": 0, "down": 0}
    store = found.stores["l"]
    assert (store.lowest_bits, store.bits, store.spilt_bits) == (close(4e5), 1e6, close(400 * 1500))
    assert found.log() == [(0, "corridor.started", "c"), (0, "link.down", "l"), (1000, "link.up", "l")]


def test_a_cut_longer_than_the_store_and_the_restart():
    """Empty at 1e6 / 600 s; key flows again 90 s after the repair, and 10 000 bits of it 10 s later."""
    net = network([link("l", 1000, 1e6, resume=1e4, restart_s=90)], corridor("c", 600, (0,)))
    found = seen(net, 4000, down(0, 0, 2000))
    assert found.gaps("c") == [(1666.666667, 2100)]
    service = found.corridors["c"]
    assert (service.delivered_bits, service.first_loss_s) == (close(2.14e6), close(1e6 / 600))
    assert found.stores["l"].bits == close(770_000)
    assert [entry[:2] for entry in found.log("store.exhausted", "link.up", "store.usable", "corridor.restored")] == [
        (1666.666667, "store.exhausted"),
        (2000, "link.up"),
        (2100, "store.usable"),
        (2100, "corridor.restored"),
    ]


@pytest.mark.parametrize(
    ("lifetime", "stale", "down_s"), [(0, 0, 433.333333), (300, 300, 133.333333), (600, 433.333333, 0)]
)
def test_the_last_key_is_used_for_its_lifetime(lifetime, stale, down_s):
    net = network([link("l", 1000, 1e6, resume=1e4, restart_s=90)], corridor("c", 600, (0,)))
    found = seen(net, 4000, down(0, 0, 2000), policy=DrillPolicy(wait_to_restore_s=0, key_lifetime_s=lifetime))
    seconds = found.corridors["c"].seconds
    assert (seconds["stale"], seconds["down"]) == (close(stale), close(down_s))
    ends = [entry[:2] for entry in found.log("key.stale", "fallback.entered")]
    stale_until = 1666.666667 + lifetime
    assert ends == {0: [(1666.666667, "fallback.entered")], 600: []}.get(
        lifetime, [(stale_until, "key.stale"), (stale_until, "fallback.entered")]
    )


def test_a_store_at_its_floor_passes_on_what_the_link_makes():
    """At the floor from 100 s on; the surge at 500 s asks for more than the link makes."""
    net = network([link("l", 50, 1e4, store=6000, floor=1000, resume=500)], corridor("c", 100, (0,)))
    half = Disturbance(100, "surge", "corridors.c", 500, surged=(0,), factor=0.5)
    found = seen(net, 600, half)
    assert found.stores["l"].lowest_bits == 1000
    assert found.gaps("c") == [(500, 510), (520, 530), (540, 550), (560, 570), (580, 590)]


def test_a_full_store_spills_and_a_degraded_link_makes_less():
    net = network([link("l", 100, 1000, curve=((0, 100.0), (20, 1.0)), loss_db=0.0)], corridor("c", 30, (0,)))
    halves = Disturbance(0, "degrade", "links.l", 10, degraded=(0,), factor=0.5)
    lossy = Disturbance(10, "degrade", "links.l", 20, degraded=(0,), added_loss_db=10.0)
    found = seen(net, 30, halves, lossy)
    store = found.stores["l"]
    assert store.made_bits == close(50 * 10 + 10 * 10 + 100 * 10)
    assert store.lowest_bits == close(1000 - 20 * 10) and store.bits == 1000


def test_two_degradations_at_once_multiply_and_an_outage_from_loss_restarts():
    """20 dB more than the system's limit is no key at all; back from there the link restarts."""
    plain = link("l", 100, 1000, curve=((0, 100.0), (20, 1.0)), limit_db=20.0, restart_s=5)
    net = network([plain], corridor("c", 1, (0,)))
    half = Disturbance(0, "degrade", "links.l", 40, degraded=(0,), factor=0.5)
    dark = Disturbance(10, "degrade", "links.l", 20, degraded=(0,), added_loss_db=21.0)
    assert seen(net, 40, half, dark).stores["l"].made_bits == close(50 * 10 + 50 * 15)


# several paths


def secoqc(generation: dict[str, float]):
    """Stores in MiB and the demand of the demonstration of 2008 (Peev et al. 2009, section 5.1.2), floor 2 MiB."""
    stores = {"ERD-FOR": 12, "ERD-BRT": 5.5, "SIE-ERD": 6.6, "SIE-BRT": 6, "ERD-GUD": 3.8, "BRT-GUD": 4.9}
    links = [
        link(name, generation.get(name, 0.0), 100 * MIB, store * MIB, 2 * MIB, MIB) for name, store in stores.items()
    ]
    return network(links, corridor("FOR-BRT", 8192, (0, 1), (0, 2, 3), (0, 4, 5)))


def test_secoqc_without_generation():
    """3584 s, 4096 s and 1843.2 s: one route after the other runs dry, and then there is none."""
    found = seen(secoqc({}), 12_000)
    assert found.log("store.exhausted", "corridor.rerouted", "corridor.lost") == [
        (3584, "store.exhausted", "ERD-BRT"),
        (3584, "corridor.rerouted", "FOR-BRT"),
        (7680, "store.exhausted", "SIE-BRT"),
        (7680, "corridor.rerouted", "FOR-BRT"),
        (9523.2, "store.exhausted", "ERD-GUD"),
        (9523.2, "corridor.lost", "FOR-BRT"),
    ]
    assert found.stores["ERD-FOR"].bits == close(22_649_241.6)


def test_secoqc_with_a_fitted_generation_ends_at_the_published_minutes():
    """910.2 bit/s on SIE-BRT are fitted so that the second route ends at minute 144; the third then ends at 174.7."""
    net = secoqc({"ERD-FOR": 8192, "SIE-ERD": 400, "SIE-BRT": 910.2})
    found = seen(net, 12_000, down(0, 2700))
    ends = [t / 60 for t, event, _ in found.log("corridor.rerouted", "corridor.lost")]
    assert ends == [close(59.733333), pytest.approx(144, abs=0.01), pytest.approx(174.72, abs=0.01)]
    assert found.stores["SIE-BRT"].bits == pytest.approx(19_835_512, abs=1)


def test_tokyo_alarm_leaves_the_link_at_once():
    """O1-O2 gains 2 kbit/s for 300 s, then gives 128: 1.006e8 bits last 798.4 s (figures of Sasaki et al. 2011; the
    stored 1e8 bits are assumed)."""
    links = [
        link("K1-K2", 2100, 1e9, 1e8, resume=1e8),
        link("K2-O2", 304e3, 1e9, 1e8, resume=1e8),
        link("K1-O1", 81.7e3, 1e9, 1e8, resume=1e8),
        link("O1-O2", 2000, 1e9, 1e8, resume=1e8),
    ]
    found = seen(network(links, corridor("video", 128e3, (0, 1), (2, 3))), 3600, hidden(0, 300))
    assert found.log("link.qber_alarm", "corridor.rerouted", "corridor.lost") == [
        (300, "link.qber_alarm", "K1-K2"),
        (300, "corridor.rerouted", "video"),
        (1098.412698, "corridor.lost", "video"),
    ]
    bits = {name: store.bits for name, store in found.stores.items()}
    assert bits == {
        "K1-K2": close(69.16e6),
        "K2-O2": 1e9,
        "K1-O1": close(291_923_174.603175),
        "O1-O2": close(5_003_174.603175),
    }


def test_cambridge_goes_the_other_way_and_no_key_is_missed():
    """1000 keys of 256 bits at 0.5 key/s last 2000 s (Dynes et al. 2019)."""
    links = [
        link(name, rate, 256e3, resume=25_600)
        for name, rate in (("CAPE-TREL", 2.58e6), ("TREL-ENGI", 2.4e6), ("ENGI-CAPE", 2.22e6))
    ]
    found = seen(network(links, corridor("enc", 128, (0,), (1, 2))), 7200, down(0, 60, 3660))
    assert found.log("corridor.rerouted") == [
        (2060, "corridor.rerouted", "enc"),
        (3660.009922, "corridor.rerouted", "enc"),
    ]
    assert found.corridors["enc"].seconds["fresh"] == 7200


def two_ways(policy_wait: float = 0.0, **second: float):
    """The first way makes 60 of the 100 bit/s that are asked, the second one 200."""
    links = [link("a", 60, 5000, resume=1000), link("b", second.get("rate", 200), 5000, resume=1000)]
    return network(links, corridor("c", 100, (0,), (1,)))


def test_outage_leaves_at_once_and_saves_the_store():
    early = seen(two_ways(), 50, down(0), policy=DrillPolicy(trigger="outage", wait_to_restore_s=0))
    assert early.log("corridor.rerouted") == [(0, "corridor.rerouted", "c")]
    assert early.stores["a"].bits == 5000
    late = seen(two_ways(), 100, down(0))
    assert late.log("corridor.rerouted") == [(50, "corridor.rerouted", "c")]


def test_outage_of_every_way_uses_the_stores_all_the_same():
    policy = DrillPolicy(trigger="outage", wait_to_restore_s=0)
    found = seen(two_ways(), 200, down(0), down(1), policy=policy)
    assert found.gaps("c") == [(100, 200)]


def test_waiting_to_restore_keeps_corridors_from_flapping():
    """The first way is empty after 125 s and has its 1000 bits again 16.7 s later, over and over."""
    flapping = seen(two_ways(), 600)
    waiting = seen(two_ways(), 600, policy=DrillPolicy(wait_to_restore_s=300))
    assert (flapping.corridors["c"].switches, waiting.corridors["c"].switches) == (23, 3)
    assert waiting.log("corridor.rerouted")[1][0] == close(125 + 1000 / 60 + 300)
    assert not flapping.gaps("c") and not waiting.gaps("c")


def test_shares_need_every_path():
    links = [link("a", 0, 1000, floor=0), link("b", 0, 5000)]
    found = seen(network(links, corridor("c", 10, (0,), (1,), shares=True)), 200)
    assert found.gaps("c") == [(100, 200)]
    assert found.stores["b"].bits == close(4000)
    assert dict(found.outcome.log[0].details)["path"] == "all paths"


def test_a_reserve_keeps_keys_for_the_higher_priority():
    """Both take 10 bit/s; bulk stops at 600 bits, after 20 s; payments then have 60 s more."""
    net = network([link("l", 0, 1000, resume=100)], corridor("bulk", 10, (0,)), corridor("pay", 10, (0,), priority=2.0))
    found = seen(net, 200, policy=DrillPolicy(wait_to_restore_s=0, reserve_bits={"1": 600.0}))
    assert (found.gaps("bulk"), found.gaps("pay")) == ([(20, 200)], [(80, 200)])


def test_a_reserve_above_the_capacity_shuts_the_store():
    net = network([link("l", 50, 1000, resume=100)], corridor("bulk", 10, (0,)))
    assert seen(net, 50, policy=DrillPolicy(reserve_bits={"1": 2000.0})).gaps("bulk") == [(0, 50)]


def test_keys_relayed_ahead_bridge_the_gap():
    """The store at the ends lasts 30 s; then the link is back, and it fills again beside the demand."""
    net = network([link("l", 100, 1000, store=500, resume=10)], corridor("c", 10, (0,)))
    outage = Disturbance(0, "fail", "key_managers.x", 20, hidden=(0,), unstored=(0,))
    found = seen(net, 60, outage, policy=DrillPolicy(pool_bits=300.0, pool_fill_bps=20.0))
    assert not found.gaps("c") and found.corridors["c"].pool_bits == 300
    assert found.stores["l"].used_bits == close(10 * 40 + 200)
    assert found.stores["l"].lost_bits == close(100 * 20)
    short = seen(net, 60, outage, policy=DrillPolicy(pool_bits=100.0, pool_fill_bps=20.0))
    assert short.gaps("c") == [(10, 20)]


# security


def test_exhausted_authentication_waits_for_new_keys():
    net = network([link("l", 100, 1000, resume=100, restart_s=7)], corridor("c", 10, (0,)))
    spent = Disturbance(10, "auth_exhausted", "links.l", down=(0,))
    fresh = Disturbance(30, "rekey", "links.l", down=(0,))
    found = seen(net, 100, spent, fresh)
    assert found.gaps("c") == [(10, 38)]  # 7 s of restart, 1 s for 100 bits
    assert seen(net, 100, spent).gaps("c") == [(10, 100)]
    assert found.stores["l"].lost_bits == 1000


def test_a_distrusted_relay_is_avoided_and_its_keys_are_known():
    links = [
        link("a", 100, 1e4, ends=("x", "r")),
        link("b", 100, 1e4, ends=("r", "y")),
        link("c", 100, 1e4, ends=("x", "s")),
        link("d", 100, 1e4, ends=("s", "y")),
    ]
    net = network(links, corridor("c", 10, (0, 1), (2, 3)))
    found = seen(net, 100, Disturbance(40, "distrust", "sites.r", distrusted="r"))
    assert found.log("corridor.rerouted") == [(40, "corridor.rerouted", "c")]
    assert found.corridors["c"].bits_over == {((0, 1),): close(400), ((2, 3),): close(600)}


def test_a_corridor_that_is_stopped_drains_nothing():
    net = network([link("l", 0, 1000)], corridor("c", 10, (0,)))
    found = seen(net, 100, Disturbance(20, "identity_down", "sites.x", 50, stopped=(0,)))
    assert found.gaps("c") == [(20, 50)] and found.stores["l"].bits == close(300)


# any chain


def ring(*stores: float):
    """x–r–y and x–s–t–y, all links alike but for what they hold."""
    ends = [("x", "r"), ("r", "y"), ("x", "s"), ("s", "t"), ("t", "y")]
    return [
        link(f"{a}-{b}", 50, 1e4, store, resume=5e3, ends=(a, b)) for (a, b), store in zip(ends, stores, strict=True)
    ]


def test_any_chain_goes_where_no_path_was_planned():
    here = corridor("c", 100, (0, 1), may_relay=frozenset("rst"))
    found = seen(
        network(ring(*[1e4] * 5), here), 400, down(1), policy=DrillPolicy(restoration="any", wait_to_restore_s=0)
    )
    assert found.log("corridor.rerouted", "corridor.lost") == [
        (100, "corridor.rerouted", "c"),
        (300, "corridor.lost", "c"),
    ]
    assert seen(network(ring(*[1e4] * 5), here), 400, down(1)).gaps("c") == [(100, 400)]


@pytest.mark.parametrize("rule", [{"may_relay": frozenset("rs")}, {"may_relay": frozenset("rst"), "max_relays": 1}])
def test_any_chain_keeps_the_rules(rule):
    policy = DrillPolicy(restoration="any", wait_to_restore_s=0)
    assert seen(network(ring(*[1e4] * 5), corridor("c", 100, (0, 1), **rule)), 400, down(1), policy=policy).gaps(
        "c"
    ) == [(100, 400)]


def test_of_two_chains_as_short_the_fuller_is_taken():
    ends = [("x", "r"), ("r", "y"), ("x", "s"), ("s", "y"), ("x", "t"), ("t", "y")]
    links = [link(f"{a}-{b}", 0, 1e4, 2e3 if "s" in (a, b) else 5e3, ends=(a, b)) for a, b in ends]
    net = network(links, corridor("c", 100, (0, 1), may_relay=frozenset("rst")))
    found = seen(net, 200, hidden(0, 10), policy=DrillPolicy(restoration="any", wait_to_restore_s=0))
    assert found.gaps("c") == [(80, 200)]  # 10 s planned, 50 s over t, 20 s over s
    assert found.stores["s-y"].lowest_at_s == close(80)


def test_shares_never_meet_at_a_relay():
    """Without x-s, the second share could only go over r too, where the first is."""
    links = [*ring(*[1e4] * 5), link("r-y2", 50, 1e4, ends=("r", "y")), link("x-r2", 50, 1e4, ends=("x", "r"))]
    both = corridor("c", 10, (0, 1), (2, 3, 4), shares=True, may_relay=frozenset("rst"))
    policy = DrillPolicy(restoration="any", wait_to_restore_s=0)
    assert seen(network(links, both), 100, hidden(2, 10), policy=policy).gaps("c") == [(10, 100)]
    more = [*links, link("x-u", 50, 10000.0, ends=("x", "u")), link("u-y", 50, 10000.0, ends=("u", "y"), fibres=("f",))]
    both = corridor("c", 10, (0, 1), (2, 3, 4), shares=True, may_relay=frozenset("rstu"))
    assert not seen(network(more, both), 100, hidden(2, 10), policy=policy).gaps("c")


def test_a_detour_that_shares_a_duct_says_so():
    links = [
        link("a", 50, 1e4, ends=("x", "y"), ducts=frozenset({"k"})),
        link("b", 50, 1e4, ends=("x", "y")),
        link("c", 50, 1e4, ends=("x", "y"), ducts=frozenset({"k"})),
    ]
    net = network(links, corridor("c", 10, (0,), (1,), shares=True))
    found = seen(net, 100, hidden(1, 10), policy=DrillPolicy(restoration="any"))
    assert found.corridors["c"].broken_rules == {"disjoint: duct (ducts.k is shared)"}


# ends


def test_outages_that_follow_each_other_end_and_repeat_byte_for_byte():
    links = [link(f"l{n}", 30, 1e4, resume=3000, restart_s=480) for n in range(6)]
    net = network(links, corridor("c", 50, (0, 1), (2, 3), (4, 5)), corridor("d", 20, (1, 2)))
    outages = [down(n % 6, 3000.0 * n, 3000.0 * n + 2000) for n in range(50)]
    first, second = (seen(net, 150_000, *outages) for _ in range(2))
    assert first.log() == second.log() and len(first.log()) > 1000


def test_a_drill_that_never_comes_to_rest_is_refused(monkeypatch):
    """An exhausted store is back after 1.7 s, for thirty years."""
    monkeypatch.setattr(engine, "MOST_TURNS", 1000)
    with pytest.raises(NotPlayable, match="more than 1000 things happen before"):
        seen(network([link("l", 60, 5000, resume=100)], corridor("c", 100, (0,))), 1e9)


def test_no_corridors_and_no_links():
    assert seen(network([link("l", 10, 100, 50)]), 100).stores["l"].bits == 100
    assert seen(network([]), 100, policy=AT_ONCE).log() == []
    assert math.isinf(seen(network([link("l", 0, 100)]), 10).stores["l"].next_s)
