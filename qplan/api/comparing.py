"""Comparisons: two plans, two inventories, a file as it is and as it was at a revision of its git repository."""

from __future__ import annotations

from typing import TYPE_CHECKING

from qplan.api.planning import Result
from qplan.errors import WrongUsage

if TYPE_CHECKING:
    from qplan.comparison.model import Comparison
    from qplan.inventory.reader import Reading


def compare(before: Result | Reading, after: Result | Reading) -> Comparison:
    """What differs between two plans with their inventories, or between two inventories. Raises WrongUsage."""
    from qplan.comparison import comparing

    if isinstance(before, Result) and isinstance(after, Result):
        if before.facts is None or after.facts is None:
            raise WrongUsage("there is no plan to compare")
        return comparing.compare(before.facts, after.facts)
    if isinstance(before, Result) or isinstance(after, Result):
        raise WrongUsage("one is a plan and the other an inventory: name two plans, or two inventories")
    return comparing.compare_alone(before.inventory, after.inventory)
