"""Checks of offers, services, spares and the years of a plan."""

from __future__ import annotations

from collections.abc import Iterator

from qplan.errors import Diagnostic
from qplan.inventory.admissible import admissible_offers, offers_of, permitted_systems
from qplan.inventory.checks.view import View
from qplan.inventory.source.messages import did_you_mean, joined, shown
from qplan.inventory.source.source_map import Path

PURCHASE_ONLY = ("list_price", "discount", "tiers")
TERM_ONLY = ("setup_fee", "fee_per_month", "term_months")
MOST_YEARS = 1000  # of a horizon in which money differs from year to year
INCLUDABLE = ("system", "link")


def _section(product: str) -> str:
    """Where the ids of a product's kind are declared."""
    kind, _, _ = product.partition(".")
    return kind if kind in ("services", "fibres") else f"equipment.{kind}"


def _unknown_product(view: View, code: str, path: Path, product: str, what: str) -> Iterator[Diagnostic]:
    name = product.partition(".")[2]
    known = view.ids[_section(product)]
    if name not in known:
        yield view.finding(code, path, f"{what} '{product}', which is not there", hint=did_you_mean(name, known))


def check_offers_are_for_something(view: View) -> Iterator[Diagnostic]:
    for name, offer in view.inventory.offers.items():
        yield from _unknown_product(view, "QP702", ("offers", name, "for"), offer.product, f"offers.{name} is for")


def check_terms_fit_the_kind(view: View) -> Iterator[Diagnostic]:
    """A purchase has a list price; a lease or a managed offer has a fee and a term, and no price."""
    for name, offer in view.inventory.offers.items():
        path, stated = ("offers", name), offer.model_fields_set
        needed, alien = ("list_price", TERM_ONLY) if offer.kind == "purchase" else ("fee_per_month", PURCHASE_ONLY)
        for key in alien:
            if key in stated:
                message = f"offers.{name} is of the kind {offer.kind}, which has no {key}"
                yield view.finding("QP703", (*path, key), message, key=True)
        if getattr(offer, needed) is None:
            message = f"offers.{name} is of the kind {offer.kind} and states no {needed}"
            yield view.finding("QP703", path, message, key=True)
        if offer.kind != "purchase" and not offer.term_months:
            at = (*path, "term_months") if "term_months" in stated else path
            message = f"offers.{name} has a term of no months; its fee is paid for whole terms"
            yield view.finding("QP704", at, message, hint="give term_months, 1 where it ends at any time", key=True)


def check_tiers_ascend(view: View) -> Iterator[Diagnostic]:
    for name, offer in view.inventory.offers.items():
        before = 1
        for index, tier in enumerate(offer.tiers):
            if tier.at_least <= before:
                message = (
                    f"the tiers of offers.{name} are out of order: from {tier.at_least} follows from {before}"
                    f"{' (the offer itself)' if index == 0 else ''}"
                )
                yield view.finding("QP705", ("offers", name, "tiers", index), message)
                break
            before = tier.at_least


def check_currencies_have_rates(view: View) -> Iterator[Diagnostic]:
    economics = view.inventory.economics
    for name, offer in view.inventory.offers.items():
        if offer.currency not in (None, economics.currency, *economics.exchange_rates):
            message = f"offers.{name} is in {offer.currency}, for which economics.exchange_rates has no rate"
            hint = f"give economics.exchange_rates.{offer.currency}, the worth of 1 {offer.currency} in "
            yield view.finding("QP706", ("offers", name, "currency"), message, hint=hint + economics.currency)


def check_included_services(view: View) -> Iterator[Diagnostic]:
    """An offer may include the support and services that are counted per system or per link."""
    services = view.inventory.services
    for name, offer in view.inventory.offers.items():
        for index, word in enumerate(offer.includes):
            path = ("offers", name, "includes", index)
            if word == "support":
                continue
            if word not in view.ids["services"]:
                hint = did_you_mean(word, [*services, "support"])
                yield view.finding("QP707", path, f"offers.{name} includes the unknown service '{word}'", hint=hint)
            elif word in services and services[word].per not in INCLUDABLE:
                message = f"offers.{name} includes '{word}', which is counted per {services[word].per}"
                yield view.finding("QP707", path, message, hint="only services per system or per link can be included")
            elif word in services and not offer.product.startswith("qkd_systems."):
                message = f"offers.{name} includes '{word}', but is for no QKD system, per which it is counted"
                yield view.finding("QP707", path, message)


