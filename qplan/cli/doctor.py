"""`qplan doctor`."""

from __future__ import annotations

from typing import get_args

import click

from qplan.api.inventories import Plain
from qplan.api.project import examine, render_examination
from qplan.cli.settings import read_settings
from qplan.cli.terminal import say
from qplan.cli.verb import Verb
from qplan.errors import Exit


@click.command("doctor", cls=Verb, examples=(("qplan doctor", "what to send with a report of a defect"),))
@click.option("--format", "style", type=click.Choice(get_args(Plain)), default="text", show_default=True)
def command(style: Plain) -> int:
    """Try the solvers, the drawing program and the settings, and tell all versions.

    Exit 1 where something needed does not work, 2 where a setting is wrong.
    """
    found = examine()
    say(render_examination(found, style), style)
    settings, root = read_settings(), click.get_current_context().find_root()
    if style == "text":
        click.echo(f"Settings: {settings.file or 'no qplan.toml and no tool.qplan in a pyproject.toml'}")
    for name in settings.tables:
        verb = root.command.get_command(root, name) if isinstance(root.command, click.Group) else None
        if isinstance(verb, Verb):
            verb.check_settings(name, settings)
    return int(Exit.DONE if found.sound else Exit.FAILED)
