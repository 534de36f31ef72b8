"""The part of the verifier that looks at offers and existing plant: what is bought on which terms, what was there."""

from __future__ import annotations

from collections.abc import Iterator

from qplan.inventory.model import Inventory
from qplan.inventory.source.messages import counted
from qplan.plan.model import Link, Plan
from qplan.plan.verify.money import Account, route_of
from qplan.plan.verify.violation import Violation, close_money

OWN = "the product's own price"


def term_violations(inventory: Inventory, plan: Plan, account: Account) -> Iterator[Violation]:
    """Every rule about offers: admissible, listed with the units that the plan needs; one alone for each product but a
    system, since the units of such a product are all on the first offer that is listed for it."""
    for link in account.links:
        yield from _offer_of_link(inventory, link, account)
    for entry in plan.offers:
        offer = inventory.offers.get(entry.id)
        address = f"offers.{entry.id}"
        if offer is None:
            yield Violation("unknown-offer", address, entry.id, "an offer of the inventory")
            continue
        if offer.product != entry.product:
            yield Violation("offer-for", address, entry.product, offer.product)
        if entry.id not in account.ledger.admissible(offer.product):
            yield Violation("offer-refused", address, entry.id, "an offer that the policy allows")
    yield from _listed(plan, account)


def _offer_of_link(inventory: Inventory, link: Link, account: Account) -> Iterator[Violation]:
    """Systems bought have an admissible offer where there is one; others the offer of the existing ones."""
    address = f"links.{link.id}"
    if link.bought > 0:
        allowed = account.ledger.admissible(f"qkd_systems.{link.system}")
        if link.offer not in (allowed or (None,)):
            expected = " or ".join(allowed) or OWN
            yield Violation("offer", address, link.offer or OWN, expected)
        return
    there = account.ledger.existing.get(route_of(link))
    own = None if there is None else there.offer
    if link.offer != own:
        yield Violation("offer", address, link.offer or "none", own or "none")


def _listed(plan: Plan, account: Account) -> Iterator[Violation]:
    """The list of offers says what is bought of each, in which tier and at which price."""
    ids = [entry.id for entry in plan.offers]
    if ids != sorted(set(ids)):
        yield Violation("offers-order", "offers", "not sorted, or one twice", "each once, sorted by id")
    used = {(product, offer): bought for (product, offer), (bought, _) in account.units.items() if offer is not None}
    for product, name in sorted(used.keys() - {(entry.product, entry.id) for entry in plan.offers}):
        yield Violation("offers-list", f"offers.{name}", "not in the list", f"listed: units of {product} are on it")
    for (product, bought_by), (_, in_use) in account.units.items():
        if bought_by is None and in_use and (allowed := account.ledger.admissible(product)):
            yield Violation("offer", "offers", f"{product} at {OWN}", " or ".join(allowed))
    for entry in plan.offers:
        address, units = f"offers.{entry.id}", used.get((entry.product, entry.id))
        offer = account.inventory.offers.get(entry.id)
        if units is None or offer is None:
            yield Violation("offers-list", address, "in the list", "left out: nothing is on it")
            continue
        if entry.units != units:
            yield Violation("offer-units", address, str(entry.units), str(units))
        steps = [1, *(tier.at_least for tier in offer.tiers)]
        if entry.tier_from not in steps:
            yield Violation("offer-tier", address, f"from {entry.tier_from}", " or ".join(f"from {n}" for n in steps))
            continue
        paid = max(units, entry.tier_from) if units else 0
        if entry.paid != paid:
            yield Violation("offer-paid", address, str(entry.paid), str(paid))
        price = account.ledger.price(offer, entry.tier_from)
        if not close_money(entry.unit_price, price):
            yield Violation("offer-price", address, f"{entry.unit_price:.2f}", f"{price:.2f}")


def existing_violations(inventory: Inventory, plan: Plan, account: Account, used: set[str]) -> Iterator[Violation]:
    """What stays is in the plan, what is retired is not, and systems are bought only beyond all that are there.

    `used` are the ids of links that paths use.
    """
    planned = {route_of(link): link for link in plan.links}
    for name, there in sorted(inventory.existing.links.items()):
        link = planned.get(route_of(there))
        if there.keep and (link is None or link.existing < there.count):
            found = "not in the plan" if link is None else f"{link.existing} of {there.count}"
            yield Violation("kept", f"existing.links.{name}", found, counted(there.count, "system") + " kept")
        if not there.keep and link is not None and link.id not in used:
            yield Violation("retired", f"links.{link.id}", "no corridor", "left out of the plan")
    for link in account.links:
        found_there = account.ledger.existing.get(route_of(link))
        count = 0 if found_there is None else found_there.count
        address = f"links.{link.id}"
        if not 0 <= link.existing <= min(count, link.count):
            yield Violation("existing", address, str(link.existing), f"at most {min(count, link.count)}")
        if link.bought > 0 and link.existing < count:
            yield Violation("existing-first", address, f"{link.existing} of {count} used, {link.bought} bought", "all")
        site = link.ends[0] if found_there is None else found_there.ends[0]
        if link.tx is not None and link.tx != site:
            yield Violation("transmitter", address, link.tx, site)
