"""Lines of products on their terms: price, support, fees, what a tier asks for beyond the need, refresh."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal

from qplan.costing.bill import NO_SOURCE, BillLine, Category
from qplan.costing.bill_scope import BillScope, Need
from qplan.costing.cost import MONTHS, ZERO, Cost, Life, money
from qplan.costing.terms import Terms
from qplan.inventory.commercial import Encryptor, Offer, Service
from qplan.inventory.model import Item, QkdSystem


@dataclass(frozen=True)
class BilledProduct:
    """How a product stands on the bill where no offer says otherwise."""

    category: Category
    key: str
    description: str
    unit: str
    entry: QkdSystem | Item | None = None
    """In the catalogue."""
    part_number: str = ""
    provenance: str = NO_SOURCE
    support_provenance: str = ""
    supplier: str = ""
    """Where the offer names none."""

    @property
    def to_be_quoted(self) -> bool:
        """Nobody has stated its own price."""
        return self.entry is not None and self.entry.price is None


def billed_system(system_id: str, system: QkdSystem, category: Category = Category.QKD_SYSTEM) -> BilledProduct:
    technology = f", {system.technology}" if system.technology else ""
    description = f"QKD system, Tx and Rx: {system.model or system_id}{technology}"
    return _catalogued(category, system_id, description, "pair", system, system.part_number or "")


def billed_item(category: Category, part: str, item: Item) -> BilledProduct:
    return _catalogued(category, part, item.description or part, "piece", item, part)


def _catalogued(
    category: Category, key: str, description: str, unit: str, entry: QkdSystem | Item, part_number: str
) -> BilledProduct:
    price = "" if entry.price is None else provenance_of(entry, "price")
    support = provenance_of(entry, "support_per_year") if entry.support_per_year else ""
    return BilledProduct(category, key, description, unit, entry, part_number, price, support)


def billed_service(name: str, service: Service) -> BilledProduct:
    return BilledProduct(
        Category.SERVICE, name, service.description or name, service.per, provenance=service.provenance
    )


def provenance_of(product: QkdSystem | Item | Encryptor, field: str) -> str:
    """What the amount under that key rests on."""
    stated = product.provenance
    return stated if isinstance(stated, str) else stated.get(field, NO_SOURCE)


def lines_on_terms(
    scope: BillScope, product: BilledProduct, terms: Terms, needs: list[Need], used: list[Need] | None = None
) -> Iterator[BillLine]:
    """One-off line with support, then the fee, what a tier asks for beyond the need, and the refresh.

    `used`: what the yearly money is for, where that is not what is bought (then it has lines of its own).
    """
    kind = scope.kind_of(product.category, product.key)
    for line in _lines_on_terms(scope, product, terms, needs, used):
        yield line if line.category is product.category else replace(line, variant=kind)


def _lines_on_terms(
    scope: BillScope, product: BilledProduct, terms: Terms, needs: list[Need], used: list[Need] | None
) -> Iterator[BillLine]:
    tier = scope.choices.tier(terms)
    price = None if terms.offer is None and product.to_be_quoted else tier.unit_price
    base = product_line(scope, product, terms, needs, price)
    count = int(base.quantity)
    support = terms.yearly.support
    if used is None:
        cost = Cost(capex=count * (price or ZERO), support=count * support)
        rests_on = base.support_provenance if support else ""
        yield replace(base, cost=cost, support_per_unit=support, support_provenance=rests_on)
    elif needs and (price is None or price or terms.offer is not None):
        yield replace(base, cost=Cost(capex=count * (price or ZERO)))
    yield from fee_lines(scope, base, terms, needs if used is None else used)
    surplus = max(0, tier.at_least - count) if count else 0
    if surplus and price is not None:
        share = Decimal(surplus) / count
        beyond = [Need(need.quantity * share, need.corridors, ()) for need in needs]
        beside = " (spares do not count)" if terms.product in scope.inventory.spares else ""
        text = f"Beyond the need, for the tier from {tier.at_least}{beside}: {product.description}"
        line = product_line(scope, replace(product, category=Category.SURPLUS, description=text), terms, beyond, price)
        yield replace(line, quantity=Decimal(surplus), cost=Cost(capex=surplus * price), support_provenance="")
    if terms.life_years and (price is None or price):
        yield refresh_line(scope, product, terms, needs, Life(terms.life_years), price)


def fee_lines(scope: BillScope, base: BillLine, terms: Terms, needs: list[Need]) -> Iterator[BillLine]:
    """The monthly fee of a lease or managed service, as a year of it."""
    for term, fee in terms.yearly.fees:
        offer = scope.inventory.offers[terms.offer or ""]
        text = f"{'Lease' if offer.kind == 'lease' else 'Managed service'}, {base.description}"
        line = scope.line(Category.FEE, base.key, text, f"{base.unit}-year", MONTHS * fee, needs)
        line = replace(line, part_number=base.part_number, manufacturer=base.manufacturer)
        line = on_offer(scope, line, terms.offer)
        yield replace(line, cost=Cost(fees=((term, fee * line.quantity),)), term_months=term)


def refresh_line(
    scope: BillScope, product: BilledProduct, terms: Terms, needs: list[Need], life: Life, price: Decimal | None
) -> BillLine:
    """What is bought again at the end of every life; what has no price, at none, but at its time."""
    text = f"Bought again after {life.life_years} years: {product.description}"
    again = replace(product, category=Category.REFRESH, description=text)
    line = product_line(scope, again, terms, needs, price)
    return replace(line, cost=Cost(refreshes=((life, (price or ZERO) * line.quantity),)), support_provenance="")


def product_line(
    scope: BillScope, product: BilledProduct, terms: Terms, needs: list[Need], price: Decimal | None
) -> BillLine:
    """A line with what is known of its product and of its offer, without its money."""
    entry, category = product.entry, product.category
    line = scope.line(category, product.key, product.description, product.unit, price, needs, entry)
    line = replace(
        line,
        provenance=product.provenance,
        support_provenance=product.support_provenance,
        supplier=product.supplier,
    )
    if entry is not None:
        line = replace(
            as_quoted(scope, line, entry),
            part_number=product.part_number,
            manufacturer=entry.manufacturer or "",
            lead_time_weeks=None if entry.lead_time_weeks is None else money(entry.lead_time_weeks),
        )
    return on_offer(scope, line, terms.offer)


def as_quoted(scope: BillScope, line: BillLine, entry: QkdSystem | Item | Service | Encryptor) -> BillLine:
    """The line with what the labels of the entry that states its price say of a quote."""
    until = label(entry, "quote_valid_until")
    expired = runs_out_before(until, scope.plan.inventory.as_of)
    return replace(line, quote_ref=label(entry, "quote_ref"), quote_valid_until=until, expired=expired)


def on_offer(scope: BillScope, line: BillLine, name: str | None) -> BillLine:
    """The line as the offer has it, if it is on one."""
    if name is None:
        return line
    offer: Offer = scope.inventory.offers[name]
    lead, until = offer.lead_time_weeks, offer.valid_until or ""
    return replace(
        line,
        offer=name,
        supplier=offer.supplier or line.supplier,
        lead_time_weeks=line.lead_time_weeks if lead is None else money(lead),
        quote_ref=offer.quote_ref or "",
        quote_valid_until=until,
        provenance=offer.provenance,
        support_provenance=line.support_provenance if offer.support_per_year is None else offer.provenance,
        expired=runs_out_before(until, scope.plan.inventory.as_of),
        foreign=offer.currency not in (None, line.currency),
    )


def label(entry: QkdSystem | Item | Service | Encryptor, name: str) -> str:
    """A label as text; "" where there is none."""
    value = entry.labels.get(name)
    return str(value) if isinstance(value, (str, int, float)) else ""


def runs_out_before(last_day: str, day: str | None) -> bool:
    """A last day that is no date does not run out (a finding says that it cannot be read)."""
    if day is None:
        return False
    try:
        return date.fromisoformat(last_day) < date.fromisoformat(day)
    except ValueError:
        return False
