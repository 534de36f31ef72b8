"""What a plan costs: the four totals of `plan.json`."""

from __future__ import annotations

from collections.abc import Iterable

from qplan.costing.cents import cents
from qplan.costing.unit_costs import Cost, contingency, node_cost, relay_cost, system_cost, tco
from qplan.inventory.model import Inventory
from qplan.plan.model import Costs


def plan_costs(
    inventory: Inventory,
    node_sites: Iterable[str],
    relay_sites: Iterable[str],
    links: Iterable[tuple[str, tuple[str, ...], int]],
) -> Costs:
    """Totals of a plan by `MODEL.md` "Cost", each rounded to the cent (halves to even) from its exact sum.

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
