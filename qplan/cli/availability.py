"""`qplan availability`."""

from __future__ import annotations

from pathlib import Path

import click

from qplan.assessment.availability.corridors import assess_availability
from qplan.cli.common import ANY_PATH, held_plan
from qplan.errors import Exit
from qplan.outputs.drills.availability import FORMATS


@click.command("availability")
@click.argument("plan", type=ANY_PATH)
@click.option("--with-ends", is_flag=True, help="Count sites and key managers at the corridors' own ends too.")
@click.option("--format", "style", type=click.Choice(list(FORMATS)), default="text", show_default=True)
def command(plan: Path, with_ends: bool, style: str) -> int:
    """How much of the year each corridor of PLAN has its keys, what takes them away, what would change that.

    From the inventory's `reliability`: exact over the planned paths, with everything that they share; as bounds over
    any chain of installed links. Figures without a source are named.
    """
    inventory, made = held_plan(plan)
    click.echo(FORMATS[style](made, assess_availability(inventory, made, with_ends)), nl=False)
    return int(Exit.DONE)
