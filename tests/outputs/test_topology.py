"""The topology pictures: they show the whole plan, nothing collides, no name breaks a format, bytes do not change."""

from __future__ import annotations

import re
import xml.etree.ElementTree as ET
from itertools import combinations, pairwise
from math import dist
from pathlib import Path

import pytest
from hostile import HOSTILE, renamed
from hypothesis import given, settings
from hypothesis import strategies as st
from plan_fixtures import SAMPLE, make_link, make_plan, sample

from qplan.assessment.facts import assess
from qplan.inventory.model import Inventory
from qplan.inventory.reader import read_inventory
from qplan.outputs.topology import labels
from qplan.outputs.topology.diagram import diagram
from qplan.outputs.topology.dot import to_dot
from qplan.outputs.topology.geography import plane, unwrapped
from qplan.outputs.topology.layout import lay_out
from qplan.outputs.topology.mermaid import plain_line, to_mermaid
from qplan.outputs.topology.palette import Line, system_lines
from qplan.outputs.topology.spread import Box
from qplan.outputs.topology.svg import to_svg
from qplan.plan.model import Path as RelayPath
from qplan.plan.model import Plan

SVG = "{http://www.w3.org/2000/svg}"
DRAWN = {"path", "polygon", "ellipse", "text", "g", "title", "desc", "svg"}


def grid(size: int, placed: bool) -> tuple[Inventory, Plan]:
    """A square of sites, one corridor along its border and one through its middle."""
    places = [(row, column) for row in range(size) for column in range(size)]
    sites = {
        f"s{r}-{c}": {"name": f"Exchange {r} of {c}", **({"lat": 50 + r * r / 50, "lon": 8 + c / 10} if placed else {})}
        for r, c in places
    }
    pairs = [((r, c), (r, c + 1)) for r, c in places if c + 1 < size] + [
        ((r, c), (r + 1, c)) for r, c in places if r + 1 < size
    ]
    fibres = {
        f"f{a[0]}-{a[1]}-{b[0]}-{b[1]}": {
            "ends": (f"s{a[0]}-{a[1]}", f"s{b[0]}-{b[1]}"),
            "length_km": 30.0,
            "loss_db": 9.0,
        }
        for a, b in pairs
    }
    corridors = {"edge": {"ends": ("s0-0", f"s0-{size - 1}"), "key_rate_bps": 100.0}}
    inventory = Inventory.model_validate({**SAMPLE, "sites": sites, "fibres": fibres, "corridors": corridors})
    links = tuple(
        make_link(inventory, (f"s0-{c}", f"s0-{c + 1}"), "dv-metro", (f"f0-{c}-0-{c + 1}",), load_bps=100.0)
        for c in range(size - 1)
    )
    path = RelayPath(links=tuple(link.id for link in links), relays=tuple(f"s0-{c}" for c in range(1, size - 1)))
    return inventory, make_plan(inventory, links, {"edge": (path,)})


def svg_root(inventory: Inventory, plan: Plan) -> ET.Element:
    return ET.fromstring(to_svg(diagram(assess(inventory, plan))))


def titles(root: ET.Element) -> list[str]:
    return [element.text for element in root.iter(SVG + "title")]


def test_every_node_and_link_is_shown_in_every_format():
    inventory, plan = sample()
    picture = diagram(assess(inventory, plan))
    dot, mermaid, shown = to_dot(picture), to_mermaid(picture), titles(svg_root(inventory, plan))
    for node in plan.nodes:
        name = inventory.sites[node.site].name
        assert f'site="{node.site}"' in dot
        assert name in mermaid
        assert [title for title in shown if title.startswith(f"{name} ({node.site})")]
    for link in plan.links:
        assert f'link="{link.id}"' in dot
        assert [title for title in shown if f"{link.system}, {link.loss_db:.2f} dB of at most" in title]
    assert mermaid.count("===|") == len(plan.links) + sum(len(link.bypass_sites) for link in plan.links)


