"""Where every declared value stands: address → place in a file."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import NamedTuple, TypeAlias

import yaml

from qplan.inventory.rules import Spot

Path = tuple[str | int, ...]
Values: TypeAlias = dict[str, object]  # a mapping of YAML as plain values
DEFAULTS_KEY = {"sites": "site", "fibres": "fibre", "corridors": "corridor"}  # section → its key under `defaults`


class Place(NamedTuple):
    """The YAML nodes of a key and its value; None where there are none (an override on the command line)."""

    file: str
    key: yaml.Node | None = None
    value: yaml.Node | None = None

    def at_key(self) -> Spot:
        """The key, of a list item the value."""
        return self._spot(self.key or self.value)

    def at_value(self) -> Spot:
        """The value where it begins beside its key, else the key."""
        if self.key and self.value and self.value.start_mark.line != self.key.start_mark.line:
            return self._spot(self.key)
        return self._spot(self.value or self.key)

    def _spot(self, node: yaml.Node | None) -> Spot:
        if node is None:
            return Spot(self.file)
        start, end = node.start_mark, node.end_mark
        end_column = end.column + 1 if end.line == start.line else 0
        return Spot(self.file, start.line + 1, start.column + 1, end_column)


class Declared(NamedTuple):
    """Plain values as declared, and the place of each."""

    value: Values
    places: Mapping[Path, Place]


class SourceMap:
    """Finds the place of an address of the effective inventory."""

    def __init__(self, places: Mapping[Path, Place]):
        self._places = places

    def place(self, path: Path) -> Place:
        """Where the value stands, be it taken from `defaults`; else where the nearest entry around it stands."""
        for end in range(len(path), -1, -1):
            place = self._places.get(path[:end])
            if place is None and end >= 3 and path[0] in DEFAULTS_KEY:
                place = self._places.get(("defaults", DEFAULTS_KEY[path[0]], *path[2:end]))
            if place is not None:
                return place
        return Place("")

    def at_key(self, path: Path) -> Spot:
        """The key, of a list item the value."""
        return self.place(path).at_key()

    def at_value(self, path: Path) -> Spot:
        return self.place(path).at_value()


def mapping_at(value: object, path: Path = ()) -> Values:
    """The mapping at a path in plain values; an empty one where something else or nothing stands there."""
    for step in path:
        value = value.get(step) if isinstance(value, dict) else None
    return value if isinstance(value, dict) else {}


def dotted(path: Path) -> str:
    """`fibres.f-1.ends[1]`."""
    return "".join(f"[{step}]" if isinstance(step, int) else f".{step}" for step in path).removeprefix(".")


def paths_in(value: object, path: Path = ()) -> Iterator[Path]:
    """The path of a value and of everything in it."""
    yield path
    if isinstance(value, dict):
        for key, item in value.items():
            yield from paths_in(item, (*path, key))
    elif isinstance(value, list):
        for index, item in enumerate(value):
            yield from paths_in(item, (*path, index))
