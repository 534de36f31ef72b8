"""Colours that all pictures share: told apart by colour-blind readers and, with shapes and words, without colour."""

from __future__ import annotations

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
    "bypass": Paint("#FFFFFF", "#555555", "#444444"),
    "unused": Paint("#FAFAFA", PALE, "#666666"),
}
_SYSTEM_COLOURS = ("#00664B", "#8A1C63", "#1F3A93", "#1A1A1A")


def system_line(number: int) -> tuple[str, bool]:
    """Colour of the lines of a system, and whether they are dashed, by the system's place in the legend."""
    return _SYSTEM_COLOURS[number % len(_SYSTEM_COLOURS)], number // len(_SYSTEM_COLOURS) % 2 == 1