def test_svg_says_what_it_is_and_who_sees_keys():
    inventory, plan = sample()
    text = to_svg(diagram(assess(inventory, plan)))
    root = ET.fromstring(text)
    assert root.get("role") == "img"
    assert root[0].tag == SVG + "title" and root[0].text == "Zürich metro: QKD topology"
    assert root[1].tag == SVG + "desc" and "2 trusted nodes" in root[1].text
    written = {element.text for element in root.iter(SVG + "text")}
    assert "end and trusted node: sees keys in clear" in written
    assert "patched through: links that pass leave no keys here" in written
    assert not {"trusted node: sees keys in clear", "site without QKD in this plan"} & written  # there is none
    assert not re.search(r"(href|src|url\(|@import|<!DOCTYPE)", text)


def test_roles_follow_the_plan():
    inventory, plan = sample()
    kinds = {node.site: node.kind for node in diagram(assess(inventory, plan)).nodes}
    assert kinds == {
        "zrh-dc1": "end", "sg-hq": "end", "win-co": "end_relay", "rap-pop": "existing", "uster-hut": "bypass",
    }  # fmt: skip


@pytest.mark.parametrize("placed", [True, False])
def test_a_link_patched_through_a_site_at_which_another_ends_is_seen_to_pass_it(placed):
    inventory, plan = sample()
    sites = inventory.sites if placed else {s: x.model_copy(update={"lat": None}) for s, x in inventory.sites.items()}
    hut = inventory.corridors["grid-b"].model_copy(update={"ends": ("zrh-dc1", "uster-hut")})
    inventory = inventory.model_copy(update={"corridors": inventory.corridors | {"hut": hut}, "sites": sites})
    ending = make_link(inventory, ("zrh-dc1", "uster-hut"), "dv-metro", ("f-zrh-ust",))
    paths = {c.id: c.paths for c in plan.corridors} | {"hut": (RelayPath(links=(ending.id,), relays=()),)}
    picture = diagram(assess(inventory, make_plan(inventory, (*plan.links, ending), paths)))
    stop, pass_by = (node for node in picture.nodes if node.site == "uster-hut")
    assert (stop.kind, pass_by.kind, pass_by.roles) == ("end", "bypass", ())
    routes = {link.source: link for link in picture.links}
    patched = next(link for link in plan.links if link.bypass_sites)
    assert routes[ending.id].nodes[-1] == stop.id and routes[patched.id].nodes[1:-1] == (pass_by.id,)
    layout = lay_out(picture)
    line = list(pairwise(layout.routes[routes[patched.id].id]))
    assert not any(labels._crosses(layout.boxes[stop.id], *piece) for piece in line)
    assert layout.boxes[stop.id].overlap(layout.boxes[pass_by.id], gap=40) is not None  # side by side
    assert to_dot(picture).count('site="uster-hut"') == 2 and f"{pass_by.id}([" in to_mermaid(picture)


@pytest.mark.parametrize("writer", [to_dot, to_svg, to_mermaid])
def test_a_plan_without_links_is_a_valid_picture(writer):
    inventory, _ = sample()
    plan = make_plan(inventory, (), {"bank-a": (), "grid-b": ()})
    assert "Zürich DC 1" in writer(diagram(assess(inventory, plan)))
    empty = inventory.model_copy(update={"sites": {}, "fibres": {}, "corridors": {}})
    assert "0 QKD nodes" in writer(diagram(assess(empty, make_plan(empty, (), {}))))


@pytest.mark.parametrize("placed", [True, False])
@pytest.mark.parametrize("size", [3, 7, 9])
def test_boxes_do_not_overlap_and_labels_hide_no_site(size, placed):
    layout = lay_out(diagram(assess(*grid(size, placed))))
    for a, b in combinations(layout.boxes.values(), 2):
        assert a.overlap(b) is None
    for label in layout.labels.values():
        assert all(label.overlap(box) is None for box in layout.boxes.values())


