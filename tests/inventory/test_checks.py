"""The checks beyond keys and types: physics held against other arithmetic, and a rule for every code."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from qplan.inventory.checks import references as reference_checks
from qplan.inventory.checks.checks import ENTRY_CHECKS, REFERENCE_CHECKS, WHOLE_CHECKS, check
from qplan.inventory.checks.costs import today
from qplan.inventory.checks.lengths import check_lengths
from qplan.inventory.checks.physics import check_curves_keep_the_repeaterless_bound
from qplan.inventory.checks.view import View
from qplan.inventory.link_names import named_pairs
from qplan.inventory.model import Inventory
from qplan.inventory.plant import length_km
from qplan.inventory.reader import ID_SECTIONS
from qplan.inventory.rules import IMPORTS, PLANS, RULES
from qplan.inventory.source.messages import did_you_mean
from qplan.inventory.source.source_map import SourceMap, dotted
from qplan.physics.key_rate import rate_at_bps, repeaterless_bound_bps
from qplan.physics.loss import geodesic_km

ERRORS = Path(__file__).parent / "errors"


def view(declared: dict) -> View:
    inventory = Inventory.model_validate({"qplan": 1, **declared})
    ids = dict.fromkeys(map(dotted, ID_SECTIONS), frozenset()) | {"sites": frozenset(inventory.sites)}
    return View(inventory, SourceMap({}), ids, today())


def found(declared: dict) -> list[str]:
    return [item.code for item in check(view(declared), ids_known=True, all_valid=True)]


def test_every_rule_is_shown_by_a_file():
    shown = {code for path in ERRORS.glob("*.txt") for code in re.findall(r"\[(QP\d{3})\]", path.read_text("utf-8"))}
    assert shown == {code for code in RULES if not code.startswith((IMPORTS, PLANS))}


def test_disjoint_paths_to_a_site_that_is_not_there():
    fibres = {name: {"ends": ["a", end], "length_km": 20} for name, end in (("f", "b"), ("g", "b"), ("h", "c"))}
    corridors = {"q": {"ends": ["gone", "a"], "key_rate_bps": 1, "paths": 2}}
    codes = found({"sites": {"a": {}, "b": {}, "c": {}}, "fibres": fibres, "corridors": corridors})
    assert "QP202" in codes


def test_every_check_is_run():
    modules = {rule.__module__ for rule in ENTRY_CHECKS + WHOLE_CHECKS + REFERENCE_CHECKS}
    assert reference_checks.__name__ in modules
    for name in sorted(modules):
        module = __import__(name, fromlist=["*"])
        written = {value for key, value in vars(module).items() if key.startswith("check_")}
        assert written <= {*ENTRY_CHECKS, *REFERENCE_CHECKS, *WHOLE_CHECKS}


@settings(deadline=None, max_examples=60)
@given(
    steps=st.lists(st.floats(0.01, 15), min_size=1, max_size=5),
    start=st.floats(1e-9, 20),
    shares=st.lists(st.floats(-3, 0.3), min_size=6, max_size=6),
)
def test_curve_is_above_the_bound_exactly_where_samples_are(steps, start, shares):
    losses = [start]
    for step in steps:
        losses.append(losses[-1] + step)
    curve = [[loss, repeaterless_bound_bps(1e9, loss) * 10**share] for loss, share in zip(losses, shares, strict=False)]
    between = np.linspace(losses[0], losses[-1], 1500), np.geomspace(losses[0], losses[-1], 1500)  # steep near 0 dB
    samples = [*np.concatenate(between).tolist(), *losses]
    points = tuple(map(tuple, curve))
    excess = max(rate_at_bps(points, min(x, losses[-1])) / repeaterless_bound_bps(1e9, x) for x in samples)
    assume(abs(excess - 1) > 1e-3)
    seen = view({"equipment": {"qkd_systems": {"s": {"key_rate_curve": curve, "clock_hz": 1e9}}}})
    assert bool(list(check_curves_keep_the_repeaterless_bound(seen))) == (excess > 1)


@given(
    a=st.tuples(st.floats(-90, 90), st.floats(-180, 180)),
    b=st.tuples(st.floats(-90, 90), st.floats(-180, 180)),
    ratio=st.floats(0.9, 1.2),
)
def test_length_is_held_against_the_geodesic(a, b, ratio):
    geodesic = geodesic_km(*a, *b)
    assume(geodesic > 1e-6 and abs(ratio - 0.999) > 1e-9)
    sites = {"a": {"lat": a[0], "lon": a[1]}, "b": {"lat": b[0], "lon": b[1]}}
    fibres = {"f": {"ends": ["a", "b"], "length_km": geodesic * ratio}}
    codes = [item.code for item in check_lengths(view({"sites": sites, "fibres": fibres}))]
    assert codes == (["QP304"] if ratio < 0.999 else [])


@pytest.mark.parametrize(
    ("fibre", "wavelengths", "expected"),
    [
        ({}, [1310], ["QP307"]),
        ({"loss_1310_db": 3}, [1310], []),
        ({"loss_1310_db": 3}, [1310, 1550], ["QP308"]),
        ({"loss_1310_db": 3}, [1550], ["QP308"]),
        ({"loss_db": 3}, [1310], ["QP306", "QP308"]),
        ({"loss_db": 3}, [1310, 1550], ["QP306", "QP308"]),
        ({"loss_db": 3, "loss_1310_db": 3}, [1310], ["QP306"]),
        ({"loss_db": 3, "length_km": 9}, [1310], ["QP315"]),
        ({"loss_db": 3, "loss_1310_db": 3, "length_km": 9}, [1310], []),
        ({"length_km": 9}, [1310], []),
    ],
)
def test_what_a_fibre_must_state(fibre, wavelengths, expected):
    """MODEL "Loss": the ends have no coordinates, and systems of these bands are for sale."""
    system = {"key_rate_curve": [[9, 1e3]], "price": 1}
    codes = found({
        "sites": {"a": {}, "b": {"lat": 1, "lon": 1}},
        "fibres": {"f": {"ends": ["a", "b"], **fibre}},
        "equipment": {"qkd_systems": {f"s-{nm}": {**system, "wavelength_nm": nm} for nm in wavelengths}},
        "corridors": {"c": {"ends": ["a", "b"], "key_rate_bps": 1}},
    })  # fmt: skip
    assert codes == expected


@pytest.mark.parametrize(
    ("name", "pairs"),
    [
        ("a--b", ["a b "]),
        ("b--a--q", ["b a q"]),
        ("a--b--q--0f", ["a b--q 0f", "a b q--0f"]),
        ("c--d--a", ["c--d a "]),
        ("a--a", []),
        ("a--a--b", []),
        ("a--x", []),
        ("a", []),
        ("", []),
    ],
)
def test_a_link_is_called_by_two_different_sites(name, pairs):
    sites = {"a", "b", "b--q", "c--d"}
    assert [" ".join(found) for found in named_pairs(name, sites)] == pairs


def test_nothing_to_buy():
    system = {"key_rate_curve": [[9, 1e3]], "price": 1}
    assert "QP208" in found({})
    assert "QP208" in found({"equipment": {"qkd_systems": {"s": system}}, "policy": {"technologies": ["cv-gmcs"]}})
    assert "QP208" not in found({"equipment": {"qkd_systems": {"s": system}}})


def test_numbered_ducts_are_different_ducts():
    ducts = ["k12", "k13", "ring-a", "ring-b", "north-bridge", "south-bridge"]
    fibres = {
        f"f{i}": {"ends": ["a", "b"], "length_km": 5, "ducts": [duct]} for i, duct in enumerate(ducts + ducts[::2])
    }
    assert "QP207" not in found({"sites": {"a": {}, "b": {}}, "fibres": fibres})
    fibres["g"] = {"ends": ["a", "b"], "length_km": 5, "ducts": ["K-12"]}
    assert "QP211" in found({"sites": {"a": {}, "b": {}}, "fibres": fibres})


def test_no_rate_left_for_any_demand():
    """A reserve of 1 leaves no rate, and the arithmetic of "how many in parallel" must not divide by it."""
    declared = {
        "sites": {"a": {}, "b": {}},
        "fibres": {"f": {"ends": ["a", "b"], "length_km": 5}},
        "equipment": {"qkd_systems": {"s": {"key_rate_curve": [[9, 1e3]], "price": 1}}},
        "corridors": {"c": {"ends": ["a", "b"], "key_rate_bps": 1}},
        "policy": {"key_rate_reserve": 1},
    }
    assert found(declared) == ["QP408"]


def test_suggestions():
    assert did_you_mean("lng", ["lat", "lon"]) == "did you mean 'lon'?"
    assert did_you_mean("length", ["length_km", "loss_db"]) == "did you mean 'length_km'?"
    assert did_you_mean("ZRH", ["zrh", "zr"]) == "did you mean 'zrh'?"
    assert did_you_mean("quite-other", ["lat", "lon"]) == ""
    assert did_you_mean("site-04711x", [f"site-{i:05}" for i in range(20_000)]) == "did you mean 'site-04711'?"


@pytest.mark.parametrize(
    ("now", "stale"), [("1767225599", False), ("1767225600", True), ("soon", True), ("9" * 30, True)]
)
def test_a_quote_holds_until_the_end_of_its_last_day(now, stale, monkeypatch):
    monkeypatch.setenv("SOURCE_DATE_EPOCH", now)
    system = {"key_rate_curve": [[5, 1e3]], "price": 1, "labels": {"quote_valid_until": "2025-12-31"}}
    assert ("QP502" in found({"equipment": {"qkd_systems": {"s": system}}})) == stale


def rules_of(declared: dict) -> set[str]:
    return {item.code for item in check(view(declared), ids_known=True, all_valid=True)}


def ring(exchanged: bool) -> dict:
    """Eight sites around Zurich, joined in a ring by routes 1.25 times as long as the great circle."""
    places = {f"s{i}": (47.4 + 0.1 * (i % 3), 8.5 + 0.3 * i) for i in range(8)}
    fibres = {
        f"f{i}": {"ends": [a, b], "length_km": round(1.25 * geodesic_km(*places[a], *places[b]), 1)}
        for i, (a, b) in enumerate(zip(places, [*list(places)[1:], "s0"], strict=True))
    }
    sites = {name: dict(zip(("lat", "lon"), p[::-1] if exchanged else p, strict=True)) for name, p in places.items()}
    return {"sites": sites, "fibres": fibres}


WAY = [[8.54, 47.38], [8.61, 47.41], [8.72, 47.50]]  # of 19.25 km


@pytest.mark.parametrize(
    ("geometry", "length_km", "found"),
    [
        (WAY, 20, set()),
        (WAY[::-1], 40, set()),
        (WAY, 19.04, {"QP321"}),
        (WAY, 42, {"QP321"}),
        (WAY[:2], 20, {"QP320"}),
        ([[lat, lon] for lon, lat in WAY], 20, {"QP320"}),
    ],
)
def test_geometry_leads_from_end_to_end_and_fits_the_length(geometry, length_km, found):
    sites = {"a": {"lat": 47.38, "lon": 8.54}, "b": {"lat": 47.5, "lon": 8.72}}
    fibre = {"ends": ["a", "b"], "length_km": length_km, "geometry": geometry}
    declared = {"sites": sites, "fibres": {"f": fibre}}
    assert {"QP304", "QP316", "QP320", "QP321"} & rules_of(declared) == found
    hints = [item.hint for item in check(view(declared), ids_known=True, all_valid=True) if item.code == "QP320"]
    assert hints == [("lon comes before lat, as in GeoJSON" if geometry[0][0] > 47 else "")] * ("QP320" in found)


@pytest.mark.parametrize("places", [{}, {"lat": 47.0, "lon": 8.0}])
def test_a_fibre_without_length_is_as_long_as_its_geometry(places):
    fibre = {"ends": ["a", "b"], "geometry": WAY}
    declared = {"sites": {"a": places, "b": places}, "fibres": {"f": fibre}}
    inventory = view(declared).inventory
    assert length_km(inventory, inventory.fibres["f"]) == pytest.approx(19.25, abs=0.005)
    (said,) = [item for item in check(view(declared), ids_known=True, all_valid=True) if item.code == "QP305"]
    assert said.message == "fibres.f states no length; 19.25 km is used, that of its geometry"


def test_exchanged_coordinates_are_one_finding():
    assert not {"QP304", "QP316", "QP319"} & rules_of(ring(exchanged=False))
    assert {"QP304", "QP316", "QP319"} & rules_of(ring(exchanged=True)) == {"QP319"}
    wrong = ring(exchanged=False)
    for name in ("f0", "f1", "f2"):  # too short whichever way: these are wrong one by one
        wrong["fibres"][name]["length_km"] = 5
    assert {"QP304", "QP316", "QP319"} & rules_of(wrong) == {"QP304"}


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("CityNet", "citynet", True), ("City Net", "city-net", True), ("city_net", "citynet", True),
        ("Zu\u0308rich", "Zürich", True), ("Straße", "STRASSE", True), ("k12", "K-12", True), ("k1-2", "k1_2", True),
        ("k1-2", "k12", False), ("k12", "k13", False), ("ring-a", "ring-b", False), ("north", "noord", False),
    ],
)  # fmt: skip
def test_words_are_one_but_for_their_spelling(one, other, same):
    sites = {"a": {"operator": one}, "b": {"operator": other}, "c": {"operator": one}}
    assert ("QP211" in rules_of({"sites": sites})) == same
    assert "QP211" not in rules_of({"sites": {"a": {"operator": one}, "b": {"key_domain": other}}})


def test_countries_are_those_of_the_standard():
    for code in ("CH", "GB", "GR", "XK", "SX"):
        assert view({"sites": {"a": {"country": code}}})
    for code in ("UK", "EL", "YU", "EU", "AA", "ZZ", "XX"):
        with pytest.raises(ValueError, match="ISO 3166"):
            view({"sites": {"a": {"country": code}}})
