"""The terminal: colours, a line that is drawn anew, numbers as options."""

from __future__ import annotations

import math
import re
import shutil
import sys
from contextlib import nullcontext

import click

from qplan.cli.streams import commands_to_github

COLOURS: tuple[tuple[re.Pattern[str], str | None, bool], ...] = (  # of the second group, wherever it stands
    (re.compile(r"(?m)^((?:.*?: )?)(error(?:\[QP\d+\])?:)"), "red", True),
    (re.compile(r"(?m)^((?:.*?: )?)(warning(?:\[QP\d+\])?:)"), "yellow", True),
    (re.compile(r"(?m)^( +\| +)(\^+)$"), "cyan", False),
    (re.compile(r"(?m)^()(! .*)$"), "yellow", False),
    (re.compile(r"(?m)^()(The plan holds\.)"), "green", False),
    (re.compile(r"(?m)^()(\+ (?:nodes|links|corridors)\..*)$"), "green", False),
    (re.compile(r"(?m)^()(~ (?:nodes|links|corridors)\..*)$"), "yellow", False),
    (re.compile(r"(?m)^()(- (?:nodes|links|corridors)\..*)$"), "red", False),
    (re.compile(r"(?m)^()(Plan change: .*|No change to the plan: .*)$"), None, True),
    (re.compile(r"(?m)()(NOT KEPT|\bgo(?:es)? on open\b)"), "red", True),
    (re.compile(r"(?m)^()(No plan.*|The plan does not hold.*)$"), "red", True),
    (re.compile(r"(?m)^()(Plan(?: \(.*\))?: .*)$"), None, True),
    (re.compile(r"(?m)^()(.+)(?=\n-+(?:  -+)*$)"), None, True),  # heads of tables
)


def coloured(text: str) -> str:
    """A text in colours; `click.echo` takes them away where nobody sees them."""
    for pattern, colour, bold in COLOURS:
        before, after = click.style("\n", fg=colour, bold=bold).split("\n")
        text = pattern.sub(rf"\g<1>{before}\g<2>{after}", text)
    return text


def usage(first: str, command: str, *words: object) -> click.UsageError:
    """What is wrong with the words of a command, and the command as it was meant."""
    from qplan.api.words import printable

    return click.UsageError(f"{first}: qplan {command} {' '.join(printable(str(word)) for word in words)}")


def window() -> int | None:
    """Columns of the terminal that stdout goes to; None where it is none."""
    return shutil.get_terminal_size().columns if sys.stdout is not None and sys.stdout.isatty() else None


def say(text: str, style: str = "text", err: bool = False) -> None:
    """Print what a verb comes to; what people read is coloured, and GitHub's style alone gives orders to a runner."""
    with commands_to_github() if style == "github" else nullcontext():
        click.echo(coloured(text) if style == "text" else text, err=err, nl=False)


def draw_line(text: str, hint: str = "") -> None:
    """Replace the line, cut to the width of the terminal: a line that wraps cannot be replaced."""
    width = shutil.get_terminal_size().columns - 1
    text += hint if len(text + hint) <= width else ""
    click.echo(f"\r{text[:width]:<{width}}" if text else "\r" + " " * width + "\r", err=True, nl=False)


def takes_unicode() -> bool:
    """What results are written to has a place for block elements and dashes."""
    try:
        "█░–×…".encode(getattr(sys.stdout, "encoding", None) or "ascii")
    except (UnicodeEncodeError, LookupError):
        return False
    return True


def seconds(text: str | float) -> float:
    """The type of an option: a time that is not 0."""
    return finite(text, 1e-3, 1e7)


def ratio(text: str | float) -> float:
    """The type of an option: a share."""
    return finite(text, 0.0, 1.0)


def factor(text: str | float) -> float:
    """The type of an option: what something is multiplied by."""
    return finite(text, 1e-6, 1e6)


def amount(text: str | float) -> float:
    """The type of an option: money, also as it is printed, `2 600 000`."""
    from qplan.api.buying import ungrouped

    return finite(ungrouped(text) if isinstance(text, str) else text, 0.0, 1e12)


def finite(text: str | float, least: float, most: float) -> float:
    """A number from `least` to `most`. Raises click's BadParameter."""
    try:
        number = float(text)
    except ValueError:
        number = math.nan
    if not least <= number <= most:
        raise click.BadParameter(f"{text!r} is not a number from {least:g} to {most:g}")
    return number
