"""`qplan optimize`: the main job."""

from __future__ import annotations

import math
import signal
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import click

from qplan.assessment.facts import PlanFacts, assess
from qplan.cli.common import ANY_PATH, inventory_argument, overlay_options, read, reference
from qplan.cli.progress import ProgressLine
from qplan.errors import Exit
from qplan.explain.infeasibility.explanation import explain
from qplan.inventory.rules import printable
from qplan.optimizer.limits import SearchLimits
from qplan.optimizer.planner import optimize
from qplan.outputs.folder import check_file_target, check_target, write_beside, write_folder
from qplan.outputs.plan_files import plan_files
from qplan.outputs.text import summary
from qplan.outputs.verbs import explanation
from qplan.plan.reader import read_plan


class Seconds(click.ParamType):
    """A finite number of seconds above zero."""

    name = "seconds"

    def convert(self, value: object, param: click.Parameter | None, ctx: click.Context | None) -> float:
        return _finite(self, value, param, ctx, least=1e-3, most=1e7)


class Gap(click.ParamType):
    """A relative gap from 0 to 1."""

    name = "ratio"

    def convert(self, value: object, param: click.Parameter | None, ctx: click.Context | None) -> float:
        return _finite(self, value, param, ctx, least=0.0, most=1.0)


def _finite(
    kind: click.ParamType,
    value: object,
    param: click.Parameter | None,
    ctx: click.Context | None,
    least: float,
    most: float,
) -> float:
    try:
        number = float(value)
    except ValueError:
        number = math.nan
    if not least <= number <= most:
        kind.fail(f"{value!r} is not a number from {least:g} to {most:g}", param, ctx)
    return number


@click.command("optimize")
@inventory_argument
@click.option("-o", "--out", type=ANY_PATH, help="Folder to write; default FILE.plan beside FILE.")
@click.option("--objective", type=click.Choice(["tco", "capex", "relays"]), help="Instead of the inventory's.")
@click.option("--time-limit", type=Seconds(), default=300.0, show_default=True, help="Stop searching after S seconds.")
@click.option("--gap", type=Gap(), default=0.001, show_default=True, help="Gap at which a plan counts as proven.")
@click.option("--solver", type=click.Choice(["highs", "cbc"]), default="highs", show_default=True)
@click.option("--threads", type=click.IntRange(1, 256), default=1, show_default=True, help="Solver threads.")
@click.option("--start", type=ANY_PATH, help="A plan to begin from; it is kept among plans that are as good.")
@overlay_options
@click.option("--format", "style", type=click.Choice(list(summary.FORMATS)), default="text", show_default=True)
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
    solver: str,
    threads: int,
    start: Path | None,
    scenario: str | None,
    overrides: tuple[str, ...],
    style: str,
    lp_file: Path | None,
    quiet: bool,
    verbose: bool,
) -> int:
    """Plan FILE (default sites.yaml): trusted nodes and QKD links for all corridors at least cost.

    Writes a folder with plan.json, diagrams, map, bill of materials, costs and report, and prints a summary.
    """
    deadline = time.monotonic() + time_limit
    if objective is not None:
        overrides = (*overrides, f"objective={objective}")
    reading = read(file, scenario, overrides, quiet)
    earlier = None if start is None else read_plan(start)
    out = out if out is not None else default_folder(file, scenario)
    check_target(out)
    if lp_file is not None:
        check_file_target(lp_file)
    with stop_on_signals() as stop:
        with ProgressLine(quiet, verbose) as line:
            limits = SearchLimits(gap, deadline, threads, stop, line.show)
            result = optimize(reading.inventory, reference(reading), solver, limits, lp_file, earlier)
            line.report(result)
            if result.plan is None:
                status = result.search.status
                reasons = explain(reading.inventory, result.candidates, status, solver, limits, reading.defaults)
        if result.plan is None:
            write_beside(out, explanation.explanation_files(reading.inventory, reasons, reference(reading)))
        else:
            facts = assess(reading.inventory, result.plan)
            write_folder(out, plan_files(facts, reading.effective_json))
    if result.plan is None:
        _say(explanation.FORMATS[style](reading.inventory, reasons), quiet)
        return int(Exit.INFEASIBLE if reasons.status == "infeasible" else Exit.LIMIT)
    _say(summary.FORMATS[style](facts), quiet)
    return int(_plan_exit(facts, quiet))


def _say(text: str, quiet: bool) -> None:
    if not quiet:
        click.echo(text.rstrip("\n"))


def default_folder(file: Path, scenario: str | None) -> Path:
    """`sites.plan` or `sites.SCENARIO.plan` beside `sites.yaml`; `stdin.plan` here for standard input (`-`)."""
    stem = "stdin" if file == Path("-") else file.stem
    return file.parent / ".".join([stem, *([scenario] if scenario else []), "plan"])


def _plan_exit(facts: PlanFacts, quiet: bool) -> Exit:
    for result in facts.failed_checks:
        check = result.check
        if not quiet or check.severity == "error":
            message = f": {printable(check.message)}" if check.message else ""
            click.echo(
                f"check {result.id}: {check.severity}: {check.metric} {result.value:.15g} exceeds "
                f"{check.max:.15g}{message}",
                err=True,
            )
    if facts.plan.status != "optimal":
        return Exit.LIMIT
    return Exit.CHECK if any(result.check.severity == "error" for result in facts.failed_checks) else Exit.DONE


@contextmanager
def stop_on_signals() -> Iterator[threading.Event]:
    """An event that the first Ctrl-C or SIGTERM sets, so that what was found is written; a second one ends at once."""
    stop = threading.Event()

    def on_signal(number: int, frame: object) -> None:
        if stop.is_set():
            raise KeyboardInterrupt
        stop.set()

    before = {number: signal.signal(number, on_signal) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield stop
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
