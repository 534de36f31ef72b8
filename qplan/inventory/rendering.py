"""Findings as text for people: place, sentence, the source line and a caret under what is meant."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping

from qplan.errors import Diagnostic

WIDEST_LINE = 160
LINE_ENDS = re.compile("\r\n|[\n\r\x85\u2028\u2029]")  # as libyaml counts lines


def render(diagnostics: Iterable[Diagnostic], sources: Mapping[str, str]) -> str:
    """Every finding with its source line, then how many there are; empty where there are none.

    `sources` is the text of the files by the name that the findings give them.
    """
    findings = list(diagnostics)
    if not findings:
        return ""
    named = {item.file for item in findings}
    lines = {file: LINE_ENDS.split(text) for file, text in sources.items() if file in named}
    return "".join(_block(item, lines.get(item.file, [])) for item in findings) + summary(findings) + "\n"


def summary(diagnostics: Iterable[Diagnostic]) -> str:
    """`Found 1 error, 2 warnings.`"""
    severities = [item.severity for item in diagnostics]
    counts = [(severities.count(name), name) for name in ("error", "warning")]
    return f"Found {', '.join(f'{n} {name}' + 's' * (n != 1) for n, name in counts if n) or 'nothing'}."


def _block(item: Diagnostic, lines: list[str]) -> str:
    if not 0 < item.line <= len(lines):
        return f"{item.text()}\n"
    start = max(0, item.column - 1 - WIDEST_LINE // 2) if len(lines[item.line - 1]) > WIDEST_LINE else 0
    source = "".join(c if c.isprintable() else " " if c == "\t" else "�" for c in lines[item.line - 1])
    shown = source[start : start + WIDEST_LINE].rstrip()
    offset = item.column - 1 - start
    width = max(1, min(item.end_column - item.column, WIDEST_LINE - offset))
    return f"{item.text()}\n{item.line:>5} | {shown}\n      | {' ' * offset}{'^' * width}\n"
