"""The stages between rows and inventory: what must not change the outcome, and what each kind of trouble leads to."""

from __future__ import annotations

import random
import re
from dataclasses import replace
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from qplan.interchange.imports.draft import Draft, drafted
from qplan.interchange.imports.mapping import Assumptions
from qplan.interchange.imports.rows import FibreRow, Origin, Rows, SiteRow
from qplan.interchange.imports.stages.coordinates import distance_km
from qplan.physics.loss import geodesic_km

AT = Origin("net.csv")
UNITS = {"km": 1.0, "m": 1000.0, "mi": 1 / 1.609344, "ft": 1 / 0.0003048}


def network(seed: int, sites: int = 12, **more: object) -> Rows:
    """A ring with chords; every route is 1.1 to 1.6 times the great circle, no two sites are near each other."""
    rng = random.Random(seed)
    places = [(round(6 + 0.31 * i + rng.uniform(0, 0.1), 5), round(47 + rng.uniform(0, 2), 5)) for i in range(sites)]
    rows = [SiteRow(f"S{i}", AT, f"Site {i}", lat, lon) for i, (lon, lat) in enumerate(places)]
    pairs = [*pairwise(range(sites)), (sites - 1, 0), *((i, (i + 4) % sites) for i in range(0, sites, 3))]
    fibres = []
    for number, (a, b) in enumerate(pairs):
        km = round(distance_km(places[a], places[b]) * rng.uniform(1.1, 1.6), 3)
        fibres.append(FibreRow(f"F{number}", (f"S{a}", f"S{b}"), AT, km, **more))  # type: ignore[arg-type]
    return Rows(tuple(rows), tuple(fibres))


def draft(rows: Rows, **assume: object) -> Draft:
    return drafted(rows, Assumptions(**assume), "csv")  # type: ignore[arg-type]


def lengths(made: Draft) -> dict[str, float]:
    return {key: float(str(value["length_km"])) for key, value in made.fibres.items()}


def codes(made: Draft) -> set[str]:
    return {item.code for item in made.findings}


seeds = st.integers(0, 10**6)
few = settings(max_examples=15, deadline=None)


@few
@given(seeds, st.sampled_from(["m", "mi", "ft"]))
def test_unit_of_lengths_is_told_by_the_coordinates(seed, unit):
    rows = network(seed)
    scaled = replace(rows, fibres=tuple(replace(f, length=f.length * UNITS[unit]) for f in rows.fibres))
    as_km, inferred = lengths(draft(rows)), draft(scaled)
    assert lengths(inferred) == pytest.approx(as_km, abs=0.0011)
    assert "QP641" in codes(inferred) and "QP641" not in codes(draft(rows))
    assert all(str(value["labels"]["length_taken_as"]).endswith(unit) for value in inferred.fibres.values())
    stated = replace(scaled, fibres=tuple(replace(f, unit=unit) for f in scaled.fibres))
    assert lengths(draft(stated)) == lengths(inferred) and "QP641" not in codes(draft(stated))


def said(made: Draft, code: str) -> str:
    (message,) = (item.message for item in made.findings if item.code == code)
    return message


def test_times_of_the_great_circle_are_plain_figures():
    rows = network(3)
    metres = draft(replace(rows, fibres=tuple(replace(f, length=f.length * 1000) for f in rows.fibres)))
    assert re.search(r"they would be 1 \d\d0 times the great circle: taken as m, ", said(metres, "QP641"))


def test_parts_are_counted_as_they_are():
    sites = tuple(SiteRow(key, AT) for key in "ABCDE")
    apart = "parts that no fibre joins:"
    assert said(draft(Rows(sites[:3])), "QP661") == f"3 {apart} 3 sites without any fibre: A, B, C"
    fibres = (FibreRow("F", ("A", "B"), AT, 9.0, "km"), FibreRow("G", ("C", "D"), AT, 9.0, "km"))
    whole = f"3 {apart} 2 sites hang together; 2 sites around C; 1 site without any fibre: E"
    assert said(draft(Rows(sites, fibres)), "QP661") == whole


