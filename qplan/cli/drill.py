"""`qplan drill`."""

from __future__ import annotations

import sys
import threading
import time
from datetime import UTC, datetime
from pathlib import Path

import click

from qplan.assessment.drills.generated import WINDOW_S
from qplan.assessment.drills.playing import field_of
from qplan.assessment.drills.rehearsal import LASTS_S, Progress, Rehearsal, Request, rehearse
from qplan.cli.common import ANY_PATH, held_plan
from qplan.cli.terminal import draw_line, finite, stop_on_signals
from qplan.errors import Exit
from qplan.outputs.drills.answers import FORMATS
from qplan.outputs.drills.events import CLOCK, event_stream
from qplan.outputs.drills.streams import STREAMS, stream_text
from qplan.outputs.drills.timeline import timeline_svg
from qplan.outputs.folder import check_file_target, write_file
from qplan.plan.model import Plan

INTERVAL_S = 0.2
LAST_YEAR = 9999


def above_zero(text: str | float) -> float:
    """The type of an option: a finite number that is not 0."""
    return finite(text, 1e-6, 1e10)


def moment(text: str | datetime) -> datetime:
    """The type of an option: a time in ISO 8601, UTC where it states no offset. Raises click's BadParameter."""
    try:
        stated = text if isinstance(text, datetime) else datetime.fromisoformat(text)
        return (stated if stated.tzinfo else stated.replace(tzinfo=UTC)).astimezone(UTC)
    except (ValueError, OverflowError) as error:
        raise click.BadParameter(f"{text!r} is not a time such as 2027-03-01T02:00:00Z") from error


@click.command("drill")
@click.argument("plan", type=ANY_PATH)
@click.argument("names", nargs=-1, metavar="[NAME]…")
@click.option(
    "--all-single", is_flag=True, help="Lose every site, fibre, duct, link, key manager and operator, one by one."
)
@click.option("--all-double", is_flag=True, help="Lose every pair of them; the worst pairs are played in full.")
@click.option("--maintenance", is_flag=True, help="Announced outage of every site, fibre and key manager.")
@click.option("--surge", type=above_zero, metavar="F", help="Every corridor asks for F times as much.")
@click.option("--mttr", is_flag=True, help="Each thing is out for the mean time of its repair.")
@click.option(
    "--autonomy", type=above_zero, metavar="H", help="Key stores that last H hours, and whether they fill in time."
)
@click.option("--without", metavar="ADDRESS", help="With --autonomy: what is lost (ducts.k12); else each link in turn.")
@click.option(
    "--duration", type=above_zero, default=LASTS_S, show_default=True, metavar="S", help="Of losses and surges."
)
@click.option("--window", type=above_zero, default=WINDOW_S, show_default=True, metavar="S", help="Of --maintenance.")
@click.option("--trigger", type=click.Choice(["exhaustion", "outage"]), help="Instead of the drills' own policies.")
@click.option("--restoration", type=click.Choice(["planned", "any"]), help="Likewise.")
@click.option("--format", "style", type=click.Choice(list(FORMATS)), default="text", show_default=True)
@click.option(
    "--events", type=click.Choice(list(STREAMS)), help="Print the event stream instead, every line an exercise."
)
@click.option("--clock", type=moment, default=CLOCK, metavar="TIME", help="When the drills begin, for --events.")
@click.option("--svg", type=click.Path(path_type=Path, dir_okay=False, readable=False), help="Draw the one drill.")
@click.option("-q", "--quiet", is_flag=True, help="Print no progress.")
def command(
    plan: Path,
    names: tuple[str, ...],
    all_single: bool,
    all_double: bool,
    maintenance: bool,
    surge: float | None,
    mttr: bool,
    autonomy: float | None,
    without: str | None,
    duration: float,
    window: float,
    trigger: str | None,
    restoration: str | None,
    style: str,
    events: str | None,
    clock: datetime,
    svg: Path | None,
    quiet: bool,
) -> int:
    """Play drills on PLAN (a plan's folder or its plan.json): who misses keys, from when to when, and what then.

    \b
    NAME…             these drills of the inventory; without NAME and options all
    --all-single …    drills that nobody has to write

    Exact arithmetic on the stores of the plan's links; no drill touches a real network. Exit 6 when an expectation is
    not kept, 5 when Ctrl-C came first (what was played is printed).
    """
    if without is not None and autonomy is None:
        raise click.UsageError("--without goes with --autonomy")
    inventory, made = held_plan(plan)
    request = Request(
        names,
        all_single,
        all_double,
        maintenance,
        mttr,
        surge,
        autonomy,
        without,
        duration,
        window,
        trigger,
        restoration,
        trace=svg is not None,
    )
    if request.plays and not request.generates and not inventory.drills:
        raise click.UsageError("the inventory declares no drills; --all-single and others need none")
    if svg is not None:
        check_file_target(svg)
    with stop_on_signals() as stop:
        found = rehearse(field_of(inventory, made), request, _progress(quiet, stop))
    if svg is not None:
        _draw(svg, made, found)
    if events is not None:
        _stream(events, made, found, clock)
    else:
        click.echo(FORMATS[style](made, found), nl=False)
    if not found.complete:
        return int(Exit.LIMIT)
    return int(Exit.DONE if found.ok else Exit.CHECK)


def _draw(svg: Path, plan: Plan, found: Rehearsal) -> None:
    if len(found.drills) != 1:
        raise click.UsageError(f"--svg draws one drill, and {len(found.drills)} were played: name it")
    write_file(svg, timeline_svg(plan, found.drills[0]).encode())


def _stream(style: str, plan: Plan, found: Rehearsal, clock: datetime) -> None:
    for played in found.drills:
        if clock.year + played.duration_s / 31_536_000 >= LAST_YEAR:
            raise click.UsageError(f"drill {played.id} ends after the year {LAST_YEAR}, which no event can say")
        click.echo(stream_text(style, event_stream(plan, played, clock)), nl=False)


def _progress(quiet: bool, stop: threading.Event) -> Progress:
    """Draws a line five times a second at most, on a terminal only; says whether to go on."""
    drawn, active = [time.monotonic()], not quiet and sys.stderr.isatty()

    def tell(what: str, done: int, of: int) -> bool:
        if active and (time.monotonic() - drawn[0] > INTERVAL_S or done == of):
            drawn[0] = time.monotonic()
            draw_line("" if done == of else f"{what}: {done} of {of}", " (Ctrl-C prints what is done)")
        return not stop.is_set()

    return tell
