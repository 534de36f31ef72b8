"""Drills on a plan: what each event does to it, losses, maintenance, sizes of stores, generated drills."""

from __future__ import annotations

import random
from itertools import combinations

import pytest
from oracle.random_inventories import random_inventory
from plan_fixtures import make_link, make_plan, sample
from planning import planned

from qplan.assessment.drills.generated import double_losses, maintenances, single_losses
from qplan.assessment.drills.metrics import METRICS
from qplan.assessment.drills.playing import Field, field_of, play_drill
from qplan.assessment.drills.rehearsal import Request, rehearse
from qplan.assessment.drills.results import Played
from qplan.assessment.drills.sizing import size_stores
from qplan.assessment.losses import THINGS, Stopped, losses, survives
from qplan.assessment.network import NotPlayable
from qplan.inventory.drills import Drill, DrillEvent, DrillPolicy
from qplan.inventory.model import Inventory
from qplan.plan.model import Path, Plan

DAY_S = 86_400.0
SAMPLE_LINKS = ("zrh-dc1--win-co", "win-co--sg-hq", "zrh-dc1--rap-pop", "rap-pop--sg-hq")


def sample_field(**stated: object) -> Field:
    """The sample plan: bank-a over win-co or, patched through uster-hut, over rap-pop; grid-b to win-co."""
    inventory, plan = sample()
    return field_of(Inventory.model_validate({**inventory.model_dump(exclude_unset=True), **stated}), plan)


def play(field: Field, *events: DrillEvent, duration_s: float = DAY_S, **more: object) -> Played:
    policy = more.pop("policy", DrillPolicy(wait_to_restore_s=0.0))
    return play_drill(field, "test", Drill(duration_s=duration_s, events=events, policy=policy, **more))


def down(played: Played) -> set[str]:
    """Links that are down at some time, by their sites."""
    return {"--".join(e.address.removeprefix("links.").split("--")[:2]) for e in played.log if e.event == "link.down"}


@pytest.mark.parametrize(
    ("address", "links", "stops"),
    [
        ("sites.win-co", {0, 1}, {"grid-b"}),
        ("sites.uster-hut", {2}, set()),
        ("sites.zrh-dc1", {0, 2}, {"bank-a", "grid-b"}),
        ("fibres.f-ust-rap", {2}, set()),
        ("ducts.a1", {0}, {"grid-b"}),
        ("links.win-co--sg-hq", {1}, set()),
        ("links.sg-hq--win-co", {1}, set()),
        ("operators.acme", {0, 1, 2, 3}, {"bank-a", "grid-b"}),
        ("key_managers.rap-pop", set(), set()),
        ("key_managers.win-co", set(), {"grid-b"}),
    ],
)
def test_what_each_thing_takes_with_it(address, links, stops):
    """Within a day: 1e8 bits last 13 h where both corridors drain them, and half a day where bank-a does alone."""
    played = play(sample_field(), DrillEvent(at_s=0.0, fail=address))
    assert down(played) == {SAMPLE_LINKS[number] for number in links}
    assert {corridor.id for corridor in played.lost} == stops
    managers = any(entry.event == "km.down" for entry in played.log)
    assert managers == (address.startswith(("key_managers", "sites", "operators")) and address != "sites.uster-hut")


def test_one_of_two_parallel_systems():
    inventory, plan = sample()
    twice = tuple(
        link.model_copy(update={"count": 2, "capacity_bps": 2 * link.key_rate_bps})
        if link.system == "cv-long"
        else link
        for link in plan.links
    )
    field = field_of(inventory, plan.model_copy(update={"links": twice}))
    one = play(field, DrillEvent(at_s=0.0, fail="systems.rap-pop--sg-hq"), duration_s=100.0)
    made = {link.id: link.made_bits for link in one.links}
    rate = next(link.key_rate_bps for link in twice if link.system == "cv-long")
    assert made[next(link.id for link in twice if link.system == "cv-long")] == pytest.approx(100 * rate)
    assert [entry.event for entry in one.log if entry.event.startswith("interface")] == ["interface.down"]


