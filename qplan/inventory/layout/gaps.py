"""What stands between two tokens of a YAML text: line ends, blank lines and comments."""

from __future__ import annotations

from typing import NamedTuple


class Comment(NamedTuple):
    """From `#` to the end of its line."""

    text: str
    column: int
    """In the source, from 0."""


class Gap(NamedTuple):
    beside: Comment | None
    """A comment on the line of the token before."""
    lines: tuple[Comment | None, ...]
    """The lines between the two tokens' lines; None is a blank one."""
    breaks: bool
    """Whether the second token is on a later line than the first."""

    @property
    def comments(self) -> tuple[Comment, ...]:
        return tuple(comment for comment in (self.beside, *self.lines) if comment is not None)


def gap_between(text: str, start: int, end: int) -> Gap:
    """The gap of a text from the end of a token to the start of the next; positions count characters."""
    pieces = text[start:end].split("\n")
    line_start = text.rfind("\n", 0, start) + 1
    beside = None
    if line_start < start:
        beside = _comment(pieces[0], start - line_start)
        breaks, pieces = len(pieces) > 1, pieces[1:]
    else:
        breaks = True
    if pieces and end < len(text):
        pieces.pop()  # what stands before the second token on its line
    return Gap(beside, tuple(_comment(piece, 0) for piece in pieces), breaks)


def _comment(piece: str, column: int) -> Comment | None:
    text = piece.strip()
    return Comment(text, column + len(piece) - len(piece.lstrip())) if text else None
