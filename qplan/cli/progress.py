"""The progress line on a terminal's stderr: phase, best plan, bound and gap as they move."""

from __future__ import annotations

import sys
import threading
import time
from contextlib import suppress

from qplan.cli.terminal import draw_line

INTERVAL_S = 0.2
HINT = " (Ctrl-C stops with the best plan)"  # where there is room for it


class ProgressLine:
    """Redraws one line five times a second; silent where stderr is no terminal or the user asked for quiet."""

    def __init__(self, quiet: bool, said: str = "looking for a first plan …", hint: str = HINT) -> None:
        self.active = not quiet and sys.stderr.isatty()
        self.began = time.monotonic()
        self.said, self.hint = said, hint
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
            draw_line("")

    def show(self, text: str) -> None:
        """Say this from the next redrawing on."""
        self.said = text

    def _keep_drawing(self) -> None:
        with suppress(OSError):  # the terminal has gone
            while not self.ended.is_set():
                draw_line(f"{time.monotonic() - self.began:4.0f} s  {self.said}", self.hint)
                self.ended.wait(INTERVAL_S)
