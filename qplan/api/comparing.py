"""Comparisons: two plans, two inventories, a file as it is and as it was at a revision of its git repository."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Literal, Protocol

from qplan.api.inventories import Overrides, PathName, load
from qplan.api.planning import Result, default_folder, load_result
from qplan.errors import Exit, InvalidInput, QplanError, WrongUsage

if TYPE_CHECKING:
    from qplan.comparison.model import Comparison
    from qplan.inventory.reader import Reading
    from qplan.inventory.revision import Revision


STDIN = "-"
ReportStyle = Literal["html", "markdown"]


class NothingToCompare(QplanError):
    """One side has no plan."""

    def __init__(self, message: str, exit_code: Exit) -> None:
        super().__init__(message)
        self.exit_code = exit_code


class Planner(Protocol):
    """Plans an inventory; `what` says which, for who waits."""

    def __call__(self, inventory: Reading, what: str) -> Result: ...


@dataclass(frozen=True)
class Against:
    """A comparison with an earlier revision, and where the two plans come from."""

    comparison: Comparison
    notes: tuple[str, ...]


def compare(before: Result | Reading, after: Result | Reading) -> Comparison:
    """What differs between two plans with their inventories, or between two inventories. Raises WrongUsage."""
    from qplan.comparison import comparing

    if isinstance(before, Result) and isinstance(after, Result):
        if before.facts is None or after.facts is None:
            raise WrongUsage("there is no plan to compare")
        return comparing.compare(before.facts, after.facts)
    if isinstance(before, Result) or isinstance(after, Result):
        raise WrongUsage("one is a plan and the other an inventory: name two plans, or two inventories")
    return _as_declared(comparing.compare_alone(before.inventory, after.inventory), before, after)


def _as_declared(found: Comparison, before: Reading, after: Reading) -> Comparison:
    """With what only files tell: findings that comments suppress, and scenarios."""
    from qplan.comparison.inventories import newly_silenced, with_scenarios

    return replace(
        found,
        inputs=with_scenarios(found.inputs, before.scenarios, after.scenarios, found.renamed),
        silenced=newly_silenced(before.suppressed, after.suppressed),
    )


def compare_against(
    file: PathName,
    revision: str,
    plan: Planner | None,
    *,
    scenario: str | None = None,
    set: Overrides = (),
    demand_factor: float | None = None,
) -> Against:
    """An inventory as it is and as it was at a revision of its git repository, with its includes.

    Each side's plan is the one in the folder that `optimize` writes by default, as it is or as it was committed, where
    that is of this very inventory and holds; else it is planned by `plan`. Without a `plan` the inventories alone are
    compared. Where the file was not there, everything is new. Raises WrongUsage (no such revision), InvalidInput,
    QplanError (no git, no repository, no plan for one side).
    """
    from qplan.comparison import comparing

    path = Path(file)
    if str(path) == STDIN:
        raise WrongUsage("standard input has no earlier revision: name a file of a git repository")
    after = load(path, scenario=scenario, set=set, demand_factor=demand_factor)
    with _as_it_was(path, revision) as (at, former, there):
        if former is None:
            before, notes = None, [f"{path.name} was not there at {revision}: everything is new."]
        else:
            with _told_of(revision, there):
                before, notes = load(former, scenario=scenario, set=set, demand_factor=demand_factor), []
        if plan is None:
            new = comparing.compare_new(after.inventory) if before is None else compare(before, after)
            return Against(new, tuple(notes))
        new_plan = _planned(after, _committed(path, after), plan, "as it is", notes)
        if before is None or former is None:
            assert new_plan.facts is not None, "_planned sees to it"
            return Against(comparing.compare_with_nothing(new_plan.facts), tuple(notes))
        committed = _committed(former, before, at, there)
        old_plan = _planned(before, committed, plan, f"at {revision}", notes)
        return Against(_as_declared(compare(old_plan, new_plan), before, after), tuple(notes))


def report(result: Result, style: ReportStyle, compare_to: Result | None = None) -> str:
    """The report of a plan: a page, or Markdown, which with another plan to compare with is the comment for a pull
    request; both then show first what changed. Raises WrongUsage."""
    from qplan.outputs.report.markdown import report_markdown
    from qplan.outputs.report.report import document_html, report_document, report_html, svg_of
    from qplan.outputs.review.comment import review_markdown
    from qplan.outputs.review.picture import change_diagram, not_drawn
    from qplan.outputs.review.section import change_section

    if result.facts is None:
        raise WrongUsage("there is no plan to report")
    if compare_to is None:
        return report_markdown(result.facts) if style == "markdown" else report_html(result.facts)
    comparison = compare(compare_to, result)
    if style == "markdown":
        return review_markdown(comparison, report_document(result.facts).sections)
    section, change = change_section(comparison), comparison.plan
    if change is None or not change.changes:
        return report_html(result.facts, (section,))
    drawn = change_diagram(change)
    marked = replace(section, points=(*section.points, *not_drawn(change, drawn)), pictures=(svg_of(drawn),))
    return document_html(report_document(result.facts, (marked,)))


@contextmanager
def _as_it_was(file: Path, name: str) -> Iterator[tuple[Revision, Path | None, Path]]:
    """The revision, the inventory's place in a folder of its own (None: there was none), and that folder."""
    from qplan.inventory.revision import export, revision_of

    at, path = revision_of(file, name)
    with tempfile.TemporaryDirectory(prefix="qplan-") as folder:
        there = Path(folder).resolve()
        yield at, export(at, at.former_path(path), there), there


@contextmanager
def _told_of(revision: str, folder: Path) -> Iterator[None]:
    """Findings name files by revision and path, as git does: `HEAD~1:sites.yaml`."""
    prefix = f"{folder.as_posix()}/"

    def told(name: str) -> str:
        return name.replace(prefix, f"{revision}:")

    try:
        yield
    except InvalidInput as error:
        found, suppressed = (
            tuple(replace(x, file=told(x.file), message=told(x.message), hint=told(x.hint)) for x in items)
            for items in (error.diagnostics, error.suppressed)
        )
        sources = {told(name): text for name, text in error.sources.items()}
        raise InvalidInput(found, sources, suppressed) from error


def _committed(file: Path, inventory: Reading, at: Revision | None = None, there: Path | None = None) -> Result | None:
    """The plan in the folder that `optimize` writes by default, where it is of this inventory and holds."""
    from qplan.inventory.revision import export_plan
    from qplan.plan.reader import INVENTORY_FILE, PLAN_FILE

    folder = default_folder(file, inventory)
    if at is not None and there is not None:
        export_plan(at, folder.relative_to(there).as_posix(), there, (PLAN_FILE, INVENTORY_FILE))
    if not (folder / PLAN_FILE).is_file():
        return None
    try:
        result = load_result(folder)
    except QplanError:  # half a merge, of another version, edited: it is planned anew
        return None
    fits = result.inventory.effective_sha256 == inventory.effective_sha256
    return replace(result, inventory=inventory) if fits else None


def _planned(inventory: Reading, committed: Result | None, plan: Planner, what: str, notes: list[str]) -> Result:
    if committed is not None:
        notes.append(f"{what[0].upper()}{what[1:]}: the plan in its folder, which is of this inventory and holds.")
        return committed
    result = plan(inventory, what)
    if result.plan is None:
        raise NothingToCompare(
            f"the inventory {what} has no plan ({result.status}): `qplan optimize` says why; --no-plan compares the "
            "inventories alone",
            result.exit_code,
        )
    notes.append(f"{what[0].upper()}{what[1:]}: planned now, since no plan of this inventory is in its folder.")
    return result
