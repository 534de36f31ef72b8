"""What a design found by planning anew brings about beside its value: checks it breaks, keys that sites then see."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping

from qplan.assessment.facts import PlanFacts, assess
from qplan.candidates.design import Design
from qplan.explain.trials import as_plan
from qplan.inventory.model import Inventory


def facts_of(inventory: Inventory, design: Design) -> PlanFacts:
    """All that is known of a design as a plan for the inventory."""
    return assess(inventory, as_plan(inventory, design))


def broken_checks(facts: PlanFacts) -> tuple[str, ...]:
    """The checks that are errors and are not kept, by id."""
    return tuple(sorted(each.id for each in facts.checks if not each.ok and each.check.severity == "error"))


def newly_seen(before: PlanFacts, after: PlanFacts) -> Mapping[str, tuple[str, ...]]:
    """By corridor: the sites that see its whole key after, as relays, and did not before."""
    known = {(corridor, site.id) for site in before.relays for corridor in site.whole_keys}
    found = defaultdict[str, list[str]](list)
    for site in after.relays:
        for corridor in site.whole_keys:
            if (corridor, site.id) not in known:
                found[corridor].append(site.id)
    return {corridor: tuple(sorted(found[corridor])) for corridor in sorted(found)}
