"""How corridors fail in two plans: the share of the year with keys, the longest gap in drills, what drills expect."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from qplan.assessment.drills.results import Played
from qplan.assessment.drills.tally import judged
from qplan.assessment.facts import PlanFacts
from qplan.assessment.network import NotPlayable
from qplan.comparison.model import Expectations, FailureChange, Pair

DIGITS = 12  # of an availability: finer differences are rounding
Drilled = Mapping[str, Played]
"""What became of drills, by their names."""


def compare_failures(before: PlanFacts, after: PlanFacts, played: tuple[Drilled, Drilled]) -> tuple[FailureChange, ...]:
    """The corridors that fail otherwise, by id: in drills, in those that both plans can play."""
    both = played[0].keys() & played[1].keys()
    gaps = [_longest_gaps([side[name] for name in both]) for side in played]
    available = (_availability(before), _availability(after))
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


def compare_expectations(before: PlanFacts, after: PlanFacts, played: tuple[Drilled, Drilled]) -> Pair[Expectations]:
    """What the drills of both inventories expect of their plans."""
    return Pair(_expectations(before, played[0]), _expectations(after, played[1]))


def _expectations(facts: PlanFacts, played: Drilled) -> Expectations:
    drills = facts.inventory.drills
    expected = [(each, f"{each.corridor} in {name}") for name in played for each in played[name].expectations]
    missed = [what for each, what in expected if not each.ok]
    unplayed = tuple(sorted(name for name in drills.keys() - played.keys() if drills[name].expect))
    open_ = sum(len(judged(drills[name].expect, ())) for name in unplayed)
    return Expectations(len(expected) + open_, len(expected) - len(missed), tuple(sorted(set(missed))), unplayed)


def _longest_gaps(played: Iterable[Played]) -> dict[str, float]:
    longest: dict[str, float] = {}
    for each in played:
        for corridor in each.corridors:
            longest[corridor.id] = max(longest.get(corridor.id, 0.0), round(corridor.longest_gap_s, 6))
    return longest


def play_drills(facts: PlanFacts) -> dict[str, Played]:
    """The drills of the inventory that the plan can play; the report says of the others why it cannot."""
    found = {}
    for name in facts.inventory.drills:
        try:
            found[name] = facts.field.drilled(name)
        except NotPlayable:
            continue
    return found