def check_policy_names_offers(view: View) -> Iterator[Diagnostic]:
    inventory, policy = view.inventory, view.inventory.policy
    if not isinstance(policy.offers, str):
        for index, name in enumerate(policy.offers):
            if name not in view.ids["offers"]:
                hint = did_you_mean(name, view.ids["offers"])
                message = f"policy.offers names the unknown offer '{name}'"
                yield view.finding("QP709", ("policy", "offers", index), message, hint=hint)
    makers = {m for system in inventory.equipment.qkd_systems.values() if (m := system.manufacturer) is not None}
    sellers = {s for offer in inventory.offers.values() if (s := offer.supplier) is not None}
    for key, words, known, what in (
        ("manufacturers", policy.manufacturers, makers, "system is made by"),
        ("suppliers", policy.suppliers, sellers, "offer is made by"),
    ):
        for index, word in enumerate(words or ()):
            if word not in known:
                message = f"no {what} {shown(word)}"
                yield view.finding("QP710", ("policy", key, index), message, hint=did_you_mean(word, known))


def check_some_offer_is_admissible(view: View) -> Iterator[Diagnostic]:
    """A product all of whose offers the policy refuses is bought at its own price."""
    inventory = view.inventory
    for product, offers in offers_of(inventory).items():
        if not admissible_offers(inventory, product):
            kept = joined(sorted(offers))
            message = f"the policy refuses every offer for '{product}' ({kept}): it is bought at its own price"
            yield view.finding("QP708", ("offers", min(offers)), message, key=True)


def check_spares(view: View) -> Iterator[Diagnostic]:
    for product in view.inventory.spares:
        yield from _unknown_product(view, "QP716", ("spares", product), product, "spares are asked of")


def check_spares_can_be_used(view: View) -> Iterator[Diagnostic]:
    inventory = view.inventory
    used = permitted_systems(inventory).keys() | {link.system for link in inventory.existing.links.values()}
    for product in inventory.spares:
        kind, _, name = product.partition(".")
        if kind == "qkd_systems" and name not in used:
            message = f"a spare of '{product}' is bought, but the policy lets no plan use it"
            yield view.finding("QP717", ("spares", product), message, key=True)


def check_services_have_prices(view: View) -> Iterator[Diagnostic]:
    inventory = view.inventory
    for name, service in inventory.services.items():
        if admissible_offers(inventory, f"services.{name}"):
            continue
        if service.effort_days and inventory.economics.day_rate is None:
            message = f"services.{name} states effort_days, but there is no economics.day_rate"
        elif service.effort_days is None and service.price is None and not service.price_per_year:
            message = f"services.{name} has no price"
        else:
            continue
        yield view.finding(
            "QP718", ("services", name), f"{message}: it counts as 0 and is listed as to be quoted", key=True
        )


def check_encryptors_exist(view: View) -> Iterator[Diagnostic]:
    inventory = view.inventory
    named: list[tuple[Path, str | None]] = [
        (("corridors", name, "encryptor"), corridor.encryptor) for name, corridor in view.corridors()
    ]
    if inventory.classical is not None:
        named.append((("classical", "encryptor"), inventory.classical.encryptor))
    known = view.ids["equipment.encryptors"]
    for path, name in named:
        if name is not None and name != "owned" and name not in known:
            hint = did_you_mean(name, [*known, "owned"])
            yield view.finding("QP719", path, f"there is no encryptor '{name}'", hint=hint)


def check_horizon_can_be_listed(view: View) -> Iterator[Diagnostic]:
    """Where money differs from year to year every year has a row."""
    inventory, economics = view.inventory, view.inventory.economics
    equipment = inventory.equipment
    lives = [system.life_years for system in equipment.qkd_systems.values()]
    lives += [item.life_years for items in (equipment.node_items, equipment.relay_items) for item in items.values()]
    grows = any((economics.escalation.lease, economics.escalation.support, economics.escalation.energy))
    if economics.horizon_years > MOST_YEARS and (grows or any(life is not None for life in lives)):
        message = (
            f"a horizon of {economics.horizon_years} years cannot be listed year by year, as escalation or life_years "
            f"ask for; expected at most {MOST_YEARS}"
        )
        yield view.finding("QP721", ("economics", "horizon_years"), message)
