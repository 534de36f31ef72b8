"""The inventory that rows go into, as far as it says how they are read: its currency, and entries that are there."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from qplan.interchange.imports.fields import slug
from qplan.interchange.imports.numbers import is_nothing
from qplan.inventory.commercial import Economics

NEEDED = {"fibres": ("from", "to"), "corridors": ("from", "to"), "equipment": ("key_rate_curve",)}
"""What a new entry of a kind needs beside its id; a row about one that is there may leave it out."""
DEMANDS = frozenset(["key_rate_bps", "otp_bps", "interval_s"])


@dataclass(frozen=True)
class Entry:
    """An entry that is there: its id, and by field what a row may leave out as it says so itself."""

    id: str
    values: Mapping[str, Any]


@dataclass(frozen=True)
class Target:
    """An inventory, or none: that of a new file is empty, and in the default currency."""

    currency: str = Economics().currency
    entries: Mapping[str, Mapping[str, Entry]] = field(default_factory=dict)
    """By kind of table, and by the id that a row has."""

    def entry(self, kind: str, word: object) -> Entry | None:
        """That of a row; a system is told by its id in plain letters, too."""
        known = self.entries.get(kind, {})
        return known.get(str(word)) or (known.get(slug(str(word))) if kind == "equipment" else None)

    def completed(self, kind: str, values: Mapping[str, Any]) -> tuple[dict[str, Any], str]:
        """The values of a row that leaves out what its entry has, and the id of that; else as they are, and ""."""
        entry = self.entry(kind, values.get("id")) if kind in NEEDED else None
        if entry is None:
            return dict(values), ""
        said = {name: value for name, value in values.items() if name not in NEEDED[kind] or not is_nothing(str(value))}
        if any(name in said for name in NEEDED[kind]):
            return dict(values), ""
        stated = DEMANDS & values.keys()
        own = {name: value for name, value in entry.values.items() if not (stated and name in (*DEMANDS, "rekey"))}
        return {**own, **said}, entry.id

    def kind_of(self, columns: Mapping[str, Iterable[object]]) -> str | None:
        """The kind of which most ids, given by kind, are there; None where none is."""
        counts = {kind: sum(self.entry(kind, word) is not None for word in words) for kind, words in columns.items()}
        best = max(counts, key=counts.__getitem__, default="")
        return best if counts.get(best) else None
