"""The two ways to compare: plans with their inventories, and inventories alone."""

from __future__ import annotations

from qplan.assessment.facts import PlanFacts, assess
from qplan.comparison.inventories import compare_inventories
from qplan.comparison.model import Comparison
from qplan.comparison.moved import rename_in_inventory, rename_in_plan, renamings
from qplan.comparison.plans import compare_plans
from qplan.inventory.model import Inventory


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
