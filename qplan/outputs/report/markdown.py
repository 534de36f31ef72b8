"""The report as Markdown that fits a pull-request comment."""

from __future__ import annotations

import re

from qplan.assessment.facts import PlanFacts
from qplan.outputs.report.document import Document, Section, Table
from qplan.outputs.report.report import report_document
from qplan.outputs.text.tables import escape_markdown, markdown_table, one_line, shortened

MARKER = "<!-- qplan:report -->"
COMMENT_CHARACTERS = 60_000  # GitHub takes 65,536 in a comment
DIAGRAM_CHARACTERS = 20_000  # a larger Mermaid text gives no readable picture
TEXT_CHARACTERS = 600
CELL_CHARACTERS = 300
WARNINGS_SHOWN = 20
ROWS_TRIED = (200, 100, 50, 20, 10, 5, 2, 0)


def report_markdown(facts: PlanFacts) -> str:
    """A pull-request comment: verdict, figures and topology in sight, details folded, long tables cut to fit."""
    from qplan.outputs.topology.diagram import diagram
    from qplan.outputs.topology.mermaid import to_mermaid

    document = report_document(facts)
    mermaid = to_mermaid(diagram(facts))
    for rows in ROWS_TRIED:
        text = _markdown(document, mermaid, rows)
        if len(text) <= COMMENT_CHARACTERS:
            break
    return text


def _markdown(document: Document, mermaid: str, rows: int) -> str:
    parts = [MARKER, *markdown_head(document, rows), *_mermaid_block(mermaid)]
    for section in document.sections:
        parts += folded_section(section, rows)
    return "\n\n".join(parts) + "\n"


def markdown_head(document: Document, rows: int | None = None) -> list[str]:
    """Title, verdict, warnings, figures and corridors, as Markdown blocks."""
    blocks = [f"## {_cut(document.title)}", f"**{_cut(document.headline)}**"]
    if document.subtitle:
        blocks.insert(1, _cut(document.subtitle))
    if document.warnings:
        blocks.append("\n".join(f"- ⚠️ {_cut(warning)}" for warning in document.warnings[:WARNINGS_SHOWN]))
    figures = Table("", ("Figure", "Value"), document.figures)
    corridors = [f"**{document.corridors.title}**", *_markdown_rows(document.corridors, rows)]
    return [*blocks, *_markdown_rows(figures, None), *corridors]


def _cut(text: str) -> str:
    return escape_markdown(shortened(one_line(text), TEXT_CHARACTERS))


def _mermaid_block(mermaid: str) -> list[str]:
    """The topology; nothing of it where it would not be readable."""
    if len(mermaid) > DIAGRAM_CHARACTERS:
        return ["The topology is too large for a comment: see topology.svg."]
    return [fenced(mermaid)]


def fenced(mermaid: str) -> str:
    """A Mermaid text in a fence longer than any run of backticks in it."""
    fence = "`" * max(3, 1 + max(map(len, re.findall("`+", mermaid)), default=0))
    return f"{fence}mermaid\n{mermaid.rstrip()}\n{fence}"


def folded_section(section: Section, rows: int) -> list[str]:
    """Blocks of a section that is unfolded by a click, with the first rows of its tables."""
    blocks = [f"<details><summary>{section.title}</summary>", *(_cut(paragraph) for paragraph in section.paragraphs)]
    if section.points:
        blocks.append("\n".join(f"- {_cut(point)}" for point in section.points))
    for table in section.tables:
        title = [f"**{escape_markdown(table.title)}**"] if table.title else []
        blocks += [*title, *_markdown_rows(table, rows)]
    return [*blocks, "</details>"]


def _markdown_rows(table: Table, rows: int | None) -> list[str]:
    """The table's first rows, and how many are left out."""
    if not table.rows:
        return ["None."]
    shown = [[shortened(cell, CELL_CHARACTERS) for cell in row] for row in table.rows[:rows]]
    left_out = len(table.rows) - len(shown)
    blocks = [markdown_table(table.header, shown, table.right).rstrip()] if shown else []
    return blocks + ([f"… and {left_out} more: see report.html."] if left_out else [])
