"""The integer program of offers and tiers for given quantities, where products hang together.

For links of one system with equal needs (a group g) and its offers o: take(g, o) ∈ ℤ, Σ_o take(g, o) = links of g. Of a
product that takes part with tiers k: tier(o, k) ∈ {0, 1}, Σ_k tier(o, k) ≤ 1 (of a service: Σ_{o,k} = 1);

    Σ_k units(o, k) = units bought on o,  units(o, k) ≤ U tier(o, k),
    paid(o, k) ≥ units(o, k),  paid(o, k) ≥ from_k tier(o, k);

every other product takes one of its offers and tiers as a whole. Least is tco, or capex and then tco.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from dataclasses import dataclass, field
from math import inf

import numpy as np

from qplan.costing.choice import (
    Aim,
    Choices,
    aim_of,
    cost_of,
    every_option,
    figures_of,
    has_choice,
    link_units,
    one_by_one,
    option_cost,
    product_units,
    services_with_choice,
    without_choice,
)
from qplan.costing.cost import Cost, total
from qplan.costing.market import Market
from qplan.costing.quantities import LinkNeed, Quantities, Units
from qplan.costing.terms import Terms, Tier
from qplan.optimizer.solvers.small_program import Column, SmallProgram, Weights

ROW_SCALE = 1e6  # of a money row's right-hand side, so that the solver's tolerance is far below a cent
EQUAL = 1e-9  # relative: capex that counts as equal


@dataclass
class _Offers:
    """Columns of a product's offers: units by (offer, tier), and the choice of the tier."""

    units: dict[tuple[str | None, int], Column] = field(default_factory=dict)
    tier: dict[tuple[str | None, int], Column] = field(default_factory=dict)


