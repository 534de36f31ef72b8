"""The map page: complete, self-contained, inert for any name, and honest about sites it cannot place."""

from __future__ import annotations

import hashlib
import json
import re
from base64 import b64encode
from functools import cache
from html.parser import HTMLParser

import pytest
from hostile import HOSTILE, renamed
from hypothesis import given, settings
from hypothesis import strategies as st
from plan_fixtures import make_link, make_plan, sample

from qplan.assessment.facts import assess
from qplan.interchange.exports.layers import link_features
from qplan.inventory.model import Inventory
from qplan.outputs.map.basemap import Frame, base_map
from qplan.outputs.map.page import map_html


class Page(HTMLParser):
    """Elements with attributes, visible text, and the texts of scripts and styles of a page."""

    def __init__(self, html: str):
        super().__init__()
        self.elements: list[tuple[str, tuple[str, ...]]] = []
        self.values: list[tuple[str, str]] = []
        self.policy = ""
        self.blocks: list[tuple[str, dict, str]] = []
        self.text = ""
        self.feed(html)
        self.close()

    def handle_starttag(self, tag, attrs):
        self.elements.append((tag, tuple(name for name, _ in attrs)))
        self.values += [(name, value or "") for name, value in attrs]
        if dict(attrs).get("http-equiv") == "Content-Security-Policy":
            self.policy = dict(attrs)["content"]
        if tag in ("script", "style"):
            self.blocks.append((tag, dict(attrs), ""))

    def handle_data(self, data):
        if self.cdata_elem:
            tag, attrs, text = self.blocks[-1]
            self.blocks[-1] = (tag, attrs, text + data)
        else:
            self.text += data

    @property
    def data(self) -> dict:
        return json.loads(next(text for _, attrs, text in self.blocks if attrs.get("id") == "plan-data"))


@cache
def sample_page() -> Page:
    return Page(map_html(assess(*sample())))


def without_places(site_ids):
    inventory, plan = sample()
    sites = {
        key: site.model_copy(update={"lat": None, "lon": None}) if key in site_ids else site
        for key, site in inventory.sites.items()
    }
    return inventory.model_copy(update={"sites": sites}), plan


def test_every_site_link_and_corridor_is_on_the_map_with_its_facts():
    inventory, plan = sample()
    data = sample_page().data
    sites = {dict(site["facts"])["Site"]: site for site in data["sites"]}
    assert {key: tuple(site["place"]) for key, site in sites.items()} == {
        key: (site.lat, site.lon) for key, site in inventory.sites.items()
    }
    assert dict(sites["win-co"]["facts"])["Sees whole keys of"] == "bank-a"
    assert len(data["links"]) == len(plan.links)
    south = next(link for link in data["links"] if link["name"] == "Zürich DC 1 – Rapperswil PoP")
    assert south["line"] == [[47.38, 8.54], [47.35, 8.72], [47.23, 8.82]]
    facts = dict(south["facts"])
    assert facts["Loss"] == "9.80 dB of at most 24.00 dB"
    assert (facts["System"], facts["Corridors"], facts["Keys in clear at"]) == (
        "1 × dv-metro",
        "bank-a",
        "Rapperswil PoP",
    )
    assert len(data["corridors"]["bank-a"]["links"]) == 4
    assert data["corridors"]["grid-b"]["paths"] == ["Zürich DC 1 → Winterthur CO"]


def test_parallel_links_do_not_cover_each_other():
    inventory, plan = sample()
    twin = make_link(inventory, ("zrh-dc1", "win-co"), "cv-long", ("f-zrh-win",))
    twins = make_plan(inventory, (*plan.links, twin), {c.id: c.paths for c in plan.corridors})
    lines = [
        link["line"]
        for link in Page(map_html(assess(inventory, twins))).data["links"]
        if "Winterthur CO" in link["name"]
    ]
    assert len(lines) == 3
    assert len({tuple(map(tuple, line)) for line in lines}) == 3


def test_what_is_there_is_thin_and_what_is_retired_is_drawn_apart():
    inventory, plan = sample()
    first, second, *rest = plan.links
    there = {
        name: {"ends": link.ends, "fibres": link.fibres, "system": link.system, "keep": False}
        for name, link in {"kept": first, "gone": second}.items()
    }
    inventory = Inventory.model_validate(inventory.model_dump(by_alias=True) | {"existing": {"links": there}})
    links = (first.model_copy(update={"existing": 1}), *rest)
    data = Page(map_html(assess(inventory, plan.model_copy(update={"links": links, "corridors": ()})))).data
    assert [link["existing"] for link in data["links"]] == [True] + [False] * len(rest)
    assert ["gone" in item["name"] for item in data["retired"]] == [True]


def test_sites_at_one_place_are_drawn_apart_and_say_so():
    inventory, plan = sample()
    here = inventory.sites["win-co"]
    sites = {**inventory.sites, "sg-hq": inventory.sites["sg-hq"].model_copy(update={"lat": here.lat, "lon": here.lon})}
    data = Page(map_html(assess(inventory.model_copy(update={"sites": sites}), plan))).data
    assert len({tuple(site["place"]) for site in data["sites"]}) == 5
    shifted = [dict(site["facts"])["Site"] for site in data["sites"] if "Position" in dict(site["facts"])]
    assert shifted == ["sg-hq", "win-co"]


def test_the_page_asks_for_nothing_and_its_policy_admits_its_own_scripts_only():
    page = sample_page()
    assert not [value for name, value in page.values if name in ("href", "src", "srcset", "action", "style", "onload")]
    assert not [tag for tag, _ in page.elements if tag in ("link", "img", "iframe", "object", "base", "a")]
    rules = dict(rule.split(" ", 1) for rule in page.policy.split("; "))
    assert rules["default-src"] == "'none'"
    for tag, attrs, text in page.blocks:
        if attrs.get("type") != "application/json":
            digest = b64encode(hashlib.sha256(text.encode()).digest()).decode()
            assert f"'sha256-{digest}'" in rules[f"{tag}-src"]
    assert "unsafe" not in page.policy


