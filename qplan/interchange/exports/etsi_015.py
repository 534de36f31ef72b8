"""ETSI GS QKD 015-aligned JSON (V2.1.1, RFC 7951): the configuration of every SD-QKD node as its controller sees it.

The YANG module has `when "qkdl_type = 'PHYS'"` on attenuation, wavelength and role of a link, and `= 'VIRT'` on the
hops of a multi-hop link. `qkdl_type` is an identity of another module, so that its value is written with that module's
name and a strict validator finds neither condition ever true. These leaves therefore stand in `links.json` beside the
nodes' files, by `qkdl_id`. State (status, performance) is the node's to tell and is nowhere.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass

from qplan.errors import QplanError
from qplan.interchange.exports.exported import Exported, generator, json_text, site_name, stable_uuid
from qplan.inventory.model import Inventory, QkdSystem
from qplan.inventory.plant import max_loss_db
from qplan.plan.model import Link, Path, Plan, ServedCorridor

NODE, TYPES = "etsi-qkd-sdn-node", "etsi-qkd-node-types"
MOST_BPS = 2**32 - 1  # uint32
Json = dict[str, object]


@dataclass(frozen=True)
class Module:
    """A QKD module: one end of one system, an interface of its node."""

    number: int
    """From 1 on within its node."""
    link: Link
    system: int
    """Which of the parallel systems of the link, from 1 on."""
    transmits: bool


def export(inventory: Inventory, plan: Plan) -> Exported:
    """A file per node and `links.json`. Raises QplanError where a demand does not fit into the model's 32 bits."""
    modules = {node.site: list(_modules(plan, node.site)) for node in plan.nodes}
    files = {
        f"node-{node.site}.json": json_text({f"{NODE}:qkd_node": _node(inventory, plan, node.site, modules)})
        for node in plan.nodes
    }
    notes = ("attenuation, wavelength, role and hops stand in links.json: no strict reader takes them within a node",)
    return Exported(files | {"links.json": json_text(_links(inventory, plan))}, notes)


def _modules(plan: Plan, site: str) -> Iterator[Module]:
    number = 0
    for link in plan.links:
        for system in range(1, link.count + 1):
            if site in link.ends:
                number += 1
                yield Module(number, link, system, site == link.transmitters_at)


def _node(inventory: Inventory, plan: Plan, site: str, modules: dict[str, list[Module]]) -> Json:
    links = [_physical(plan, module, site, modules) for module in modules[site]]
    applications = []
    for corridor in plan.corridors:
        if corridor.served and site in inventory.corridors[corridor.id].ends:
            links += _virtual(inventory, plan, corridor, site)
            applications.append(_application(inventory, plan, corridor, site))
    return {
        "qkdn_id": _node_id(plan, site),
        "qkdn_location_id": site_name(inventory, site),
        "qkdn_capabilities": {"key_relay_mode_enable": site in plan.relays},
        "qkd_applications": {"qkd_app": applications},
        "qkd_interfaces": {"qkd_interface": [_interface(inventory, module) for module in modules[site]]},
        "qkd_links": {"qkd_link": sorted(links, key=lambda link: str(link["qkdl_id"]))},
    }


def _node_id(plan: Plan, site: str) -> str:
    return stable_uuid(plan, "sites", site)


def _link_id(plan: Plan, link: Link, system: int) -> str:
    return stable_uuid(plan, "links", link.id, str(system))


def _path_id(plan: Plan, corridor: ServedCorridor, path: Path) -> str:
    """A path of several links is a virtual link of its own; a path of one is that link."""
    if len(path.links) == 1:
        link = next(link for link in plan.links if link.id == path.links[0])
        return _link_id(plan, link, 1)
    return stable_uuid(plan, "corridors", corridor.id, *path.links)


def _application_id(plan: Plan, corridor: str) -> str:
    return stable_uuid(plan, "corridors", corridor)


def _interface(inventory: Inventory, module: Module) -> Json:
    system = inventory.equipment.qkd_systems[module.link.system]
    technology = _technology(system)
    words = [word for word in (system.manufacturer, system.model or module.link.system) if word]
    return {
        "qkdi_id": module.number,
        "qkdi_model": " ".join(words),
        **({"qkdi_type": f"{TYPES}:{technology}"} if technology else {}),
        "qkdi_capabilities": {
            "role_support": f"{TYPES}:{'TRANSMITTER' if module.transmits else 'RECEIVER'}",
            "max_absorption": f"{max_loss_db(system):.3f}",
        },
    }


