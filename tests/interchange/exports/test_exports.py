"""What the exports say is what the plan says, read back with other programs' readers where there are any."""

from __future__ import annotations

import csv
import io
import json
import pathlib
import re
from collections import Counter
from importlib import resources
from xml.etree import ElementTree

import fastkml
import jsonschema
import networkx as nx
import pytest
import yaml
from geojson_pydantic import FeatureCollection
from hash_seeds import under_two_hash_seeds
from plan_by_hand import INVENTORY, PLAN
from plan_fixtures import SAMPLE, make_link, make_plan, sample, turned

from qplan.errors import QplanError
from qplan.interchange.exports.formats import FORMATS, export
from qplan.interchange.exports.qkdnetsim import AES_LIFETIMES_BYTES, APP_RATES_BPS, nearest_traffic
from qplan.inventory.model import Inventory
from qplan.inventory.plant import strands_taken
from qplan.plan.model import Path, Plan

HOSTILE = 'Zürich <DC> & "1"\n]]> 🏔 \x07 -- {{x}} \ufffe =1+1'


def by_hand() -> tuple[Inventory, Plan]:
    """Sites mostly without places, two parallel systems, a patched site, an unserved corridor, a zero-length fibre."""
    return Inventory.model_validate(INVENTORY), Plan.model_validate(PLAN)


def parallel() -> tuple[Inventory, Plan]:
    """Two links between the same two sites, whose lengths and places are not known and whose names are hostile."""
    far = {"ends": ("a", "b"), "length_km": 0.0, "loss_db": 9.0, "strands": 8}
    system = {"key_rate_curve": ((1.0, 1e4), (20.0, 1e2))}
    inventory = Inventory.model_validate({
        "qplan": 1,
        "sites": {"a": {"name": HOSTILE, "operator": "x/y"}, "b": {"name": HOSTILE}},
        "fibres": {"f1": far, "f2": far | {"loss_db": 8.0}},
        "equipment": {"qkd_systems": {"q": system, "o": system | {"strands": 2, "technology": "cv-gmcs"}}},
        "corridors": {"c": {"ends": ("b", "a"), "otp_bps": 25e3}},
    })  # fmt: skip
    one = make_link(inventory, ("a", "b"), "q", ("f1",), count=3, load_bps=25e3)
    two = make_link(inventory, ("a", "b"), "o", ("f2",))
    return inventory, make_plan(inventory, (one, two), {"c": (Path(links=(one.id,), relays=()),)})


PLANS = {"sample": sample, "by_hand": by_hand, "parallel": parallel, "turned": turned}
every_plan = pytest.mark.parametrize("made", PLANS.values(), ids=PLANS)


def only_file(name: str, made: tuple[Inventory, Plan]) -> str:
    (text,) = export(name, *made).files.values()
    return text


def test_readme_names_every_format():
    table = (pathlib.Path(__file__).parents[3] / "README.md").read_text(encoding="utf-8").split("\n| format |")[1]
    assert set(re.findall(r"^\| `([a-z0-9-]+)` \|", table.split("\n\n")[0], re.MULTILINE)) == set(FORMATS)


DIGESTS = """
import hashlib, json
from plan_fixtures import sample
from qplan.interchange.exports.formats import FORMATS, export
print(json.dumps({f"{name}/{file}": hashlib.sha256(text.encode()).hexdigest()
                  for name in FORMATS for file, text in export(name, *sample()).files.items()}))
"""


def test_same_plan_gives_the_same_bytes():
    runs = under_two_hash_seeds(DIGESTS)
    assert runs[0] == runs[1]
    assert {name.partition("/")[0] for name in runs[0]} == set(FORMATS)
    assert all(known.several_files == (sum(f.startswith(f"{n}/") for f in runs[0]) > 1) for n, known in FORMATS.items())


