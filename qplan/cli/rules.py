"""`qplan rules`."""

from __future__ import annotations

import click

from qplan.api.inventories import rules
from qplan.cli.verb import Verb

EXAMPLES = (("qplan rules QP303", "what a finding means, with an example"),)


@click.command("rules", cls=Verb, examples=EXAMPLES)
@click.argument("code", required=False)
def command(code: str | None) -> int:
    """List the rules that inventories are held against, or explain the rule CODE with an example."""
    click.echo(rules(code), nl=False)
    return 0
