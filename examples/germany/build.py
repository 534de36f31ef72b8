"""Writes sites.yaml beside this file: the reference network germany50 with huts, ducts and corridors.

    pip install topohub qplan && python build.py

Cities and fibres come from topohub, so that they need not be typed; everything else is set here. The same topohub
gives the same bytes.
"""

from __future__ import annotations

import math
from itertools import pairwise
from pathlib import Path

import topohub
from geographiclib.geodesic import Geodesic

ROUTE_FACTOR = 1.3  # route km per km of great circle
HUT_SPACING_KM = 60.0  # at most, along the route
SIDE_BY_SIDE_DEG = 30.0  # fibres that leave a city closer than this share its first duct

UMLAUTS = {
    "Duesseldorf": "Düsseldorf", "Giessen": "Gießen", "Koeln": "Köln", "Muenchen": "München", "Muenster": "Münster",
    "Nuernberg": "Nürnberg", "Osnabrueck": "Osnabrück", "Saarbruecken": "Saarbrücken", "Wuerzburg": "Würzburg",
}  # fmt: skip

HEADER = """\
# yaml-language-server: $schema=../../schemas/inventory.schema.json
#
# Germany: fifty cities, a hut every 60 km at most, and data centres that want keys. Written by build.py: change that.
#
# QUESTION  Which huts and cities must become trusted nodes so that data-centre cities can exchange keys at the least
#           cost over ten years, with at most 16 relays between any two of them? And what does a second way cost?
# ANSWER    A tree that touches every data-centre city: proven, but one cut separates it. Relays stand in cities where
#           that is possible, because a hut must first be made fit for keys in clear.
# TRY NEXT  --scenario ring                                  all but the four shortest on two duct-disjoint paths:
#                                                            one ring through the country.
#                                                            Look at its paths: the long way round has some forty relays
#           --scenario bb84                                  without continuous variables
#           --set corridors.frankfurt-duesseldorf.paths=2    a second way for one pair
#           --objective relays                               as few places with keys in clear as possible
#
# PUBLISHED: cities, coordinates and which of them are joined, from the reference network germany50: S. Orlowski et al.,
# "SNDlib 1.0: Survivable Network Design Library", Networks 55 (3), 276-286 (2010), as packaged by topohub (PyPI).
# DERIVED: route length = great circle x 1.3; loss by default (0.275 dB/km and two connector pairs per span).
# OURS: huts (evenly spaced, at most 60 km of route apart), ducts (two fibres that leave a city within 30 degrees share
# the first one), strands, costs, tiers, corridors. Systems: the illustrative catalogue.

qplan: 1
metadata:
  name: germany50 with huts
  description: Data-centre cities on the reference network germany50
include: [catalogue:illustrative-2026]

defaults:
  site: {country: DE, security_tier: 3, node_cost: 15000, node_cost_per_year: 12000, relay_cost: 80000}
  fibre: {strands: 8, cost_per_strand_km_year: 60}
  corridor:
    rekey: {key_bits: 256, interval_s: 60, tunnels: 4, directions: 2}   # 34.1 bit/s
    max_relays: 16
    fallback: fail_closed
"""

CORRIDORS = """
corridors:
  frankfurt-berlin: {ends: [frankfurt, berlin]}
  frankfurt-muenchen: {ends: [frankfurt, muenchen]}
  frankfurt-duesseldorf: {ends: [frankfurt, duesseldorf]}
  frankfurt-stuttgart: {ends: [frankfurt, stuttgart]}
  frankfurt-nuernberg: {ends: [frankfurt, nuernberg]}
  berlin-hamburg: {ends: [berlin, hamburg]}
  muenchen-nuernberg: {ends: [muenchen, nuernberg]}
  muenchen-stuttgart: {ends: [muenchen, stuttgart]}
  leipzig-frankfurt: {ends: [leipzig, frankfurt]}
  hannover-frankfurt: {ends: [hannover, frankfurt]}
  koeln-duesseldorf: {ends: [koeln, duesseldorf]}
  leipzig-berlin: {ends: [leipzig, berlin]}
  hannover-hamburg: {ends: [hannover, hamburg]}
  dresden-leipzig: {ends: [dresden, leipzig]}

policy:
  loss_margin_db: 0.5
  max_bypass_sites: 0
  technologies: [dv-bb84, cv-gmcs]

scenarios:
  bb84:
    description: BB84 systems only
    set: {policy.technologies: [dv-bb84]}
  ring:
    description: Two duct-disjoint paths, as long as they may be, for all but the four shortest corridors
    set:
      defaults.corridor.paths: 2
      defaults.corridor.max_relays: null
      corridors.koeln-duesseldorf.paths: 1
      corridors.leipzig-berlin.paths: 1
      corridors.hannover-hamburg.paths: 1
      corridors.dresden-leipzig.paths: 1
"""


