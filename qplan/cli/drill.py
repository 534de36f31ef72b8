"""`qplan drill`."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import get_args

import click

from qplan.api.drills import (
    Restoration,
    Stream,
    Table,
    Trigger,
    check_picture,
    drill,
    render_drills,
    render_events,
    write_picture,
)
from qplan.api.planning import load_result
from qplan.cli.common import ANY_PATH
from qplan.cli.progress import ProgressLine
from qplan.cli.signals import stop_on_signals
from qplan.cli.terminal import finite, say, window
from qplan.cli.verb import Verb

HINT = " (Ctrl-C prints what is done)"
EXAMPLES = (
    ("qplan drill sites.plan", "the drills of the inventory, judged by what they expect"),
    ("qplan drill sites.plan --all-single", "every loss, the worst first"),
    ("qplan drill sites.plan dig --events ocsf > dig.jsonl", "what the operations centre would see"),
    ("qplan drill sites.plan --autonomy 24 --without ducts.k12", "key stores that last a day without it"),
)


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


@click.command("drill", cls=Verb, examples=EXAMPLES, soft_fail=True)
@click.argument("plan", type=ANY_PATH)
@click.argument("names", nargs=-1, metavar="[NAME]…")
@click.option(
    "--all-single", is_flag=True, help="Lose every site, fibre, duct, link, key manager, operator, one by one."
)
@click.option("--all-double", is_flag=True, help="Lose every pair of them; the worst pairs are played in full.")
@click.option("--maintenance", is_flag=True, help="Announced outage of every site, fibre and key manager.")
@click.option("--mttr", is_flag=True, help="Each thing is out for the mean time of its repair.")
@click.option("--surge", type=above_zero, metavar="F", help="Every corridor asks for F times as much.")
@click.option(
    "--autonomy", type=above_zero, metavar="H", help="Key stores that last H hours, and do they fill in time?"
)
@click.option("--without", metavar="ADDRESS", help="With --autonomy: what is lost (ducts.k12); else each link in turn.")
@click.option("--duration", type=above_zero, metavar="S", help="Of losses and surges, in seconds; default 30 days.")
@click.option(
    "--window", "window_s", type=above_zero, metavar="S", help="Of --maintenance, in seconds; default 4 hours."
)
@click.option("--trigger", type=click.Choice(get_args(Trigger)), help="Instead of what the drills' policies say.")
@click.option("--restoration", type=click.Choice(get_args(Restoration)), help="Likewise.")
@click.option("--format", "style", type=click.Choice(get_args(Table)), default="text", show_default=True)
@click.option(
    "--events", type=click.Choice(get_args(Stream)), help="Print the events instead, each marked an exercise."
)
@click.option(
    "--clock", type=moment, metavar="TIME", help="When drills begin, for --events; default 2027-03-01T02:00Z."
)
@click.option("--svg", type=click.Path(path_type=Path, dir_okay=False, readable=False), help="Draw the one drill.")
@click.option("-q", "--quiet", is_flag=True, help="Print no progress.")
def command(
    plan: Path,
    names: tuple[str, ...],
    all_single: bool,
    all_double: bool,
    maintenance: bool,
    mttr: bool,
    surge: float | None,
    autonomy: float | None,
    without: str | None,
    duration: float | None,
    window_s: float | None,
    trigger: Trigger | None,
    restoration: Restoration | None,
    style: Table,
    events: Stream | None,
    clock: datetime | None,
    svg: Path | None,
    quiet: bool,
) -> int:
    """Play drills on PLAN (a plan's folder or its plan.json): who misses keys, from when to when, and what then.

    \b
    NAME…             these drills of the inventory; without NAME and options all
    --all-single …    drills that nobody has to write

    Exact arithmetic on the stores of the plan's links; no drill touches a real network. Exit 6 when an expectation is
    not kept or one of the checks about failure, 5 when Ctrl-C came first (what was played is printed).
    """
    result = load_result(plan)
    if svg is not None:
        check_picture(svg)
    with stop_on_signals() as stop, ProgressLine(quiet, "playing …", HINT) as line:

        def go_on(what: str, done: int, of: int) -> bool:
            line.show(f"{what}: {done} of {of}")
            return not stop.is_set()

        drilled = drill(
            result,
            names,
            all_single=all_single,
            all_double=all_double,
            maintenance=maintenance,
            mttr=mttr,
            surge=surge,
            autonomy_h=autonomy,
            without=without,
            duration_s=duration,
            window_s=window_s,
            trigger=trigger,
            restoration=restoration,
            trace=svg is not None,
            progress=go_on,
        )
    if svg is not None:
        write_picture(drilled, svg)
    if events is None:
        say(render_drills(drilled, style, window()), style)
    else:
        say(render_events(drilled, events, clock), events)
    return int(drilled.exit_code)
