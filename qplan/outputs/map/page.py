"""The map of a plan: one HTML page with everything inside (Leaflet, coast and borders, data) that works offline."""

from __future__ import annotations

import hashlib
import json
from base64 import b64encode
from importlib.resources import files
from typing import Any

from qplan.assessment.facts import PlanFacts
from qplan.outputs.map.basemap import base_map
from qplan.outputs.map.features import Features, features
from qplan.outputs.text.existing import KEPT, RETIRED
from qplan.outputs.topology.diagram import MEANING, UNUSED_FIBRE, diagram
from qplan.outputs.topology.palette import PAINT, PALE, system_lines

_IN_SCRIPT = str.maketrans({char: f"\\u{ord(char):04x}" for char in "<>&\u2028\u2029"})


def map_html(facts: PlanFacts) -> str:
    """The page: sites by role, QKD links along the sites of their fibres, facts on demand, corridors to choose from.

    Sites without coordinates are listed; without any, the page says so and shows the lists alone.
    """
    from jinja2 import Environment, PackageLoader, StrictUndefined
    from markupsafe import Markup

    picture = diagram(facts)
    found, looks = features(facts, picture), system_lines(picture.catalogue)
    assets = {name: _asset(name) for name in ("leaflet.css", "map.css", "leaflet.js", "map.js")}
    environment = Environment(
        loader=PackageLoader("qplan.outputs.map"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    return environment.get_template("map.html").render(
        picture=picture,
        features=found,
        legend=[(kind, MEANING[kind]) for kind in picture.legend],
        system_lines=[(system, *looks[system]) for system in picture.systems],
        unused_fibre=UNUSED_FIBRE if picture.shows_fibres else "",
        existing_link=KEPT if picture.shows_existing else "",
        retired_link=RETIRED if picture.shows_retired else "",
        paint=PAINT,
        policy=_policy(assets),
        assets={name: Markup(text) for name, text in assets.items()},
        data=Markup(_script_json(_data(found))),
    )


def _asset(name: str) -> str:
    return (files("qplan.outputs.map") / "assets" / name).read_text("utf-8")


def _policy(assets: dict[str, str]) -> str:
    """A Content-Security-Policy that admits these very scripts and styles, and no request at all."""
    kinds = {"script-src": ".js", "style-src": ".css"}
    allowed = {
        kind: " ".join(f"'sha256-{_digest(text)}'" for name, text in assets.items() if name.endswith(end))
        for kind, end in kinds.items()
    }
    rules = ["default-src 'none'", *(f"{kind} {hashes}" for kind, hashes in allowed.items())]
    return "; ".join([*rules, "base-uri 'none'", "form-action 'none'"])


def _digest(text: str) -> str:
    return b64encode(hashlib.sha256(text.encode()).digest()).decode()


def _data(found: Features) -> dict[str, Any]:
    data: dict[str, Any] = {"sites": found.sites, "links": found.links, "fibres": found.fibres}
    data["retired"] = found.retired
    data["corridors"] = {corridor["id"]: corridor for corridor in found.corridors}
    data["pale"] = PALE
    if found.frame is not None:
        ground = base_map(found.frame)
        frame = found.frame
        data["frame"] = [[frame.south, frame.west], [frame.north, frame.east]]
        data["bounds"] = found.bounds
        data["land"] = [_flat(ring) for ring in ground.land]
        data["borders"] = [_flat(line) for line in ground.borders]
    return data


def _flat(line: tuple[tuple[float, float], ...]) -> list[list[float]]:
    return [[latitude, longitude] for longitude, latitude in line]


def _script_json(data: Any) -> str:
    """JSON that cannot end the script element it stands in."""
    text = json.dumps(data, ensure_ascii=False, separators=(",", ":"), sort_keys=True, allow_nan=False)
    return text.translate(_IN_SCRIPT)
