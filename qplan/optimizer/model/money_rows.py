"""What a design costs: the money of its links, nodes, relays, fibres and corridors, and of what stays."""

from __future__ import annotations

from collections import defaultdict
from typing import Literal

import pulp

from qplan.candidates.model import CandidateLink
from qplan.costing.cost import Cost, total
from qplan.optimizer.model.families import row_family
from qplan.optimizer.model.formulation import Formulation
from qplan.optimizer.model.link_money import LinkMoney
from qplan.optimizer.model.purchases import Purchases


def add_money(model: Formulation) -> None:
    """Everything that the design costs, and what is bought for it."""
    purchases = Purchases(model)
    LinkMoney(purchases).add()
    places = _PlaceMoney(purchases)
    places.add_sites()
    places.add_fibres()
    places.add_corridors()
    places.add_standing()
    purchases.add_products()


class _PlaceMoney:
    """The money of sites, fibres, corridors and what stays, added to the purchases of a formulation."""

    def __init__(self, purchases: Purchases):
        self.purchases, self.model, self.inventory = purchases, purchases.model, purchases.inventory
        self.market, self.options = purchases.market, purchases.options
        self.charge, self.ask, self.ask_services = purchases.charge, purchases.ask, purchases.ask_services
        self.standing = purchases.model.candidates.standing

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
                self.purchases.fixed.append(self.market.licence[q])
            else:
                self.charge(served, self.market.licence[q])
            self.ask_services("corridor", served, 1, 1)
        self.ask_services("plan", None, 1, 1)

    def add_standing(self) -> None:
        """What stays: systems, their links' and fibres' services, and the nodes at their ends."""
        for link in self.standing.links:
            held = self.market.held[link.system, link.route.fibres]
            self.purchases.fixed.append(held.unit.times(link.existing))
            for product, service in self.market.link_services.items():
                if product.partition(".")[2] not in held.covered:
                    self.ask(product, None, used=link.existing if service.per == "system" else 1)
        for _ in self.standing.fibres:
            self.ask_services("fibre", None, used=1)
        for site in sorted(self.standing.sites):
            self.purchases.fixed.append(self._site("node", site, None))
