"""Offers and tiers that can be worth taking, where a plan is judged by tco, by capex, or by both.

Of a product whose terms have no tier that asks for more than the need, one option may be best whatever the quantity;
where it is, the product has one price.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from qplan.costing.choice import figures_of
from qplan.costing.cost import Cost
from qplan.costing.market import Market
from qplan.costing.terms import Terms, Tier

METRICS = ("capex", "tco")
Amounts = tuple[float, ...]  # one per metric
Exact = tuple[Decimal, ...]


@dataclass(frozen=True)
class Option:
    """An offer in one of its tiers, and what it costs."""

    terms: Terms
    tier: Tier
    bought: Cost
    """Per unit bought, refreshes included."""
    used: Cost
    """Per unit in use; of a system with the services per system that have one price."""
    linked: Cost = Cost()
    """Of a system: the services with one price that are counted per link, where it is bought for a new link."""

    @property
    def surplus(self) -> Cost:
        """Per unit that is paid beyond the need."""
        return Cost(capex=self.tier.unit_price)

    @property
    def refresh(self) -> Cost:
        """Of a unit bought, all but what is paid at once."""
        return Cost(refreshes=self.bought.refreshes)

    @property
    def unit(self) -> Cost:
        """Per unit that is bought and in use."""
        return self.bought + self.used


class Options:
    """The options of every product in the metrics by which plans of an inventory are judged."""

    def __init__(self, market: Market, metrics: tuple[str, ...]):
        self.market, self.metrics = market, metrics
        self._known: dict[str, tuple[Option, ...]] = {}
        self._there = {link.system for link in market.inventory.existing.links.values()}
        self.open_services: frozenset[str] = frozenset()
        """Services per system and per link of which there is more than one price."""
        self.open_services = frozenset(product for product in market.link_services if self.one(product) is None)

    def figures(self, cost: Cost) -> Exact:
        """A cost in every metric, unrounded."""
        figures = dict(zip(METRICS, figures_of(self.market, cost), strict=True))
        return tuple(figures[metric] for metric in self.metrics)

    def money(self, cost: Cost) -> Amounts:
        """A cost in every metric."""
        return tuple(map(float, self.figures(cost)))

    def of(self, product: str) -> tuple[Option, ...]:
        """Every option that no other matches, in the order of offers and tiers."""
        if product not in self._known:
            self._known[product] = self._worthwhile(product)
        return self._known[product]

    def one(self, product: str) -> Option | None:
        """The only option, if it asks for no more than the need; else there is a choice to be made."""
        options = self.of(product)
        return options[0] if len(options) == 1 and options[0].tier.at_least <= 1 else None

    def least(self, product: str, metric: int = 0) -> Option:
        """The option that is least in one metric, per unit bought and in use, whatever the quantity."""
        return min(self.of(product), key=lambda option: self.money(option.unit)[metric])

    def _worthwhile(self, product: str) -> tuple[Option, ...]:
        every = [self._option(terms, tier) for terms in self.market.terms(product) for tier in terms.tiers]
        kept: list[Option] = []
        for i, option in enumerate(every):
            if not any(self._matches(rival, option) for rival in (*kept, *every[i + 1 :])):
                kept.append(option)
        return tuple(kept)

    def _matches(self, rival: Option, option: Option) -> bool:
        """No dearer in any metric, for any quantity."""
        if rival.tier.at_least > option.tier.at_least:
            return False
        lacking = {f"services.{name}" for name in option.terms.includes - rival.terms.includes}
        at_existing = option.terms.product.partition(".")[2] in self._there  # where a service may be due all the same
        if lacking & (self.market.link_services.keys() if at_existing else self.open_services):
            return False
        pairs = [(rival.unit, option.unit), (rival.unit + rival.linked, option.unit + option.linked)]
        if option.terms.product.startswith("services."):
            pairs.append((rival.used, option.used))
        if rival.tier.at_least > 1:
            pairs.append((rival.surplus, option.surplus))
        return all(a <= b for mine, other in pairs for a, b in zip(self.money(mine), self.money(other), strict=True))

    def _option(self, terms: Terms, tier: Tier) -> Option:
        systems, links = terms.yearly, Cost()
        for product, service in self.market.link_services.items() if terms.product.startswith("qkd_systems.") else ():
            one = self.one(product)
            if one is not None and product.partition(".")[2] not in terms.includes:
                systems, links = (systems + one.unit, links) if service.per == "system" else (systems, links + one.unit)
        return Option(terms, tier, terms.bought(1, Tier(1, tier.unit_price)), systems, links)