@every_plan
def test_geojson_has_every_site_fibre_and_link_where_it_is(made):
    inventory, plan = made()
    found = FeatureCollection.model_validate_json(only_file("geojson", (inventory, plan)))
    by_kind = Counter(feature.properties["kind"] for feature in found.features)
    assert by_kind == Counter(site=len(inventory.sites), fibre=len(inventory.fibres), link=len(plan.links))
    for feature in found.features:
        known = feature.properties
        if known["kind"] == "site":
            site = inventory.sites[known["id"]]
            assert (feature.geometry is None) == (site.lat is None)
            assert feature.geometry is None or feature.geometry.coordinates == (site.lon, site.lat)
        elif known["kind"] == "link":
            link = next(link for link in plan.links if link.id == known["id"])
            assert (known["loss_db"], known["capacity_bps"]) == (link.loss_db, link.capacity_bps)
            stops = 2 + len(link.bypass_sites)
            assert feature.geometry is None or len(feature.geometry.coordinates) == stops
    strands = sum(feature.properties.get("strands_used", 0) for feature in found.features)
    assert strands == sum(strands_taken(inventory, plan.links).values())


def test_kml_is_read_by_fastkml_with_every_place():
    found = fastkml.KML.from_string(only_file("kml", sample()).split("\n", 1)[1])
    folders = {folder.name: list(folder.features) for folder in found.features[0].features}
    assert {name: len(marks) for name, marks in folders.items()} == {
        "QKD nodes": 4, "Other sites": 1, "QKD links": 4, "Fibres": 5
    }  # fmt: skip
    assert all(mark.geometry is not None for marks in folders.values() for mark in marks)
    (hut,) = folders["Other sites"]
    assert (hut.name, hut.geometry.coords) == ("Uster hut", ((8.72, 47.35),))
    patched = next(mark for mark in folders["QKD links"] if "rap-pop" in mark.name and "zrh" in mark.name)
    assert patched.geometry.coords == ((8.54, 47.38), (8.72, 47.35), (8.82, 47.23))


@every_plan
def test_graphml_is_read_by_networkx_as_the_graph_of_links(made):
    inventory, plan = made()
    graph = nx.parse_graphml(only_file("graphml", (inventory, plan)), force_multigraph=True)
    assert sorted(graph) == [node.site for node in plan.nodes]
    edges = graph.edges(keys=True, data=True)
    read = {key: (frozenset((a, b)), data["loss_db"], data["count"]) for a, b, key, data in edges}
    assert read == {link.id: (frozenset(link.ends), link.loss_db, link.count) for link in plan.links}


@every_plan
def test_ofds_keeps_to_the_schema_of_the_standard(made):
    inventory, plan = made()
    schema = json.loads((resources.files("libcoveofds") / "data/schema-0-3-0.json").read_text())
    package = json.loads(only_file("ofds", (inventory, plan)))
    jsonschema.Draft202012Validator(schema, format_checker=jsonschema.FormatChecker()).validate(package)
    (network,) = package["networks"]
    assert {span["id"]: span["fibreCount"] for span in network["spans"]} == strands_taken(inventory, plan.links)
    assert {end for span in network["spans"] for end in (span["start"], span["end"])} <= {
        node["id"] for node in network["nodes"]
    }


def test_a_span_of_ofds_follows_the_geometry_of_its_fibre():
    inventory, plan = sample()
    way = ((8.56, 47.4), (8.66, 47.48))
    bent = inventory.fibres["f-zrh-win"].model_copy(update={"geometry": way})
    drawn = inventory.model_copy(update={"fibres": {**inventory.fibres, "f-zrh-win": bent}})
    (network,) = json.loads(only_file("ofds", (drawn, plan)))["networks"]
    routes = {span["id"]: span["route"]["coordinates"] for span in network["spans"]}
    assert routes["f-zrh-win"][1:-1] == [list(place) for place in way]
    assert [len(route) for name, route in routes.items() if name != "f-zrh-win"] == [2] * (len(routes) - 1)


# Headings of the import forms of NetBox 4.6.8 that an export uses.
NETBOX = {
    "1-sites.csv": "name slug status latitude longitude description",
    "2-manufacturers.csv": "name slug",
    "3-device-types.csv": "manufacturer model slug part_number u_height description",
    "4-device-roles.csv": "name slug color vm_role",
    "5-devices.csv": "name role manufacturer device_type status site description",
    "6-rear-ports.csv": "device name type positions",
    "7-cables.csv": "side_a_site side_a_device side_a_type side_a_name side_b_site side_b_device side_b_type "
    "side_b_name type status label length length_unit description",
}


