"""Routes, candidate links and key-relay paths of a small inventory, all of them: what the oracle chooses from."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from itertools import pairwise

import numpy as np
from geographiclib.geodesic import Geodesic

from qplan.inventory.existing import ExistingLink
from qplan.inventory.model import Corridor, Fibre, Inventory, QkdSystem

SLACK = 1e-9  # dB or km


@dataclass(frozen=True)
class Candidate:
    """A QKD link that could be built, whatever its count."""

    system: str
    sites: tuple[str, ...]
    fibres: tuple[str, ...]
    length_km: float
    loss_db: float
    net_rate_bps: float
    entry: str | None = None
    """Id of the existing link on this route with this system."""
    extendable: bool = True
    """Systems may be bought for it."""

    @property
    def ends(self) -> tuple[str, str]:
        return self.sites[0], self.sites[-1]


def demand_bps(corridor: Corridor) -> float:
    rekey = corridor.rekey
    if rekey is not None:
        return rekey.key_bits / rekey.interval_s * rekey.tunnels * rekey.directions
    return corridor.otp_bps if corridor.otp_bps is not None else corridor.key_rate_bps


def fibre_length_km(inventory: Inventory, fibre: Fibre) -> float | None:
    a, b = (inventory.sites[end] for end in fibre.ends)
    if fibre.length_km is not None:
        return fibre.length_km
    if a.lat is None or b.lat is None:
        return None
    return Geodesic.WGS84.Inverse(a.lat, a.lon, b.lat, b.lon)["s12"] / 1000 * 1.3


def fibre_loss_db(inventory: Inventory, fibre: Fibre, system: QkdSystem) -> float | None:
    """Loss in the system's band; None where the fibre cannot carry it."""
    o_band = system.wavelength_nm < 1400
    stated = fibre.loss_1310_db if o_band else fibre.loss_db
    if stated is not None:
        return stated
    km = fibre_length_km(inventory, fibre)
    if km is None or (o_band and fibre.loss_db is not None and fibre.length_km is None):
        return None
    per_km = fibre.attenuation_1310_db_per_km if o_band else fibre.attenuation_db_per_km
    return km * per_km + 0.25 * fibre.connectors + 0.05 * fibre.splices


def rate_bps(system: QkdSystem, loss_db: float) -> float:
    """log10(rate) interpolated linearly over loss; 0 above the curve's last point."""
    losses, rates = zip(*system.key_rate_curve, strict=True)
    if loss_db > losses[-1] + SLACK:
        return 0.0
    if loss_db <= losses[0]:
        return rates[0]
    for (left, high), (right, low) in pairwise(system.key_rate_curve):
        if abs(loss_db - right) <= SLACK:
            return low
        if left < loss_db < right:
            return 10 ** float(np.interp(loss_db, (left, right), np.log10((high, low)))) if high and low else 0.0
    return 0.0


def candidates(inventory: Inventory) -> Iterator[Candidate]:
    """Every route × system that is allowed or there, each route in one direction."""
    policy = inventory.policy
    allowed = {
        name
        for name, system in inventory.equipment.qkd_systems.items()
        if (policy.technologies is None or system.technology in policy.technologies)
        and (policy.manufacturers is None or system.manufacturer in policy.manufacturers)
    }
    there = {(link.system, *_along(link)): name for name, link in inventory.existing.links.items()}
    for sites, fibres in routes(inventory, max((len(fibres) for _, _, fibres in there), default=0)):
        for name, system in sorted(inventory.equipment.qkd_systems.items()):
            entry = there.get((name, (sites[0], sites[-1]), fibres))
            extendable = name in allowed and len(fibres) - 1 <= policy.max_bypass_sites
            candidate = _candidate(inventory, name, system, sites, fibres) if entry or extendable else None
            if candidate is not None:
                yield replace(candidate, entry=entry, extendable=extendable)


def refused(inventory: Inventory, links: Iterable[Candidate]) -> Iterator[Candidate]:
    """Existing links that stay although no path can use them."""
    usable = {link.entry for link in links}
    for name, link in inventory.existing.links.items():
        if link.keep and name not in usable:
            ends, fibres = _along(link)
            yield Candidate(link.system, ends, fibres, 0.0, 0.0, 0.0, name, False)


