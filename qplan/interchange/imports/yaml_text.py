"""Plain values as YAML 1.2 text that the inventory reader reads back to the same values."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping

WIDTH = 120
PLAIN = re.compile(r"[A-Za-zÀ-ÖØ-öø-ÿ][\wÀ-ÖØ-öø-ÿ./+()–-]*(?: [\wÀ-ÖØ-öø-ÿ./+()–-]+)*", re.ASCII)
NOT_TEXT = frozenset(["null", "true", "false", "y", "n", "yes", "no", "on", "off"])


def scalar(value: object) -> str:
    """Text plain where that is safe, else in double quotes as JSON has it; numbers short."""
    if isinstance(value, str):
        return value if PLAIN.fullmatch(value) and value.casefold() not in NOT_TEXT else _quoted(value)
    if isinstance(value, bool) or value is None:
        return json.dumps(value)
    if isinstance(value, float):
        return str(int(value)) if value.is_integer() and abs(value) < 1e15 else repr(value)
    return str(value)


def _quoted(text: str) -> str:
    return re.sub(
        "[\x7f-\x9f\u2028\u2029\ufeff\ufffe\uffff]",
        lambda c: f"\\u{ord(c[0]):04x}",
        json.dumps(text, ensure_ascii=False),
    )


def flow(value: object) -> str:
    """A value in one line."""
    if isinstance(value, Mapping):
        return "{" + ", ".join(f"{scalar(str(key))}: {flow(item)}" for key, item in value.items()) + "}"
    if isinstance(value, list | tuple):
        return "[" + ", ".join(map(flow, value)) + "]"
    return scalar(value)


def entry(key: str, value: Mapping[str, object], indent: int) -> Iterator[str]:
    """Lines of `key: {…}`: one where it fits, else a line per field, and long lists a line per item."""
    margin = " " * indent
    line = f"{margin}{scalar(key)}: {flow(value)}"
    if len(line) <= WIDTH or not value:
        yield line
        return
    yield f"{margin}{scalar(key)}:"
    for name, item in value.items():
        inner = f"{margin}  {scalar(name)}: {flow(item)}"
        if len(inner) <= WIDTH or not isinstance(item, Mapping | list | tuple):
            yield inner
        elif isinstance(item, Mapping):
            yield from entry(name, item, indent + 2)
        else:
            yield f"{margin}  {scalar(name)}:"
            yield from (f"{margin}    - {flow(part)}" for part in item)
