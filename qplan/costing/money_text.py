"""Money as people read it: the one place where an amount becomes text."""

from __future__ import annotations

import re
from decimal import Decimal

from qplan.costing.cents import cents, unpadded

TO_BE_QUOTED = "to be quoted"
"""What stands in place of an amount that nobody has stated."""
GROUPED = re.compile(r"\d{1,3}(\s\d{3})+(\.\d+)?")
SPACES = {ord(space): None for space in " \t\u00a0\u2007\u2009\u202f"}


def format_money(amount: float | Decimal | None, currency: str) -> str:
    """`EUR 1 240 000`: thousands by plain spaces, cents only when they are not zero; None is "to be quoted"."""
    if amount is None:
        return TO_BE_QUOTED
    exact = amount if isinstance(amount, Decimal) else Decimal(repr(amount))
    if not exact.is_finite():
        return f"{currency} {exact}"
    whole, _, fraction = thousands(format(cents(exact), "f")).partition(".")
    return f"{currency} {whole}" + (f".{fraction}" if fraction.strip("0") else "")


def plain_money(amount: Decimal) -> str:
    """`1 240 000.00`: to the cent, for columns that name their currency."""
    return thousands(format(cents(amount), "f"))


def plain_price(price: Decimal) -> str:
    """Likewise, to a hundredth of a cent where it is finer than a cent, so that lines multiply out; one below 1, of a
    kWh say, as it was declared."""
    return thousands(format(unpadded(round(price, 4) if abs(price) >= 1 else price), "f"))


def some_money(amount: Decimal) -> str:
    """`1 240 000.00` likewise, but nothing for none."""
    return plain_money(amount) if amount else ""


def thousands(number: str) -> str:
    """`1240000.50` as `1 240 000.50`."""
    whole, dot, fraction = number.partition(".")
    sign = "-" if whole.startswith("-") else ""
    return f"{sign}{abs(int(whole)):,}".replace(",", " ") + dot + fraction


def ungrouped(number: str) -> str:
    """`1 240 000.50` as `1240000.50`: without any kind of space between groups of three digits."""
    return number.translate(SPACES) if GROUPED.fullmatch(number) else number


def round_money(amount: float, currency: str) -> str:
    """Money without cents from 1000 on: where the exact figure stands elsewhere."""
    return format_money(float(round(amount)) if abs(amount) >= 1000 else amount, currency)
