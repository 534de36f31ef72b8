"""A comparison as a section of the report."""

from __future__ import annotations

from qplan.comparison.model import Comparison, CorridorChange, PlanChange
from qplan.outputs.report.document import Section, Table
from qplan.outputs.review import sentences
from qplan.outputs.review.markdown import BETWEEN
from qplan.outputs.review.rows import MARKS, rows
from qplan.outputs.review.wording import step, steps, turnover
from qplan.outputs.text.wording import bps


def change_section(comparison: Comparison) -> Section:
    """What changes, the gravest first, and what was edited."""
    change, inputs = comparison.plan, comparison.inputs
    tables = []
    if change is not None:
        found, following = rows(change)
        words = {mark: action for action, mark in MARKS.items()}
        changes = tuple((words[row.mark], row.address, row.text(BETWEEN)) for row in found)
        tables.append(Table("Changes of the plan, the gravest first", ("Action", "Where", "What"), changes))
        corridors = tuple(map(_corridor, change.corridors))
        header = ("Corridor", "Served", "Demand", "Relays", "Operators", "Countries", "Share of TCO")
        tables.append(Table("Corridors that differ", header, corridors))
    limits = tuple((each.address, step(each.before, each.after), each.direction) for each in inputs.limits)
    edits = tuple((each.address, *steps(each.before, each.after)) for each in inputs.changed)
    tables += [Table("Limits changed", ("Where", "What", "Way"), limits)] if limits else []
    tables += [Table("Inputs changed", ("Where", "Before", "After"), edits)] if edits else []
    head = (sentences.headline(change, BETWEEN),) if change else (sentences.counts(comparison),)
    said = (" ".join(following),) if change and following else ()
    points = _points(change) if change else ()
    return Section("change", "What changes", (*head, *said), tuple(tables), points)


def _points(change: PlanChange) -> tuple[str, ...]:
    failing = sentences.failures(change)
    said = (f"Exposure: {sentences.exposure(change)}", f"Checks: {sentences.checks(change)}")
    return (*said, *([f"Failure: {failing}"] if failing else []), sentences.totals(change))


def _corridor(each: CorridorChange) -> tuple[str, ...]:
    served = {True: "yes", False: "no", None: "–"}
    demand = [None if rate is None else bps(rate) for rate in (each.key_rate_bps.before, each.key_rate_bps.after)]
    return (
        each.id,
        " → ".join(served[value] for value in (each.served.before, each.served.after)),
        step(*demand) if demand[0] != demand[1] else demand[0] or "–",
        turnover(each.relays.gained, each.relays.lost) or "as before",
        turnover(each.operators.gained, each.operators.lost) or "as before",
        turnover(each.countries.gained, each.countries.lost) or "as before",
        step(each.tco.before, each.tco.after),
    )
