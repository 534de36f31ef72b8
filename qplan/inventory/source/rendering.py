"""Findings as text for people: place, sentence, the source line and a caret under what is meant."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from qplan.errors import Diagnostic
from qplan.inventory.source.messages import counted
from qplan.inventory.source.suppressions import LINE_ENDS

WIDEST_LINE = 160


def render(
    diagnostics: Iterable[Diagnostic], sources: Mapping[str, str], suppressed: int = 0, errors_not_shown: int = 0
) -> str:
    """Every finding with its source line, then how many there are; empty where there is nothing to be said.

    `sources` is the text of the files by the name that the findings give them.
    """
    findings = list(diagnostics)
    if not (findings or suppressed or errors_not_shown):
        return ""
    named = {item.file for item in findings}
    lines = {file: LINE_ENDS.split(text) for file, text in sources.items() if file in named}
    blocks = [_block(item, lines.get(item.file, [])) for item in findings]
    return "".join([*blocks, _last_line(findings, suppressed, errors_not_shown)])


def _last_line(findings: list[Diagnostic], suppressed: int, errors_not_shown: int) -> str:
    """``Found 1 error, 2 warnings (1 suppressed). `qplan rules QP102` explains.``"""
    severities = [item.severity for item in findings]
    counts = [counted(severities.count(name), name) for name in ("error", "warning") if name in severities]
    aside = [f"{suppressed} suppressed"] if suppressed else []
    aside += [f"{counted(errors_not_shown, 'error')} not shown"] if errors_not_shown else []
    found = f"Found {', '.join(counts) or 'nothing'}" + (f" ({', '.join(aside)})" if aside else "") + "."
    if findings:
        code = next((item.code for item in findings if item.severity == "error"), findings[0].code)
        found += f" `qplan rules {code}` explains."
    return found + "\n"


def _block(item: Diagnostic, lines: list[str]) -> str:
    if not 0 < item.line <= len(lines):
        return f"{item.text()}\n"
    line = lines[item.line - 1]
    start = max(0, item.column - 1 - WIDEST_LINE // 2) if len(line) > WIDEST_LINE else 0
    part = line[start : start + WIDEST_LINE]
    shown = "".join(c if c.isprintable() else " " if c == "\t" else "�" for c in part).rstrip()
    offset = item.column - 1 - start
    width = max(1, min(item.end_column - item.column, WIDEST_LINE - offset))
    return f"{item.text()}\n{item.line:>5} | {shown}\n      | {' ' * offset}{'^' * width}\n"
