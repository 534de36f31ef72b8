"""A drill as a picture: for every corridor when it had keys, for every store that moved how full it was; SVG."""

from __future__ import annotations

import math
from collections.abc import Iterator
from html import escape

from qplan.assessment.drills.results import CorridorResult, LinkResult, Played
from qplan.outputs.drills.words import Names, span
from qplan.outputs.text.tables import one_line
from qplan.plan.model import Plan

LEFT, WIDTH, RIGHT = 250, 760, 24
LANE, STORE, GAP, TOP = 22, 44, 8, 64
FONT = "Helvetica, Arial, 'Liberation Sans', 'Noto Sans', sans-serif"
INK, MUTED, GRID = "#111111", "#555555", "#D8D8D8"
FIRST, OTHER, STALE, DOWN, LEVEL = "#0B5A94", "#7FB2DC", "#F7B84B", "#B3261E", "#00664B"
LEGEND = (
    (FIRST, "keys over the first path"),
    (OTHER, "over another path, or a store"),
    (STALE, "on the last key"),
    (DOWN, "none: fallback"),
)
TICKS = (
    1,
    2,
    5,
    10,
    15,
    30,
    60,
    120,
    300,
    600,
    900,
    1800,
    3600,
    7200,
    14400,
    21600,
    43200,
    86400,
    172800,
    432000,
    864000,
)


def timeline_svg(plan: Plan, played: Played) -> str:
    """One picture of a drill that was played with `trace`: the same drill gives the same bytes."""
    names = Names(plan)
    links = [link for link in played.links if _moves(link)]
    lanes = TOP + len(played.corridors) * (LANE + GAP)
    height = lanes + len(links) * (STORE + GAP) + 56
    width = LEFT + WIDTH + RIGHT
    title = f"Drill {one_line(played.id)}"
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" width="{width}" height="{height}" '
        f'role="img" aria-label="{escape(title)}" font-family="{escape(FONT)}" font-size="12">',
        f"<title>{escape(title)}</title>",
        f'<rect width="{width}" height="{height}" fill="#FFFFFF"/>',
        _text(12, 22, title, size=15, weight="bold"),
        *_legend(),
        *_grid(played, lanes + len(links) * (STORE + GAP)),
    ]
    for number, corridor in enumerate(played.corridors):
        parts += _lane(corridor, TOP + number * (LANE + GAP), played.duration_s)
    for number, link in enumerate(links):
        parts += _store(link, names.link(link.id), lanes + number * (STORE + GAP), played.duration_s)
    return "\n".join([*parts, "</svg>"]) + "\n"


def _moves(link: LinkResult) -> bool:
    levels = {bits for _, bits in link.points}
    return len(levels) > 1


def _x(t: float, duration_s: float) -> str:
    return f"{LEFT + WIDTH * t / duration_s:.1f}"


def _text(
    x: float, y: float, text: str, colour: str = INK, size: int = 12, weight: str = "normal", anchor: str = "start"
) -> str:
    style = f'fill="{colour}" font-size="{size}" font-weight="{weight}" text-anchor="{anchor}"'
    return f'<text x="{x:g}" y="{y:g}" {style}>{escape(one_line(text))}</text>'


def _legend() -> Iterator[str]:
    x = LEFT
    for colour, words in LEGEND:
        yield f'<rect x="{x}" y="34" width="14" height="12" fill="{colour}"/>'
        yield _text(x + 19, 44, words, MUTED)
        x += 44 + 6 * len(words)


def _grid(played: Played, bottom: int) -> Iterator[str]:
    """Ticks of the time, and a mark for every event of the drill."""
    step = next((tick for tick in TICKS if played.duration_s / tick <= 10), None)
    step = step or 86_400 * math.ceil(played.duration_s / 864_000)
    for number in range(math.floor(played.duration_s / step) + 1):
        x = _x(number * step, played.duration_s)
        yield f'<line x1="{x}" x2="{x}" y1="{TOP - 6}" y2="{bottom}" stroke="{GRID}"/>'
        yield _text(float(x), bottom + 16, span(number * step) if number else "0", MUTED, 11, anchor="middle")
    for event in played.events:
        if event.at_s < played.duration_s:
            x = _x(event.at_s, played.duration_s)
            words = escape(one_line(f"{event.action} {event.address} after {span(event.at_s)}"))
            yield (f'<path d="M{x} {TOP - 2} l-5 -8 h10 z" fill="{INK}"><title>{words}</title></path>')


def _lane(corridor: CorridorResult, y: int, duration_s: float) -> Iterator[str]:
    yield _text(12, y + 15, corridor.id)
    for begin, end, state, rank in corridor.spans:
        colour = {"stale": STALE, "down": DOWN}.get(state, FIRST if rank == 0 else OTHER)
        x, width = float(_x(begin, duration_s)), max(0.5, WIDTH * (end - begin) / duration_s)
        words = escape(one_line(f"{corridor.id}: {state} from {span(begin)} for {span(end - begin)}"))
        height, top = (LANE, y) if state != "down" else (LANE - 8, y + 4)
        yield (
            f'<rect x="{x:.1f}" y="{top}" width="{width:.1f}" height="{height}" fill="{colour}">'
            f"<title>{words}</title></rect>"
        )


def _store(link: LinkResult, name: str, y: int, duration_s: float) -> Iterator[str]:
    """The level between empty and full; the floor as a broken line."""

    def level(bits: float) -> str:
        return f"{y + STORE - STORE * bits / link.capacity_bits:.1f}"

    yield _text(12, y + 18, name)
    yield _text(12, y + 34, "key store", MUTED, 11)
    yield f'<rect x="{LEFT}" y="{y}" width="{WIDTH}" height="{STORE}" fill="none" stroke="{GRID}"/>'
    floor = level(link.floor_bits)
    yield (
        f'<line x1="{LEFT}" x2="{LEFT + WIDTH}" y1="{floor}" y2="{floor}" stroke="{DOWN}" stroke-dasharray="4 3">'
        "<title>floor</title></line>"
    )
    points = " ".join(f"{_x(t, duration_s)},{level(bits)}" for t, bits in link.points)
    style = f'fill="none" stroke="{LEVEL}" stroke-width="1.5"'
    yield f'<polyline points="{points}" {style}><title>{escape(name)}</title></polyline>'
