"""How corridors fail in two plans: the share of the year with keys, the longest gap in drills, what drills expect."""

from __future__ import annotations

from collections.abc import Iterator

from qplan.assessment.drills.results import Played
from qplan.assessment.facts import PlanFacts
from qplan.assessment.network import NotPlayable
from qplan.comparison.model import Expectations, FailureChange, Pair

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


def compare_expectations(before: PlanFacts, after: PlanFacts) -> Pair[Expectations]:
    """What the drills of both inventories expect of their plans."""
    return Pair(_expectations(before), _expectations(after))


def _expectations(facts: PlanFacts) -> Expectations:
    expected = [(each, f"{each.corridor} in {played.id}") for played in _played(facts) for each in played.expectations]
    missed = [what for each, what in expected if not each.ok]
    return Expectations(len(expected), len(expected) - len(missed), tuple(sorted(set(missed))))


def _longest_gaps(facts: PlanFacts) -> dict[str, float]:
    longest: dict[str, float] = {}
    for played in _played(facts):
        for corridor in played.corridors:
            longest[corridor.id] = max(longest.get(corridor.id, 0.0), round(corridor.longest_gap_s, 6))
    return longest


def _played(facts: PlanFacts) -> Iterator[Played]:
    """The drills of the inventory that the plan can play; the report says of the others why it cannot."""
    for name in facts.inventory.drills:
        try:
            yield facts.field.drilled(name)
        except NotPlayable:
            continue
