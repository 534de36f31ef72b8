"""What a cell says as the value of a field: numbers with units, degrees, countries, yes and no, lists, curves."""

from __future__ import annotations

import re
from collections.abc import Callable, Container
from datetime import date, datetime, time, timedelta
from functools import cache
from importlib.resources import files
from typing import Any, NamedTuple

import yaml

from qplan.interchange.imports.currencies import CODES, code_of, may_be
from qplan.interchange.imports.headings import FACTORS, LENGTH_UNITS, MONEY, ascii_letters, plain
from qplan.interchange.imports.numbers import EXCEL_ERRORS, Number, is_nothing, number
from qplan.interchange.imports.rows import clean
from qplan.inventory.fields import MOST_AMOUNT
from qplan.inventory.source.messages import figure

Cell = str | float | int | bool | date | datetime | time | timedelta | None
YES = frozenset(["yes", "y", "true", "ja", "j", "wahr", "x", "1", "oui", "si", "allowed", "erlaubt"])
NO = frozenset(["no", "n", "false", "nein", "falsch", "0", "non", "none", "keine"])
TRUSTED = {"existing": "existing", "vorhanden": "existing", "bestand": "existing", "forbidden": "forbidden",
           "verboten": "forbidden", "not allowed": "forbidden", "nicht erlaubt": "forbidden"}  # fmt: skip
DEPLOYMENTS = {
    "buried": "buried", "below ground": "buried", "underground": "buried", "erdverlegt": "buried", "erdkabel": "buried",
    "unterirdisch": "buried", "duct": "buried", "im rohr": "buried",
    "aerial": "aerial", "above ground": "aerial", "overhead": "aerial", "freileitung": "aerial", "luftkabel": "aerial",
    "oberirdisch": "aerial", "opgw": "aerial",
    "submarine": "submarine", "sea": "submarine", "seekabel": "submarine", "subsea": "submarine",
}  # fmt: skip
DEGREES = re.compile(
    r"([NSEWO]?)\s*(\d{1,3})\s*[°d]\s*(?:(\d{1,2}(?:[.,]\d+)?)\s*[′'’]\s*)?(?:(\d{1,2}(?:[.,]\d+)?)\s*(?:[″\"”]|'')\s*)?([NSEWO]?)",
    re.IGNORECASE,
)

BEFORE_AMOUNT = re.compile(r"\A[^0-9.,+−-]+")
NO_CENTS = re.compile(r"^[-–—]{1,2}")  # as in 1'200.–


class Value(NamedTuple):
    """A value, the unit of length that a cell states, and whether the number can be read in two ways."""

    value: Any
    unit: str = ""
    ambiguous: bool = False


class Unreadable(ValueError):
    """A cell that does not say what its column asks for; the words are what was expected, `hint` what to do."""

    def __init__(self, expected: str, hint: str = ""):
        super().__init__(expected)
        self.hint = hint


def value_of(field: str, cell: Cell, unit: str, mark: str, currency: str = "") -> Value | None:
    """The value of a field, amounts in `currency`; None where the cell is empty. Raises `Unreadable`."""
    if cell is None or (isinstance(cell, str) and is_nothing(cell)):
        return None
    if isinstance(cell, str) and cell.strip().upper() in EXCEL_ERRORS:
        raise Unreadable("a value, not an error of the spreadsheet")
    if field in MONEY:
        return _money(cell, unit, mark, currency)
    return PARSERS.get(field, _text)(cell, unit, mark)


def as_text(cell: Cell) -> str:
    """A cell as the text that people see: 12.0 is 12, a date is year-month-day, nothing is empty."""
    if cell is None:
        return ""
    if isinstance(cell, bool):
        return "yes" if cell else "no"
    if isinstance(cell, float) and cell.is_integer() and abs(cell) < 1e15:
        return str(int(cell))
    if isinstance(cell, datetime):
        return cell.date().isoformat() if (cell.hour, cell.minute) == (0, 0) else cell.isoformat(" ", "minutes")
    text = cell if isinstance(cell, str) else str(cell)
    return clean(text.removeprefix("'") if text[:2] in ("'=", "'+", "'-", "'@") else text)


def _text(cell: Cell, unit: str, mark: str) -> Value:
    return Value(as_text(cell))


