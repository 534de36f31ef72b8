"""What is said of a search beside the summary: where it stands, what was solved, which checks the plan exceeds."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from qplan.assessment.checks import CheckResult
from qplan.inventory.rules import printable
from qplan.optimizer.limits import Sighting, gap
from qplan.outputs.text.checks import breach

if TYPE_CHECKING:
    from qplan.optimizer.planner import Result

Phase = Literal["first plan", "improving", "proving", "looking for reasons"]
MONEY = ("tco", "capex")
PRIORITY = "priority"


@dataclass(frozen=True)
class Progress:
    """Where the search for a plan stands; None while nothing is known."""

    phase: Phase
    measure: str
    """What `best` and `bound` are amounts of: priority of optional corridors served (settled first, and no plan has
    more than the bound), changes, relays, tco or capex."""
    best: float | None
    bound: float | None
    gap: float | None


def progress(sighting: Sighting) -> Progress:
    """A sighting in the user's words."""
    measure, _, method = sighting.phase.partition(", ")
    best, bound = sighting.value, sighting.bound
    phase: Phase = "first plan" if best is None else "improving" if method == "local search" else "proving"
    share = None if best is None or bound is None else max(0.0, gap(best, bound))
    if measure == PRIORITY:
        best, bound = _served(best), _served(bound)
    return Progress(phase, measure, best, bound, share)


def _served(lost: float | None) -> float | None:
    """The search minimises minus the priority served."""
    return None if lost is None else 0.0 - lost


def progress_line(progress: Progress, currency: str) -> str:
    """`proving: best CHF 3 410 235, bound CHF 3 400 000, gap CHF 10 235 (0.30 %)`."""
    if progress.phase == "looking for reasons":
        return "no plan: looking for reasons …"
    best, bound, share = progress.best, progress.bound, progress.gap
    if progress.measure == PRIORITY:
        return f"{progress.phase} (priority served): best {figure(best)}, at most {figure(bound)}"
    unit, aim = (f"{currency} ", "") if progress.measure in MONEY else ("", f" ({progress.measure})")
    left = "–"
    if best is not None and bound is not None and share is not None:
        left = f"{_amount(max(0.0, best - bound), unit)} ({100 * share:.2f} %)"
    return f"{progress.phase}{aim}: best {_amount(best, unit)}, bound {_amount(bound, unit)}, gap {left}"


def _amount(value: float | None, unit: str) -> str:
    return "–" if value is None else unit + figure(value)


def failed_check(result: CheckResult) -> str:
    """One line."""
    check = result.check
    message = f": {printable(check.message)}" if check.message else ""
    return f"check {result.id}: {check.severity}: {breach(result)}{message}\n"


def search_lines(result: Result) -> str:
    """What the graph proved, how much was looked at, and how the search ended."""
    search, candidates = result.search, result.candidates
    proved = search.precheck.texts() or ["nothing stands in the way of any corridor"]
    lines = [f"precheck: {text}" for text in proved]
    lines.append(
        f"{len(candidates.links)} candidate links, {len(candidates.refusals)} refused on single fibres; "
        f"{search.status} by {search.method or 'the search without the solver'}, stopped by {search.stopped_by}, "
        f"value {figure(search.value)}, bound {figure(search.bound)}"
    )
    return "".join(f"{line}\n" for line in lines)


def figure(value: float | None) -> str:
    """An amount in thousands; a dash where none is known."""
    return "–" if value is None else f"{value:,.0f}".replace(",", " ")
