"""Numbers as people write them, in the unit of the key that they stand under."""

from __future__ import annotations

import re
from collections.abc import Mapping
from decimal import Decimal
from fractions import Fraction
from typing import NamedTuple

SHARES = frozenset(["discount_rate", "contingency", "key_rate_reserve", "discount", "lease", "support", "energy"])
"""Keys whose value is a share of 1, and so is thought of in percent."""
METRIC = {"": "1", "k": "1e3", "M": "1e6", "G": "1e9"}
BINARY = {"Ki": "1024", "Mi": "1048576", "Gi": "1073741824"}
CURRENCY = "(?:[A-Z]{3}|[€$£¥])"
GROUPS = " _'’\u00a0\u202f"  # what stands between groups of three digits
DIGITS = rf"[-+]?[0-9.,{GROUPS}]*[0-9](?:[eE][-+]?[0-9]{{1,3}})?"
QUANTITY = re.compile(rf"\s*(?:{CURRENCY}\s*)?(?P<number>{DIGITS})(?P<unit>.{{0,20}})", re.DOTALL)
NUMBERS = {  # how digits may be written → what is taken out of them, and what is a decimal point in them
    rf"[0-9]{{1,3}}(?:[{GROUPS}][0-9]{{3}})+(?:[.,][0-9]+)?": ((GROUPS, ","),),
    r"[0-9]{1,3}(?:,[0-9]{3})+\.[0-9]+|[0-9]{1,3}(?:,[0-9]{3}){2,}": ((",", ""),),
    r"[0-9]{1,3}(?:\.[0-9]{3})+,[0-9]+|[0-9]{1,3}(?:\.[0-9]{3}){2,}": ((".", ","),),
    r"[1-9][0-9]{0,2},[0-9]{3}": ((",", ""), ("", ",")),
    r"[1-9][0-9]{0,2}\.[0-9]{3}": (("", ""), (".", "")),
    r"[0-9]*[.,]?[0-9]+(?:[eE][-+]?[0-9]{1,3})?": (("", ","),),
}


class Unit(NamedTuple):
    """The unit of a key, as messages name it, and how many of it make one of each unit that may be written instead."""

    name: str
    others: Mapping[str, str]


def _prefixed(*names: str) -> dict[str, str]:
    return {f"{prefix}{name}": factor for prefix, factor in METRIC.items() for name in (*names, "")}


def _digital(bits: str, byte: str) -> dict[str, str]:
    """Names of bits and of bytes, which blanks separate, with metric and binary prefixes."""
    prefixes = {**METRIC, "K": "1e3", **BINARY}
    sizes = ((bits, 1), (byte, 8))
    return {
        f"{prefix}{name}": str(Decimal(factor) * size)
        for names, size in sizes
        for name in names.split()
        for prefix, factor in prefixes.items()
    }


def _same(factors: Mapping[str, str]) -> dict[str, str]:
    """Every one of the words, which blanks separate, with its factor."""
    return {word: factor for words, factor in factors.items() for word in words.split()}


MONEY = Unit("", {**METRIC, "K": "1e3", "m": "1e6", "mio": "1e6", "mln": "1e6"})
UNITS = {  # by the end of the key
    "_db_per_km": Unit("dB/km", {"dB/km": "1", "dB": "1"}),
    "_km": Unit(
        "km",
        _same({
            "km": "1", "m": "0.001", "cm": "0.00001",
            "mi mile miles": "1.609344", "nmi": "1.852", "ft": "0.0003048",
        }),
    ),
    "_db": Unit("dB", {"dB": "1"}),
    "_bps": Unit("bit/s", {**METRIC, **_digital("bps bit/s b/s bit", "B/s")}),
    "_s": Unit(
        "s",
        _same({
            "s sec second seconds": "1", "ms": "0.001", "m min mins minute minutes": "60",
            "h hr hour hours": "3600", "d day days": "86400",
        }),
    ),
    "_w": Unit("W", {**_prefixed("W"), "mW": "0.001"}),
    "_hz": Unit("Hz", _prefixed("Hz")),
    "_nm": Unit("nm", {"nm": "1", "um": "1000", "µm": "1000", "μm": "1000"}),
    "_bits": Unit("bits", _digital("b bit bits", "B byte bytes")),
    "_years": Unit("years", _same({"a y yr year years": "1", "month months": "1/12"})),
    "_months": Unit("months", _same({"month months": "1", "a y yr year years": "12"})),
    "_weeks": Unit("weeks", _same({"w wk week weeks": "1", "d day days": "1/7"})),
    "rack_units": Unit("rack units", _same({"U RU HE": "1"})),
    "lat": Unit("degrees", _same({"° °N N": "1", "°S S": "-1"})),
    "lon": Unit("degrees", _same({"° °E E": "1", "°W W": "-1"})),
}  # fmt: skip


