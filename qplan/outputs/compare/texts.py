"""Plans side by side for a terminal, as Markdown and as CSV."""

from __future__ import annotations

import textwrap
from itertools import groupby

from qplan.comparison.columns import SideBySide
from qplan.outputs.compare.rows import Row, rows, value_text, verdicts
from qplan.outputs.text.tables import csv_text, escape_markdown, fitted_rows, markdown_table, one_line, text_table

WIDTH = 120
CELL_CHARACTERS = 40


def compared_text(table: SideBySide, window: int | None = None) -> str:
    """Verdicts, then one table with a rule over every group; in a window, cut to fit."""
    header = ("", *_names(table))
    lines = [line for verdict in verdicts(table) for line in textwrap.wrap(one_line(verdict), window or WIDTH)]
    found = rows(table)
    cells = fitted_rows(header, [_cells(row) for row in found], CELL_CHARACTERS, window)
    shown = text_table(header, cells, header[1:]).splitlines()
    body = shown[:2]
    for group, members in groupby(zip(found, shown[2:], strict=True), key=lambda pair: pair[0].group):
        body += ["", group] + [line for _, line in members]
    return "\n".join([*lines, *([""] if lines else []), *body]) + "\n"


def compared_markdown(table: SideBySide) -> str:
    """Verdicts as points, then a table a group."""
    header = ("", *_names(table))
    blocks = ["\n".join(f"- {escape_markdown(verdict)}" for verdict in verdicts(table))]
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
    return row.name, *(one_line(value_text(row, value)) for value in row.values)
