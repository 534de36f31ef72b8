"""The account of a plan's costs for programs: `costs.json`, and what `qplan cost --format json` prints.

Every list sums to the total that it belongs to.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict
from decimal import Decimal

from qplan.assessment.facts import PlanFacts
from qplan.comparison.cost_account import CostAccount, hold_costs
from qplan.comparison.model import Amount
from qplan.costing.bill_lines import kwh_per_year
from qplan.costing.cash_flow import CashFlow, annualised, convention, escalation_within, fees_beyond
from qplan.costing.costs import PriceGroup, per_bps
from qplan.costing.firmness import EXPIRED, EXPIRED_FOREIGN, FOREIGN, ILLUSTRATIVE
from qplan.costing.quotes import Quote, register_quotes
from qplan.costing.sensitivity import SWING
from qplan.costing.views import SHARING_RULE
from qplan.outputs.costs.document import (
    BasisDocument,
    CategoryDocument,
    ChangeDocument,
    ComparedCosts,
    CorridorCost,
    CostDocument,
    DriverDocument,
    EnergyDocument,
    FirmDocument,
    LimitDocument,
    QuoteDocument,
    SensitivityDocument,
    ShareDocument,
    SharesDocument,
    UnquotedDocument,
    UnstatedDocument,
    YearDocument,
)

SENSITIVITY_BASIS = (
    "tco with one driver lower and higher by the swing, lines to be quoted at 0; the plan is not optimised again; "
    "systems, one-off, without their refresh and fees, which are drivers of their own"
)


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
        expired=firmness.share(EXPIRED) + firmness.share(EXPIRED_FOREIGN),
        illustrative=firmness.share(ILLUSTRATIVE),
        beyond_terms=firmness.beyond_terms,
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
    delivered_bps = facts.delivered_bps
    for share in facts.costs.shares:
        rate = delivered_bps.get(share.corridor, 0.0)
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
