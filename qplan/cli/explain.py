"""`qplan explain`."""

from __future__ import annotations

import re
import time
from pathlib import Path

import click

from qplan.api.planning import Result, Solver
from qplan.api.questions import explain, load_subject
from qplan.api.words import Style, render
from qplan.cli.common import default_file, overlay_options, say_warnings, search_options, style_option
from qplan.cli.completion import complete_address
from qplan.cli.progress import ProgressLine
from qplan.cli.signals import stop_on_signals
from qplan.cli.terminal import say, usage
from qplan.cli.verb import Verb

ADDRESS = re.compile(r"(sites|links|corridors|fibres|ducts)\.[A-Za-z0-9][A-Za-z0-9_-]*")


EXAMPLES = (
    ("qplan explain", "can all corridors of ./sites.yaml be served? if not: why, and what helps"),
    ("qplan explain sites.yaml corridors.mirror", "one corridor as if it were the only one"),
    ("qplan explain sites.plan", "what binds the plan, and what each corridor costs"),
    ("qplan explain sites.plan sites.west", "why it is there, what it costs, the best plan without it"),
)


@click.command("explain", cls=Verb, examples=EXAMPLES)
@click.argument("source", required=False, metavar="[FILE|PLAN]", type=click.Path(path_type=Path))
@click.argument("address", required=False, shell_complete=complete_address)
@overlay_options
@search_options
@style_option
@click.option("-q", "--quiet", is_flag=True, help="Print no warnings and no progress.")
def command(
    source: Path | None,
    address: str | None,
    scenario: str | None,
    overrides: tuple[str, ...],
    demand_factor: float | None,
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
    PLAN ADDRESS      about sites.x, links.a--b, corridors.c, fibres.f or ducts.d:
                      why it is there, its cost, what binds, the best plan
                      without it; or why not, and the best plan with it

    FILE is sites.yaml by default, PLAN a plan's folder or its plan.json. Exit 4 when a required corridor, or the one
    asked about, cannot be served.
    """
    if address is not None and ADDRESS.fullmatch(str(source)) and Path(address).exists():
        raise usage("first the inventory or the plan, then the address", "explain", address, source)
    if source is not None and address is None and ADDRESS.fullmatch(str(source)) and not source.exists():
        source, address = None, str(source)
    source = default_file(click.get_current_context()) if source is None else source
    deadline = time.monotonic() + time_limit
    with stop_on_signals() as stop:
        subject = load_subject(source, scenario=scenario, set=overrides, demand_factor=demand_factor)
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
    say(render(found, style), style)
    return int(found.exit_code)
