"""Bill of materials: every position that a plan buys, orders or rents, as lines that add up to its costs.

A line is one-off, yearly, a fee, or a refresh (`Charge`). A one-off line has its money in `line_total`, and the support
of what it buys in `support_per_year`. A yearly line (hosting, relay operation, fibre lease, power) and a fee have a
yearly unit price, no `line_total`, and their money of year 1 in `support_per_year`. So the sum of the line totals is
the plan's capex and the sum of `support_per_year` its opex per year, both to the cent. A refresh has a unit price
alone: it is paid again at the end of every life within the horizon. All that a line costs, by year, is its `cost`. Site
works, set-up and leases that cost nothing make no line; equipment and services without a price do: they are "to be
quoted" (`unit_price` and `line_total` None) and so is authentication, which every QKD link needs, unless a service
covers it.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from decimal import Decimal
from enum import StrEnum
from fractions import Fraction

from qplan.costing.cents import apportion
from qplan.costing.cost import Cost, total
from qplan.inventory.model import Inventory
from qplan.plan.model import Plan


class Charge(StrEnum):
    """When a line is paid."""

    ONE_OFF = "one-off"
    YEARLY = "yearly"
    FEE = "fee"
    REFRESH = "refresh"


class Category(StrEnum):
    """What a line is for, in the order of the bill."""

    QKD_SYSTEM = "QKD system"
    NODE_ITEM = "node equipment"
    RELAY_ITEM = "relay equipment"
    SURPLUS = "surplus of a tier"
    SPARE = "spare"
    NODE_WORKS = "node works"
    RELAY_WORKS = "relay works"
    FIBRE_SETUP = "fibre set-up"
    SERVICE = "service"
    AUTHENTICATION = "authentication"
    NODE_HOSTING = "recurring node hosting"
    RELAY_OPERATION = "recurring relay operation"
    FIBRE_LEASE = "recurring fibre lease"
    FEE = "recurring fee"
    YEARLY_SERVICE = "recurring service"
    SUPPORT = "recurring support"
    """In views that take it from the line of what it is for."""
    EXISTING_SUPPORT = "recurring support of existing systems"
    LICENCE = "recurring licence"
    ENERGY = "recurring energy"
    REFRESH = "refresh"

    @property
    def recurring(self) -> bool:
        """Paid every year."""
        return self.value.startswith("recurring")

    @property
    def charge(self) -> Charge:
        """When such a line is paid."""
        if self is Category.REFRESH:
            return Charge.REFRESH
        if self is Category.FEE:
            return Charge.FEE
        return Charge.YEARLY if self.recurring else Charge.ONE_OFF


ADDRESS = {
    Category.QKD_SYSTEM: "system",
    Category.NODE_ITEM: "node-item",
    Category.RELAY_ITEM: "relay-item",
    Category.SURPLUS: "surplus",
    Category.SPARE: "spare",
    Category.NODE_WORKS: "node-works",
    Category.RELAY_WORKS: "relay-works",
    Category.FIBRE_SETUP: "setup",
    Category.SERVICE: "service",
    Category.AUTHENTICATION: "authentication",
    Category.NODE_HOSTING: "hosting",
    Category.RELAY_OPERATION: "relay-operation",
    Category.FIBRE_LEASE: "lease",
    Category.FEE: "fee",
    Category.YEARLY_SERVICE: "yearly-service",
    Category.SUPPORT: "support",
    Category.EXISTING_SUPPORT: "existing-support",
    Category.LICENCE: "licence",
    Category.ENERGY: "energy",
    Category.REFRESH: "refresh",
}
"""How the stable key of a line begins."""


EXISTING = "existing"
"""The variant of a refresh of what was there before the plan."""
NO_SOURCE = "no source"
"""The provenance of an amount that the inventory states without saying where it comes from."""

Parts = tuple[tuple[str, Fraction], ...]
"""(id, part of the quantity that falls to it), sorted; the parts sum to 1."""


@dataclass(frozen=True, kw_only=True)
class BillLine:
    """One line of the bill; money is in `currency`."""

    key: str
    """Id of what is bought: a system, an item's part number, a site or a fibre; "" for authentication."""
    part_number: str = ""
    manufacturer: str = ""
    description: str
    category: Category
    quantity: Decimal
    unit: str
    unit_price: Decimal | None
    """None: to be quoted. Of a recurring line: per year."""
    currency: str
    cost: Cost = Cost()
    """All that the line costs, exact; no money while it is to be quoted, but when it will be due."""
    line_total: Decimal | None = None
    """One-off money to the cent; None for a line that is not one-off and for one to be quoted."""
    support_per_unit: Decimal = Decimal(0)
    """Per unit and year; of a recurring line 0."""
    support_per_year: Decimal = Decimal(0)
    """Of the whole line, to the cent; of a recurring line its yearly money."""
    lead_time_weeks: Decimal | None = None
    quote_ref: str = ""
    quote_valid_until: str = ""
    provenance: str = NO_SOURCE
    """Of the price: a word of the catalogue, `NO_SOURCE`, or "" where there is none."""
    support_provenance: str = ""
    """Of the support, likewise."""
    expired: bool = False
    """The quote had run out on the day that the plan was made for."""
    foreign: bool = False
    """The amounts are stated, or labelled, in another currency than that in which they are counted."""
    term_months: int | None = None
    """Of a fee."""
    supplier: str = ""
    """Of the offer; of a fibre without one, who operates it."""
    offer: str = ""
    """Id of the offer that the line is on."""
    variant: str = ""
    """What tells it from other lines of the same key, in its address."""
    shares: Parts
    """By corridor; "" is what none uses."""
    at_sites: Parts
    """By site, half for each of two ends; "" is what stands at none."""
    on_links: Parts
    """By QKD link; "" is what belongs to no one link."""

    @property
    def address(self) -> str:
        """A key that stays the same from plan to plan: `system.dv-metro`, `fee.dv-metro.m-4`, `lease.f-zrh-win`.

        A spare is always one line, whichever offer sets its price.
        """
        offer = "" if self.category is Category.SPARE else self.offer
        return ".".join(part for part in (ADDRESS[self.category], self.key, offer, self.variant) if part)

    @property
    def sites(self) -> tuple[str, ...]:
        return tuple(site for site, _ in self.at_sites if site)

    @property
    def seller(self) -> str:
        """Whom to ask: who made the offer or lets the fibre, else the manufacturer; "" where nobody is stated."""
        return self.supplier or self.manufacturer

    @property
    def to_be_quoted(self) -> bool:
        return self.unit_price is None

    @property
    def one_off(self) -> Decimal:
        """One-off money, exact; 0 while it is to be quoted."""
        return self.cost.capex

    @property
    def yearly(self) -> Decimal:
        """Money of year 1, exact."""
        return self.cost.opex_per_year

    @property
    def terms(self) -> tuple[object, ...]:
        """What two lines for one part number must have in common to be ordered as one."""
        return (
            self.category.charge,
            self.category is Category.SURPLUS,
            self.part_number,
            self.manufacturer,
            self.unit,
            self.unit_price,
            self.support_per_unit,
            self.lead_time_weeks,
            self.quote_ref,
            self.quote_valid_until,
            self.provenance,
            self.support_provenance,
            self.foreign,
            self.supplier,
            self.offer,
            self.term_months,
            self.variant,
        )


def bill_of_materials(inventory: Inventory, plan: Plan) -> tuple[BillLine, ...]:
    """Every line of the plan's bill, by category and then by id; the inventory must be the plan's own."""
    from qplan.costing.bill_lines import make_lines

    order = list(Category)
    lines = sorted(make_lines(inventory, plan), key=lambda line: order.index(line.category))
    totals = apportion([line.one_off for line in lines])
    yearly = apportion([line.yearly for line in lines])
    return tuple(
        replace(
            line,
            line_total=None if line.to_be_quoted or line.category.charge is not Charge.ONE_OFF else amount,
            support_per_year=support,
        )
        for line, amount, support in zip(lines, totals, yearly, strict=True)
    )


def bill_total(bill: Iterable[BillLine]) -> Cost:
    """Exact money of all lines; a line to be quoted counts as 0."""
    return total(line.cost for line in bill)
