"""The terms on which a product can be had: its admissible offers, or, where it has none, its own price.

A product is what the inventory's offers are for: `qkd_systems.X`, `node_items.X`, `relay_items.X`, `services.X`,
`fibres.X` and `encryptors.X`; its units are a pair, a piece, one of what a service is counted per, a strand. Two things
that the definition of an offer leaves open are settled here, as a buyer would: an offer for a service takes the place
of its price and its effort, and its support that of the price per year; an offer for a fibre is for the strands of the
systems bought, while strands of existing systems stay on the fibre's own lease.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from qplan.costing.cost import Cost, Life, money
from qplan.inventory.admissible import admissible_offers
from qplan.inventory.commercial import Encryptor, Offer, Service
from qplan.inventory.existing import ExistingLink
from qplan.inventory.installed import age_years
from qplan.inventory.model import Inventory, Item, QkdSystem
from qplan.inventory.plant import length_km

SUPPORT = "support"
ONE = Decimal(1)


@dataclass(frozen=True)
class Tier:
    """One-off money per unit, paid for so many units at least."""

    at_least: int
    unit_price: Decimal


@dataclass(frozen=True)
class Terms:
    """What a unit of a product costs by one of its offers, or (`offer` None) at its own price."""

    product: str
    offer: str | None
    tiers: tuple[Tier, ...]
    """The base first, which holds from the first unit."""
    yearly: Cost
    """Per unit: support, lease or monthly fees."""
    life_years: int | None = None
    """Of what is purchased."""
    includes: frozenset[str] = frozenset()
    """Services per system or per link that are not charged besides."""

    def bought(self, units: int, tier: Tier) -> Cost:
        """One-off money and refreshes of units in a tier; what is paid beyond them is not refreshed."""
        if not units:
            return Cost()
        price = tier.unit_price
        refreshes = ((Life(self.life_years), price * units),) if self.life_years and price else ()
        return Cost(capex=max(units, tier.at_least) * price, refreshes=refreshes)

    def unit(self, tier: Tier | None = None) -> Cost:
        """One unit more, in the base tier or another."""
        return self.bought(1, Tier(1, (tier or self.tiers[0]).unit_price)) + self.yearly


def terms_of(inventory: Inventory, product: str) -> tuple[Terms, ...]:
    """Every way to buy a product: its admissible offers in id order, else its own price."""
    kind, _, name = product.partition(".")
    own = OWN_TERMS[kind](inventory, name)
    offers = admissible_offers(inventory, product)
    return tuple(_by_offer(inventory, own, name, offer) for name, offer in offers.items()) or (own,)


def _by_offer(inventory: Inventory, own: Terms, name: str, offer: Offer) -> Terms:
    rate = exchange_rate(inventory, offer)
    stated = offer.support_per_year
    support = own.yearly.support if stated is None else money(stated) * rate
    yearly = Cost(support=Decimal(0) if SUPPORT in offer.includes else support)
    includes = frozenset(offer.includes) - {SUPPORT}
    if offer.kind == "purchase":
        price = money(offer.list_price) * rate
        steps = [(1, offer.discount), *((tier.at_least, tier.discount) for tier in offer.tiers)]
        tiers = tuple(Tier(least, price * (1 - money(discount))) for least, discount in steps)
        return Terms(own.product, name, tiers, yearly, own.life_years, includes)
    yearly += Cost(fees=((offer.term_months or 1, money(offer.fee_per_month) * rate),))
    return Terms(own.product, name, (Tier(1, money(offer.setup_fee) * rate),), yearly, None, includes)


def exchange_rate(inventory: Inventory, offer: Offer) -> Decimal:
    """What one unit of the offer's currency is worth in the plan's."""
    economics = inventory.economics
    return ONE if offer.currency in (None, economics.currency) else money(economics.exchange_rates[offer.currency])


def _system(inventory: Inventory, name: str) -> Terms:
    return _product(f"qkd_systems.{name}", inventory.equipment.qkd_systems[name])


def _node_item(inventory: Inventory, name: str) -> Terms:
    return _product(f"node_items.{name}", inventory.equipment.node_items[name])


def _relay_item(inventory: Inventory, name: str) -> Terms:
    return _product(f"relay_items.{name}", inventory.equipment.relay_items[name])


def _encryptor(inventory: Inventory, name: str) -> Terms:
    return _product(f"encryptors.{name}", inventory.equipment.encryptors[name])


def _product(address: str, product: QkdSystem | Item | Encryptor) -> Terms:
    yearly = Cost(support=money(product.support_per_year))
    return Terms(address, None, (Tier(1, money(product.price)),), yearly, product.life_years)


def _service(inventory: Inventory, name: str) -> Terms:
    service = inventory.services[name]
    yearly = Cost(support=money(service.price_per_year))
    return Terms(f"services.{name}", None, (Tier(1, own_price(inventory, service)),), yearly)


def own_price(inventory: Inventory, service: Service) -> Decimal:
    """Price and effort of one unit; what is not known of them counts as 0."""
    return money(service.price) + money(service.effort_days) * money(inventory.economics.day_rate)


def _fibre(inventory: Inventory, name: str) -> Terms:
    setup = Tier(1, money(inventory.fibres[name].setup_cost_per_strand))
    return Terms(f"fibres.{name}", None, (setup,), strand_lease(inventory, name))


def strand_lease(inventory: Inventory, name: str) -> Cost:
    """One strand of a fibre for a year, fixed and by length, at the fibre's own price."""
    fibre = inventory.fibres[name]
    km = money(length_km(inventory, fibre))
    return Cost(lease=money(fibre.cost_per_strand_year) + money(fibre.cost_per_strand_km_year) * km)


