"""`qplan validate`."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import get_args

import click

from qplan.api.inventories import report, rule_codes, validate
from qplan.api.words import FindingsStyle, render_findings
from qplan.cli.common import ANY_PATH, as_of_option, default_file, overlay_options
from qplan.cli.terminal import say
from qplan.cli.verb import Verb
from qplan.errors import Exit, QplanError, WrongUsage


def codes(value: str | tuple[str, ...]) -> tuple[str, ...]:
    """The type of an option: codes of rules or their beginnings, with commas: `QP3,QP501`."""
    try:
        return rule_codes(value.split(",") if isinstance(value, str) else value)
    except WrongUsage as error:
        raise click.BadParameter(str(error)) from error


EXAMPLES = (
    ("qplan validate", "every finding about ./sites.yaml"),
    ("qplan validate --strict --format sarif sites.yaml", "for code scanning; warnings count as errors"),
    ("cat sites.yaml | qplan validate -", "from standard input"),
)


@click.command("validate", cls=Verb, examples=EXAMPLES, soft_fail=True)
@click.argument("files", nargs=-1, metavar="[FILE]…", type=ANY_PATH)
@click.option("--format", "style", type=click.Choice(get_args(FindingsStyle)), default="text", show_default=True)
@click.option("--strict", is_flag=True, help="Warnings count as errors.")
@click.option("--select", multiple=True, type=codes, metavar="CODE", help="Show these rules only: QP303, or QP3.")
@click.option("--ignore", multiple=True, type=codes, metavar="CODE", help="Do not show these rules.")
@overlay_options
@as_of_option
def command(
    files: tuple[Path, ...],
    style: FindingsStyle,
    strict: bool,
    select: tuple[tuple[str, ...], ...],
    ignore: tuple[tuple[str, ...], ...],
    scenario: str | None,
    overrides: tuple[str, ...],
    demand_factor: float | None,
    as_of: datetime | None,
) -> int:
    """Read every FILE (default sites.yaml) with its includes and report every problem found.

    A comment suppresses a warning in its line, or in the line below it: `# qplan-ignore: QP303 measured twice`. A key
    and its value in the line below count as one line. An error cannot be suppressed, and makes the inventory invalid
    (exit 3) even where --select or --ignore leave it out. A FILE that cannot be read ends with 1, after the findings
    about the others.
    """
    files = files or (default_file(click.get_current_context()),)
    validated, unreadable = [], []
    day = None if as_of is None else as_of.date()
    for file in files:
        try:
            validated.append(validate(file, scenario=scenario, set=overrides, demand_factor=demand_factor, as_of=day))
        except QplanError as error:
            unreadable.append(str(error))
    invalid = False
    if validated:
        found = report(
            validated,
            select=sum(select, ()),
            ignore=sum(ignore, ()),
            strict=strict,
        )
        say(render_findings(found, style), style)
        invalid = found.invalid
    if unreadable:
        raise QplanError("\n".join(unreadable))
    return int(Exit.INVALID if invalid else Exit.DONE)
