"""What the number formats of a workbook (XLSX) show beside numbers: `[$€-407]`, `"EUR"`, ECMA-376 part 1, 18.8.30."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Mapping
from typing import NamedTuple

from qplan.interchange.imports.currencies import is_currency
from qplan.interchange.imports.sources import Element

TOKEN = re.compile(
    r'"(?P<quoted>[^"]*)"?|\\(?P<escaped>.)|\[\$(?P<sign>[^]-]*)[^]]*\]?|\[[^]]*\]?|[_*].?|General|Standard|E[+-]'
    r"|(?P<bare>.)",
    re.DOTALL,
)
"""Signs of currencies, literal text, and what stands for something else: places, colours, conditions, padding."""
OWN_CURRENCY = dict.fromkeys((5, 6, 7, 8, 42, 44), "$")
"""Built-in formats, told by their number alone, with the currency of whoever looks at them."""
MOST_DIGITS = 9  # of a line, a style or a format
CELL = re.compile(rb"<(?:\w+:)?(row|c)\b([^>]*)>")
ATTRIBUTE = re.compile(rb"""\b(r|s)\s*=\s*["']([^"']*)["']""")


class Shown(NamedTuple):
    """Words beside a number, and whether they are for a currency."""

    text: str
    is_currency: bool


def shown_by(code: str) -> Shown | None:
    """What a format shows beside positive and negative numbers and nought; None for nothing."""
    sections = re.findall(r'((?:"[^"]*"?|\\.|\[[^]]*\]?|[^;])*)(?:;|$)', code, flags=re.DOTALL)[:3]
    found = list(dict.fromkeys(shown for section in sections if (shown := _shown_by_section(section))))
    money = [shown for shown in found if shown.is_currency]
    return Shown(" or ".join(text for text, _ in money), True) if money else next(iter(found), None)


def _shown_by_section(section: str) -> Shown | None:
    tokens = list(TOKEN.finditer(section))
    words = " ".join(_is_said("".join(map(_literal, tokens)).split()))
    named = any((token["sign"] or "").strip() for token in tokens)
    return Shown(words, named or is_currency(words)) if words else None


def _literal(token: re.Match[str]) -> str:
    """The text that a token shows as it stands; a blank for what stands for something else."""
    text = token["quoted"] or token["escaped"] or token["sign"] or ""
    bare = token["bare"] or ""
    return text or (bare if _is_word(bare) else " ")


def _is_said(words: list[str]) -> Iterator[str]:
    return (word for word in words if _is_word(word))


def _is_word(text: str) -> bool:
    return any(c.isalpha() or unicodedata.category(c) == "Sc" for c in text)


def formats_of(styles: Element) -> Mapping[int, Shown]:
    """By the style of a cell, those that show something; `styles` is the root of `styles.xml`."""
    codes = {_number(item.get("numFmtId")): item.get("formatCode") for item in styles.all("numFmt")}
    codes = {**OWN_CURRENCY, **codes}
    (cells, *_) = (*styles.all("cellXfs"), Element("", {}, 0))
    shown = (shown_by(codes.get(_number(item.get("numFmtId")), "")) for item in cells.all("xf"))
    return {style: one for style, one in enumerate(shown) if one}


def shown_in(sheet: bytes, formats: Mapping[int, Shown]) -> dict[tuple[int, int], Shown]:
    """By line and place, from 1 and from 0, beside which cells of a sheet something is shown."""
    found: dict[tuple[int, int], Shown] = {}
    line, place = 0, -1
    for match in CELL.finditer(sheet) if formats else ():
        stated = {name: value.decode("utf-8", "replace") for name, value in ATTRIBUTE.findall(match[2])}
        if match[1] == b"row":
            line, place = _number(stated.get(b"r")) or line + 1, -1
            continue
        letters = stated.get(b"r", "").rstrip("0123456789")
        place = column(letters) - 1 if letters else place + 1
        if shown := formats.get(_number(stated.get(b"s"))):
            found[line, place] = shown
    return found


def column(letters: str) -> int:
    """The number of a column, from 1."""
    number = 0
    for letter in letters:
        number = number * 26 + ord(letter) - 64
    return number


def _number(text: str | None) -> int:
    return int(text) if text and text.isascii() and text.isdigit() and len(text) <= MOST_DIGITS else 0
