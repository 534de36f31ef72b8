"""`qplan rules`."""

from __future__ import annotations

import click

from qplan.inventory.rules import RULES
from qplan.inventory.source.messages import did_you_mean
from qplan.outputs.verbs.rules import rule_text, rules_table


@click.command("rules")
@click.argument("code", required=False)
def command(code: str | None) -> int:
    """List the rules that inventories are held against, or explain the rule CODE with an example."""
    if code is None:
        click.echo(rules_table(), nl=False)
        return 0
    if code.upper() not in RULES:
        hint = did_you_mean(code.upper(), RULES) or "`qplan rules` lists all"
        raise click.UsageError(f"there is no rule '{code}'; {hint}")
    click.echo(rule_text(code.upper()), nl=False)
    return 0
