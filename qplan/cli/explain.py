"""`qplan explain`."""

from __future__ import annotations

import re
import time
from pathlib import Path

import click

from qplan.candidates.links import enumerate_candidates
from qplan.cli.common import default_file, overlay_options, read, reference
from qplan.cli.optimize import Gap, Seconds, stop_on_signals
from qplan.cli.progress import ProgressLine
from qplan.errors import Exit
from qplan.explain.about.corridor import answer_alone
from qplan.explain.about.questions import UnknownAddress, ask, look_up, split_address, sum_up
from qplan.explain.infeasibility.explanation import explain_corridor, explain_inventory
from qplan.explain.trials import Trials
from qplan.explain.variants import require_corridors
from qplan.optimizer.limits import SearchLimits
from qplan.outputs.verbs import answer, explanation
from qplan.plan.reader import is_plan, read_planned
from qplan.plan.verify.verifier import verify

EXITS = {"servable": Exit.DONE, "infeasible": Exit.INFEASIBLE, "unknown": Exit.LIMIT}
ADDRESS = re.compile(r"(sites|links|corridors)\.[A-Za-z0-9][A-Za-z0-9_-]*")


@click.command("explain")
@click.argument("source", required=False, metavar="[FILE|PLAN]", type=click.Path(path_type=Path))
@click.argument("address", required=False)
@overlay_options
@click.option("--time-limit", type=Seconds(), default=300.0, show_default=True, help="Stop planning after S seconds.")
@click.option("--gap", type=Gap(), default=0.001, show_default=True, help="Gap at which a plan counts as proven.")
@click.option("--solver", type=click.Choice(["highs", "cbc"]), default="highs", show_default=True)
@click.option("--threads", type=click.IntRange(1, 256), default=1, show_default=True, help="Solver threads.")
@click.option("--format", "style", type=click.Choice(["text", "json", "markdown"]), default="text", show_default=True)
@click.option("-q", "--quiet", is_flag=True, help="Print no warnings and no progress.")
def command(
    source: Path | None,
    address: str | None,
    scenario: str | None,
    overrides: tuple[str, ...],
    time_limit: float,
    gap: float,
    solver: str,
    threads: int,
    style: str,
    quiet: bool,
) -> int:
    """Why a corridor cannot be served, why a site or a link was chosen, and what would change it.

    \b
    FILE              which corridors cannot be served, why, and what helps
    FILE corridors.c  the same for one corridor, as if it were the only one
    PLAN              what binds the plan, and what each corridor costs
    PLAN ADDRESS      about sites.x, links.a--b or corridors.c: why it is there,
                      its cost, what binds, the best plan without it

    FILE is sites.yaml by default, PLAN a plan's folder or its plan.json. Exit 4 when a required corridor, or the one
    asked about, cannot be served.
    """
    if source is not None and address is None and ADDRESS.fullmatch(str(source)) and not source.exists():
        source, address = None, str(source)
    source = default_file(click.get_current_context()) if source is None else source
    deadline = time.monotonic() + time_limit
    with stop_on_signals() as stop:
        limits = SearchLimits(gap, deadline, threads, stop)
        try:
            if is_plan(source):
                if scenario is not None or overrides:
                    raise click.UsageError("a plan was made with its own --scenario and --set: give none with PLAN")
                return _explain_plan(source, address, solver, limits, style, quiet)
            return _explain_file(source, address, scenario, overrides, solver, limits, style, quiet)
        except UnknownAddress as unknown:
            raise click.UsageError(str(unknown)) from unknown


def _explain_file(
    file: Path,
    address: str | None,
    scenario: str | None,
    overrides: tuple[str, ...],
    solver: str,
    limits: SearchLimits,
    style: str,
    quiet: bool,
) -> int:
    reading = read(file, scenario, overrides, quiet)
    inventory = reading.inventory
    alone = None
    if address is None:
        with ProgressLine(quiet, verbose=False):
            found = explain_inventory(inventory, enumerate_candidates(inventory), solver, limits, reading.defaults)
    else:
        q = look_up(split_address(address, ("corridors",))[1], "corridors", inventory.corridors)
        trials = Trials(solver, limits, defaults=reading.defaults)
        with ProgressLine(quiet, verbose=False):
            found = explain_corridor(inventory, q, trials)
            inventory = require_corridors(inventory, [q])
            if found.status == "servable":
                alone = answer_alone(trials, inventory, reference(reading), q)
    if alone is not None:
        plan, about = alone
        click.echo(answer.FORMATS[style](inventory, plan, about), nl=False)
        return int(Exit.LIMIT if about.undecided else Exit.DONE)
    click.echo(explanation.FORMATS[style](inventory, found), nl=False)
    return int(EXITS[found.status])


def _explain_plan(path: Path, address: str | None, solver: str, limits: SearchLimits, style: str, quiet: bool) -> int:
    inventory, plan = read_planned(path)
    violations = verify(inventory, plan)
    if violations:
        for violation in violations:
            click.echo(violation.text(), err=True)
        click.echo("The plan does not hold for its own inventory: there is nothing to explain.", err=True)
        return int(Exit.CHECK)
    if address is None:
        click.echo(answer.OVERVIEWS[style](inventory, plan, sum_up(inventory, plan)), nl=False)
        return int(Exit.DONE)
    with ProgressLine(quiet, verbose=False):
        about = ask(Trials(solver, limits), inventory, plan, address)
    click.echo(answer.FORMATS[style](inventory, plan, about), nl=False)
    return int(Exit.LIMIT if about.undecided else Exit.DONE)
