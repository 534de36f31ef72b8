"""The part of the verifier that looks at QKD links and at what they take from fibres and sites."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator
from decimal import Decimal

from qplan.inventory.model import Inventory, Item, QkdSystem
from qplan.inventory.source.messages import counted
from qplan.plan.model import Link, Plan
from qplan.plan.verify import recompute
from qplan.plan.verify.money import route_of
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


def link_violations(
    inventory: Inventory, plan: Plan, walks: tuple[recompute.Walk, ...], kept: frozenset[tuple[str, frozenset[str]]]
) -> Iterator[Violation]:
    """Every rule about single links and about the list of links; `kept` routes stay without a corridor."""
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
        if link.id not in loads and route_of(link) not in kept:
            yield Violation("unused-link", address, "no corridor", "used by a served corridor")
        elif not close_relative(link.load_bps, load):
            yield Violation("load-value", address, show(link.load_bps, "bit/s"), show(load, "bit/s"))
        unknown = tuple(_unknown(inventory, link))
        yield from unknown
        if not unknown:
            yield from _route(inventory, link)
            yield from _carried(inventory, link, load, link.id in loads)


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
    if link.bought > 0 and len(link.fibres) - 1 > inventory.policy.max_bypass_sites:
        most = inventory.policy.max_bypass_sites
        patched = counted(len(link.fibres) - 1, "site")
        yield Violation("max-bypass", address, f"{patched} patched through", at_most(most))
    if link.id != link.proper_id:
        yield Violation("link-id", address, link.id, link.proper_id)


def _carried(inventory: Inventory, link: Link, load: Decimal, used: bool) -> Iterator[Violation]:
    """Technology, length, loss, rate and capacity, as stated and against their limits, which bind where keys flow."""
    system = inventory.equipment.qkd_systems[link.system]
    if link.bought > 0:
        yield from _permitted(inventory, link, system)
    refusals = [
        *_amplified(inventory, link),
        *_length_limits(inventory, link, system),
        *_loss_limits(inventory, link, system),
    ]
    if used or link.bought > 0:
        yield from refusals
    length = recompute.route_km(inventory, link.fibres)
    if not close(link.length_km, length, DB_KM_TOLERANCE):
        yield Violation("length-value", f"links.{link.id}", show(link.length_km, "km"), show(length, "km"))
    loss = recompute.route_db(inventory, system, link)
    if loss is None:
        return
    if not close(link.loss_db, loss, DB_KM_TOLERANCE):
        yield Violation("loss-value", f"links.{link.id}", show(link.loss_db, "dB"), show(loss, "dB"))
    gross = exact(recompute.rate_bps(system, loss)) if used or not refusals else Decimal(0)
    yield from _capacity(link, gross * (1 - exact(inventory.policy.key_rate_reserve)), load)


def _permitted(inventory: Inventory, link: Link, system: QkdSystem) -> Iterator[Violation]:
    """What the policy lets buy."""
    address, policy = f"links.{link.id}", inventory.policy
    for rule, found, allowed in (
        ("technology", system.technology, policy.technologies),
        ("manufacturer", system.manufacturer, policy.manufacturers),
    ):
        if allowed is not None and found not in allowed:
            yield Violation(rule, address, found or "not stated", " or ".join(allowed) or "none")


def _amplified(inventory: Inventory, link: Link) -> Iterator[Violation]:
    for fibre_id in link.fibres:
        if inventory.fibres[fibre_id].amplified:
            yield Violation("amplified", f"links.{link.id}", fibre_id, "a fibre without amplifiers")


def _loss_limits(inventory: Inventory, link: Link, system: QkdSystem) -> Iterator[Violation]:
    address, loss = f"links.{link.id}", recompute.route_db(inventory, system, link)
    if loss is None:
        yield Violation("band", address, f"a fibre without a loss at {system.wavelength_nm:g} nm", "a known loss")
        return
    last = exact(system.key_rate_curve[-1][0])
    limit = last if system.max_loss_db is None else min(last, exact(system.max_loss_db))
    if loss > limit + LIMIT_TOLERANCE:
        yield Violation("loss", address, show(loss, "dB"), at_most(limit, f"dB by {link.system}"))
    if not recompute.rate_bps(system, loss) or inventory.policy.key_rate_reserve == 1:
        yield Violation("rate", address, "0 bit/s", f"above 0 by {link.system}")


def _length_limits(inventory: Inventory, link: Link, system: QkdSystem) -> Iterator[Violation]:
    address, length = f"links.{link.id}", recompute.route_km(inventory, link.fibres)
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
    if link.existing and link.count > max(1, link.existing):
        needless = load <= (link.count - 1) * rate * (1 + RATE_TOLERANCE)
        if needless:
            yield Violation("count", address, str(link.count), "the least that carries the load")


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
        if site_id in relays and (site.trusted_node != "existing" or site_id in inventory.existing.relays):
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
