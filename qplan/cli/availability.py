"""`qplan availability`."""

from __future__ import annotations

from pathlib import Path
from typing import get_args

import click

from qplan.api.drills import Table, availability, render_availability
from qplan.api.planning import load_result
from qplan.cli.common import ANY_PATH
from qplan.cli.terminal import say, window
from qplan.cli.verb import Verb
from qplan.errors import Exit

EXAMPLES = (
    ("qplan availability sites.plan", "minutes a year without keys, what takes them, what would help"),
    ("qplan availability sites.plan --with-ends --format json", "with outages at the corridors' own ends"),
)


@click.command("availability", cls=Verb, examples=EXAMPLES)
@click.argument("plan", type=ANY_PATH)
@click.option("--with-ends", is_flag=True, help="Count sites and key managers at the corridors' own ends too.")
@click.option("--format", "style", type=click.Choice(get_args(Table)), default="text", show_default=True)
def command(plan: Path, with_ends: bool, style: Table) -> int:
    """How much of the year each corridor of PLAN has its keys, what takes them away, what would change that.

    From the inventory's `reliability`: exact over the planned paths, with everything that they share; as bounds over
    any chain of installed links. Figures without a source are named.
    """
    say(render_availability(availability(load_result(plan), with_ends=with_ends), style, window()), style)
    return int(Exit.DONE)
