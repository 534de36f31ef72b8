"""The bill in groups for programs: what `qplan bom --format json` prints; its schema is made of these models."""

from __future__ import annotations

from qplan.assessment.facts import PlanFacts
from qplan.costing.firmness import price_basis, support_basis
from qplan.costing.groups import BillView, By, Entry, Group, Money
from qplan.outputs.costs.costs_json import firmness_document, unstated_documents
from qplan.outputs.costs.document import FirmDocument, UnstatedDocument
from qplan.outputs.verbs.documents import Document, Printed


class MoneyDocument(Document):
    """In the currency of the plan, to the cent."""

    capex: float
    opex_per_year: float
    refresh: float
    """Of all years, nominal."""
    tco: float
    """With its part of the contingency."""


class AboutLine(Document):
    """What is bought, from whom, and what its price is."""

    line: str
    """A key that stays the same from plan to plan."""
    group: str
    """Id of its group; `""` is what belongs to none."""
    part_number: str
    manufacturer: str
    description: str
    category: str
    quantity: float
    unit: str
    unit_price: float | None
    """null: to be quoted; of a yearly line per year."""
    to_be_quoted: bool
    support_per_unit: float
    charge: str
    """one-off | yearly | fee | refresh"""
    term_months: int | None
    supplier: str
    offer: str
    quote_ref: str
    quote_valid_until: str
    lead_time_weeks: float | None
    provenance: str
    """Of the price; of a quote that has run out, or of an amount in foreign currency, that instead."""
    support_provenance: str
    """Likewise."""
    sites: tuple[str, ...]


class LineDocument(MoneyDocument, AboutLine):
    """A line of the bill in a group, or the part of it that falls to the group."""


class AboutGroup(Document):
    id: str
    """`""` is what belongs to none."""
    to_be_quoted: int


class GroupDocument(MoneyDocument, AboutGroup):
    """Lines that belong together."""


class AboutBill(Printed):
    by: By
    currency: str
    contingency: float


class BillDocument(MoneyDocument, AboutBill):
    """What `qplan bom --format json` prints; lists are sorted by id, lines by group and line."""

    firmness: FirmDocument
    counted_as_0: tuple[UnstatedDocument, ...]
    """What the inventory does not state."""
    groups: tuple[GroupDocument, ...]
    lines: tuple[LineDocument, ...]


def view_json(facts: PlanFacts, view: BillView) -> str:
    """The versioned contract."""
    groups = sorted(view.groups, key=lambda group: group.id)
    return BillDocument(
        by=view.by,
        currency=facts.plan.costs.currency,
        contingency=facts.plan.costs.contingency,
        firmness=firmness_document(facts),
        counted_as_0=unstated_documents(facts),
        groups=tuple(
            GroupDocument(id=group.id, to_be_quoted=group.to_be_quoted, **_money(group.money)) for group in groups
        ),
        lines=tuple(_line(group, entry) for group in groups for entry in _sorted(group)),
        capex=float(view.money.capex),
        opex_per_year=float(view.money.opex_per_year),
        refresh=float(view.money.refresh),
        tco=float(view.money.tco),
    ).text()


def _sorted(group: Group) -> list[Entry]:
    return sorted(group.entries, key=lambda entry: entry.line.address)


def _line(group: Group, entry: Entry) -> LineDocument:
    line = entry.line
    return LineDocument(
        line=line.address,
        group=group.id,
        part_number=line.part_number,
        manufacturer=line.manufacturer,
        description=line.description,
        category=line.category.value,
        quantity=float(line.quantity),
        unit=line.unit,
        unit_price=None if line.unit_price is None else float(line.unit_price),
        to_be_quoted=line.to_be_quoted,
        support_per_unit=float(line.support_per_unit),
        charge=line.category.charge.value,
        term_months=line.term_months,
        supplier=line.supplier,
        offer=line.offer,
        quote_ref=line.quote_ref,
        quote_valid_until=line.quote_valid_until,
        lead_time_weeks=None if line.lead_time_weeks is None else float(line.lead_time_weeks),
        provenance=price_basis(line),
        support_provenance=support_basis(line),
        sites=line.sites,
        **_money(entry.money),
    )


def _money(money: Money) -> dict[str, float]:
    return {
        "capex": float(money.capex),
        "opex_per_year": float(money.opex_per_year),
        "refresh": float(money.refresh),
        "tco": float(money.tco),
    }
