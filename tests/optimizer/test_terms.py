"""Plans with offers, services, years, existing plant and counted changes equal exhaustive search.

40 instances; `QPLAN_CASES=1000 python -m pytest -n0 tests/optimizer/test_terms.py` tries 1,000.
"""

from __future__ import annotations

import random
from collections import Counter

import pytest
from oracle.random_markets import random_market
from oracle.search import Oracle, Reference, TooManyDesigns, best_value
from planning import PATIENCE_S, REF, planned
from seeds import CASES, seeds

from qplan.inventory.model import Inventory
from qplan.optimizer.limits import SearchParameters, Status
from qplan.optimizer.planner import Result, optimize
from qplan.plan.model import Plan
from qplan.time_budget import TimeBudget

INSTANCES = CASES or 40
MOST_DESIGNS = 60  # that exhaustive search has to buy for one instance; what has more is left out
FAILED = [
    1_288_066_934,  # a plan half a cent above the budget, which rounds to a cent more
    5_000_356,  # an existing relay that need not relay: the graph alone proved it impossible by the room of its items
]
MUST_COME_UP = {  # share of the instances in which it is at work
    "feasible": 0.4, "offers bought": 0.2, "tiers": 0.02, "fees": 0.04, "existing used": 0.05, "existing idle": 0.03,
    "bought beside existing": 0.005, "services": 0.1, "budget": 0.1, "changes first": 0.05, "changes priced": 0.05,
}  # fmt: skip


def earlier_plan(document: dict, rng: random.Random) -> Plan | None:
    """The best plan where other sites and fibres are dear."""
    sites = {name: site | {"node_cost": rng.choice((0, 50)), "relay_cost": rng.choice((0, 80))}
             for name, site in document["sites"].items()}  # fmt: skip
    other = document | {"sites": sites, "budget": {}, "objective": "capex"}
    return planned(Inventory.model_validate(other)).plan


def reference_to(plan: Plan, change_cost: float) -> Reference:
    links = frozenset((link.system, frozenset(link.fibres)) for link in plan.links)
    return Reference(links, frozenset(plan.relays), first=not change_cost, change_cost=change_cost)


def at_its_cost(document: dict, best: Oracle, rng: random.Random) -> dict:
    """The optimum's printed capex or tco as the budget, or a cent less."""
    name = rng.choice(("capex", "tco"))
    cents = round(getattr(best, name) * 100) - rng.choice((0, 0, 1))
    return document | {"budget": {name: max(0, cents) / 100}}


def told(result: Result, inventory: Inventory, best: Oracle | None) -> None:
    if best is None:
        assert result.search.status is Status.INFEASIBLE
        return
    plan = result.plan
    assert plan is not None and plan.status == "optimal"
    served = (inventory.corridors[q.id] for q in plan.corridors if q.served)
    priority = sum(corridor.priority for corridor in served if not corridor.required)
    tie_break = (plan.costs.tco, best.tco) if inventory.objective == "relays" else (0.0, 0.0)
    changes = (0, 0) if plan.objective.change_cost or plan.objective.changes is None else (
        plan.objective.changes, best.changes)  # fmt: skip
    found = (priority, changes[0], plan.objective.value, tie_break[0])
    assert found == pytest.approx((best.priority, changes[1], best.value, tie_break[1]), abs=0.0101)


def at_work(inventory: Inventory, plan: Plan) -> set[str]:
    """What of the market the plan uses."""
    kinds = {inventory.offers[entry.id].kind for entry in plan.offers}
    found = {
        "offers bought": bool(plan.offers),
        "tiers": any(entry.tier_from > 1 for entry in plan.offers),
        "fees": bool(kinds & {"lease", "managed"}),
        "existing used": any(link.existing and link.load_bps for link in plan.links),
        "existing idle": any(link.existing and not link.load_bps for link in plan.links),
        "bought beside existing": any(link.existing and link.bought for link in plan.links),
        "services": bool(inventory.services),
        "budget": inventory.budget.capex is not None or inventory.budget.tco is not None,
        "changes first": plan.objective.changes is not None and not plan.objective.change_cost,
        "changes priced": bool(plan.objective.change_cost),
    }
    return {name for name, there in found.items() if there}


def test_plans_equal_exhaustive_search(record_property):
    seen: Counter[str] = Counter()
    tried = 0
    for seed in [*FAILED, *seeds(1000, 5 * 10**6)]:  # most of which are small enough
        rng = random.Random(seed)
        document = random_market(rng)
        earlier = earlier_plan(document, rng) if rng.random() < 0.4 else None
        change_cost = rng.choice((0.0, 1.0, 20.0)) if earlier is not None else 0.0
        reference = Reference() if earlier is None else reference_to(earlier, change_cost)
        inventory = Inventory.model_validate(document)
        try:
            best = best_value(inventory, reference, MOST_DESIGNS)
            if best is not None and rng.random() < 0.25:
                inventory = Inventory.model_validate(at_its_cost(document, best, rng))
                best = best_value(inventory, reference, MOST_DESIGNS)
        except TooManyDesigns:
            continue
        start, keep = (earlier, None) if change_cost else (None, earlier)
        limits = SearchParameters(0.0, TimeBudget.of(PATIENCE_S))
        result = optimize(inventory, REF, "highs", limits, None, start, keep, change_cost)
        try:
            told(result, inventory, best)
        except AssertionError as wrong:
            raise AssertionError(f"seed {seed}: {wrong}") from wrong
        if result.plan is not None:
            seen.update({"feasible", *at_work(inventory, result.plan)})
        tried += 1
        if tried == INSTANCES:
            break
    record_property("at work", dict(seen))
    judged = {name: share * INSTANCES for name, share in MUST_COME_UP.items() if share * INSTANCES >= 10}
    rare = {name: seen[name] for name, least in judged.items() if seen[name] < least / 2}
    assert tried > INSTANCES / 2 and not rare, f"hardly ever at work: {rare}"
