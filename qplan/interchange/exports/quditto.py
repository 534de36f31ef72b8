"""Quditto 2: `config.yaml` and the Ansible `inventory.yaml`; addresses and credentials are places to fill in."""

from __future__ import annotations

from qplan.interchange.exports.exported import (
    Exported,
    generator,
    length_to_divide_km,
    one_link_per_pair,
    site_name,
)
from qplan.inventory.model import Inventory
from qplan.plan.model import Link, Plan

FILL_IN = "FILL-IN"
PROTOCOL = "bb84_att.py"
Json = dict[str, object]


def export(inventory: Inventory, plan: Plan) -> Exported:
    """Every link stands with both of its nodes, as Quditto wants it."""
    links, notes = one_link_per_pair(plan, "Quditto")
    neighbours: dict[str, list[Json]] = {node.site: [] for node in plan.nodes}
    for link in links:
        km, more = length_to_divide_km(link)
        notes += more
        for here, there in (link.ends, link.ends[::-1]):
            neighbours[here].append(_neighbour(link, there, km))
    config = {
        "quditto_version": 2.0,
        "config": {
            "application_interface": "etsi-gs-qkd-014", "qkd_protocol": "bb84",
            "controller": plan.nodes[0].site if plan.nodes else FILL_IN, "ip_controller": FILL_IN,
            "netsquid_user": FILL_IN, "netsquid_pwd": FILL_IN,
        },
        "sites": sorted({site_name(inventory, site) for site in neighbours}),
        "nodes": [
            {"node_name": site, "node_site": site_name(inventory, site), "node_ip": FILL_IN, "neighbour_nodes": near}
            for site, near in neighbours.items()
        ],
    }  # fmt: skip
    hosts = {site: _host() for site in neighbours}
    notes.append(f"every link is simulated as BB84, whatever its system; put addresses and credentials for {FILL_IN}")
    files = {"config.yaml": _yaml(config), "inventory.yaml": _yaml({"all": {"hosts": hosts}})}
    return Exported(files, tuple(notes))


def _neighbour(link: Link, there: str, km: float) -> Json:
    """Its papers give the loss beside the length, its controller reads it from `chanel_parameters` (so spelt)."""
    per_km = round(link.loss_db / km, 6)
    return {
        "name": there, "link_length": km, "p_loss_length": per_km, "chanel_parameters": [{"p_loss_length": per_km}],
        "protocol": PROTOCOL, "eavesdropper": False,
    }  # fmt: skip


def _host() -> Json:
    return {"ansible_host": FILL_IN, "ansible_connection": "ssh", "ansible_user": FILL_IN, "py_env": FILL_IN}


def _yaml(value: Json) -> str:
    import yaml

    text = yaml.safe_dump(value, sort_keys=False, allow_unicode=True, width=120, default_flow_style=False)
    return f"# {generator('quditto')}; replace every {FILL_IN}\n---\n{text}"
