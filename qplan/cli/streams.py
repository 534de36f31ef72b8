r"""What stands between every verb and its output: a terminal's encoding ends no run, and no name gives orders to CI.

Runners of CI systems read logs for commands: `##vso[…]` and `##[…]` anywhere in a line (Azure Pipelines, GitHub's older
form), `##teamcity[…]`, and `::…::` at the beginning of one (GitHub Actions). A document in JSON or XML is given an
escape of its own format, so that it says what it said; a text gets a blank.
"""

from __future__ import annotations

import codecs
import io
import re
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import TextIO

ANYWHERE = re.compile(r"#(?=#\w*\[)")
AT_START = re.compile(r"^(\s*):(?=:)", re.MULTILINE)
ESCAPES = "qplan.escapes"


def disarm(text: str, *, commands: bool = False) -> str:
    """The text without what a runner of CI would take for a command; `commands` are those meant for GitHub."""
    begin = text.lstrip()[:5]
    if begin[:1] in ("{", "["):
        return ANYWHERE.sub(r"\\u0023", text)
    if begin == "<?xml":
        return ANYWHERE.sub("&#35;", text)
    text = ANYWHERE.sub("# ", text)
    return text if commands else AT_START.sub(r"\1: ", text)


class GuardedStream(io.TextIOBase):
    """A text stream whose texts are disarmed on their way to another."""

    def __init__(self, inner: TextIO):
        self.inner = inner
        self.commands = False

    def write(self, text: str) -> int:
        """Returns the length of the text, as every stream does. Raises OSError."""
        self.inner.write(disarm(text, commands=self.commands))
        return len(text)

    def flush(self) -> None:
        """Raises OSError."""
        self.inner.flush()

    def isatty(self) -> bool:
        """Whether a person reads."""
        return self.inner.isatty()

    def fileno(self) -> int:
        """Raises OSError where the stream is no file."""
        return self.inner.fileno()

    def writable(self) -> bool:
        """As a stream for output is."""
        return True

    @property
    def encoding(self) -> str:  # type: ignore[override]  # of a stream that is wrapped, it cannot be assigned
        """That of the stream within."""
        return self.inner.encoding or "utf-8"

    @property
    def buffer(self) -> object:
        """For bytes, the content of a file, which pass as they are."""
        return self.inner.buffer


@contextmanager
def guarded_streams() -> Iterator[None]:
    """Disarm what is written to stdout and stderr; a character that the encoding lacks is written as an escape."""
    codecs.register_error(ESCAPES, _escapes)
    before = sys.stdout, sys.stderr
    for stream in filter(None, before):
        with suppress(AttributeError, ValueError, OSError):
            ascii_only = codecs.lookup(stream.encoding or "utf-8").name == "ascii"
            stream.reconfigure(errors=ESCAPES, **({"encoding": "utf-8"} if ascii_only else {}))
    sys.stdout, sys.stderr = (stream and GuardedStream(stream) for stream in before)
    try:
        yield
    finally:
        sys.stdout, sys.stderr = before


@contextmanager
def commands_to_github() -> Iterator[None]:
    """What is written meanwhile are commands themselves."""
    stream = sys.stdout
    if isinstance(stream, GuardedStream):
        stream.commands = True
    try:
        yield
    finally:
        if isinstance(stream, GuardedStream):
            stream.commands = False


def _escapes(error: UnicodeError) -> tuple[str, int]:
    """As JSON would write it: in two halves beyond U+FFFF."""
    if not isinstance(error, UnicodeEncodeError):
        raise error
    text = error.object[error.start : error.end]
    halves = text.encode("utf-16-be", "surrogatepass")
    return "".join(f"\\u{halves[i]:02x}{halves[i + 1]:02x}" for i in range(0, len(halves), 2)), error.end
