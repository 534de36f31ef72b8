"""Figures of sources that are no tables: read as cells are, and those that cannot be read, said."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from qplan.errors import Diagnostic
from qplan.interchange.imports.fields import Unreadable, Value, value_of
from qplan.interchange.imports.rows import Origin, gathered
from qplan.inventory.source.messages import shown

NONE = Value(None)


@dataclass
class Figures:
    """What one source calls its figures, and those of them that could not be read."""

    noun: str = "figure"
    unreadable: list[tuple[Origin, str]] = field(default_factory=list)

    def read(self, field_name: str, cell: Any, origin: Origin, words: str, unit: str = "") -> Value:
        """The value of a cell, in `unit` where it states none, as that of a field; `words` name it to people.

        `NONE` where the cell says nothing that can be used: no convention tells how 1,234 is meant.
        """
        try:
            value = value_of(field_name, cell, unit, ".")
            if value and value.ambiguous:
                raise Unreadable("a number without marks between thousands")
        except Unreadable as error:
            self.unreadable.append((origin, f"{' '.join(filter(None, (words, shown(cell), unit)))} (expected {error})"))
            return NONE
        return value or NONE

    def findings(self) -> list[Diagnostic]:
        return gathered("QP611", self.unreadable, self.noun, "that cannot be read, left out")
