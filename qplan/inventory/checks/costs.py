"""Checks of prices, quotes and currencies."""

from __future__ import annotations

import os
from collections.abc import Iterator
from datetime import UTC, date, datetime

from qplan.errors import Diagnostic
from qplan.inventory.admissible import admissible_offers
from qplan.inventory.checks.view import View
from qplan.inventory.model import Fibre, Item, QkdSystem, Site
from qplan.inventory.source.messages import shown
from qplan.inventory.source.source_map import Path

DAYS = ("quoted", "valid_until")
PRODUCTS = ("qkd_systems", "node_items", "relay_items")


def check_prices(view: View) -> Iterator[Diagnostic]:
    """What has no price counts as 0."""
    for path, product in _products(view):
        if product.price is None and not admissible_offers(view.inventory, f"{path[1]}.{path[2]}"):
            message = f"'{path[-1]}' has no price: it counts as 0 and is listed as to be quoted"
            yield view.finding("QP501", (*path, "price"), message, key=True)


def check_quotes_are_valid(view: View) -> Iterator[Diagnostic]:
    """A quote that has run out by the day asked about, or whose last day cannot be read."""
    quotes: list[tuple[Path, object, str]] = [
        ((*path, "labels", "quote_valid_until"), product.labels["quote_valid_until"], str(path[-1]))
        for path, product in _products(view)
        if "quote_valid_until" in product.labels
    ]
    for name, offer in view.inventory.offers.items():
        quotes += [(("offers", name, key), day, name) for key in DAYS if (day := getattr(offer, key)) is not None]
    for path, stated, name in quotes:
        last_day = _date(stated)
        if last_day is None:
            word = "was made" if path[-1] == "quoted" else "is valid until"
            message = f"the quote of '{name}' {word} {shown(stated)}; expected a date such as 2031-12-31"
            yield view.finding("QP502", path, message)
        elif view.as_of is not None and path[-1] != "quoted" and last_day < view.as_of:
            hint = "ask for a new quote"
            if path[0] != "offers":
                hint += ", or mark the price provenance: illustrative and take the label away"
            yield view.finding("QP502", path, f"the quote of '{name}' was valid until {last_day} only", hint=hint)


def check_amounts_are_in_one_currency(view: View) -> Iterator[Diagnostic]:
    """Amounts are added up as they stand, so one that is labelled with another currency falsifies every total."""
    inventory = view.inventory
    currency = inventory.economics.currency
    labelled: list[tuple[Path, QkdSystem | Item | Site | Fibre]] = [
        *_products(view),
        *((("sites", name), site) for name, site in inventory.sites.items()),
    ]
    labelled += ((("fibres", name), fibre) for name, fibre in inventory.fibres.items())
    for path, entry in labelled:
        if "currency" in entry.labels and entry.labels["currency"] != currency:
            message = (
                f"the amounts of '{path[-1]}' are labelled {shown(entry.labels['currency'])}, but all amounts are "
                f"counted as {currency} (economics.currency)"
            )
            yield view.finding("QP503", (*path, "labels", "currency"), message, hint="convert them")


def check_currency_is_worth_itself(view: View) -> Iterator[Diagnostic]:
    """A rate of the currency that all amounts are in can be 1 alone."""
    economics = view.inventory.economics
    code = economics.currency
    rate = economics.exchange_rates.get(code, 1.0)
    if rate != 1:
        message = f"economics.exchange_rates.{code} is {rate:g}, but amounts are in {code}: 1 {code} is 1 {code}"
        hint = f"take it away; or name as economics.currency the currency in which 1 {code} is {rate:g}"
        yield view.finding("QP507", ("economics", "exchange_rates", code), message, hint=hint)


def today() -> date:
    """The date in UTC; that of `SOURCE_DATE_EPOCH` where it is set, so that a run can be repeated later."""
    try:
        return datetime.fromtimestamp(int(os.environ["SOURCE_DATE_EPOCH"]), UTC).date()
    except (KeyError, ValueError, OverflowError, OSError):
        return datetime.now(UTC).date()


def _products(view: View) -> Iterator[tuple[Path, QkdSystem | Item]]:
    for section in PRODUCTS:
        for name, product in getattr(view.inventory.equipment, section).items():
            yield ("equipment", section, name), product


def _date(stated: object) -> date | None:
    try:
        return date.fromisoformat(stated) if isinstance(stated, str) else None
    except ValueError:
        return None
