"""What is said of plans side by side, in sentences: verdicts, then what a reader needs to reconcile the figures."""

from __future__ import annotations

from collections.abc import Iterator

from qplan.comparison.columns import SideBySide
from qplan.outputs.compare.rows import verdicts
from qplan.outputs.text import wording
from qplan.outputs.text.money import unstated_text

FINDINGS_SHOWN = 8
PROOFS = (
    "Proven optimal: no plan is better. Proven within a share: none is better by more than that; the search ended "
    "there, for it is within the gap asked for (--gap 0 asks for the whole proof)."
)


def said(table: SideBySide) -> tuple[str, ...]:
    """Every verdict, then every remark."""
    return (*verdicts(table), *_counted_as_0(table), *_findings(table), *_proofs(table))


def _counted_as_0(table: SideBySide) -> Iterator[str]:
    """What makes amounts `at least` so much, and in which of the plans."""
    where: dict[str, list[str]] = {}
    for column in table.columns:
        if column.facts is not None and column.facts.unstated:
            where.setdefault(unstated_text(column.facts), []).append(column.id)
    yield from (f"{wording.listed(names)}: {text}" for text, names in where.items())


def _findings(table: SideBySide) -> Iterator[str]:
    """Warnings about the inventory that touch some of the plans and not all."""
    planned = [column for column in table.columns if column.facts is not None]
    where: dict[tuple[str, str], list[str]] = {}
    for column in planned:
        for finding in dict.fromkeys(column.facts.plan.findings if column.facts else ()):
            where.setdefault((finding.code, finding.text), []).append(column.id)
    apart = [(key, names) for key, names in sorted(where.items()) if len(names) < len(planned)]
    for (code, text), names in apart[:FINDINGS_SHOWN]:
        yield f"{wording.listed(names)}: {code}: {text}."
    if apart[FINDINGS_SHOWN:]:
        yield f"Warnings that touch some of the plans only, besides these: {len(apart) - FINDINGS_SHOWN}."


def _proofs(table: SideBySide) -> Iterator[str]:
    """Why proofs differ, where some columns are proven to the end and others within the gap."""
    plans = [column.facts.plan for column in table.columns if column.facts is not None]
    if len({(plan.objective.gap or 0.0) > 0 for plan in plans if plan.status == "optimal"}) > 1:
        yield PROOFS