def test_added_loss_goes_through_the_curve_of_each_system():
    """dv-metro between 2 dB and 14.5 dB falls from 2.6 Mbit/s to 300 kbit/s: at 6.1 + 4 dB …"""
    field = sample_field()
    played = play(field, DrillEvent(at_s=0.0, degrade="fibres.f-zrh-win", added_loss_db=4.0), duration_s=10.0)
    east = next(link for link in played.links if link.id.startswith("zrh-dc1--win-co"))
    assert east.made_bits == pytest.approx(10 * 2.6e6 * (0.3 / 2.6) ** ((10.1 - 2) / 12.5))
    dark = play(field, DrillEvent(at_s=0.0, degrade="fibres.f-zrh-win", added_loss_db=18.0), duration_s=10.0)
    assert next(link for link in dark.links if link.id == east.id).made_bits == 0


def test_stores_are_those_of_system_and_link():
    stores = {
        "capacity_bits": 2e7,
        "links": {"win-co--zrh-dc1": {"initial": 0.5}, "rap-pop--sg-hq--cv-long": {"initial": "empty"}},
    }
    inventory, _ = sample()
    equipment = inventory.equipment.model_dump(exclude_unset=True)
    equipment["qkd_systems"]["dv-metro"]["key_store"] = {"capacity_bits": 5e7, "floor_bits": 20_000.0}
    links = {
        link.id.rpartition("--")[0]: link for link in sample_field(key_stores=stores, equipment=equipment).network.links
    }
    east, far_south = links["zrh-dc1--win-co--dv-metro"], links["rap-pop--sg-hq--cv-long"]
    assert (east.capacity_bits, east.floor_bits, east.initial_bits) == (5e7, 20_000, 2.5e7)
    assert (far_south.capacity_bits, far_south.floor_bits, far_south.initial_bits) == (2e7, 12_800, 0)
    assert east.resume_bits == pytest.approx(0.1 * (5e7 - 20_000)) and east.restart_s == 480


def test_a_store_that_no_one_could_use_is_refused():
    inventory, _ = sample()
    equipment = inventory.equipment.model_dump(exclude_unset=True)
    equipment["qkd_systems"]["dv-metro"]["key_store"] = {"floor_bits": 5e7}
    with pytest.raises(NotPlayable, match=r"links\.win-co--sg-hq.*leaves nothing of capacity_bits 1e\+06"):
        play(sample_field(equipment=equipment, key_stores={"links": {"win-co--sg-hq": {"capacity_bits": 1e6}}}))


def test_a_link_that_the_plan_lacks_is_named():
    with pytest.raises(NotPlayable, match="the plan has no link 'win-co--rap-pop'"):
        play(sample_field(), DrillEvent(at_s=0.0, fail="links.win-co--rap-pop"))


def test_what_the_plan_does_not_use_is_a_note():
    played = play(
        sample_field(),
        DrillEvent(at_s=0.0, fail="fibres.f-none"),
        DrillEvent(at_s=1.0, surge="corridors.x", factor=2.0),
    )
    assert played.notes == (
        "fail of fibres.f-none at 0 s: the plan does not use it",
        "surge of corridors.x at 1 s: the plan does not use it",
    )


def test_expectations_are_judged_and_unserved_corridors_fail_them():
    expect = [
        {"corridor": "grid-b", "max_gap_s": 0},
        {"corridor": "grid-b", "delivered_min": 0.5, "max_gap_s": 43_200},
        {"corridor": "gone", "max_gap_s": 9},
    ]
    drill = Drill.model_validate(
        {
            "duration_s": DAY_S,
            "expect": expect,
            "events": [{"at_s": 0, "fail": "key_managers.win-co", "repair_after_s": 43_200}],
        }
    )
    found = play_drill(sample_field(), "x", drill).expectations
    assert [(item.metric, item.ok, item.value) for item in found] == [
        ("max_gap_s", False, 43_200),
        ("max_gap_s", True, 43_200),
        ("delivered_min", True, 0.5),
        ("max_gap_s", False, None),
    ]


def test_who_saw_the_keys_and_what_is_exposed():
    played = play(
        sample_field(),
        DrillEvent(at_s=0.0, fail="key_managers.win-co", repair_after_s=1000.0),
        DrillEvent(at_s=5000.0, distrust="sites.win-co"),
        duration_s=6000.0,
    )
    bank, grid = played.corridors
    assert dict(bank.seen_by) == {"rap-pop": pytest.approx(2000 * 2000), "win-co": pytest.approx(2000 * 4000)}
    assert bank.exposed_bits == pytest.approx(2000 * 4000)
    assert grid.exposed_bits == grid.delivered_bits  # it ends there