@every_plan
def test_netbox_files_refer_to_what_earlier_ones_make(made):
    inventory, plan = made()
    files = export("netbox", inventory, plan).files
    rows = {name: list(csv.DictReader(io.StringIO(text))) for name, text in files.items()}
    assert {name: " ".join(table[0]) for name, table in rows.items()} == NETBOX
    sites, makers, types, roles, devices, ports, cables = rows.values()
    assert len({site["name"].casefold() for site in sites}) == len({site["slug"] for site in sites}) == len(sites)
    assert all(len({row["slug"] for row in table}) == len(table) for table in (makers, types, roles))
    for device in devices:
        assert device["site"] in {site["name"] for site in sites}
        assert (device["manufacturer"], device["device_type"]) in {(t["manufacturer"], t["model"]) for t in types}
        assert device["manufacturer"] in {maker["name"] for maker in makers}
        assert device["role"] in {role["name"] for role in roles}
    assert len({device["name"] for device in devices}) == len(devices)
    assert sum(device["role"] == "QKD module" for device in devices) == 2 * sum(link.count for link in plan.links)
    at = {(device["description"], device["name"].rpartition("-")[2]): device["site"] for device in devices}
    names = {site["slug"]: site["name"] for site in sites}
    for link in plan.links:
        (receivers_at,) = {*link.ends} - {link.transmitters_at}
        assert (at[link.id, "tx"], at[link.id, "rx"]) == (names[link.transmitters_at], names[receivers_at])
    plugged = [(c[f"side_{x}_device"], c[f"side_{x}_name"]) for c in cables for x in "ab"]
    assert sorted(plugged) == sorted((port["device"], port["name"]) for port in ports)
    assert {cable["label"] for cable in cables} == set(strands_taken(inventory, plan.links))
    assert {cable["status"] for cable in cables} == {"planned"}


def test_no_cell_for_netbox_is_a_formula_and_names_still_meet():
    inventory, plan = sample()
    raw = inventory.model_dump()
    for site in raw["sites"].values():
        site |= {"name": "+1 Rack", "lat": -33.5}
    for system in raw["equipment"]["qkd_systems"].values():
        system |= {"manufacturer": '=HYPERLINK("http://x","y")', "model": "@" * 200, "part_number": "-48V"}
    files = export("netbox", Inventory.model_validate(raw), plan).files
    sites, makers, types, _, devices, *_ = (list(csv.DictReader(io.StringIO(text))) for text in files.values())
    texts = [cell for row in (*makers, *types, *devices) for cell in row.values()]
    assert [cell for cell in texts if cell[:1] in ("=", "+", "-", "@")] == []
    assert {row["manufacturer"] for row in (*types, *devices)} == {row["name"] for row in makers}
    assert {row["site"] for row in devices} == {row["name"] for row in sites}
    assert {row["name"][:7] for row in sites} == {"'+1 Rac"} and {row["part_number"] for row in types} == {"", "'-48V"}
    assert max(len(row["description"]) for row in types) == 200
    assert {row["latitude"] for row in sites} == {"-33.5"}


QKDNETSIM_LINK = {"startTime", "stopTime", "keyRate", "keySize", "ppPacketSize", "ppRate", "srcDstDistance",
                  "srcNodeId", "dstNodeId"}  # fmt: skip
QKDNETSIM_014 = {"startTime", "stopTime", "encryptionType", "authenticationType", "numberOfKeyToFetchFromKMSOptions",
                 "appHoldTimeValue", "appRate", "appPacketSize", "aesLifetime", "srcDstDistance", "srcNodeId",
                 "dstNodeId"}  # fmt: skip


@every_plan
def test_qkdnetsim_has_the_keys_of_its_own_example_and_numbers_from_one(made):
    inventory, plan = made()
    files = export("qkdnetsim", inventory, plan).files
    simulation, legend = json.loads(files["input.json"]), json.loads(files["map.json"])
    assert list(simulation) == ["qkd_links", "etsi_004", "etsi_014"]
    assert all(set(link) == QKDNETSIM_LINK for link in simulation["qkd_links"])
    assert all(set(application) == QKDNETSIM_014 for application in simulation["etsi_014"])
    numbers = {link[end] for link in simulation["qkd_links"] for end in ("srcNodeId", "dstNodeId")}
    assert numbers == set(range(1, len(plan.nodes) + 1)) == set(map(int, legend["nodes"]))
    links = simulation["qkd_links"]
    ends = [tuple(legend["nodes"][str(link[end])] for end in ("srcNodeId", "dstNodeId")) for link in links]
    assert ends == [link.ends for link in plan.links]
    assert [each["corridor"] for each in legend["etsi_014"]] == [c.id for c in plan.corridors if c.served]


