"""Findings as text for people: place, sentence, the source line and a caret under what is meant."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Mapping

from qplan.errors import Diagnostic
from qplan.inventory.source.messages import counted
from qplan.inventory.source.suppressions import LINE_ENDS

WIDEST_LINE = 160
MANY_ALIKE, FIRST = 5, 3  # of more alike than this, so many are shown whole
MOST_OF_A_RULE = 30
MOST_PLACES = 5
INDEX = re.compile(r"\[[0-9]+\]")


def render(
    diagnostics: Iterable[Diagnostic], sources: Mapping[str, str], suppressed: int = 0, errors_not_shown: int = 0
) -> str:
    """The findings with their source lines, then how many there are; empty where there is nothing to be said.

    Of many that are alike the first few stand for all. `sources` is the text of the files by the name that the findings
    give them.
    """
    findings = list(diagnostics)
    if not (findings or suppressed or errors_not_shown):
        return ""
    named = {item.file for item in findings}
    lines = {file: LINE_ENDS.split(text) for file, text in sources.items() if file in named}
    shown, others = _first_few(findings)
    blocks = [_block(item, lines.get(item.file, [])) for item in shown]
    return "".join([*blocks, *map(_rest, others), _last_line(findings, suppressed, errors_not_shown)])


def _first_few(findings: list[Diagnostic]) -> tuple[list[Diagnostic], list[list[Diagnostic]]]:
    """The findings that are shown whole, in their order, and the others in groups of one rule."""
    alike = Counter(map(_kind, findings))
    shown: list[Diagnostic] = []
    others: dict[tuple[str, ...], list[Diagnostic]] = {}
    seen: Counter[tuple[str, ...]] = Counter()
    for item in findings:
        kind, rule = _kind(item), (item.code,)
        enough = alike[kind] > MANY_ALIKE and seen[kind] >= FIRST
        group = kind if enough else rule if seen[rule] >= MOST_OF_A_RULE else ()
        if group:
            others.setdefault(group, []).append(item)
        else:
            shown.append(item)
            seen[rule] += 1
        seen[kind] += 1
    return shown, list(others.values())


def _kind(item: Diagnostic) -> tuple[str, ...]:
    """What two findings have in common that one mistake may have made: rule, section and key, whatever the ids."""
    section, *inner = INDEX.sub("", item.address).split(".")
    return item.code, item.severity, section, *inner[2 if section == "equipment" else 1 :]


def _rest(group: list[Diagnostic]) -> str:
    """`… and 749 more warnings[QP305], in sites.yaml:16, 17, 18, 19, 20 …`."""
    places = list(dict.fromkeys((item.file, item.line) for item in group))
    told = [
        f"{file}:{line}" if line and file != before else str(line) if line else file
        for (before, _), (file, line) in zip([("", 0), *places], places[:MOST_PLACES], strict=False)
    ]
    noun = f"{group[0].severity}{'s' * (len(group) > 1)}[{group[0].code}]"
    return f"… and {len(group)} more {noun}, in {', '.join(told)}{' …' * (len(places) > MOST_PLACES)}\n"


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