def test_a_label_goes_aside_before_it_cuts_another_line():
    routes = {"short": ((0.0, 0.0), (-10.0, 60.0)), "other": ((20.0, 0.0), (90.0, 60.0))}
    placed = labels.place_labels({}, routes, {"short": (120.0, 22.0)})["short"]
    assert labels._crosses(placed, *routes["short"]) and not labels._crosses(placed, *routes["other"])


def test_labels_stand_where_looking_at_everything_would_put_them():
    """The cells only leave out what is too far away to matter."""
    layout = lay_out(diagram(assess(*grid(9, placed=True))))
    sizes = {key: (box.width, box.height) for key, box in layout.labels.items()}
    pieces = {key: list(pairwise(route))[::2] for key, route in layout.routes.items()}
    taken = list(layout.boxes.values())
    for key in sorted(sizes, key=lambda key: (max(dist(*piece) for piece in pieces[key]), key)):
        lines = [piece for other in pieces if other != key for piece in pieces[other]]
        found = labels._candidates(layout.routes[key], sizes[key][0], labels.SHARES)
        places = [Box(*place, *sizes[key]) for place in found]
        best = min(range(len(places)), key=lambda n: labels._cost(places[n], taken, lines) + n * sizes[key][1])
        assert layout.labels[key] == places[best]
        taken.append(places[best])


def test_many_sites_without_coordinates_stand_in_rows_and_the_picture_says_so(monkeypatch):
    for where in ("diagram", "layout"):
        monkeypatch.setattr(f"qplan.outputs.topology.{where}.MOST_LAID_OUT", 40)
    monkeypatch.setattr("qplan.outputs.topology.spread.FEW", 10)
    assert "they stand in rows" not in diagram(assess(*grid(7, placed=True))).hint
    picture = diagram(assess(*grid(7, placed=False)))
    assert "they stand in rows" in picture.hint
    assert not [pair for pair in combinations(lay_out(picture).boxes.values(), 2) if pair[0].overlap(pair[1])]


def test_a_map_keeps_north_above_and_east_to_the_right():
    inventory, plan = sample()
    picture = diagram(assess(inventory, plan))
    boxes = {node.site: lay_out(picture).boxes[node.id] for node in picture.nodes}
    assert boxes["win-co"].y > boxes["zrh-dc1"].y > boxes["rap-pop"].y
    assert boxes["sg-hq"].x > boxes["rap-pop"].x > boxes["zrh-dc1"].x


def test_sites_at_one_place_are_drawn_apart():
    inventory, plan = sample()
    sites = {key: site.model_copy(update={"lat": 47.0, "lon": 8.0}) for key, site in inventory.sites.items()}
    boxes = lay_out(diagram(assess(inventory.model_copy(update={"sites": sites}), plan))).boxes
    assert all(a.overlap(b) is None for a, b in combinations(boxes.values(), 2))


def test_a_large_inventory_shows_what_the_plan_uses_and_says_so():
    inventory, plan = grid(9, placed=True)
    picture = diagram(assess(inventory, plan))
    assert {node.site for node in picture.nodes} == {node.site for node in plan.nodes}
    assert not picture.shows_fibres
    assert "72 sites of the inventory left out" in to_svg(picture)
    small = diagram(assess(*grid(7, placed=True)))
    assert len(small.nodes) == 49 and small.shows_fibres


def test_links_between_the_same_sites_are_drawn_side_by_side():
    inventory, plan = sample()
    twin = make_link(inventory, ("zrh-dc1", "win-co"), "cv-long", ("f-zrh-win",))
    plan = make_plan(inventory, (*plan.links, twin), {c.id: c.paths for c in plan.corridors})
    picture = diagram(assess(inventory, plan))
    layout = lay_out(picture)
    first, second = (link.id for link in picture.links if link.name == "Zürich DC 1 – Winterthur CO")
    assert layout.routes[first] != layout.routes[second]
    assert layout.labels[first].overlap(layout.labels[second]) is None


