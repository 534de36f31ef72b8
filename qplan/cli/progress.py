"""The progress line on a terminal's stderr: phase, best value, bound and gap as they move."""

from __future__ import annotations

import sys
import time

import click

from qplan.planning.planner import Result
from qplan.planning.search import gap
from qplan.planning.solver import Sighting

INTERVAL_S = 0.2


class ProgressLine:
    """Redraws one line; silent where stderr is no terminal or the user asked for quiet."""

    def __init__(self, quiet: bool, verbose: bool):
        self.active = not quiet and sys.stderr.isatty()
        self.verbose = verbose and not quiet
        self.began = self.drawn = time.monotonic()
        self.width = 0

    def __enter__(self) -> ProgressLine:
        if self.active:
            self._draw("reading the fibre graph and building the model …")
        return self

    def __exit__(self, *exc: object) -> None:
        if self.active:
            self._draw("")
            click.echo("\r", err=True, nl=False)

    def show(self, sighting: Sighting) -> None:
        now = time.monotonic()
        if not self.active or now - self.drawn < INTERVAL_S:
            return
        self.drawn = now
        best, bound = sighting.value, sighting.bound
        open_gap = "–" if best is None or bound is None else f"{100 * max(0.0, gap(best, bound)):.2f} %"
        self._draw(
            f"{sighting.phase}: best {_figure(best)}, bound {_figure(bound)}, gap {open_gap}, "
            f"{now - self.began:.0f} s (Ctrl-C stops with the best plan)"
        )

    def report(self, result: Result) -> None:
        """With -v: what was solved and how it ended."""
        if self.verbose:
            search = result.search
            click.echo(
                f"{len(result.reach.links)} candidate links, {len(result.reach.refusals)} refused on single fibres; "
                f"{search.status}, stopped by {search.stopped_by}, value {_figure(search.value)}, "
                f"bound {_figure(search.bound)}, {time.monotonic() - self.began:.1f} s",
                err=True,
            )

    def _draw(self, text: str) -> None:
        click.echo("\r" + text.ljust(self.width), err=True, nl=False)
        self.width = len(text)


def _figure(value: float | None) -> str:
    return "–" if value is None else f"{value:,.0f}".replace(",", " ")