def _number(cell: Cell, unit: str, mark: str) -> Value:
    """A number that is not negative, in the field's own unit."""
    read = _with_unit(cell, unit, mark, FACTORS, "a number, with no other words or signs beside it")
    return read._replace(value=round(read.value * FACTORS.get(read.unit, 1.0), 9))


def _with_unit(cell: Cell, unit: str, mark: str, units: Container[str], expected: str) -> Value:
    """A number that is not negative, in the unit that the cell states, else in that of its column."""
    read = _figure(cell, mark)
    own = plain(read.unit) if read.unit else unit
    if own not in units and (own or read.unit):
        raise Unreadable(expected)
    return Value(read.value, own, read.ambiguous)


def _figure(cell: Cell, mark: str, before: str = "") -> Number:
    """The number that is not negative and follows `before` in a cell, with the words behind it."""
    text = "" if isinstance(cell, bool | date | time | timedelta) else str(cell).removeprefix(before)
    read = number(text, "." if isinstance(cell, int | float) else mark)
    if read is None:
        raise Unreadable("a number")
    if read.value < 0:
        raise Unreadable("a number that is not negative")
    if read.value > MOST_AMOUNT:
        raise Unreadable(f"a number up to {figure(MOST_AMOUNT)}")
    return read


def _money(cell: Cell, unit: str, mark: str, currency: str) -> Value:
    """An amount in a currency, which may stand before it, behind it and, as `unit`, in the heading."""
    before = "".join(BEFORE_AMOUNT.findall(str(cell)))
    read = _figure(cell, mark, before)
    behind = NO_CENTS.sub("", read.unit)
    for word in filter(None, (before.strip(), behind.strip(), unit)):
        if not may_be(word, currency):
            code = code_of(word)
            remedy = f"convert it; or, where all amounts are in {code}, state `economics: {{currency: {code}}}` in the "
            hint = f"{remedy}inventory, and import with --update" if code in CODES else ""
            raise Unreadable(f"an amount in {currency}, the currency of the inventory", hint)
    return Value(round(read.value, 9), "", read.ambiguous)


def _length(cell: Cell, unit: str, mark: str) -> Value:
    read = _with_unit(cell, unit, mark, LENGTH_UNITS, "a length in km, m, mi or ft")
    return read._replace(unit=LENGTH_UNITS.get(read.unit, ""))


def _length_km(cell: Cell, unit: str, mark: str) -> Value:
    read = _length(cell, unit, mark)
    return Value(round(read.value * KM_PER[read.unit or "km"], 6))


def _count(cell: Cell, unit: str, mark: str) -> Value:
    read = _number(cell, unit, mark)
    if not float(read.value).is_integer():
        raise Unreadable("a whole number")
    return Value(int(read.value), "", read.ambiguous)


def _glass_fibres(cell: Cell, unit: str, mark: str) -> Value:
    """A count of fibres, or of pairs of them."""
    read = _count(cell, "", mark)
    return read._replace(value=2 * read.value) if unit == "pairs" else read


def _degrees(cell: Cell, unit: str, mark: str) -> Value:
    """Degrees as a number with sign, or as degrees, minutes and seconds with a letter for the hemisphere."""
    text = str(cell).strip()
    match = DEGREES.fullmatch(text)
    if match:
        before, whole, minutes, seconds, behind = match.groups()
        parts = [float((part or "0").replace(",", ".")) for part in (whole, minutes, seconds)]
        if parts[1] >= 60 or parts[2] >= 60:
            raise Unreadable("degrees, minutes and seconds below 60")
        sign = -1 if (before or behind).upper() in ("S", "W") else 1
        return Value(round(sign * (parts[0] + parts[1] / 60 + parts[2] / 3600), 7))
    side = text[:1].upper() if text[:1].upper() in tuple("NSEWO") else text[-1:].upper()
    read = None if isinstance(cell, bool | date) else number(
        text.strip("NSEWOnsewo °"), "." if isinstance(cell, int | float) else mark
    )  # fmt: skip
    if read is None or read.unit:
        raise Unreadable("degrees, as 47.38")
    if read.ambiguous:  # no angle has thousands of degrees, so the mark parts the fraction
        read = read._replace(value=read.value / 1000)
    return Value(-abs(read.value) if side in ("S", "W") else read.value, "", read.ambiguous)


