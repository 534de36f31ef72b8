"""`qplan optimize`: the main job."""

from __future__ import annotations

import time
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

import click

from qplan.api.planning import (
    Result,
    Solver,
    check_ready,
    check_references,
    default_folder,
    load_plan,
    optimize,
    search_seconds,
    write,
)
from qplan.api.words import Style, render, render_ending, render_failed_checks, render_progress, render_search
from qplan.cli.common import (
    ANY_PATH,
    as_of_option,
    built_option,
    inventory_argument,
    overlay_options,
    read,
    search_options,
    style_option,
)
from qplan.cli.progress import ProgressLine
from qplan.cli.signals import stop_on_signals
from qplan.cli.terminal import amount, say, window
from qplan.cli.verb import Verb

if TYPE_CHECKING:
    from qplan import Progress


TAKEN_OVER = "Proof taken over, not repeated: the plan of --start is of this very inventory (--prove repeats it).\n"
EXAMPLES = (
    ("qplan optimize", "plan ./sites.yaml into ./sites.plan"),
    ("qplan optimize lake.yaml --scenario ring -o ring.plan", "plan a scenario into a folder of that name"),
    ("qplan optimize --set corridors.mirror.disjoint=node --gap 0.01", "what if, and proven within 1 % is enough"),
    ("qplan optimize --start sites.plan", "keep to an earlier plan among plans as good; to itself without a search"),
    ("qplan optimize phase2.yaml --built sites.plan -o phase2.plan", "the next phase: what the plan builds is there"),
    ("qplan optimize --keep sites.plan", "change as few links and relays of an earlier plan as possible"),
)


@click.command("optimize", cls=Verb, examples=EXAMPLES, soft_fail=True)
@inventory_argument
@click.option("-o", "--out", type=ANY_PATH, help="Folder to write; default FILE.plan, what-if FILE.set-HASH.plan.")
@click.option("--objective", type=click.Choice(["tco", "capex", "relays"]), help="Instead of the inventory's.")
@search_options
@click.option("--start", type=ANY_PATH, help="A plan to begin from; it is kept among plans that are as good.")
@click.option("--prove", is_flag=True, help="With --start: prove the plan again where its proof could be taken over.")
@click.option("--keep", type=ANY_PATH, metavar="PLAN", help="A plan that the new one changes as little as can be.")
@click.option("--change-cost", type=amount, default=0.0, metavar="X", help="What a change against --start counts.")
@built_option
@overlay_options
@as_of_option
@style_option
@click.option(
    "--write-lp",
    "lp_file",
    type=click.Path(path_type=Path, dir_okay=False, readable=False),
    help="Also write the model.",
)
@click.option("-q", "--quiet", is_flag=True, help="Print nothing but errors.")
@click.option("-v", "--verbose", is_flag=True, help="Say on stderr what is being solved.")
def command(
    file: Path,
    out: Path | None,
    objective: str | None,
    time_limit: float,
    gap: float,
    solver: Solver,
    threads: int,
    start: Path | None,
    prove: bool,
    keep: Path | None,
    change_cost: float,
    built: Path | None,
    scenario: str | None,
    overrides: tuple[str, ...],
    demand_factor: float | None,
    as_of: datetime | None,
    style: Style,
    lp_file: Path | None,
    quiet: bool,
    verbose: bool,
) -> int:
    """Plan FILE (default sites.yaml): trusted nodes and QKD links for all corridors at least cost.

    Writes a folder with plan.json, diagrams, map, bill of materials, costs and report, and prints a summary.

    A committed plan is a lock where --start names it: while inventory, gap and versions are the same, it is verified
    and written again, byte for byte, without a search.
    """
    began = time.monotonic()
    if objective is not None:
        overrides = (*overrides, f"objective={objective}")
    check_references(start, keep, change_cost)
    reading = read(file, scenario, overrides, demand_factor, as_of, built, quiet)
    earlier, kept = (None if path is None else load_plan(path) for path in (start, keep))
    out = out if out is not None else default_folder(file, reading, earlier, kept, change_cost)
    check_ready(solver, out, lp_file)
    with stop_on_signals() as stop:
        with ProgressLine(quiet) as line:

            def show(progress: Progress) -> None:
                line.show(render_progress(progress, reading))

            left = began + time_limit - time.monotonic()
            result = optimize(
                reading,
                gap=gap,
                time_limit=search_seconds(reading, left),
                overdue=max(0.0, -left),
                start=earlier,
                keep=kept,
                change_cost=change_cost,
                progress=show,
                solver=solver,
                threads=threads,
                stop=stop,
                lp_file=lp_file,
                prove=prove,
            )
        if verbose and not quiet:
            click.echo(f"{render_search(result)}{time.monotonic() - began:.1f} s", err=True)
        write(result, out)
    _say(result, out, style, quiet)
    return int(result.exit_code)


def _say(result: Result, out: Path, style: Style, quiet: bool) -> None:
    if not quiet:
        if result.taken_over:
            say(TAKEN_OVER, err=True)
        say(render(result, style, window()), style)
        if style == "text":
            say(render_ending(result, out))
    say(render_failed_checks(result, "error" if quiet else "warning"), err=True)
