"""The progress line on a terminal's stderr: phase, best value, bound and gap as they move."""

from __future__ import annotations

import shutil
import sys
import threading
import time
from contextlib import suppress

import click

from qplan.optimizer.limits import Sighting
from qplan.optimizer.planner import Result
from qplan.optimizer.search.stages import gap

INTERVAL_S = 0.2
HINT = " (Ctrl-C stops with the best plan)"  # where there is room for it


class ProgressLine:
    """Redraws one line five times a second; silent where stderr is no terminal or the user asked for quiet."""

    def __init__(self, quiet: bool, verbose: bool):
        self.active = not quiet and sys.stderr.isatty()
        self.verbose = verbose and not quiet
        self.began = time.monotonic()
        self.said = "building the model …"
        self.ended = threading.Event()
        self.drawing = threading.Thread(target=self._keep_drawing, daemon=True)

    def __enter__(self) -> ProgressLine:
        if self.active:
            self.drawing.start()
        return self

    def __exit__(self, *exc: object) -> None:
        if self.active:
            self.ended.set()
            self.drawing.join()
            _draw("")

    def show(self, sighting: Sighting) -> None:
        """Say this from the next redrawing on."""
        best, bound = sighting.value, sighting.bound
        open_gap = "–" if best is None or bound is None else f"{100 * max(0.0, gap(best, bound)):.2f} %"
        self.said = f"{sighting.phase}: best {_figure(best)}, bound {_figure(bound)}, gap {open_gap}"

    def _keep_drawing(self) -> None:
        with suppress(OSError):  # the terminal has gone
            while not self.ended.is_set():
                _draw(f"{time.monotonic() - self.began:4.0f} s  {self.said}", HINT)
                self.ended.wait(INTERVAL_S)

    def report(self, result: Result) -> None:
        """With -v: what was solved and how it ended."""
        if self.verbose:
            if self.active:
                _draw("")
            search = result.search
            for text in search.precheck.texts() or ["nothing stands in the way of any corridor"]:
                click.echo(f"precheck: {text}", err=True)
            click.echo(
                f"{len(result.candidates.links)} candidate links, "
                f"{len(result.candidates.refusals)} refused on single fibres; "
                f"{search.status} by {search.method or 'the search without the solver'}, "
                f"stopped by {search.stopped_by}, value {_figure(search.value)}, "
                f"bound {_figure(search.bound)}, {time.monotonic() - self.began:.1f} s",
                err=True,
            )


def _draw(text: str, hint: str = "") -> None:
    """Replace the line, cut to the width of the terminal: a line that wraps cannot be replaced."""
    width = shutil.get_terminal_size().columns - 1
    text += hint if len(text + hint) <= width else ""
    click.echo(f"\r{text[:width]:<{width}}" if text else "\r" + " " * width + "\r", err=True, nl=False)


def _figure(value: float | None) -> str:
    return "–" if value is None else f"{value:,.0f}".replace(",", " ")
