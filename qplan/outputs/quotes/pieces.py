"""What a plan buys, piece by piece: of which product, from whom, for which place."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal

from qplan.assessment.facts import PlanFacts
from qplan.assessment.link_budgets import LinkFacts
from qplan.costing.bill import BillLine, Category
from qplan.costing.classical import OWNED
from qplan.costing.market import ENDS, licence_count
from qplan.inventory.admissible import admissible_offers
from qplan.inventory.model import Item, QkdSystem
from qplan.outputs.bill.fibre_orders import FibreOrder, fibre_orders
from qplan.outputs.bill.schedule import ScheduledLink, link_schedule

END = "end"  # of a fibre
PLACELESS = ("relay", "corridor", "plan")
"""What a service may be counted per without saying where: these places are nobody's business, or everywhere."""


@dataclass(frozen=True)
class Piece:
    """So much of a product, from one supplier ("" where none is known)."""

    product: str
    """Its address: `qkd_systems.dv-metro`."""
    supplier: str
    quantity: Decimal
    sites: tuple[tuple[str, str], ...] = ()
    """Where it goes: site, and what of it ("" for the whole)."""
    each_site: bool = True
    """The whole quantity goes to each of the sites; else it is shared among them."""
    link: tuple[ScheduledLink, LinkFacts] | None = None
    fibre: FibreOrder | None = None
    spare: bool = False


def pieces(facts: PlanFacts) -> Iterator[Piece]:
    """Everything to be bought, rented or ordered that a supplier can be asked for."""
    bought = [*_systems(facts), *_items(facts)]
    yield from bought
    yield from _spares(facts, bought)
    yield from _services(facts)
    yield from _fibres(facts)
    yield from _encryptors(facts)


def _systems(facts: PlanFacts) -> Iterator[Piece]:
    for link, entry in zip(link_schedule(facts), facts.links, strict=True):
        if link.to_buy:
            supplier = _seller(facts, link.offer, facts.systems[link.system])
            sites = tuple((end.site, end.side) for end in link.ends)
            quantity = Decimal(link.to_buy)
            yield Piece(f"qkd_systems.{link.system}", supplier, quantity, sites, link=(link, entry))


def _items(facts: PlanFacts) -> Iterator[Piece]:
    """Where relay items go is not said: it would name the relays."""
    lines = {(line.category.value, line.key): line for line in facts.bill}
    for one in facts.installations:
        category = one.what
        if category in (Category.NODE_ITEM, Category.RELAY_ITEM):
            kind, sites = ("node_items", ((one.site, ""),)) if category == Category.NODE_ITEM else ("relay_items", ())
            supplier = lines[category, one.key].seller
            yield Piece(f"{kind}.{one.key}", supplier, Decimal(one.quantity), sites)


def _spares(facts: PlanFacts, bought: list[Piece]) -> Iterator[Piece]:
    """From who sells the product for the plan, else from its maker."""
    for product, count in sorted(facts.inventory.spares.items()):
        kind, _, name = product.partition(".")
        entry: QkdSystem | Item = getattr(facts.inventory.equipment, kind)[name]
        sellers = sorted(piece.supplier for piece in bought if piece.product == product)
        yield Piece(product, sellers[0] if sellers else entry.manufacturer or "", Decimal(count), spare=True)


def _services(facts: PlanFacts) -> Iterator[Piece]:
    """A service with a price once and one for every year is asked for once."""
    lines: dict[str, BillLine] = {}
    for line in facts.bill:
        if line.category in (Category.SERVICE, Category.YEARLY_SERVICE):
            lines.setdefault(line.key, line)
    for name, line in sorted(lines.items()):
        placeless = facts.inventory.services[name].per in PLACELESS
        sites = () if placeless else tuple((site, "") for site in line.sites)
        yield Piece(f"services.{name}", line.seller, line.quantity, sites, each_site=False)


def _fibres(facts: PlanFacts) -> Iterator[Piece]:
    for order in fibre_orders(facts):
        if order.new_strands:
            sites = tuple((end, END) for end in order.ends)
            quantity = Decimal(order.new_strands)
            yield Piece(f"fibres.{order.fibre}", order.lessor, quantity, sites, each_site=True, fibre=order)


def _encryptors(facts: PlanFacts) -> Iterator[Piece]:
    """At the ends of the corridors served, those that are not there; added up by site."""
    wanted: Counter[tuple[str, str]] = Counter()
    for corridor in facts.corridors:
        name, count = licence_count(facts.inventory, corridor.id)
        if corridor.served and name != OWNED:
            for end in facts.inventory.corridors[corridor.id].ends:
                wanted[name, end] += count // ENDS
    for (name, site), count in sorted(wanted.items()):
        if count:
            product = f"encryptors.{name}"
            offers = {offer.supplier for offer in admissible_offers(facts.inventory, product).values()} - {None}
            maker = facts.inventory.equipment.encryptors[name].manufacturer or ""
            supplier = next(iter(offers)) if len(offers) == 1 else maker
            yield Piece(product, supplier or "", Decimal(count), ((site, ""),))


def _seller(facts: PlanFacts, offer: str, product: QkdSystem) -> str:
    supplier = facts.inventory.offers[offer].supplier if offer else None
    return supplier or product.manufacturer or ""
