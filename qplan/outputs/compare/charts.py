"""Bar charts as SVG: no script, the same bytes everywhere; every figure also stands in a table beside them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from html import escape

from qplan.costing.money_text import round_money
from qplan.outputs.text.tables import one_line, shortened

COLOURS = ("#0B5A94", "#F7B84B", "#00664B", "#8A1C63", "#A33B00", "#5E35B1", "#00708F", "#6B5200")
WIDTH, LABEL, FIGURE, BAR, STEP, TOP = 900, 220, 130, 18, 26, 34
LABEL_CHARACTERS = 32
INK = "#1b2733"


@dataclass(frozen=True)
class Bar:
    label: str
    parts: tuple[tuple[str, float], ...]
    """Amounts by series, none below 0."""


def stacked_bars(title: str, bars: Sequence[Bar], currency: str) -> str:
    """A line a bar, its parts one after another, the whole in figures at its end."""
    series = list(dict.fromkeys(name for bar in bars for name, _ in bar.parts))
    most = max((sum(amount for _, amount in bar.parts) for bar in bars), default=0.0)
    scale = (WIDTH - LABEL - FIGURE) / most if most > 0 else 0.0
    drawn = []
    for number, bar in enumerate(bars):
        x, y = float(LABEL), TOP + number * STEP
        drawn.append(_text(LABEL - 8, y + BAR - 5, shortened(one_line(bar.label), LABEL_CHARACTERS), "end"))
        for name, amount in bar.parts:
            colour = COLOURS[series.index(name) % len(COLOURS)]
            drawn.append(_box(x, y, amount * scale, colour, f"{name}: {round_money(amount, currency)}"))
            x += amount * scale
        drawn.append(_text(x + 6, y + BAR - 5, round_money(sum(part for _, part in bar.parts), "").strip()))
    return _svg(title, series, drawn, TOP + len(bars) * STEP)


def tornado(title: str, middle: float, swings: Sequence[tuple[str, float, float]], currency: str) -> str:
    """A line a driver: what the whole comes to with it lower and higher, about the whole as it is."""
    ends = [amount for _, low, high in swings for amount in (low, high)] + [middle]
    least, most = min(ends), max(ends)
    room = WIDTH - LABEL - 2 * FIGURE
    scale = room / (most - least) if most > least else 0.0

    def at(amount: float) -> float:
        return LABEL + FIGURE + (amount - least) * scale

    drawn = []
    for number, (label, low, high) in enumerate(swings):
        y = TOP + number * STEP
        drawn.append(_text(LABEL - 8, y + BAR - 5, shortened(one_line(label), LABEL_CHARACTERS), "end"))
        for amount, colour, word in ((low, COLOURS[2], "lower"), (high, COLOURS[1], "higher")):
            x, width = min(at(amount), at(middle)), abs(at(amount) - at(middle))
            drawn.append(_box(x, y, width, colour, f"{label} {word}: {round_money(amount, currency)}"))
        for amount, x, anchor in (
            (min(low, high), at(min(low, high, middle)) - 6, "end"),
            (max(low, high), at(max(low, high, middle)) + 6, "start"),
        ):
            drawn.append(_text(x, y + BAR - 5, round_money(amount, "").strip(), anchor))
    bottom = TOP + len(swings) * STEP
    drawn.append(f'<path d="M{at(middle):.1f} {TOP - 4}V{bottom - 4}" stroke="{INK}" stroke-width="1"/>')
    coloured = ["", "driver higher", "driver lower"]  # by the places of their colours
    return _svg(title, coloured, drawn, bottom)


def _svg(title: str, series: Sequence[str], drawn: Sequence[str], height: float) -> str:
    legend, x = [], 0.0
    for number, name in enumerate(series):
        if name:
            legend.append(_box(x, 4, 12, COLOURS[number % len(COLOURS)], name, 12))
            legend.append(_text(x + 17, 14, shortened(one_line(name), LABEL_CHARACTERS)))
            x += 34 + 7.2 * len(shortened(one_line(name), LABEL_CHARACTERS))
    body = "".join([*legend, *drawn])
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height:.0f}" role="img" '
        f'font-family="sans-serif" font-size="13" fill="{INK}"><title>{escape(one_line(title))}</title>{body}</svg>'
    )


def _box(x: float, y: float, width: float, colour: str, title: str, height: float = BAR) -> str:
    return (
        f'<rect x="{x:.1f}" y="{y:.1f}" width="{max(width, 0):.1f}" height="{height}" fill="{colour}">'
        f"<title>{escape(one_line(title))}</title></rect>"
    )


def _text(x: float, y: float, text: str, anchor: str = "start") -> str:
    return f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}">{escape(text)}</text>'
