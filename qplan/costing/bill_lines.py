"""The lines of a plan's bill, one after the other, each with its exact money and the corridors that use it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import replace
from decimal import Decimal

from qplan.costing.bill import EXISTING, BillLine, Category
from qplan.costing.bill_products import (
    BilledProduct,
    as_quoted,
    billed_item,
    billed_system,
    fee_lines,
    lines_on_terms,
    product_line,
    provenance_of,
    refresh_line,
)
from qplan.costing.bill_scope import BillScope, Need
from qplan.costing.bill_services import service_lines
from qplan.costing.choice import offered
from qplan.costing.cost import ZERO, Cost, Life, money
from qplan.costing.market import ENDS, KWH_PER_WATT_YEAR, licence_count
from qplan.costing.terms import Terms, existing_terms, least_purchase
from qplan.costing.usage import NO_CORRIDOR
from qplan.inventory.installed import age_years
from qplan.inventory.model import Inventory, Item
from qplan.inventory.plant import length_km, relay_items
from qplan.plan.model import Link, Plan

AUTHENTICATION = "authentication"
SPARE_KINDS = {
    "qkd_systems": Category.QKD_SYSTEM,
    "node_items": Category.NODE_ITEM,
    "relay_items": Category.RELAY_ITEM,
}


def make_lines(inventory: Inventory, plan: Plan) -> Iterator[BillLine]:
    """Every line of a plan's bill, in the order of ids within its category; not yet rounded."""
    scope = BillScope(inventory, plan)
    yield from _system_lines(scope)
    yield from _item_lines(scope)
    yield from _site_lines(scope)
    yield from _fibre_lines(scope)
    yield from service_lines(scope)
    yield from _spare_lines(scope)
    yield from _licence_lines(scope)
    yield from _energy_line(scope)
    for link in plan.links:
        if link.existing:
            yield from _existing_lines(scope, link)
    yield from _authentication_line(scope)


def _system_lines(scope: BillScope) -> Iterator[BillLine]:
    """The systems bought, by system and offer."""
    groups: dict[tuple[str, str], list[Need]] = defaultdict(list)
    for link in scope.plan.links:
        if link.bought:
            need = Need(Decimal(link.bought), scope.usage.links[link.id], link.ends, (link.id,))
            groups[link.system, link.offer or ""].append(need)
    for (system_id, offer), needs in sorted(groups.items()):
        terms = offered(scope.market, f"qkd_systems.{system_id}", offer or None)
        product = billed_system(system_id, scope.inventory.equipment.qkd_systems[system_id])
        yield from lines_on_terms(scope, product, terms, needs)


def _item_lines(scope: BillScope) -> Iterator[BillLine]:
    """The items of the nodes and relays that are not there yet."""
    equipment = scope.inventory.equipment
    for kind, category, items, sites in (
        ("node_items", Category.NODE_ITEM, equipment.node_items, scope.new_nodes),
        ("relay_items", Category.RELAY_ITEM, equipment.relay_items, scope.new_relays),
    ):
        for part, item in sorted(items.items()) if sites else ():
            needs = [Need(Decimal(item.quantity), users, (site,)) for site, users in sites.items()]
            yield from lines_on_terms(scope, billed_item(category, part, item), scope.terms(f"{kind}.{part}"), needs)


def _site_lines(scope: BillScope) -> Iterator[BillLine]:
    """Works and yearly services of every node and relay that cost something."""
    usage = scope.usage
    roles = (
        (Category.NODE_WORKS, "node_cost", "service", "Fit-out of QKD node", scope.new_nodes),
        (Category.RELAY_WORKS, "relay_cost", "service", "Fit-out of trusted relay", scope.new_relays),
        (Category.NODE_HOSTING, "node_cost_per_year", "year", "Hosting of QKD node", usage.nodes),
        (Category.RELAY_OPERATION, "relay_cost_per_year", "year", "Operation of trusted relay", usage.relays),
    )
    for category, field, unit, what, sites in roles:
        for site_id, users in sites.items():
            site = scope.inventory.sites[site_id]
            price = money(getattr(site, field))
            if price:
                needs = [Need(Decimal(1), users, (site_id,))]
                line = scope.line(category, site_id, f"{what}: {site.name or site_id}", unit, price, needs, site)
                yield replace(line, cost=Cost(hosting=price) if category.recurring else Cost(capex=price))