@few
@given(seeds)
def test_order_of_rows_changes_neither_ids_nor_entries(seed):
    rows = network(seed)
    clashing = (*rows.sites, SiteRow("s-0", AT, None, 50.0, 5.0), SiteRow("S 0", AT, None, 51.0, 5.0))
    rows = replace(rows, sites=clashing)
    rng = random.Random(seed)
    mixed = replace(
        rows,
        sites=tuple(rng.sample(rows.sites, len(rows.sites))),
        fibres=tuple(rng.sample(rows.fibres, len(rows.fibres))),
    )
    one, other = draft(rows), draft(mixed)
    assert one.sites == other.sites and one.fibres == other.fibres
    assert len({key.casefold() for key in one.sites}) == len(clashing) and "QP621" in codes(one)
    assert one.sites["S0"]["labels"] == {"source": "csv:S0"}


@few
@given(seeds)
def test_listing_fibres_from_both_sides_changes_nothing(seed):
    rows = network(seed, fields={"strands": 4})
    back = tuple(replace(row, key=f"{row.key}r", ends=row.ends[::-1]) for row in rows.fibres)
    once, twice = draft(rows), draft(replace(rows, fibres=rows.fibres + back))
    assert lengths(once) == lengths(twice) and "QP626" in codes(twice)
    assert {value["strands"] for value in twice.fibres.values()} == {4}


@few
@given(seeds, st.integers(2, 5))
def test_single_strands_become_strands_of_one(seed, count):
    rows = network(seed)
    strands = tuple(replace(row, key=f"{row.key}-{number}") for row in rows.fibres for number in range(count))
    made = draft(replace(rows, fibres=strands))
    assert list(lengths(made).values()) == list(lengths(draft(rows)).values()) and "QP627" in codes(made)
    assert {value["strands"] for value in made.fibres.values()} == {count}
    apart = tuple(row.with_fields(ducts=[row.key]) for row in strands)
    assert len(draft(replace(rows, fibres=apart)).fibres) == len(strands)


@few
@given(seeds)
def test_joints_on_the_way_change_no_length_and_no_site(seed):
    rows = network(seed)
    joints, pieces = [], []
    places = {site.key: site.place for site in rows.sites}
    for row in rows.fibres:
        (lon_a, lat_a), (lon_b, lat_b) = (places[end] for end in row.ends)
        joint = SiteRow(f"J{row.key}", AT, None, (lat_a + lat_b) / 2, (lon_a + lon_b) / 2, "joint")
        joints.append(joint)
        pieces += [
            replace(row, key=f"{row.key}a", ends=(row.ends[0], joint.key), length=row.length / 2),
            replace(row, key=f"{row.key}b", ends=(joint.key, row.ends[1]), length=row.length / 2),
        ]
    made = draft(Rows(rows.sites + tuple(joints), tuple(pieces)), merge_within_m=0)
    whole = draft(rows)
    assert made.sites.keys() == whole.sites.keys() and {"QP629"} <= codes(made)
    assert list(lengths(made).values()) == pytest.approx(list(lengths(whole).values()), abs=0.0011)
    assert {value["splices"] for value in made.fibres.values()} == {1}


@few
@given(seeds)
def test_exchanged_coordinates_are_found_by_range_or_by_lengths(seed):
    rows = network(seed)
    east = replace(rows, sites=tuple(replace(s, lon=round(s.lon + 110, 5)) for s in rows.sites))
    for right, sure in ((rows, False), (east, True)):
        swapped = replace(right, sites=tuple(replace(s, lat=s.lon, lon=s.lat) for s in right.sites))
        made = draft(swapped)
        if sure or "QP632" in codes(made):
            assert {k: (v["lat"], v["lon"]) for k, v in made.sites.items()} == {
                s.key: (s.lat, s.lon) for s in right.sites
            }
        assert "QP632" not in codes(draft(right))


def test_lengths_alone_tell_that_coordinates_are_exchanged():
    found = sum(
        "QP632" in codes(draft(replace(rows, sites=tuple(replace(s, lat=s.lon, lon=s.lat) for s in rows.sites))))
        for rows in map(network, range(40))
    )
    assert found > 20


@few
@given(seeds)
def test_degrees_minutes_are_read_as_such(seed):
    rows = network(seed)

    def minutes(x: float) -> float:
        return int(x) + round((x - int(x)) * 60) / 100 if round((x - int(x)) * 60) < 60 else float(int(x) + 1)

    coarse = replace(rows, sites=tuple(replace(s, lat=minutes(s.lat), lon=minutes(s.lon)) for s in rows.sites))
    made = draft(coarse)
    assert "QP633" in codes(made)
    for site in rows.sites:
        assert float(str(made.sites[site.key]["lat"])) == pytest.approx(site.lat, abs=0.0085)
    assert "QP633" not in codes(draft(coarse, coordinates="degrees"))


