"""What is minimised, stage by stage, and the rows by which later stages keep to what earlier ones have found."""

from __future__ import annotations

import math
from dataclasses import dataclass

import pulp

from qplan.candidates.prices import Metric, Prices
from qplan.optimizer.model.design_rows import money_prices_of, price
from qplan.optimizer.model.families import row_family
from qplan.optimizer.model.formulation import Formulation

PRIORITY_SCALE = 1024.0  # steps of a goal below 0.5 are lost on HiGHS 1.15 when it is given a start
PRIORITY_TOLERANCE = 1e-7  # of the largest priority: totals closer than this count as equal


@dataclass(frozen=True)
class Goal:
    """A linear function to minimise; `scale` × the value of the domain = the value in the model.

    `prices` are the scaled prices that guide a search without the solver.
    """

    name: str
    terms: tuple[tuple[pulp.LpVariable, float], ...]
    scale: float
    prices: Prices = Prices({}, {}, {})


def cost_goal(model: Formulation, metric: Metric) -> Goal:
    """Capex (without contingency) or tco of the design."""
    prices = money_prices_of(model, metric)
    largest = max((each for part in (prices.link, prices.node, prices.relay) for each in part.values()), default=0.0)
    scale = 2.0 ** (12 - math.frexp(largest)[1]) if largest > 0 else 1.0
    prices = prices.times(scale)
    return Goal(metric, tuple((v, amount) for v, amount in price(model, prices) if amount), scale, prices)


def relays_goal(model: Formulation) -> Goal:
    """The number of sites that relay."""
    prices = Prices({}, {}, dict.fromkeys(model.relay, 1.0))
    return Goal("relays", tuple(price(model, prices)), 1.0, prices)


def lost_priority_goal(model: Formulation) -> Goal:
    """Minus the total priority of the optional corridors served; the largest priority counts `PRIORITY_SCALE`."""
    priorities = {q: model.inventory.corridors[q].priority for q in model.served}
    largest = max(priorities.values(), default=0.0) or 1.0
    scale = PRIORITY_SCALE / largest
    terms = tuple((v, -priorities[q] * scale) for q, v in model.served.items())
    return Goal("priority", terms, scale, cost_goal(model, "tco").prices)


@row_family("priority")
def hold_priority(model: Formulation, total: float) -> None:
    """Σ priority · served(q) ≥ a total that is known to be the highest, in units of the largest priority."""
    goal = lost_priority_goal(model)
    terms = [(v, -weight / PRIORITY_SCALE) for v, weight in goal.terms]
    model.add(terms, ">=", total * goal.scale / PRIORITY_SCALE - PRIORITY_TOLERANCE, "priority")


@row_family("relays")
def hold_relays(model: Formulation, count: int) -> None:
    """Σ relay(s) ≤ a number that is known to be the least."""
    model.add([(v, 1.0) for v in model.relay.values()], "<=", count, "relays")
