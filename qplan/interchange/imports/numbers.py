"""Numbers as people write them: decimal comma or point, groups of digits, a unit behind."""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Iterable
from decimal import Decimal
from typing import NamedTuple

NUMBER = re.compile(r"\s*([-+−]?)\s*([0-9][0-9.,'’\s\u00a0\u202f_]*|[.,][0-9]+)([eE][-+]?[0-9]{1,3})?\s*([^0-9]*)$")
GROUPS = re.compile(r"['’\s\u00a0\u202f_]")
EXCEL_ERRORS = frozenset(
    ["#N/A", "#DIV/0!", "#VALUE!", "#REF!", "#NAME?", "#NUM!", "#NULL!", "#NV", "#WERT!", "#BEZUG!"]
)
NOTHING = frozenset(
    ["", "-", "–", "—", "n/a", "nan", "null", "none", "k.a.", "k. a.", "?", "tbd", "unbekannt", "unknown"]
)


def is_nothing(text: str) -> bool:
    """Is it empty, or a word for what is not known?"""
    return text.strip().casefold() in NOTHING


class Number(NamedTuple):
    """A figure, the unit behind it, and whether its mark can be read in two ways."""

    value: float
    unit: str = ""
    ambiguous: bool = False


def decimal_mark(texts: Iterable[str], semicolons: bool = False) -> str:
    """The mark that a table's numbers have, by those that leave no doubt; else a comma where `;` parts the cells."""
    votes = Counter(mark for mark in map(_evident_mark, texts) if mark)
    if votes["."] == votes[","]:
        return "," if semicolons else "."
    return max(votes, key=votes.__getitem__)


def _evident_mark(text: str) -> str:
    match = NUMBER.match(text)
    digits = GROUPS.sub("", match[2]) if match else ""
    marks = [c for c in digits if c in ".,"]
    if not marks:
        return ""
    if len(set(marks)) == 2:
        return marks[-1] if marks.count(marks[-1]) == 1 else ""
    if len(marks) > 1:
        return "." if marks[0] == "," else ","  # 1.234.567: the other one parts the fraction
    return "" if _groups_thousands(digits, marks[0]) else marks[0]


def _groups_thousands(digits: str, mark: str) -> bool:
    """Could the mark part groups of three digits, as in 1.234?"""
    return re.fullmatch(rf"[1-9][0-9]{{0,2}}({re.escape(mark)}[0-9]{{3}})+", digits) is not None


def number(text: str, mark: str) -> Number | None:
    """What a text says as a number where `mark` parts the fraction; None where it is none."""
    match = NUMBER.match(text)
    if match is None:
        return None
    sign, digits, exponent, unit = match.groups()
    digits = GROUPS.sub("", digits)
    other = "." if mark == "," else ","
    ambiguous = digits.count(other) == 1 and mark not in digits and _groups_thousands(digits, other)
    evident = _evident_mark(digits)
    if evident and evident != mark:
        mark, other = other, mark  # 12.5 in a table of decimal commas leaves no doubt
    digits = digits.replace(other, "")
    if digits.count(mark) > 1:
        return None
    value = float(digits.replace(mark, ".") + (exponent or "")) * (-1 if sign in ("-", "−") else 1)
    return Number(value, unit.strip(), ambiguous) if math.isfinite(value) else None


def amounts(text: str) -> dict[str, Decimal]:
    """Every amount that digits may stand for, by the mark that then parts the fraction; empty where they are none.

    Stricter than `number`, as money must be: thousands are grouped by three, by one kind of mark throughout, and
    `1.234` is read in both ways. Both readings of a whole number are the same.
    """
    found = {}
    for mark, other in ((".", ","), (",", ".")):
        grouped = rf"[1-9][0-9]{{0,2}}([ '’_\u00a0\u2009\u202f]|{re.escape(other)})[0-9]{{3}}(?:\1[0-9]{{3}})*"
        whole = rf"(?:{grouped}|[0-9]{{1,15}})"
        if re.fullmatch(rf"{whole}(?:{re.escape(mark)}[0-9]{{1,9}})?", text):
            digits = GROUPS.sub("", text).replace(other, "")
            found[mark] = Decimal(digits.replace(mark, "."))
    return found
