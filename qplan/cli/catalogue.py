"""`qplan catalogue`."""

from __future__ import annotations

from typing import Literal, get_args

import click
from click.shell_completion import CompletionItem

from qplan.api.inventories import Plain
from qplan.api.project import catalogue, catalogue_names, catalogues
from qplan.cli.terminal import say, usage
from qplan.cli.verb import Verb
from qplan.errors import Exit

Action = Literal["list", "show"]
EXAMPLES = (
    ("qplan catalogue list", "what comes with qplan, and what it reaches"),
    ("qplan catalogue show illustrative-2026", "the file, with the origin of every figure"),
)


def _complete(ctx: click.Context, param: click.Parameter, incomplete: str) -> list[CompletionItem]:
    return [CompletionItem(name) for name in catalogue_names() if name.startswith(incomplete)]


@click.command("catalogue", cls=Verb, examples=EXAMPLES)
@click.argument("action", metavar="list|show", type=click.Choice(get_args(Action)), default="list")
@click.argument("name", required=False, shell_complete=_complete)
@click.option("--format", "style", type=click.Choice(get_args(Plain)), default="text", show_default=True)
def command(action: Action, name: str | None, style: Plain) -> int:
    """List the equipment that comes with qplan, or show the catalogue NAME as its file stands."""
    if action == "show" and name is None:
        raise click.UsageError(f"name a catalogue: {', '.join(catalogue_names())}")
    if action == "list" and name is not None:
        raise usage("`list` lists all", "catalogue", "show", name)
    if name is None:
        say(catalogues(style), style)
    else:
        click.echo(catalogue(name), nl=False)
    return int(Exit.DONE)
