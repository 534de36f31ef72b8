"""`qplan verify`."""

from __future__ import annotations

from pathlib import Path

import click

from qplan.api.planning import load_plan, verify
from qplan.api.words import Style, render
from qplan.cli.common import Verb, overlay_options, read, style_option


@click.command("verify", cls=Verb)
@click.argument("file", type=click.Path(path_type=Path))
@click.argument("plan", type=click.Path(path_type=Path))
@overlay_options
@style_option
def command(file: Path, plan: Path, scenario: str | None, overrides: tuple[str, ...], style: Style) -> int:
    """Does PLAN (a plan.json, or the folder it is in) hold for the inventory FILE?

    Every rule and every figure is worked out again, by code that the optimiser does not share. Exit 6 when the plan
    does not hold. Give the --scenario and --set that the plan was made with.
    """
    found = verify(read(file, scenario, overrides), load_plan(plan))
    click.echo(render(found, style), nl=False)
    return int(found.exit_code)
