"""Sections as plain text for a terminal and as Markdown."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from qplan.outputs.report.document import Section, Table
from qplan.outputs.text.tables import escape_markdown, markdown_table, one_line, text_table, wrapped_rows

CELL_CHARACTERS = 44


def as_text(sections: Iterable[Section], window: int | None = None) -> str:
    """Tables fit into a window of so many columns; without one their cells are wrapped at a fixed length."""
    return "\n".join(block for section in sections for block in _text_blocks(section, window))


def _text_blocks(section: Section, window: int | None) -> Iterator[str]:
    yield f"{one_line(section.title)}\n{'=' * len(section.title)}\n"
    if section.paragraphs:
        yield "".join(f"{one_line(paragraph)}\n" for paragraph in section.paragraphs)
    for table in section.tables:
        yield (f"{table.title}\n\n" if table.title else "") + table_text(table, window)
    if section.points:
        yield "".join(f"- {one_line(point)}\n" for point in section.points)


def table_text(table: Table, window: int | None) -> str:
    rows = [[one_line(cell) for cell in row] for row in table.rows]
    lines = [line for row in wrapped_rows(table.header, rows, CELL_CHARACTERS, window) for line in row]
    return text_table(table.header, lines, table.right)


def as_markdown(sections: Iterable[Section]) -> str:
    return "\n".join(block for section in sections for block in _markdown_blocks(section))


def _markdown_blocks(section: Section) -> Iterator[str]:
    yield f"## {escape_markdown(section.title)}\n"
    yield from (f"{escape_markdown(paragraph)}\n" for paragraph in section.paragraphs)
    for table in section.tables:
        yield (f"### {table.title}\n\n" if table.title else "") + markdown_table(table.header, table.rows, table.right)
    if section.points:
        yield "".join(f"- {escape_markdown(point)}\n" for point in section.points)
