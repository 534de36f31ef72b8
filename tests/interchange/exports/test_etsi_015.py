"""The nodes' files fit together and hold only what the YANG modules of ETSI GS QKD 015 V2.1.1 take as configuration."""

from __future__ import annotations

import json
import os
import re

import pytest
from plan_by_hand import INVENTORY, PLAN
from plan_fixtures import sample, turned

from qplan.interchange.exports.formats import export
from qplan.inventory.model import Inventory
from qplan.plan.model import Plan

UUID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-5[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}")
STATE_OR_CONDITIONAL = ("status", "performance", "phys_", "virt_", "creation_time", "statistics")


def by_hand() -> tuple[Inventory, Plan]:
    return Inventory.model_validate(INVENTORY), Plan.model_validate(PLAN)


every_plan = pytest.mark.parametrize("made", [sample, by_hand, turned])


def exported(made) -> tuple[dict, dict]:
    """The nodes by site, and what stands beside them."""
    files = {name: json.loads(text) for name, text in export("etsi-015", *made).files.items()}
    links = files.pop("links.json")
    nodes = {}
    for name, document in files.items():
        (key,) = document
        assert key == "etsi-qkd-sdn-node:qkd_node"
        nodes[name.removeprefix("node-").removesuffix(".json")] = document[key]
    return nodes, links


def leaves(value, path=()):
    if isinstance(value, dict):
        for key, item in value.items():
            yield from leaves(item, (*path, key))
    elif isinstance(value, list):
        for item in value:
            yield from leaves(item, path)
    else:
        yield path, value


@every_plan
def test_leaves_are_of_their_types_and_none_is_state_or_under_a_condition(made):
    nodes, _ = exported(made())
    for path, value in (leaf for node in nodes.values() for leaf in leaves(node)):
        assert not any(word in step for step in path for word in STATE_OR_CONDITIONAL), path
        if path[-1].endswith(("qkdn_id", "qkdl_id", "app_id")) or path[-1] == "qkdl_applications":
            assert UUID.fullmatch(value), path
        elif path[-1] in ("qkdi_id", "min_bandwidth"):
            assert isinstance(value, int) and 0 <= value < 2**32
        elif path[-1] == "max_absorption":
            assert re.fullmatch(r"\d+\.\d{3}", value)
        elif path[-1] in ("qkdl_type", "app_type", "role_support", "qkdi_type"):
            assert value.startswith("etsi-qkd-node-types:")


@every_plan
def test_every_link_is_at_both_its_nodes_and_uses_their_interfaces(made):
    inventory, plan = made()
    nodes, beside = exported((inventory, plan))
    assert {site: node["qkdn_id"] for site, node in nodes.items()} == beside["nodes"]
    physical, transmitters = {}, {}
    for node in nodes.values():
        roles = {
            interface["qkdi_id"]: interface["qkdi_capabilities"]["role_support"]
            for interface in node["qkd_interfaces"]["qkd_interface"]
        }
        numbers = list(roles)
        assert numbers == list(range(1, len(numbers) + 1))
        used = []
        for link in node["qkd_links"]["qkd_link"]:
            assert link["qkdl_local"]["qkdn_id"] == node["qkdn_id"]
            if link["qkdl_type"].endswith(":PHYS"):
                used.append(link["qkdl_local"]["qkdi_id"])
                if roles[used[-1]].endswith(":TRANSMITTER"):
                    transmitters[link["qkdl_id"]] = (link["qkdl_local"]["qkdn_id"], link["qkdl_remote"]["qkdn_id"])
                physical.setdefault(link["qkdl_id"], []).append((link["qkdl_local"], link["qkdl_remote"]))
        assert sorted(used) == numbers
    assert set(physical) == {link["qkdl_id"] for link in beside["physical"]}
    assert len(physical) == sum(link.count for link in plan.links)
    for (local, remote), other in physical.values():
        assert other == (remote, local)
    ends = {link.id: {beside["nodes"][end] for end in link.ends} for link in plan.links}
    at = {link.id: beside["nodes"][link.transmitters_at] for link in plan.links}
    for link in beside["physical"]:
        assert transmitters[link["qkdl_id"]] == (link["transmitter"], link["receiver"])
        assert link["transmitter"] == at[link["link"]] and {link["transmitter"], link["receiver"]} == ends[link["link"]]


@every_plan
def test_applications_are_the_served_corridors_backed_by_links_of_their_nodes(made):
    inventory, plan = made()
    nodes, beside = exported((inventory, plan))
    ends = {app: [] for app in beside["applications"].values()}
    for site, node in nodes.items():
        links = {link["qkdl_id"]: link for link in node["qkd_links"]["qkd_link"]}
        for app in node["qkd_applications"]["qkd_app"]:
            ends[app["app_id"]].append(site)
            assert set(app["backing_qkdl_id"]) <= set(links)
            for link in app["backing_qkdl_id"]:
                assert app["app_id"] in links[link]["qkdl_applications"]
                assert app["remote_qkdn_id"] == links[link]["qkdl_remote"]["qkdn_id"]
    served = {corridor.id for corridor in plan.corridors if corridor.served}
    assert set(beside["applications"]) == served
    assert all(set(ends[app]) == set(inventory.corridors[c].ends) for c, app in beside["applications"].items())
    relays = [{hop["qkdn_id"] for hop in link["relays"]} for link in beside["virtual"]]
    paths = [path for corridor in plan.corridors for path in corridor.paths if path.relays]
    assert relays == [{beside["nodes"][site] for site in path.relays} for path in paths]


@pytest.mark.readers
@every_plan
def test_libyang_takes_every_node(made):
    """ETSI's modules etsi-qkd-sdn-node.yang and etsi-qkd-node-types.yang are at forge.etsi.org (gs015-ctrl-int-sdn):

    pip install oopt-gnpy-libyang && ETSI_QKD_015_YANG=<their folder> python -m pytest -n0 -m readers tests/interchange
    """
    import oopt_gnpy_libyang as ly

    context = ly.Context(os.environ["ETSI_QKD_015_YANG"], ly.ContextOptions.NoYangLibrary)
    for module in ("etsi-qkd-node-types", "etsi-qkd-sdn-node"):
        context.load_module(module)

    def parse(text: str):
        checks = ly.ValidationOptions.Present | ly.ValidationOptions.NoState
        return context.parse_data(text, ly.DataFormat.JSON, ly.ParseOptions.Strict, checks)

    for name, text in export("etsi-015", *made()).files.items():
        if name != "links.json":
            assert parse(text) is not None
            with pytest.raises(ly.ErrorWithCode):  # the condition that no strict reader finds true
                parse(text.replace('"qkdl_enable": true', '"qkdl_enable": true, "phys_channel_att": "1.000"', 1))