class _Builder:
    def __init__(self, market: Market, need: Quantities):
        self.market, self.need, self.program = market, need, SmallProgram()
        self.figures: list[tuple[float, float]] = []  # capex and tco of every column
        self.groups: dict[tuple[str, int, int, frozenset[str]], list[LinkNeed]] = defaultdict(list)
        for link in need.links:
            if link.bought:
                self.groups[link.system, link.bought, link.existing, link.covered].append(link)
        self.take: dict[tuple[int, str | None], Column] = {}
        self.systems: dict[str, _Offers] = {}
        self.services: dict[str, _Offers] = {}
        self.whole: dict[str, dict[Column, tuple[Terms, Tier]]] = {}
        self.fixed = [need.fixed]
        self.choice = services_with_choice(market)
        self._add_links()
        for system in sorted({key[0] for key in self.groups}):
            self._add_system(system)
        for product in sorted(self.choice):
            self._add_service(product)
        for product, units in need.products.items():
            self._add_whole(product, units)

    def _money(self, cost: Cost) -> tuple[float, float]:
        capex, tco = figures_of(self.market, cost)
        return float(capex), float(tco)

    def _column(self, upper: float, capex: float = 0.0, tco: float = 0.0, integral: bool = True) -> Column:
        self.figures.append((capex, tco))
        return self.program.column(upper, integral)

    def _options(self, system: str) -> tuple[Terms, ...]:
        return self.market.terms(f"qkd_systems.{system}")

    def _add_links(self) -> None:
        """take(g, o) at the yearly money of its systems and the services that have one price."""
        for g, (key, links) in enumerate(self.groups.items()):
            for terms in self._options(key[0]):
                cost = terms.yearly.times(key[1]) + self._services(links[0], terms)
                self.take[g, terms.offer] = self._column(len(links), *self._money(cost))
            mine = {self.take[g, terms.offer]: 1.0 for terms in self._options(key[0])}
            self.program.row(len(links), mine, len(links))
        for link in self.need.links:
            if not link.bought:
                self.fixed.append(self._services(link, None))

    def _services(self, link: LinkNeed, terms: Terms | None) -> Cost:
        parts = []
        for product in self.market.link_services:
            if product not in self.choice:
                units = link_units(self.market, product, link, terms)
                service = self.market.terms(product)[0]
                parts.append(option_cost(service, service.tiers[0], units))
        return total(parts)

    def _add_system(self, system: str) -> None:
        offers = self.systems[system] = _Offers()
        most = sum(key[1] * len(links) for key, links in self.groups.items() if key[0] == system)
        for terms in self._options(system):
            bought = {self.take[g, terms.offer]: float(key[1]) for g, key in enumerate(self.groups) if key[0] == system}
            self._add_tiers(offers, terms, bought, 0.0, most)

    def _add_tiers(
        self, offers: _Offers, terms: Terms, bought: dict[Column, float], constant: float, most: float
    ) -> None:
        """Units and payments of one offer; `bought` + `constant` are its units."""
        balance = {column: -weight for column, weight in bought.items()}
        several = len(terms.tiers) > 1
        for k, tier in enumerate(terms.tiers):
            paid = self._money(Cost(capex=tier.unit_price))
            refreshed = self._money(Cost(refreshes=terms.bought(1, tier).refreshes))
            key = terms.offer, k
            offers.units[key] = units = self._column(most, 0.0, refreshed[1], integral=False)
            balance[units] = 1.0
            charged = self._column(max(most, tier.at_least), *paid, integral=False)
            self.program.row(0.0, {charged: 1.0, units: -1.0}, inf)
            if several:
                offers.tier[key] = chosen = self._column(1)
                self.program.row(-inf, {units: 1.0, chosen: -most}, 0.0)
                if k:
                    self.program.row(0.0, {charged: 1.0, chosen: -tier.at_least}, inf)
        self.program.row(constant, balance, constant)
        if several:
            self.program.row(-inf, {offers.tier[terms.offer, k]: 1.0 for k in range(len(terms.tiers))}, 1.0)

    def _add_service(self, product: str) -> None:
        """A service per system or per link with several terms: one of them for all its units."""
        bought: Counter[Column] = Counter()
        used: Counter[Column] = Counter()
        constant = 0
        for g, ((system, *_), links) in enumerate(self.groups.items()):
            for terms in self._options(system):
                each = link_units(self.market, product, links[0], terms)
                bought[self.take[g, terms.offer]] += each.bought
                used[self.take[g, terms.offer]] += each.used
        for link in self.need.links:
            if not link.bought:
                constant += link_units(self.market, product, link, None).used
        most = constant + sum(link.bought + link.existing for link in self.need.links)
        offers = self.services[product] = _Offers()
        options = self.market.terms(product)
        one: dict[Column, float] = {}
        balance = {"bought": {c: -float(w) for c, w in bought.items()}, "used": {c: -float(w) for c, w in used.items()}}
        for terms in options:
            in_use = self._column(most, *self._money(terms.yearly), integral=False)
            balance["used"][in_use] = 1.0
            mine: dict[Column, float] = {in_use: 1.0}
            for k, tier in enumerate(terms.tiers):
                key = terms.offer, k
                offers.tier[key] = chosen = self._column(1)
                offers.units[key] = units = self._column(most, integral=False)
                charged = self._column(
                    max(most, tier.at_least), *self._money(Cost(capex=tier.unit_price)), integral=False
                )
                self.program.row(-inf, {units: 1.0, chosen: -most}, 0.0)
                self.program.row(0.0, {charged: 1.0, units: -1.0}, inf)
                if k:
                    self.program.row(0.0, {charged: 1.0, chosen: -tier.at_least}, inf)
                balance["bought"][units] = 1.0
                one[chosen] = 1.0
                mine[chosen] = -float(most)
            self.program.row(-inf, mine, 0.0)
        self.program.row(1.0, one, 1.0)
        self.program.row(0.0, balance["bought"], 0.0)
        self.program.row(constant, balance["used"], constant)

    def _add_whole(self, product: str, units: Units) -> None:
        """A product whose units are known: one of its offers and tiers."""
        options = list(every_option(self.market.terms(product)))
        if len(options) == 1:
            ((terms, tier),) = options
            self.fixed.append(option_cost(terms, tier, units))
            return
        self.whole[product] = {}
        for terms, tier in options:
            column = self._column(1, *self._money(option_cost(terms, tier, units)))
            self.whole[product][column] = terms, tier
        self.program.row(1.0, dict.fromkeys(self.whole[product], 1.0), 1.0)

    def choices(self, point: np.ndarray) -> Choices:
        links: dict[str, str | None] = {}
        tiers: dict[str, Tier] = {}
        products: dict[str, str | None] = {}
        for g, (key, members) in enumerate(self.groups.items()):
            waiting = iter(members)
            for terms in self._options(key[0]):
                for _ in range(round(point[self.take[g, terms.offer]])):
                    links[next(waiting).id] = terms.offer
        for product, offers in {**{f"qkd_systems.{s}": o for s, o in self.systems.items()}, **self.services}.items():
            for terms in self.market.terms(product):
                for k, tier in enumerate(terms.tiers):
                    if (terms.offer, k) in offers.tier and point[offers.tier[terms.offer, k]] > 0.5:
                        if terms.offer is not None:
                            tiers[terms.offer] = tier
                        if product in self.services:
                            products[product] = terms.offer
        for product, columns in self.whole.items():
            terms, tier = next(option for column, option in columns.items() if point[column] > 0.5)
            products[product] = terms.offer
            tiers |= {} if terms.offer is None else {terms.offer: tier}
        fixed = Choices(links, products, tiers)
        for product in product_units(self.market, self.need, fixed):
            products.setdefault(product, self.market.terms(product)[0].offer)
        return fixed

    def within(self, ceilings: tuple[float | None, float | None]) -> list[tuple[float, Weights, float]]:
        """Rows that keep capex and tco to their ceilings."""
        fixed = self._money(total(self.fixed))
        rows = []
        for of, ceiling in enumerate(ceilings):
            if ceiling is not None:
                scale = ROW_SCALE / max(1.0, ceiling)
                weights = {column: money[of] * scale for column, money in enumerate(self.figures) if money[of]}
                rows.append((-inf, weights, (ceiling - fixed[of]) * scale))
        return rows

    def best(self, aim: Aim) -> np.ndarray | None:
        """A point of least tco, or of least capex and then tco, within the ceilings; None where there is none."""
        capex, tco = np.reshape(self.figures, (-1, 2)).T
        most = None if aim.capex is None else float(aim.capex)
        ceilings = most, None if aim.tco is None else float(aim.tco)
        if aim.metric == "tco":
            return self.program.minimum(tco, self.within(ceilings))
        point = self.program.minimum(capex, self.within(ceilings))
        if point is None:
            return None
        least = float(capex @ point) + self._money(total(self.fixed))[0]
        return self.program.minimum(tco, self.within((least + EQUAL * max(1.0, least), ceilings[1])))


def program_choices(market: Market, need: Quantities, aim: Aim) -> Choices | None:
    """The choices of least cost within the ceilings; None where there are none."""
    builder = _Builder(market, need)
    point = builder.best(aim)
    return None if point is None else builder.choices(point)


def choose_terms(market: Market, need: Quantities, aim: Aim | None = None) -> Choices:
    """The choices of least cost within the ceilings; where none keeps to these, those that are best without them."""
    aim = aim or aim_of(market)
    if not has_choice(market, need):
        return without_choice(market, need)
    chosen = one_by_one(market, need, aim)
    if chosen is not None and aim.keeps(figures_of(market, cost_of(market, need, chosen))):
        return chosen
    free = Aim(aim.metric)
    bounded = program_choices(market, need, aim) if aim != free else None
    return bounded or chosen or program_choices(market, need, free) or without_choice(market, need)
