"""`qplan diff`."""

from __future__ import annotations

import time
from pathlib import Path
from typing import TYPE_CHECKING, get_args

import click

from qplan.api.comparing import compare, compare_against
from qplan.api.planning import Result, Solver, optimize
from qplan.api.questions import load_subject
from qplan.api.words import DiffStyle, render_comparison
from qplan.cli.common import ANY_PATH, default_file, overlay_options, search_options
from qplan.cli.progress import ProgressLine
from qplan.cli.signals import stop_on_signals
from qplan.cli.terminal import say, window
from qplan.cli.verb import Verb
from qplan.errors import Exit

if TYPE_CHECKING:
    from qplan import Reading

EXAMPLES = (
    ("qplan diff old.plan sites.plan", "what is new, who sees more keys, what it costs, which limits were loosened"),
    ("qplan diff --against origin/main", "./sites.yaml as it is and as it was there, each with its plan"),
    ("qplan diff --against HEAD~1 --no-plan", "the inventories alone, at once"),
    ("qplan diff old.plan sites.plan --format markdown", "the same for a pull request"),
)


@click.command("diff", cls=Verb, examples=EXAMPLES)
@click.argument("names", nargs=-1, metavar="OLD NEW | --against GITREF [FILE]", type=ANY_PATH)
@click.option("--against", metavar="GITREF", help="Compare FILE with what it was at a revision of its git repository.")
@click.option("--no-plan", is_flag=True, help="With --against: compare the inventories alone.")
@click.option("--format", "style", type=click.Choice(get_args(DiffStyle)), default="text", show_default=True)
@click.option("--exit-code", "tell", is_flag=True, help="Exit with 7 where anything differs.")
@click.option("-q", "--quiet", is_flag=True, help="Print nothing but the comparison and errors.")
@overlay_options
@search_options
def command(
    names: tuple[Path, ...],
    against: str | None,
    no_plan: bool,
    style: DiffStyle,
    tell: bool,
    quiet: bool,
    scenario: str | None,
    overrides: tuple[str, ...],
    demand_factor: float | None,
    time_limit: float,
    gap: float,
    solver: Solver,
    threads: int,
) -> int:
    """What differs between OLD and NEW: two plans (folders, or plan.json in them), or two inventories.

    With --against, between FILE (default sites.yaml) with its includes as they are and as they were at GITREF. Each is
    planned, or the plan in its folder, committed with it, is taken where it is of that very inventory. Nothing is
    checked out, and nothing of the repository is run.

    One screen: money and proof, changes by address with the gravest first, who newly sees keys, checks, limits that
    were raised or lifted, and what was edited in the inventory.
    """
    _check_usage(names, against, bool(no_plan or scenario or overrides or demand_factor is not None))
    if against is None:
        found = compare(load_subject(names[0]), load_subject(names[1]))
    else:
        deadline = time.monotonic() + time_limit
        with stop_on_signals() as stop:

            def plan(inventory: Reading, what: str) -> Result:
                with ProgressLine(quiet, f"planning the inventory {what} …"):
                    left = max(0.0, deadline - time.monotonic())
                    return optimize(inventory, gap=gap, time_limit=left, solver=solver, threads=threads, stop=stop)

            file = names[0] if names else default_file(click.get_current_context())
            told = compare_against(
                file,
                against,
                None if no_plan else plan,
                scenario=scenario,
                set=overrides,
                demand_factor=demand_factor,
            )
            found = told.comparison
        if not quiet:
            say("".join(f"{note}\n" for note in told.notes), err=True)
    say(render_comparison(found, style, window()), style)
    return int(Exit.CHANGED if tell and found.changed else Exit.DONE)


def _check_usage(names: tuple[Path, ...], against: str | None, overlaid: bool) -> None:
    """Raises click's UsageError."""
    context = click.get_current_context()
    if against is None and len(names) != 2:
        raise click.UsageError("name two plans or two inventories, OLD and NEW, or --against GITREF", context)
    if against is not None and len(names) > 1:
        raise click.UsageError("--against compares one FILE with what it was: name no other", context)
    if against is None and overlaid:
        raise click.UsageError("--no-plan, --scenario, --set and --demand-factor go with --against", context)
