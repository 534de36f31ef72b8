"""`qplan explain`."""

from __future__ import annotations

import re
import time
from pathlib import Path

import click

from qplan.api.planning import Result, Solver
from qplan.api.questions import explain, load_subject
from qplan.api.words import Style, render
from qplan.cli.common import Verb, default_file, overlay_options, say_warnings, search_options, style_option
from qplan.cli.progress import ProgressLine
from qplan.cli.terminal import stop_on_signals

ADDRESS = re.compile(r"(sites|links|corridors)\.[A-Za-z0-9][A-Za-z0-9_-]*")


@click.command("explain", cls=Verb)
@click.argument("source", required=False, metavar="[FILE|PLAN]", type=click.Path(path_type=Path))
@click.argument("address", required=False)
@overlay_options
@search_options
@style_option
@click.option("-q", "--quiet", is_flag=True, help="Print no warnings and no progress.")
def command(
    source: Path | None,
    address: str | None,
    scenario: str | None,
    overrides: tuple[str, ...],
    time_limit: float,
    gap: float,
    solver: Solver,
    threads: int,
    style: Style,
    quiet: bool,
) -> int:
    """Why a corridor cannot be served, why a site or a link was chosen, and what would change it.

    \b
    FILE              which corridors cannot be served, why, and what helps
    FILE corridors.c  the same for one corridor, as if it were the only one
    PLAN              what binds the plan, and what each corridor costs
    PLAN ADDRESS      about sites.x, links.a--b or corridors.c: why it is there,
                      its cost, what binds, the best plan without it

    FILE is sites.yaml by default, PLAN a plan's folder or its plan.json. Exit 4 when a required corridor, or the one
    asked about, cannot be served.
    """
    if source is not None and address is None and ADDRESS.fullmatch(str(source)) and not source.exists():
        source, address = None, str(source)
    source = default_file(click.get_current_context()) if source is None else source
    deadline = time.monotonic() + time_limit
    with stop_on_signals() as stop:
        subject = load_subject(source, scenario=scenario, set=overrides)
        if not isinstance(subject, Result):
            say_warnings(subject, quiet)
        with ProgressLine(quiet, "looking for reasons …"):
            found = explain(
                subject,
                address,
                gap=gap,
                time_limit=max(0.0, deadline - time.monotonic()),
                solver=solver,
                threads=threads,
                stop=stop,
            )
    click.echo(render(found, style), nl=False)
    return int(found.exit_code)
