"""KML 2.2: a folder per layer, properties as extended data."""

from __future__ import annotations

from xml.etree.ElementTree import Element, SubElement, indent, tostring

from qplan.interchange.exports.exported import Exported
from qplan.interchange.exports.layers import Feature, features
from qplan.interchange.exports.xml import xml_document, xml_text
from qplan.inventory.model import Inventory
from qplan.plan.model import Plan

LINES = {"link": ("ffb4641e", "3"), "fibre": ("ff808080", "1")}  # colour as aabbggrr, width in pixels


def export(inventory: Inventory, plan: Plan) -> Exported:
    """`plan.kml`; a placemark without a known place has no geometry."""
    layers = features(inventory, plan)
    root = Element("kml", xmlns="http://www.opengis.net/kml/2.2")
    document = SubElement(root, "Document")
    _child(document, "name", plan.inventory.name)
    for kind, (colour, width) in LINES.items():
        style = SubElement(SubElement(document, "Style", id=kind), "LineStyle")
        _child(style, "color", colour)
        _child(style, "width", width)
    _folder(document, "QKD nodes", [each for each in layers if each.properties.get("qkd_node") is True])
    _folder(document, "Other sites", [each for each in layers if each.properties.get("qkd_node") is False])
    _folder(document, "QKD links", [each for each in layers if each.kind == "link"])
    _folder(document, "Fibres", [each for each in layers if each.kind == "fibre"])
    indent(root)
    return Exported({"plan.kml": xml_document("kml", tostring(root, encoding="unicode"))})


def _folder(document: Element, name: str, layer: list[Feature]) -> None:
    folder = SubElement(document, "Folder")
    _child(folder, "name", name)
    for feature in layer:
        _placemark(folder, feature)


def _placemark(folder: Element, feature: Feature) -> None:
    placemark = SubElement(folder, "Placemark")
    _child(placemark, "name", feature.name)
    if feature.kind in LINES:
        _child(placemark, "styleUrl", f"#{feature.kind}")
    data = SubElement(placemark, "ExtendedData")
    for key, value in {"kind": feature.kind, "id": feature.id, **feature.properties}.items():
        _child(SubElement(data, "Data", name=key), "value", value)
    if feature.positions:
        geometry = SubElement(placemark, "Point" if feature.kind == "site" else "LineString")
        if feature.kind != "site":
            _child(geometry, "tessellate", 1)
        _child(geometry, "coordinates", " ".join(f"{lon!r},{lat!r}" for lon, lat in feature.positions))


def _child(parent: Element, tag: str, value: object) -> None:
    SubElement(parent, tag).text = xml_text(value)
