"""The rules as a table, and one rule explained, as text; both for programs."""

from __future__ import annotations

import textwrap
from collections.abc import Iterable

from qplan.inventory.explanations import explanations
from qplan.inventory.rules import RULES
from qplan.inventory.source.suppressions import MARK, SUPPRESSIBLE
from qplan.outputs.verbs.documents import Document, Printed

WIDTH = 100
FAMILIES = {
    "QP0": "file and YAML",
    "QP1": "schema",
    "QP2": "references",
    "QP3": "physics",
    "QP4": "corridors",
    "QP5": "cost",
    "QP6": "imports",
    "QP7": "offers and existing plant",
    "QP8": "drills, key stores and reliability",
    "QP9": "plans",
}


class RuleRecord(Document):
    """A rule, what it means, and an example with the finding and without."""

    code: str
    severity: str
    """error | warning"""
    title: str
    suppressible: bool
    """By a comment in the line."""
    meaning: str
    before: str
    after: str
    options: tuple[str, ...]
    """With which the examples are read."""


class RulesDocument(Printed):
    """What `qplan rules --format json` prints: all rules, or the one that is asked for."""

    rules: tuple[RuleRecord, ...]


def rules_json(codes: Iterable[str]) -> str:
    """The rules, by code."""
    explained = explanations()
    records = (
        RuleRecord(
            code=code,
            severity=RULES[code].severity,
            title=RULES[code].title,
            suppressible=code in SUPPRESSIBLE,
            meaning=explained[code].text,
            before=explained[code].before,
            after=explained[code].after,
            options=explained[code].options,
        )
        for code in sorted(codes)
    )
    return RulesDocument(rules=tuple(records)).text()


def rules_table() -> str:
    """Every code with severity and title, by family."""
    lines = []
    for family, name in FAMILIES.items():
        lines.append(f"{family}xx {name}")
        lines += [f"  {code}  {r.severity:7}  {r.title}" for code, r in RULES.items() if code.startswith(family)]
    return "\n".join([*lines, "", "`qplan rules CODE` explains one with an example."]) + "\n"


def rule_text(code: str) -> str:
    """Title, explanation, and the example before and after."""
    rule, explained = RULES[code], explanations()[code]
    parts = [f"{code} ({rule.severity}): {rule.title}", textwrap.fill(explained.text, WIDTH, break_on_hyphens=False)]
    called = f", read with {' '.join(explained.options)}" if explained.options else ""
    parts += [f"For example{called}:\n\n{textwrap.indent(explained.before, '    ').rstrip()}"]
    parts += [f"Better:\n\n{textwrap.indent(explained.after, '    ').rstrip()}"] if explained.after else []
    if code in SUPPRESSIBLE:
        parts.append(f"Where it is meant so: `# {MARK}: {code} the reason` in the line, or alone in the line above.")
    return "\n\n".join(parts) + "\n"
