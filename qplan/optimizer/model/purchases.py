"""What is bought: units of products asked for by variables, their offers and tiers, and what all of it costs.

Money is a sum over variables, in every metric that the objective or a budget asks for, and a constant. Where a product
can be had in one way only, or in one that is best whatever the quantity, its price is on the variables that ask for it.
Where budget, tiers or services make a choice, its units have variables of their own, one set for the whole plan.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field

import pulp

from qplan.candidates.prices import Metric, metrics_of
from qplan.costing.cost import Cost, total
from qplan.costing.market import Market, market_of
from qplan.costing.options import Option, Options
from qplan.optimizer.model.families import row_family
from qplan.optimizer.model.formulation import Formulation, Terms

OWN = "."  # in place of an offer: the product's own price
MOST_UNITS = 10_000_000  # of a product in one plan, as far as rows need such a number


@dataclass
class Quantity:
    """Units of a product: a sum over variables and a constant."""

    terms: Terms = field(default_factory=list)
    constant: int = 0

    def most(self) -> int:
        """The most that the variables allow."""
        return min(MOST_UNITS, self.constant + int(sum(weight * v.upBound for v, weight in self.terms if weight > 0)))


class Purchases:
    """The money of a formulation: begun with nothing, closed by `add_products`."""

    def __init__(self, model: Formulation):
        self.model, self.inventory = model, model.inventory
        self.market: Market = market_of(model.inventory)
        self.metrics: tuple[Metric, ...] = metrics_of(model.inventory)
        self.options = Options(self.market, self.metrics)
        self.bought: dict[str, Quantity] = defaultdict(Quantity)
        self.used: dict[str, Quantity] = defaultdict(Quantity)
        """Of products with a choice."""
        model.money = {metric: [] for metric in self.metrics}
        model.fixed = dict.fromkeys(self.metrics, 0.0)
        self.fixed: list[Cost] = [self.market.spares]

    def charge(self, variable: pulp.LpVariable, cost: Cost, weight: float = 1.0) -> None:
        """Weight × cost per unit of a variable."""
        for metric, amount in zip(self.metrics, self.options.money(cost), strict=True):
            if amount:
                self.model.money[metric].append((variable, weight * amount))

    def ask(self, product: str, variable: pulp.LpVariable | None, bought: int = 0, used: int = 0) -> None:
        """Units of a product per unit of a variable (None: in every plan): priced where it has one price."""
        one = self.options.one(product)
        if one is not None:
            cost = one.bought.times(bought) + one.used.times(used)
            if variable is None:
                self.fixed.append(cost)
            else:
                self.charge(variable, cost)
            return
        for units, quantities in ((bought, self.bought), (used, self.used)):
            if units and variable is None:
                quantities[product].constant += units
            elif units and variable is not None:
                quantities[product].terms.append((variable, float(units)))

    def ask_services(self, per: str, variable: pulp.LpVariable | None, bought: int = 0, used: int = 0) -> None:
        """The same of every service counted per something."""
        for product in self.market.services(per):
            self.ask(product, variable, bought, used)

    @row_family("in_tiers", "in_tier", "paid", "paid_from")
    def add_tiers(self, product: str, offer: str | None, options: Sequence[Option], quantity: Quantity) -> None:
        """Σ over tiers of units(o, k) = units bought on the offer; of a tier from m: units(o, k) ≤ U · tier(o, k),

        paid(o, k) ≥ units(o, k), paid(o, k) ≥ m · tier(o, k). Paid is the price, by unit the refresh.
        """
        model, most = self.model, quantity.most()
        if len(options) == 1 and options[0].tier.at_least <= 1:
            for variable, weight in quantity.terms:
                self.charge(variable, options[0].bought, weight)
            self.fixed.append(options[0].bought.times(quantity.constant))
            return
        shares: Terms = []
        for option in options:
            name = product, offer or OWN, option.tier.at_least
            share = model.variable("units", *name, upper=max(1, most))
            shares.append((share, 1.0))
            if option.tier.at_least <= 1:
                self.charge(share, option.bought)
                continue
            tier = model.variable("tier", *name)
            paid = model.variable("paid", *name, upper=max(most, option.tier.at_least))
            self.charge(share, option.refresh)
            self.charge(paid, option.surplus)
            model.add([(share, 1.0), (tier, -max(1, most))], "<=", 0, "in_tier", *name)
            model.add([(paid, 1.0), (share, -1.0)], ">=", 0, "paid", *name)
            model.add([(paid, 1.0), (tier, -option.tier.at_least)], ">=", 0, "paid_from", *name)
        negative = [(variable, -weight) for variable, weight in quantity.terms]
        model.add([*shares, *negative], "=", quantity.constant, "in_tiers", product, offer or OWN)

    def add_products(self) -> None:
        for product in sorted(self.bought.keys() | self.used.keys()):
            self._add_product(product, self.bought[product], self.used[product])
        for metric, amount in zip(self.metrics, self.options.money(total(self.fixed)), strict=True):
            self.model.fixed[metric] = amount

    @row_family("product", "product_units", "product_used", "used_on")
    def _add_product(self, product: str, bought: Quantity, used: Quantity) -> None:
        """One offer for all units: Σ over offers of product(o) = 1, units and used on o ≤ U · product(o).

        Units in use: Σ over offers of used(o) = what is asked for; units bought are in tiers.
        """
        model = self.model
        by_terms: dict[str | None, list[Option]] = defaultdict(list)
        for option in self.options.of(product):
            by_terms[option.terms.offer].append(option)
        chosen: Terms = []
        on: Terms = []
        in_use: Terms = []
        for offer, options in by_terms.items():
            name = product, offer or OWN
            taken = model.variable("product", *name)
            share = model.variable("product_units", *name, upper=max(1, bought.most()))
            use = model.variable("used", *name, upper=max(1, used.most()))
            model.add([(share, 1.0), (taken, -max(1, bought.most()))], "<=", 0, "product_units", *name)
            model.add([(use, 1.0), (taken, -max(1, used.most()))], "<=", 0, "used_on", *name)
            self.charge(use, options[0].used)
            chosen.append((taken, 1.0))
            on.append((share, 1.0))
            in_use.append((use, 1.0))
            self.add_tiers(product, offer, options, Quantity([(share, 1.0)]))
        model.add(chosen, "=", 1, "product", product)
        for label, sums, quantity in (("product_units", on, bought), ("product_used", in_use, used)):
            negative = [(variable, -weight) for variable, weight in quantity.terms]
            model.add([*sums, *negative], "=", quantity.constant, label, product)
