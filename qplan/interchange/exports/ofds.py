"""Open Fibre Data Standard 0.3: the sites of the plan as nodes, the fibres it takes as spans, all `proposed`."""

from __future__ import annotations

from qplan.interchange.exports.exported import Exported, generator, json_text, stable_uuid
from qplan.interchange.exports.layers import way_along
from qplan.inventory.model import Inventory
from qplan.inventory.plant import length_km, strands_taken
from qplan.plan.model import Plan

SCHEMA = (
    "https://raw.githubusercontent.com/Open-Telecoms-Data/open-fibre-data-standard/0__3__0/schema/network-schema.json"
)
CRS = {"name": "urn:ogc:def:crs:OGC::CRS84", "uri": "http://www.opengis.net/def/crs/OGC/1.3/CRS84"}
FIBRE_TYPES = ("G.651.1", "G.652", "G.653", "G.654", "G.655", "G.656", "G.657")
Json = dict[str, object]


def export(inventory: Inventory, plan: Plan) -> Exported:
    """`ofds.json`, a network package. Losses and ducts have no place in the standard."""
    strands = strands_taken(inventory, plan.links)
    sites = sorted(
        {node.site for node in plan.nodes} | {end for fibre in strands for end in inventory.fibres[fibre].ends}
    )
    operators = sorted({operator for site in sites if (operator := inventory.sites[site].operator)})
    network: Json = {
        "id": stable_uuid(plan),
        "name": plan.inventory.name,
        "nodes": [_node(inventory, site) for site in sites],
        "spans": [_span(inventory, fibre, strands[fibre]) for fibre in strands],
        "organisations": [{"id": operator, "name": operator} for operator in operators],
        "crs": CRS,
        "links": [{"href": SCHEMA, "rel": "describedby"}],
    }
    network = {key: value for key, value in network.items() if value != []}
    package = {"generator": generator("ofds"), "networks": [network]}
    notes = ("loss, ducts, systems and corridors have no place in OFDS",)
    return Exported({"ofds.json": json_text(package)}, notes)


def _node(inventory: Inventory, site_id: str) -> Json:
    site = inventory.sites[site_id]
    node: Json = {"id": site_id, "name": site.name or site_id, "status": "proposed"}
    if site.lon is not None and site.lat is not None:
        node["location"] = {"type": "Point", "coordinates": [site.lon, site.lat]}
    if site.country:
        node["address"] = {"country": site.country}
    if site.operator:
        node["physicalInfrastructureProvider"] = {"id": site.operator, "name": site.operator}
    return node


def _span(inventory: Inventory, fibre_id: str, strands: int) -> Json:
    fibre = inventory.fibres[fibre_id]
    span: Json = {
        "id": fibre_id, "name": fibre_id, "status": "proposed", "start": fibre.ends[0], "end": fibre.ends[1],
        "transmissionMedium": ["fibre"], "darkFibre": True, "fibreCount": strands,
    }  # fmt: skip
    km = length_km(inventory, fibre)
    if km is not None:
        span["fibreLength"] = km
    if fibre.fibre_type:
        known = next((name for name in FIBRE_TYPES if fibre.fibre_type.startswith(name)), None)
        span |= {"fibreType": known} if known else {}
        span["fibreTypeDetails"] = {"fibreSubtype": fibre.fibre_type}
    if places := way_along(inventory, fibre.ends, (fibre_id,)):
        span["route"] = {"type": "LineString", "coordinates": places}
    return span
