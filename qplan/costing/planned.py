"""The quantities and terms that a plan states."""

from __future__ import annotations

from collections.abc import Iterable

from qplan.costing.cents import cents
from qplan.costing.choice import Choices, cost_of, offered, product_units
from qplan.costing.cost import Cost, contingency, opex_of_year, refresh_of_year, tco, varies
from qplan.costing.market import Market
from qplan.costing.quantities import Installed, Quantities, quantities_of
from qplan.inventory.commercial import Economics
from qplan.inventory.model import Inventory
from qplan.plan.model import BoughtOffer, Costs, Link, Plan, Years


def plan_cost(market: Market, plan: Plan) -> Cost:
    """The exact cost of a plan that holds."""
    return cost_of(market, plan_quantities(market, plan), plan_choices(market, plan))


def plan_quantities(market: Market, plan: Plan) -> Quantities:
    """What a plan takes of every product."""
    return quantities_of(
        market,
        installed(plan.links),
        [node.site for node in plan.nodes],
        plan.relays,
        [corridor.id for corridor in plan.corridors if corridor.served],
    )


def installed(links: Iterable[Link]) -> list[Installed]:
    """What stands on every link."""
    return [Installed(link.id, link.system, link.fibres, link.existing, link.bought) for link in links]


def plan_choices(market: Market, plan: Plan) -> Choices:
    """The offers and tiers that a plan states."""
    tiers = {}
    for entry in plan.offers:
        steps = offered(market, entry.product, entry.id).tiers
        tiers[entry.id] = next(tier for tier in steps if tier.at_least == entry.tier_from)
    return Choices(
        {link.id: link.offer for link in plan.links if link.bought},
        {entry.product: entry.id for entry in plan.offers if not entry.product.startswith("qkd_systems.")},
        tiers,
    )


def state_offers(market: Market, need: Quantities, choices: Choices) -> tuple[BoughtOffer, ...]:
    """The offers on which something is bought, or a service is charged, as a plan states them."""
    units: dict[tuple[str, str], int] = {}
    for link in need.links:
        offer = choices.links.get(link.id)
        if offer is not None and link.bought:
            key = offer, f"qkd_systems.{link.system}"
            units[key] = units.get(key, 0) + link.bought
    for product, wanted in product_units(market, need, choices).items():
        offer = choices.products.get(product, market.terms(product)[0].offer)
        if offer is not None:
            units[offer, product] = wanted.bought
    stated = []
    for (offer, product), count in sorted(units.items()):
        tier = choices.tier(offered(market, product, offer))
        stated.append(
            BoughtOffer(
                id=offer,
                product=product,
                units=count,
                paid=max(count, tier.at_least) if count else 0,
                tier_from=tier.at_least,
                unit_price=float(cents(tier.unit_price)),
            )
        )
    return tuple(stated)


def state_costs(inventory: Inventory, cost: Cost) -> Costs:
    """The totals of a cost, each rounded to the cent (halves to even) from its exact sum."""
    economics = inventory.economics
    return Costs(
        currency=economics.currency,
        capex=float(cents(cost.capex)),
        contingency=float(cents(contingency(economics, cost.capex))),
        opex_per_year=float(cents(cost.opex_per_year)),
        tco=float(cents(tco(economics, cost))),
        by_year=tuple(_years(economics, cost)),
    )


def _years(economics: Economics, cost: Cost) -> list[Years]:
    """Money of every year, years alike in a row as one."""
    last = economics.horizon_years
    if not last:
        return []
    rows: list[Years] = []
    before = None
    for year in range(1, last + 1) if varies(economics, cost) else (1,):
        exact = opex_of_year(economics, cost, year), refresh_of_year(economics, cost, year)
        opex, refresh = (float(cents(amount)) for amount in exact)
        if exact == before:
            rows[-1] = rows[-1].model_copy(update={"last": year})
        else:
            rows.append(Years(first=year, last=year, opex=opex, refresh=refresh))
        before = exact
    return rows if varies(economics, cost) else [rows[0].model_copy(update={"last": last})]
