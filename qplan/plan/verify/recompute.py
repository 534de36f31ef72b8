"""The planning model a second time, for the verifier alone: routes, loss, rate, relay rules (money: `money.py`).

Nothing here is shared with the optimiser, so that a defect in one cannot hide in the other. All sums are exact
decimals of the declared figures; only a geodesic and an interpolated key rate are floats.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from decimal import Decimal
from itertools import pairwise

from qplan.inventory.model import Corridor, Fibre, Inventory, QkdSystem
from qplan.physics.loss import geodesic_km
from qplan.plan.model import Link, Plan
from qplan.plan.verify.violation import LIMIT_TOLERANCE, exact

O_BAND_BELOW_NM = 1400
UNSTATED = "not stated"
KM_PER_GEODESIC_KM = Decimal("1.3")
CONNECTOR_DB = Decimal("0.25")
SPLICE_DB = Decimal("0.05")


def demand_bps(corridor: Corridor) -> Decimal:
    """Secret bit/s that each path reserves on each of its links."""
    rekey = corridor.rekey
    if rekey is not None:
        return exact(rekey.key_bits) / exact(rekey.interval_s) * rekey.tunnels * rekey.directions
    return exact(corridor.otp_bps if corridor.key_rate_bps is None else corridor.key_rate_bps)


def fibre_km(inventory: Inventory, fibre: Fibre) -> Decimal | None:
    """Stated length, else geodesic × 1.3 to 1e-9 km, else None."""
    if fibre.length_km is not None:
        return exact(fibre.length_km)
    places: list[float] = []
    for site in (inventory.sites.get(end) for end in fibre.ends):
        if site is None or site.lat is None or site.lon is None:
            return None
        places += site.lat, site.lon
    return round(exact(geodesic_km(*places)) * KM_PER_GEODESIC_KM, 9)


def fibre_db(inventory: Inventory, fibre: Fibre, o_band: bool) -> Decimal | None:
    """Loss in the band; None where the fibre cannot carry it."""
    measured, per_km = fibre.loss_db, fibre.attenuation_db_per_km
    if o_band:
        if fibre.loss_1310_db is None and fibre.loss_db is not None and fibre.length_km is None:
            return None
        measured, per_km = fibre.loss_1310_db, fibre.attenuation_1310_db_per_km
    if measured is not None:
        return exact(measured)
    km = fibre_km(inventory, fibre)
    if km is None:
        return None
    return km * exact(per_km) + fibre.connectors * CONNECTOR_DB + fibre.splices * SPLICE_DB


def route_sites(inventory: Inventory, start: str, fibres: Iterable[str]) -> tuple[str, ...] | None:
    """The sites that the fibres lead through, one after the other from `start`; None where they do not join up."""
    sites = [start]
    for fibre_id in fibres:
        ends = inventory.fibres[fibre_id].ends
        if sites[-1] not in ends:
            return None
        sites.append(ends[1] if sites[-1] == ends[0] else ends[0])
    return tuple(sites)


def route_km(inventory: Inventory, fibres: Iterable[str]) -> Decimal:
    """Length of a route; a fibre of unknown length counts as 0 km."""
    return sum((fibre_km(inventory, inventory.fibres[f]) or Decimal(0) for f in fibres), Decimal(0))


def route_db(inventory: Inventory, system: QkdSystem, link: Link) -> Decimal | None:
    """Loss of a link's route in the system's band, margin and patches included; None where a fibre cannot carry it."""
    o_band = system.wavelength_nm < O_BAND_BELOW_NM
    policy, losses = inventory.policy, list[Decimal]()
    for loss in (fibre_db(inventory, inventory.fibres[f], o_band) for f in link.fibres):
        if loss is None:
            return None
        losses.append(loss)
    for site_id in link.bypass_sites:
        own = inventory.sites[site_id].bypass_loss_db
        losses.append(exact(policy.bypass_loss_db if own is None else own))
    return sum(losses, exact(policy.loss_margin_db))


def rate_bps(system: QkdSystem, loss_db: Decimal) -> float:
    """Rate of one system before the reserve: log10(rate) interpolated; flat below the first point, 0 above the last."""
    curve = system.key_rate_curve
    if exact(curve[-1][0]) < loss_db <= exact(curve[-1][0]) + LIMIT_TOLERANCE:
        return curve[-1][1]
    loss = float(loss_db)
    if loss <= curve[0][0]:
        return curve[0][1]
    for (left, high), (right, low) in pairwise(curve):
        if loss == right:
            return low
        if left < loss < right:
            if not high or not low:
                return 0.0
            return math.exp(math.log(high) + (math.log(low) - math.log(high)) * (loss - left) / (right - left))
    return 0.0


def broken_relay_rules(inventory: Inventory, corridor: Corridor, site_id: str) -> Iterator[tuple[str, str, str]]:
    """(rule, found, limit) for each rule that keeps a site from relaying the corridor's keys."""
    site = inventory.sites[site_id]
    if site.trusted_node == "forbidden":
        yield "trusted-node", "forbidden", "allowed or existing"
    if site_id in corridor.avoid_sites:
        yield "avoid-sites", "", "another site"
    if corridor.allowed_countries is not None and site.country not in corridor.allowed_countries:
        yield "allowed-countries", site.country or UNSTATED, " or ".join(corridor.allowed_countries) or "none"
    if corridor.allowed_operators is not None and site.operator not in corridor.allowed_operators:
        yield "allowed-operators", site.operator or UNSTATED, " or ".join(corridor.allowed_operators) or "none"
    if corridor.allowed_key_domains is not None and site.key_domain not in corridor.allowed_key_domains:
        yield "allowed-key-domains", site.key_domain or UNSTATED, " or ".join(corridor.allowed_key_domains) or "none"
    tier = -1 if site.security_tier is None else site.security_tier
    if corridor.min_security_tier is not None and tier < corridor.min_security_tier:
        stated = UNSTATED if site.security_tier is None else f"tier {tier}"
        yield "min-security-tier", stated, f"tier {corridor.min_security_tier} or higher"


@dataclass(frozen=True)
class Walk:
    """A path of a served corridor, followed link by link from the corridor's first end as far as it holds."""

    corridor: str
    links: tuple[Link, ...]
    """The links that the plan has under the ids listed."""
    nodes: tuple[str, ...]
    """Sites visited as nodes, the start included; shorter than `links` + 1 where the chain breaks."""

    @property
    def relays(self) -> tuple[str, ...]:
        """The nodes on the way, without the two ends."""
        return self.nodes[1:-1]


def follow(inventory: Inventory, plan: Plan) -> tuple[Walk, ...]:
    """Every path of every served corridor that the inventory knows."""
    by_id = {link.id: link for link in plan.links}
    walks = []
    for entry in plan.corridors:
        if not entry.served or entry.id not in inventory.corridors:
            continue
        for path in entry.paths:
            links = tuple(by_id[link_id] for link_id in path.links if link_id in by_id)
            nodes = [inventory.corridors[entry.id].ends[0]]
            for link in links:
                if nodes[-1] not in link.ends:
                    break
                nodes.append(link.ends[1] if nodes[-1] == link.ends[0] else link.ends[0])
            walks.append(Walk(entry.id, links, tuple(nodes)))
    return tuple(walks)
