"""The comment for a pull request: one screen in sight, the topology with what changed marked, details folded."""

from __future__ import annotations

from collections.abc import Iterator

from qplan.comparison.model import Comparison
from qplan.outputs.report.document import Section
from qplan.outputs.report.markdown import COMMENT_CHARACTERS, ROWS_TRIED, fenced, folded_section
from qplan.outputs.review.markdown import summary_blocks
from qplan.outputs.review.picture import change_mermaid
from qplan.outputs.review.section import change_section
from qplan.outputs.text.tables import escape_markdown, one_line, shortened
from qplan.outputs.text.verdict import title

MARKER = "<!-- qplan:review -->"
"""Finds the comment again, so that it is updated in place."""
TITLE_CHARACTERS = 200


def review_markdown(comparison: Comparison, sections: tuple[Section, ...] = ()) -> str:
    """Fits a comment whatever the plan's size: tables of details are cut. `sections` are further details."""
    for rows in ROWS_TRIED:
        text = "\n\n".join(filter(None, _blocks(comparison, sections, rows))) + "\n"
        if len(text) <= COMMENT_CHARACTERS:
            break
    return text


def _blocks(comparison: Comparison, sections: tuple[Section, ...], rows: int) -> Iterator[str]:
    change = comparison.plan
    yield MARKER
    if change is not None:
        yield f"## {escape_markdown(shortened(one_line(title(change.after)), TITLE_CHARACTERS))}"
    yield from summary_blocks(comparison)
    if change is not None and change.changes:
        picture = change_mermaid(change)
        yield fenced(picture) if picture else "What changes is too large for a picture: see topology.svg."
        yield "In the picture, + is new, \\~ changed, - retired." if picture else ""
    details = (change_section(comparison),) if comparison.changed else ()
    for section in (*details, *sections):
        yield from folded_section(section, rows)
