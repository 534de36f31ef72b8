"""Bill of materials: every position that a plan buys, orders or rents, as lines that add up to its costs.

A line is either one-off or recurring. A one-off line has its money in `line_total`, and the support of what it buys in
`support_per_year`. A recurring line (hosting, relay operation, fibre lease) has a yearly unit price, no `line_total`,
and its money in `support_per_year`. So the sum of the line totals is the plan's capex and the sum of
`support_per_year` its opex per year, both to the cent. Site works, set-up and leases that cost nothing make no line;
equipment without a price does: it is "to be quoted" (`unit_price` and `line_total` None) and so is authentication,
which every QKD link needs and no inventory prices.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from decimal import Decimal
from enum import StrEnum
from fractions import Fraction

from qplan.costing.cents import apportion
from qplan.costing.unit_costs import Cost, money
from qplan.costing.usage import Usage, usage_of
from qplan.inventory.model import Inventory, Item, QkdSystem
from qplan.inventory.plant import is_existing_relay, length_km
from qplan.plan.model import Plan


class Category(StrEnum):
    """What a line is for, in the order of the bill."""

    QKD_SYSTEM = "QKD system"
    NODE_ITEM = "node equipment"
    RELAY_ITEM = "relay equipment"
    NODE_WORKS = "node works"
    RELAY_WORKS = "relay works"
    FIBRE_SETUP = "fibre set-up"
    AUTHENTICATION = "authentication"
    NODE_HOSTING = "recurring node hosting"
    RELAY_OPERATION = "recurring relay operation"
    FIBRE_LEASE = "recurring fibre lease"

    @property
    def recurring(self) -> bool:
        """Whether its lines are paid every year."""
        return self.value.startswith("recurring")


@dataclass(frozen=True, kw_only=True)
class BillLine:
    """One line of the bill; money is in `currency`."""

    line: int = 0
    """From 1, in the order of the bill."""
    key: str
    """Id of what is bought: a system, an item's part number, a site or a fibre; "" for authentication."""
    part_number: str = ""
    manufacturer: str = ""
    description: str
    category: Category
    quantity: Decimal
    unit: str
    unit_price: Decimal | None
    """None: to be quoted. Of a recurring line: per year."""
    currency: str
    line_total: Decimal | None = None
    """One-off money to the cent; None for a recurring line and for one to be quoted."""
    support_per_unit: Decimal = Decimal(0)
    """Per unit and year; of a recurring line 0."""
    support_per_year: Decimal = Decimal(0)
    """Of the whole line, to the cent; of a recurring line its yearly money."""
    lead_time_weeks: Decimal | None = None
    quote_ref: str = ""
    quote_valid_until: str = ""
    provenance: str = "inventory"
    """Of the price (of the support where there is no price): a word of the catalogue, "inventory", or ""."""
    sites: tuple[str, ...]
    shares: tuple[tuple[str, Fraction], ...]
    """(corridor, part of the quantity that it uses), sorted; the parts sum to 1."""

    @property
    def to_be_quoted(self) -> bool:
        """Whether the line has no price."""
        return self.unit_price is None

    @property
    def one_off(self) -> Decimal:
        """One-off money, exact; 0 while it is to be quoted."""
        if self.unit_price is None or self.category.recurring:
            return Decimal(0)
        return self.quantity * self.unit_price

    @property
    def yearly(self) -> Decimal:
        """Money per year, exact."""
        per_unit = self.unit_price if self.category.recurring else self.support_per_unit
        return self.quantity * (per_unit or 0)

    @property
    def terms(self) -> tuple[object, ...]:
        """What two lines for one part number must have in common to be ordered as one."""
        return (
            self.part_number,
            self.manufacturer,
            self.unit,
            self.unit_price,
            self.support_per_unit,
            self.lead_time_weeks,
            self.quote_ref,
            self.quote_valid_until,
            self.provenance,
        )


@dataclass(frozen=True)
class _Need:
    """A quantity that one element of the plan needs, the corridors that use the element, and where it stands."""

    quantity: Decimal
    corridors: tuple[str, ...]
    sites: tuple[str, ...]


