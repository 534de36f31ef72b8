"""`qplan schema`."""

from __future__ import annotations

import click
from click.shell_completion import CompletionItem

from qplan.api.project import schema, schema_names
from qplan.cli.verb import Verb
from qplan.errors import Exit

EXAMPLES = (
    ("qplan schema inventory > inventory.schema.json", "for `# yaml-language-server: $schema=./inventory.schema.json`"),
    ("qplan schema plan", "of plan.json"),
)


def _complete(ctx: click.Context, param: click.Parameter, incomplete: str) -> list[CompletionItem]:
    return [CompletionItem(name) for name in schema_names() if name.startswith(incomplete)]


@click.command("schema", cls=Verb, examples=EXAMPLES)
@click.argument("name", metavar="inventory|plan|VERB", shell_complete=_complete)
def command(name: str) -> int:
    """Print the JSON Schema (draft 2020-12) of inventories, of plan.json, or of what a verb prints as JSON."""
    click.echo(schema(name), nl=False)
    return int(Exit.DONE)
