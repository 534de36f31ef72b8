"""How wide a text will be, near enough to size a box, and where to break it."""

from __future__ import annotations

import math
import unicodedata

NARROW, WIDE = frozenset("fijlrtI.,:;'|!()[]/ -"), frozenset("mwMW@%—")
LONGEST = 1000  # characters looked at
MOST_LINES, LINE_EM = 3, 11.0
"""A name is broken at spaces into lines of about eleven em, and cut with an ellipsis after three."""


def text_width(text: str) -> float:
    """Width in em of a line in Helvetica or a font of like metrics."""
    return math.fsum(map(_advance, text))  # `sum` of floats gives other bits before Python 3.12


def _advance(char: str) -> float:
    if unicodedata.combining(char):
        return 0.0
    if unicodedata.east_asian_width(char) in "WF":
        return 1.0
    if char in NARROW:
        return 0.31
    if char in WIDE:
        return 0.88
    return 0.7 if char.isupper() else 0.56


def wrapped(text: str) -> tuple[str, ...]:
    """The text in at most three short lines; what does not fit ends in an ellipsis."""
    lines, line = [], ""
    for word in text[:LONGEST].split():
        if line and text_width(f"{line} {word}") > LINE_EM:
            lines.append(line)
            line = word
        else:
            line = f"{line} {word}".strip()
    lines.append(line)
    kept = [_cut(line) for line in lines[:MOST_LINES]]
    if len(lines) > MOST_LINES:
        kept[-1] = kept[-1].removesuffix("…") + "…"
    return tuple(kept)


def _cut(line: str) -> str:
    if text_width(line) <= 1.5 * LINE_EM:
        return line
    while text_width(line) > 1.5 * LINE_EM:
        line = line[: len(line) * 9 // 10]
    return line + "…"
