"""The explanation when there is no plan: text for a terminal, `explanation.json` and `explanation.md`."""

from __future__ import annotations

import shlex
from collections.abc import Iterable, Iterator

from qplan.assessment.unstated import unstated_anywhere
from qplan.candidates.reasons import Reason
from qplan.costing.money_text import format_money, round_money
from qplan.explain.findings import CorridorFinding, Explanation, Remedy
from qplan.inventory.model import Inventory
from qplan.inventory.source.messages import counted
from qplan.outputs.text import wording
from qplan.outputs.text.money import left_out_text
from qplan.outputs.text.tables import escape_markdown, one_line
from qplan.outputs.text.verdict import OBJECTIVES
from qplan.outputs.verbs.explain_documents import explanation_document
from qplan.plan.model import InventoryRef


def explanation_files(
    inventory: Inventory, explanation: Explanation, ref: InventoryRef, *, stale_plan: bool = False
) -> dict[str, bytes]:
    """Content of `explanation.json` and `explanation.md`; `stale_plan`: one of another inventory lies beside them."""
    return {
        "explanation.json": explanation_document(inventory, explanation, ref, stale_plan).text().encode(),
        "explanation.md": explanation_markdown(inventory, explanation, wording.variant(ref)).encode(),
    }


def explanation_json(inventory: Inventory, explanation: Explanation, variant: str = "") -> str:
    """What `explanation.json` says, without the record of the files read; the variant stands in no field of it."""
    return explanation_document(inventory, explanation).text()


def explanation_text(inventory: Inventory, explanation: Explanation, variant: str = "") -> str:
    """One block per corridor: its reasons, then what was tried and found to work. `variant`: what was varied."""
    blocks = [[(f"With {variant}: " if variant else "") + _headline(inventory, explanation)]]
    for finding in explanation.corridors:
        blocks.append(
            [
                f"corridors.{finding.corridor} cannot be served",
                *_text_reasons(finding.reasons),
                *_text_remedies(inventory, finding.remedies, "  Tried and found to work:"),
            ]
        )
    if explanation.joint:
        blocks.append(["Together they cannot be served", *_text_reasons(explanation.joint)])
    if explanation.remedies:
        blocks.append(_text_remedies(inventory, explanation.remedies, _joint_title(explanation)))
    blocks += [[f"Note: {note}"] for note in _notes(inventory, explanation)]
    return "\n\n".join("\n".join(one_line(line) for line in block) for block in blocks) + "\n"


def _headline(inventory: Inventory, explanation: Explanation) -> str:
    required = sum(corridor.required for corridor in inventory.corridors.values())
    broken = len(explanation.corridors)
    if explanation.status == "servable":
        return _explain_servable(inventory, required, broken)
    if explanation.status == "unknown":
        return "No plan was found before the search ended."
    if broken:
        return f"No plan: {broken} of {counted(required, 'required corridor')} cannot be served."
    return f"No plan: the {counted(required, 'required corridor')} cannot be served together."


def _notes(inventory: Inventory, explanation: Explanation) -> list[str]:
    """Also the bound, and what the costs of remedies leave out."""
    remedies = [*explanation.remedies, *(each for finding in explanation.corridors for each in finding.remedies)]
    left_out = left_out_text(unstated_anywhere(inventory), " where it is used") if remedies else ""
    return [*explanation.notes, *_bound(inventory, explanation), *([left_out] if left_out else [])]


def _bound(inventory: Inventory, explanation: Explanation) -> Iterator[str]:
    """What no plan goes below, where none was found."""
    if explanation.bound is None:
        return
    method, bound = explanation.bound_method, explanation.bound
    if inventory.objective == "relays":
        yield f"No plan has fewer than {counted(round(bound), 'relay')} (bound by: {method})."
    else:
        least = format_money(bound, inventory.economics.currency)
        measure = OBJECTIVES[inventory.objective].removeprefix("least ")
        yield f"No plan has a {measure} below {least} (bound by: {method})."


