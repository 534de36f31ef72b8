"""`qplan optimize`: the main job."""

from __future__ import annotations

import time
from pathlib import Path
from typing import TYPE_CHECKING

import click

from qplan.api.planning import Result, Solver, check_ready, load_plan, optimize, write
from qplan.api.words import Style, render, render_failed_checks, render_progress, render_search
from qplan.cli.common import ANY_PATH, Verb, inventory_argument, overlay_options, read, search_options, style_option
from qplan.cli.progress import ProgressLine
from qplan.cli.terminal import stop_on_signals

if TYPE_CHECKING:
    from qplan import Progress


@click.command("optimize", cls=Verb)
@inventory_argument
@click.option("-o", "--out", type=ANY_PATH, help="Folder to write; default FILE.plan beside FILE.")
@click.option("--objective", type=click.Choice(["tco", "capex", "relays"]), help="Instead of the inventory's.")
@search_options
@click.option("--start", type=ANY_PATH, help="A plan to begin from; it is kept among plans that are as good.")
@overlay_options
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
    scenario: str | None,
    overrides: tuple[str, ...],
    style: Style,
    lp_file: Path | None,
    quiet: bool,
    verbose: bool,
) -> int:
    """Plan FILE (default sites.yaml): trusted nodes and QKD links for all corridors at least cost.

    Writes a folder with plan.json, diagrams, map, bill of materials, costs and report, and prints a summary.
    """
    began = time.monotonic()
    if objective is not None:
        overrides = (*overrides, f"objective={objective}")
    reading = read(file, scenario, overrides, quiet)
    earlier = None if start is None else load_plan(start)
    out = out if out is not None else default_folder(file, scenario)
    check_ready(solver, out, lp_file)
    with stop_on_signals() as stop:
        with ProgressLine(quiet) as line:

            def show(progress: Progress) -> None:
                line.show(render_progress(progress, reading))

            result = optimize(
                reading,
                gap=gap,
                time_limit=max(0.0, began + time_limit - time.monotonic()),
                start=earlier,
                progress=show,
                solver=solver,
                threads=threads,
                stop=stop,
                lp_file=lp_file,
            )
        if verbose and not quiet:
            click.echo(f"{render_search(result)}{time.monotonic() - began:.1f} s", err=True)
        write(result, out)
    _say(result, style, quiet)
    return int(result.exit_code)


def _say(result: Result, style: Style, quiet: bool) -> None:
    if not quiet:
        click.echo(render(result, style).rstrip("\n"))
    click.echo(render_failed_checks(result, "error" if quiet else "warning"), err=True, nl=False)


def default_folder(file: Path, scenario: str | None) -> Path:
    """`sites.plan` or `sites.SCENARIO.plan` beside `sites.yaml`; `stdin.plan` here for standard input (`-`)."""
    stem = "stdin" if file == Path("-") else file.stem
    return file.parent / ".".join([stem, *([scenario] if scenario else []), "plan"])
