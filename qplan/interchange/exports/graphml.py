"""GraphML: QKD nodes and QKD links, for graph tools; parallel links stay parallel."""

from __future__ import annotations

from qplan.interchange.exports.exported import Exported
from qplan.interchange.exports.layers import Feature, Value, link_features, site_features
from qplan.interchange.exports.xml import xml_document, xml_text
from qplan.inventory.model import Inventory
from qplan.plan.model import Plan


def export(inventory: Inventory, plan: Plan) -> Exported:
    """`plan.graphml`; node ids are site ids, edge ids link ids. Fibres and corridors are not in it."""
    import networkx as nx

    graph: nx.MultiGraph[str] = nx.MultiGraph(name=xml_text(plan.inventory.name))
    nodes = {node.site for node in plan.nodes}
    for site in site_features(inventory, plan):
        if site.id in nodes:
            graph.add_node(site.id, **_attributes(site), **_place(site))
    for link in link_features(inventory, plan):
        ends = str(link.properties["from"]), str(link.properties["to"])
        graph.add_edge(*ends, key=link.id, **_attributes(link))
    text = "\n".join(nx.generate_graphml(graph, edge_id_from_attribute="id"))
    return Exported({"plan.graphml": xml_document("graphml", text)})


def _attributes(feature: Feature) -> dict[str, Value]:
    texts = {"id": feature.id, "name": feature.name} if feature.kind == "link" else {"name": feature.name}
    values = {**texts, **feature.properties}
    return {key: xml_text(value) if isinstance(value, str) else value for key, value in values.items()}


def _place(feature: Feature) -> dict[str, Value]:
    return dict(zip(("Longitude", "Latitude"), feature.positions[0], strict=True)) if feature.positions else {}