def _flag(cell: Cell, unit: str, mark: str) -> Value:
    word = plain(as_text(cell))
    if word in YES or word in NO:
        return Value(word in YES)
    raise Unreadable("yes or no")


def _trusted(cell: Cell, unit: str, mark: str) -> Value:
    word = plain(as_text(cell))
    if word in TRUSTED:
        return Value(TRUSTED[word])
    if word in YES or word in NO:
        return Value("allowed" if word in YES else "forbidden")
    raise Unreadable("allowed, existing, forbidden, yes or no")


def _deployment(cell: Cell, unit: str, mark: str) -> Value:
    word = plain(as_text(cell))
    if word not in DEPLOYMENTS:
        raise Unreadable("buried, aerial or submarine")
    return Value(DEPLOYMENTS[word])


@cache
def _countries() -> dict[str, str]:
    text = (files("qplan.interchange.imports") / "countries.yaml").read_text(encoding="utf-8")
    return {name: code for code, names in yaml.load(text, Loader=yaml.CSafeLoader).items() for name in names}


def _country(cell: Cell, unit: str, mark: str) -> Value:
    word = as_text(cell).strip()
    code = _countries().get(plain(word), word.upper())
    if not re.fullmatch("[A-Z]{2}", code):
        raise Unreadable("a country code of two letters (ISO 3166-1), as CH")
    return Value(code)


def _words(cell: Cell, unit: str, mark: str) -> Value:
    return Value([word for part in re.split(r"[;,|\n]", str(cell)) if (word := as_text(part))])


def _curve(cell: Cell, unit: str, mark: str) -> Value:
    """Points `loss_db:bit/s` with `;` between, as 2:2.6e6; 14.5:3e5."""
    points = []
    for part in filter(None, (part.strip() for part in str(cell).split(";"))):
        pair = [number(side, mark) for side in part.split(":")]
        if len(pair) != 2 or pair[0] is None or pair[1] is None:
            raise Unreadable("points loss_db:bit/s with ; between, as 2:2.6e6; 14.5:3e5")
        points.append([pair[0].value, pair[1].value])
    return Value(points)


def _lower(cell: Cell, unit: str, mark: str) -> Value:
    return Value(as_text(cell).lower())


def _choice(*words: str) -> Callable[[Cell, str, str], Value]:
    def chosen(cell: Cell, unit: str, mark: str) -> Value:
        word = plain(as_text(cell)).replace(" ", "_")
        if word not in words:
            raise Unreadable(", ".join(words))
        return Value(word)

    return chosen


KM_PER = {"km": 1.0, "m": 0.001, "mi": 1.609344, "ft": 0.0003048}
NUMBERS = (
    "rack_units", "power_w", "bypass_loss_db", "loss_db", "loss_1310_db", "attenuation_db_per_km",
    "attenuation_1310_db_per_km", "key_rate_bps", "otp_bps", "interval_s", "key_bits", "priority", "secrecy_years",
    "wavelength_nm", "max_loss_db", "lead_time_weeks",
)  # fmt: skip
COUNTS = ("security_tier", "connectors", "splices", "tunnels", "paths", "max_relays")
PARSERS: dict[str, Callable[[Cell, str, str], Value]] = {
    **dict.fromkeys(NUMBERS, _number), **dict.fromkeys(COUNTS, _count),
    **dict.fromkeys(("strands", "fibre_count"), _glass_fibres),
    "lat": _degrees, "lon": _degrees, "country": _country, "trusted_node": _trusted, "deployment": _deployment,
    "length": _length, "max_length_km": _length_km, "ducts": _words, "amplified": _flag, "passive": _flag,
    "required": _flag, "key_rate_curve": _curve, "technology": _lower,
    "disjoint": _choice("relay", "node", "duct"), "fallback": _choice("fail_closed", "pqc", "best_effort"),
}  # fmt: skip


def slug(text: str) -> str:
    """An id made of words: plain lower-case letters and digits with hyphens; empty where nothing is left."""
    return re.sub(r"[^a-z0-9_]+", "-", ascii_letters(text.casefold())).strip("-_")[:60].strip("-_")
