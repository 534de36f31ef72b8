"""The two ways to compare: plans with their inventories, and inventories alone."""

from __future__ import annotations

from qplan.assessment.facts import PlanFacts, assess
from qplan.comparison.inventories import compare_inventories
from qplan.comparison.model import Comparison
from qplan.comparison.moved import rename_in_inventory, rename_in_plan, renamings
from qplan.comparison.plans import compare_plans
from qplan.inventory.model import Inventory
from qplan.plan.model import Costs, Objective, Plan


def compare(before: PlanFacts, after: PlanFacts) -> Comparison:
    """Two plans and the inventories that they were made from."""
    renamed = renamings(before.inventory, after.inventory)
    if renamed:
        inventory = rename_in_inventory(before.inventory, renamed)
        before = assess(inventory, rename_in_plan(before.plan, renamed))
    old_names = {new: old.partition(".")[2] for old, new in renamed.items()}
    inputs = compare_inventories(before.inventory, after.inventory)
    return Comparison(inputs, compare_plans(before, after, old_names), renamed)


def compare_alone(before: Inventory, after: Inventory) -> Comparison:
    """Two inventories, without plans for them."""
    renamed = renamings(before, after)
    if renamed:
        before = rename_in_inventory(before, renamed)
    return Comparison(compare_inventories(before, after), None, renamed)


def compare_with_nothing(after: PlanFacts) -> Comparison:
    """A plan where there was no inventory before: everything is new."""
    inventory = Inventory(qplan=1, objective=after.inventory.objective, economics=after.inventory.economics)
    return compare(assess(inventory, _no_plan(after.plan)), after)


def compare_new(after: Inventory) -> Comparison:
    """An inventory where there was none before."""
    return compare_alone(Inventory(qplan=1), after)


def _no_plan(plan: Plan) -> Plan:
    """A plan that builds nothing, in the same money."""
    costs = Costs(currency=plan.costs.currency, capex=0.0, contingency=0.0, opex_per_year=0.0, tco=0.0)
    objective = Objective(name=plan.objective.name, value=0.0, bound=0.0, gap=0.0)
    nothing = {"nodes": (), "links": (), "corridors": (), "costs": costs, "objective": objective, "status": "optimal"}
    return plan.model_copy(update=nothing)
