"""What links, nodes and relays cost in the measure that is minimised."""

from __future__ import annotations

from dataclasses import dataclass

from qplan.costing.unit_costs import Cost, node_cost, relay_cost, tco
from qplan.optimizer.model.formulation import Formulation


@dataclass(frozen=True)
class Prices:
    """What is counted per system on a link, per QKD node and per relay (on top of the node where that is priced)."""

    link: dict[str, float]
    node: dict[str, float]
    relay: dict[str, float]

    def times(self, factor: float) -> Prices:
        parts = (self.link, self.node, self.relay)
        return Prices(*({key: value * factor for key, value in part.items()} for part in parts))


def money_prices(model: Formulation, metric: str) -> Prices:
    """Capex (without contingency) or tco of every part of the design."""
    inventory = model.inventory

    def amount(cost: Cost) -> float:
        return float(cost.capex if metric == "capex" else tco(inventory.economics, cost))

    return Prices(
        {link.id: amount(link.unit_cost) for link in model.candidates.links},
        {s: amount(node_cost(inventory, s)) for s in model.node},
        {
            s: amount(relay_cost(inventory, s) + (Cost() if s in model.node else node_cost(inventory, s)))
            for s in model.relay
        },
    )