def _fibre_lines(scope: BillScope) -> Iterator[BillLine]:
    """Set-up and leases of every fibre used that cost something; a quantity is strands, or strands × km."""
    for fibre_id in sorted({fibre for link in scope.plan.links for fibre in link.fibres}):
        fibre = scope.inventory.fibres[fibre_id]
        bought: list[Need] = []
        leased: list[Need] = []
        for link in (link for link in scope.plan.links if fibre_id in link.fibres):
            strands = scope.inventory.equipment.qkd_systems[link.system].strands
            users = scope.usage.links[link.id]
            for count, needs in ((link.bought, bought), (link.existing, leased)):
                needs += [Need(Decimal(count * strands), users, fibre.ends, (link.id,))] if count else []
        terms = scope.terms(f"fibres.{fibre_id}")
        if terms.offer is None:
            leased = [*bought, *leased]
        yield from _setup_lines(scope, fibre_id, terms, bought)
        yield from _lease_lines(scope, fibre_id, leased)


def _setup_lines(scope: BillScope, fibre_id: str, terms: Terms, needs: list[Need]) -> Iterator[BillLine]:
    if needs and terms.offer is not None:
        text, lessor = f"Strands of fibre {fibre_id}", scope.inventory.fibres[fibre_id].operator or ""
        product = BilledProduct(Category.FIBRE_SETUP, fibre_id, text, "strand", supplier=lessor)
        yield from lines_on_terms(scope, product, terms, needs)
        return
    price = terms.tiers[0].unit_price
    if needs and price:
        fibre, text = scope.inventory.fibres[fibre_id], f"Set-up of fibre {fibre_id}"
        line = scope.line(Category.FIBRE_SETUP, fibre_id, text, "strand", price, needs, fibre)
        yield replace(line, cost=Cost(capex=price * line.quantity), supplier=fibre.operator or "")


def _lease_lines(scope: BillScope, fibre_id: str, needs: list[Need]) -> Iterator[BillLine]:
    fibre = scope.inventory.fibres[fibre_id]
    fixed, by_length = money(fibre.cost_per_strand_year), money(fibre.cost_per_strand_km_year)
    km, beside = money(length_km(scope.inventory, fibre)), "km" if fixed else ""
    for variant, unit, what, amount, per_strand in (
        ("", "strand-year", "Lease", fixed, Decimal(1)),
        (beside, "strand-km-year", "Lease by length", by_length, km),
    ):
        if needs and amount and per_strand:
            mine = [replace(need, quantity=need.quantity * per_strand) for need in needs]
            text = f"{what} of fibre {fibre_id}"
            line = scope.line(Category.FIBRE_LEASE, fibre_id, text, unit, amount, mine, fibre)
            line = replace(line, cost=Cost(lease=amount * line.quantity), variant=variant)
            yield replace(line, supplier=fibre.operator or "")


def _spare_lines(scope: BillScope) -> Iterator[BillLine]:
    """What is kept in stock, borne by all corridors served."""
    for product, count in sorted(scope.inventory.spares.items()):
        kind, _, name = product.partition(".")
        entry = getattr(scope.inventory.equipment, kind)[name]
        if kind == "qkd_systems":
            about = billed_system(name, entry, Category.SPARE)
        else:
            about = billed_item(Category.SPARE, name, entry)
        terms = least_purchase(scope.inventory, product)
        price = None if about.to_be_quoted and terms.offer is None else terms.tiers[0].unit_price
        at_base = ", at the base price" if len(terms.tiers) > 1 else ""
        about = replace(about, description=f"Spare{at_base}: {about.description}")
        line = product_line(scope, about, terms, [Need(Decimal(count), scope.served, ())], price)
        variant = scope.kind_of(SPARE_KINDS[kind], name)
        yield replace(line, cost=Cost(capex=count * (price or ZERO)), variant=variant, support_provenance="")


