"""The part of the verifier that looks at QKD links and at what they take from fibres and sites."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator
from decimal import Decimal

from qplan.inventory.model import Inventory, Item, QkdSystem
from qplan.inventory.source.messages import counted
from qplan.plan.model import Link, Plan, link_id
from qplan.plan.verify import recompute
from qplan.plan.verify.violation import (
    DB_KM_TOLERANCE,
    LIMIT_TOLERANCE,
    RATE_TOLERANCE,
    Violation,
    at_most,
    close,
    close_relative,
    exact,
    show,
)


def route_key(link: Link) -> tuple[str, tuple[str, ...]]:
    """System and route, the same for both directions."""
    return link.system, min(link.fibres, link.fibres[::-1])


def link_violations(inventory: Inventory, plan: Plan, walks: tuple[recompute.Walk, ...]) -> Iterator[Violation]:
    """Every rule about single links and about the list of links."""
    ids = [link.id for link in plan.links]
    if ids != sorted(ids):
        yield Violation("links-order", "links", "not sorted", "sorted by id")
    for same, address, keys in (("link-twice", "id", ids), ("route-twice", "route", map(route_key, plan.links))):
        for key, times in Counter(keys).items():
            if times > 1:
                yield Violation(same, "links", f"{times} links with the {address} {key}", "one")
    loads: defaultdict[str, Decimal] = defaultdict(Decimal)
    for walk in walks:
        for link in walk.links:
            loads[link.id] += recompute.demand_bps(inventory.corridors[walk.corridor])
    for link in plan.links:
        address = f"links.{link.id}"
        load = loads.get(link.id, Decimal(0))
        if link.id not in loads:
            yield Violation("unused-link", address, "no corridor", "used by a served corridor")
        elif not close_relative(link.load_bps, load):
            yield Violation("load-value", address, show(link.load_bps, "bit/s"), show(load, "bit/s"))
        unknown = tuple(_unknown(inventory, link))
        yield from unknown
        if not unknown:
            yield from _route(inventory, link)
            yield from _carried(inventory, link, load)


def _unknown(inventory: Inventory, link: Link) -> Iterator[Violation]:
    """Names that the inventory does not have."""
    address = f"links.{link.id}"
    if link.system not in inventory.equipment.qkd_systems:
        yield Violation("unknown-system", address, link.system, "a system of the catalogue")
    for fibre_id in link.fibres:
        if fibre_id not in inventory.fibres:
            yield Violation("unknown-fibre", address, fibre_id, "a fibre of the inventory")
    for site_id in (*link.ends, *link.bypass_sites):
        if site_id not in inventory.sites:
            yield Violation("unknown-site", address, site_id, "a site of the inventory")


def _route(inventory: Inventory, link: Link) -> Iterator[Violation]:
    """The fibres are a simple path from the first end to the second, through the bypass sites stated."""
    address = f"links.{link.id}"
    sites = recompute.route_sites(inventory, link.ends[0], link.fibres)
    if sites is None or not link.fibres or sites[-1] != link.ends[1] or len(set(sites)) < len(sites):
        found = "fibres that do not join up" if sites is None else " > ".join(sites)
        yield Violation("route", address, found, f"a simple path from {link.ends[0]} to {link.ends[1]}")
    elif sites[1:-1] != link.bypass_sites:
        yield Violation("bypass-sites", address, ", ".join(link.bypass_sites), ", ".join(sites[1:-1]) or "none")
    if len(link.fibres) - 1 > inventory.policy.max_bypass_sites:
        most = inventory.policy.max_bypass_sites
        patched = counted(len(link.fibres) - 1, "site")
        yield Violation("max-bypass", address, f"{patched} patched through", at_most(most))
    for fibre_id in link.fibres:
        if inventory.fibres[fibre_id].amplified:
            yield Violation("amplified", address, fibre_id, "a fibre without amplifiers")
    expected = link_id(link.ends, link.system, link.fibres)
    if link.id != expected:
        yield Violation("link-id", address, link.id, expected)


def _carried(inventory: Inventory, link: Link, load: Decimal) -> Iterator[Violation]:
    """Technology, length, loss, rate and capacity, as stated and against their limits."""
    address, system = f"links.{link.id}", inventory.equipment.qkd_systems[link.system]
    technologies = inventory.policy.technologies
    if technologies is not None and system.technology not in technologies:
        yield Violation("technology", address, system.technology or "not stated", " or ".join(technologies) or "none")
    yield from _length(inventory, link, system)
    loss = recompute.route_db(inventory, system, link)
    if loss is None:
        yield Violation("band", address, f"a fibre without a loss at {system.wavelength_nm:g} nm", "a known loss")
        return
    if not close(link.loss_db, loss, DB_KM_TOLERANCE):
        yield Violation("loss-value", address, show(link.loss_db, "dB"), show(loss, "dB"))
    last = exact(system.key_rate_curve[-1][0])
    limit = last if system.max_loss_db is None else min(last, exact(system.max_loss_db))
    if loss > limit + LIMIT_TOLERANCE:
        yield Violation("loss", address, show(loss, "dB"), at_most(limit, f"dB by {link.system}"))
    gross = exact(recompute.rate_bps(system, loss))
    if not gross:
        yield Violation("rate", address, "0 bit/s", f"above 0 by {link.system}")
    yield from _capacity(link, gross * (1 - exact(inventory.policy.key_rate_reserve)), load)


def _length(inventory: Inventory, link: Link, system: QkdSystem) -> Iterator[Violation]:
    address, length = f"links.{link.id}", recompute.route_km(inventory, link.fibres)
    if not close(link.length_km, length, DB_KM_TOLERANCE):
        yield Violation("length-value", address, show(link.length_km, "km"), show(length, "km"))
    if system.max_length_km is None:
        return
    most = at_most(system.max_length_km, f"km by {link.system}")
    if length > exact(system.max_length_km) + LIMIT_TOLERANCE:
        yield Violation("length", address, show(length, "km"), most)
    for fibre_id in link.fibres:
        if recompute.fibre_km(inventory, inventory.fibres[fibre_id]) is None:
            yield Violation("length", address, f"{fibre_id} of unknown length", most)


def _capacity(link: Link, rate: Decimal, load: Decimal) -> Iterator[Violation]:
    address, capacity = f"links.{link.id}", link.count * rate
    if not close_relative(link.key_rate_bps, rate):
        yield Violation("rate-value", address, show(link.key_rate_bps, "bit/s"), show(rate, "bit/s"))
    if not close_relative(link.capacity_bps, capacity):
        yield Violation("capacity-value", address, show(link.capacity_bps, "bit/s"), show(capacity, "bit/s"))
    if load > capacity * (1 + RATE_TOLERANCE):
        yield Violation("capacity", address, show(load, "bit/s reserved"), at_most(capacity, "bit/s"))


def resource_violations(inventory: Inventory, plan: Plan, relays: frozenset[str]) -> Iterator[Violation]:
    """Strands of every fibre, rack units and power of every site."""
    strands: defaultdict[str, Decimal] = defaultdict(Decimal)
    rack_units: defaultdict[str, Decimal] = defaultdict(Decimal)
    power_w: defaultdict[str, Decimal] = defaultdict(Decimal)
    for link in plan.links:
        system = inventory.equipment.qkd_systems.get(link.system)
        if system is not None:
            for fibre_id in link.fibres:
                strands[fibre_id] += Decimal(link.count) * system.strands
            for site_id in link.ends:
                rack_units[site_id] += link.count * exact(system.rack_units)
                power_w[site_id] += link.count * exact(system.power_w)
    equipment = inventory.equipment
    for site_id, site in inventory.sites.items():
        items = list(equipment.node_items.values()) if site_id in rack_units else []
        if site_id in relays and site.trusted_node != "existing":
            items += equipment.relay_items.values()
        used_units, used_w = _with_items(rack_units[site_id], power_w[site_id], items)
        for rule, unit, used, free in (
            ("rack-units", "rack units", used_units, site.rack_units),
            ("power", "W", used_w, site.power_w),
        ):
            if free is not None and used > exact(free) + LIMIT_TOLERANCE:
                yield Violation(rule, f"sites.{site_id}", show(used, unit), at_most(free, unit))
    for fibre_id, fibre in inventory.fibres.items():
        if strands[fibre_id] > fibre.strands:
            yield Violation("strands", f"fibres.{fibre_id}", show(strands[fibre_id], "strands"), at_most(fibre.strands))


def _with_items(rack_units: Decimal, power_w: Decimal, items: list[Item]) -> tuple[Decimal, Decimal]:
    for item in items:
        rack_units += item.quantity * exact(item.rack_units)
        power_w += item.quantity * exact(item.power_w)
    return rack_units, power_w
