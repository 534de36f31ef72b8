"""The account of a plan's costs for programs: `costs.json`, and what `qplan cost --format json` prints.

Every list sums to the total that it belongs to. The schema is made of these models.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict
from decimal import Decimal
from typing import Literal

from pydantic import Field

from qplan import __version__
from qplan.assessment.facts import PlanFacts
from qplan.comparison.cost_account import CostAccount, hold_costs
from qplan.comparison.model import Amount
from qplan.costing.bill_lines import kwh_per_year
from qplan.costing.cash_flow import CashFlow, annualised, convention, escalation_within, fees_beyond
from qplan.costing.costs import PriceGroup, per_bps
from qplan.costing.firmness import EXPIRED, FOREIGN, ILLUSTRATIVE
from qplan.costing.quotes import Quote, register_quotes
from qplan.costing.sensitivity import SWING
from qplan.costing.views import SHARING_RULE
from qplan.outputs.verbs.documents import Document

SENSITIVITY_BASIS = (
    "tco with one driver lower and higher by the swing, lines to be quoted at 0; the plan is not optimised again"
)


class UnquotedDocument(Document):
    """Lines of the bill that have no price and are in no total."""

    lines: int
    descriptions: tuple[str, ...]


class UnstatedDocument(Document):
    """An amount that some of the things in the plan do not state; it counts as 0."""

    what: str
    missing: tuple[str, ...]
    of: int
    """Things of that kind in the plan."""


class FirmDocument(Document):
    """Shares of the tco by what its prices rest on."""

    quoted: float
    """By quotes that hold, in the plan's currency."""
    currency_open: float
    """In another currency than the plan's."""
    expired: float
    """By quotes that have run out."""
    illustrative: float
    unpriced_lines: int


class YearDocument(Document):
    """Money of a year, or of the years that stand in one row; the kinds sum to `nominal`."""

    year: int
    last_year: int
    nominal: float
    discounted: float
    capex: float
    contingency: float
    support: float
    lease: float
    hosting: float
    """Of nodes, and operation of relays."""
    energy: float
    fees: float
    refresh: float


class CorridorCost(Document):
    """A corridor's share of the whole."""

    capex: float
    tco: float


class ShareDocument(Document):
    corridor: str
    """`""` is what no corridor uses."""
    key_rate_bps: float
    capex: float
    contingency: float
    opex_per_year: float
    tco: float
    tco_per_delivered_bps: float | None
    to_be_quoted: int


class SharesDocument(Document):
    rule: str
    shares: tuple[ShareDocument, ...]


class CategoryDocument(Document):
    """Money by what it is for."""

    category: str
    lines: int
    to_be_quoted: int
    capex: float | None
    """null: nothing in the group has a price."""
    opex_per_year: float


class BasisDocument(Document):
    """Money by what it rests on."""

    provenance: str
    lines: int
    to_be_quoted: int
    capex: float | None
    """null: nothing in the group has a price."""
    opex_per_year: float


class DriverDocument(Document):
    driver: str
    tco_if_lower: float
    tco_if_higher: float


class SensitivityDocument(Document):
    basis: str
    swing: float
    drivers: tuple[DriverDocument, ...]


class EnergyDocument(Document):
    kwh_per_year: float
    price_per_kwh: float | None
    """null: not stated, and counted as 0."""


class QuoteDocument(Document):
    """A quote, or an offer without a number, and the lines of the bill that are on it."""

    seller: str
    number: str
    quoted: str
    valid_until: str
    offers: tuple[str, ...]
    lines: tuple[str, ...]
    one_off: float
    per_year: float
    tco: float
    basis: tuple[str, ...]
    """What the prices of its lines rest on."""
    support_basis: tuple[str, ...]
    """What the support rests on that they bring along."""
    run_out: bool
    """On the day `as_of`."""
    firm: bool
    """All of it is a quote that holds, in the plan's currency."""


