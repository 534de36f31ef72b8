"""The account of a plan's costs for programs (`costs.json`): every list sums to the total that it belongs to."""

from __future__ import annotations

import json
from collections.abc import Iterable

from qplan.assessment.facts import PlanFacts
from qplan.costing.cash_flow import convention
from qplan.costing.costs import CostReport, PriceGroup, per_bps
from qplan.costing.firmness import EXPIRED, FOREIGN, ILLUSTRATIVE
from qplan.costing.sensitivity import SWING
from qplan.costing.views import SHARING_RULE

SENSITIVITY_BASIS = (
    "tco with one driver lower and higher by the swing, lines to be quoted at 0; the plan is not optimised again"
)


def costs_json(facts: PlanFacts) -> str:
    costs, economics = facts.costs, facts.inventory.economics
    content = {
        "currency": economics.currency,
        "convention": convention(economics, costs.total),
        "horizon_years": economics.horizon_years,
        "discount_rate": economics.discount_rate,
        "contingency_share": economics.contingency,
        "capex": float(costs.capex),
        "contingency": float(costs.contingency),
        "opex_per_year": float(costs.opex_per_year),
        "total_nominal": float(costs.nominal),
        "tco": float(costs.tco),
        "to_be_quoted": {
            "lines": facts.lines_to_be_quoted,
            "descriptions": [line.description for line in facts.bill if line.to_be_quoted],
        },
        "delivered_key_rate_bps": costs.delivered_bps,
        "tco_per_delivered_bps": costs.tco_per_bps,
        "cash_flow": [
            {
                "year": year.year,
                "last_year": year.last_year,
                "nominal": float(year.nominal),
                "discounted": float(year.discounted),
            }
            for year in costs.years
        ],
        "by_category": _groups("category", costs.by_category),
        "by_price_provenance": _groups("provenance", costs.by_basis),
        "firmness": {
            "quoted": costs.firmness.quoted,
            "currency_open": costs.firmness.share(FOREIGN),
            "expired": costs.firmness.share(EXPIRED),
            "illustrative": costs.firmness.share(ILLUSTRATIVE),
            "unpriced_lines": costs.firmness.unpriced_lines,
        },
        "counted_as_0": [{"what": each.what, "missing": each.missing, "of": each.of} for each in facts.unstated],
        "by_corridor": {"rule": SHARING_RULE, "shares": _shares(facts)},
        "sensitivity": {"basis": SENSITIVITY_BASIS, "swing": float(SWING), "drivers": _drivers(costs)},
    }
    return json.dumps(content, indent=2, ensure_ascii=False, allow_nan=False) + "\n"


def _groups(key: str, groups: Iterable[PriceGroup]) -> list[dict[str, object]]:
    return [
        {
            key: group.name,
            "lines": group.lines,
            "to_be_quoted": group.to_be_quoted,
            "capex": None if group.capex is None else float(group.capex),
            "opex_per_year": float(group.opex_per_year),
        }
        for group in groups
    ]


def _shares(facts: PlanFacts) -> list[dict[str, object]]:
    demand = {corridor.id: corridor.demand_bps for corridor in facts.corridors if corridor.served}
    return [
        {
            "corridor": share.corridor,
            "key_rate_bps": demand.get(share.corridor, 0.0),
            "capex": float(share.capex),
            "contingency": float(share.contingency),
            "opex_per_year": float(share.opex_per_year),
            "tco": float(share.tco),
            "tco_per_delivered_bps": per_bps(share.tco, demand.get(share.corridor, 0.0)),
            "to_be_quoted": share.to_be_quoted,
        }
        for share in facts.costs.shares
    ]


def _drivers(costs: CostReport) -> list[dict[str, object]]:
    return [
        {"driver": one.driver, "tco_if_lower": float(one.tco_if_lower), "tco_if_higher": float(one.tco_if_higher)}
        for one in costs.drivers
    ]
