"""The planning model a second time, for the verifier alone: routes, loss, rate, relay rules, money.

Nothing here is shared with the optimiser, so that a defect in one cannot hide in the other. All sums are exact
decimals of the declared figures; only a geodesic and an interpolated key rate are floats.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from decimal import Decimal, localcontext
from itertools import pairwise

from qplan.inventory.model import Corridor, Fibre, Inventory, Item, QkdSystem
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


@dataclass(frozen=True)
class Totals:
    """The four cost figures of a plan, in the inventory's currency."""

    capex: Decimal
    contingency: Decimal
    opex_per_year: Decimal
    tco: Decimal


def totals(inventory: Inventory, links: Iterable[Link], nodes: Iterable[str], relays: Iterable[str]) -> Totals:
    """What a plan costs; a system, fibre or site that the inventory does not know counts as nothing."""
    money = [_link_money(inventory, link) for link in links]
    money += [_node_money(inventory, site_id) for site_id in nodes if site_id in inventory.sites]
    money += [_relay_money(inventory, site_id) for site_id in relays if site_id in inventory.sites]
    capex = sum((once for once, _ in money), Decimal(0))
    opex = sum((yearly for _, yearly in money), Decimal(0))
    contingency = capex * exact(inventory.economics.contingency)
    return Totals(capex, contingency, opex, capex + contingency + opex * annuity(inventory))


def _link_money(inventory: Inventory, link: Link) -> tuple[Decimal, Decimal]:
    system = inventory.equipment.qkd_systems.get(link.system)
    if system is None:
        return Decimal(0), Decimal(0)
    once, yearly = exact(system.price), exact(system.support_per_year)
    for fibre in (inventory.fibres[f] for f in link.fibres if f in inventory.fibres):
        km = fibre_km(inventory, fibre) or Decimal(0)
        once += system.strands * exact(fibre.setup_cost_per_strand)
        yearly += system.strands * (exact(fibre.cost_per_strand_year) + exact(fibre.cost_per_strand_km_year) * km)
    return link.count * once, link.count * yearly


def _node_money(inventory: Inventory, site_id: str) -> tuple[Decimal, Decimal]:
    site = inventory.sites[site_id]
    once, yearly = _items_money(inventory.equipment.node_items)
    return once + exact(site.node_cost), yearly + exact(site.node_cost_per_year)


def _relay_money(inventory: Inventory, site_id: str) -> tuple[Decimal, Decimal]:
    site = inventory.sites[site_id]
    if site.trusted_node == "existing":
        return Decimal(0), exact(site.relay_cost_per_year)
    once, yearly = _items_money(inventory.equipment.relay_items)
    return once + exact(site.relay_cost), yearly + exact(site.relay_cost_per_year)


def _items_money(items: dict[str, Item]) -> tuple[Decimal, Decimal]:
    once = sum((item.quantity * exact(item.price) for item in items.values()), Decimal(0))
    return once, sum((item.quantity * exact(item.support_per_year) for item in items.values()), Decimal(0))


def annuity(inventory: Inventory) -> Decimal:
    """Present value of 1 a year from year 1 to the horizon, with digits enough for any small discount rate."""
    years, rate = inventory.economics.horizon_years, exact(inventory.economics.discount_rate)
    if not rate:
        return Decimal(years)
    with localcontext() as context:
        context.prec = 50 + 2 * max(0, -rate.adjusted())
        return (1 - (1 / (1 + rate)) ** years) / rate
