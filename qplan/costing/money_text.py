"""Money as people read it: the one place where an amount becomes text."""

from __future__ import annotations

from decimal import Decimal

from qplan.costing.cents import cents

TO_BE_QUOTED = "to be quoted"
"""What stands in place of an amount that nobody has stated."""


def format_money(amount: float | Decimal | None, currency: str) -> str:
    """`EUR 1 240 000`: thousands by plain spaces, cents only when they are not zero; None is "to be quoted"."""
    if amount is None:
        return TO_BE_QUOTED
    exact = amount if isinstance(amount, Decimal) else Decimal(repr(amount))
    if not exact.is_finite():
        return f"{currency} {exact}"
    whole, _, fraction = format(cents(exact), ",f").partition(".")
    return f"{currency} {whole.replace(',', ' ')}" + (f".{fraction}" if fraction.strip("0") else "")


def round_money(amount: float, currency: str) -> str:
    """Money without cents from 1000 on: where the exact figure stands elsewhere."""
    return format_money(float(round(amount)) if abs(amount) >= 1000 else amount, currency)