class ChangeDocument(Document):
    """Money before and after."""

    before: float
    after: float
    delta: float | None
    """null: the two are in different currencies."""
    share: float | None
    """Of the amount before."""


class ComparedCosts(Document):
    """Against the plan of `--compare-to`."""

    currency: str
    """Of the other plan."""
    capex: ChangeDocument
    opex_per_year: ChangeDocument
    tco: ChangeDocument
    corridors: dict[str, float] | None
    """What each costs more, of the tco; null: the two are in different currencies."""


class LimitDocument(Document):
    """An option that limits the tco (`max-total`) or its increase (`max-increase`), as money."""

    id: str
    value: float
    limit: float
    ok: bool


class CostDocument(Document):
    """`costs.json`, and what `qplan cost --format json` prints; amounts to the cent."""

    format_version: Literal["1.0"] = "1.0"
    qplan_version: str = Field(default_factory=lambda: __version__)
    currency: str
    convention: str
    as_of: str | None
    """Day on which quotes are judged; null: none has run out."""
    horizon_years: int
    discount_rate: float
    contingency_share: float
    capex: float
    contingency: float
    opex_per_year: float
    total_nominal: float
    tco: float
    tco_per_year: float | None
    """The equal payment at the end of every year that is worth the tco; null without a horizon."""
    escalation: float
    """Of the nominal total: what opex grows by."""
    fees_beyond_horizon: float
    """Of the nominal total: whole terms that end after the horizon."""
    energy: EnergyDocument
    to_be_quoted: UnquotedDocument
    delivered_key_rate_bps: float
    tco_per_delivered_bps: float | None
    cash_flow: tuple[YearDocument, ...]
    by_category: tuple[CategoryDocument, ...]
    by_price_provenance: tuple[BasisDocument, ...]
    firmness: FirmDocument
    counted_as_0: tuple[UnstatedDocument, ...]
    """What the inventory does not state."""
    corridors: dict[str, CorridorCost]
    """By id; `""` is what no corridor uses."""
    by_corridor: SharesDocument
    quotes: tuple[QuoteDocument, ...]
    """By seller and number."""
    sensitivity: SensitivityDocument
    compared: ComparedCosts | None
    """With `--compare-to`."""
    limits: tuple[LimitDocument, ...]


def costs_json(facts: PlanFacts) -> str:
    """`costs.json`."""
    return account_json(hold_costs(facts))


def account_json(account: CostAccount) -> str:
    """The versioned contract."""
    facts = account.facts
    costs, economics = facts.costs, facts.inventory.economics
    return CostDocument(
        currency=economics.currency,
        convention=convention(economics, costs.total),
        as_of=facts.plan.inventory.as_of,
        horizon_years=economics.horizon_years,
        discount_rate=economics.discount_rate,
        contingency_share=economics.contingency,
        capex=float(costs.capex),
        contingency=float(costs.contingency),
        opex_per_year=float(costs.opex_per_year),
        total_nominal=float(costs.nominal),
        tco=float(costs.tco),
        tco_per_year=_float(annualised(economics, costs.total)),
        escalation=float(escalation_within(economics, costs.total)),
        fees_beyond_horizon=float(fees_beyond(economics, costs.total)),
        energy=EnergyDocument(
            kwh_per_year=float(kwh_per_year(facts.inventory, facts.plan)), price_per_kwh=economics.energy_per_kwh
        ),
        to_be_quoted=UnquotedDocument(
            lines=facts.lines_to_be_quoted,
            descriptions=tuple(line.description for line in facts.bill if line.to_be_quoted),
        ),
        delivered_key_rate_bps=costs.delivered_bps,
        tco_per_delivered_bps=costs.tco_per_bps,
        cash_flow=tuple(map(_year, costs.years)),
        by_category=tuple(
            CategoryDocument.model_validate({"category": each.name, **_group(each)}) for each in costs.by_category
        ),
        by_price_provenance=tuple(
            BasisDocument.model_validate({"provenance": each.name, **_group(each)}) for each in costs.by_basis
        ),
        firmness=firmness_document(facts),
        counted_as_0=unstated_documents(facts),
        corridors={
            share.corridor: CorridorCost(capex=float(share.capex), tco=float(share.tco)) for share in costs.shares
        },
        by_corridor=SharesDocument(rule=SHARING_RULE, shares=tuple(_shares(facts))),
        quotes=tuple(map(_quote, register_quotes(facts.inventory, facts.bill))),
        sensitivity=SensitivityDocument(
            basis=SENSITIVITY_BASIS,
            swing=float(SWING),
            drivers=tuple(
                DriverDocument(
                    driver=one.driver, tco_if_lower=float(one.tco_if_lower), tco_if_higher=float(one.tco_if_higher)
                )
                for one in costs.drivers
            ),
        ),
        compared=_compared(account),
        limits=tuple(
            LimitDocument(id=limit.id, value=float(limit.value), limit=float(limit.limit), ok=limit.ok)
            for limit in account.limits
        ),
    ).text()


