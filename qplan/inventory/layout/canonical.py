"""A file in its layout: bytes in, bytes out, and proof that nothing but the layout differs."""

from __future__ import annotations

from collections.abc import Iterator

import yaml

from qplan.errors import Exit, InvalidInput, QplanError
from qplan.inventory.layout.gaps import gap_between
from qplan.inventory.layout.printer import CannotLayOut, lay_out
from qplan.inventory.source.surrogates import hide_pairs, show_in_text
from qplan.inventory.source.yaml_source import UNREADABLE, parse_yaml

BOM = "\ufeff"


class NoLayout(QplanError):
    """The file is YAML, but has no layout that says the same."""

    exit_code = Exit.INVALID


def canonical(file: str, data: bytes) -> bytes:
    """The file in its layout; a byte order mark and the kind of line ends stay. `file` is the name findings give it.

    Raises InvalidInput where the file is no YAML that qplan reads, NoLayout where fmt must leave it as it is.
    """
    parsed = parse_yaml(file, data)
    misread = [item for item in parsed.findings if item.code == "QP103"]  # a decimal comma, which a layout would hide
    if parsed.value is UNREADABLE or misread:
        raise InvalidInput(tuple(misread or parsed.findings), {file: parsed.text})
    hidden = hide_pairs(parsed.text)
    text = (hidden.text if hidden else parsed.text).replace("\r\n", "\n").replace("\r", "\n")
    try:
        laid_out = lay_out(text)
    except CannotLayOut as error:
        raise NoLayout(f"{file}:{error.line}: fmt has no layout for {error}; the file is left as it is") from error
    if _said(laid_out) != _said(text) or _comments(laid_out) != _comments(text):
        hint = "are there line ends like U+0085 or U+2028 in a text?"  # no other way to come here is known
        raise NoLayout(f"{file}: fmt would change what the file says, and leaves it as it is; {hint}")
    laid_out = show_in_text(laid_out, hidden) if hidden else laid_out
    first_line = parsed.text[: parsed.text.find("\n") + 1]
    ends = laid_out.replace("\n", "\r\n") if first_line.endswith("\r\n") else laid_out
    mark = BOM if data.startswith(BOM.encode()) else ""
    return (mark + ends).encode()


def _said(text: str) -> list[tuple[object, ...]] | None:
    """Everything that any reader can learn from a YAML text but comments and places; None where it is none."""
    try:
        return [
            (type(event), *(getattr(event, name, None) for name in ("anchor", "tag", "implicit", "value")))
            for event in yaml.parse(text, Loader=yaml.CSafeLoader)
        ]
    except yaml.YAMLError:
        return None


def _comments(text: str) -> list[tuple[int, bool, str]]:
    """Every comment with its place: how many scalars and aliases stand before it, and whether it stands beside one."""
    return list(_comments_in(text))


def _comments_in(text: str) -> Iterator[tuple[int, bool, str]]:
    position = before = 0
    for token in yaml.scan(text, Loader=yaml.CSafeLoader):
        gap = gap_between(text, position, token.start_mark.index)
        for comment in gap.comments:
            yield before, comment is gap.beside, comment.text
        position = token.end_mark.index
        before += isinstance(token, (yaml.ScalarToken, yaml.AliasToken))
