"""What is minimised, stage by stage, and the rows by which later stages keep to what earlier ones have found."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

import pulp

from qplan.candidates.prices import LinkPrice, Metric, Prices, money_prices
from qplan.optimizer.model.changes import Reference, count_changes
from qplan.optimizer.model.families import row_family
from qplan.optimizer.model.formulation import Formulation

PRIORITY = "priority"  # the name of the goal of optional corridors
PRIORITY_SCALE = 1024.0  # steps of a goal below 0.5 are lost on HiGHS 1.15 when it is given a start
LEAST_PRIORITY = 1e-9  # of the largest priority: solvers leave out what weighs less
ROUNDING = 1e-12  # of the largest priority, in the total of all


@dataclass(frozen=True)
class Goal:
    """A linear function to minimise; `scale` × (the value of the domain − `constant`) = the value in the model.

    `prices` are the scaled prices that guide a search without the solver.
    """

    name: str
    terms: tuple[tuple[pulp.LpVariable, float], ...]
    scale: float
    prices: Prices = Prices({}, {}, {})
    constant: float = 0.0

    def to_domain(self, value: float) -> float:
        """The value of the domain that a value in the model stands for."""
        return value / self.scale + self.constant


def cost_goal(model: Formulation, metric: Metric, reference: Reference | None = None) -> Goal:
    """Capex (without contingency) or tco of the design, with what changes against an earlier plan cost."""
    prices, scale = scale_prices(model, metric)
    terms, constant = model.money[metric], model.fixed[metric]
    if reference is not None and reference.change_cost:
        changes = count_changes(model, reference)
        terms = [*terms, *((variable, weight * reference.change_cost) for variable, weight in changes.terms)]
        constant += reference.change_cost * changes.constant
        prices = prices.with_changes(reference.links, reference.relays, reference.change_cost * scale)
    scaled = tuple((variable, amount * scale) for variable, amount in terms if amount)
    return Goal(metric, scaled, scale, prices, constant)


def scale_prices(model: Formulation, metric: Metric) -> tuple[Prices, float]:
    """Least prices of the variables of the design, scaled, and the factor."""
    prices = money_prices(model.inventory, model.candidates, model.node, model.relay, metric)
    links = [each for p in prices.link.values() for each in (p.bought, p.held, p.used, p.extended)]
    sites = (each for part in (prices.node, prices.relay, prices.fibre) for each in part.values())
    largest = max((*links, *sites), default=0.0)
    scale = 2.0 ** (12 - math.frexp(largest)[1]) if largest > 0 else 1.0
    return prices.times(scale), scale


def relays_goal(model: Formulation) -> Goal:
    """The number of sites that relay."""
    prices = Prices({}, {}, dict.fromkeys(model.relay, 1.0))
    return Goal("relays", tuple((variable, 1.0) for variable in model.relay.values()), 1.0, prices)


def changes_goal(model: Formulation, reference: Reference) -> Goal:
    """The number of links and relays that only one of the design and an earlier plan has."""
    changes = count_changes(model, reference)
    prices = Prices({}, {}, dict.fromkeys(model.relay, 0.0)).with_changes((), reference.relays, 1.0)
    used = {l.id: LinkPrice(used=0.0 if l.id in reference.links or l.kept else 1.0) for l in model.candidates.links}
    return Goal("changes", tuple(changes.terms), 1.0, replace(prices, link=used), float(changes.constant))


def lost_priority_goal(model: Formulation) -> Goal:
    """Minus the total priority of the optional corridors served; the largest priority counts `PRIORITY_SCALE`."""
    priorities = {q: model.inventory.corridors[q].priority for q in model.served}
    largest = max(priorities.values(), default=0.0) or 1.0
    scale = PRIORITY_SCALE / largest
    terms = tuple((v, -priorities[q] * scale) for q, v in model.served.items())
    return Goal(PRIORITY, terms, scale, scale_prices(model, "tco")[0])


@row_family("priority")
def hold_priority(model: Formulation, total: float) -> None:
    """Σ priority · served(q) ≥ a total that is known to be the highest, in units of the largest priority.

    Next to nothing is given away: the relaxation would leave out as much of a corridor, and its bound fall short.
    """
    goal = lost_priority_goal(model)
    weights = [(v, -weight / PRIORITY_SCALE) for v, weight in goal.terms]
    terms = [(v, weight) for v, weight in weights if weight >= LEAST_PRIORITY]
    too_small = sum(weight for _, weight in weights if weight < LEAST_PRIORITY)
    if terms:
        model.add(terms, ">=", total * goal.scale / PRIORITY_SCALE - too_small - ROUNDING, "priority")


@row_family("relays")
def hold_relays(model: Formulation, count: int) -> None:
    """Σ relay(s) ≤ a number that is known to be the least."""
    model.add([(v, 1.0) for v in model.relay.values()], "<=", count, "relays")
