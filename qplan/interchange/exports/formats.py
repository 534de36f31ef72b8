"""The formats that a plan can be exported to, each in a module of its own."""

from __future__ import annotations

from collections.abc import Callable
from importlib import import_module
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from qplan.interchange.exports.exported import Exported
    from qplan.inventory.model import Inventory
    from qplan.plan.model import Plan


class Format(NamedTuple):
    title: str
    module: str
    several_files: bool = False


FORMATS = {
    "geojson": Format("sites, fibres and QKD links on a map (RFC 7946)", "geojson"),
    "kml": Format("the same for Google Earth (KML 2.2)", "kml"),
    "netbox": Format("CSV files as NetBox 4 imports them: sites, devices, ports, cables", "netbox", True),
    "qkdnetsim": Format("input.json of QKDNetSim, and which of its numbers is which node", "qkdnetsim", True),
    "etsi-015": Format("ETSI GS QKD 015-aligned JSON of every node", "etsi_015", True),
    "graphml": Format("the graph of nodes and QKD links (GraphML)", "graphml"),
    "ofds": Format("the fibres taken as an Open Fibre Data Standard 0.3 package", "ofds"),
    "quditto": Format("config.yaml and inventory.yaml of Quditto 2", "quditto", True),
    "sequence": Format("topology of the simulator SeQUeNCe (JSON)", "sequence"),
}


def export(name: str, inventory: Inventory, plan: Plan) -> Exported:
    """The plan in the format of that name. Raises KeyError where there is none."""
    module = import_module(f"qplan.interchange.exports.{FORMATS[name].module}")
    write: Callable[[Inventory, Plan], Exported] = module.export
    return write(inventory, plan)
