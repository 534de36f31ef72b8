"""What stands above a plan's money: what is quoted of it, what it comes to, what is not known."""

from __future__ import annotations

from dataclasses import dataclass

from qplan.assessment.facts import PlanFacts
from qplan.outputs.text import money, wording
from qplan.outputs.text.tables import escape_markdown, markdown_table, one_line, text_width
from qplan.outputs.text.verdict import money_figures, unserved


@dataclass(frozen=True)
class Head:
    title: str
    warnings: tuple[str, ...]
    figures: tuple[tuple[str, str], ...]


def buyer_warnings(facts: PlanFacts) -> tuple[str, ...]:
    """What a reader of the plan's money must not miss: what is not known, not proven, not in it."""
    decided, unstated = money.decided_text(facts), money.unstated_text(facts)
    found = [f"{decided[:1].upper()}{decided[1:]}."] if decided else []
    found += [unstated] if unstated else []
    found += [f"{wording.proof(facts.plan)}. A better plan may exist."] if facts.plan.status != "optimal" else []
    return (*found, *unserved(facts))


def buyer_figures(facts: PlanFacts) -> tuple[tuple[str, str], ...]:
    """How firm the money is, then how much."""
    return (("Prices", money.firmness_text(facts)), *money_figures(facts))


def head_text(head: Head) -> str:
    """For a terminal, with an empty line at its end."""
    width = max(text_width(label) for label, _ in head.figures)
    blocks = [
        one_line(head.title),
        "\n".join(f"! {one_line(warning)}" for warning in head.warnings),
        "\n".join(f"{label:<{width}}  {one_line(value)}" for label, value in head.figures),
    ]
    return "".join(f"{block}\n\n" for block in blocks if block)


def head_markdown(head: Head) -> str:
    blocks = [f"### {escape_markdown(head.title)}"]
    blocks += ["\n".join(f"- ⚠️ {escape_markdown(warning)}" for warning in head.warnings)] if head.warnings else []
    return "\n\n".join([*blocks, markdown_table(("Figure", "Value"), head.figures)])
