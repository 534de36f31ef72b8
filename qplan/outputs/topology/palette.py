"""Colours that all pictures share: told apart by colour-blind readers and, with shapes and words, without colour."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass

from qplan.comparison.model import Action
from qplan.outputs.topology.diagram import Kind


@dataclass(frozen=True)
class Paint:
    fill: str
    line: str
    text: str
    bold_line: bool = False


_BLUE, _BROWN, _NEW, _EXISTING, _INK = "#0B5A94", "#6B4100", "#F7B84B", "#FFF0CC", "#111111"
PALE = "#A0A0A0"
PAINT: dict[Kind, Paint] = {
    "end": Paint("#D9EAF7", _BLUE, _INK),
    "relay": Paint(_NEW, _BROWN, _INK),
    "end_relay": Paint(_NEW, _BLUE, _INK, bold_line=True),
    "existing": Paint(_EXISTING, _BROWN, _INK),
    "end_existing": Paint(_EXISTING, _BLUE, _INK, bold_line=True),
    "idle": Paint("#F2F2F2", _BLUE, "#444444"),
    "bypass": Paint("#FFFFFF", "#555555", "#444444"),
    "unused": Paint("#FAFAFA", PALE, "#666666"),
}
CHANGE_COLOURS: dict[Action | None, str] = {
    "create": "#1a7f37",
    "update": "#9a6700",
    "delete": "#cf222e",
    None: "#59636e",
}
_SYSTEM_COLOURS = (
    "#B0003A", "#4A6B00", "#5E35B1", "#8A1C63", "#1F3A93", "#A33B00", "#00664B", "#00708F", "#1A1A1A", "#6B5200",
)  # fmt: skip
_LOOKS = 2 * len(_SYSTEM_COLOURS)  # each unbroken and dashed
_SALT = 16
"""Of its kind the first under which no two systems of the shipped catalogue or of one example look alike."""


Line = tuple[str, bool]
"""Colour, and whether dashed."""


def system_lines(system_ids: Iterable[str]) -> dict[str, Line]:
    """How the lines of every system of an inventory look, whatever a plan uses of them.

    By the id alone; of systems that would look alike the later ids take the next look that is free, while there is one.
    """
    looks: dict[str, int] = {}
    for system in sorted(system_ids):
        own, taken = _own_look(system), set(looks.values())
        places = ((own + step) % _LOOKS for step in range(_LOOKS))
        looks[system] = next((place for place in places if place not in taken), own)
    return {system: _line(look) for system, look in looks.items()}


def _own_look(system_id: str) -> int:
    digest = hashlib.sha256(f"{_SALT} {system_id}".encode()).digest()
    return int.from_bytes(digest[:4], "big") % _LOOKS


def _line(look: int) -> Line:
    dashed, colour = divmod(look, len(_SYSTEM_COLOURS))
    return _SYSTEM_COLOURS[colour], bool(dashed)
