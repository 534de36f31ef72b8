"""Which offers and tiers a design is bought on, and what it costs then.

The systems bought on a link have one offer, every other product has one in the whole plan, and for every offer bought
one tier is chosen. Where no budget binds, each product is chosen by itself: of a system, one offer for all links is
never dearer than several, unless offers include services that are counted per link. What hangs together is a matter of
integer programming, for the optimiser.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from fractions import Fraction

from qplan.costing.cost import Cost, tco, total
from qplan.costing.market import Market
from qplan.costing.quantities import LinkNeed, Quantities, Units
from qplan.costing.terms import Terms, Tier

Figures = tuple[Decimal, Decimal]  # capex and tco


@dataclass(frozen=True)
class Choices:
    """Offers (None: a product's own price) of the systems bought on links, and of other products; tiers of offers."""

    links: Mapping[str, str | None] = field(default_factory=dict)
    products: Mapping[str, str | None] = field(default_factory=dict)
    tiers: Mapping[str, Tier] = field(default_factory=dict)

    def tier(self, terms: Terms) -> Tier:
        return self.tiers.get(terms.offer or "", terms.tiers[0])


@dataclass(frozen=True)
class Aim:
    """What is least: tco, or capex and then tco; and the ceilings, in cents and halves of a cent, that bind it."""

    metric: str
    """tco | capex"""
    capex: Fraction | None = None
    tco: Fraction | None = None

    def rank(self, figures: Figures) -> Figures:
        return figures if self.metric == "capex" else figures[::-1]

    def keeps(self, figures: Figures) -> bool:
        return all(
            ceiling is None or Fraction(amount) <= ceiling
            for amount, ceiling in zip(figures, (self.capex, self.tco), strict=True)
        )


def aim_of(market: Market) -> Aim:
    """The aim of an inventory: `relays` counts relays, and money by tco."""
    inventory, budget = market.inventory, market.inventory.budget
    metric = "capex" if inventory.objective == "capex" else "tco"
    return Aim(metric, ceiling(budget.capex), ceiling(budget.tco))


def ceiling(budget: float | None) -> Fraction | None:
    """The most, unrounded, that is within a budget in whole cents (halves to even), as the plan prints it."""
    if budget is None:
        return None
    whole = Fraction(Decimal(repr(budget))) * 100 // 1
    half = Fraction(1, 2) if whole % 2 == 0 else Fraction(1, 2) - Fraction(1, 10**9)
    return (whole + half) / 100


def figures_of(market: Market, cost: Cost) -> Figures:
    """Capex and tco."""
    return cost.capex, tco(market.inventory.economics, cost)


def has_choice(market: Market, need: Quantities) -> bool:
    """Whether something that the quantities ask for has offers."""
    products = {*need.products, *(f"qkd_systems.{link.system}" for link in need.links), *market.link_services}
    return any(market.terms(product)[0].offer is not None for product in products)


def without_choice(market: Market, need: Quantities) -> Choices:
    """Every product on the first of its terms."""
    return Choices({link.id: market.terms(f"qkd_systems.{link.system}")[0].offer for link in need.links})


def cost_of(market: Market, need: Quantities, choices: Choices) -> Cost:
    """The cost of quantities on chosen terms."""
    parts = [need.fixed]
    units: Counter[tuple[str, str | None]] = Counter()
    for link in need.links:
        if link.bought:
            units[link.system, choices.links[link.id]] += link.bought
    for (system, offer), count in units.items():
        parts.append(cost_on(offered(market, f"qkd_systems.{system}", offer), Units(count, count), choices))
    for product, wanted in product_units(market, need, choices).items():
        terms = offered(market, product, choices.products.get(product, market.terms(product)[0].offer))
        parts.append(cost_on(terms, wanted, choices))
    return total(parts)


def cost_on(terms: Terms, units: Units, choices: Choices) -> Cost:
    """What so many units cost on these terms, in the tier chosen."""
    return terms.bought(units.bought, choices.tier(terms)) + terms.yearly.times(units.used)


def offered(market: Market, product: str, offer: str | None) -> Terms:
    """The terms of an offer for a product."""
    return next(terms for terms in market.terms(product) if terms.offer == offer)


def product_units(market: Market, need: Quantities, choices: Choices) -> dict[str, Units]:
    """Units of every product but the systems, with the services per system and per link."""
    units = dict(need.products)
    for product in market.link_services:
        bought = used = 0
        for link in need.links:
            terms = _terms_of_link(market, link, choices)
            more = link_units(market, product, link, terms)
            bought, used = bought + more.bought, used + more.used
        if used:
            units[product] = Units(bought, used)
    return units


def _terms_of_link(market: Market, link: LinkNeed, choices: Choices) -> Terms | None:
    return offered(market, f"qkd_systems.{link.system}", choices.links[link.id]) if link.bought else None


def link_units(market: Market, product: str, link: LinkNeed, terms: Terms | None) -> Units:
    """Units of a service per system or per link that a link takes where its systems are bought on these terms.

    What the terms include is not charged on their units; a link counts once, unless the terms of all its systems
    include the service.
    """
    service = product.partition(".")[2]
    new = 0 if terms is None or service in terms.includes else link.bought
    old = 0 if service in link.covered else link.existing
    if market.link_services[product].per == "system":
        return Units(new, new + old)
    return Units(min(new, 1), min(new + old, 1))


def one_by_one(market: Market, need: Quantities, aim: Aim) -> Choices | None:
    """The best choice of each product by itself; None where products hang together."""
    links: dict[str, str | None] = {}
    tiers: dict[str, Tier] = {}
    by_system: dict[str, list[LinkNeed]] = defaultdict(list)
    for link in need.links:
        if link.bought:
            by_system[link.system].append(link)
    for system, mine in by_system.items():
        options = market.terms(f"qkd_systems.{system}")
        if _hangs_on_services(market, options):
            return None
        extras = {terms.offer: [_extra(market, link, terms) for link in mine] for terms in options}
        if any(len(terms.tiers) > 1 for terms in options):
            if len(set(map(tuple, extras.values()))) > 1:
                return None
            count = sum(link.bought for link in mine)
            terms, tier = _best(market, aim, options, Units(count, count))
            links |= dict.fromkeys((link.id for link in mine), terms.offer)
            tiers |= {} if terms.offer is None else {terms.offer: tier}
            continue
        for i, link in enumerate(mine):
            costs = [terms.unit().times(link.bought) + extras[terms.offer][i] for terms in options]
            ranks = [aim.rank(figures_of(market, cost)) for cost in costs]
            links[link.id] = options[ranks.index(min(ranks))].offer
    products: dict[str, str | None] = {}
    for product, units in product_units(market, need, Choices(links)).items():
        terms, tier = _best(market, aim, market.terms(product), units)
        products[product] = terms.offer
        tiers |= {} if terms.offer is None else {terms.offer: tier}
    return Choices(links, products, tiers)


def _hangs_on_services(market: Market, options: tuple[Terms, ...]) -> bool:
    """Some of the offers, but not all, include a service whose own price depends on its quantity or on a choice."""
    every = frozenset.intersection(*(terms.includes for terms in options))
    some = frozenset.union(*(terms.includes for terms in options)) - every
    return any(f"services.{name}" in services_with_choice(market) for name in some)


def services_with_choice(market: Market) -> frozenset[str]:
    """The services per system or per link that can be had on more than one kind of terms."""
    return frozenset(
        product
        for product in market.link_services
        if len(market.terms(product)) > 1 or len(market.terms(product)[0].tiers) > 1
    )


def _extra(market: Market, link: LinkNeed, terms: Terms) -> Cost:
    """What a link's services per system and per link cost where its systems are bought on these terms."""
    parts = []
    for product in market.link_services:
        service = market.terms(product)[0]
        parts.append(cost_on(service, link_units(market, product, link, terms), Choices()))
    return total(parts)


def _best(market: Market, aim: Aim, options: tuple[Terms, ...], units: Units) -> tuple[Terms, Tier]:
    """Offer and tier of least cost for so many units; the first of equals."""
    return min(
        every_option(options),
        key=lambda option: aim.rank(figures_of(market, option_cost(option[0], option[1], units))),
    )


def every_option(options: tuple[Terms, ...]) -> Iterator[tuple[Terms, Tier]]:
    return ((terms, tier) for terms in options for tier in terms.tiers)


def option_cost(terms: Terms, tier: Tier, units: Units) -> Cost:
    return terms.bought(units.bought, tier) + terms.yearly.times(units.used)
