"""What stands on the map of a plan: sites, links, fibres and corridors with positions and facts, ready for JSON."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

from qplan.assessment.corridors import CorridorFacts
from qplan.assessment.facts import PlanFacts
from qplan.assessment.link_budgets import LinkFacts
from qplan.inventory.model import Inventory
from qplan.inventory.plant import course
from qplan.outputs.map.basemap import Frame
from qplan.outputs.text import existing, wording
from qplan.outputs.text.names import SiteNames
from qplan.outputs.text.tables import one_line
from qplan.outputs.topology.diagram import MEANING, Diagram, DiagramLink, DiagramNode
from qplan.outputs.topology.geography import Point, narrowing, unwrapped
from qplan.outputs.topology.palette import PAINT, Line, system_lines

Fact = tuple[str, str]
LEAST_FRAME_DEG = 3.0
NOT_SERVED = "Optional, not served by this plan."
CIRCLE_SHARE = 0.04
"""Radius around a place that several sites share, as a share of the plan's extent."""
CIRCLE_MOST_DEG = 0.02
SAME_PLACE_DEG = 0.002
ARC_STEPS = 8
PARALLEL_SHARE = 0.06
"""How far lines between the same two sites bow, as a share of their distance."""


@dataclass(frozen=True)
class Features:
    sites: list[dict[str, Any]]
    links: list[dict[str, Any]]
    fibres: list[dict[str, Any]]
    retired: list[dict[str, Any]]
    """Existing links that the plan does without."""
    corridors: list[dict[str, Any]]
    missing: list[str]
    """Names of sites that have no coordinates."""
    hidden_links: list[str]
    """Names of QKD links that are not drawn because an end has no coordinates."""
    frame: Frame | None
    bounds: list[list[float]]
    """South-west and north-east corner of all sites."""


def features(facts: PlanFacts, picture: Diagram) -> Features:
    """All that the page needs to know, from the diagram of the same plan."""
    names = SiteNames(facts.inventory)
    places = _places(picture.nodes)
    lines, looks = _lines(picture, places, facts.inventory), system_lines(picture.catalogue)
    by_source = {link.source: link for link in picture.links}
    users = facts.usage.links
    drawn = [link for link in picture.links if link.id in lines]
    return Features(
        sites=[
            _site(node, places[node.id], _site_facts(node, places[node.id], facts))
            for node in picture.nodes
            if node.id in places
        ],
        links=[
            _link(
                by_source[entry.link.id],
                lines,
                entry,
                _link_facts(entry, users[entry.link.id], facts, names),
                looks[entry.link.system],
            )
            for entry in facts.links
        ],
        fibres=[_plain(link, lines) for link in drawn if link.system is None and not link.retired],
        retired=[_plain(link, lines) for link in drawn if link.retired],
        corridors=[_corridor(entry, by_source, names) for entry in facts.corridors],
        missing=[*{node.site: node.name for node in picture.nodes if node.id not in places}.values()],
        hidden_links=[link.name for link in picture.links if link.system and link.id not in lines],
        frame=_frame(list(places.values())),
        bounds=_bounds(list(places.values())),
    )


def _places(nodes: tuple[DiagramNode, ...]) -> dict[str, Point]:
    """Latitude and longitude by diagram id; longitudes so that no span is cut at 180°.

    Sites at one place (within some 200 m) stand on a small circle around it, so that each can be seen.
    """
    known = {node.id: node.place for node in nodes if node.place is not None}
    longitudes = unwrapped([longitude for _, longitude in known.values()])
    places = {key: (place[0], longitude) for (key, place), longitude in zip(known.items(), longitudes, strict=True)}
    crowds: list[list[str]] = []
    for key, place in places.items():
        crowd = next((crowd for crowd in crowds if _together(place, places[crowd[0]])), None)
        if crowd is None:
            crowds.append([key])
        else:
            crowd.append(key)
    extent = _extent_deg(list(places.values()))
    for crowd in crowds:
        if len(crowd) > 1:
            places |= _circle(crowd, places[crowd[0]], min(CIRCLE_MOST_DEG, CIRCLE_SHARE * extent))
    return places


