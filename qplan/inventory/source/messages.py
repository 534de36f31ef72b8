"""Words for messages: how values and numbers are shown, and what the writer of a word may have meant."""

from __future__ import annotations

import re
import unicodedata
from bisect import bisect_left
from collections.abc import Iterable, Sequence
from decimal import ROUND_HALF_DOWN, ROUND_HALF_UP, Decimal
from difflib import get_close_matches

MANY = 500  # with more candidates only the neighbours in alphabetical order are compared, so that it stays quick
NEIGHBOURS = 50
LONGEST_SHOWN = 60
OTHER_WORDS = {  # keys that other tools and formats use, and ours
    "lng": "lon",
    "long": "lon",
    "longitude": "lon",
    "latitude": "lat",
    "nodes": "sites",
    "locations": "sites",
    "links": "fibres",
    "edges": "fibres",
    "spans": "fibres",
    "fibers": "fibres",
    "fiber": "fibre",
    "demands": "corridors",
    "flows": "corridors",
    "default": "defaults",
    "distance": "length_km",
    "distance_km": "length_km",
    "attenuation": "attenuation_db_per_km",
    "endpoints": "ends",
    "end": "ends",
    "from": "ends",
    "to": "ends",
    "risk_groups": "ducts",
    "srlg": "ducts",
    "duct": "ducts",
    "demand_bps": "key_rate_bps",
    "rate": "key_rate_bps",
    "cost": "price",
    "curve": "key_rate_curve",
    "includes": "include",
    "vendor": "manufacturer",
    "loss": "loss_db",
    "loss_1550_db": "loss_db",
    "loss_db_1550": "loss_db",
    "attenuation_1550_db_per_km": "attenuation_db_per_km",
    "fibres": "strands",
    "fibre_count": "strands",
    "free_strands": "strands",
    "cores": "strands",
    "tier": "security_tier",
    "trusted": "trusted_node",
    "margin_db": "loss_margin_db",
    "interest_rate": "discount_rate",
}


def shown(value: object) -> str:
    """A value as it is named in a message: short text in quotes, numbers as they are, the rest by kind."""
    if isinstance(value, str):
        return f"'{value}'" if len(value) <= LONGEST_SHOWN else f"'{value[:LONGEST_SHOWN]}…'"
    if value is None or isinstance(value, bool):
        return {None: "null", True: "true", False: "false"}[value]
    if isinstance(value, dict):
        return "a mapping"
    if isinstance(value, list | tuple):
        return "a list"
    return repr(value)


def kind(value: object) -> str:
    """What a value is to YAML; empty where `shown` says it already."""
    if isinstance(value, str):
        return "text"
    return "a number" if isinstance(value, int | float) and not isinstance(value, bool) else ""


def composed(word: str) -> str:
    """A word with every accent in its letter (Unicode NFC)."""
    return unicodedata.normalize("NFC", word)


def fold(word: str) -> str:
    """A word without what its spelling may differ in: case, blanks, hyphens and the composition of its letters.

    Between digits a hyphen or blank stays, as one sign: 1-2 is not 12.
    """
    plain = composed(composed(word).casefold())
    return re.sub(r"(?<![0-9])[\s_-]+|[\s_-]+(?![0-9])", "", re.sub(r"[\s_-]+", "-", plain))


def figure(number: float) -> str:
    """A number to six digits, with a short exponent where it needs one: 1e15, 1e-9."""
    return re.sub(r"e([-+])0*", lambda exponent: f"e{exponent[1].strip('+')}", f"{number:g}")


def loss_figure(loss_db: float) -> str:
    """`16.63`: dB that are lost, or may be, halves rounded up."""
    return _hundredths(loss_db, ROUND_HALF_UP)


def headroom_figure(headroom_db: float) -> str:
    """`1.37`: dB that are left, halves rounded down, so that with what is lost they come to the limit."""
    return _hundredths(headroom_db, ROUND_HALF_DOWN)


def _hundredths(db: float, halves: str) -> str:
    """To a millionth first, so that a half is one whatever binary fractions make of it."""
    return str(Decimal(repr(round(db, 6) + 0.0)).quantize(Decimal("0.01"), halves))


def times(ratio: float) -> str:
    """To three digits, thousands apart: `1 300 times`, `0.62 times`."""
    return f"{float(f'{ratio:.3g}'):,.15g} times".replace(",", " ")


def joined(words: Iterable[str]) -> str:
    """`a, b or c`."""
    *others, last = words
    return f"{', '.join(others)} or {last}" if others else last


def first_of(words: Sequence[str], most: int) -> str:
    """`a, b, c and 7 more`."""
    rest = len(words) - most
    return ", ".join(words[:most]) + (f" and {rest} more" if rest > 0 else "")


def counted(number: int, noun: str, plural: str = "") -> str:
    """`1 relay`, `2 relays`; the plural where it is not the noun with an s."""
    return f"{number} {noun if number == 1 else plural or f'{noun}s'}"


def neighbours(word: str, options: list[str]) -> list[str]:
    """Sorted options, or those around the word where they are many."""
    if len(options) <= MANY:
        return options
    middle = bisect_left(options, word)
    return options[max(0, middle - NEIGHBOURS) : middle + NEIGHBOURS]


def closest(word: str, candidates: Iterable[str]) -> str | None:
    """The candidate that the writer of `word` most likely meant."""
    options = neighbours(word, sorted(set(candidates) - {word}))
    for option in options:
        if option.casefold() == word.casefold():
            return option
    if OTHER_WORDS.get(word.casefold()) in options:
        return OTHER_WORDS[word.casefold()]
    for option in options:
        if word and option.startswith(f"{word}_"):
            return option
    if len(word) > LONGEST_SHOWN:
        return None
    return next(iter(get_close_matches(word, options, n=1)), None)


def did_you_mean(word: str, candidates: Iterable[str]) -> str:
    """A hint that names the candidate nearest to a word; empty where none is near."""
    match = closest(word, candidates)
    return f"did you mean '{match}'?" if match else ""
