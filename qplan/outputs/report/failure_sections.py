"""The report's sections on how the plan fails: availability, what each single loss does, the inventory's drills."""

from __future__ import annotations

from collections.abc import Iterator

from qplan.assessment.drills.playing import Field
from qplan.assessment.drills.results import Played
from qplan.assessment.facts import PlanFacts
from qplan.assessment.network import NotPlayable
from qplan.outputs.drills.availability import availability_sections
from qplan.outputs.drills.sections import drill_section, losses_section, overview_section, worst_first
from qplan.outputs.drills.timeline import timeline_svg
from qplan.outputs.drills.words import Names
from qplan.outputs.report.document import Section

MOST_LOSSES, MOST_DRILLS = 100, 8
MOST_HOPS = 20_000  # links on the paths of all corridors, whose availability the report has


def failure_sections(facts: PlanFacts) -> Iterator[Section]:
    """In the order of what is asked first; drills with a picture each, the worst first."""
    names, drills = Names(facts.plan), list(_play(facts.field))
    hops = sum(len(path.links) for corridor in facts.plan.corridors for path in corridor.paths)
    if hops <= MOST_HOPS:
        yield from availability_sections(facts.plan, facts.availability)
    else:
        left_out = f"Left out, as the paths of all corridors have {hops} links: `qplan availability` works it out."
        yield Section("availability", "Availability", (left_out,))
    yield losses_section(facts.losses, names, MOST_LOSSES)
    played = worst_first(drill for drill in drills if isinstance(drill, Played))
    for drill in played[:MOST_DRILLS]:
        section = drill_section(drill, names)
        picture = timeline_svg(facts.plan, drill)
        yield Section(
            section.id, f"Drill {section.title}", section.paragraphs, section.tables, section.points, (picture,)
        )
    if len(played) > MOST_DRILLS:
        yield overview_section(played[MOST_DRILLS:], names)
    refused = tuple(drill for drill in drills if isinstance(drill, str))
    if refused:
        yield Section("not-played", "Drills that this plan cannot play", points=refused)


def _play(field: Field) -> Iterator[Played | str]:
    """Every drill of the inventory, or why the plan cannot play it."""
    for name in field.inventory.drills:
        try:
            yield field.drilled(name)
        except NotPlayable as error:
            yield f"{name}: {error}."