def _together(a: Point, b: Point) -> bool:
    return abs(a[0] - b[0]) <= SAME_PLACE_DEG and abs(a[1] - b[1]) <= SAME_PLACE_DEG


def _extent_deg(places: list[Point]) -> float:
    if not places:
        return 0.0
    (south, west), (north, east) = _bounds(places)
    return max(north - south, (east - west) * narrowing([south, north]))


def _circle(keys: list[str], middle: Point, radius_deg: float) -> dict[str, Point]:
    narrow, radius = max(0.1, narrowing([middle[0]])), max(SAME_PLACE_DEG, radius_deg)
    angles = [math.pi * (0.25 + 2 * number / len(keys)) for number in range(len(keys))]
    return {
        key: (round(middle[0] + radius * math.cos(angle), 6), round(middle[1] + radius * math.sin(angle) / narrow, 6))
        for key, angle in zip(keys, angles, strict=True)
    }


def _bounds(places: list[Point]) -> list[list[float]]:
    return [[end(axis) for axis in zip(*places, strict=True)] for end in (min, max)] if places else []


def _frame(places: list[Point]) -> Frame | None:
    """All sites with wide country around them, so that the page never shows its edge."""
    if not places:
        return None
    (south, west), (north, east) = _bounds(places)
    narrow = max(0.1, narrowing([south, north]))
    reach = max(LEAST_FRAME_DEG, 1.6 * (north - south), 1.6 * (east - west) * narrow)
    x, y = (west + east) / 2, (south + north) / 2
    across = min(180.0, 1.5 * reach / narrow)
    return Frame(*(round(side, 3) for side in (x - across, max(-85.0, y - reach), x + across, min(85.0, y + reach))))


def _lines(picture: Diagram, places: dict[str, Point], inventory: Inventory) -> dict[str, list[Point]]:
    """Lines over the known sites of each route, by diagram id; none where an end is not known.

    They follow the geometry of fibres that state one. Lines between the same two sites bow away from each other.
    """
    links, site_of = picture.links, {node.id: node.site for node in picture.nodes}
    routes = {
        link.id: [node for node in link.nodes if node in places]
        for link in links
        if link.nodes[0] in places and link.nodes[-1] in places
    }
    bundles: dict[frozenset[str], list[str]] = {}
    for link_id, route in routes.items():
        for piece in pairwise(route):
            bundles.setdefault(frozenset(piece), []).append(link_id)
    lines: dict[str, list[Point]] = {}
    for link in (link for link in links if link.id in routes):
        fibres = dict(zip(pairwise(link.nodes), link.fibres, strict=bool(link.fibres)))
        lines[link.id] = [places[routes[link.id][0]]]
        for a, b in pairwise(routes[link.id]):
            bundle = bundles[frozenset((a, b))]
            side = (bundle.index(link.id) - (len(bundle) - 1) / 2) * (1 if a < b else -1)
            fibre = inventory.fibres[fibres[a, b]] if (a, b) in fibres else None
            along = course(inventory, fibre, site_of[a]) if fibre else ()
            lines[link.id] += _bowed(places[a], places[b], along, side * PARALLEL_SHARE)
    return lines


def _bowed(a: Point, b: Point, along: Sequence[Point], share: float) -> list[Point]:
    """From a (left out) to b over places on the way, on a flat arc that leaves these by a share of its length."""
    narrow = max(0.1, narrowing([a[0], b[0]]))
    up, across = b[0] - a[0], (b[1] - a[1]) * narrow
    parts = [step / ARC_STEPS for step in range(1, ARC_STEPS)] if share else []
    way = _beside(a, along) or [(a[0] + up * part, a[1] + across * part / narrow) for part in parts]
    arc = []
    for number, (lat, lon) in enumerate(way, start=1):
        part = number / (len(way) + 1)
        off = 4 * part * (1 - part) * share
        arc.append((round(lat + across * off, 6), round(lon - up * off / narrow, 6)))
    return [*arc, b]


def _beside(a: Point, along: Sequence[Point]) -> list[Point]:
    """Places one after the other from a on, longitudes without a leap at 180°."""
    here, way = a[1], list[Point]()
    for lat, lon in along:
        here = lon + 360 * round((here - lon) / 360)
        way.append((lat, here))
    return way


