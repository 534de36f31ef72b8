"""Views of the bill with subtotals: to whom, where, on which link, for which corridor and when its money goes.

By part, supplier and charge a line stands whole, with the amounts that it has in the bill. By site, link and corridor
it stands in parts, one for each: a pair or a strand half at either end, the rest by the shares that the line states.
Every amount is to the cent; the lines of a group sum to the group and the groups to the plan.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from fractions import Fraction
from typing import Literal

from qplan.costing.bill import BillLine, Category, Charge, Parts
from qplan.costing.cents import apportion, cents
from qplan.costing.cost import ZERO, Cost, refresh_over_horizon, tco
from qplan.costing.views import by_part
from qplan.inventory.commercial import Economics

By = Literal["part", "site", "link", "corridor", "supplier", "charge"]
NONE = ""
"""The group of what belongs to none; it stands last."""
NOTHING = cents(ZERO)


@dataclass(frozen=True)
class Money:
    """What is paid for something, to the cent."""

    capex: Decimal
    opex_per_year: Decimal
    refresh: Decimal
    """Of all years, nominal."""
    tco: Decimal
    """With its part of the contingency."""


@dataclass(frozen=True)
class Entry:
    """A line of the bill in a group, or the part of it that falls to the group."""

    line: BillLine
    """With the quantity and the money of this part; its `cost` is that of the whole."""
    money: Money


@dataclass(frozen=True)
class Group:
    """Lines that belong together, in the order of the bill."""

    id: str
    entries: tuple[Entry, ...]
    money: Money

    @property
    def to_be_quoted(self) -> int:
        return sum(entry.line.to_be_quoted for entry in self.entries)


@dataclass(frozen=True)
class BillView:
    """The whole bill in groups: by id, with what belongs to none last; charges in their own order; parts in one."""

    by: By
    groups: tuple[Group, ...]
    money: Money


@dataclass(frozen=True)
class _Piece:
    """A line, or a part of it, in a group."""

    group: str
    line: BillLine
    part: Fraction = Fraction(1)


def group_bill(economics: Economics, bill: Sequence[BillLine], by: By) -> BillView:
    """The bill by one of its views."""
    if by in PARTS:
        pieces = [_Piece(group, line, part) for line in bill for group, part in PARTS[by](line)]
        groups = _divided(economics, by, pieces)
    else:
        groups = _whole(economics, [_Piece(*piece) for piece in _whole_lines(bill, by)])
    order = [charge.value for charge in Charge] if by == "charge" else sorted(group.id for group in groups)
    found = tuple(sorted(groups, key=lambda group: (group.id == NONE, order.index(group.id))))
    return BillView(by, found, _sum(group.money for group in found))


PARTS: dict[By, Callable[[BillLine], Parts]] = {
    "site": lambda line: line.at_sites,
    "link": lambda line: line.on_links,
    "corridor": lambda line: line.shares,
}


def _whole_lines(bill: Iterable[BillLine], by: By) -> list[tuple[str, BillLine]]:
    """Lines with their groups."""
    if by == "part":
        return [(NONE, line) for line in by_part(bill)]
    if by == "supplier":
        return [(line.seller, line) for line in bill]
    return [(line.category.charge.value, line) for whole in bill for line in _by_charge(whole)]


def _by_charge(line: BillLine) -> tuple[BillLine, ...]:
    """What is paid once and what is paid every year, apart."""
    if line.category.charge is not Charge.ONE_OFF or not line.support_per_year:
        return (line,)
    yearly = replace(
        line,
        category=Category.SUPPORT,
        description=f"Support: {line.description}",
        unit=f"{line.unit}-year",
        unit_price=line.support_per_unit,
        cost=replace(line.cost, capex=ZERO),
        line_total=None,
        support_per_unit=ZERO,
        provenance=line.support_provenance,
        support_provenance="",
    )
    once = replace(
        line, cost=Cost(line.cost.capex), support_per_year=ZERO, support_per_unit=ZERO, support_provenance=""
    )
    return once, yearly


def _whole(economics: Economics, pieces: Sequence[_Piece]) -> list[Group]:
    """One-off and yearly money as the bill has it; a group is the sum of its lines."""
    refreshes = apportion([refresh_over_horizon(economics, piece.line.cost) for piece in pieces])
    totals = apportion([tco(economics, piece.line.cost) for piece in pieces])
    groups: dict[str, list[Entry]] = {}
    for piece, refresh, total in zip(pieces, refreshes, totals, strict=True):
        line = piece.line
        money = Money(line.line_total or NOTHING, line.support_per_year, refresh, total)
        groups.setdefault(piece.group, []).append(Entry(line, money))
    return [Group(name, tuple(found), _sum(entry.money for entry in found)) for name, found in groups.items()]


def _divided(economics: Economics, by: By, pieces: Sequence[_Piece]) -> list[Group]:
    """Every column shared out among the groups, and then in each among its lines."""
    groups: dict[str, list[_Piece]] = {}
    for piece in pieces:
        groups.setdefault(piece.group, []).append(piece)
    names = sorted(groups)
    exact = {name: [_exact(economics, piece) for piece in groups[name]] for name in names}
    columns = [apportion([sum((row[i] for row in exact[name]), Fraction(0)) for name in names]) for i in range(4)]
    found = []
    for number, name in enumerate(names):
        totals = [column[number] for column in columns]
        shared = [apportion([row[i] for row in exact[name]], totals[i]) for i in range(4)]
        entries = tuple(
            Entry(_part(piece, by, Money(*amounts)), Money(*amounts))
            for piece, *amounts in zip(groups[name], *shared, strict=True)
        )
        found.append(Group(name, entries, Money(*totals)))
    return found


def _exact(economics: Economics, piece: _Piece) -> tuple[Fraction, ...]:
    cost = piece.line.cost
    amounts = cost.capex, cost.opex_per_year, refresh_over_horizon(economics, cost), tco(economics, cost)
    return tuple(piece.part * Fraction(amount) for amount in amounts)


def _part(piece: _Piece, by: By, money: Money) -> BillLine:
    quantity = piece.part * Fraction(piece.line.quantity)
    at_sites = ((piece.group, Fraction(1)),) if by == "site" else piece.line.at_sites
    return replace(
        piece.line,
        at_sites=at_sites,
        quantity=round(Decimal(quantity.numerator) / Decimal(quantity.denominator), 6).normalize(),
        line_total=None if piece.line.line_total is None else money.capex,
        support_per_year=money.opex_per_year,
    )


def _sum(amounts: Iterable[Money]) -> Money:
    found = list(amounts)
    return Money(
        sum((each.capex for each in found), NOTHING),
        sum((each.opex_per_year for each in found), NOTHING),
        sum((each.refresh for each in found), NOTHING),
        sum((each.tco for each in found), NOTHING),
    )
