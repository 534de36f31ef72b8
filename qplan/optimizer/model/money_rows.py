"""What a design costs, as terms over its variables, and the rows of what is bought: offers, tiers, services.

Money is a sum over variables, in every metric that the objective or a budget asks for, and a constant: what stays,
what is bought whatever the plan, corridors that must be served. Where a product can be had in one way only, or in one
that is best whatever the quantity, its price is on the variables that ask for it. Where budget, tiers or services make
a choice, its units have variables of their own, one set for the whole plan; a link has such only where it may need
several systems, which then have one offer.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Literal

import pulp

from qplan.candidates.model import CandidateLink
from qplan.candidates.prices import Metric, OwnCosts, metrics_of
from qplan.costing.cost import Cost, total
from qplan.costing.market import Market, market_of
from qplan.costing.options import Option, Options
from qplan.costing.terms import Terms as OfferTerms
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


def add_money(model: Formulation) -> None:
    """Everything that the design costs, and what is bought for it."""
    maker = _Maker(model)
    for link in model.candidates.links:
        maker.add_link(link)
    for system in sorted(maker.waiting):
        maker.add_system(system)
    maker.add_sites()
    maker.add_fibres()
    maker.add_corridors()
    maker.add_standing()
    maker.add_products()


class _Maker:
    def __init__(self, model: Formulation):
        self.model, self.inventory = model, model.inventory
        self.market: Market = market_of(model.inventory)
        self.metrics: tuple[Metric, ...] = metrics_of(model.inventory)
        self.options = Options(self.market, self.metrics)
        self.own = OwnCosts(self.options)
        self.standing = model.candidates.standing
        self.waiting: dict[str, list[CandidateLink]] = defaultdict(list)
        """Links of systems that several options are left for."""
        self.bought: dict[str, Quantity] = defaultdict(Quantity)
        self.used: dict[str, Quantity] = defaultdict(Quantity)
        """Of products with a choice."""
        model.money = {metric: [] for metric in self.metrics}
        model.fixed = dict.fromkeys(self.metrics, 0.0)
        self._fixed: list[Cost] = [self.market.spares]

    # amounts

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
                self._fixed.append(cost)
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

    # links

    def add_link(self, link: CandidateLink) -> None:
        """What the systems of a link cost beside offers that are open, and what it asks for."""
        model = self.model
        x, bought = model.link[link.id], model.bought.get(link.id)
        one = self.options.one(f"qkd_systems.{link.system}")
        if link.existing and not link.kept:
            self._hold(link)
        if bought is None:
            return
        own = self.own.of(link)
        for f in link.route.fibres:
            if self.options.one(f"fibres.{f}") is None:
                self.ask(f"fibres.{f}", bought, link.strands, link.strands)
        if one is None:
            self.charge(bought, own)
            self.waiting[link.system].append(link)
            return
        self.charge(bought, one.unit + own)
        for product in self.options.open_services:
            self._ask_open(product, link, one.terms, bought, model.extended.get(link.id, x))
        if link.existing:
            self.charge(model.extended[link.id], self._extension(link, one.terms))
        else:
            self.charge(x, one.linked)

    def _hold(self, link: CandidateLink) -> None:
        """Existing systems in use that do not stay by themselves: count − bought of them."""
        model, held = self.model, self.market.held[link.system, link.route.fibres]
        x, count, bought = model.link[link.id], model.count[link.id], model.bought.get(link.id)
        self.charge(count, held.unit)
        if bought is not None:
            self.charge(bought, held.unit, -1.0)
        for product, service in self.market.link_services.items():
            if product.partition(".")[2] in held.covered:
                continue
            if service.per == "link":
                self.ask(product, x, used=1)
                continue
            one = self.options.one(product)
            if one is None:
                self.used[product].terms.append((count, 1.0))
                self.used[product].terms += [] if bought is None else [(bought, -1.0)]
            else:
                self.charge(count, one.used)
                if bought is not None:
                    self.charge(bought, one.used, -1.0)

    def _extension(self, link: CandidateLink, terms: OfferTerms) -> Cost:
        """Services per link with one price that are due once systems are bought for an existing link."""
        covered = self.market.held[link.system, link.route.fibres].covered
        parts = []
        for product in self.market.services("link"):
            one, name = self.options.one(product), product.partition(".")[2]
            if one is not None and name not in terms.includes:
                parts.append(one.unit if name in covered else one.bought)
        return total(parts)

    def _ask_open(
        self, product: str, link: CandidateLink, terms: OfferTerms, units: pulp.LpVariable, any_: pulp.LpVariable
    ) -> None:
        """A service with several prices, for systems (`units`) bought on terms for a link (`any_`: some are)."""
        name = product.partition(".")[2]
        if name in terms.includes:
            return
        if self.market.link_services[product].per == "system":
            self.ask(product, units, 1, 1)
            return
        held = self.market.held.get((link.system, link.route.fibres))
        due_already = held is not None and name not in held.covered
        self.ask(product, any_, 1, 0 if due_already else 1)

    # systems with a choice

    def add_system(self, system: str) -> None:
        """Which of its offers the systems of one kind are bought on, link by link or together."""
        product = f"qkd_systems.{system}"
        by_terms: dict[str | None, list[Option]] = defaultdict(list)
        for option in self.options.of(product):
            by_terms[option.terms.offer].append(option)
        alike = [link for link in self.waiting[system] if link.most_bought == 1 and not link.existing]
        others = [link for link in self.waiting[system] if link.most_bought > 1 or link.existing]
        units: dict[str | None, Quantity] = {offer: Quantity() for offer in by_terms}
        if alike:
            self._add_together(system, alike, by_terms, units)
        for link in others:
            self._add_alone(link, by_terms, units)
        for offer, options in by_terms.items():
            self._add_tiers(product, offer, options, units[offer])

    @row_family("together")
    def _add_together(
        self,
        system: str,
        links: Sequence[CandidateLink],
        by_terms: dict[str | None, list[Option]],
        units: dict[str | None, Quantity],
    ) -> None:
        """Σ over offers of together(s, o) = Σ bought(l) over the links that take one system s at the most."""
        model = self.model
        shares: Terms = []
        for offer, options in by_terms.items():
            share = model.variable("together", system, offer or OWN, upper=len(links))
            units[offer].terms.append((share, 1.0))
            self.charge(share, options[0].used + options[0].linked)
            for product in self.options.open_services:
                self._ask_open(product, links[0], options[0].terms, share, share)
            shares.append((share, 1.0))
        model.add([*shares, *((model.bought[l.id], -1.0) for l in links)], "=", 0, "together", system)

    @row_family("offer", "offer_of", "one_offer")
    def _add_alone(
        self, link: CandidateLink, by_terms: dict[str | None, list[Option]], units: dict[str | None, Quantity]
    ) -> None:
        """Σ over offers of on(l, o) = bought(l), on(l, o) ≤ B_l · offer(l, o), Σ over offers of offer(l, o) ≤ 1."""
        model, most = self.model, link.most_bought
        shares: Terms = []
        chosen: Terms = []
        for offer, options in by_terms.items():
            name = link.id, offer or OWN
            share = model.variable("on", *name, upper=most)
            taken = share if most == 1 else model.variable("offer", *name)
            if most > 1:
                model.add([(share, 1.0), (taken, -most)], "<=", 0, "offer", *name)
            units[offer].terms.append((share, 1.0))
            self.charge(share, options[0].used)
            terms = options[0].terms
            self.charge(taken, self._extension(link, terms) if link.existing else options[0].linked)
            for product in self.options.open_services:
                self._ask_open(product, link, terms, share, taken)
            shares.append((share, 1.0))
            chosen.append((taken, 1.0))
        model.add([*shares, (model.bought[link.id], -1.0)], "=", 0, "offer_of", link.id)
        model.add(chosen, "<=", 1, "one_offer", link.id)

    @row_family("in_tiers", "in_tier", "paid", "paid_from")
    def _add_tiers(self, product: str, offer: str | None, options: Sequence[Option], quantity: Quantity) -> None:
        """Σ over tiers of units(o, k) = units bought on the offer; of a tier from m: units(o, k) ≤ U · tier(o, k),

        paid(o, k) ≥ units(o, k), paid(o, k) ≥ m · tier(o, k). Paid is the price, by unit the refresh.
        """
        model, most = self.model, quantity.most()
        if len(options) == 1 and options[0].tier.at_least <= 1:
            for variable, weight in quantity.terms:
                self.charge(variable, options[0].bought, weight)
            self._fixed.append(options[0].bought.times(quantity.constant))
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

    # sites, fibres, corridors, what stays

    def add_sites(self) -> None:
        """Nodes, relays on top of them, and their items and services."""
        model = self.model
        for s, variable in sorted(model.node.items()):
            if s not in self.standing.sites:
                self.charge(variable, self._site("node", s, variable))
        for s, variable in sorted(model.relay.items()):
            alone = s not in model.node and s not in self.standing.sites  # a node exactly where it relays
            node = self._site("node", s, variable) if alone else Cost()
            self.charge(variable, node + self._site("relay", s, variable))

    def _site(self, per: Literal["node", "relay"], site: str, variable: pulp.LpVariable | None) -> Cost:
        """What one node or relay costs at one price; what has several is asked for by the variable (None: always)."""
        equipment, market = self.inventory.equipment, self.market
        items = equipment.node_items if per == "node" else equipment.relay_items
        new = site not in (market.paid_nodes if per == "node" else market.paid_relays)
        parts = [market.node[site] if per == "node" else market.relay[site]]
        for part, item in items.items() if new else ():
            product = f"{per}_items.{part}"
            one = self.options.one(product)
            if one is None:
                self.ask(product, variable, item.quantity, item.quantity)
            else:
                parts.append(one.unit.times(item.quantity))
        for product in market.services(per):
            one = self.options.one(product)
            if one is None:
                self.ask(product, variable, int(new), 1)
            else:
                parts.append(one.unit if new else one.used)
        return total(parts)

    @row_family("lit", "cabled")
    def add_fibres(self) -> None:
        """Services per fibre: lit(f) ≥ link(l), cabled(f) ≥ whether systems are bought for l, over the links on f."""
        model, products = self.model, self.market.services("fibre")
        if not products:
            return
        over: dict[str, list[CandidateLink]] = defaultdict(list)
        for link in model.candidates.links:
            for f in link.route.fibres:
                over[f].append(link)
        for f, links in sorted(over.items()):
            cabled = model.variable("cabled", f)
            mixed = f not in self.standing.fibres and any(link.existing for link in links)
            lit = model.variable("lit", f) if mixed else cabled
            for link in links:
                if link.id in model.bought:
                    some = model.extended[link.id] if link.existing else model.link[link.id]
                    model.add([(cabled, 1.0), (some, -1.0)], ">=", 0, "cabled", f, link.id)
                if mixed:
                    model.add([(lit, 1.0), (model.link[link.id], -1.0)], ">=", 0, "lit", f, link.id)
            for product in products:
                self.ask(product, cabled, bought=1)
                if f not in self.standing.fibres:
                    self.ask(product, lit, used=1)

    def add_corridors(self) -> None:
        """Licences and services of the corridors served, and services counted once."""
        for q in self.inventory.corridors:
            served = self.model.served.get(q)
            if served is None:
                self._fixed.append(self.market.licence[q])
            else:
                self.charge(served, self.market.licence[q])
            self.ask_services("corridor", served, 1, 1)
        self.ask_services("plan", None, 1, 1)

    def add_standing(self) -> None:
        """What stays: systems, their links' and fibres' services, and the nodes at their ends."""
        for link in self.standing.links:
            held = self.market.held[link.system, link.route.fibres]
            self._fixed.append(held.unit.times(link.existing))
            for product, service in self.market.link_services.items():
                if product.partition(".")[2] not in held.covered:
                    self.ask(product, None, used=link.existing if service.per == "system" else 1)
        for _ in self.standing.fibres:
            self.ask_services("fibre", None, used=1)
        for site in sorted(self.standing.sites):
            self._fixed.append(self._site("node", site, None))

    # products with a choice, and the sum of what is in every plan

    def add_products(self) -> None:
        for product in sorted(self.bought.keys() | self.used.keys()):
            self._add_product(product, self.bought[product], self.used[product])
        for metric, amount in zip(self.metrics, self.options.money(total(self._fixed)), strict=True):
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
            self._add_tiers(product, offer, options, Quantity([(share, 1.0)]))
        model.add(chosen, "=", 1, "product", product)
        for label, sums, quantity in (("product_units", on, bought), ("product_used", in_use, used)):
            negative = [(variable, -weight) for variable, weight in quantity.terms]
            model.add([*sums, *negative], "=", quantity.constant, label, product)
