"""`qplan rules`."""

from __future__ import annotations

import click

from qplan.api.inventories import rules
from qplan.cli.common import Verb


@click.command("rules", cls=Verb)
@click.argument("code", required=False)
def command(code: str | None) -> int:
    """List the rules that inventories are held against, or explain the rule CODE with an example."""
    click.echo(rules(code), nl=False)
    return 0
