"""What `qplan availability` says: text, Markdown, JSON and CSV."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable

from qplan.assessment.availability.corridors import (
    MINUTES_PER_YEAR,
    SPARE_H,
    Availability,
    CorridorAvailability,
    Improvement,
)
from qplan.outputs.drills.availability_document import availability_answer
from qplan.outputs.drills.pages import as_markdown, as_text
from qplan.outputs.drills.words import Names, hours, minutes
from qplan.outputs.report.document import Section, Table
from qplan.outputs.text.tables import csv_text
from qplan.outputs.text.wording import listed, percentage, with_variant
from qplan.plan.model import Plan

MOST_CONTRIBUTORS = 3
CHANGES = {
    "spare": "a spare of {address}, in after {spare}",
    "bought": "the spare of {address} that is bought, in after {spare}",
    "path": "one more path that shares nothing",
    "repair": "{address} repaired twice as fast",
}
FREE = "min a year"


def availability_sections(plan: Plan, found: Availability) -> list[Section]:
    names = Names(plan)
    any_chain = any(corridor.any_chain is not None for corridor in found.corridors)
    chain = ("Over any chain",) if any_chain else ()
    corridors = Table(
        "",
        ("Corridor", "Available", "Without keys", "Full stores bridge to", *chain, "What takes most"),
        tuple(_row(corridor, names, any_chain) for corridor in found.corridors),
        ("Available",),
    )
    changes = Table(
        "What would change it",
        ("Corridor", "With", "Without keys"),
        tuple(
            (corridor.id, change_words(item, names), f"{minutes(item.downtime_min_per_year)} {FREE}")
            for corridor in found.corridors
            for item in corridor.improvements
        ),
    )
    text = "In the long run, components failing independently of each other, over the planned paths: exact. " + (
        "Sites and key managers at a corridor's ends count."
        if found.with_ends
        else "Sites and key managers at a corridor's own ends are left out."
    )
    tables = (corridors, changes) if found.corridors else ()
    title = f"Availability{with_variant(plan.inventory)}"
    return [Section("availability", title, (text,), tables, tuple(notes(found)))]


def notes(found: Availability) -> Iterable[str]:
    """What a reader must know before a figure goes into a contract."""
    illustrative = [basis for basis, without_source in found.bases if without_source]
    if illustrative:
        yield f"Illustrative figures, without a source: {listed(illustrative, 8)}."
    if found.equipment_min_per_year > found.cable_min_per_year:
        yield (
            f"Equipment dominates over fibre ({minutes(found.equipment_min_per_year)} against "
            f"{minutes(found.cable_min_per_year)} {FREE} and corridor): ask the vendor for MTBF and spares terms."
        )
    if found.unstated_ducts:
        yield f"No length is stated for {listed(found.unstated_ducts, 6)}: each taken as long as its shortest fibre."
    bounded = [corridor.id for corridor in found.corridors if corridor.left_out]
    if bounded:
        yield f"An upper bound, as too many paths share components to look at all of them: {listed(bounded, 6)}."
    refills = [corridor.with_stores.refill_h for corridor in found.corridors]
    if refills:
        yield (
            "What stores bridge holds while they are full again long before the next outage (the slowest after "
            f"{hours(max(refills))}); the second figure if every repair took exactly its mean time."
        )
    if found.standstill:
        yield (
            f"Planned standstill ({listed(found.standstill, 6)}) is taken to come in one piece a year for each module, "
            "site or operator, as the inventory does not say how long each lasts: of shorter ones stores bridge more."
        )


def change_words(item: Improvement, names: Names) -> str:
    return CHANGES["bought" if item.bought else item.change].format(
        address=names[item.address].removeprefix("equipment.qkd_systems."), spare=hours(SPARE_H)
    )


def _row(corridor: CorridorAvailability, names: Names, any_chain: bool) -> tuple[str, ...]:
    bridged, chain = corridor.with_stores, corridor.any_chain
    over_any = "–" if chain is None else _between(chain.least * MINUTES_PER_YEAR, chain.most * MINUTES_PER_YEAR)
    return (
        corridor.id,
        percentage(corridor.unavailability),
        f"{minutes(corridor.downtime_min_per_year)} {FREE}",
        f"{minutes(bridged.exponential_min_per_year)}; {minutes(bridged.fixed_min_per_year)} {FREE}",
        *((over_any,) if any_chain else ()),
        ", ".join(
            f"{names[item.address]} {minutes(item.min_per_year)}"
            for item in corridor.contributors[:MOST_CONTRIBUTORS]
            if item.min_per_year > 0
        ),
    )


def _between(least: float, most: float) -> str:
    low, high = minutes(least), minutes(most)
    return f"{low} {FREE}" if low == high else f"{low} to {high} {FREE}"


def availability_text(plan: Plan, found: Availability, window: int | None = None) -> str:
    return as_text(availability_sections(plan, found), window)


def availability_markdown(plan: Plan, found: Availability) -> str:
    return as_markdown(availability_sections(plan, found))


def availability_csv(plan: Plan, found: Availability) -> str:
    header = (
        "Corridor",
        "Availability",
        "Downtime (min/year)",
        "With full stores (min/year)",
        "Any chain, at least (min/year)",
        "Any chain, at most (min/year)",
    )
    rows = [
        (
            corridor.id,
            round(corridor.availability, 12),
            round(corridor.downtime_min_per_year, 6),
            round(corridor.with_stores.exponential_min_per_year, 6),
            None if corridor.any_chain is None else round(corridor.any_chain.least * MINUTES_PER_YEAR, 6),
            None if corridor.any_chain is None else round(corridor.any_chain.most * MINUTES_PER_YEAR, 6),
        )
        for corridor in found.corridors
    ]
    return csv_text(header, rows)


def availability_json(plan: Plan, found: Availability) -> str:
    answer = availability_answer(found, list(notes(found))).model_dump(mode="json")
    return json.dumps(answer, indent=2, ensure_ascii=False, allow_nan=False) + "\n"


FORMATS: dict[str, Callable[[Plan, Availability], str]] = {
    "json": availability_json,
    "markdown": availability_markdown,
    "csv": availability_csv,
}
