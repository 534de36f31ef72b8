"""What may be built: the edges of every condition, and that nothing an optimum needs is left out."""

from __future__ import annotations

import pytest
from networks import ONE, RATE_BPS, corridor, fibre, network, system

from qplan.candidates import routes
from qplan.candidates.links import enumerate_candidates
from qplan.candidates.model import BypassLimit, systems_needed
from qplan.candidates.precheck import precheck
from qplan.inventory.model import Inventory
from qplan.physics.bands import Band, band_at
from qplan.time_budget import TimeBudget


def systems_of(inventory: Inventory) -> list[str]:
    return sorted(link.system for link in enumerate_candidates(inventory).links)


@pytest.mark.parametrize(
    ("fields", "kept"),
    [
        ({"price": 50}, ["r"]),
        ({"price": 50, "strands": 2}, ["q", "r"]),  # where strands are short, the dearer one may be all that fits
        ({"price": 100, "strands": 2}, ["q"]),
        ({"price": 50, "key_rate_curve": [[10, 60]]}, ["q", "r"]),
    ],
)
def test_a_system_falls_only_to_one_that_is_as_good_in_all(fields, kept):
    systems = {"q": system(), "r": system(**fields)}
    assert systems_of(network({"f": fibre("a", "b", strands=3)}, ONE, systems=systems)) == kept


@pytest.mark.parametrize(("strand_price", "kept"), [(49, ["q", "r"]), (50, ["q"])])
def test_strands_that_a_system_saves_count_at_their_price_on_the_route(strand_price, kept):
    systems = {"q": system(), "r": system(price=50, strands=2)}
    fibres = {"f": fibre("a", "b", strands=3) | {"setup_cost_per_strand": strand_price}}
    assert systems_of(network(fibres, ONE, systems=systems)) == kept


@pytest.mark.parametrize(("length_km", "built"), [(20, 1), (20.0000001, 0), (None, 0)])
def test_a_system_with_a_greatest_length_needs_a_known_one(length_km, built):
    fibres = {"f": fibre("a", "b") | {"length_km": length_km}}
    assert len(systems_of(network(fibres, ONE, systems={"q": system(max_length_km=20)}))) == built


def test_rates_count_to_one_millionth():
    assert systems_needed(RATE_BPS * (1 + 9e-7), RATE_BPS) == 1
    assert systems_needed(RATE_BPS * (1 + 2e-6), RATE_BPS) == 2


def test_the_o_band_ends_where_the_contract_says():
    assert [band_at(nm) for nm in (1260, 1310, 1340, 1399.9)] == [Band.O] * 4
    assert [band_at(nm) for nm in (1400, 1530, 1550)] == [Band.C] * 3


def test_a_route_and_its_reverse_are_one_link():
    fibres = {"f": fibre("b", "m", loss_db=4.0), "g": fibre("m", "a", loss_db=4.0)}
    policy = {"max_bypass_sites": 1, "bypass_loss_db": 0.0}
    links = enumerate_candidates(network(fibres, {"c": corridor("b", "a")}, policy=policy)).links
    assert [(link.route.ends, link.route.fibres) for link in links] == [
        (("a", "b"), ("g", "f")), (("a", "m"), ("g",)), (("b", "m"), ("f",)),
    ]  # fmt: skip


def test_that_routes_are_too_many_is_not_taken_for_the_end_of_the_time(monkeypatch):
    monkeypatch.setattr(routes, "MAX_ROUTES", 0)
    inventory = network({"f": fibre("b", "m"), "g": fibre("m", "a")}, ONE, policy={"max_bypass_sites": 1})
    assert enumerate_candidates(inventory).bypass_limit == BypassLimit(0, in_time=True)


def test_where_the_time_is_over_single_fibres_are_left_and_nothing_is_claimed():
    fibres = {"f": fibre("b", "m", loss_db=4.0), "g": fibre("m", "a", loss_db=4.0)}
    inventory = network(fibres, ONE, policy={"max_bypass_sites": 1, "bypass_loss_db": 0.0})
    found = enumerate_candidates(inventory, clock=TimeBudget.of(0))
    assert found.bypass_limit == BypassLimit(0, in_time=False)
    assert [link.route.fibres for link in found.links] == [("g",), ("f",)]
    hopeless = network({"f": fibre("a", "m")}, ONE)
    assert precheck(hopeless, enumerate_candidates(hopeless)).alone
    assert not precheck(hopeless, enumerate_candidates(hopeless), TimeBudget.of(0)).impossible
