"""Advice is right when followed to the letter: what a message says to write has the meaning that was meant."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from qplan.errors import InvalidInput
from qplan.inventory.reader import read_inventory
from qplan.inventory.source.shape import shape_at

SMALL = """\
qplan: 1
sites: {a: {}, b: {}}
fibres: {f: {ends: [a, b], length_km: 20}}
equipment: {qkd_systems: {s: {key_rate_curve: [[9, 1e3]], price: 1}}}
corridors: {c: {ends: [a, b]}}
"""
DEMAND = "corridors.c.key_rate_bps=1"
WRITE = re.compile(r"; write (\{[^}]*\}|[^ ,;]+)")


def hint(folder: Path, *overrides: str) -> str:
    file = folder / "sites.yaml"
    file.write_text(SMALL, encoding="utf-8")
    with pytest.raises(InvalidInput) as refused:
        read_inventory(file, overrides=overrides)
    (finding,) = (item for item in refused.value.diagnostics if item.severity == "error" and item.code != "QP402")
    return finding.text()


VALUES = {  # address, what is written → what is meant
    ("corridors.c.rekey", "60s"): 256 / 60,
    ("corridors.c.rekey", "5 min"): 256 / 300,
    ("corridors.c.rekey", "30"): 256 / 30,
    ("corridors.c.rekey", "{interval_s: 2 h}"): 256 / 7200,
    ("corridors.c.rekey", "{interval_s: 60, key_bits: 32 bytes}"): 256 / 60,
    ("corridors.c.key_rate_bps", "16 kbps"): 16_000,
    ("corridors.c.key_rate_bps", "2k"): 2_000,
    ("corridors.c.otp_bps", "1.5 Mbit/s"): 1_500_000,
    ("corridors.c.rekey", "90 m"): 256 / 5400,
    ("corridors.c.otp_bps", "10 kB/s"): 80_000,
    ("corridors.c.otp_bps", "10 KB/s"): 80_000,
    ("corridors.c.otp_bps", "1 Mib/s"): 1_048_576,
    ("corridors.c.otp_bps", "1Mbit"): 1_000_000,
    ("fibres.f.length_km", "27 cm"): 0.00027,
    ("economics.horizon_years", "120 months"): 10,
    ("fibres.f.length_km", "45000 m"): 45,
    ("fibres.f.length_km", "28 mi"): 45.061632,
    ("fibres.f.length_km", "27,4 km"): 27.4,
    ("fibres.f.loss_db", '"11,9"'): 11.9,
    ("fibres.f.loss_db", "11.9dB"): 11.9,
    ("fibres.f.loss_db", "-11.9"): 11.9,
    ("fibres.f.loss_db", "-11,9 dB"): 11.9,
    ("fibres.f.cost_per_strand_year", "EUR 1200"): 1200,
    ("sites.a.trusted_node", "no"): "forbidden",
    ("sites.a.trusted_node", "yes"): "allowed",
    ("fibres.f.cost_per_strand_km_year", "CHF 1'240.50"): 1240.5,
    ("fibres.f.cost_per_strand_year", "1.234.567,5"): 1_234_567.5,
    ("sites.a.node_cost", "84k"): 84_000,
    ("sites.a.node_cost", "€ 1.2M"): 1_200_000,
    ("sites.a.power_w", "2 kW"): 2_000,
    ("sites.a.rack_units", "12U"): 12,
    ("economics.discount_rate", "5%"): 0.05,
    ("economics.discount_rate", "5 %"): 0.05,
    ("economics.contingency", '"12,5 %"'): 0.125,
    ("policy.key_rate_reserve", "10%"): 0.1,
    ("policy.key_rate_reserve", "10"): 0.1,
    ("economics.escalation.lease", "2 %"): 0.02,
    ("economics.start", "2027"): "2027-01",
    ("equipment.qkd_systems.s.clock_hz", "1.25 GHz"): 1.25e9,
    ("equipment.qkd_systems.s.wavelength_nm", "1.55 µm"): 1550,
    ("fibres.f.strands", "4.0"): 4,
    ("fibres.f.amplified", "yes"): True,
}


@pytest.mark.parametrize(("case", "meant"), VALUES.items(), ids=["=".join(case) for case in VALUES])
def test_the_value_advised_is_the_one_meant(case, meant, tmp_path):
    address, written = case
    demand = () if address.startswith("corridors.") else (DEMAND,)
    advised = WRITE.search(hint(tmp_path, f"{address}={written}", *demand))[1]
    stated = f"{address}={advised}"
    inner = re.search(r"(\w+): (?=[0-9]+ [a-z])", written)
    if inner:  # the advice is about one key of the mapping
        stated = f"{address}={re.sub(r'[0-9]+ [a-z]+', advised, written)}"
    inventory = read_inventory(tmp_path / "sites.yaml", overrides=[stated, *demand]).inventory
    if address.startswith("corridors."):
        assert inventory.corridors["c"].demand_bps == pytest.approx(meant, rel=1e-12)
    else:
        value = inventory
        for step in address.split("."):
            value = value[step] if isinstance(value, dict) else getattr(value, step)
        assert value == meant


KEYS = {  # a key that is unknown and its value → what is meant, as known keys and values
    ("corridors", "max_hops: 3"): {"max_relays": 2},
    ("corridors", "optional: true"): {"required": False},
    ("corridors", "optional: false"): {"required": True},
    ("corridors", "optional: no"): {"required": True},
    ("corridors", "max_relays:0"): {"max_relays": 0},
    ("fibres", "length_m: 27400"): {"length_km": 27.4},
    ("fibres", "loss_db:17.9"): {"loss_db": 17.9},
    ("sites", "power_kw: 2"): {"power_w": 2000},
    ("sites", "trusted_node:forbidden"): {"trusted_node": "forbidden"},
}


@pytest.mark.parametrize(("case", "meant"), KEYS.items(), ids=[entry for _, entry in KEYS])
def test_the_key_advised_is_the_one_meant(case, meant, tmp_path):
    section, entry = case
    begins = {"sites": "a: {", "fibres": "f: {", "corridors": "c: {"}[section]
    file = tmp_path / "sites.yaml"
    text = SMALL.replace("c: {ends: [a, b]", "c: {ends: [a, b], key_rate_bps: 1").replace(", length_km: 20", "")
    text = text.replace("a: {}, b: {}", "a: {lat: 47, lon: 8}, b: {lat: 47.1, lon: 8}")
    file.write_text(text.replace(begins, f"{begins}{entry}, "), encoding="utf-8")
    with pytest.raises(InvalidInput) as refused:
        read_inventory(file)
    (finding,) = (item for item in refused.value.diagnostics if item.severity == "error")
    advised = re.search(r"(\w+: [\w.]+)'?(?:;|$)", finding.hint.split("; ")[0])[1]
    file.write_text(text.replace(begins, f"{begins}{advised}, "), encoding="utf-8")
    read = getattr(read_inventory(file).inventory, section)[begins[0]]
    assert {key: getattr(read, key) for key in meant} == meant


@pytest.mark.parametrize(
    ("word", "known"),
    [
        ("loss", "loss_db"),
        ("length", "length_km"),
        ("attenuation", "attenuation_db_per_km"),
        ("srlg", "ducts"),
        ("loss_1550_db", "loss_db"),
        ("fibres", "strands"),
    ],
)
def test_the_word_advised_is_known(word, known, tmp_path):
    assert f"did you mean '{known}'?" in hint(tmp_path, f"fibres.f.{word}=1", DEMAND)
    assert known in shape_at(("fibres", "f")).keys


def test_an_ambiguous_comma_or_point_is_told_with_both_readings(tmp_path):
    assert "write 27400, or 27.4 if" in hint(tmp_path, 'fibres.f.length_km="27,400"', DEMAND)
    assert "write 27.4, or 0.0274 if" in hint(tmp_path, 'fibres.f.length_km="27,400 m"', DEMAND)
    assert "write 0.0274, or 27.4 if" in hint(tmp_path, 'fibres.f.length_km="27.400 m"', DEMAND)
    assert "write 12.5, or 12500 if" in hint(tmp_path, 'sites.a.node_cost="12.500 EUR"', DEMAND)
    assert "write 12.345 alone" in hint(tmp_path, 'fibres.f.length_km="12.345 km"', DEMAND)


@pytest.mark.parametrize(
    ("address", "written", "told"),
    [
        ("fibres.f.loss_db", "0.25 dB/km", "dB/km is the unit of keys that end in _db_per_km"),
        ("fibres.f.loss_db", "5dBm", "write what that is in dB, as a number alone"),
        ("sites.a.lat", "47°30'", "write what that is in degrees, as a number alone"),
        ("economics.horizon_years", "7 months", "write what that is in years, as a number alone"),
    ],
)
def test_a_number_in_another_unit_is_not_to_be_kept(address, written, told, tmp_path):
    assert hint(tmp_path, f"{address}={written}", DEMAND).endswith(f"; {told}")


@pytest.mark.parametrize("written", ["5 EUR/m", "84 tsd", "about 5", "1 2 3", "50%"])
def test_nothing_is_advised_where_nothing_is_certain(written, tmp_path):
    assert "write" not in hint(tmp_path, f"sites.a.node_cost={written}", DEMAND)


def test_a_decimal_comma_in_a_flow_mapping(tmp_path):
    file = tmp_path / "sites.yaml"
    file.write_text(
        SMALL.replace(
            "length_km: 20",
            "length_km: 45,5, loss_db: 11,9, cost_per_strand_year: 1,200.5, "
            "cost_per_strand_km_year: 1,200,000, setup_cost_per_strand: 1,2,3",
        ),
        encoding="utf-8",
    )
    with pytest.raises(InvalidInput) as refused:
        read_inventory(file)
    told = [(item.address, item.hint) for item in refused.value.diagnostics if item.code == "QP103"]
    assert told == [
        ("fibres.f.length_km", "write 45.5, with a decimal point"),
        ("fibres.f.loss_db", "write 11.9, with a decimal point"),
        ("fibres.f.cost_per_strand_year", "write 1200.5, with a decimal point"),
        ("fibres.f.cost_per_strand_km_year", "write 1200000"),
        ("fibres.f.setup_cost_per_strand", ""),
    ]
    assert {item.code for item in refused.value.diagnostics} == {"QP103", "QP402"}


@pytest.mark.parametrize(
    ("written", "advised"),
    [
        ("loss_db: 11,2 dB", "write 11.2 alone, in dB"),
        ("loss_db: 11,2dB", "write 11.2 alone, in dB"),
        ("length_km: 27,4 mi", "write 44.0960256 (27,4 mi in km)"),
        ("cost_per_strand_year: 1200,50 EUR", "write 1200.5 alone"),
    ],
)
def test_a_decimal_comma_with_a_unit_in_a_flow_mapping(written, advised, tmp_path):
    file = tmp_path / "sites.yaml"
    file.write_text(SMALL.replace("length_km: 20", written), encoding="utf-8")
    with pytest.raises(InvalidInput) as refused:
        read_inventory(file)
    (told,) = (item for item in refused.value.diagnostics if item.address.startswith("fibres"))
    assert (told.code, told.hint) == ("QP103", advised)


@pytest.mark.parametrize(
    "written", ["strands: 20,2 storeys", "length_km: 20, 2 km", "length_km: 20,'2 km'", "[a]: 1,2 km"]
)
def test_a_key_behind_a_comma_stays_a_key(written, tmp_path):
    file = tmp_path / "sites.yaml"
    file.write_text(SMALL.replace("length_km: 20", f"loss_db: 1, {written}"), encoding="utf-8")
    with pytest.raises(InvalidInput) as refused:
        read_inventory(file)
    found = {item.code for item in refused.value.diagnostics if item.address.startswith("fibres")}
    assert "QP102" in found and "QP103" not in found
