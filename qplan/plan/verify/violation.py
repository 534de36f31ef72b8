"""What the verifier says when a plan does not hold, and the tolerances that it compares with."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction

from qplan.errors import Exit, QplanError

DB_KM_TOLERANCE = Decimal("1e-5")  # stated losses and lengths
LIMIT_TOLERANCE = Decimal("1e-9")  # a loss or length against its limit, rack units, power
RATE_TOLERANCE = Decimal("1e-6")  # relative
HALF_A_CENT = Decimal("0.005001")  # money is stated to the cent; the rest is room for a float's last digit


@dataclass(frozen=True)
class Violation:
    """One rule that a plan breaks: where, what was found, and what the rule asks (`limit`), with units.

    `rule` is a short code that stays the same between versions; `address` is `links.<id>`, `corridors.<id>`,
    `sites.<id>`, `fibres.<id>` or a key of the plan file.
    """

    rule: str
    address: str
    found: str
    limit: str

    def text(self) -> str:
        """One line without control characters: `address: rule: found …, expected …`."""
        line = f"{self.address}: {self.rule}: found {self.found}, expected {self.limit}"
        return "".join(c if c.isprintable() else ascii(c)[1:-1] for c in line)


class BrokenPlan(QplanError):
    """A plan does not hold for the inventory that it was made from."""

    exit_code = Exit.CHECK

    def __init__(self, violations: Iterable[Violation]) -> None:
        lines = [violation.text() for violation in violations]
        super().__init__(
            "\n".join(["the plan does not hold for its own inventory: there is nothing to say about it", *lines])
        )


def exact(number: float | None) -> Decimal:
    """A finite number as the decimal that its text says; None counts as 0."""
    return Decimal(0) if number is None else Decimal(str(number))


def close(stated: float, true: Decimal, tolerance: Decimal) -> bool:
    """Whether a stated number is finite and differs from the true one by no more than the tolerance."""
    return math.isfinite(stated) and abs(exact(stated) - true) <= tolerance


def close_relative(stated: float, true: Decimal) -> bool:
    """The same for rates, relative to the larger of both."""
    return math.isfinite(stated) and close(stated, true, RATE_TOLERANCE * max(abs(exact(stated)), abs(true)))


def close_money(stated: float, true: Decimal) -> bool:
    """The same for money: to the cent, as far as a float can say it."""
    return close(stated, true, HALF_A_CENT + abs(true) * Decimal("1e-15"))


def in_cents(amount: Decimal) -> Decimal:
    """Money in whole cents, halves to even, as plans print it."""
    return Decimal(round(Fraction(amount) * 100)).scaleb(-2)


def show(number: float | Decimal, unit: str = "") -> str:
    """A number for people: ten significant digits, no trailing zeros, and its unit."""
    return f"{float(number):.10g} {unit}".rstrip()


def at_most(number: float | Decimal, unit: str = "") -> str:
    """`at most 24 dB`."""
    return f"at most {show(number, unit)}"
