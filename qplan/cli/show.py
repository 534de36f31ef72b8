"""`qplan show`."""

from __future__ import annotations

from pathlib import Path
from typing import get_args

import click

from qplan.api.planning import load_result
from qplan.api.questions import GLANCE_S, show
from qplan.api.words import ShowStyle, make_screen, render_view
from qplan.cli.common import ANY_PATH
from qplan.cli.progress import ProgressLine
from qplan.cli.terminal import say, seconds, takes_unicode, window
from qplan.cli.verb import Verb

EXAMPLES = (
    ("qplan show sites.plan", "trusted nodes, corridors and links with bars of loss and load, the worst first"),
    ("qplan show sites.plan --format json", "the same for a program, with all spare fibres"),
)


@click.command("show", cls=Verb, examples=EXAMPLES)
@click.argument("plan", type=ANY_PATH)
@click.option(
    "--time-limit",
    type=seconds,
    default=GLANCE_S,
    show_default=True,
    help="Stop looking for relays that every plan needs after S seconds.",
)
@click.option("--format", "style", type=click.Choice(get_args(ShowStyle)), default="text", show_default=True)
@click.option("-q", "--quiet", is_flag=True, help="Print no progress.")
def command(plan: Path, time_limit: float, style: ShowStyle, quiet: bool) -> int:
    """Show PLAN (a plan's folder or its plan.json): trusted nodes, corridors with their paths and links, spare fibres.

    Of each trusted node it says whether every plan needs it. Corridors and paths are sorted by how full their worst
    link is: its loss against what ends it, its load against its capacity.
    """
    result = load_result(plan)
    with ProgressLine(quiet, "asking which trusted nodes every plan needs …"):
        view = show(result, time_limit=time_limit)
    screen = make_screen(window(), colour=True, unicode=takes_unicode())
    say(render_view(view, style, screen), style)
    return 0
