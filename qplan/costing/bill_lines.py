"""The lines of a plan's bill, one after the other."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal
from fractions import Fraction

from qplan.costing.bill import BillLine, Category, new_relays
from qplan.costing.unit_costs import money
from qplan.costing.usage import Usage, usage_of
from qplan.inventory.model import Fibre, Inventory, Item, QkdSystem, Site
from qplan.inventory.plant import length_km
from qplan.plan.model import Plan


@dataclass(frozen=True)
class _Need:
    """A quantity that one element of the plan needs, the corridors that use the element, and where it stands."""

    quantity: Decimal
    corridors: tuple[str, ...]
    sites: tuple[str, ...]


def make_lines(inventory: Inventory, plan: Plan) -> Iterator[BillLine]:
    """Every line, not yet rounded."""
    usage = usage_of(plan)
    fitted_out = {site: usage.relays[site] for site in new_relays(inventory, usage.relays)}
    yield from _system_lines(inventory, plan, usage)
    yield from _item_lines(inventory, plan, Category.NODE_ITEM, inventory.equipment.node_items, usage.nodes)
    yield from _item_lines(inventory, plan, Category.RELAY_ITEM, inventory.equipment.relay_items, fitted_out)
    yield from _site_lines(inventory, usage, fitted_out)
    yield from _fibre_lines(inventory, plan, usage)
    yield from _authentication_line(inventory, plan, usage)


def _system_lines(inventory: Inventory, plan: Plan, usage: Usage) -> Iterator[BillLine]:
    for system_id in sorted({link.system for link in plan.links}):
        system = inventory.equipment.qkd_systems[system_id]
        technology = f", {system.technology}" if system.technology else ""
        needs = [
            _Need(Decimal(link.count), usage.links[link.id], link.ends)
            for link in plan.links
            if link.system == system_id
        ]
        description = f"QKD system, Tx and Rx: {system.model or system_id}{technology}"
        line = _line(inventory, Category.QKD_SYSTEM, system_id, description, "pair", system.price, needs, system)
        yield _from_catalogue(line, system, system.part_number or "", plan.inventory.as_of)


def _item_lines(
    inventory: Inventory,
    plan: Plan,
    category: Category,
    items: dict[str, Item],
    sites: dict[str, tuple[str, ...]],
) -> Iterator[BillLine]:
    for part_number, item in sorted(items.items()) if sites else ():
        needs = [_Need(Decimal(item.quantity), users, (site,)) for site, users in sites.items()]
        description = item.description or part_number
        line = _line(inventory, category, part_number, description, "piece", item.price, needs, item)
        yield _from_catalogue(line, item, part_number, plan.inventory.as_of)


def _from_catalogue(line: BillLine, product: QkdSystem | Item, part_number: str, as_of: str | None) -> BillLine:
    """The line with what the catalogue says of the product; quotes are judged by the day `as_of`, if any."""
    valid_until = _label(product, "quote_valid_until")
    return replace(
        line,
        part_number=part_number,
        manufacturer=product.manufacturer or "",
        support_per_unit=money(product.support_per_year),
        lead_time_weeks=None if product.lead_time_weeks is None else money(product.lead_time_weeks),
        quote_ref=_label(product, "quote_ref"),
        quote_valid_until=valid_until,
        provenance="" if product.price is None else _provenance(product, "price"),
        support_provenance=_provenance(product, "support_per_year") if product.support_per_year else "",
        expired=_runs_out_before(valid_until, as_of),
    )


def _provenance(product: QkdSystem | Item, field: str) -> str:
    stated = product.provenance
    return stated if isinstance(stated, str) else stated.get(field, "not stated")


def _label(product: QkdSystem | Item, name: str) -> str:
    value = product.labels.get(name)
    return str(value) if isinstance(value, (str, int, float)) else ""


def _runs_out_before(last_day: str, day: str | None) -> bool:
    """A last day that is no date does not run out (a finding says that it cannot be read)."""
    if day is None:
        return False
    try:
        return date.fromisoformat(last_day) < date.fromisoformat(day)
    except ValueError:
        return False


def _site_lines(inventory: Inventory, usage: Usage, fitted_out: dict[str, tuple[str, ...]]) -> Iterator[BillLine]:
    """Works and yearly services of every node and relay that cost something."""
    roles = (
        (Category.NODE_WORKS, "node_cost", "service", "Fit-out of QKD node", usage.nodes),
        (Category.RELAY_WORKS, "relay_cost", "service", "Fit-out of trusted relay", fitted_out),
        (Category.NODE_HOSTING, "node_cost_per_year", "year", "Hosting of QKD node", usage.nodes),
        (Category.RELAY_OPERATION, "relay_cost_per_year", "year", "Operation of trusted relay", usage.relays),
    )
    for category, field, unit, what, sites in roles:
        for site_id, users in sites.items():
            site = inventory.sites[site_id]
            price = getattr(site, field)
            if price:
                needs = [_Need(Decimal(1), users, (site_id,))]
                description = f"{what}: {site.name or site_id}"
                yield _line(inventory, category, site_id, description, unit, price, needs, site)


def _fibre_lines(inventory: Inventory, plan: Plan, usage: Usage) -> Iterator[BillLine]:
    """Set-up and leases of every fibre used that cost something; a quantity is strands, or strands × km."""
    for fibre_id in sorted({fibre for link in plan.links for fibre in link.fibres}):
        fibre = inventory.fibres[fibre_id]
        strands = [
            (link.count * inventory.equipment.qkd_systems[link.system].strands, usage.links[link.id])
            for link in plan.links
            if fibre_id in link.fibres
        ]
        km = money(length_km(inventory, fibre))
        fixed = bool(fibre.cost_per_strand_year)
        for category, unit, what, amount, per_strand in (
            (Category.FIBRE_SETUP, "strand", "Set-up", fibre.setup_cost_per_strand, Decimal(1)),
            (Category.FIBRE_LEASE, "strand-year", "Lease", fibre.cost_per_strand_year, Decimal(1)),
            (Category.FIBRE_LEASE, "strand-km-year", "Lease by length", fibre.cost_per_strand_km_year, km),
        ):
            if amount and per_strand:
                needs = [_Need(count * per_strand, users, fibre.ends) for count, users in strands]
                line = _line(inventory, category, fibre_id, f"{what} of fibre {fibre_id}", unit, amount, needs, fibre)
                second = fixed and unit == "strand-km-year"  # beside a fixed lease
                yield replace(line, variant="km") if second else line


def _authentication_line(inventory: Inventory, plan: Plan, usage: Usage) -> Iterator[BillLine]:
    if plan.links:
        needs = [_Need(Decimal(1), usage.links[link.id], link.ends) for link in plan.links]
        what = "Authentication of the classical channel: pre-shared keys or PQC certificates"
        yield replace(_line(inventory, Category.AUTHENTICATION, "", what, "QKD link", None, needs), provenance="")


def _line(
    inventory: Inventory,
    category: Category,
    key: str,
    description: str,
    unit: str,
    unit_price: float | None,
    needs: list[_Need],
    priced_at: Site | Fibre | QkdSystem | Item | None = None,
) -> BillLine:
    """A line at a price of the inventory (None: to be quoted), not yet rounded; `priced_at` states the price."""
    quantity = sum((need.quantity for need in needs), Decimal(0))
    shares: dict[str, Fraction] = {}
    for need in needs:
        for corridor in need.corridors:
            part = Fraction(need.quantity) / Fraction(quantity) / len(need.corridors)
            shares[corridor] = shares.get(corridor, Fraction(0)) + part
    currency = inventory.economics.currency
    return BillLine(
        key=key,
        description=description,
        category=category,
        quantity=quantity,
        unit=unit,
        unit_price=None if unit_price is None else money(unit_price),
        currency=currency,
        foreign=priced_at is not None and priced_at.labels.get("currency", currency) != currency,
        sites=tuple(sorted({site for need in needs for site in need.sites})),
        shares=tuple(sorted(shares.items())),
    )
