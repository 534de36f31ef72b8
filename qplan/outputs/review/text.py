"""A comparison on one screen of a terminal."""

from __future__ import annotations

import re
import textwrap
from collections.abc import Iterable, Sequence

from qplan.comparison.model import Comparison, PlanChange
from qplan.outputs.review import sentences
from qplan.outputs.review.rows import rows
from qplan.outputs.text.tables import one_line

WIDTH = 100
MOST_ROWS = 14
MOST_RENAMED = 4
IN_A_FIGURE = re.compile(r"(?<=\d) (?=\d{3}|%|dB\b|[kMG]?bit/s)|(?<=\b[A-Z]{3}) (?=\d)")


def comparison_text(comparison: Comparison, width: int = WIDTH) -> str:
    """What is new, who sees more, what it costs, what was loosened, and what was edited."""
    if not comparison.changed and comparison.plan:
        return "No change: neither the plan nor the inventory differs.\n"
    head = _plan(comparison.plan, width) if comparison.plan else [sentences.counts(comparison)]
    inputs = comparison.inputs
    blocks = [
        *head,
        *_listed("Limits", sentences.limits(inputs), width, sentences.MOST_LIMITS),
        *_listed("Findings silenced", sentences.silenced(comparison), width, sentences.MOST_LIMITS),
        *_listed("Renamed", sentences.renamed(comparison), width, MOST_RENAMED),
        *_listed("Inputs", sentences.edits(inputs), width, sentences.MOST_INPUTS + 1),
    ]
    return "\n".join(blocks) + "\n"


def _plan(change: PlanChange, width: int) -> list[str]:
    found, following = rows(change)
    shown = found[:MOST_ROWS]
    marked = [f"{row.mark} {row.address}" for row in shown]
    column = max(map(len, marked), default=0)
    lines = [
        line
        for mark, row in zip(marked, shown, strict=True)
        for line in _folded(one_line(f"{mark:<{column}}   {row.text()}"), width, " " * (column + 3))
    ]
    if len(found) > len(shown):
        lines.append(f"… and {len(found) - len(shown)} more: --format json has all.")
    extra, failing = sentences.margins_and_firmness(change), sentences.failures(change)
    return [
        *_folded(sentences.headline(change), width, "  "),
        *lines,
        *(_folded(" ".join(following), width) if following else []),
        *_folded(f"Exposure: {sentences.exposure(change)}", width),
        *_folded(f"Checks: {sentences.checks(change)}", width),
        *(_folded(f"Margins: {extra}", width) if extra else []),
        *(_folded(f"Failure: {failing}", width) if failing else []),
        sentences.totals(change),
    ]


def _listed(name: str, texts: Sequence[str], width: int, most: int) -> Iterable[str]:
    if not texts:
        return ()
    rest = f"; and {len(texts) - most} more: --format json has all" if len(texts) > most else ""
    return _folded(f"{name}: {'; '.join(texts[:most])}{rest}", width)


def _folded(text: str, width: int, indent: str = "  ") -> list[str]:
    """Lines of the width; blanks that part columns stay, and a figure is not parted from its unit."""
    lines = textwrap.wrap(
        IN_A_FIGURE.sub("\u00a0", text),
        width,
        subsequent_indent=indent,
        break_long_words=False,
        break_on_hyphens=False,
    )
    return [line.replace("\u00a0", " ") for line in lines] or [""]
