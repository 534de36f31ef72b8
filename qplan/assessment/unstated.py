"""What a plan's costs count as 0 because the inventory does not state it.

What is stated as 0 is stated. Authentication for which no service is stated is in the bill as to be quoted, and not
here, where it would make every total `at least` so much.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Literal

from qplan.costing.bill import EXISTING, BillLine, Category
from qplan.costing.bill_services import is_unpriced
from qplan.costing.market import market_of
from qplan.inventory.admissible import admissible_offers
from qplan.inventory.fields import Model
from qplan.inventory.installed import paid_nodes, paid_relays
from qplan.inventory.model import Fibre, Inventory, Item, QkdSystem, Site
from qplan.inventory.plant import length_km
from qplan.plan.model import Plan

Charge = Literal["one-off", "yearly", "later"]
PRODUCTS = (Category.QKD_SYSTEM, Category.NODE_ITEM, Category.RELAY_ITEM, Category.SPARE)
SERVICES = (Category.SERVICE, Category.YEARLY_SERVICE)
PRICE, RENEWAL, SERVICE_PRICE = ON_LINES = ("price", "renewal", "service price")
CONTINUED_SUPPORT = "continued support"
LEASES = ("cost_per_strand_year", "cost_per_strand_km_year")


@dataclass(frozen=True)
class Unstated:
    """An amount that some of the things that the plan uses do not state."""

    what: str
    """price | renewal | service price | continued support | support | fit-out | hosting | relay fit-out |
    relay operation | set-up | lease | length"""
    charge: Charge
    missing: tuple[str, ...]
    """Ids of things without it, sorted."""
    of: int
    """Things of that kind that the plan uses."""


def may_all_be_typed(unstated: Iterable[Unstated]) -> bool:
    """Whether each has a line of its own in the bill, for a price to be typed into; not where there is none."""
    found = [each.what in ON_LINES for each in unstated]
    return bool(found) and all(found)


def unstated_anywhere(inventory: Inventory) -> tuple[Unstated, ...]:
    """What a plan of the inventory counts as 0 where it uses it: of all products, services, sites and fibres."""
    equipment, services = inventory.equipment, inventory.services
    products: dict[str, QkdSystem | Item] = {**equipment.qkd_systems, **equipment.node_items, **equipment.relay_items}
    bought = {key: _as_bought(inventory, key, product) for key, product in products.items()}
    relays = {key: site for key, site in inventory.sites.items() if site.trusted_node != "forbidden"}
    unpriced = sorted(
        key
        for key, service in services.items()
        if is_unpriced(inventory, service) and not admissible_offers(inventory, f"services.{key}")
    )
    asked = (
        _missing(PRICE, "one-off", bought, "price"),
        Unstated(SERVICE_PRICE, "one-off", tuple(unpriced), len(services)),
        *_asked(inventory, inventory.sites, relays, inventory.fibres, products),
    )
    return tuple(each for each in asked if each.missing)


def unstated_costs(
    inventory: Inventory, plan: Plan, products: Mapping[str, QkdSystem | Item], bill: Iterable[BillLine]
) -> tuple[Unstated, ...]:
    """Everything counted as 0, in the order of the bill; `products` are those bought, by id."""
    nodes = {node.site: inventory.sites[node.site] for node in plan.nodes}
    relays = {site: inventory.sites[site] for site in plan.relays}
    fibres = {key: inventory.fibres[key] for link in plan.links for key in link.fibres}
    asked = (
        *_unpriced(tuple(bill)),
        _continued_support(inventory, plan),
        *_asked(inventory, nodes, relays, fibres, products),
    )
    return tuple(each for each in asked if each.missing)


def _continued_support(inventory: Inventory, plan: Plan) -> Unstated:
    """Of existing links that the plan uses, unless their offer includes it."""
    held, links = market_of(inventory).held, inventory.existing.links
    used = {held[link.system, link.fibres].entry for link in plan.links if link.existing}
    offered = {key for key, offer in inventory.offers.items() if "support" in offer.includes}
    own = {key: links[key] for key in used if links[key].offer not in offered}
    return _missing(CONTINUED_SUPPORT, "yearly", own, "support_per_year")


def _unpriced(bill: tuple[BillLine, ...]) -> Iterator[Unstated]:
    """What has lines that are to be quoted; but for what exists, what is bought again has the price of its purchase."""
    there = (line for line in bill if line.category is Category.REFRESH and line.variant == EXISTING)
    kinds: tuple[tuple[str, Charge, Iterable[BillLine]], ...] = (
        (PRICE, "one-off", (line for line in bill if line.category in PRODUCTS)),
        (RENEWAL, "later", there),
        (SERVICE_PRICE, "one-off", (line for line in bill if line.category in SERVICES)),
    )
    for what, charge, chosen in kinds:
        lines = tuple(chosen)
        missing = {line.key for line in lines if line.to_be_quoted}
        yield Unstated(what, charge, tuple(sorted(missing)), len({line.key for line in lines}))


def _asked(
    inventory: Inventory,
    nodes: Mapping[str, Site],
    relays: Mapping[str, Site],
    fibres: Mapping[str, Fibre],
    products: Mapping[str, QkdSystem | Item],
) -> Iterator[Unstated]:
    set_up = {site: nodes[site] for site in nodes.keys() - paid_nodes(inventory)}
    fitted_out = {site: relays[site] for site in relays.keys() - paid_relays(inventory)}
    fibres = {key: fibre for key, fibre in fibres.items() if not admissible_offers(inventory, f"fibres.{key}")}
    products = {key: _as_bought(inventory, key, product) for key, product in products.items()}
    yield _missing("support", "yearly", products, "support_per_year")
    yield _missing("fit-out", "one-off", set_up, "node_cost")
    yield _missing("hosting", "yearly", nodes, "node_cost_per_year")
    yield _missing("relay fit-out", "one-off", fitted_out, "relay_cost")
    yield _missing("relay operation", "yearly", relays, "relay_cost_per_year")
    yield _missing("set-up", "one-off", fibres, "setup_cost_per_strand")
    yield _missing("lease", "yearly", fibres, *LEASES)
    leased = {key: fibre for key, fibre in fibres.items() if fibre.cost_per_strand_km_year}
    unknown = sorted(key for key, fibre in leased.items() if length_km(inventory, fibre) is None)
    yield Unstated("length", "yearly", tuple(unknown), len(leased))


def _as_bought(inventory: Inventory, key: str, product: QkdSystem | Item) -> QkdSystem | Item:
    """The product with what its offers state in the place of its own amounts."""
    kinds = ("qkd_systems", "node_items", "relay_items")
    offers = [offer for kind in kinds for offer in admissible_offers(inventory, f"{kind}.{key}").values()]
    supported = all(offer.support_per_year is not None or "support" in offer.includes for offer in offers)
    stated = {"price": 0.0, **({"support_per_year": 0.0} if supported else {})}
    return product.model_copy(update=stated) if offers else product


def _missing(what: str, charge: Charge, things: Mapping[str, Model], *fields: str) -> Unstated:
    """The things that state none of the fields."""
    missing = (
        key
        for key, thing in things.items()
        if all(field not in thing.model_fields_set or getattr(thing, field) is None for field in fields)
    )
    return Unstated(what, charge, tuple(sorted(missing)), len(things))
