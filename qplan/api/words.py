"""What is printed: every value that a verb comes to, as text, JSON, Markdown or what a pipeline reads."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from qplan.api.planning import Result
from qplan.api.questions import Candidates, Statement
from qplan.errors import Diagnostic, InvalidInput

if TYPE_CHECKING:
    from qplan.comparison.model import Comparison
    from qplan.inventory.reader import Reading
    from qplan.inventory.validation import Report
    from qplan.outputs.verbs.plan_view import PlanView
    from qplan.outputs.verbs.progress import Progress
    from qplan.outputs.verbs.show import Screen
    from qplan.outputs.verbs.verification import Verification

Style = Literal["text", "json", "markdown"]
Severity = Literal["error", "warning"]
VerifyStyle = Literal["text", "json", "markdown", "sarif", "github", "junit", "codequality"]
DiffStyle = Literal["text", "json", "markdown", "gitlab-terraform"]
CandidatesStyle = Literal["text", "csv", "json"]
ShowStyle = Literal["text", "json"]
FindingsStyle = Literal["text", "json", "sarif", "github", "junit", "codequality"]


def render(
    value: Result | Statement | Verification | Comparison, style: Style = "text", window: int | None = None
) -> str:
    """A value as text for a terminal, JSON for programs, or Markdown for a pull request.

    `window`: columns of the terminal that tables of the text are to fit into.
    """
    from qplan.comparison.model import Comparison
    from qplan.outputs.verbs import verification

    if isinstance(value, Result):
        return _result(value, style, window)
    if isinstance(value, Comparison):
        return render_comparison(value, style, window)
    if isinstance(value, Statement):
        return _statement(value, style)
    return verification.FORMATS[style](value)


def _result(result: Result, style: Style, window: int | None) -> str:
    from qplan.outputs.text import summary, wording
    from qplan.outputs.verbs import explanation
    from qplan.plan.model import reference

    if result.facts is not None and style == "text":
        return summary.summary_text(result.facts, window)
    if result.facts is not None:
        return summary.FORMATS[style](result.facts)
    read, explained = result.inventory, result.explanation
    if explained is None:
        return ""
    return explanation.FORMATS[style](read.inventory, explained, wording.variant(reference(read)))


def _statement(said: Statement, style: Style) -> str:
    from qplan.explain.about.questions import Overview
    from qplan.explain.findings import Explanation
    from qplan.outputs.text import wording
    from qplan.outputs.verbs import answer, explanation

    if isinstance(said.answer, Explanation):
        return explanation.FORMATS[style](said.inventory, said.answer, wording.variant(said.ref))
    assert said.plan is not None, "what is said of a plan comes with it"
    if isinstance(said.answer, Overview):
        return answer.OVERVIEWS[style](said.inventory, said.plan, said.answer)
    return answer.FORMATS[style](said.inventory, said.plan, said.answer)


def render_verification(found: Verification, style: VerifyStyle = "text") -> str:
    """Whether a plan holds and keeps the checks; for pipelines with what is not kept at its line."""
    from qplan.outputs.verbs import verification, verification_formats

    if style == "text" or style == "json" or style == "markdown":
        return verification.FORMATS[style](found)
    if style == "junit":
        return verification_formats.junit(found)
    return render_findings(verification_formats.as_report(found), style)


def render_comparison(comparison: Comparison, style: DiffStyle = "text", window: int | None = None) -> str:
    """What differs: one screen, JSON, the comment for a pull request, or the counts that GitLab's widget takes."""
    if style == "text":
        from qplan.outputs.review import text

        return text.comparison_text(comparison, window or text.WIDTH)
    if style == "markdown":
        from qplan.outputs.review.comment import review_markdown

        return review_markdown(comparison)
    from qplan.outputs.review import document

    return document.comparison_json(comparison) if style == "json" else document.comparison_gitlab(comparison)


def render_candidates(value: Candidates, style: CandidatesStyle = "text", width: int | None = None) -> str:
    """What could be built: for a terminal of some width, as CSV, or as JSON."""
    from qplan.outputs.verbs import candidates, candidates_text

    if style == "text":
        return candidates_text.candidates_text(value.inventory, value.found, value.note, width)
    if style == "csv":
        return candidates.candidates_csv(value.inventory, value.found)
    return candidates.candidates_json(value.inventory, value.found, value.note)


def render_view(view: PlanView, style: ShowStyle = "text", screen: Screen | None = None) -> str:
    """A plan at a glance: for a screen, or as JSON."""
    from qplan.outputs.verbs import plan_view, show

    if style == "json":
        return plan_view.show_json(view)
    return show.show_text(view, screen or show.Screen())


def make_screen(width: int | None, *, colour: bool, unicode: bool) -> Screen:
    """What a text is made for: columns (None: as many as it takes), colours, characters beyond ASCII."""
    from qplan.outputs.verbs.show import Screen

    return Screen(width, colour, unicode)


def render_findings(report: Report, style: FindingsStyle = "text") -> str:
    """Findings for a terminal, a program, code scanning, annotations, a test report or a code quality report."""
    from qplan.outputs.verbs import findings, findings_sarif

    formats = {
        "text": findings.text,
        "json": findings.as_json,
        "sarif": findings_sarif.sarif,
        "github": findings.github,
        "junit": findings.junit,
        "codequality": findings.code_quality,
    }
    return formats[style](report)


def render_warnings(read: Reading) -> str:
    """The warnings about an inventory with their lines; empty where there are none."""
    return _shown(read.warnings, read.sources, len(read.suppressed)) if read.warnings else ""


def printable(text: str) -> str:
    """One line that a terminal shows as it is."""
    from qplan.inventory import rules

    return rules.printable(text)


def render_error(error: Exception) -> str:
    """What went wrong: findings with their lines, or one message; nothing in it that a terminal would act on."""
    if isinstance(error, InvalidInput):
        return _shown(error.diagnostics, error.sources, len(error.suppressed))
    return "error: " + "\n".join(map(printable, str(error).split("\n"))) + "\n"


def _shown(diagnostics: Iterable[Diagnostic], sources: Mapping[str, str], suppressed: int) -> str:
    from qplan.inventory.source.rendering import render

    return render(diagnostics, sources, suppressed)


def render_failed_checks(result: Result, least: Severity = "warning") -> str:
    """The inventory's checks that a plan exceeds, a line each: all, or the errors alone."""
    from qplan.outputs.verbs.progress import failed_check

    failed = [check for check in result.failed_checks if least in ("warning", check.check.severity)]
    return "".join(failed_check(check) for check in failed)


def render_ending(result: Result, folder: Path) -> str:
    """What to ask next, and where everything is that was written."""
    from qplan.outputs.verbs.ending import explanation_ending, plan_ending
    from qplan.plan.model import reference
    from qplan.plan.reader import earlier_plan

    if result.facts is not None:
        return plan_ending(result.facts, folder)
    return explanation_ending(folder, earlier_plan(folder), reference(result.inventory))


def render_progress(progress: Progress, inventory: Reading) -> str:
    """Where the search stands, in one line, with amounts in the inventory's currency."""
    from qplan.outputs.verbs.progress import progress_line

    return progress_line(progress, inventory.inventory.economics.currency)


def render_search(result: Result) -> str:
    """What was solved and how it ended, for who wants to know (`-v`)."""
    from qplan.outputs.verbs.progress import search_lines

    return "" if result.outcome is None else search_lines(result.outcome)


def did_you_mean(word: str, known: Iterable[str]) -> str:
    """A question with what may have been meant; empty where nothing is near."""
    from qplan.inventory.source import messages

    return messages.did_you_mean(word, known)
