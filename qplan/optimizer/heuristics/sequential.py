"""Whether corridors can be served, answered without the solver where a plan is found by routing them one by one."""

from __future__ import annotations

from qplan.candidates.arrays import CandidateArrays
from qplan.candidates.design import Design, design_of
from qplan.candidates.model import CandidateGraph
from qplan.candidates.prices import money_prices
from qplan.costing.costs import plan_costs
from qplan.inventory.model import Budget, Inventory
from qplan.optimizer.heuristics.guided_search import served_corridors
from qplan.optimizer.heuristics.local_search import construct, orders
from qplan.optimizer.heuristics.routing_state import RoutingState

ORDERS = 4


def plan_at_once(inventory: Inventory, candidates: CandidateGraph) -> Design | None:
    """A plan for all corridors together that keeps every limit; that none was found proves nothing."""
    index = _number(inventory, candidates)
    tried = (construct(index, order, 1.0, 1.0) for order in orders(index, inventory.corridors, ORDERS))
    return next((_design(state, candidates) for state in tried if state is not None and _within_budget(state)), None)


def find_served_alone(inventory: Inventory, candidates: CandidateGraph) -> frozenset[str]:
    """The corridors for each of which, as if it were the only one, a plan was found that keeps every limit."""
    index, served = _number(inventory, candidates), set()
    for q, commodity in index.commodities.items():
        state = RoutingState(index)
        if state.route(commodity) and _within_budget(state):
            served.add(q)
    return frozenset(served)


def _number(inventory: Inventory, candidates: CandidateGraph) -> CandidateArrays:
    prices = money_prices(inventory, candidates.links, inventory.sites, inventory.sites, "tco")
    return CandidateArrays(inventory, candidates, prices)


def _design(state: RoutingState, candidates: CandidateGraph) -> Design:
    return design_of(state.index.inventory, candidates, served_corridors(state))


def _within_budget(state: RoutingState) -> bool:
    index = state.index
    inventory, budget = index.inventory, index.inventory.budget
    if budget == Budget():
        return True
    built = [(index.links[l], int(count)) for l, count in enumerate(state.count) if count]
    costs = plan_costs(
        inventory,
        sorted({end for link, _ in built for end in link.route.ends}),
        sorted(index.sites[s] for s in state.relayed),
        [(link.system, link.route.fibres, count) for link, count in built],
    )
    within_capex = budget.capex is None or costs.capex <= budget.capex
    return within_capex and (budget.tco is None or costs.tco <= budget.tco)
