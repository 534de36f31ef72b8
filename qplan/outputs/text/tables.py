"""Tables as CSV, Markdown and plain text, and the escaping that makes a user's text harmless in them.

A cell is a text, a number or None (an empty cell). Every text is brought onto one line without hidden characters, so
that what a reader sees is what stands in the cell.
"""

from __future__ import annotations

import csv
import io
import re
import unicodedata
from collections.abc import Collection, Iterable, Sequence
from decimal import Decimal
from itertools import zip_longest

from qplan.files import without_formula

Cell = str | float | Decimal | None
LEAST_CELL, LONGEST_NAME = 8, 24
UNLIMITED = 10_000  # columns, where a text does not go to a terminal
ISOLATE, POP = "\u2068", "\u2069"  # first strong isolate, pop directional isolate
_ISOLATE = re.compile(f"{ISOLATE}([^{ISOLATE}{POP}]*){POP}")
_NO_WIDTH = frozenset(ISOLATE + POP)
_JOINERS = frozenset("\u200c\u200d")  # format characters that ordinary words of some scripts need
_MARKDOWN = re.compile(r"([\\`*_\[\]~|#$!{}])")
_LIST_MARKER = re.compile(r"^(\d*)([-+.)=])(?=[-=\s]|$)")
_WEB_ADDRESS = re.compile(r"(?i)(:)(?=//)|(?<=\bwww)(\.)")
_BETWEEN_WORDS = re.compile(r"(?<!×) (?!×)(?:(?<!\d )|(?!\d{3}(?!\d)))")  # not within an amount or `2 × name`
_AMOUNT = re.compile(r"[-+]?\d[\d .]*")
_MENTION = re.compile(r"(?<!\w)@(?=\w)")


def one_line(text: str) -> str:
    """The text as one line: breaks and tabs are spaces; control, format, direction and broken characters are U+FFFD.

    An isolate around plain characters, as `isolated` makes it, stays: it puts nothing else out of order.
    """
    if text.isprintable():
        return text
    parts = _ISOLATE.split(text)  # what an isolate holds stands at every second place
    return "".join(f"{ISOLATE}{_shown(part)}{POP}" if number % 2 else _shown(part) for number, part in enumerate(parts))


def isolated(text: str) -> str:
    """The text kept apart from what stands around it, where it is written from right to left: a name in a sentence."""
    if text.isascii() or not any(unicodedata.bidirectional(char) in ("R", "AL", "AN") for char in text):
        return text
    return f"{ISOLATE}{_shown(text)}{POP}"


def _shown(text: str) -> str:
    return "".join(map(_visible, text))


def _visible(char: str) -> str:
    category = unicodedata.category(char)
    if char in "\t\n\v\f\r\x85" or category in ("Zl", "Zp"):
        return " "
    noncharacter = ord(char) & 0xFFFE == 0xFFFE or 0xFDD0 <= ord(char) <= 0xFDEF
    hidden = category in ("Cc", "Cs") or (category == "Cf" and char not in _JOINERS)
    return "\ufffd" if noncharacter or hidden else char


def format_number(value: float | Decimal) -> str:
    """A number in plain decimals (no exponent, dot, no thousands), without a fraction that is zero."""
    if isinstance(value, float):
        value = Decimal(repr(value))
    if not isinstance(value, Decimal) or not value.is_finite():
        return str(value)
    text = format(value, "f")
    whole, _, fraction = text.partition(".")
    return whole if not fraction.strip("0") else text


def csv_text(header: Sequence[str], rows: Iterable[Sequence[Cell]]) -> str:
    """RFC 4180: one header line, CRLF, dot decimals.

    A text that a spreadsheet would run as a formula gets an apostrophe in front; numbers stay numbers.
    """
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\r\n")
    writer.writerow(header)
    writer.writerows([_csv_cell(cell) for cell in row] for row in rows)
    return out.getvalue()


def _csv_cell(cell: Cell) -> str:
    return without_formula(one_line(cell)) if isinstance(cell, str) else _plain_cell(cell)


def _plain_cell(cell: Cell) -> str:
    if cell is None:
        return ""
    return one_line(cell) if isinstance(cell, str) else format_number(cell)


def escape_markdown(text: str) -> str:
    """Text that Markdown (CommonMark, GitHub) shows literally, in a table cell or in running text.

    Besides markup, pipes and HTML, it disarms bare web addresses, mentions and what would begin a list.
    """
    text = one_line(text).strip()
    text = _MARKDOWN.sub(r"\\\1", text)
    text = text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    text = _WEB_ADDRESS.sub(lambda match: "\\" + match.group(0), text)
    text = _MENTION.sub("@\u200b", text)
    return _LIST_MARKER.sub(r"\1\\\2", text)


def markdown_table(header: Sequence[str], rows: Iterable[Sequence[Cell]], right: Collection[str] = ()) -> str:
    """A GitHub Markdown table, every cell escaped; the columns named in `right` are aligned to the right."""
    lines = [
        _markdown_row(escape_markdown(name) for name in header),
        _markdown_row("---:" if name in right else "---" for name in header),
    ]
    lines += [_markdown_row(escape_markdown(_plain_cell(cell)) for cell in row) for row in rows]
    return "\n".join(lines) + "\n"


def _markdown_row(cells: Iterable[str]) -> str:
    return "| " + " | ".join(cells) + " |"


def text_table(header: Sequence[str], rows: Iterable[Sequence[Cell]], right: Collection[str] = ()) -> str:
    """A table for the terminal: columns padded to equal width, two spaces apart, a rule under the header."""
    cells = [[_plain_cell(cell) for cell in row] for row in rows]
    widths = [max(map(text_width, column)) for column in zip(header, *cells, strict=True)]
    rule = ["-" * width for width in widths]
    lines = []
    for row in (header, rule, *cells):
        padded = [
            " " * (width - text_width(cell)) + cell if name in right else cell + " " * (width - text_width(cell))
            for name, cell, width in zip(header, row, widths, strict=True)
        ]
        lines.append("  ".join(padded).rstrip())
    return "\n".join(lines) + "\n"


