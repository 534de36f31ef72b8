"""The lines of a layout, and the columns of the comments beside them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from qplan.inventory.layout.gaps import Comment

LEAST_GAP = 2  # blanks before a comment


@dataclass
class Line:
    text: str = ""
    comment: Comment | None = None
    gap: int = 0
    """Blanks before the comment in the source."""
    verbatim: bool = False
    """Within a text of several lines, where blanks at the end may have a meaning."""


def written(lines: list[Line]) -> str:
    """The lines as text, comments in their columns."""
    parts: list[str] = []
    for group in _groups(lines):
        column = _column(group)
        for line in group:
            if line.comment is None:
                parts.append(line.text if line.verbatim else line.text.rstrip(" "))
            else:
                parts.append(f"{line.text.ljust(column)}{line.comment.text}")
    return "".join(f"{part}\n" for part in parts)


def _groups(lines: list[Line]) -> Iterator[list[Line]]:
    """Lines one below the other whose comments stood in one column belong together; every other line is alone."""
    group: list[Line] = []
    for line in lines:
        together = group and line.comment and group[-1].comment and line.comment.column == group[-1].comment.column
        if group and not together:
            yield group
            group = []
        group.append(line)
    if group:
        yield group


def _column(group: list[Line]) -> int:
    """Where comments stood if there is room; a single one that stood close to its line stays close to it."""
    if group[0].comment is None:
        return 0
    least = max(len(line.text) for line in group) + LEAST_GAP
    close = len(group) == 1 and group[0].gap <= LEAST_GAP
    return least if close else max(least, group[0].comment.column)