def _site(node: DiagramNode, place: Point, facts: list[Fact]) -> dict[str, Any]:
    paint = PAINT[node.kind]
    return {
        "id": node.id, "name": node.name, "place": place, "facts": facts,
        "kind": "end" if node.kind == "idle" else node.kind,
        "fill": paint.fill, "line": paint.line, "bold": paint.bold_line,
    }  # fmt: skip


def _site_facts(node: DiagramNode, place: Point, facts: PlanFacts) -> list[Fact]:
    site = facts.inventory.sites[node.site]
    relay = next((entry for entry in facts.relays if entry.id == node.site and node.roles), None)
    ended = [entry.id for entry in facts.corridors if entry.served and node.site in entry.corridor.ends and node.roles]
    rows = [
        ("Site", node.site),
        ("Role", MEANING[node.kind]),
        ("End of", wording.listed(ended)),
        ("Sees whole keys of", wording.listed(relay.whole_keys) if relay else ""),
        ("Sees one share of", wording.listed(relay.shares) if relay else ""),
        ("Country", site.country or ""),
        ("Operator", site.operator or ""),
        ("Key domain", site.key_domain or ""),
        ("Position", "drawn beside others at the same place" if _moved(node, place) else ""),
        ("Security tier", "" if site.security_tier is None else str(site.security_tier)),
    ]
    return _stated(rows)


def _moved(node: DiagramNode, place: Point) -> bool:
    if node.place is None:
        return False
    turned = (place[1] - node.place[1] + 180) % 360 - 180
    return place[0] != node.place[0] or abs(turned) > 1e-6


def _stated(rows: list[Fact]) -> list[Fact]:
    return [(name, one_line(value)) for name, value in rows if value]


def _plain(link: DiagramLink, lines: dict[str, list[Point]]) -> dict[str, Any]:
    return {"name": link.detail, "line": lines[link.id]}


def _link(
    link: DiagramLink, lines: dict[str, list[Point]], entry: LinkFacts, facts: list[Fact], look: Line
) -> dict[str, Any]:
    colour, dashed = look
    return {
        "id": link.id, "name": link.name, "label": ", ".join(link.lines), "line": lines.get(link.id, []),
        "facts": facts, "colour": colour, "dashed": dashed, "existing": link.existing,
    }  # fmt: skip


def _link_facts(entry: LinkFacts, users: tuple[str, ...], facts: PlanFacts, names: SiteNames) -> list[Fact]:
    link = entry.link
    clear = [names[relay.id] for relay in facts.relays if relay.id in link.ends]
    rows = [
        ("System", f"{link.count} × {link.system}"),
        ("State", existing.state(entry) if facts.beside_existing else ""),
        ("Loss", f"{wording.db(link.loss_db)} of at most {wording.db(entry.limit_db)}"),
        ("Headroom", wording.headroom(entry)),
        ("Length", wording.km(entry.length_km)),
        ("Key rate", wording.bps(link.capacity_bps)),
        ("Load", f"{wording.bps(link.load_bps)} ({wording.load(entry.utilisation)})"),
        ("Fibres", wording.listed(link.fibres)),
        ("Patched through", names.join(link.bypass_sites)),
        ("Corridors", wording.listed(users)),
        ("Keys in clear at", ", ".join(clear)),
    ]
    return _stated(rows)


def _corridor(entry: CorridorFacts, by_source: dict[str, DiagramLink], names: SiteNames) -> dict[str, Any]:
    links = [by_source[link] for path in entry.paths for link in path.links]
    exposure = wording.who_sees_keys(entry.corridor, [len(path.relays) for path in entry.paths])
    return {
        "id": entry.id,
        "ends": one_line(names.join(entry.corridor.ends, " – ")),
        "summary": f"{wording.bps(entry.demand_bps)}. {exposure}" if entry.served else NOT_SERVED,
        "paths": [one_line(names.join(path.sites, " → ")) for path in entry.paths],
        "links": sorted({link.id for link in links}),
        "sites": sorted({node for link in links for node in link.nodes}),
    }
