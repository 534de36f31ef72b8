"""Files that appear whole or not at all, the text that is the same in every copy, and cells that no program runs."""

from __future__ import annotations

import codecs
import hashlib
import os
import secrets
import shutil
import stat
import unicodedata
from contextlib import suppress
from pathlib import Path

WIDE = (  # byte order marks; that of UTF-16 in little endian begins that of UTF-32
    (codecs.BOM_UTF32_LE, "UTF-32"),
    (codecs.BOM_UTF32_BE, "UTF-32"),
    (codecs.BOM_UTF16_LE, "UTF-16"),
    (codecs.BOM_UTF16_BE, "UTF-16"),
)


def wide_encoding(data: bytes) -> str:
    """`UTF-32` or `UTF-16`, as a byte order mark tells; empty for anything else."""
    return next((name for mark, name in WIDE if data.startswith(mark)), "")


def plain_text(data: bytes) -> bytes:
    """A text in UTF-8 as qplan writes it: without a byte order mark, lines ended by line feeds alone.

    What copies do to a text (git with `core.autocrlf`, editors on Windows) is taken back.
    """
    return data.removeprefix(codecs.BOM_UTF8).replace(b"\r\n", b"\n")


def text_sha256(data: bytes) -> str:
    """SHA-256 over the plain text, so that it is the same for every copy."""
    return hashlib.sha256(plain_text(data)).hexdigest()


def without_formula(text: str) -> str:
    """The text of a CSV cell, with an apostrophe in front where a spreadsheet would run it as a formula.

    Such a text begins with `=`, `+`, `-` or `@`, full-width forms included, blanks before it or not.
    """
    runs = unicodedata.normalize("NFKC", text).lstrip().startswith(("=", "+", "-", "@"))
    return "'" + text if runs else text


def create_file(path: Path, data: bytes) -> bool:
    """Put a file where nothing is, in folders that are made where they are missing; False where something is there.

    Raises OSError.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    if os.path.lexists(path):
        return False
    replace_file(path, data)
    return True


def is_stream(path: Path) -> bool:
    """A device or a pipe, which is written into and never replaced."""
    try:
        mode = path.stat().st_mode
    except OSError:
        return False
    return stat.S_ISCHR(mode) or stat.S_ISFIFO(mode)


def write_where_named(path: Path, data: bytes) -> None:
    """Into a device or a pipe; else in place of the file there may be, which a link may lead to. Raises OSError."""
    if is_stream(path):
        path.write_bytes(data)
    else:
        replace_file(path.resolve(), data)


def replace_file(path: Path, data: bytes) -> None:
    """Put a file at the path, in place of one that may be there and whose permissions it takes over. Raises OSError."""
    staged = path.with_name(f".qplan-{secrets.token_hex(6)}")
    try:
        with open(staged, "xb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        with suppress(FileNotFoundError):
            shutil.copymode(path, staged)
        os.replace(staged, path)
    finally:
        staged.unlink(missing_ok=True)
