"""What a cell of an answer says, however it was typed; what can be read in two ways is not read.

Every function raises `Unreadable` with what was expected.
"""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Iterable, Mapping
from datetime import date, datetime
from decimal import Decimal
from typing import NamedTuple

from qplan.interchange.imports.currencies import code_of
from qplan.interchange.imports.fields import Cell, Unreadable, as_text
from qplan.interchange.imports.headings import plain
from qplan.interchange.imports.numbers import EXCEL_ERRORS, amounts

AMOUNT = re.compile(
    r"(?P<before>[^0-9.,+−-]*?)\s*(?P<digits>[0-9][0-9.,'’_\s]*?)(?:(?P<mark>[.,])\s?[-–—]{1,2})?\s*(?P<after>[^0-9]*)"
)
NOTHING = frozenset(["", "-", "–", "—", "n/a", "k.a.", "k. a."])
MONTHS = {
    name: number
    for number, names in enumerate(
        (
            "january januar jan", "february februar feb", "march maerz mrz mar", "april apr", "may mai",
            "june juni jun", "july juli jul", "august aug", "september sept sep", "october oktober oct okt",
            "november nov", "december dezember dec dez",
        ),
        start=1,
    )
    for name in names.split()
}  # fmt: skip
IN_MONTHS = {"": 1, **dict.fromkeys(("month", "months", "monat", "monate", "m"), 1),
             **dict.fromkeys(("year", "years", "jahr", "jahre"), 12)}  # fmt: skip
IN_WEEKS = dict.fromkeys(("", "week", "weeks", "wk", "wks", "woche", "wochen"), 1)
MOST = Decimal(10) ** 15  # of an amount, as the inventory has it


class Money(NamedTuple):
    """An amount, and the currency that stands beside it; "" where none does."""

    value: Decimal
    currency: str = ""


class Share(NamedTuple):
    """A part of one, and whether it was taken for a percentage though nothing says so."""

    value: Decimal
    assumed: bool = False


def filled(cell: Cell) -> bool:
    """Whether a cell says anything."""
    return not (cell is None or (isinstance(cell, str) and as_text(cell).casefold() in NOTHING))


def fraction_mark(texts: Iterable[str]) -> str:
    """The mark that parts fractions in all texts that leave no doubt; "" where they differ, or there are none."""
    votes = Counter(mark for text in texts if (mark := _evident(text)))
    return next(iter(votes)) if len(votes) == 1 else ""


def _evident(text: str) -> str:
    match = AMOUNT.fullmatch(text.strip())
    read = _readings(match) if match else {}
    return next(iter(read)) if len(read) == 1 else ""


def _readings(match: re.Match[str]) -> dict[str, Decimal]:
    """Of the digits; a dash in place of cents (1'200.–) says which mark parts them."""
    return amounts(match["digits"].strip() + (f"{match['mark']}00" if match["mark"] else ""))


def money(cell: Cell, mark: str = "") -> Money:
    """An amount that is not negative, perhaps with its currency; `mark` parts fractions in the table."""
    expected = "an amount, as 1234.50, perhaps with its currency and nothing else"
    if isinstance(cell, str):
        match = AMOUNT.fullmatch(_without_apostrophe(cell))
        if match is None:
            raise Unreadable(_excel_error(cell) or expected)
        words = [word for side in ("before", "after") if (word := match[side].strip())]
        if len(words) > 1:
            raise Unreadable(expected)
        return Money(_decided(_readings(match), mark, expected), currency(words[0]) if words else "")
    return Money(_figure(cell, expected))


def _without_apostrophe(text: str) -> str:
    return text.strip().removeprefix("'").strip()


def _excel_error(text: str) -> str:
    return "a value, not an error of the spreadsheet" if text.strip().upper() in EXCEL_ERRORS else ""


def _decided(readings: Mapping[str, Decimal], mark: str, expected: str) -> Decimal:
    values = set(readings.values())
    if not values:
        raise Unreadable(expected)
    if len(values) > 1:  # 1.234: thousands, if the table's fractions are parted by the other mark
        grouped = max(values)
        if not mark or readings[mark] != grouped:
            raise Unreadable("an amount that can be read in one way only: 1234 or 1234.00")
        return grouped
    return values.pop()


def _figure(cell: Cell, expected: str) -> Decimal:
    """Of a cell that holds a number."""
    if isinstance(cell, bool) or not isinstance(cell, int | float) or not math.isfinite(cell):
        raise Unreadable(expected)
    if cell < 0 or cell > MOST:
        raise Unreadable(f"{expected}, not negative")
    return Decimal(repr(cell))


