"""What stands on a map or in a graph of a plan: sites, fibres and QKD links with places and flat properties."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import groupby
from typing import Literal

from qplan.inventory.model import Fibre, Inventory
from qplan.inventory.plant import course, length_km, loss_db, strands_taken
from qplan.physics.bands import Band
from qplan.plan.model import Link, Plan

Kind = Literal["site", "fibre", "link"]
Value = str | float | int | bool
Position = tuple[float, float]  # longitude, latitude


@dataclass(frozen=True)
class Feature:
    """A site (one position), or a fibre or link (the positions along it); none where a place is not known."""

    kind: Kind
    id: str
    name: str
    positions: tuple[Position, ...]
    properties: dict[str, Value]
    """What is stated, by keys that are those of the inventory and the plan where these have them."""


def features(inventory: Inventory, plan: Plan) -> list[Feature]:
    """Every site and fibre of the inventory and every link of the plan, by kind and id."""
    return [*site_features(inventory, plan), *_fibre_features(inventory, plan), *link_features(inventory, plan)]


def site_features(inventory: Inventory, plan: Plan) -> list[Feature]:
    roles = {node.site: node.roles for node in plan.nodes}
    bypassed = {site for link in plan.links for site in link.bypass_sites}
    found = []
    for site_id, site in sorted(inventory.sites.items()):
        properties = _stated(
            country=site.country, operator=site.operator, key_domain=site.key_domain,
            security_tier=site.security_tier, trusted_node=site.trusted_node, qkd_node=site_id in roles,
            roles=", ".join(roles.get(site_id, ())) or None, patched_through=site_id in bypassed or None,
        )  # fmt: skip
        found.append(Feature("site", site_id, site.name or site_id, _positions(inventory, (site_id,)), properties))
    return found


def _fibre_features(inventory: Inventory, plan: Plan) -> list[Feature]:
    used = strands_taken(inventory, plan.links)
    stated = {name: _fibre(inventory, fibre, used.get(name, 0)) for name, fibre in inventory.fibres.items()}
    return [
        Feature("fibre", name, name, way_along(inventory, fibre.ends, (name,)), stated[name])
        for name, fibre in sorted(inventory.fibres.items())
    ]


def _fibre(inventory: Inventory, fibre: Fibre, strands: int) -> dict[str, Value]:
    return _stated(
        **{"from": fibre.ends[0], "to": fibre.ends[1]},
        length_km=fibre.length_km, loss_db=fibre.loss_db, loss_1310_db=fibre.loss_1310_db,
        estimated_length_km=None if fibre.length_km is not None else length_km(inventory, fibre),
        estimated_loss_db=None if fibre.loss_db is not None else loss_db(inventory, fibre, Band.C),
        strands=fibre.strands, strands_used=strands, ducts=", ".join(fibre.ducts) or None,
        fibre_type=fibre.fibre_type, amplified=fibre.amplified or None,
    )  # fmt: skip


def link_features(inventory: Inventory, plan: Plan) -> list[Feature]:
    users: dict[str, list[str]] = {link.id: [] for link in plan.links}
    for corridor in plan.corridors:
        for link_id in sorted({link for path in corridor.paths for link in path.links}):
            users[link_id].append(corridor.id)
    return [
        Feature("link", link.id, " – ".join(link.ends), _route(inventory, link), _link(link, users[link.id]))
        for link in plan.links
    ]


def _link(link: Link, corridors: list[str]) -> dict[str, Value]:
    return _stated(
        **{"from": link.ends[0], "to": link.ends[1]},
        system=link.system, count=link.count, length_km=link.length_km, loss_db=link.loss_db,
        key_rate_bps=link.key_rate_bps, capacity_bps=link.capacity_bps, load_bps=link.load_bps,
        fibres=", ".join(link.fibres), bypass_sites=", ".join(link.bypass_sites) or None,
        corridors=", ".join(corridors) or None,
    )  # fmt: skip


def _route(inventory: Inventory, link: Link) -> tuple[Position, ...]:
    return way_along(inventory, (link.ends[0], *link.bypass_sites, link.ends[1]), link.fibres)


def way_along(inventory: Inventory, sites: tuple[str, ...], fibres: tuple[str, ...]) -> tuple[Position, ...]:
    """The places of the sites, and between them those of each fibre's geometry; nothing where a site's is not known."""
    places = _positions(inventory, sites)
    way = list(places[:1])
    for f, start, place in zip(fibres, sites, places[1:], strict=False):
        way += [*((lon, lat) for lat, lon in course(inventory, inventory.fibres[f], start)), place]
    return tuple(place for place, _ in groupby(way))


def _positions(inventory: Inventory, sites: tuple[str, ...]) -> tuple[Position, ...]:
    """The places of the sites in this order; nothing where one of them is not known."""
    places = [(inventory.sites[site].lon, inventory.sites[site].lat) for site in sites]
    known = tuple((lon, lat) for lon, lat in places if lon is not None and lat is not None)
    return known if len(known) == len(places) else ()


def _stated(**values: Value | None) -> dict[str, Value]:
    return {key: value for key, value in values.items() if value is not None}
