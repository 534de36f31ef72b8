"""`qplan init`."""

from __future__ import annotations

import shlex
from pathlib import Path

import click

from qplan.api.project import Forge, init
from qplan.api.words import printable
from qplan.cli.common import ANY_PATH
from qplan.cli.verb import Verb
from qplan.errors import Exit

EXAMPLES = (
    ("qplan init", "in this folder"),
    ("qplan init lab --ci github --pre-commit", "in the folder lab, with a workflow and hooks"),
)


@click.command("init", cls=Verb, examples=EXAMPLES)
@click.argument("folder", metavar="[DIR]", default=".", type=ANY_PATH)
@click.option("--ci", type=click.Choice(["github", "gitlab"]), help="Also a pipeline that checks and plans.")
@click.option("--pre-commit", is_flag=True, help="Also hooks that check before every commit.")
def command(folder: Path, ci: Forge | None, pre_commit: bool) -> int:
    """Start a project in DIR (default: here).

    Writes sites.yaml, a small inventory that plans at once, with a word on each key; its schema, by which an editor
    with the YAML language server completes and explains keys; and what git needs to know. Nothing is overwritten.
    """
    started = init(folder, ci=ci, pre_commit=pre_commit)
    for said, paths in (("wrote", started.written), ("kept ", started.kept)):
        for path in paths:
            click.echo(f"{said} {printable(str(path))}")
    click.echo(f"\nNext: qplan optimize {printable(shlex.quote(str(folder / 'sites.yaml')))}")
    if ci is not None:
        click.echo("The pipeline stops until QPLAN in it says where qplan comes from.")
    return int(Exit.DONE)
