"""How a plan fails: drills, the event streams and pictures of them, availability."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from qplan.api.inventories import PathName
from qplan.api.planning import Result
from qplan.errors import Exit, WrongUsage

if TYPE_CHECKING:
    from qplan.assessment.availability.corridors import Availability
    from qplan.assessment.checks import CheckResult
    from qplan.assessment.drills.rehearsal import Rehearsal
    from qplan.plan.model import Plan

Trigger = Literal["exhaustion", "outage"]
Restoration = Literal["planned", "any"]
Stream = Literal["ocsf", "ecs", "cef", "syslog", "json"]
Table = Literal["text", "json", "markdown", "csv"]
Progress = Callable[[str, int, int], bool]
"""Told what is being played, how much of it is done and how much there is; False stops the run."""
LAST_YEAR = 9999


@dataclass(frozen=True)
class Drilled:
    """A plan, and what a run of drills on it came to."""

    plan: Plan
    rehearsal: Rehearsal

    @property
    def exit_code(self) -> Exit:
        """What `qplan drill` ends with."""
        if not self.rehearsal.complete:
            return Exit.LIMIT
        return Exit.DONE if self.rehearsal.ok else Exit.CHECK


@dataclass(frozen=True)
class PlanAvailability:
    """A plan, and how much of the year its corridors have keys."""

    plan: Plan
    found: Availability


def drill(
    result: Result,
    names: Iterable[str] = (),
    *,
    all_single: bool = False,
    all_double: bool = False,
    maintenance: bool = False,
    mttr: bool = False,
    surge: float | None = None,
    autonomy_h: float | None = None,
    without: str | None = None,
    duration_s: float | None = None,
    window_s: float | None = None,
    trigger: Trigger | None = None,
    restoration: Restoration | None = None,
    trace: bool = False,
    progress: Progress | None = None,
) -> Drilled:
    """Play the drills of these names, and those that are asked for beside them; else every drill of the inventory.

    `all_single`, `all_double`: every loss, every pair; `maintenance`: announced outages of `window_s`; `mttr`: outages
    of mean length; `surge`: so many times the demand; losses and surges last `duration_s`. `autonomy_h`: how large key
    stores must be for so many hours `without` the thing at an address. `trigger` and `restoration` replace what the
    drills' policies say. With `trace` pictures can be drawn. Raises WrongUsage, NotPlayable.
    """
    from qplan.assessment.drills.playing import field_of
    from qplan.assessment.drills.rehearsal import DEFAULT, Request, rehearse

    if without is not None and autonomy_h is None:
        raise WrongUsage("what is lost (without) is said of an autonomy in hours")
    request = Request(
        names=tuple(names),
        all_single=all_single,
        all_double=all_double,
        maintenance=maintenance,
        mttr=mttr,
        surge=surge,
        autonomy_h=autonomy_h,
        without=without,
        duration_s=DEFAULT.duration_s if duration_s is None else duration_s,
        window_s=DEFAULT.window_s if window_s is None else window_s,
        trigger=trigger,
        restoration=restoration,
        trace=trace,
    )
    inventory, plan = result.inventory.inventory, _plan(result)
    if request.plays and not request.generates and not inventory.drills:
        options = "--all-single, --all-double, --maintenance or --surge F"
        raise WrongUsage(f"the inventory declares no drills; {options} play some that need not be declared")
    checks = _checks(result)
    if progress is None:
        return Drilled(plan, rehearse(field_of(inventory, plan), request, checks=checks))
    return Drilled(plan, rehearse(field_of(inventory, plan), request, progress, checks))


def _checks(result: Result) -> tuple[CheckResult, ...]:
    """The inventory's checks that are about failure, judged on the plan."""
    from qplan.assessment.drills.metrics import METRICS

    stated = any(check.metric in METRICS for check in result.inventory.inventory.checks.values())
    facts = result.facts if stated else None
    return () if facts is None else tuple(each for each in facts.checks if each.check.metric in METRICS)


def availability(result: Result, *, with_ends: bool = False) -> PlanAvailability:
    """How much of the year each corridor has keys; `with_ends` counts sites and key managers at its own ends too."""
    from qplan.assessment.availability.corridors import assess_availability

    plan = _plan(result)
    return PlanAvailability(plan, assess_availability(result.inventory.inventory, plan, with_ends, any_chain=True))


def render_drills(drilled: Drilled, style: Table = "text", window: int | None = None) -> str:
    """As text for a terminal, JSON for programs, Markdown for a pull request, or a row for each drill and corridor.

    `window`: columns of the terminal that tables of the text are to fit into.
    """
    from qplan.outputs.drills.answers import FORMATS, rehearsal_text

    if style == "text":
        return rehearsal_text(drilled.plan, drilled.rehearsal, window)
    return FORMATS[style](drilled.plan, drilled.rehearsal)


def render_availability(available: PlanAvailability, style: Table = "text", window: int | None = None) -> str:
    """Likewise."""
    from qplan.outputs.drills.availability import FORMATS, availability_text

    if style == "text":
        return availability_text(available.plan, available.found, window)
    return FORMATS[style](available.plan, available.found)


def render_events(drilled: Drilled, stream: Stream, clock: datetime | None = None) -> str:
    """The events of all drills, each from `clock` on, a line an event, every one marked as an exercise.

    Raises WrongUsage where a drill ends after the last year that a date can say.
    """
    from qplan.outputs.drills.events import CLOCK, event_stream
    from qplan.outputs.drills.streams import stream_text

    begins, text = clock or CLOCK, []
    for played in drilled.rehearsal.played:
        if begins.year + played.duration_s / 31_536_000 >= LAST_YEAR:
            raise WrongUsage(f"drill {played.id} ends after the year {LAST_YEAR}, which no event can say")
        text.append(stream_text(stream, event_stream(drilled.plan, played, begins)))
    return "".join(text)


def check_picture(file: PathName) -> None:
    """Refuse, before any work is done, a file that cannot be written. Raises QplanError."""
    from qplan.outputs.folder import check_file_target

    check_file_target(Path(file))


def write_picture(drilled: Drilled, file: PathName) -> None:
    """When each corridor had keys and how full each store was, as SVG, of one drill played with `trace`.

    Raises WrongUsage where it is not one, QplanError.
    """
    from qplan.outputs.drills.timeline import timeline_svg
    from qplan.outputs.folder import write_file

    drills = drilled.rehearsal.played
    if len(drills) != 1:
        raise WrongUsage(f"a picture is of one drill, and {len(drills)} were played: name it")
    write_file(Path(file), timeline_svg(drilled.plan, drills[0]).encode())


def _plan(result: Result) -> Plan:
    """Raises WrongUsage where planning came to no plan."""
    if result.plan is None:
        raise WrongUsage("there is no plan to be drilled")
    return result.plan
