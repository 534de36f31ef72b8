"""Whether corridors can be served, answered without the solver where a plan is found by routing them one by one."""

from __future__ import annotations

from qplan.candidates.arrays import CandidateArrays
from qplan.candidates.design import Design
from qplan.candidates.model import CandidateGraph
from qplan.candidates.prices import money_prices
from qplan.inventory.model import Inventory
from qplan.optimizer.heuristics.guided_search import served_corridors
from qplan.optimizer.heuristics.local_search import construct, orders
from qplan.optimizer.heuristics.routing_state import RoutingState
from qplan.optimizer.model.designs import design_of
from qplan.time_budget import UNLIMITED, TimeBudget

ORDERS = 4


def plan_at_once(inventory: Inventory, candidates: CandidateGraph, clock: TimeBudget = UNLIMITED) -> Design | None:
    """A plan for all corridors together that keeps every limit; that none was found (in time) proves nothing."""
    index = _number(inventory, candidates)
    tried = (
        construct(index, order, 1.0, 1.0, lambda: clock.spent) for order in orders(index, inventory.corridors, ORDERS)
    )
    designs = (_design(state, candidates) for state in tried if state is not None)
    return next((design for design in designs if _is_within_budget(inventory, design)), None)


def find_served_alone(
    inventory: Inventory, candidates: CandidateGraph, clock: TimeBudget = UNLIMITED
) -> frozenset[str]:
    """The corridors for each of which, as if it were the only one, a plan was found in time that keeps every limit."""
    index, served = _number(inventory, candidates), set()
    for q, commodity in index.commodities.items():
        if clock.spent:
            break
        state = RoutingState(index)
        if state.route(commodity) and _is_within_budget(inventory, _design(state, candidates)):
            served.add(q)
    return frozenset(served)


def _number(inventory: Inventory, candidates: CandidateGraph) -> CandidateArrays:
    prices = money_prices(inventory, candidates, inventory.sites, inventory.sites, "tco")
    return CandidateArrays(inventory, candidates, prices)


def _design(state: RoutingState, candidates: CandidateGraph) -> Design:
    return design_of(state.index.inventory, candidates, served_corridors(state))


def _is_within_budget(inventory: Inventory, design: Design) -> bool:
    budget, costs = inventory.budget, design.costs
    within_capex = budget.capex is None or costs.capex <= budget.capex
    return within_capex and (budget.tco is None or costs.tco <= budget.tco)
