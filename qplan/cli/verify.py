"""`qplan verify`."""

from __future__ import annotations

from pathlib import Path

import click
import pydantic

from qplan.cli.common import ANY_PATH, overlay_options, read
from qplan.errors import Exit, QplanError
from qplan.plan.model import Plan
from qplan.plan.verify import verify


@click.command("verify")
@click.argument("file", type=ANY_PATH)
@click.argument("plan", type=ANY_PATH)
@overlay_options
def command(file: Path, plan: Path, scenario: str | None, overrides: tuple[str, ...]) -> int:
    """Does PLAN (a plan.json, or the folder it is in) hold for the inventory FILE?

    The check shares no code with the optimiser. Exit 6 when the plan does not hold.
    """
    inventory = read(file, scenario, overrides).inventory
    violations = verify(inventory, load_plan(plan))
    for violation in violations:
        click.echo(violation.text())
    if violations:
        click.echo(f"The plan does not hold: {len(violations)} rule{'s' if len(violations) > 1 else ''} broken.")
        return int(Exit.CHECK)
    click.echo("The plan holds.")
    return int(Exit.DONE)


def load_plan(path: Path) -> Plan:
    """A plan from its file or folder. Raises QplanError where it is missing or is no plan."""
    path = path / "plan.json" if path.is_dir() else path
    try:
        return Plan.model_validate_json(path.read_bytes())
    except OSError as error:
        raise QplanError(f"cannot read {path}: {error.strerror}") from error
    except pydantic.ValidationError as error:
        first = error.errors()[0]
        where = ".".join(str(part) for part in first["loc"])
        problem = QplanError(f"{path} is not a plan of format 1: {where + ': ' if where else ''}{first['msg']}")
        problem.exit_code = Exit.INVALID
        raise problem from error