def _technology(system: QkdSystem) -> str | None:
    """The base technology of the model; None where the words of the inventory do not tell."""
    word = system.technology or ""
    if word == "dv-cow":
        return "DV-QKD-COW"
    if word.startswith("cv-"):
        return "CV-QKD"
    return "DV-QKD" if word.startswith("dv-") or word == "bbm92" else None


def _physical(plan: Plan, module: Module, site: str, modules: dict[str, list[Module]]) -> Json:
    """The link of one system; corridors that need no relay are its applications (with the first of parallel ones)."""
    link = module.link
    other = link.tx_rx[module.transmits]
    far = next(each for each in modules[other] if each.link is link and each.system == module.system)
    direct = [
        _application_id(plan, corridor.id)
        for corridor in plan.corridors
        if module.system == 1 and any(path.links == (link.id,) for path in corridor.paths)
    ]
    return {
        "qkdl_id": _link_id(plan, link, module.system),
        "qkdl_enable": True,
        "qkdl_local": {"qkdn_id": _node_id(plan, site), "qkdi_id": module.number},
        "qkdl_remote": {"qkdn_id": _node_id(plan, other), "qkdi_id": far.number},
        "qkdl_type": f"{TYPES}:PHYS",
        **({"qkdl_applications": direct} if direct else {}),
    }


def _virtual(inventory: Inventory, plan: Plan, corridor: ServedCorridor, site: str) -> Iterator[Json]:
    ends = inventory.corridors[corridor.id].ends
    for path in corridor.paths:
        if len(path.links) > 1:
            yield {
                "qkdl_id": _path_id(plan, corridor, path),
                "qkdl_enable": True,
                "qkdl_local": {"qkdn_id": _node_id(plan, site)},
                "qkdl_remote": {"qkdn_id": _node_id(plan, ends[1] if site == ends[0] else ends[0])},
                "qkdl_type": f"{TYPES}:VIRT",
                "qkdl_applications": [_application_id(plan, corridor.id)],
            }


def _application(inventory: Inventory, plan: Plan, corridor: ServedCorridor, site: str) -> Json:
    ends = inventory.corridors[corridor.id].ends
    return {
        "app_id": _application_id(plan, corridor.id),
        "app_type": f"{TYPES}:CLIENT",
        "app_qos": {"min_bandwidth": _whole_bps(corridor)},
        "backing_qkdl_id": [_path_id(plan, corridor, path) for path in corridor.paths],
        "local_qkdn_id": _node_id(plan, site),
        "remote_qkdn_id": _node_id(plan, ends[1] if site == ends[0] else ends[0]),
    }


def _whole_bps(corridor: ServedCorridor) -> int:
    if corridor.key_rate_bps > MOST_BPS:
        asked = f"corridors.{corridor.id} asks for {corridor.key_rate_bps:g} bit/s"
        raise QplanError(f"{asked}; the model of ETSI GS QKD 015 holds at most {MOST_BPS} bit/s")
    return math.ceil(corridor.key_rate_bps)


def _links(inventory: Inventory, plan: Plan) -> Json:
    """What the nodes' files cannot hold, and which inventory ids their UUIDs stand for."""
    return {
        "generator": generator("etsi-015"),
        "nodes": {node.site: _node_id(plan, node.site) for node in plan.nodes},
        "applications": {c.id: _application_id(plan, c.id) for c in plan.corridors if c.served},
        "physical": [
            {
                "qkdl_id": _link_id(plan, link, system),
                "link": link.id,
                "phys_channel_att": f"{link.loss_db:.3f}",
                "phys_wavelength": str(round(inventory.equipment.qkd_systems[link.system].wavelength_nm)),
                "transmitter": _node_id(plan, link.tx_rx[0]),
                "receiver": _node_id(plan, link.tx_rx[1]),
            }
            for link in plan.links
            for system in range(1, link.count + 1)
        ],
        "virtual": [
            _hops(inventory, plan, corridor, path)
            for corridor in plan.corridors
            for path in corridor.paths
            if len(path.links) > 1
        ],
    }


def _hops(inventory: Inventory, plan: Plan, corridor: ServedCorridor, path: Path) -> Json:
    first, last = inventory.corridors[corridor.id].ends
    sites = [_node_id(plan, site) for site in (first, *path.relays, last)]
    return {
        "qkdl_id": _path_id(plan, corridor, path),
        "corridor": corridor.id,
        "virt_bandwidth": _whole_bps(corridor),
        "relays": [
            {"qkdn_id": relay, "virt_prev_hop": before, "virt_next_hop": [after]}
            for before, relay, after in zip(sites, sites[1:], sites[2:], strict=False)
        ],
    }