def test_words_of_y_3807():
    """A gap of 600 s in 6000 s: a request in it waits for the rest of it, 300 s on average, one in ten."""
    played = play(sample_field(), DrillEvent(at_s=1000.0, identity_down="sites.win-co", for_s=600.0), duration_s=6000.0)
    grid = played.corridors[1]
    light = 2 * 27.4 / 204_000
    assert grid.round_trip_s == pytest.approx(light)
    assert (grid.availability, grid.delivered_share) == (pytest.approx(0.9), pytest.approx(0.9))
    assert grid.mean_delay_s == pytest.approx(light + 30)
    assert grid.restorations_s == (600,) and played.recovery_ratio == 1
    assert grid.stale_s == 60 and grid.down_s == 540  # its last key lasts one rekey interval
    assert (grid.fallback, grid.fallback_stated) == ("fail_closed", False)
    assert (grid.first_loss_s, grid.time_to_exhaustion_s) == (1000, 0)


# losses


def by_hand(inventory: Inventory, plan: Plan, address: str) -> tuple[set[str], set[str]]:
    """Corridors that stop, and that keep their last path, from nothing but names."""
    kind, _, name = address.partition(".")
    links = {link.id: link for link in plan.links}

    def gone(path: Path, ends: tuple[str, str]) -> bool:
        used = [links[link] for link in path.links]
        sites = {*ends, *path.relays, *(site for link in used for site in link.bypass_sites)}
        fibres = {fibre for link in used for fibre in link.fibres}
        return (
            name
            in {
                "sites": sites,
                "fibres": fibres,
                "links": {link.id for link in used},
                "ducts": {duct for fibre in fibres for duct in inventory.fibres[fibre].ducts},
                "operators": {inventory.sites[s].operator for s in sites}
                | {inventory.fibres[f].operator for f in fibres},
            }[kind]
        )

    stops, last = set(), set()
    for entry in plan.corridors:
        corridor = inventory.corridors[entry.id]
        left = sum(not gone(path, corridor.ends) for path in entry.paths)
        if entry.served and left < corridor.shares_needed:
            stops.add(entry.id)
        elif entry.served and left == corridor.shares_needed < len(entry.paths):
            last.add(entry.id)
    return stops, last


def some_plans() -> list[tuple[Inventory, Plan]]:
    """The sample, and what comes of random inventories that can be served."""
    found = [sample()]
    for seed in range(40, 60):
        inventory = Inventory.model_validate(random_inventory(random.Random(seed)))
        plan = planned(inventory, gap=0.5).plan
        if plan is not None and plan.links and all(entry.key_rate_bps for entry in plan.corridors):
            found.append((inventory, plan))
        if len(found) == 6:
            break
    return found


@pytest.fixture(scope="module")
def plans() -> list[tuple[Inventory, Plan]]:
    return some_plans()


def test_losses_and_survives_are_as_by_hand(plans):
    for inventory, plan in plans:
        field = field_of(inventory, plan)
        found = {loss.address: loss for loss in losses(field)}
        for address in field.effects.addresses(THINGS):
            stops, last = by_hand(inventory, plan, address)
            loss = found.get(address)
            assert {stopped.corridor for stopped in loss.stops} == stops if loss else not stops
            assert set(loss.without_spare) == last if loss else not last
        served = [inventory.corridors[entry.id] for entry in plan.corridors if entry.served]
        shares = []
        for address in field.effects.addresses(("sites",)):
            others = {i for i, q in enumerate(served) if address.removeprefix("sites.") not in q.ends}
            stops = {s.corridor for s in found[address].stops if not s.ends_there} if address in found else set()
            shares += [1 - len(stops) / len(others)] if others else []
        assert survives(field, ("sites",)) == pytest.approx(min(shares, default=1.0))


def test_a_single_loss_played_to_the_end_stops_what_losses_says(plans):
    """With little in store and links that keep up, who misses keys in the drill is who stops for good."""
    for inventory, plan in plans:
        stated = inventory.model_dump(exclude_unset=True) | {"key_stores": {"capacity_bits": 3e4, "floor_bits": 100.0}}
        field = field_of(Inventory.model_validate(stated), plan)
        found = {loss.address: {stopped.corridor for stopped in loss.stops} for loss in losses(field)}
        slowest = min(corridor.rate_bps for corridor in field.network.corridors)
        drills = single_losses(field, DrillPolicy(), 4 * 3e4 / slowest)
        for name, drill in drills:
            address = name.removeprefix("fail ")
            if not address.startswith("key_managers"):
                lost = {corridor.id for corridor in play_drill(field, name, drill).lost}
                assert lost == found.get(address, set()), (address, plan.corridors)


