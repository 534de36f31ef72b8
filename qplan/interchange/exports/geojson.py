"""GeoJSON (RFC 7946): sites as points, fibres and QKD links as lines; what has no known place has no geometry."""

from __future__ import annotations

import json

from qplan.interchange.exports.exported import Exported, generator
from qplan.interchange.exports.layers import Feature, features
from qplan.inventory.model import Inventory
from qplan.plan.model import Plan


def export(inventory: Inventory, plan: Plan) -> Exported:
    """`plan.geojson`, a feature a line; the property `kind` (site, fibre, link) tells the layers apart."""
    head = {"type": "FeatureCollection", "generator": generator("geojson"), "name": plan.inventory.name}
    lines = ",\n".join(_json(_feature(feature)) for feature in features(inventory, plan))
    return Exported({"plan.geojson": f'{_json(head)[:-1]}, "features": [\n{lines}\n]}}\n'})


def _json(value: object) -> str:
    return json.dumps(value, ensure_ascii=False, allow_nan=False)


def _feature(feature: Feature) -> dict[str, object]:
    properties = {"kind": feature.kind, "id": feature.id, "name": feature.name, **feature.properties}
    return {
        "type": "Feature",
        "id": f"{feature.kind}s.{feature.id}",
        "geometry": _geometry(feature),
        "properties": properties,
    }


def _geometry(feature: Feature) -> dict[str, object] | None:
    if not feature.positions:
        return None
    if feature.kind == "site":
        return {"type": "Point", "coordinates": feature.positions[0]}
    return {"type": "LineString", "coordinates": feature.positions}