def unit_of(key: str) -> Unit:
    """The unit of the values of a key; an amount or a count where its name says none."""
    return next((unit for end, unit in UNITS.items() if key.endswith(end)), MONEY)


def factor(unit: Unit, written: str) -> Fraction | None:
    """How many of the unit make one of the unit written; None where that is not known."""
    word = re.sub(rf"\s+|{CURRENCY}$", "", written) if unit is MONEY else re.sub(r"\s+", "", written)
    alike = {times for other, times in unit.others.items() if other.casefold() == word.casefold()}
    found = unit.others.get(word) or (alike.pop() if len(alike) == 1 else None)
    return None if found is None else Fraction(found)


def times_exactly(number: Decimal, times: Fraction) -> Decimal | None:
    """The product; None where it has no end of digits."""
    product = number * times.numerator / times.denominator
    return product if Fraction(product) == Fraction(number) * times else None


def numbers(digits: str) -> list[Decimal]:
    """What digits with separators stand for; two numbers where a comma or a point may group them or begin decimals."""
    sign, digits = ("-" if digits.startswith("-") else ""), digits.removeprefix("-").removeprefix("+")
    for form, ways in NUMBERS.items():
        if re.fullmatch(form, digits):
            return [Decimal(sign + _read(digits, *way)) for way in ways]
    return []


def _read(digits: str, grouping: str, point: str) -> str:
    digits = "".join(c for c in digits if c not in grouping)
    return digits.replace(point, ".") if point else digits


def plain(number: Decimal) -> str:
    """A number without an exponent, but for one of very many digits."""
    text = format(number.normalize(), "f")
    return text if len(text) <= 18 else f"{float(number):g}"


def number_remedy(key: str, text: str) -> str:
    """What to write in place of a text that says a number, in the unit of its key; empty where it says none."""
    match = QUANTITY.fullmatch(text.strip().removeprefix("-") if key.endswith("_db") else text)  # a loss is positive
    values = numbers(match["number"]) if match else []
    if match is None or not values:
        return ""
    unit, written = unit_of(key), match["unit"].strip()
    if written == "%":
        return f"write {plain(values[0] / 100)}, the share of 1" if key in SHARES else ""
    times = factor(unit, written) if written else Fraction(1)
    ways = [] if times is None else [way for value in values if (way := times_exactly(value, times)) is not None]
    if not ways:
        return _in_unit(unit, "" if times else written)
    best, *other = map(plain, ways)
    if other and "," in match["number"]:
        return f"write {best}, or {other[0]} if the comma begins the decimals"
    if other and (unit is MONEY or times not in (1, -1)):  # to three decimals few things are known
        return f"write {best}, or {other[0]} if the point groups the digits"
    if times != 1:
        return f"write {best}" + (f" ({text.strip()} in {unit.name})" if unit.name else "")
    if written:
        return f"write {best} alone" + (f", in {unit.name}" if unit.name else "")
    if best == match["number"]:
        return f"write {best} without quotes" if best == text.strip() else f"write {best} alone"
    return f"write {best}, with a decimal point" if re.fullmatch("[^,]*,[^,]*", text) else f"write {best}"


def _in_unit(unit: Unit, written: str) -> str:
    """What to do about a number that cannot be converted, of a key that has a unit; `written` is one unknown to it."""
    if not unit.name:
        return ""
    for end, other in UNITS.items():
        if end.startswith("_") and other.name == written:
            return f"{written} is the unit of keys that end in {end}"
    return f"write what that is in {unit.name}, as a number alone"


def converted(key: str, other: str) -> tuple[str, Fraction] | None:
    """For a key that differs from another in the unit at its end: that unit, and how many of this key's make one.

    `length_m` against `length_km`: ("m", 0.001).
    """
    for end, unit in UNITS.items():
        stem = key.removesuffix(end)
        if stem != key and other.startswith(f"{stem}_"):
            written = other.removeprefix(f"{stem}_")
            times = factor(unit, written)
            return None if times is None else (written, times)
    return None