def bill_of_materials(inventory: Inventory, plan: Plan) -> tuple[BillLine, ...]:
    """Every line of the plan's bill, by category and then by id; the inventory must be the plan's own."""
    usage = usage_of(plan)
    fitted_out = {site: usage.relays[site] for site in new_relays(inventory, usage.relays)}
    lines = [
        *_system_lines(inventory, plan, usage),
        *_item_lines(inventory, Category.NODE_ITEM, inventory.equipment.node_items, usage.nodes),
        *_item_lines(inventory, Category.RELAY_ITEM, inventory.equipment.relay_items, fitted_out),
        *_site_lines(inventory, usage, fitted_out),
        *_fibre_lines(inventory, plan, usage),
        *_authentication_line(inventory, plan, usage),
    ]
    lines.sort(key=lambda line: list(Category).index(line.category))
    totals = apportion([line.one_off for line in lines])
    yearly = apportion([line.yearly for line in lines])
    return tuple(
        replace(
            line,
            line=number,
            line_total=None if line.to_be_quoted or line.category.recurring else total,
            support_per_year=support,
        )
        for number, (line, total, support) in enumerate(zip(lines, totals, yearly, strict=True), start=1)
    )


def bill_total(bill: Iterable[BillLine]) -> Cost:
    """Exact money of all lines; a line to be quoted counts as 0."""
    total = Cost()
    for line in bill:
        total += Cost(line.one_off, line.yearly)
    return total


def new_relays(inventory: Inventory, relays: Iterable[str]) -> list[str]:
    """The relays that are fitted out for the plan: those that are not `existing`."""
    return [site for site in relays if not is_existing_relay(inventory.sites[site])]


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
        part_number = system.part_number or ""
        yield _product_line(inventory, Category.QKD_SYSTEM, system_id, system, part_number, description, "pair", needs)


def _item_lines(
    inventory: Inventory, category: Category, items: dict[str, Item], sites: dict[str, tuple[str, ...]]
) -> Iterator[BillLine]:
    for part_number, item in sorted(items.items()) if sites else ():
        needs = [_Need(Decimal(item.quantity), users, (site,)) for site, users in sites.items()]
        description = item.description or part_number
        yield _product_line(inventory, category, part_number, item, part_number, description, "piece", needs)


def _product_line(
    inventory: Inventory,
    category: Category,
    key: str,
    product: QkdSystem | Item,
    part_number: str,
    description: str,
    unit: str,
    needs: list[_Need],
) -> BillLine:
    """A line for catalogue equipment."""
    return replace(
        _line(inventory, category, key, description, unit, product.price, needs),
        part_number=part_number,
        manufacturer=product.manufacturer or "",
        support_per_unit=money(product.support_per_year),
        lead_time_weeks=None if product.lead_time_weeks is None else money(product.lead_time_weeks),
        quote_ref=_label(product, "quote_ref"),
        quote_valid_until=_label(product, "quote_valid_until"),
        provenance=_price_provenance(product),
    )


def _price_provenance(product: QkdSystem | Item) -> str:
    if product.price is None and not product.support_per_year:
        return ""
    if isinstance(product.provenance, str):
        return product.provenance
    return product.provenance.get("support_per_year" if product.price is None else "price", "not stated")


def _label(product: QkdSystem | Item, name: str) -> str:
    value = product.labels.get(name)
    return str(value) if isinstance(value, (str, int, float)) else ""


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
                yield _line(inventory, category, site_id, f"{what}: {site.name or site_id}", unit, price, needs)


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
        for category, unit, what, amount, per_strand in (
            (Category.FIBRE_SETUP, "strand", "Set-up", fibre.setup_cost_per_strand, Decimal(1)),
            (Category.FIBRE_LEASE, "strand-year", "Lease", fibre.cost_per_strand_year, Decimal(1)),
            (Category.FIBRE_LEASE, "strand-km-year", "Lease by length", fibre.cost_per_strand_km_year, km),
        ):
            if amount and per_strand:
                needs = [_Need(count * per_strand, users, fibre.ends) for count, users in strands]
                yield _line(inventory, category, fibre_id, f"{what} of fibre {fibre_id}", unit, amount, needs)


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
) -> BillLine:
    """A line at a price of the inventory (None: to be quoted), not yet numbered or summed."""
    quantity = sum((need.quantity for need in needs), Decimal(0))
    shares: dict[str, Fraction] = {}
    for need in needs:
        for corridor in need.corridors:
            part = Fraction(need.quantity) / Fraction(quantity) / len(need.corridors)
            shares[corridor] = shares.get(corridor, Fraction(0)) + part
    return BillLine(
        key=key,
        description=description,
        category=category,
        quantity=quantity,
        unit=unit,
        unit_price=None if unit_price is None else money(unit_price),
        currency=inventory.economics.currency,
        sites=tuple(sorted({site for need in needs for site in need.sites})),
        shares=tuple(sorted(shares.items())),
    )