def fitted_rows(
    header: Sequence[str],
    rows: Iterable[Sequence[str]],
    characters: int,
    window: int | None,
    whole: Collection[str] = (),
) -> list[list[str]]:
    """The cells cut to so many characters; in a window of so many columns so that the table just fits into it.

    The widest columns give way first, none below its heading, its longest amount or `LEAST_CELL`, the first, which
    names things, last; those that are to stay `whole` not at all.
    """
    cells = [list(row) for row in rows]
    widths = _fitted_widths(header, cells, characters, window, whole)
    return [[shortened(cell, width) for cell, width in zip(row, widths, strict=True)] for row in cells]


def wrapped_rows(
    header: Sequence[str],
    rows: Iterable[Sequence[str]],
    characters: int,
    window: int | None,
    whole: Collection[str] = (),
) -> list[list[tuple[str, ...]]]:
    """As `fitted_rows`, with nothing cut: every row as the lines that its cells take below each other."""
    cells = [list(row) for row in rows]
    widths = _fitted_widths(header, cells, characters, window, whole)
    return [
        list(zip_longest(*(_wrapped(cell, width) for cell, width in zip(row, widths, strict=True)), fillvalue=""))
        for row in cells
    ]


def _wrapped(text: str, width: int) -> list[str]:
    """The text in lines of so many columns; an amount is never broken, an isolate goes on.

    A longer word is broken, after a hyphen where it has one.
    """
    lines, line = [], ""
    for word in _BETWEEN_WORDS.split(text):
        if line and text_width(line) + 1 + text_width(word) > width:
            lines.append(line)
            line = ""
        line = f"{line} {word}" if line else word
        while text_width(line) > width and not _is_amount(line):
            fitting = max(1, _fitting(line, width))
            cut = line.rfind("-", 0, fitting) + 1 or fitting
            lines.append(line[:cut])
            line = line[cut:]
    is_open, closed = False, []
    for part in (*lines, line):
        opened = ISOLATE * is_open + part
        is_open = opened.count(ISOLATE) > opened.count(POP)
        closed.append(opened + POP * is_open)
    return closed


def _fitted_widths(
    header: Sequence[str], cells: Sequence[Sequence[str]], characters: int, window: int | None, whole: Collection[str]
) -> list[int]:
    columns = list(zip(header, *cells, strict=True))
    widths = [max(map(text_width, column)) for column in columns]
    least = [max(text_width(name), min(LEAST_CELL, width)) for name, width in zip(header, widths, strict=True)]
    least[0] = min(widths[0], LONGEST_NAME)
    least = [max(few, *map(_amount_width, column)) for few, column in zip(least, columns, strict=True)]
    least = [width if name in whole else few for name, width, few in zip(header, widths, least, strict=True)]
    if window is None:
        widths = [characters] * len(header)
    while window is not None and sum(widths) + 2 * (len(header) - 1) > window:
        widest = max(range(len(header)), key=lambda i: widths[i] - least[i])
        if widths[widest] == least[widest]:
            break
        widths[widest] -= 1
    return widths


def _amount_width(text: str) -> int:
    """Of the longest amount in the text, which is never broken."""
    return max((len(word) for word in _BETWEEN_WORDS.split(text) if _is_amount(word)), default=0)


def _is_amount(word: str) -> bool:
    """Not just a long row of digits."""
    return len(word) <= LONGEST_NAME and _AMOUNT.fullmatch(word) is not None


def drop_columns(
    header: Sequence[str],
    rows: Sequence[Sequence[str]],
    right: Collection[str],
    dropped: Sequence[str],
    width: int | None,
) -> str:
    """A table for the terminal without so many of the columns to be dropped, in turn, as make it too wide."""
    columns = {name: max(map(text_width, column)) for name, *column in zip(header, header, *rows, strict=True)}

    def fits(without: Collection[str]) -> bool:
        kept = [columns[name] for name in header if name not in without]
        return width is None or sum(kept) + 2 * (len(kept) - 1) <= width

    gone = next((dropped[:n] for n in range(len(dropped)) if fits(dropped[:n])), dropped)
    for name in reversed(gone):  # one that gave way in vain, before a wider one
        fewer = [other for other in gone if other != name]
        gone = fewer if fits(fewer) else gone
    kept = [i for i, name in enumerate(header) if name not in gone]
    return text_table([header[i] for i in kept], [[row[i] for i in kept] for row in rows], right)


def shortened(text: str, width: int) -> str:
    """The text, or as much of it as so many columns of a terminal take, and that there was more.

    An isolate that is cut is closed.
    """
    if _fitting(text, width) == len(text):
        return text
    text = text[: _fitting(text, width - 1)]
    return text.rstrip() + POP * (text.count(ISOLATE) - text.count(POP)) + "…"


def _fitting(text: str, width: int) -> int:
    """Characters that so many columns of a terminal take; no more of a long text is looked at."""
    if text[: width + 1].isascii():
        return min(len(text), width)
    for number, char in enumerate(text):
        width -= _columns(char)
        if width < 0:
            return number
    return len(text)


def text_width(text: str) -> int:
    """Columns that the text takes on a terminal."""
    return len(text) if text.isascii() else sum(map(_columns, text))


def _columns(char: str) -> int:
    if unicodedata.combining(char) or char in _NO_WIDTH:
        return 0
    return 2 if unicodedata.east_asian_width(char) in "WF" else 1