def firmness_document(facts: PlanFacts) -> FirmDocument:
    """What the tco rests on."""
    firmness = facts.costs.firmness
    return FirmDocument(
        quoted=firmness.quoted,
        currency_open=firmness.share(FOREIGN),
        expired=firmness.share(EXPIRED),
        illustrative=firmness.share(ILLUSTRATIVE),
        unpriced_lines=firmness.unpriced_lines,
    )


def unstated_documents(facts: PlanFacts) -> tuple[UnstatedDocument, ...]:
    """What the inventory does not state."""
    return tuple(UnstatedDocument(what=each.what, missing=each.missing, of=each.of) for each in facts.unstated)


def _float(amount: Decimal | None) -> float | None:
    return None if amount is None else float(amount)


def _year(row: CashFlow) -> YearDocument:
    return YearDocument(
        year=row.year,
        last_year=row.last_year,
        nominal=float(row.nominal),
        discounted=float(row.discounted),
        **{kind: float(amount) for kind, amount in row.kinds.items()},
    )


def _group(group: PriceGroup) -> dict[str, object]:
    return {
        "lines": group.lines,
        "to_be_quoted": group.to_be_quoted,
        "capex": _float(group.capex),
        "opex_per_year": float(group.opex_per_year),
    }


def _shares(facts: PlanFacts) -> Iterator[ShareDocument]:
    demand = {corridor.id: corridor.demand_bps for corridor in facts.corridors if corridor.served}
    for share in facts.costs.shares:
        rate = demand.get(share.corridor, 0.0)
        yield ShareDocument(
            corridor=share.corridor,
            key_rate_bps=rate,
            capex=float(share.capex),
            contingency=float(share.contingency),
            opex_per_year=float(share.opex_per_year),
            tco=float(share.tco),
            tco_per_delivered_bps=per_bps(share.tco, rate),
            to_be_quoted=share.to_be_quoted,
        )


def _quote(quote: Quote) -> QuoteDocument:
    return QuoteDocument.model_validate({**asdict(quote), "firm": quote.firm})


def _compared(account: CostAccount) -> ComparedCosts | None:
    if account.before is None:
        return None
    before, after, found = account.before.plan.costs, account.facts.plan.costs, account.difference

    def change(name: str) -> ChangeDocument:
        amount = Amount(getattr(before, name), getattr(after, name), None) if found is None else getattr(found, name)
        return ChangeDocument(
            before=getattr(before, name), after=getattr(after, name), delta=amount.delta, share=amount.share
        )

    return ComparedCosts(
        currency=before.currency,
        capex=change("capex"),
        opex_per_year=change("opex_per_year"),
        tco=change("tco"),
        corridors=None if found is None else dict(sorted(found.corridors)),
    )
