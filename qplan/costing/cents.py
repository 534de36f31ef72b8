"""Rounding of exact money to the cent, also of many parts that must still add up to their total."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from fractions import Fraction
from math import floor

Exact = Decimal | Fraction
SAME = 9  # decimals of a cent, beyond which amounts differ only by how they were rounded on the way


def cents(amount: Exact) -> Decimal:
    """The amount to the cent, halves to even, always with two decimals."""
    return _from_cents(round(Fraction(amount) * 100))


def unpadded(amount: Decimal) -> Decimal:
    """The exact amount with two decimals; one that is finer than a cent with as many as say something."""
    rounded = cents(amount)
    return rounded if rounded == amount else amount.normalize()


def apportion(parts: Sequence[Exact], total: Decimal | None = None) -> list[Decimal]:
    """Parts to the cent whose sum is `cents` of the exact sum (largest remainder; ties go to the earlier part).

    A part that is exact to the cent stays as it is; every other moves by less than a cent. `total`: the sum in whole
    cents, less than a cent from the exact one.
    """
    exact = [round(Fraction(part) * 100, SAME) for part in parts]
    whole = [floor(part) for part in exact]
    missing = (round(sum(exact)) if total is None else round(total * 100)) - sum(whole)
    by_remainder = sorted(range(len(exact)), key=lambda i: whole[i] - exact[i])
    for i in by_remainder[:missing]:
        whole[i] += 1
    return [_from_cents(part) for part in whole]


def _from_cents(count: int) -> Decimal:
    return Decimal(count).scaleb(-2)
