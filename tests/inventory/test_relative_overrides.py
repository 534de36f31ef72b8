"""`+=`, `-=`, `*=`, `*` for any id, and a factor on every demand: the same as the values written out."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from qplan.errors import InvalidInput
from qplan.inventory.reader import Reading, read_inventory

INVENTORY = {
    "qplan": 1,
    "defaults": {"fibre": {"strands": 4}, "corridor": {"rekey": {"interval_s": 60, "tunnels": 8}}},
    "sites": {"a": {}, "b": {}, "c": {"node_cost": 100}},
    "fibres": {
        "ab": {"ends": ["a", "b"], "length_km": 10},
        "bc": {"ends": ["b", "c"], "length_km": 20.5, "strands": 2},
    },
    "equipment": {"qkd_systems": {"s": {"key_rate_curve": [[0, 1e6], [20, 1e6]], "price": 0.1}}},
    "corridors": {
        "rate": {"ends": ["a", "b"], "key_rate_bps": 250},
        "pad": {"ends": ["a", "b"], "otp_bps": 1000.5},
        "own": {"ends": ["a", "b"], "rekey": {"key_bits": 128, "interval_s": 30}},
        "default": {"ends": ["b", "c"]},
    },
    "policy": {"loss_margin_db": 1},
    "scenarios": {"more": {"set": {"policy.loss_margin_db": 3}}},
}


@pytest.fixture
def file(tmp_path) -> Path:
    path = tmp_path / "sites.yaml"
    path.write_text(json.dumps(INVENTORY), encoding="utf-8")
    return path


def read(file: Path, *overrides: str, **options) -> Reading:
    return read_inventory(file, overrides=overrides, **options)


@pytest.mark.parametrize(
    ("relative", "written_out"),
    [
        (["policy.loss_margin_db+=0.2"], {"policy.loss_margin_db": 1.2}),
        (["policy.loss_margin_db -= 1"], {"policy.loss_margin_db": 0}),
        (["equipment.qkd_systems.s.price*=3"], {"equipment.qkd_systems.s.price": 0.3}),
        (["fibres.*.length_km*=2"], {"fibres.ab.length_km": 20, "fibres.bc.length_km": 41}),
        (["fibres.*.strands=1"], {"fibres.ab.strands": 1, "fibres.bc.strands": 1}),
        (["fibres.*.strands+=1"], {"fibres.ab.strands": 5, "fibres.bc.strands": 3}),
        (["sites.*.node_cost=7"], {"sites.c.node_cost": 7}),
        (["corridors.*.key_rate_bps*=2"], {"corridors.rate.key_rate_bps": 500}),
        (["policy.loss_margin_db=4", "policy.loss_margin_db*=2"], {"policy.loss_margin_db": 8}),
        (["policy.loss_margin_db+=1", "policy.loss_margin_db+=1"], {"policy.loss_margin_db": 3}),
        (["equipment.*.*.price=9"], {"equipment.qkd_systems.s.price": 9}),
    ],
)
def test_it_is_the_same_written_out(file, relative, written_out):
    found = read(file, *relative)
    assert found.set == written_out
    assert found == read(file, *(f"{address}={value}" for address, value in written_out.items()))


def test_a_scenario_comes_first(file):
    assert read(file, "policy.loss_margin_db*=2", scenario="more").set == {"policy.loss_margin_db": 6}


@pytest.mark.parametrize(
    ("override", "code", "said"),
    [
        ("corridors.*.key_rate=1", "QP016", "no entry of corridors states 'key_rate'; did you mean 'key_rate_bps'?"),
        ("sites.*.lat+=1", "QP016", "no entry of sites states 'lat'"),
        ("corridor.*.paths=1", "QP016", "did you mean 'corridors'?"),
        ("policy.bypass_loss_db+=1", "QP103", "there is no number at policy.bypass_loss_db that += could change"),
        ("fibres.ab.ends*=2", "QP103", "fibres.ab.ends is a list, which *= cannot change"),
        ("policy.loss_margin_db+=much", "QP103", "policy.loss_margin_db cannot be changed by 'much'"),
        ("policy.loss_margin_db-=2", "QP104", "policy.loss_margin_db"),
        ("+=1", "QP016", "unknown address '+'"),
        ("*=1", "QP016", "unknown address '*'"),
    ],
)
def test_what_cannot_be_is_told(file, override, code, said):
    with pytest.raises(InvalidInput) as caught:
        read(file, override)
    errors = [item for item in caught.value.diagnostics if item.severity == "error"]
    assert {item.code for item in errors} == {code} and said in errors[0].text()


@pytest.mark.parametrize("factor", [2, 0.5, 3, 1.1, 7])
def test_a_factor_is_on_every_demand_however_it_is_stated(file, factor):
    before, after = read(file).inventory, read(file, demand_factor=factor).inventory
    assert {q: c.demand_bps for q, c in after.corridors.items()} == pytest.approx(
        {q: factor * c.demand_bps for q, c in before.corridors.items()}, rel=1e-12
    )
    same = {"key_rate_bps", "otp_bps", "rekey"}
    for q, corridor in after.corridors.items():
        assert corridor.model_dump(exclude=same) == before.corridors[q].model_dump(exclude=same)
        if corridor.rekey is not None:
            assert corridor.rekey.key_bits == before.corridors[q].rekey.key_bits


def test_what_is_recorded_gives_the_same_inventory_again(file):
    """The scenario and `set` of a plan lead to the inventory that it was made from."""
    found = read(file, "fibres.*.strands+=1", "corridors.rate.otp_bps=64000", scenario="more", demand_factor=2)
    again = read(file, *(f"{at}={json.dumps(value)}" for at, value in found.set.items()), scenario="more")
    assert again.effective_json == found.effective_json and again.set == found.set
