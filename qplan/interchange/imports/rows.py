"""Neutral rows: what every reader makes of its format, with the place that each row comes from."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Literal

from qplan.errors import Diagnostic
from qplan.inventory.model import FibreFields
from qplan.inventory.rules import Spot, finding
from qplan.inventory.source.messages import counted, first_of

Kind = Literal["site", "joint", "amplifier"]
"""A joint, waypoint or manhole can hold nothing; a hut of in-line amplifiers can hold a node."""

Point = tuple[float, float]
"""Longitude and latitude, as GeoJSON has them."""

OPAQUE = re.compile(r"[0-9]+|[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")
JOINED = " + "
LONGEST_TEXT = 200  # characters of a name that are kept
MOST_LISTED = 500
DEFAULTS = FibreFields()
"""What is planned with where a source says nothing."""


@dataclass(frozen=True)
class Origin:
    """Where a row stands: a file, a sheet of it, a line (0 where there is none), an item (`features[3]`, an id)."""

    file: str
    sheet: str = ""
    line: int = 0
    item: str = ""

    @property
    def table(self) -> str:
        """The file, with the sheet in brackets."""
        return f"{self.file}[{self.sheet}]" if self.sheet else self.file

    @property
    def whole(self) -> Origin:
        """The table that the row stands in."""
        return Origin(self.file, self.sheet)

    def at(self, line: int) -> Origin:
        return replace(self, line=line)

    def __str__(self) -> str:
        return f"{self.table}:{self.line}" if self.line else self.table + (f" {self.item}" if self.item else "")


@dataclass(frozen=True)
class SiteRow:
    """A place. `key` is what the source's fibres call it by; `aliases` are other words for it."""

    key: str
    origin: Origin
    name: str | None = None
    lat: float | None = None
    lon: float | None = None
    kind: Kind = "site"
    aliases: tuple[str, ...] = ()
    fields: Mapping[str, object] = field(default_factory=dict)
    labels: Mapping[str, object] = field(default_factory=dict)
    sources: tuple[str, ...] = ()
    """The keys of all rows that were merged into this one."""
    there: bool = False
    """It stands in the inventory already, and is here for its place and name."""

    @property
    def called(self) -> str:
        """For messages: what the source calls it, with its name where that is a number."""
        return f"{self.key} ({self.name})" if self.name and is_opaque(self.key) else self.key

    @property
    def passive(self) -> bool:
        return self.kind == "joint"

    @property
    def place(self) -> Point | None:
        return None if self.lat is None or self.lon is None else (self.lon, self.lat)


@dataclass(frozen=True)
class FibreRow:
    """A fibre between two sites, by their keys; ends are empty where they are to be found on the map."""

    key: str
    ends: tuple[str, str]
    origin: Origin
    length: float | None = None
    unit: str | None = None
    """Of the length: km, m, mi or ft; None: not stated."""
    unit_is_claimed: bool = False
    """The format says the unit, and its users are known not to heed it."""
    there: str = ""
    """The id of the entry that it is about, where it says no ends itself."""
    route: tuple[Point, ...] = ()
    fields: Mapping[str, object] = field(default_factory=dict)
    labels: Mapping[str, object] = field(default_factory=dict)
    sources: tuple[str, ...] = ()

    @property
    def called(self) -> str:
        """For messages: its key, with its name where that is a number, else its ends."""
        name = self.labels.get("name")
        return (f"{self.key} ({name})" if name and is_opaque(self.key) else self.key) or " – ".join(self.ends)

    def with_fields(self, **values: object) -> FibreRow:
        return replace(self, fields={**self.fields, **values})


@dataclass(frozen=True)
class CorridorRow:
    key: str
    ends: tuple[str, str]
    origin: Origin
    fields: Mapping[str, object] = field(default_factory=dict)
    labels: Mapping[str, object] = field(default_factory=dict)
    sources: tuple[str, ...] = ()

    @property
    def called(self) -> str:
        return self.key or " – ".join(self.ends)


@dataclass(frozen=True)
class EquipmentRow:
    """A QKD system of the user's own."""

    key: str
    origin: Origin
    fields: Mapping[str, object] = field(default_factory=dict)
    labels: Mapping[str, object] = field(default_factory=dict)


@dataclass(frozen=True)
class Rows:
    """What a reader found, or a stage made of it; `read` says in words what was read."""

    sites: tuple[SiteRow, ...] = ()
    fibres: tuple[FibreRow, ...] = ()
    corridors: tuple[CorridorRow, ...] = ()
    equipment: tuple[EquipmentRow, ...] = ()
    findings: tuple[Diagnostic, ...] = ()
    read: tuple[str, ...] = ()
    name: str | None = None
    degrees: bool = True
    """False: the source says that its coordinates are no degrees."""

    def joined(self, other: Rows) -> Rows:
        """Both together, as if they had stood in one file."""
        return Rows(
            self.sites + other.sites, self.fibres + other.fibres, self.corridors + other.corridors,
            self.equipment + other.equipment, self.findings + other.findings, self.read + other.read,
            self.name or other.name, self.degrees and other.degrees,
        )  # fmt: skip

    def adding(self, *findings: Diagnostic) -> Rows:
        return replace(self, findings=self.findings + findings)


def is_opaque(key: str) -> bool:
    """A number or a UUID, which tells a reader nothing; also several joined by `+`."""
    return all(OPAQUE.fullmatch(part) for part in key.split(JOINED))


def joined_labels(one: Mapping[str, object], other: Mapping[str, object]) -> dict[str, object]:
    """The labels of two rows that are one now: texts that differ side by side."""
    both = {**other, **one}
    return {
        key: f"{value}{JOINED}{other[key]}" if key in one and key in other and value != other[key] else value
        for key, value in both.items()
    }


def doubt(code: str, origin: Origin, address: str, message: str, hint: str = "") -> Diagnostic:
    """A finding of an import, at the place of the row."""
    file = origin.table if origin.line or not origin.item else f"{origin.table}[{origin.item}]"
    return finding(code, Spot(file, origin.line, 1 if origin.line else 0), address, message, hint=hint)


def links_left_out(origin: Origin, count: int) -> tuple[Diagnostic, ...]:
    """Of QKD links in what a plan was exported to."""
    message = f"{counted(count, 'QKD link')} of a plan left out: they are no fibres"
    return (doubt("QP651", origin, "", message),) if count else ()


def gathered(code: str, found: Sequence[tuple[Origin, str]], noun: str, what: str, hint: str = "") -> list[Diagnostic]:
    """One finding about many alike, at the first: `3 fibres listed in both directions: F2, F5, F9`."""
    if not found:
        return []
    message = f"{counted(len(found), noun)} {what}: {listed([words for _, words in found])}"
    return [doubt(code, found[0][0], "", message, hint)]


def clean(text: str) -> str:
    """Text as it may stand in an inventory: one line, blanks squeezed, nothing that cannot be printed, not too long."""
    text = " ".join("".join(c if c.isprintable() else " " for c in text).split())
    return text if len(text) <= LONGEST_TEXT else text[: LONGEST_TEXT - 1] + "…"


def listed(words: Sequence[str], most: int = MOST_LISTED) -> str:
    """`a, b, c and 7 more`."""
    return first_of(words, most)