def test_pixels_and_grids_are_no_degrees():
    rows = network(1)
    pixels = replace(rows, sites=tuple(replace(s, lat=s.lat * 11.37, lon=s.lon * 57.1) for s in rows.sites))
    whole = replace(rows, sites=tuple(replace(s, lat=float(n), lon=float(n % 4)) for n, s in enumerate(rows.sites)))
    national = replace(
        rows, sites=tuple(replace(s, lat=1_200_000.5 + n, lon=2_600_000.0) for n, s in enumerate(rows.sites))
    )
    for made in (draft(pixels), draft(whole), draft(national), draft(replace(rows, degrees=False))):
        assert "QP631" in codes(made) and not any("lat" in site for site in made.sites.values())
        assert lengths(made)


def test_few_slips_are_no_reason_to_drop_all_coordinates():
    rows = network(2)
    for count in (12, 4):
        sites = (replace(rows.sites[0], lat=470.1), *rows.sites[1:count])
        made = draft(replace(rows, sites=sites))
        bare = [key for key, site in made.sites.items() if "lat" not in site and key in {row.key for row in sites}]
        assert {"QP635"} <= codes(made) - {"QP631"} and bare == ["S0"]


def test_great_circles_are_no_routes():
    rows = network(3)
    places = {site.key: site for site in rows.sites}

    def geodesic(row: FibreRow) -> float:
        a, b = (places[end] for end in row.ends)
        return round(geodesic_km(a.lat, a.lon, b.lat, b.lon), 2)

    straight = replace(rows, fibres=tuple(replace(row, length=geodesic(row)) for row in rows.fibres))
    made = draft(straight)
    assert "QP647" in codes(made) and not any("length_km" in fibre for fibre in made.fibres.values())
    assert all("great_circle_km" in fibre["labels"] for fibre in made.fibres.values())
    assert all("length_km" in fibre for fibre in draft(straight, lengths="routes").fibres.values())


def test_an_outlier_is_named_and_kept():
    rows = network(4)
    wrong = replace(rows, fibres=(replace(rows.fibres[0], length=rows.fibres[0].length * 1000), *rows.fibres[1:]))
    made = draft(wrong)
    (found,) = [item for item in made.findings if item.code == "QP642"]
    assert found.message.startswith("1 length") and "F0" in found.message
    assert lengths(made)["F0"] == pytest.approx(rows.fibres[0].length * 1000)


METRO = ((3000, 0.9), (4200, 1.1), (5100, 1.4))  # m, dB


@pytest.mark.parametrize(
    ("stated", "km", "unit", "odd"),
    [
        ([65, 64, 58, 98000], [65, 64, 58, 98000], "as km", "K3 (98000 km)"),
        ([65, 64, 58, (98000, "", 25)], [65, 64, 58, 98000], "as km", "K3 (98000 km)"),
        ([(65, "km"), 64, 58, 98000, 98], [65, 64, 58, 98000, 98], "as km", "K3 (98000 km)"),
        ([65, 98000], [65, 98000], "as km", "K1 (98000 km)"),
        ([4000, 5000, 31000], [4, 5, 31], "lead halfway around the globe: taken as m, 4000 as 4 km", ""),
        ([15000, (16, "km"), 17000], [15, 16, 17], "be 1 000 times those that state their unit: taken as m, ", ""),
        ([(m, "", db) for m, db in METRO], [3, 4.2, 5.1], "lose 0.00027 dB/km: taken as m, 3000 as 3 km", ""),
        ([(m / 0.3048, "", db) for m, db in METRO], [3, 4.2, 5.1], "taken as ft, ", ""),
        ([(m / 1000, "", db) for m, db in METRO], [3, 4.2, 5.1], "as km", ""),
        ([(98000, "km"), (65, "km")], [98000, 65], "", "K0 (98000 km)"),
    ],
)
def test_without_coordinates_most_lengths_tell_the_unit_and_an_outlier_does_not(stated, km, unit, odd):
    rows = []
    for number, (length, own, *loss) in enumerate(one if isinstance(one, tuple) else (one, "") for one in stated):
        fields = {"loss_db": loss[0]} if loss else {}
        rows.append(FibreRow(f"K{number}", (f"S{number}", "T"), AT, length, own or None, fields=fields))
    made = draft(Rows((), tuple(rows)))
    assert list(lengths(made).values()) == pytest.approx(km, abs=0.001)
    assert unit in said(made, "QP641") if unit else "QP641" not in codes(made)
    assert said(made, "QP642").endswith(f"usual: {odd}") if odd else "QP642" not in codes(made)


