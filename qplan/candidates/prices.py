"""What links, nodes and relays cost in the measure that is minimised, each at the least price that it can be had at."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass, field, replace
from typing import Literal

from qplan.candidates.model import CandidateGraph, CandidateLink, Standing
from qplan.costing.cost import Cost, total
from qplan.costing.market import Market, market_of
from qplan.costing.options import Option, Options
from qplan.inventory.model import Inventory

Metric = Literal["capex", "tco"]


@dataclass(frozen=True)
class LinkPrice:
    """Of a QKD link: per system bought and per existing one, and what its use, or a purchase for it, costs besides."""

    bought: float = 0.0
    held: float = 0.0
    used: float = 0.0
    extended: float = 0.0

    def times(self, factor: float) -> LinkPrice:
        return LinkPrice(self.bought * factor, self.held * factor, self.used * factor, self.extended * factor)


@dataclass(frozen=True)
class Prices:
    """What is counted per link, per QKD node and per relay (on top of the node where that is priced), and per fibre."""

    link: dict[str, LinkPrice]
    node: dict[str, float]
    relay: dict[str, float]
    fibre: dict[str, float] = field(default_factory=dict)
    """What the first use of a fibre costs."""

    def times(self, factor: float) -> Prices:
        return Prices(
            {link: price.times(factor) for link, price in self.link.items()},
            *({key: value * factor for key, value in part.items()} for part in (self.node, self.relay, self.fibre)),
        )

    def first(self, link: CandidateLink) -> float:
        """What the first system on a link costs."""
        if link.kept:
            return 0.0
        price = self.link.get(link.id, LinkPrice())
        return price.used + (price.held if link.existing else price.bought)

    def with_changes(self, links: Collection[str], relays: Collection[str], each: float) -> Prices:
        """With what a change costs added to the use of all but these links and relays, whose loss would cost it."""

        def moved(price: float, spared: bool) -> float:
            return max(0.0, price - each) if spared else price + each

        return replace(
            self,
            link={name: replace(p, used=moved(p.used, name in links)) for name, p in self.link.items()},
            relay={site: moved(price, site in relays) for site, price in self.relay.items()},
        )


def metrics_of(inventory: Inventory) -> tuple[Metric, ...]:
    """Kinds of money that the objective or a budget asks for."""
    budget = inventory.budget
    metrics: list[Metric] = []
    if inventory.objective == "capex" or budget.capex is not None:
        metrics.append("capex")
    if inventory.objective != "capex" or budget.tco is not None:
        metrics.append("tco")
    return tuple(metrics)


class OwnCosts:
    """What a system bought on a link costs beside its offer: power, and the strands that have one price."""

    def __init__(self, options: Options):
        self.options = options
        self._strand: dict[str, Cost] = {}

    def of(self, link: CandidateLink) -> Cost:
        """Per system bought."""
        return self.options.market.power[link.system] + self.of_strands(link.route.fibres).times(link.strands)

    def of_strands(self, fibres: Iterable[str]) -> Cost:
        """One strand on each of the fibres."""
        return total(self._of_strand(f) for f in fibres)

    def _of_strand(self, f: str) -> Cost:
        if f not in self._strand:
            one = self.options.one(f"fibres.{f}")
            self._strand[f] = Cost() if one is None else one.unit
        return self._strand[f]


def money_prices(
    inventory: Inventory,
    candidates: CandidateGraph,
    nodes: Collection[str],
    relays: Iterable[str],
    metric: Metric,
) -> Prices:
    """Capex (without contingency) or tco of every part of a design beside what stays.

    A relay that is not among the nodes, which have a price of their own, costs what the node costs too.
    """
    pricing = _Pricing(market_of(inventory), candidates.standing, metric)
    return Prices(
        {link.id: pricing.link(link) for link in candidates.links},
        {s: pricing.money(pricing.node(s)) for s in nodes},
        {s: pricing.money(pricing.relay(s) + (Cost() if s in nodes else pricing.node(s))) for s in relays},
        pricing.fibres(),
    )


def money_of_ends(inventory: Inventory, standing: Standing, metric: Metric) -> float:
    """What no plan goes below, whatever links there are: nodes at the ends of required corridors, licences, spares."""
    market = market_of(inventory)
    pricing = _Pricing(market, standing, metric)
    required = {q: corridor for q, corridor in inventory.corridors.items() if corridor.required}
    nodes = (pricing.node(s) for s in sorted({end for corridor in required.values() for end in corridor.ends}))
    return pricing.money(total([market.spares, *nodes, *(market.licence[q] for q in required)]))


class _Pricing:
    """Least prices in one metric."""

    def __init__(self, market: Market, standing: Standing, metric: Metric):
        self.market, self.standing = market, standing
        self.options = Options(market, (metric,))
        self._strand: dict[str, Cost] = {}
        self._systems: dict[str, tuple[Option, Option]] = {}
        self._beside: dict[tuple[str, bool], Cost] = {}

    def money(self, cost: Cost) -> float:
        return self.options.money(cost)[0]

    def _services(self, per: str, new: bool) -> Cost:
        """The services counted per something that no offer includes, for one that is new, or for one that exists."""
        spared = {name for offer in self.market.inventory.offers.values() for name in offer.includes}
        least = (self.options.least(p) for p in self.market.services(per) if p.partition(".")[2] not in spared)
        return total(option.unit if new else option.used for option in least)

    def link(self, link: CandidateLink) -> LinkPrice:
        """At the offer that is least for the first system of a new link, and for any other."""
        if link.system not in self._systems:
            options = self.options.of(f"qkd_systems.{link.system}")
            self._systems[link.system] = (
                min(options, key=lambda option: self.money(option.unit + option.linked)),
                min(options, key=lambda option: self.money(option.unit)),
            )
        first, further = self._systems[link.system]
        strands = (self.strand(f).times(link.strands) for f in link.route.fibres)
        own = total([self.market.power[link.system], *strands])
        bought = self.money(further.unit + own)
        if not link.existing:
            if first is further and first.linked == Cost():
                return LinkPrice(bought)
            return LinkPrice(bought, used=max(0.0, self.money(first.unit + first.linked + own) - bought))
        used, new = (self.money(self._services("link", new=new)) for new in (False, True))
        if link.kept:
            return LinkPrice(bought, extended=new - used)
        held = self.market.held[link.system, link.route.fibres].unit + self._services("system", new=False)
        return LinkPrice(bought, self.money(held), used, new - used)

    def strand(self, f: str) -> Cost:
        if f not in self._strand:
            self._strand[f] = self.options.least(f"fibres.{f}").unit
        return self._strand[f]

    def node(self, site: str) -> Cost:
        """Of a QKD node; nothing where there is one in every plan."""
        if site in self.standing.sites:
            return Cost()
        return self.market.node[site] + self._site("node", site not in self.market.paid_nodes)

    def relay(self, site: str) -> Cost:
        """On top of the node."""
        return self.market.relay[site] + self._site("relay", site not in self.market.paid_relays)

    def _site(self, per: Literal["node", "relay"], new: bool) -> Cost:
        if (per, new) not in self._beside:
            equipment = self.market.inventory.equipment
            items = equipment.node_items if per == "node" else equipment.relay_items
            bought = (
                self.options.least(f"{per}_items.{part}").unit.times(item.quantity) for part, item in items.items()
            )
            self._beside[per, new] = total(bought if new else ()) + self._services(per, new)
        return self._beside[per, new]

    def fibres(self) -> dict[str, float]:
        """What the first use of each fibre costs, where services are counted per fibre."""
        if not self.market.services("fibre"):
            return {}
        used, new = (self.money(self._services("fibre", new=new)) for new in (False, True))
        return {f: new - used if f in self.standing.fibres else new for f in self.market.inventory.fibres}
