"""`qplan rules`."""

from __future__ import annotations

from typing import get_args

import click

from qplan.api.inventories import Plain, rules
from qplan.cli.verb import Verb
from qplan.errors import Exit

EXAMPLES = (
    ("qplan rules QP303", "what a finding means, with an example"),
    ("qplan rules --format json", "all of them, for programs"),
)


@click.command("rules", cls=Verb, examples=EXAMPLES)
@click.argument("code", required=False)
@click.option("--format", "style", type=click.Choice(get_args(Plain)), default="text", show_default=True)
def command(code: str | None, style: Plain) -> int:
    """List the rules that inventories are held against, or explain the rule CODE with an example."""
    click.echo(rules(code, style), nl=False)
    return int(Exit.DONE)