def _explain_servable(inventory: Inventory, required: int, broken: int) -> str:
    optional = len(inventory.corridors) - required
    served = f"The {required} required corridors can be served together."
    if required < 2:
        served = "The required corridor can be served." if required else "No corridor is required."
    if not optional:
        return served
    if broken:
        return f"{served} Of {counted(optional, 'optional corridor')}, {broken} cannot be served even alone."
    return f"{served} {'The' if optional == 1 else 'Each'} optional corridor could be served alone."


def _joint_title(explanation: Explanation) -> str:
    return "Tried for all corridors at once and found to work:" if explanation.corridors else "Tried and found to work:"


def _text_reasons(reasons: Iterable[Reason]) -> list[str]:
    return [f"  - {reason.text}" for reason in reasons]


def _text_remedies(inventory: Inventory, remedies: tuple[Remedy, ...], title: str) -> list[str]:
    if not remedies:
        return []
    lines = [title]
    for remedy in remedies:
        lines.append(f"  + {remedy.text}: {_outcome(inventory, remedy)}")
        lines += [f"      --set {shlex.quote(setting)}" for setting in remedy.settings]
    return lines


def _outcome(inventory: Inventory, remedy: Remedy) -> str:
    """What the re-plan came to."""
    plan = "a plan for all" if remedy.scope == "inventory" else "a plan for this corridor alone"
    if remedy.cost is None:
        return f"{plan}, at a cost not worked out in time"
    if remedy.objective == "relays":
        cost = counted(round(remedy.cost), "relay")
    else:
        cost = f"{remedy.objective} {round_money(remedy.cost, inventory.economics.currency)}"
    most = "" if remedy.proven else "at most "
    besides = "" if remedy.cost_known else " without the cost of the new site itself"
    return "; ".join([f"{plan}, {most}{cost}{besides}", *wording.then_broken(remedy.breaks)])


def explanation_markdown(inventory: Inventory, explanation: Explanation, variant: str = "") -> str:
    """The same as Markdown, every text escaped."""
    name = escape_markdown((inventory.metadata.name or "QKD network") + (f" ({variant})" if variant else ""))
    title = f"# {name}" if explanation.status == "servable" else f"# No plan for {name}"
    blocks = [title, escape_markdown(_headline(inventory, explanation))]
    for finding in explanation.corridors:
        blocks += _markdown_finding(inventory, finding)
    if explanation.joint:
        blocks += ["## Together they cannot be served", _markdown_reasons(explanation.joint)]
    if explanation.remedies:
        blocks += _markdown_remedies(inventory, explanation.remedies, f"## {_joint_title(explanation).rstrip(':')}")
    if notes := _notes(inventory, explanation):
        blocks += ["## Notes", "\n".join(f"- {escape_markdown(note)}" for note in notes)]
    return "\n\n".join(blocks) + "\n"


FORMATS = {"text": explanation_text, "json": explanation_json, "markdown": explanation_markdown}


def _markdown_finding(inventory: Inventory, finding: CorridorFinding) -> list[str]:
    return [
        f"## `corridors.{finding.corridor}` cannot be served",
        _markdown_reasons(finding.reasons),
        *_markdown_remedies(inventory, finding.remedies, "### Tried and found to work"),
    ]


def _markdown_reasons(reasons: Iterable[Reason]) -> str:
    return "\n".join(f"- {escape_markdown(reason.text)}" for reason in reasons)


def _markdown_remedies(inventory: Inventory, remedies: tuple[Remedy, ...], title: str) -> list[str]:
    if not remedies:
        return []
    lines = []
    for remedy in remedies:
        lines.append(f"- {escape_markdown(remedy.text)}: {escape_markdown(_outcome(inventory, remedy))}")
        lines += [f"  - `{setting}`" for setting in remedy.settings]
    return [title, "\n".join(lines)]
