"""How the corridors of two plans fail: the share of the year with keys, and the longest gap in the drills."""

from __future__ import annotations

from qplan.assessment.facts import PlanFacts
from qplan.assessment.network import NotPlayable
from qplan.comparison.model import FailureChange, Pair

DIGITS = 12  # of an availability: finer differences are rounding


def compare_failures(before: PlanFacts, after: PlanFacts) -> tuple[FailureChange, ...]:
    """The corridors that fail otherwise, by id."""
    available, gaps = (_availability(before), _availability(after)), (_longest_gaps(before), _longest_gaps(after))
    found = (
        FailureChange(
            key,
            Pair(available[0].get(key), available[1].get(key)),
            Pair(gaps[0].get(key), gaps[1].get(key)),
        )
        for key in sorted(available[0].keys() | available[1].keys())
    )
    return tuple(each for each in found if each.availability.changed or each.longest_gap_s.changed)


def _availability(facts: PlanFacts) -> dict[str, float]:
    return {each.id: round(each.availability, DIGITS) for each in facts.availability.corridors}


def _longest_gaps(facts: PlanFacts) -> dict[str, float]:
    """Over the drills of the inventory that the plan can play; the report says of the others why it cannot."""
    longest: dict[str, float] = {}
    for name in facts.inventory.drills:
        try:
            corridors = facts.field.drilled(name).corridors
        except NotPlayable:
            continue
        for corridor in corridors:
            longest[corridor.id] = max(longest.get(corridor.id, 0.0), round(corridor.longest_gap_s, 6))
    return longest
