"""What verbs share that run for a while: a line that is drawn anew, Ctrl-C that is heeded, numbers as options."""

from __future__ import annotations

import math
import shutil
import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager

import click


def draw_line(text: str, hint: str = "") -> None:
    """Replace the line, cut to the width of the terminal: a line that wraps cannot be replaced."""
    width = shutil.get_terminal_size().columns - 1
    text += hint if len(text + hint) <= width else ""
    click.echo(f"\r{text[:width]:<{width}}" if text else "\r" + " " * width + "\r", err=True, nl=False)


def seconds(text: str | float) -> float:
    """The type of an option: a time that is not 0."""
    return finite(text, 1e-3, 1e7)


def ratio(text: str | float) -> float:
    """The type of an option: a share."""
    return finite(text, 0.0, 1.0)


def finite(text: str | float, least: float, most: float) -> float:
    """A number from `least` to `most`. Raises click's BadParameter."""
    try:
        number = float(text)
    except ValueError:
        number = math.nan
    if not least <= number <= most:
        raise click.BadParameter(f"{text!r} is not a number from {least:g} to {most:g}")
    return number


@contextmanager
def stop_on_signals() -> Iterator[threading.Event]:
    """An event that the first Ctrl-C or SIGTERM sets, so that what was found is written; a second one ends at once."""
    stop = threading.Event()

    def on_signal(number: int, frame: object) -> None:
        if stop.is_set():
            raise KeyboardInterrupt
        stop.set()

    before = {number: signal.signal(number, on_signal) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield stop
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
