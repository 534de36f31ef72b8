"""Coast and borders around a plan, from Natural Earth 1:50m, cut and thinned to what a page needs."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from itertools import accumulate

from qplan.outputs.topology.geography import Point

FINEST_PART = 4000
"""Points nearer to each other than this part of the frame are one."""


@dataclass(frozen=True)
class Frame:
    """A rectangle in degrees; `east` may exceed 180 where the frame crosses the antimeridian."""

    west: float
    south: float
    east: float
    north: float

    def holds(self, point: Point) -> bool:
        return self.west <= point[0] <= self.east and self.south <= point[1] <= self.north


@dataclass(frozen=True)
class BaseMap:
    """Rings of land (holes by the even-odd rule) and border lines, as longitude and latitude in degrees."""

    land: tuple[tuple[Point, ...], ...]
    borders: tuple[tuple[Point, ...], ...]


def base_map(frame: Frame) -> BaseMap:
    """What of the world's land and borders lies in the frame."""
    land, borders = _world()
    finest = max(frame.east - frame.west, frame.north - frame.south) / FINEST_PART
    rings = (_cut_ring(ring, frame) for ring in _around(land, frame))
    lines = (piece for line in _around(borders, frame) for piece in _cut_line(line, frame))
    return BaseMap(
        land=tuple(thin for ring in rings if len(thin := _thinned(ring, finest)) > 2),
        borders=tuple(thin for line in lines if len(thin := _thinned(line, finest)) > 1),
    )


@cache
def _world() -> tuple[list[list[Point]], list[list[Point]]]:
    shipped = json.loads((files("qplan.outputs.map") / "assets" / "natural-earth-50m.json").read_text("utf-8"))
    step = shipped["step_deg"]
    land, borders = ([_unpacked(line, step) for line in shipped[name]] for name in ("land", "borders"))
    return land, borders


def _unpacked(numbers: list[int], step: float) -> list[Point]:
    across, up = accumulate(numbers[::2]), accumulate(numbers[1::2])
    return [(round(x * step, 3), round(y * step, 3)) for x, y in zip(across, up, strict=True)]


def _around(lines: list[list[Point]], frame: Frame) -> Iterator[list[Point]]:
    """The lines that come near the frame, also a turn of the globe away."""
    for line in lines:
        xs, ys = [x for x, _ in line], [y for _, y in line]
        if max(ys) < frame.south or min(ys) > frame.north:
            continue
        for turn in (-360.0, 0.0, 360.0):
            if max(xs) + turn >= frame.west and min(xs) + turn <= frame.east:
                yield [(x + turn, y) for x, y in line] if turn else line


def _cut_ring(ring: list[Point], frame: Frame) -> list[Point]:
    """The ring within the frame (Sutherland–Hodgman: one side after the other)."""
    for axis, limit, sign in ((0, frame.west, 1), (0, frame.east, -1), (1, frame.south, 1), (1, frame.north, -1)):
        kept: list[Point] = []
        for start, end in zip(ring[-1:] + ring[:-1], ring, strict=True):
            inside, was_inside = (sign * (point[axis] - limit) >= 0 for point in (end, start))
            if inside != was_inside:
                share = (limit - start[axis]) / (end[axis] - start[axis])
                kept.append((start[0] + share * (end[0] - start[0]), start[1] + share * (end[1] - start[1])))
            if inside:
                kept.append(end)
        ring = kept
    return ring


def _cut_line(line: list[Point], frame: Frame) -> Iterator[list[Point]]:
    """The runs of the line in the frame, each with one point beyond it on either side."""
    run: list[Point] = []
    for number, point in enumerate(line):
        near = line[max(0, number - 1) : number + 2]
        if any(frame.holds(neighbour) for neighbour in near):
            run.append(point)
        elif run:
            yield run
            run = []
    if run:
        yield run


def _thinned(line: list[Point], finest: float) -> tuple[Point, ...]:
    kept: list[Point] = []
    for number, point in enumerate(line):
        last = number == len(line) - 1
        if last or not kept or max(abs(point[0] - kept[-1][0]), abs(point[1] - kept[-1][1])) >= finest:
            kept.append((round(point[0], 3), round(point[1], 3)))
    return tuple(kept)