def _licence_lines(scope: BillScope) -> Iterator[BillLine]:
    """QKD licences of the encryptors at the ends of the corridors served."""
    groups: dict[str, list[Need]] = defaultdict(list)
    for q in scope.served:
        name, count = licence_count(scope.inventory, q) if q != NO_CORRIDOR else ("", 0)
        if count:
            groups[name].append(Need(Decimal(count), (q,), scope.inventory.corridors[q].ends))
    for name, needs in sorted(groups.items()):
        encryptor = scope.inventory.equipment.encryptors[name]
        price = money(encryptor.qkd_licence_per_year)
        if price:
            text = f"QKD licence of encryptor {encryptor.model or name}"
            line = scope.line(Category.LICENCE, name, text, "encryptor-year", price, needs, encryptor)
            word = provenance_of(encryptor, "qkd_licence_per_year")
            line = as_quoted(scope, line, encryptor)
            yield replace(line, cost=Cost(support=price * line.quantity), provenance=word)


def kwh_per_year(inventory: Inventory, plan: Plan) -> Decimal:
    """Electricity of all systems and items, whether it has a price or not."""
    return sum((need.quantity for need in _energy_needs(BillScope(inventory, plan))), ZERO)


def _energy_line(scope: BillScope) -> Iterator[BillLine]:
    """Power of systems and items, where it has a price."""
    price = money(scope.inventory.economics.energy_per_kwh)
    needs = _energy_needs(scope) if price else []
    if needs:
        text = "Electricity of QKD systems and items"
        line = scope.line(Category.ENERGY, "", text, "kWh-year", price, needs)
        yield replace(line, cost=Cost(energy=price * line.quantity))


def _energy_needs(scope: BillScope) -> list[Need]:
    """In kWh a year."""
    equipment, usage = scope.inventory.equipment, scope.usage
    needs = []
    for link in scope.plan.links:
        watts = ENDS * money(equipment.qkd_systems[link.system].power_w) * link.count
        needs.append(Need(watts, usage.links[link.id], link.ends, (link.id,)))
    needs += [Need(_watts(equipment.node_items), users, (site,)) for site, users in usage.nodes.items()]
    for site, users in usage.relays.items():
        needs.append(Need(_watts(relay_items(scope.inventory, site)), users, (site,)))
    return [replace(need, quantity=need.quantity * KWH_PER_WATT_YEAR) for need in needs if need.quantity]


def _existing_lines(scope: BillScope, link: Link) -> Iterator[BillLine]:
    """What the existing systems of a link cost from year 1 on: stated support, fees of their offer, refreshes."""
    entry_id = scope.market.held[link.system, link.fibres].entry
    entry = scope.inventory.existing.links[entry_id]
    system = billed_system(link.system, scope.inventory.equipment.qkd_systems[link.system])
    about = replace(system, key=entry_id)
    terms = existing_terms(scope.inventory, entry)
    needs = [Need(Decimal(link.existing), scope.usage.links[link.id], link.ends, (link.id,))]
    support = money(entry.support_per_year)
    if support:
        text = f"Support of existing systems, {about.description}"
        line = scope.line(Category.EXISTING_SUPPORT, entry_id, text, "pair-year", support, needs)
        yield replace(line, cost=Cost(support=support * link.existing))
    base = scope.line(Category.FEE, entry_id, f"existing, {about.description}", "pair", ZERO, needs)
    yield from fee_lines(scope, base, terms, needs)
    price: Decimal | None = terms.tiers[0].unit_price
    if about.to_be_quoted and terms.offer is None:
        terms = replace(terms, offer=least_purchase(scope.inventory, terms.product).offer)
        price = None if terms.offer is None else price
    life = terms.life_years
    if life and (price is None or price):
        age = Life(life, age_years(scope.inventory, entry) % life)
        yield replace(refresh_line(scope, about, terms, needs, age, price), variant=EXISTING)


def _authentication_line(scope: BillScope) -> Iterator[BillLine]:
    """Which every QKD link needs, where no service is stated that covers it."""
    if scope.plan.links and not any(service.covers == AUTHENTICATION for service in scope.inventory.services.values()):
        needs = [Need(Decimal(1), scope.usage.links[link.id], link.ends, (link.id,)) for link in scope.plan.links]
        what = "Authentication of the classical channel: pre-shared keys or PQC certificates"
        yield replace(scope.line(Category.AUTHENTICATION, "", what, "QKD link", None, needs), provenance="")


def _watts(items: Mapping[str, Item]) -> Decimal:
    return sum((money(item.power_w) * item.quantity for item in items.values()), ZERO)