OWN_TERMS = {
    "qkd_systems": _system,
    "node_items": _node_item,
    "relay_items": _relay_item,
    "services": _service,
    "fibres": _fibre,
    "encryptors": _encryptor,
}


def least_purchase(inventory: Inventory, product: str) -> Terms:
    """The admissible purchase offer of the least base price, the first of equals, else the product's own price."""
    kind, _, name = product.partition(".")
    own = OWN_TERMS[kind](inventory, name)
    purchases = [
        _by_offer(inventory, own, key, offer)
        for key, offer in admissible_offers(inventory, product).items()
        if offer.kind == "purchase"
    ]
    return min(purchases, key=lambda terms: (terms.tiers[0].unit_price, terms.offer or ""), default=own)


def least_purchase_price(inventory: Inventory, product: str) -> Decimal:
    """What a spare costs."""
    return least_purchase(inventory, product).tiers[0].unit_price


def existing_terms(inventory: Inventory, link: ExistingLink) -> Terms:
    """What one system of an existing link costs from year 1 on: stated support, fees of its offer, refreshes.

    It is bought again at the base price of its own purchase offer; without an offer at the price of the system, else
    at what a spare costs. A leased or managed one is not.
    """
    product = f"qkd_systems.{link.system}"
    own = _system(inventory, link.system)
    yearly = Cost(support=money(link.support_per_year))
    if link.offer is None:
        stated = inventory.equipment.qkd_systems[link.system].price is not None
        price = own.tiers[0].unit_price if stated else least_purchase_price(inventory, product)
        return Terms(product, None, (Tier(1, price),), yearly, own.life_years)
    offered = _by_offer(inventory, own, link.offer, inventory.offers[link.offer])
    yearly += Cost(fees=offered.yearly.fees)
    return Terms(product, link.offer, offered.tiers[:1], yearly, offered.life_years, offered.includes)


def existing_unit(inventory: Inventory, link: ExistingLink) -> Cost:
    """Yearly money and refreshes of one system of an existing link; nothing is paid for what is there."""
    terms = existing_terms(inventory, link)
    price = terms.tiers[0].unit_price
    life = terms.life_years
    refreshes = ((Life(life, age_years(inventory, link) % life), price),) if life and price else ()
    return terms.yearly + Cost(refreshes=refreshes)
