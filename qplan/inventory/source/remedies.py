"""What the writer of a refused key or value most likely meant: advice that is right when followed."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Collection
from decimal import Decimal
from fractions import Fraction

from qplan.inventory.source.messages import closest, did_you_mean
from qplan.inventory.source.source_map import Path
from qplan.inventory.source.units import SHARES, converted, number_remedy, plain, times_exactly

BLANK = "write a blank after the colon"
TRUTH = {
    **dict.fromkeys(["true", "yes", "on", "y", "required", "allowed"], True),
    **dict.fromkeys(["false", "no", "off", "n", "optional", "forbidden"], False),
}
TRUSTED = "allowed, or existing where it is trusted already and relay_cost is not due again"
LETTERS = str.maketrans({"ß": "ss", "æ": "ae", "Æ": "Ae", "ø": "o", "Ø": "O", "œ": "oe", "ł": "l", "Ł": "L", "đ": "d"})
HOPS = frozenset(["hops", "max_hops", "hop_limit"])


def key_remedy(key: str, known: Collection[str], value: object) -> str:
    """What to write in place of an unknown key that has this value."""
    head, colon, tail = key.partition(":")
    if colon and value is None and (head in known or closest(head, known)):
        return f"{BLANK}: '{head}: {tail}'"
    if "required" in known and key == "optional":
        return f"write required: {str(not TRUTH.get(str(value).lower(), True)).lower()}"
    if "max_relays" in known and key in HOPS:
        relays = f"max_relays: {value - 1}" if type(value) is int and value > 0 else "max_relays"
        return f"write {relays}; a path has one relay fewer than hops"
    for other in known:
        unit, times = converted(other, key) or ("", Fraction(1))
        if unit and isinstance(value, int | float) and not isinstance(value, bool):
            exact = times_exactly(Decimal(repr(value)), times)
            return f"did you mean '{other}'?" if exact is None else f"write {other}: {plain(exact)}"
        if unit and times != 1:
            return f"did you mean '{other}'? its values are in another unit than {unit}"
    return did_you_mean(key, known)


def value_remedy(path: Path, expected: str, found: object) -> str:
    """What to write in place of a value of the wrong type; empty where nothing is certain."""
    key = _key_of(path)
    if key == "trusted_node" and str(found).lower() in TRUTH:
        return f"write {TRUSTED}" if TRUTH[str(found).lower()] else "write forbidden"
    if expected == "at least 0" and key.endswith("_db") and isinstance(found, int | float):
        return f"write {plain(abs(Decimal(repr(found))))}, a loss is positive"
    if expected == "a whole number" and isinstance(found, float) and found.is_integer():
        return f"write {found:.0f}"
    if "number" in expected and isinstance(found, str):
        return number_remedy(key, found)
    if expected == "true or false" and isinstance(found, str) and found.lower() in TRUTH:
        return f"write {str(TRUTH[found.lower()]).lower()}"
    if expected == "a mapping":
        return _mapping_remedy(key, found)
    if key == "start" and isinstance(found, int):
        return f"write {found}-01, its month behind the year"
    if expected == "at most 1" and key in SHARES and isinstance(found, int | float) and found <= 100:
        return f"write {plain(Decimal(repr(found)) / 100)} for {found:g} %"
    if expected == "text" and isinstance(found, int | float):
        return "put it in quotes"
    return _list_remedy(path, found) if expected == "a list" else ""


def _key_of(path: Path) -> str:
    """The key whose unit a value has: of a point of a curve, that of the loss or of the rate."""
    if "key_rate_curve" in path and isinstance(path[-1], int):
        return ("loss_db", "rate_bps")[min(path[-1], 1)]
    return next((step for step in reversed(path) if isinstance(step, str)), "")


def _mapping_remedy(key: str, found: object) -> str:
    if isinstance(found, list):
        return "write 'key: value' for each, without dashes or brackets"
    if key == "rekey" and isinstance(found, int | float):
        return f"write {{interval_s: {found}}}"
    if key == "rekey" and isinstance(found, str):
        interval = re.match(r"write ([0-9.]+)", number_remedy("interval_s", found))
        return f"write {{interval_s: {interval[1]}}}" if interval else ""
    if isinstance(found, str) and re.match(r"[A-Za-z_]\w*:\S", found):
        return f"{BLANK}: '{found.replace(':', ': ', 1)}'"
    return ""


def _list_remedy(path: Path, found: object) -> str:
    if "key_rate_curve" in path:
        decimals = ", with points, not commas, for decimals" if isinstance(found, list) and len(found) > 2 else ""
        return f"write a list of points, [[loss_db, bit/s], …]{decimals}"
    if "geometry" in path:
        is_point = isinstance(path[-1], int)
        return "write the point as [lon, lat]" if is_point else "write two points or more, [[lon, lat], [lon, lat]]"
    if path[-1] == "ends":
        return "write the two sites, [a, b]"
    if isinstance(found, list):
        return ""
    words = isinstance(found, str) and re.fullmatch(r"[\w, -]+", found)
    return f"write [{found}]" if words else "write it in brackets, [a, b]"


def id_remedy(text: str, taken: Collection[str]) -> str:
    """An id that is near to a text that is none; empty where little of it would be left."""
    letters = unicodedata.normalize("NFKD", text.translate(LETTERS)).encode("ascii", "ignore").decode()
    name = re.sub("-+", "-", re.sub(r"[^A-Za-z0-9_-]+", "-", letters)).strip("-_")
    if not name or name in taken or 2 * len(name) < len(text.strip()):
        return ""
    return f"did you mean '{name}'?"
