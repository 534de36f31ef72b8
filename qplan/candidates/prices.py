"""What links, nodes and relays cost in the measure that is minimised."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from typing import Literal

from qplan.candidates.model import CandidateLink
from qplan.costing.unit_costs import Cost, node_cost, relay_cost, tco
from qplan.inventory.model import Inventory

Metric = Literal["capex", "tco"]


@dataclass(frozen=True)
class Prices:
    """What is counted per system on a link, per QKD node and per relay (on top of the node where that is priced)."""

    link: dict[str, float]
    node: dict[str, float]
    relay: dict[str, float]

    def times(self, factor: float) -> Prices:
        parts = (self.link, self.node, self.relay)
        return Prices(*({key: value * factor for key, value in part.items()} for part in parts))


def money_prices(
    inventory: Inventory,
    links: Iterable[CandidateLink],
    nodes: Collection[str],
    relays: Iterable[str],
    metric: Metric,
) -> Prices:
    """Capex (without contingency) or tco of every part of a design.

    A relay that is not among the nodes, which have a price of their own, costs what the node costs too.
    """

    def amount(cost: Cost) -> float:
        return float(cost.capex if metric == "capex" else tco(inventory.economics, cost))

    return Prices(
        {link.id: amount(link.unit_cost) for link in links},
        {s: amount(node_cost(inventory, s)) for s in nodes},
        {s: amount(relay_cost(inventory, s) + (Cost() if s in nodes else node_cost(inventory, s))) for s in relays},
    )
