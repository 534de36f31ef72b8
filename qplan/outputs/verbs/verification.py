"""What `qplan verify` says: does the plan hold, and where not; as text, Markdown and JSON."""

from __future__ import annotations

import shlex
from collections.abc import Sequence
from dataclasses import dataclass

from qplan.errors import Exit
from qplan.explain.findings import write_setting
from qplan.inventory.reader import Reading
from qplan.inventory.source.messages import counted
from qplan.outputs.text.tables import escape_markdown, markdown_table, one_line
from qplan.outputs.verbs.documents import BrokenRule, VerificationDocument
from qplan.plan.model import InventoryRef, Plan
from qplan.plan.verify.verifier import verify
from qplan.plan.verify.violation import Violation

EDITED = (
    "The inventory is not the one that it was made from: whether it is still the best, only planning anew can tell."
)


@dataclass(frozen=True)
class Verification:
    """What a plan breaks, and whether the inventory is another than the one that the plan was made from."""

    violations: tuple[Violation, ...]
    edited: bool
    made_with: tuple[str, ...] = ()
    """The scenario and the overrides of the plan, as options, where they were not given."""

    @property
    def holds(self) -> bool:
        return not self.violations

    @property
    def exit_code(self) -> Exit:
        """What `qplan verify` ends with."""
        return Exit.DONE if self.holds else Exit.CHECK


def verification(reading: Reading, plan: Plan) -> Verification:
    """The plan held against an inventory, which may be another than its own."""
    edited = reading.effective_sha256 != plan.inventory.effective_sha256
    options = made_with(plan.inventory) if edited and reading.scenario is None and not reading.set else ()
    return Verification(verify(reading.inventory, plan), edited, options)


def verification_text(found: Verification) -> str:
    return "\n".join([*(violation.text() for violation in found.violations), *_verdict(found)]) + "\n"


def verification_markdown(found: Verification) -> str:
    rows = [(v.address, v.rule, v.found, v.limit) for v in found.violations]
    table = [markdown_table(("Where", "Rule", "Found", "Expected"), rows).rstrip()] if rows else []
    return "\n\n".join([" ".join(map(escape_markdown, _verdict(found))), *table]) + "\n"


def verification_json(found: Verification) -> str:
    return VerificationDocument(
        holds=found.holds,
        only_figures_differ=bool(found.violations) and only_figures(found.violations),
        inventory_edited=found.edited,
        violations=tuple(
            BrokenRule(rule=each.rule, address=each.address, found=each.found, expected=each.limit)
            for each in found.violations
        ),
    ).text()


FORMATS = {"text": verification_text, "json": verification_json, "markdown": verification_markdown}


def made_with(ref: InventoryRef) -> tuple[str, ...]:
    """The options that the plan was made with."""
    scenario = ("--scenario", ref.scenario) if ref.scenario else ()
    return (
        *scenario,
        *(word for address, value in ref.set.items() for word in ("--set", shlex.quote(write_setting(address, value)))),
    )


def only_figures(violations: Sequence[Violation]) -> bool:
    """Everything that the plan builds keeps all rules; it is the figures stated that are out of date."""
    return all(violation.rule.endswith("-value") for violation in violations)


def _verdict(found: Verification) -> list[str]:
    made_with = [f"It was made with {one_line(' '.join(found.made_with))}."] if found.made_with else []
    if found.holds:
        return ["The plan holds.", *([EDITED] if found.edited else []), *made_with]
    count = len(found.violations)
    if only_figures(found.violations):
        figures = f"{counted(count, 'figure')} {'differs' if count == 1 else 'differ'}"
        verdict = f"The plan does not hold: {figures}. What it builds still keeps every rule and limit."
    else:
        verdict = f"The plan does not hold: {counted(count, 'rule')} broken."
    return [verdict, *made_with]