def test_one_fibre_with_coordinates_does_not_tell_the_unit_of_others_of_another_magnitude():
    sites = (SiteRow("A", AT, None, 47.0, 8.0), SiteRow("B", AT, None, 47.5, 8.0), SiteRow("C", AT))
    ends = (("A", "B"), ("A", "C"), ("B", "C"))
    rows = tuple(FibreRow(a + b, (a, b), AT, length) for (a, b), length in zip(ends, (60000, 65, 58), strict=True))
    made = draft(Rows(sites, rows))
    assert lengths(made) == {"AB": 60000, "AC": 65, "BC": 58} and "AB (60000 km" in said(made, "QP642")


def test_what_rows_of_one_site_say_otherwise_is_named():
    one = SiteRow("A", AT, "Bern", 47.0, 8.0, fields={"country": "CH"}, labels={"floor": "2"})
    other = SiteRow("A", AT, "Bern 2", 47.0, 8.1, fields={"country": "CH"}, labels={"floor": "3"})
    assert said(draft(Rows((one, replace(one)))), "QP615").startswith("1 site in several rows that agree")
    ending = "the first is taken; others say floor '3', name 'Bern 2', place (47, 8.1)"
    assert said(draft(Rows((one, other))), "QP615").endswith(ending)


def test_buildings_are_merged_and_their_cords_left_out():
    rows = network(5)
    first = rows.sites[0]
    room = replace(first, key="room", name=None, lat=first.lat + 0.0001)
    other = replace(room, key="other", lat=first.lat + 0.0002, fields={"operator": "citynet"})
    own = replace(first, fields={"operator": "acme"})
    far = replace(own, key="far", lat=first.lat + 0.0002)
    cords = (FibreRow("C1", ("S0", "room"), AT, 0.02, "km"), FibreRow("C2", ("far", "S0"), AT, 3.0, "km"))
    fibres = rows.fibres + cords + (FibreRow("F99", ("room", "S5"), AT, 300.0, "km"),)
    made = draft(Rows((own, *rows.sites[1:], room, other, far), fibres))
    assert {"room", "other", "far"} & made.sites.keys() == {"other", "far"}
    assert made.sites["S0"]["labels"] == {"source": ["csv:S0", "csv:room"], "merged": ["room"]}
    assert made.fibres["F99"]["ends"] == ["S0", "S5"] and "C1" not in made.fibres and "C2" in made.fibres
    assert {"QP624", "QP625", "QP651"} <= codes(made)
    assert "room" in draft(Rows((own, *rows.sites[1:], room), fibres[:-1] + cords), merge_within_m=0).sites


def test_poles_along_a_road_do_not_collapse_into_one():
    poles = tuple(SiteRow(f"P{n}", AT, None, 47.0 + n * 0.0004, 8.0) for n in range(40))  # 44 m apart
    made = draft(Rows(poles))
    assert len(made.sites) >= 20


def test_lines_end_at_sites_near_them_and_at_joints_where_there_is_none():
    sites = (SiteRow("A", AT, None, 47.0, 8.0), SiteRow("B", AT, None, 47.2, 8.3))
    line = FibreRow("L", ("", ""), AT, route=((8.0005, 47.0003), (8.1, 47.1), (8.2, 47.15)))
    rest = FibreRow("M", ("", ""), AT, route=((8.2, 47.15), (8.3, 47.2)))
    made = draft(Rows(sites, (line, rest)))
    (fibre,) = made.fibres.values()
    assert fibre["ends"] == ["A", "B"] and made.sites.keys() == {"A", "B"}
    drawn = sum(geodesic_km(a[1], a[0], b[1], b[0]) for row in (line, rest) for a, b in pairwise(row.route))
    assert fibre["length_km"] == pytest.approx(drawn, abs=0.0011)
    assert {"QP643", "QP645", "QP646", "QP629"} == codes(made)
    assert "QP645" not in codes(draft(Rows(sites, (line, rest)), snap_within_m=10))