@pytest.mark.parametrize("name", [*HOSTILE, "--><!--<script>", "</script\u2028>&lt;"])
def test_hostile_names_are_inert(name):
    plain, page = sample_page(), Page(map_html(assess(*renamed([name] * 6))))
    assert page.elements == plain.elements
    code = [text for tag, attrs, text in page.blocks if attrs.get("type") != "application/json"]
    assert code == [text for tag, attrs, text in plain.blocks if attrs.get("type") != "application/json"]
    assert page.policy == plain.policy


@settings(max_examples=15, deadline=None)
@given(st.text(max_size=60))
def test_no_name_ends_the_data_or_changes_the_page(name):
    html = map_html(assess(*renamed([name, name, "b", "c", "d", "e"])))
    data = re.search(r'<script type="application/json" id="plan-data">(.*?)</script>', html, re.DOTALL)[1]
    assert not set("<>&\u2028\u2029") & set(data)
    assert html.encode("utf-8")
    assert Page(html).elements == sample_page().elements


def test_sites_without_coordinates_are_named_with_the_links_that_are_missing():
    page = Page(map_html(assess(*without_places({"rap-pop"}))))
    assert "These sites state no coordinates:" in page.text
    assert "Rapperswil PoP – St. Gallen HQ" in page.text.split("Hence these QKD links are not drawn:")[1]
    assert [len(link["line"]) for link in page.data["links"]].count(0) == 2
    assert len(page.data["sites"]) == 4


def test_a_patched_through_site_without_coordinates_leaves_the_link_on_the_map():
    data = Page(map_html(assess(*without_places({"uster-hut"})))).data
    south = next(link for link in data["links"] if link["name"] == "Zürich DC 1 – Rapperswil PoP")
    assert south["line"] == [[47.38, 8.54], [47.23, 8.82]]


@pytest.mark.parametrize("turned", [False, True])
def test_lines_follow_the_geometry_of_fibres_whichever_end_it_begins_at(turned):
    inventory, plan = sample()
    way = ((8.56, 47.37), (8.63, 47.3), (8.71, 47.34))
    bent = inventory.fibres["f-zrh-ust"].model_copy(update={"geometry": way[::-1] if turned else way})
    drawn = inventory.model_copy(update={"fibres": {**inventory.fibres, "f-zrh-ust": bent}})
    links = Page(map_html(assess(drawn, plan))).data["links"]
    hut = inventory.sites["uster-hut"]
    line = [[47.38, 8.54], *([lat, lon] for lon, lat in way), [hut.lat, hut.lon], [47.23, 8.82]]
    assert [link["line"] for link in links if link["name"] == "Zürich DC 1 – Rapperswil PoP"] == [line]
    [south] = [each for each in link_features(drawn, plan) if each.id == links_by_ends(plan)["zrh-dc1", "rap-pop"]]
    assert [list(place) for place in south.positions] == [place[::-1] for place in line]


def links_by_ends(plan):
    return {link.ends: link.id for link in plan.links} | {link.ends[::-1]: link.id for link in plan.links}


def test_without_any_coordinates_the_page_says_so():
    inventory, plan = without_places(sample()[0].sites)
    page = Page(map_html(assess(inventory, plan)))
    assert "No site of this plan states coordinates" in page.text and "topology.svg" in page.text
    assert "frame" not in page.data and ("div", ("id", "role", "aria-label")) not in page.elements
    assert "Winterthur CO – St. Gallen HQ" in page.text


def test_a_plan_without_links_or_sites_has_a_page():
    inventory, _ = sample()
    assert "0 QKD links" in map_html(assess(inventory, make_plan(inventory, (), {"bank-a": (), "grid-b": ()})))
    empty = inventory.model_copy(update={"sites": {}, "fibres": {}, "corridors": {}})
    assert "No map" in map_html(assess(empty, make_plan(empty, (), {})))


@pytest.mark.parametrize(
    ("frame", "land", "sea"),
    [
        (Frame(5, 45, 10, 49), (8.5, 47.4), None),  # the Alps
        (Frame(-2, 49, 4, 53), (0.1, 52.2), (2.5, 51.9)),  # Cambridge and the North Sea
        (Frame(137, 33, 142, 38), (139.2, 36.0), (139.0, 34.0)),  # Tokyo
        (Frame(176, -20, 184, -14), (178.0, -17.8), (181.0, -19.0)),  # Fiji, across the antimeridian
    ],
)
def test_the_ground_is_land_where_there_is_land(frame, land, sea):
    ground = base_map(frame)
    assert all(frame.holds(point) for ring in ground.land for point in ring)
    assert _covered(ground.land, land)
    assert sea is None or not _covered(ground.land, sea)


def test_a_border_runs_between_zurich_and_milan():
    lines = base_map(Frame(7, 45, 10, 48)).borders
    assert any(7.5 < x < 10 and 45.8 < y < 46.6 for line in lines for x, y in line)


def _covered(rings, point) -> bool:
    """Even-odd rule: does a ray to the east cross the rings an odd number of times?"""
    x, y = point
    crossings = 0
    for ring in rings:
        for (ax, ay), (bx, by) in zip(ring, ring[1:] + ring[:1], strict=True):
            if (ay > y) != (by > y) and x < ax + (y - ay) / (by - ay) * (bx - ax):
                crossings += 1
    return crossings % 2 == 1
