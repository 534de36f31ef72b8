"""Views of the bill: by part (to buy), by site (to install) and by corridor (who causes the cost)."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from decimal import Decimal
from fractions import Fraction
from math import lcm
from typing import Protocol

from qplan.costing.bill import BillLine, Category, Parts
from qplan.costing.cents import apportion, cents
from qplan.costing.cost import Cost, contingency, money, present_value, tco, total
from qplan.inventory.commercial import Economics
from qplan.inventory.installed import paid_nodes, paid_relays
from qplan.inventory.model import Inventory, Item
from qplan.plan.model import Link, Plan


def by_part(bill: Iterable[BillLine]) -> tuple[BillLine, ...]:
    """To buy: lines for one part number on the same terms become one line, whatever category they are bought for."""
    merged: dict[tuple[object, ...], BillLine] = {}
    for line in bill:
        key = line.terms if line.part_number else (line.address,)
        merged[key] = _together(merged[key], line) if key in merged else line
    return tuple(merged.values())


def _together(a: BillLine, b: BillLine) -> BillLine:
    quantity = a.quantity + b.quantity

    def parts(of: Callable[[BillLine], Parts]) -> Parts:
        joined: dict[str, Fraction] = {}
        for line in (a, b):
            for each, part in of(line):
                joined[each] = joined.get(each, Fraction(0)) + part * Fraction(line.quantity) / Fraction(quantity)
        return tuple(sorted(joined.items()))

    return replace(
        a,
        quantity=quantity,
        cost=a.cost + b.cost,
        line_total=None if a.line_total is None or b.line_total is None else a.line_total + b.line_total,
        support_per_year=a.support_per_year + b.support_per_year,
        shares=parts(lambda line: line.shares),
        at_sites=parts(lambda line: line.at_sites),
        on_links=parts(lambda line: line.on_links),
    )


MODULES = ("transmitter (Tx)", "receiver (Rx)")
"""What stands at one end of a link and at the other."""


@dataclass(frozen=True)
class Installation:
    """Modules or pieces of one kind to be mounted at a site."""

    site: str
    what: str
    """One of `MODULES`, "node equipment" or "relay equipment"."""
    key: str
    """Id of the system, or the item's part number."""
    part_number: str
    description: str
    quantity: int
    rack_units: float
    """Of all of them together, as `power_w`."""
    power_w: float
    link: str = ""
    """Id of the QKD link; "" for other equipment."""
    far_end: str = ""
    """Site at the other end of the QKD link; "" for other equipment."""


def by_site(inventory: Inventory, plan: Plan) -> tuple[Installation, ...]:
    """To install, sorted by site: transmitters and receivers of the systems bought, then items of nodes and relays."""
    installed = [_module(inventory, link, end) for link in plan.links if link.bought for end in (0, 1)]
    nodes = {node.site for node in plan.nodes}
    for category, items, sites in (
        (Category.NODE_ITEM, inventory.equipment.node_items, sorted(nodes - paid_nodes(inventory))),
        (Category.RELAY_ITEM, inventory.equipment.relay_items, sorted(set(plan.relays) - paid_relays(inventory))),
    ):
        installed += [_item(site, category.value, part, item) for site in sites for part, item in items.items()]
    order = (*MODULES, Category.NODE_ITEM, Category.RELAY_ITEM)
    return tuple(sorted(installed, key=lambda one: (one.site, order.index(one.what), one.key, one.link)))


def _module(inventory: Inventory, link: Link, end: int) -> Installation:
    system = inventory.equipment.qkd_systems[link.system]
    return Installation(
        site=link.ends[end],
        what=MODULES[link.ends[end] != link.transmitters_at],
        key=link.system,
        part_number=system.part_number or "",
        description=system.model or link.system,
        quantity=link.bought,
        rack_units=system.rack_units * link.bought,
        power_w=system.power_w * link.bought,
        link=link.id,
        far_end=link.ends[1 - end],
    )


def _item(site: str, what: str, part_number: str, item: Item) -> Installation:
    return Installation(
        site=site,
        what=what,
        key=part_number,
        part_number=part_number,
        description=item.description or part_number,
        quantity=item.quantity,
        rack_units=item.rack_units * item.quantity,
        power_w=item.power_w * item.quantity,
    )


@dataclass(frozen=True)
class CorridorShare:
    """The part of the plan's money that one corridor causes, to the cent."""

    corridor: str
    """"" for what no corridor uses."""
    capex: Decimal
    contingency: Decimal
    opex_per_year: Decimal
    tco: Decimal
    to_be_quoted: int
    """Lines without a price that the corridor uses."""


SHARING_RULE = (
    "What a QKD link, a node or a relay costs is borne in equal parts by the corridors that use it; "
    "rounding follows the largest remainder, so that the shares add up to the plan's totals."
)


class Shared(Protocol):
    """Money that corridors bear in parts."""

    @property
    def cost(self) -> Cost: ...
    @property
    def to_be_quoted(self) -> bool: ...
    @property
    def shares(self) -> tuple[tuple[str, Fraction], ...]: ...


def by_corridor(inventory: Inventory, plan: Plan, bill: Iterable[BillLine]) -> tuple[CorridorShare, ...]:
    """Every corridor's share by `SHARING_RULE`, sorted by id; each column sums to the plan's total, to the cent."""
    return share_out(inventory.economics, [corridor.id for corridor in plan.corridors], bill)


def share_out(economics: Economics, corridors: Iterable[str], lines: Iterable[Shared]) -> tuple[CorridorShare, ...]:
    """What each corridor bears of the lines, sorted by id; each column sums to their total, to the cent."""
    bill = list(lines)
    amounts = [
        [Fraction(line.cost.capex), Fraction(line.cost.opex_per_year), Fraction(present_value(economics, line.cost))]
        for line in bill
    ]
    whole = lcm(*(share.denominator for line in bill for _, share in line.shares))
    coin = lcm(*(amount.denominator for row in amounts for amount in row))  # whole numbers: sums of fractions take long
    sums: dict[str, list[int]] = defaultdict(lambda: [0, 0, 0], {corridor: [0, 0, 0] for corridor in corridors})
    to_be_quoted: Counter[str] = Counter()
    for line, row in zip(bill, amounts, strict=True):
        coins = [int(amount * coin) for amount in row]
        for corridor, share in line.shares:
            part, borne = share.numerator * (whole // share.denominator), sums[corridor]
            for column, count in enumerate(coins):
                borne[column] += part * count
            to_be_quoted[corridor] += line.to_be_quoted
    ids = sorted(sums)
    capex, opex, later = ([Fraction(sums[corridor][column], whole * coin) for corridor in ids] for column in range(3))
    reserve = Fraction(money(economics.contingency))
    columns = (
        capex,
        [amount * reserve for amount in capex],
        opex,
        [one_off * (1 + reserve) + worth for one_off, worth in zip(capex, later, strict=True)],
    )
    cost = total(line.cost for line in bill)
    sought = (cost.capex, contingency(economics, cost.capex), cost.opex_per_year, tco(economics, cost))
    rows = zip(ids, *map(apportion, columns, map(cents, sought)), strict=True)
    return tuple(
        CorridorShare(corridor, one_off, reserved, yearly, total, to_be_quoted[corridor])
        for corridor, one_off, reserved, yearly, total in rows
    )
