"""`qplan diff`."""

from __future__ import annotations

from pathlib import Path
from typing import get_args

import click

from qplan.api.comparing import compare
from qplan.api.questions import load_subject
from qplan.api.words import DiffStyle, render_comparison
from qplan.cli.common import ANY_PATH
from qplan.cli.terminal import say, window
from qplan.cli.verb import Verb
from qplan.errors import Exit

EXAMPLES = (
    ("qplan diff old.plan sites.plan", "what is new, who sees more keys, what it costs, which limits were loosened"),
    ("qplan diff old.plan sites.plan --format markdown", "the same for a pull request"),
    ("qplan diff old.yaml sites.yaml", "two inventories, without plans for them"),
)


@click.command("diff", cls=Verb, examples=EXAMPLES)
@click.argument("old", type=ANY_PATH)
@click.argument("new", type=ANY_PATH)
@click.option("--format", "style", type=click.Choice(get_args(DiffStyle)), default="text", show_default=True)
@click.option("--exit-code", "tell", is_flag=True, help="Exit with 7 where anything differs.")
def command(old: Path, new: Path, style: DiffStyle, tell: bool) -> int:
    """What differs between OLD and NEW: two plans (folders, or plan.json in them), or two inventories.

    One screen: money and proof, changes by address with the gravest first, who newly sees keys, checks, limits that
    were raised or lifted, and what was edited in the inventory.
    """
    found = compare(load_subject(old), load_subject(new))
    say(render_comparison(found, style, window()), style)
    return int(Exit.CHANGED if tell and found.changed else Exit.DONE)
