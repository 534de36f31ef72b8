"""Which addresses of an inventory limit what a plan may be, and which way a change of one goes."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping

from qplan.comparison.model import Direction, Input, Limit

Order = Callable[[object, object], Direction]
"""From the value before to that after; None where none is stated."""


def is_limit(address: str) -> bool:
    return any(re.fullmatch(pattern, address) for pattern in RULES)


def limits_of(change: Input) -> Iterator[Limit]:
    """The change as one of a limit; of a drill or a corridor that is new or gone, the limits that it set."""
    whole = change.before if change.after is None else change.after if change.before is None else None
    if not isinstance(whole, Mapping) or not re.fullmatch(WITH_LIMITS, change.address):
        yield from _limit(change.address, change.before, change.after)
        return
    way: Direction = "loosened" if change.after is None else "tightened"
    for key, value in sorted(whole.items()):
        before, after = (value, None) if change.after is None else (None, value)
        yield from (each for each in _limit(f"{change.address}.{key}", before, after) if each.direction == way)


def _limit(address: str, before: object, after: object) -> Iterator[Limit]:
    """Nothing where the address limits nothing."""
    for gravity, (pattern, order) in enumerate(RULES.items()):
        if re.fullmatch(pattern, address):
            yield Limit(address, before, after, order(before, after), gravity)


def _ordered(before: float, after: float) -> Direction:
    return "loosened" if after > before else "tightened" if after < before else "changed"


def _most(before: object, after: object) -> Direction:
    """A number that may not be exceeded; not stated: no limit."""
    return _ordered(_number(before, float("inf")), _number(after, float("inf")))


def _least(before: object, after: object) -> Direction:
    """A number that has to be reached; not stated: no limit."""
    return _ordered(_number(after, float("-inf")), _number(before, float("-inf")))


def _kept_free(default: float) -> Order:
    """A number that is set aside: the less, the more is allowed."""
    return lambda before, after: _ordered(_number(after, default), _number(before, default))


def _granted(default: float) -> Order:
    return lambda before, after: _ordered(_number(before, default), _number(after, default))


def _words(*from_strict: object, default: object) -> Order:
    """Words from the strictest to the laxest."""

    def order(before: object, after: object) -> Direction:
        ranks = [
            from_strict.index(word) if word in from_strict else None
            for word in (default if value is None else value for value in (before, after))
        ]
        if ranks[0] is None or ranks[1] is None:
            return "changed"
        return _ordered(ranks[0], ranks[1])

    return order


def _only(before: object, after: object) -> Direction:
    """A list of what is allowed; not stated: everything."""
    if before is None or after is None:
        return "tightened" if before is None else "loosened"
    return _sets(before, after)


def _never(before: object, after: object) -> Direction:
    """A list of what is not allowed; not stated: nothing."""
    return _sets(after or (), before or ())


def _sets(before: object, after: object) -> Direction:
    if not isinstance(before, list | tuple) or not isinstance(after, list | tuple):
        return "changed"
    old, new = set(before), set(after)
    return "loosened" if old < new else "tightened" if new < old else "changed"


def _whole(before: object, after: object) -> Direction:
    """A limit as a whole that is new or taken away."""
    return "tightened" if before is None else "loosened" if after is None else "changed"


def _expected(before: object, after: object) -> Direction:
    """What drills expect of corridors: loosened where any of it is, whatever else is tightened."""
    old, new = _expectations(before), _expectations(after)
    ways = {
        EXPECTED[metric][0](old.get((corridor, metric)), new.get((corridor, metric)))
        for corridor, metric in old.keys() | new.keys()
    }
    return "loosened" if "loosened" in ways else "tightened" if "tightened" in ways else "changed"


def _expectations(value: object) -> dict[tuple[object, str], float]:
    """By corridor and metric: the strictest of several alike, as all are judged."""
    strictest: dict[tuple[object, str], float] = {}
    for each in value if isinstance(value, list | tuple) else ():
        for metric, (_, stricter) in EXPECTED.items():
            limit = each.get(metric) if isinstance(each, dict) else None
            if isinstance(limit, int | float):
                key = each.get("corridor"), metric
                strictest[key] = stricter(strictest.get(key, limit), limit)
    return strictest


EXPECTED: Mapping[str, tuple[Order, Callable[[float, float], float]]] = {
    "max_gap_s": (_most, min),
    "delivered_min": (_least, max),
}
"""What drills expect: which way a change goes, and the stricter of two."""


def _other(before: object, after: object) -> Direction:
    return "changed"


def _number(value: object, default: float) -> float:
    return float(value) if isinstance(value, int | float) else default


WITH_LIMITS = r"(corridors|drills)\.[^.]+"
RULES: Mapping[str, Order] = {
    r"sites\.[^.]+\.trusted_node": _words("forbidden", "allowed", "existing", default="allowed"),
    r"corridors\.[^.]+\.shares_needed": _kept_free(1),
    r"corridors\.[^.]+\.allowed_(countries|operators|key_domains)": _only,
    r"corridors\.[^.]+\.avoid_sites": _never,
    r"corridors\.[^.]+\.min_security_tier": _least,
    r"corridors\.[^.]+\.fallback": _words("fail_closed", "pqc", "best_effort", default="fail_closed"),
    r"corridors\.[^.]+\.required": _words(True, False, default=True),
    r"corridors\.[^.]+\.paths": _kept_free(1),
    r"corridors\.[^.]+\.disjoint": _words("duct", "node", "relay", default="duct"),
    r"corridors\.[^.]+\.max_relays": _most,
    r"checks\.[^.]+": _whole,
    r"checks\.[^.]+\.max": _most,
    r"checks\.[^.]+\.min": _least,
    r"checks\.[^.]+\.severity": _words("error", "warning", default="error"),
    r"checks\.[^.]+\.(metric|where)(\..+)?": _other,
    r"drills\.[^.]+\.expect": _expected,
    r"budget\.(capex|tco)": _most,
    r"policy\.max_bypass_sites": _granted(2),
    r"policy\.(loss_margin_db|key_rate_reserve)": _kept_free(0.0),
    r"policy\.(technologies|manufacturers|suppliers)": _only,
    r"policy\.offers": _other,
}
"""By the whole address, the gravest first: who may see keys, what fails, what it costs."""
