"""`qplan verify`."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import get_args

import click

from qplan.api.planning import is_plan, load_plan, verify
from qplan.api.words import VerifyStyle, render_verification
from qplan.cli.common import as_of_option, built_option, overlay_options, read
from qplan.cli.terminal import say, usage
from qplan.cli.verb import Verb

EXAMPLES = (
    ("qplan verify sites.yaml sites.plan", "does the plan still hold for the inventory?"),
    ("qplan verify sites.yaml sites.plan --format sarif", "checks that are not kept, at their line, for code scanning"),
    ("qplan verify sites.yaml ring.plan --scenario ring", "one that was made with a scenario"),
)


@click.command("verify", cls=Verb, examples=EXAMPLES, soft_fail=True)
@click.argument("file", type=click.Path(path_type=Path))
@click.argument("plan", type=click.Path(path_type=Path))
@built_option
@overlay_options
@as_of_option
@click.option("--format", "style", type=click.Choice(get_args(VerifyStyle)), default="text", show_default=True)
def command(
    file: Path,
    plan: Path,
    built: Path | None,
    scenario: str | None,
    overrides: tuple[str, ...],
    demand_factor: float | None,
    as_of: datetime | None,
    style: VerifyStyle,
) -> int:
    """Does PLAN (a plan.json, or the folder it is in) hold for the inventory FILE?

    Every rule and every figure is worked out again, by code that the optimiser does not share. The
    inventory's checks are judged as well, unless figures or parts that they measure are not as stated.
    Exit 6 when the plan does not hold or an error among the checks is not kept.
    Give the --scenario, --set and --built that the plan was made with.
    """
    if is_plan(file) and not is_plan(plan):
        raise usage("first the inventory, then the plan", "verify", plan, file)
    found = verify(read(file, scenario, overrides, demand_factor, as_of, built), load_plan(plan))
    say(render_verification(found, style), style)
    return int(found.exit_code)