def system_line(system: str) -> Line:
    """How a system looks by itself."""
    return system_lines([system])[system]


def test_a_system_keeps_its_look_whatever_else_is_planned():
    shipped = read_inventory(Path(__file__).parents[2] / "examples" / "metro" / "sites.yaml").inventory.equipment
    looks = {system: system_line(system) for system in shipped.qkd_systems}
    assert len(set(looks.values())) == len(looks) > 9
    assert system_lines(shipped.qkd_systems) == looks
    many = [f"own-{number}" for number in range(20)]
    assert len({*map(system_line, many)}) < len({*system_lines(many).values()}) == 20
    assert len(system_lines([*many, "one-too-many"])) == 21
    inventory, plan = sample()
    dot = to_dot(diagram(assess(inventory, plan)))
    fewer = make_plan(inventory, plan.links[:1], {"grid-b": ()})
    style = re.compile(rf'color="?({re.escape(system_line(plan.links[0].system)[0])})')
    assert style.search(dot) and style.search(to_dot(diagram(assess(inventory, fewer))))


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_names_are_inert(name):
    inventory, plan = renamed([name] * 6)
    picture = diagram(assess(inventory, plan))
    root = ET.fromstring(to_svg(picture))
    plain = svg_root(*sample())
    assert {element.tag.removeprefix(SVG) for element in root.iter()} <= DRAWN
    assert {key for element in root.iter() for key in element.attrib} == {
        key for element in plain.iter() for key in element.attrib
    }
    assert len(root.findall(f".//{SVG}g[@class='node']")) == len(plain.findall(f".//{SVG}g[@class='node']"))
    assert len(root.findall(f".//{SVG}g[@class='edge']")) == len(plain.findall(f".//{SVG}g[@class='edge']"))
    line = (
        r'  (n\d+\W+"[^"]*"\W+:::is_\w+|n\d+ ===\|"[^"]*"\| n\d+'
        r"|classDef is_\w+ [\w:#,-]+|acc(Title|Descr): [\w .,+()–-]+)"
    )
    head, *lines = to_mermaid(picture).splitlines()
    assert head == "flowchart LR"
    assert [text for text in lines if not re.fullmatch(line, text)] == []


def test_names_are_shown_as_they_are():
    names = ["N", "a\\N\\G", "<b>&amp;", "東京 ビル", "Žižkov", 'say "x"']
    written = {element.text for element in svg_root(*renamed(names)).iter(SVG + "text")}
    assert set(names) <= written


@settings(max_examples=25, deadline=None)
@given(st.text(max_size=60))
def test_any_name_gives_well_formed_svg(name):
    root = svg_root(*renamed([name, name, "b", "c", "d", "e"]))
    assert len(root.findall(f".//{SVG}g[@class='node']")) >= 5


@given(st.lists(st.floats(-180, 180), min_size=1, max_size=8))
def test_unwrapped_longitudes_span_the_least(longitudes):
    turned = unwrapped(longitudes)
    assert all(abs((a - b + 180) % 360 - 180) < 1e-6 for a, b in zip(turned, longitudes, strict=True))
    span = max(turned) - min(turned)
    assert all(span <= max(shifted) - min(shifted) + 1e-6 for shifted in _turns(longitudes))


def _turns(longitudes: list[float]) -> list[list[float]]:
    return [[(x - start) % 360 for x in longitudes] for start in longitudes]


def test_neighbours_across_the_antimeridian_stay_neighbours():
    (west, _), (east, _) = plane([(-17.0, 179.5), (-17.0, -179.5)])
    assert 0 < east - west < 1.1


def test_lines_without_entities_keep_the_unit_of_a_gap():
    assert plain_line("3 of 3 served. Proven within 0.1 %: <ok>") == "3 of 3 served. Proven within 0.1 per cent ok"
