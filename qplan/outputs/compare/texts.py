"""Plans side by side for a terminal, as Markdown and as CSV."""

from __future__ import annotations

import textwrap
from collections.abc import Iterable
from itertools import chain, groupby

from qplan.comparison.columns import SideBySide
from qplan.outputs.compare.remarks import said
from qplan.outputs.compare.rows import Row, rows
from qplan.outputs.report.document import Section
from qplan.outputs.text.tables import (
    csv_text,
    escape_markdown,
    markdown_table,
    one_line,
    text_table,
    text_width,
    wrapped_rows,
)

WIDTH = 120
CELL_CHARACTERS = 40


def compared_text(table: SideBySide, window: int | None = None) -> str:
    """Verdicts and remarks, then one table with a rule over every group; long cells take several lines."""
    header = ("", *_names(table))
    lines = [line for verdict in said(table) for line in textwrap.wrap(one_line(verdict), window or WIDTH)]
    found = rows(table)
    wrapped = wrapped_rows(header, map(_cells, found), CELL_CHARACTERS, window)
    groups = [row.group for row, lines in zip(found, wrapped, strict=True) for _ in lines]
    shown = text_table(header, chain(*wrapped), header[1:]).splitlines()
    body = shown[:2]
    for group, members in groupby(zip(groups, shown[2:], strict=True), key=lambda pair: pair[0]):
        body += ["", group] + [line for _, line in members]
    return "\n".join([*lines, *([""] if lines else []), *body]) + "\n"


def compared_markdown(table: SideBySide) -> str:
    """Verdicts and remarks as points, then a table a group."""
    header = ("", *_names(table))
    blocks = ["\n".join(f"- {escape_markdown(verdict)}" for verdict in said(table))]
    for group, members in groupby(rows(table), key=lambda row: row.group):
        blocks += [f"**{group}**", markdown_table(header, map(_cells, members), header[1:]).rstrip()]
    return "\n\n".join(block for block in blocks if block) + "\n"


def compared_csv(table: SideBySide) -> str:
    """One line a row, with its key; numbers as numbers."""
    header = ("key", "group", "name", *(column.id for column in table.columns))
    return csv_text(header, ((row.key, row.group, row.name, *row.values) for row in rows(table)))


def _names(table: SideBySide) -> tuple[str, ...]:
    return tuple(f"{column.id} (baseline)" if column.id == table.baseline else column.id for column in table.columns)


def _cells(row: Row) -> tuple[str, ...]:
    return row.name, *map(one_line, row.texts)


def sections_text(sections: Iterable[Section], window: int | None = None) -> str:
    """Sections for a terminal: paragraphs and points folded, and so are the cells of tables."""
    blocks = []
    for section in sections:
        blocks.append(f"{section.title}\n{'=' * text_width(section.title)}")
        blocks += [_folded(paragraph, window) for paragraph in section.paragraphs]
        for table in section.tables:
            wrapped = wrapped_rows(table.header, table.rows, 2 * CELL_CHARACTERS, window or WIDTH, table.right)
            shown = text_table(table.header, chain(*wrapped), table.right).rstrip()
            blocks.append(f"{table.title}\n\n{shown}" if table.title else shown)
        blocks += [_folded(f"- {point}", window, "  ") for point in section.points]
    return "\n\n".join(blocks) + "\n"


def sections_markdown(sections: Iterable[Section]) -> str:
    """Sections one after the other, in full."""
    blocks = []
    for section in sections:
        blocks += [f"### {escape_markdown(section.title)}", *map(escape_markdown, section.paragraphs)]
        for table in section.tables:
            blocks += [f"**{escape_markdown(table.title)}**"] if table.title else []
            blocks.append(markdown_table(table.header, table.rows, table.right).rstrip())
        blocks += ["\n".join(f"- {escape_markdown(point)}" for point in section.points)] if section.points else []
    return "\n\n".join(blocks) + "\n"


def _folded(text: str, window: int | None, indent: str = "") -> str:
    return textwrap.fill(one_line(text), window or WIDTH, subsequent_indent=indent, break_on_hyphens=False)
