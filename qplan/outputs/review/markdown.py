"""What the screen says of a comparison as Markdown: a table and points."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from qplan.comparison.model import Comparison, PlanChange
from qplan.inventory.source.messages import counted
from qplan.outputs.review import sentences
from qplan.outputs.review.rows import Row, rows
from qplan.outputs.text.tables import escape_markdown, markdown_table, one_line, shortened

MOST_ROWS = 14
MOST_POINTS = 8
CELL_CHARACTERS = 200
BETWEEN = " · "
WORDS = {"+": "new", "~": "changed", "-": "gone"}


def summary_blocks(comparison: Comparison, most_rows: int = MOST_ROWS) -> list[str]:
    """Blocks: headline, the gravest changes, exposure, checks, limits and inputs as points."""
    if comparison.plan is None:
        return [f"**{escape_markdown(sentences.counts(comparison))}**", *_points(_inventory_points(comparison))]
    change = comparison.plan
    head = f"**{escape_markdown(sentences.headline(change, BETWEEN))}**"
    return [head, *_changes(change, most_rows), *_points([*_plan_points(change), *_inventory_points(comparison)])]


def _changes(change: PlanChange, most: int) -> list[str]:
    found, following = rows(change)
    blocks = [rows_table(found[:most])] if found else []
    rest = [f"… and {counted(len(found) - most, 'change')} more."] if len(found) > most else []
    said = escape_markdown(" ".join([*rest, *following]))
    return blocks + ([said] if said else [])


def rows_table(shown: Sequence[Row]) -> str:
    """One row a change."""
    cells = [
        (row.mark + " " + WORDS[row.mark], row.address, shortened(row.text(BETWEEN), CELL_CHARACTERS)) for row in shown
    ]
    return markdown_table(("", "Where", "What"), cells).rstrip()


def _plan_points(change: PlanChange) -> Iterator[tuple[str, str]]:
    yield "Exposure", sentences.exposure(change)
    yield "Checks", sentences.checks(change)
    if extra := sentences.margins_and_firmness(change):
        yield "Margins", extra
    if failing := sentences.failures(change):
        yield "Failure", failing


def _inventory_points(comparison: Comparison) -> Iterator[tuple[str, str]]:
    for name, texts, most in (
        ("Limits", sentences.limits(comparison.inputs), sentences.MOST_LIMITS),
        ("Findings silenced", sentences.silenced(comparison), sentences.MOST_LIMITS),
        ("Renamed", sentences.renamed(comparison), MOST_POINTS),
        ("Inputs", sentences.edits(comparison.inputs), MOST_POINTS),
    ):
        if texts:
            rest = f"; and {len(texts) - most} more" if len(texts) > most + 1 else ""
            yield name, "; ".join(texts[: most + (not rest)]) + rest


def _points(points: Iterator[tuple[str, str]] | Sequence[tuple[str, str]]) -> list[str]:
    lines = [f"- **{name}:** {escape_markdown(one_line(text))}" for name, text in points]
    return ["\n".join(lines)] if lines else []