def sites_yaml() -> str:
    network = topohub.get("sndlib/germany50")
    cities = {node["id"]: node for node in sorted(network["nodes"], key=lambda node: node["name"])}
    edges = sorted(
        tuple(sorted((edge["source"], edge["target"]), key=lambda city: cities[city]["name"]))
        for edge in network["edges"]
    )
    ducts = _shared_ducts(cities, edges)
    sites, fibres = ["", "sites:"], ["", "fibres:"]
    for city in cities.values():
        lon, lat = city["pos"]
        name = UMLAUTS.get(city["name"], city["name"])
        sites.append(f"  {city['name'].lower()}: {{name: {name}, lat: {lat}, lon: {lon}}}")
    for a, b in sorted(edges, key=lambda edge: tuple(cities[end]["name"] for end in edge)):
        _add_edge(cities[a], cities[b], ducts.get((a, b)), ducts.get((b, a)), sites, fibres)
    return HEADER + "\n".join(sites) + "\n" + "\n".join(fibres) + "\n" + CORRIDORS


def _add_edge(a: dict, b: dict, duct_a: str | None, duct_b: str | None, sites: list[str], fibres: list[str]) -> None:
    """The spans of one fibre and the huts between them; a shared duct holds the span next to its city."""
    (lon_a, lat_a), (lon_b, lat_b) = a["pos"], b["pos"]
    line = Geodesic.WGS84.InverseLine(lat_a, lon_a, lat_b, lon_b)
    route_km = line.s13 / 1000 * ROUTE_FACTOR
    spans = math.ceil(route_km / HUT_SPACING_KM)
    edge = f"{a['name'].lower()}-{b['name'].lower()}"
    stops = [a["name"].lower(), *(f"{edge}-hut{n}" for n in range(1, spans)), b["name"].lower()]
    for n in range(1, spans):
        place = line.Position(line.s13 * n / spans)
        sites.append(
            f"  {stops[n]}: {{lat: {place['lat2']:.3f}, lon: {place['lon2']:.3f}, "
            "security_tier: 1, node_cost: 25000, relay_cost: 150000}"
        )
    for n, ends in enumerate(pairwise(stops), start=1):
        ducts = [duct for duct, here in ((duct_a, n == 1), (duct_b, n == spans)) if duct and here]
        fibres.append(
            f"  {edge}-{n}: {{ends: [{', '.join(ends)}], length_km: {route_km / spans:.2f}"
            + (f", ducts: [{', '.join(ducts)}]" if ducts else "")
            + "}"
        )


def _shared_ducts(cities: dict, edges: list[tuple[int, int]]) -> dict[tuple[int, int], str]:
    """By (city, neighbour): the duct of the fibre's first span, where two fibres leave the city side by side."""
    ducts = {}
    for here, city in cities.items():
        neighbours = [b if a == here else a for a, b in edges if here in (a, b)]
        bearing = {there: _bearing_deg(city, cities[there]) for there in neighbours}
        free = sorted(neighbours, key=bearing.get)
        for left, right in pairwise([*free, free[0]]):
            taken = (here, left) in ducts or (here, right) in ducts
            if not taken and 0 < (bearing[right] - bearing[left]) % 360 < SIDE_BY_SIDE_DEG:
                ducts[here, left] = ducts[here, right] = f"d-{city['name'].lower()}-{cities[left]['name'].lower()}"
    return ducts


def _bearing_deg(a: dict, b: dict) -> float:
    (lon_a, lat_a), (lon_b, lat_b) = a["pos"], b["pos"]
    return Geodesic.WGS84.Inverse(lat_a, lon_a, lat_b, lon_b)["azi1"] % 360


if __name__ == "__main__":
    Path(__file__).with_name("sites.yaml").write_text(sites_yaml(), encoding="utf-8", newline="\n")
