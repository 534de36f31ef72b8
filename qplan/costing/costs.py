"""What a plan costs: the four totals of `plan.json` and the full account of `costs.json`."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from decimal import Decimal
from math import fsum

from qplan.costing.bill import BillLine, bill_of_materials, bill_total
from qplan.costing.cash_flow import CONVENTION, cash_flow
from qplan.costing.cents import cents
from qplan.costing.sensitivity import SWING, sensitivities
from qplan.costing.unit_costs import Cost, contingency, money, node_cost, relay_cost, system_cost, tco
from qplan.costing.views import SHARING_RULE, by_corridor
from qplan.inventory.model import Economics, Inventory
from qplan.plan.model import Costs, Plan


def plan_costs(
    inventory: Inventory,
    node_sites: Iterable[str],
    relay_sites: Iterable[str],
    links: Iterable[tuple[str, tuple[str, ...], int]],
) -> Costs:
    """Totals of a plan, each rounded to the cent (halves to even) from its exact sum.

    `node_sites` and `relay_sites` name every site once; a link is its system, its fibres and its count.
    """
    total = Cost()
    for site in node_sites:
        total += node_cost(inventory, site)
    for site in relay_sites:
        total += relay_cost(inventory, site)
    for system, fibres, count in links:
        total += system_cost(inventory, system, fibres).times(count)
    return Costs(
        currency=inventory.economics.currency,
        capex=float(cents(total.capex)),
        contingency=float(cents(contingency(inventory.economics, total.capex))),
        opex_per_year=float(cents(total.opex_per_year)),
        tco=float(cents(tco(inventory.economics, total))),
    )


def cost_report(inventory: Inventory, plan: Plan) -> dict[str, object]:
    """Content of `costs.json`: amounts to the cent; every list sums to the total that it belongs to."""
    economics = inventory.economics
    bill = bill_of_materials(inventory, plan)
    total = bill_total(bill)
    years = cash_flow(economics, total)
    delivered_bps = fsum(corridor.key_rate_bps for corridor in plan.corridors if corridor.served)
    return {
        "currency": economics.currency,
        "convention": CONVENTION,
        "horizon_years": economics.horizon_years,
        "discount_rate": economics.discount_rate,
        "contingency_share": economics.contingency,
        "capex": float(cents(total.capex)),
        "contingency": float(cents(contingency(economics, total.capex))),
        "opex_per_year": float(cents(total.opex_per_year)),
        "total_nominal": float(sum(year.nominal for year in years)),
        "tco": float(cents(tco(economics, total))),
        "to_be_quoted": {
            "lines": sum(line.to_be_quoted for line in bill),
            "descriptions": [line.description for line in bill if line.to_be_quoted],
        },
        "delivered_key_rate_bps": delivered_bps,
        "tco_per_delivered_bps": _per_bps(tco(economics, total), delivered_bps),
        "cash_flow": [
            {
                "year": year.year,
                "last_year": year.last_year,
                "nominal": float(year.nominal),
                "discounted": float(year.discounted),
            }
            for year in years
        ],
        "by_category": _grouped(bill, "category", lambda line: line.category.value),
        "by_price_provenance": _grouped(
            bill, "provenance", lambda line: "to be quoted" if line.to_be_quoted else line.provenance
        ),
        "by_corridor": _by_corridor(inventory, plan, bill),
        "sensitivity": _sensitivity(economics, bill),
    }


def _per_bps(amount: Decimal, rate_bps: float) -> float | None:
    """Money per delivered secret bit/s, to six significant digits; None where nothing is delivered."""
    return float(f"{amount / money(rate_bps):.6g}") if rate_bps else None


def _grouped(bill: Iterable[BillLine], name: str, key: Callable[[BillLine], str]) -> list[dict[str, object]]:
    """Sums by group, in the order of the bill; capex None where nothing in the group has a price."""
    groups: dict[str, list[BillLine]] = {}
    for line in bill:
        groups.setdefault(key(line), []).append(line)
    return [
        {
            name: group,
            "lines": len(lines),
            "to_be_quoted": unpriced,
            "capex": None if unpriced == len(lines) else float(sum(line.line_total or 0 for line in lines)),
            "opex_per_year": float(sum(line.support_per_year for line in lines)),
        }
        for group, lines in groups.items()
        for unpriced in (sum(line.to_be_quoted for line in lines),)
    ]


def _by_corridor(inventory: Inventory, plan: Plan, bill: tuple[BillLine, ...]) -> dict[str, object]:
    demand = {corridor.id: corridor.key_rate_bps for corridor in plan.corridors if corridor.served}
    shares = [
        {
            "corridor": share.corridor,
            "key_rate_bps": demand.get(share.corridor, 0.0),
            "capex": float(share.capex),
            "contingency": float(share.contingency),
            "opex_per_year": float(share.opex_per_year),
            "tco": float(share.tco),
            "tco_per_delivered_bps": _per_bps(share.tco, demand.get(share.corridor, 0.0)),
            "to_be_quoted": share.to_be_quoted,
        }
        for share in by_corridor(inventory, plan, bill)
    ]
    return {"rule": SHARING_RULE, "shares": shares}


def _sensitivity(economics: Economics, bill: tuple[BillLine, ...]) -> dict[str, object]:
    drivers = [
        {"driver": one.driver, "tco_if_lower": float(one.tco_if_lower), "tco_if_higher": float(one.tco_if_higher)}
        for one in sensitivities(economics, bill)
    ]
    basis = (
        "tco with one driver lower and higher by the swing, lines to be quoted at 0; the plan is not optimised again"
    )
    return {"basis": basis, "swing": float(SWING), "drivers": drivers}
