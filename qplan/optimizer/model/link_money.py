"""What the systems of links cost: bought at one price, on one of several offers, or there already.

A link has a choice of offers of its own only where it may need several systems, which then have one offer; of links
that take one system at the most only the number on each offer is counted.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence

import pulp

from qplan.candidates.model import CandidateLink
from qplan.candidates.prices import OwnCosts
from qplan.costing.cost import Cost, total
from qplan.costing.options import Option
from qplan.costing.terms import Terms as OfferTerms
from qplan.optimizer.model.families import row_family
from qplan.optimizer.model.formulation import Terms
from qplan.optimizer.model.purchases import OWN, Purchases, Quantity


class LinkMoney:
    """The money of links, added to the purchases of a formulation."""

    def __init__(self, purchases: Purchases):
        self.purchases, self.model = purchases, purchases.model
        self.market, self.options = purchases.market, purchases.options
        self.charge, self.ask = purchases.charge, purchases.ask
        self.own = OwnCosts(self.options)
        self.waiting: dict[str, list[CandidateLink]] = defaultdict(list)
        """Links of systems that several options are left for."""

    def add(self) -> None:
        """All links of the formulation."""
        for link in self.model.candidates.links:
            self._add_link(link)
        for system in sorted(self.waiting):
            self._add_system(system)

    def _add_link(self, link: CandidateLink) -> None:
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
                self.purchases.used[product].terms.append((count, 1.0))
                self.purchases.used[product].terms += [] if bought is None else [(bought, -1.0)]
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

    def _add_system(self, system: str) -> None:
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
            self.purchases.add_tiers(product, offer, options, units[offer])

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
