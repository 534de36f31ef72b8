"""Colours that all pictures share: told apart by colour-blind readers and, with shapes and words, without colour."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

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
_SYSTEM_COLOURS = (
    "#B0003A", "#4A6B00", "#5E35B1", "#8A1C63", "#1F3A93", "#A33B00", "#00664B", "#00708F", "#1A1A1A", "#6B5200",
)  # fmt: skip
_SALT = 16
"""Of its kind the first under which no two systems of the shipped catalogue or of one example look alike."""


def system_line(system_id: str) -> tuple[str, bool]:
    """Colour of the lines of a system, and whether they are dashed: by its id alone, whatever else there is."""
    digest = hashlib.sha256(f"{_SALT} {system_id}".encode()).digest()
    dashed, colour = divmod(int.from_bytes(digest[:4], "big") % (2 * len(_SYSTEM_COLOURS)), len(_SYSTEM_COLOURS))
    return _SYSTEM_COLOURS[colour], bool(dashed)
