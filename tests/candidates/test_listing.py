"""What could be built, held against the oracle's routes and links; budgets that sum up; refusals with their figures."""

from __future__ import annotations

import json
import random

import pytest
from networks import LINE, ONE, ROOMY, fibre, network, system
from oracle.model import candidates, demand_bps, may_relay
from oracle.random_inventories import random_inventory

from qplan.candidates.links import enumerate_candidates
from qplan.candidates.listing import describe_gap, list_candidates, list_considered
from qplan.inventory.model import Inventory
from qplan.outputs.verbs.candidates import candidates_csv, candidates_json
from qplan.outputs.verbs.candidates_text import candidates_text

BY_ROOM = {"strands", "rack_units", "power_w"}


@pytest.mark.parametrize("seed", range(12))
def test_every_link_and_no_other(seed):
    """All that the oracle builds is listed, or refused for want of strands or room; losses and rates agree."""
    inventory = Inventory.model_validate(random_inventory(random.Random(seed)))
    found = list_candidates(inventory)
    listed = {(each.link.system, each.link.route.fibres): each for each in found.links}
    refused = {(each.system, each.route.fibres): each for each in found.refused}
    expected = {(link.system, link.fibres): link for link in candidates(inventory)}
    assert listed.keys() | {key for key, each in refused.items() if each.reason in BY_ROOM} == expected.keys(), seed
    for key, each in listed.items():
        assert each.link.loss_db == pytest.approx(expected[key].loss_db, abs=1e-6)
        assert each.link.key_rate_bps == pytest.approx(expected[key].net_rate_bps)
        assert each.budget.total == pytest.approx(each.link.loss_db, abs=1e-8)
        assert each.headroom_db >= 0
    for each in refused.values():
        assert each.reason != "loss_db" or each.value > each.limit
        assert each.reason not in BY_ROOM or each.value < each.limit


@pytest.mark.parametrize("seed", range(12))
def test_corridors_that_could_use_a_link(seed):
    inventory = Inventory.model_validate(random_inventory(random.Random(seed)))
    found = list_candidates(inventory)
    considered = {link.id for link in enumerate_candidates(inventory).links}
    assert {each.link.id for each in found.links if each.considered} == considered
    for each in found.links:
        assert each.corridors or not each.considered
        for q, corridor in inventory.corridors.items():
            may = all(s in corridor.ends or may_relay(inventory, corridor, s) for s in each.link.route.ends)
            direct = set(each.link.route.ends) == set(corridor.ends)
            carried = demand_bps(corridor) <= each.link.key_rate_bps * each.link.max_count * (1 + 1e-6)
            usable = may and carried and (direct or corridor.max_relays != 0)
            assert (q in each.corridors) == usable, (seed, each.link.id, q)


def test_parts_of_a_loss():
    fibres = {
        "f": {"ends": ["a", "m"], "length_km": 20, "connectors": 3, "splices": 4, "attenuation_db_per_km": 0.2},
        "g": fibre("m", "b", 3.5),
    }
    inventory = network(fibres, ONE, policy={"max_bypass_sites": 1, "bypass_loss_db": 0.5, "loss_margin_db": 0.25})
    [through] = [each for each in list_candidates(inventory).links if each.link.route.bypass_sites]
    parts = through.budget
    assert (parts.fibre, parts.connectors, parts.splices) == pytest.approx((7.5, 0.75, 0.2))
    assert (parts.patching, parts.margin, through.link.loss_db) == pytest.approx((0.5, 0.25, 9.2))
    assert (through.limit_db, through.headroom_db) == (10.0, pytest.approx(0.8))


@pytest.mark.parametrize(
    ("rest", "expected"),
    [
        ({"fibres": {"f": fibre("a", "b", 12)}}, ("loss_db", 12, 10)),
        ({"fibres": {"f": fibre("a", "b", amplified=True)}}, ("amplified", None, None)),
        ({"fibres": {"f": fibre("a", "b")}, "systems": {"q": system(strands=2)}}, ("strands", 1, 2)),
        ({"fibres": {"f": fibre("a", "b")}, "systems": {"q": system(max_length_km=15)}}, ("length_km", 20, 15)),
        ({"fibres": ROOMY, "sites": {"a": {"rack_units": 2}}, "systems": {"q": system(rack_units=3)},
          "items": {"node_items": {"kms": {"rack_units": 1}}}}, ("rack_units", 2, 4)),
        ({"fibres": {"f": {"ends": ["a", "b"], "loss_db": 5}}, "systems": {"q": system(wavelength_nm=1310)}},
         ("no_o_band_loss", None, None)),
        ({"fibres": {"f": {"ends": ["a", "b"], "loss_1310_db": 5}}}, ("no_c_band_loss", None, None)),
    ],
)  # fmt: skip
def test_refusals_with_value_and_limit(rest, expected):
    found = list_candidates(network(rest.pop("fibres"), ONE, **rest))
    assert found.links == ()
    [refusal] = found.refused
    assert (refusal.reason, refusal.value, refusal.limit) == expected


def test_links_that_no_corridor_could_use_and_superfluous_ones_are_listed_as_such():
    systems = {"q": system(), "worse": system(price=200)}
    forbidden = {s: {"trusted_node": "forbidden"} for s in ("n", "o")}
    found = list_candidates(network(LINE | {"h": fibre("n", "o")}, ONE, forbidden, systems))
    states = {(each.link.route.fibres, each.link.system): (each.corridors, each.considered) for each in found.links}
    assert states[("f",), "q"] == (("c",), True)
    assert states[("f",), "worse"] == (("c",), False) and states[("h",), "q"] == ((), False)


def test_an_inventory_without_corridors():
    inventory = network(LINE, {})
    assert [each.link.route.fibres for each in list_candidates(inventory).links] == [("f",), ("g",)]


def test_why_no_route_joins_two_sites():
    far = network({"f": fibre("a", "m", 8), "g": fibre("m", "b", 8)}, ONE, policy={"max_bypass_sites": 1})
    assert "over f, g, the best route, the loss is 16.50 dB, and q reaches 10.00 dB" in describe_gap(far, ("a", "b"))
    assert "through at most 0 patched sites" in describe_gap(network(LINE, ONE), ("a", "b"))


def test_outputs_say_the_same():
    inventory = network(LINE | {"h": fibre("a", "b", 14)}, ONE)
    found = list_considered(inventory, enumerate_candidates(inventory))
    told = json.loads(candidates_json(inventory, found, None))
    assert [link["fibres"] for link in told["links"]] == [["f"], ["g"]]
    assert [(x["fibres"], x["reason"], x["value"], x["limit"]) for x in told["refused"]] == [(["h"], "loss_db", 14, 10)]
    rows = candidates_csv(inventory, found).splitlines()
    assert len(rows) == 4 and len({row.count(",") for row in rows}) == 1
    text = candidates_text(inventory, found, None, 60)
    assert "q refused: 14.00 dB, it reaches 10.00 dB" in " ".join(text.split())
    assert "because not stated, is support of 1 of 1 product (q), set-up of 3 of 3 fibres" in " ".join(text.split())
    assert max(map(len, text.splitlines())) <= 60