@pytest.mark.parametrize("demand", [0, 0.5, 1.28, 68.27, 479, 480, 481, 19_000, 20_000, 1e6])
@pytest.mark.parametrize("is_otp", [True, False])
def test_qkdnetsim_traffic_is_the_least_that_is_enough(is_otp, demand):
    settings = [rate if is_otp else 32 * rate / life for rate in APP_RATES_BPS for life in AES_LIFETIMES_BYTES]
    enough = [takes for takes in settings if takes >= demand]
    found = nearest_traffic(is_otp, demand)
    assert found.takes_bps == (min(enough) if enough else max(settings))
    assert found.takes_bps == found.rate_bps * (1 if found.encryption == 1 else 32 / found.lifetime_bytes)


def test_what_does_not_fit_into_32_bits_is_refused():
    demand = {"bank-a": SAMPLE["corridors"]["bank-a"] | {"key_rate_bps": 1e10}}
    inventory = Inventory.model_validate(SAMPLE | {"corridors": SAMPLE["corridors"] | demand})
    _, plan = sample()
    served = [c.model_copy(update={"key_rate_bps": 1e10}) if c.id == "bank-a" else c for c in plan.corridors]
    with pytest.raises(QplanError, match=r"corridors\.bank-a asks for 1e\+10 bit/s"):
        export("etsi-015", inventory, plan.model_copy(update={"corridors": tuple(served)}))
    links = [link.model_copy(update={"capacity_bps": 1e10}) for link in plan.links]
    with pytest.raises(QplanError, match=r"links\.rap-pop--sg-hq.* gives 1e\+10 bit/s"):
        export("qkdnetsim", inventory, plan.model_copy(update={"links": tuple(links)}))


@every_plan
def test_quditto_lists_every_link_at_both_ends_with_its_loss(made):
    inventory, plan = made()
    files = export("quditto", inventory, plan).files
    config, hosts = yaml.safe_load(files["config.yaml"]), yaml.safe_load(files["inventory.yaml"])["all"]["hosts"]
    assert set(hosts) == {node["node_name"] for node in config["nodes"]} == {node.site for node in plan.nodes}
    assert {node["node_site"] for node in config["nodes"]} == set(config["sites"])
    seen = {(node["node_name"], near["name"]): near for node in config["nodes"] for near in node["neighbour_nodes"]}
    assert {frozenset(pair) for pair in seen} == {frozenset(link.ends) for link in plan.links}
    for (a, b), near in seen.items():
        least = min(link.loss_db for link in plan.links if set(link.ends) == {a, b})
        assert near["link_length"] * near["p_loss_length"] == pytest.approx(least, abs=1e-4)
        assert seen[b, a] == near | {"name": a}
    assert re.search(r"\d+\.\d+\.\d+\.\d+", files["config.yaml"] + files["inventory.yaml"]) is None


@every_plan
def test_sequence_channels_lose_what_the_links_lose(made):
    inventory, plan = made()
    exported = export("sequence", inventory, plan)
    topology = json.loads(exported.files["sequence.json"])
    assert [node["name"] for node in topology["nodes"]] == [node.site for node in plan.nodes]
    links = {link.id: link for link in plan.links}
    for channel in topology["qchannels"]:
        link = links.pop(channel["name"])
        assert channel["source"] == link.transmitters_at
        assert {channel["source"], channel["destination"]} == {*link.ends}
        assert channel["distance"] * channel["attenuation"] == pytest.approx(link.loss_db)
    assert all(any(left in note for note in exported.notes) for left in links)


def test_parallel_links_and_unknown_lengths_are_told():
    made = parallel()
    notes = "\n".join(export("sequence", *made).notes)
    assert "left out" in notes and "no length is known" in notes
    assert len(json.loads(only_file("sequence", made))["qchannels"]) == 1


@pytest.mark.parametrize("name", ["kml", "graphml"])
def test_hostile_names_are_text_in_xml(name):
    texts = [element.text for element in ElementTree.fromstring(only_file(name, parallel())).iter()]
    assert texts.count(HOSTILE.replace("\x07", "\ufffd").replace("\ufffe", "\ufffd")) == 2
