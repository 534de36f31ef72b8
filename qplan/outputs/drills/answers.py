"""What `qplan drill` says: text, Markdown, JSON and CSV of one rehearsal."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace

from qplan.assessment.drills.rehearsal import Rehearsal
from qplan.assessment.drills.results import Played
from qplan.inventory.source.messages import counted
from qplan.outputs.drills.drill_document import drill_answer
from qplan.outputs.drills.pages import as_markdown, as_text
from qplan.outputs.drills.sections import rehearsal_sections
from qplan.outputs.drills.words import Names
from qplan.outputs.report.document import Section
from qplan.outputs.text.tables import csv_text, escape_markdown
from qplan.outputs.text.wording import with_variant
from qplan.plan.model import Plan


def rehearsal_text(plan: Plan, found: Rehearsal, window: int | None = None) -> str:
    return as_text(_sections(plan, found), window) + (f"\n{verdict(found)}\n" if found.asked else "")


def rehearsal_markdown(plan: Plan, found: Rehearsal) -> str:
    text = as_markdown(_sections(plan, found))
    return text + (f"\n{escape_markdown(verdict(found))}\n" if found.asked else "")


def _sections(plan: Plan, found: Rehearsal) -> list[Section]:
    first, *others = rehearsal_sections(found, Names(plan), plan.costs.currency)
    return [replace(first, title=first.title + with_variant(plan.inventory)), *others]


def verdict(found: Rehearsal) -> str:
    """The last line."""
    losing = sum(bool(played.lost) for played in found.played)
    missed = [expected for played in found.played for expected in played.expectations if not expected.ok]
    judged = sum(len(played.expectations) for played in found.played)
    parts = [f"{counted(len(found.played), 'drill')} played: in {losing or 'none'} a corridor misses keys"]
    if judged:
        parts.append(f"{judged - len(missed)} of {counted(judged, 'expectation')} kept")
    if found.checks:
        kept = sum(check.ok for check in found.checks)
        parts.append(f"{kept} of {counted(len(found.checks), 'check')} kept")
    if not found.complete:
        parts.append("stopped before all was played")
    return "; ".join(parts) + "."


def rehearsal_csv(plan: Plan, found: Rehearsal) -> str:
    """A row for every corridor of every drill."""
    header = (
        "Drill",
        "Corridor",
        "Asked (bit)",
        "Delivered (bit)",
        "Served (s)",
        "Stale (s)",
        "Down (s)",
        "Longest gap (s)",
        "First loss (s)",
        "Switches",
        "Fallback",
        "Emptiest store",
        "Emptiest store (bit)",
        "Expectations",
    )
    rows = [
        (
            played.id,
            corridor.id,
            round(corridor.asked_bits, 3),
            round(corridor.delivered_bits, 3),
            round(corridor.served_s, 6),
            round(corridor.stale_s, 6),
            round(corridor.down_s, 6),
            round(corridor.longest_gap_s, 6),
            corridor.first_loss_s and round(corridor.first_loss_s, 6),
            corridor.switches,
            corridor.fallback,
            None if corridor.lowest is None else corridor.lowest.link,
            None if corridor.lowest is None else round(corridor.lowest.bits, 3),
            _judgement(played, corridor.id),
        )
        for played in found.played
        for corridor in played.corridors
    ]
    return csv_text(header, rows)


def _judgement(played: Played, corridor: str) -> str | None:
    judged = [expected.ok for expected in played.expectations if expected.corridor == corridor]
    return ("kept" if all(judged) else "not kept") if judged else None


def rehearsal_json(plan: Plan, found: Rehearsal) -> str:
    """Everything by id; losses, pairs and stores only where they were asked for."""
    answer = drill_answer(found, verdict(found)).model_dump(mode="json")
    document = {key: value for key, value in answer.items() if value is not None}
    return json.dumps(document, indent=2, ensure_ascii=False, allow_nan=False) + "\n"


FORMATS: dict[str, Callable[[Plan, Rehearsal], str]] = {
    "json": rehearsal_json,
    "markdown": rehearsal_markdown,
    "csv": rehearsal_csv,
}