def test_worst_first_is_what_fails_open():
    inventory, plan = sample()
    stated = inventory.model_dump(exclude_unset=True)
    stated["corridors"]["grid-b"]["fallback"] = "best_effort"
    found = losses(field_of(Inventory.model_validate(stated), plan))
    assert [loss.opens for loss in found[:6]].count(("grid-b",)) == 6
    assert Stopped("grid-b", "best_effort", True, True) in found[0].stops
    opens = [len(loss.opens) for loss in found]
    assert opens == sorted(opens, reverse=True) and opens[-1] == 0


# generated drills


def lost(field: Field, duration_s: float, *addresses: str) -> set[str]:
    events = (DrillEvent(at_s=0.0, fail=address) for address in addresses)
    return {corridor.id for corridor in play(field, *events, duration_s=duration_s, policy=DrillPolicy()).lost}


def test_pairs_that_are_not_played_lose_nothing_new(plans):
    """Every pair played after all: the corridors lost to both and to neither are those that are told."""
    for inventory, plan in plans[:4]:
        stated = inventory.model_dump(exclude_unset=True) | {"key_stores": {"capacity_bits": 3e4, "floor_bits": 100.0}}
        field, policy, lasts = field_of(Inventory.model_validate(stated), plan), DrillPolicy(), 3000.0
        addresses = field.effects.addresses()
        alone = {address: lost(field, lasts, address) for address in addresses}
        new = sum(bool(lost(field, lasts, a, b) - alone[a] - alone[b]) for a, b in combinations(addresses, 2))
        found = double_losses(field, policy, lasts)
        assert (found.count, found.looked_at) == (len(addresses) * (len(addresses) - 1) // 2,) * 2
        assert sum(pair.alike for pair in found.worse) == new
        for pair in found.worse:
            assert {name for name, _ in pair.corridors} <= lost(field, lasts, *pair.addresses)


def test_a_run_that_is_stopped_gives_what_it_has():
    field, told = sample_field(), []

    def three(what: str, done: int, of: int) -> bool:
        told.append((what, done, of))
        return done < 3

    found = rehearse(field, Request(all_single=True), three)
    assert len(found.drills) == 3 and not found.complete and found.asked > 3
    assert told[-1] == ("drills", 3, found.asked)
    doubles = rehearse(field, Request(all_double=True), lambda what, done, of: False)
    assert doubles.pairs.looked_at < doubles.pairs.count and not doubles.complete


def test_every_thing_is_maintained_and_surges_scale_the_demand():
    field = sample_field()
    found = rehearse(field, Request(maintenance=True, surge=2.0))
    assert len(found.drills) == len(list(maintenances(field, DrillPolicy(), 1.0))) + 1
    assert found.drills[-1].corridors[0].asked_bits == pytest.approx(2 * 2000 * 30 * DAY_S)
    hut = next(played for played in found.drills if played.id == "maintain sites.uster-hut")
    assert hut.maintenance[0].safe_from_s == 0 and hut.maintenance[0].corridors_lost == ()


# maintenance


def one_link(initial: float, rate: float = 1000.0) -> Field:
    """600 bit/s over one link that makes `rate`, and a store of 1e6 bits that holds `initial` of it at first."""
    inventory = Inventory.model_validate(
        {
            "qplan": 1,
            "sites": {"a": {}, "b": {}},
            "fibres": {"f": {"ends": ("a", "b"), "length_km": 20.0}},
            "equipment": {"qkd_systems": {"s": {"key_rate_curve": ((30.0, rate),)}}},
            "corridors": {"c": {"ends": ("a", "b"), "key_rate_bps": 600.0}},
            "key_stores": {
                "capacity_bits": 1e6,
                "floor_bits": 1e4,
                "initial": initial,
                "acquisition_s": 30.0,
                "block_s": 60.0,
            },
        }
    )
    only = make_link(inventory, ("a", "b"), "s", ("f",), load_bps=600.0)
    return field_of(inventory, make_plan(inventory, (only,), {"c": (Path(links=(only.id,), relays=()),)}))


def test_the_earliest_start_of_maintenance_is_when_the_store_suffices():
    """1000 s and a restart of 90 s need 654 000 bits above the floor; there are 190 000, and 400 more every second."""
    played = play(one_link(0.2), DrillEvent(at_s=10.0, maintain="fibres.f", for_s=1000.0), duration_s=9000.0)
    (maintenance,) = played.maintenance
    assert maintenance.corridors_lost == ("c",)
    assert maintenance.safe_from_s == pytest.approx(1160, abs=1e-3)
    later = play(one_link(0.2), DrillEvent(at_s=1160.01, maintain="fibres.f", for_s=1000.0), duration_s=9000.0)
    assert later.maintenance[0].corridors_lost == () and not later.lost


def test_maintenance_longer_than_any_store_is_never_safe():
    played = play(one_link(1.0), DrillEvent(at_s=10.0, maintain="fibres.f", for_s=5000.0), duration_s=9000.0)
    assert played.maintenance[0].safe_from_s is None


# sizes


def test_sizes_of_stores():
    """A day at 600 bit/s is 51.84 Mbit above the floor; 400 bit/s to spare fill it in 36 h, after 90 s of restart."""
    (size,) = size_stores(one_link(1.0), 24.0)
    assert (size.drain_bps, size.needed_bits) == (pytest.approx(600), pytest.approx(600 * DAY_S + 1e4))
    assert size.lasts_h == pytest.approx(990_000 / 600 / 3600) and not size.enough
    assert size.refill_h == pytest.approx(24 * 600 / 400 + 90 / 3600)
    cut = 8760 / (2.13 * 0.02)  # 20 km, and two ends
    assert size.mtbf_h == pytest.approx(1 / (1 / cut + 2 / 50_000), rel=2e-3) and size.in_time
    played = play(one_link(1.0), DrillEvent(at_s=0.0, fail="fibres.f"), duration_s=9000.0)
    assert played.corridors[0].first_loss_s == pytest.approx(3600 * size.lasts_h)


def test_sizes_without_a_duct_are_those_of_its_links_alone():
    field = sample_field()
    assert [size.link.rpartition("--")[0] for size in size_stores(field, 24.0, "ducts.a1")] == [
        "zrh-dc1--win-co--dv-metro"
    ]
    assert size_stores(field, 24.0, "key_managers.win-co") == ()
    assert len(size_stores(field, 24.0)) == 4


# metrics


def test_metrics_of_checks():
    """1e8 bits at 2068 bit/s last 13.4 h; then bank-a has 1e8 bits at 2000 bit/s on its other path."""
    drills = {
        "dig": {"duration_s": 100_000, "events": [{"at_s": 1000, "fail": "ducts.a1", "repair_after_s": 60_000}]},
        "calm": {"duration_s": 7200, "events": [{"at_s": 3600, "maintain": "sites.uster-hut", "for_s": 60}]},
    }
    field = sample_field(drills=drills)
    east_h = (1e8 - 12_800) / (2000 + 256 / 60 * 16) / 3600
    assert METRICS["autonomy_h"](field, {"corridor": "grid-b"}) == pytest.approx(east_h)
    assert METRICS["autonomy_h"](field, {}) == pytest.approx(east_h)
    south_h = (1e8 - 12_800) / 2000 / 3600
    assert METRICS["autonomy_h"](field, {"corridor": "bank-a"}) == pytest.approx(east_h + south_h)
    assert METRICS["autonomy_h"](field, {"corridor": "grid-b", "drill": "dig"}) == pytest.approx(east_h)
    assert METRICS["autonomy_h"](field, {"corridor": "bank-a", "drill": "calm"}) == 1
    restart = 480 + 0.1 * (1e8 - 12_800) / field.network.links[3].rate_bps
    gap = 61_000 + restart - 1000 - 3600 * east_h
    assert METRICS["max_gap_s"](field, {}) == pytest.approx(gap)
    assert METRICS["max_gap_s"](field, {"corridor": "bank-a"}) == METRICS["max_gap_s"](field, {"drill": "calm"}) == 0
    assert METRICS["survives"](field, {"loss_of": "fibre"}) == METRICS["survives"](field, {"loss_of": "duct"}) == 0.5
    assert METRICS["survives"](field, {"loss_of": "site"}) == 1  # grid-b ends at both sites whose loss stops it
    assert METRICS["survives"](field, {}) == 0.5
    assert METRICS["availability"](field, {}) == METRICS["availability"](field, {"corridor": "grid-b"}) < 0.999
    assert METRICS["availability"](field, {"corridor": "bank-a"}) > 0.9999