def currency(cell: Cell) -> str:
    """A currency code of three letters."""
    word = code_of(as_text(cell))
    if not word:
        raise Unreadable("a currency of three letters, as EUR")
    return word


def share(cell: Cell, mark: str = "") -> Share:
    """A discount: 12 %, 0.12, or 12 alone, which is taken for 12 %."""
    expected = "a discount, as 12 %"
    if isinstance(cell, str):
        text = _without_apostrophe(cell)
        stated = text.endswith("%")
        digits = re.sub(r"\s*%$", "", text)
        value = _decided(amounts(digits), mark, expected)
        if stated:
            return Share(_at_most_one(value / 100, expected))
    else:
        value = _figure(cell, expected)
    if value == 1:
        raise Unreadable("a discount that can be read in one way only: 1 % or 100 %")
    return Share(value) if value < 1 else Share(_at_most_one(value / 100, expected), assumed=True)


def _at_most_one(value: Decimal, expected: str) -> Decimal:
    if value > 1:
        raise Unreadable(f"{expected}, at most 100 %")
    return value


def whole_number(cell: Cell, least: int = 0) -> int:
    """A whole number; `from 10`, `10+` and `≥ 10` are 10."""
    expected = f"a whole number, at least {least}" if least else "a whole number"
    if isinstance(cell, str):
        match = re.fullmatch(r"(?:from|ab|>=|≥)?\s*([0-9]{1,9})\s*\+?", _without_apostrophe(cell).casefold())
        value = Decimal(match[1]) if match else Decimal(-1)
    else:
        value = _figure(cell, expected)
    if value < least or value != int(value):
        raise Unreadable(expected)
    return int(value)


def counted_in(cell: Cell, units: Mapping[str, int], unit: str) -> Decimal:
    """A time in months or weeks, with or without the word."""
    expected = f"a number of {unit}"
    if not isinstance(cell, str):
        return _figure(cell, expected)
    match = re.fullmatch(r"([0-9.,]+)\s*(.*)", _without_apostrophe(cell))
    factor = units.get(plain(match[2])) if match else None
    if match is None or factor is None:
        raise Unreadable(expected)
    return _decided(amounts(match[1]), "", expected) * factor


def day(cell: Cell) -> str:
    """A day as YYYY-MM-DD, of a date or of a text that leaves no doubt which day it is."""
    expected = "a day, as 2027-03-31"
    if isinstance(cell, datetime):
        return cell.date().isoformat()
    if isinstance(cell, date):
        return cell.isoformat()
    if not isinstance(cell, str):
        raise Unreadable(expected)
    text = _without_apostrophe(cell)
    if match := re.fullmatch(r"([0-9]{4})[-/.]([0-9]{1,2})[-/.]([0-9]{1,2})", text):
        return _date(int(match[1]), int(match[2]), int(match[3]), expected)
    if match := re.fullmatch(r"([0-9]{1,2})([./-])\s?([0-9]{1,2})\2\s?([0-9]{4})", text):
        first, second, year = int(match[1]), int(match[3]), int(match[4])
        if match[2] != "." and first != second and first <= 12 and second <= 12:
            raise Unreadable("a day that can be read in one way only, as 2027-03-31")
        month_first = match[2] != "." and second > 12
        return _date(year, first if month_first else second, second if month_first else first, expected)
    return _named_month(text, expected)


def _named_month(text: str, expected: str) -> str:
    words = plain(re.sub(r"(?<=[0-9])(?:st|nd|rd|th)\b", "", text)).split()
    names = [word for word in words if word in MONTHS]
    figures = [int(word) for word in words if word.isdecimal() and len(word) <= 4]
    years = [figure for figure in figures if figure > 999]
    if len(words) != 3 or len(names) != 1 or len(figures) != 2 or len(years) != 1:
        raise Unreadable(expected)
    (number,) = [figure for figure in figures if figure <= 999]
    return _date(years[0], MONTHS[names[0]], number, expected)


def _date(year: int, month: int, number: int, expected: str) -> str:
    try:
        return date(year, month, number).isoformat()
    except ValueError:
        raise Unreadable(expected) from None


def choice(cell: Cell, words: Mapping[str, str], expected: str) -> str:
    """One of some words."""
    word = words.get("yes" if cell is True else "no" if cell is False else plain(as_text(cell)))
    if word is None:
        raise Unreadable(expected)
    return word
