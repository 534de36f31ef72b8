"""`qplan verify`."""

from __future__ import annotations

from pathlib import Path

import click

from qplan.cli.common import overlay_options, read
from qplan.errors import Exit
from qplan.outputs.verbs.verification import FORMATS, Verification, made_with
from qplan.plan.reader import read_plan
from qplan.plan.verify.verifier import verify


@click.command("verify")
@click.argument("file", type=click.Path(path_type=Path))
@click.argument("plan", type=click.Path(path_type=Path))
@overlay_options
@click.option("--format", "style", type=click.Choice(list(FORMATS)), default="text", show_default=True)
def command(file: Path, plan: Path, scenario: str | None, overrides: tuple[str, ...], style: str) -> int:
    """Does PLAN (a plan.json, or the folder it is in) hold for the inventory FILE?

    Every rule and every figure is worked out again, by code that the optimiser does not share. Exit 6 when the plan
    does not hold. Give the --scenario and --set that the plan was made with.
    """
    reading, made = read(file, scenario, overrides), read_plan(plan)
    edited = reading.effective_sha256 != made.inventory.effective_sha256
    options = made_with(made.inventory) if edited and not scenario and not overrides else ()
    found = Verification(verify(reading.inventory, made), edited, options)
    click.echo(FORMATS[style](found), nl=False)
    return int(Exit.CHECK if found.violations else Exit.DONE)