def _along(link: ExistingLink) -> tuple[tuple[str, str], tuple[str, ...]]:
    """Ends and fibres from the lesser end."""
    a, b = link.ends
    return ((a, b), link.fibres) if a < b else ((b, a), link.fibres[::-1])


def routes(inventory: Inventory, fibres_there: int = 0) -> Iterator[tuple[tuple[str, ...], tuple[str, ...]]]:
    """Sites and fibres of every simple path with few enough sites in between, from its lesser end."""
    most = max(inventory.policy.max_bypass_sites + 1, fibres_there)
    usable = [(f, fibre.ends) for f, fibre in sorted(inventory.fibres.items()) if not fibre.amplified]
    stack = [((site,), ()) for site in sorted(inventory.sites)]
    while stack:
        sites, fibres = stack.pop()
        if fibres and sites[0] < sites[-1]:
            yield sites, fibres
        if len(fibres) >= most:
            continue
        for fibre_id, (a, b) in usable:
            if sites[-1] in (a, b):
                onward = b if sites[-1] == a else a
                if onward not in sites:
                    stack.append(((*sites, onward), (*fibres, fibre_id)))


def _candidate(inventory: Inventory, name: str, system: QkdSystem, sites, fibres) -> Candidate | None:
    taken = [inventory.fibres[f] for f in fibres]
    lengths = [fibre_length_km(inventory, fibre) for fibre in taken]
    losses = [fibre_loss_db(inventory, fibre, system) for fibre in taken]
    if None in losses or (system.max_length_km is not None and None in lengths):
        return None
    policy = inventory.policy
    for site_id in sites[1:-1]:
        own = inventory.sites[site_id].bypass_loss_db
        losses.append(policy.bypass_loss_db if own is None else own)
    loss, length = sum(losses) + policy.loss_margin_db, sum(km or 0.0 for km in lengths)
    if system.max_loss_db is not None and loss > system.max_loss_db + SLACK:
        return None
    if system.max_length_km is not None and length > system.max_length_km + SLACK:
        return None
    gross = rate_bps(system, loss)
    return Candidate(name, sites, fibres, length, loss, gross * (1 - policy.key_rate_reserve)) if gross > 0 else None


def nodes_of(start: str, chain: tuple[Candidate, ...]) -> tuple[str, ...]:
    nodes = [start]
    for link in chain:
        nodes.append(link.ends[1] if nodes[-1] == link.ends[0] else link.ends[0])
    return tuple(nodes)


def may_relay(inventory: Inventory, corridor: Corridor, site_id: str) -> bool:
    site = inventory.sites[site_id]
    tier = corridor.min_security_tier
    return (
        site.trusted_node != "forbidden"
        and site_id not in corridor.avoid_sites
        and (corridor.allowed_countries is None or site.country in corridor.allowed_countries)
        and (corridor.allowed_operators is None or site.operator in corridor.allowed_operators)
        and (corridor.allowed_key_domains is None or site.key_domain in corridor.allowed_key_domains)
        and (tier is None or (site.security_tier is not None and site.security_tier >= tier))
    )


def chains_between(inventory: Inventory, corridor: Corridor, links) -> Iterator[tuple[Candidate, ...]]:
    """Every chain of candidate links from the first end to the second that visits no node twice."""
    start, goal = corridor.ends
    inner = {s for s in inventory.sites if s not in corridor.ends and may_relay(inventory, corridor, s)}
    longest = math.inf if corridor.max_relays is None else corridor.max_relays + 1
    touching = {s: [link for link in links if s in link.ends] for s in inventory.sites}
    stack: list[tuple[tuple[str, ...], tuple[Candidate, ...]]] = [((start,), ())]
    while stack:
        nodes, chain = stack.pop()
        if nodes[-1] == goal:
            yield chain
        elif len(chain) < longest:
            for link in touching[nodes[-1]]:
                onward = link.ends[1] if nodes[-1] == link.ends[0] else link.ends[0]
                if onward == goal or (onward in inner and onward not in nodes):
                    stack.append(((*nodes, onward), (*chain, link)))
