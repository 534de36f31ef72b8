"""`qplan compare`."""

from __future__ import annotations

import time
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, get_args

import click

from qplan.api.columns import (
    AS_IT_STANDS,
    By,
    ComparedStyle,
    beside_classical,
    exit_code,
    plan_all,
    plans,
    render_classical,
    render_columns,
    render_sensitivity,
    scenarios,
    sensitivity,
    share_of_time,
    side_by_side,
    split,
)
from qplan.api.planning import Result, Solver, is_plan, optimize
from qplan.cli.common import (
    ANY_PATH,
    as_of_option,
    built_option,
    default_file,
    overlay_options,
    put,
    search_options,
    style_of,
    to_file_option,
)
from qplan.cli.progress import ProgressLine
from qplan.cli.signals import stop_on_signals
from qplan.cli.terminal import finite, window
from qplan.cli.verb import Verb
from qplan.errors import Exit

if TYPE_CHECKING:
    from qplan import Reading

EXAMPLES = (
    ("qplan compare --scenario north,south", "./sites.yaml under two scenarios, each planned to its own optimum"),
    ("qplan compare --by manufacturer", "any vendor, and each one alone"),
    ("qplan compare --by offer-kind -o offers.html", "purchase, lease and managed service, as a page with charts"),
    ("qplan compare --classical", "what QKD costs more than the PQC design, by corridor and year, and what for"),
    ("qplan compare sites.plan --sensitivity --spread 0.3", "what moves the TCO, and where another plan takes over"),
    ("qplan compare old.plan new.plan --baseline old", "plans that are there"),
)
SUFFIXES: dict[str, ComparedStyle] = {
    ".json": "json",
    ".md": "markdown",
    ".csv": "csv",
    ".html": "html",
    ".xlsx": "xlsx",
    ".txt": "text",
}


@click.command("compare", cls=Verb, examples=EXAMPLES, soft_fail=True)
@click.argument("names", nargs=-1, metavar="[FILE] | PLAN PLAN…", type=ANY_PATH)
@click.option("--by", type=click.Choice(get_args(By)), help="Each manufacturer, or each kind of offer, alone.")
@click.option("--classical", is_flag=True, help="One FILE or PLAN beside the classical (PQC) design that it states.")
@click.option("--sensitivity", "varied", is_flag=True, help="One FILE or PLAN: what moves its TCO, and break-evens.")
@click.option(
    "--spread", "spreads", multiple=True, metavar="[DRIVER=]X", help="With --sensitivity: by so much, as a share."
)
@click.option("--baseline", metavar="COLUMN", help="What the others are held against; default the first.")
@click.option("--format", "style", type=click.Choice(get_args(ComparedStyle)), help="Default text, or as --out ends.")
@to_file_option
@click.option("-q", "--quiet", is_flag=True, help="Print no progress.")
@overlay_options
@as_of_option
@built_option
@search_options
def command(
    names: tuple[Path, ...],
    by: By | None,
    classical: bool,
    varied: bool,
    spreads: tuple[str, ...],
    baseline: str | None,
    style: ComparedStyle | None,
    out: Path | None,
    quiet: bool,
    scenario: str | None,
    overrides: tuple[str, ...],
    demand_factor: float | None,
    as_of: datetime | None,
    built: Path | None,
    time_limit: float,
    gap: float,
    solver: Solver,
    threads: int,
) -> int:
    """Lay plans side by side: nodes, links, relays, resilience, headroom, money, per corridor, and what decides.

    \b
    FILE --scenario A,B,…        scenarios (`.` is the file as it stands), each planned to its own optimum
    FILE --by manufacturer       the file as it stands, and each alone
    PLAN PLAN…                   plans that are there
    FILE or PLAN --classical     what QKD costs on top of the hardened classical (PQC) design
    FILE or PLAN --sensitivity   what moves the TCO, plan held and planned anew, and where another plan takes over

    The time limit is for all together. Ends as the gravest of the columns would: 4 where one has no plan; 5 where
    sensitivities were not all decided in time.
    """
    deadline, style = time.monotonic() + time_limit, style_of(style, out, SUFFIXES, "text")
    _check_options(by, classical, varied, spreads, baseline)
    overlaid = bool(by or scenario or overrides or demand_factor is not None or as_of or built)
    if names and is_plan(names[0]):
        _check_plans(names, overlaid, 1 if classical or varied else 2)
        results = plans(names)
    else:
        readings = _readings(names, by, classical or varied, scenario, overrides, demand_factor, as_of, built)
        results = _planned(readings, quiet, time_limit, gap, solver, threads)
    code = exit_code(results)
    if varied:
        data, code = _sensitivity(results[0], _spreads(spreads), style, quiet, deadline, gap, solver, threads)
    elif classical:
        data = render_classical(beside_classical(results[0][1]), style, window())
    else:
        data = render_columns(side_by_side(results, baseline), style, window())
    put(data, out, style)
    return int(code)


def _sensitivity(
    named: tuple[str, Result],
    spreads: dict[str, float],
    style: ComparedStyle,
    quiet: bool,
    deadline: float,
    gap: float,
    solver: Solver,
    threads: int,
) -> tuple[bytes, Exit]:
    with stop_on_signals() as stop, ProgressLine(quiet) as line:
        found = sensitivity(
            named[1],
            spreads,
            gap=gap,
            time_limit=share_of_time(deadline, 1),
            solver=solver,
            threads=threads,
            stop=stop,
            said=lambda driver: line.show(f"varying {driver} …"),
        )
    return render_sensitivity(*named, found, style, window()), exit_code((named,), found)


def _spreads(texts: tuple[str, ...]) -> dict[str, float]:
    """By driver, "" where none is named. Raises click's BadParameter."""
    parts = (text.rpartition("=") for text in texts)
    return {name.strip(): finite(share, 1e-6, 0.999) for name, _, share in parts}


def _planned(
    readings: tuple[tuple[str, Reading], ...], quiet: bool, time_limit: float, gap: float, solver: Solver, threads: int
) -> tuple[tuple[str, Result], ...]:
    deadline, left = time.monotonic() + time_limit, len(readings)
    with stop_on_signals() as stop, ProgressLine(quiet) as line:

        def plan(inventory: Reading, what: str) -> Result:
            nonlocal left
            line.show(f"planning {what} …")
            seconds, left = share_of_time(deadline, left), left - 1
            return optimize(
                inventory, gap=gap, time_limit=seconds, solver=solver, threads=threads, stop=stop, explained=False
            )

        return plan_all(readings, plan)


def _readings(
    names: tuple[Path, ...],
    by: By | None,
    alone: bool,
    scenario: str | None,
    overrides: tuple[str, ...],
    demand_factor: float | None,
    as_of: datetime | None,
    built: Path | None,
) -> tuple[tuple[str, Reading], ...]:
    """Raises click's UsageError."""
    context = click.get_current_context()
    if len(names) > 1:
        raise click.UsageError("name one FILE, or plans alone", context)
    file = names[0] if names else default_file(context)
    day = None if as_of is None else as_of.date()
    if alone:
        one = (scenario or AS_IT_STANDS,)
        return scenarios(file, one, set=overrides, demand_factor=demand_factor, as_of=day, built=built)
    if by is not None:
        return split(file, by, scenario=scenario, set=overrides, demand_factor=demand_factor, as_of=day, built=built)
    chosen = [name.strip() for name in (scenario or "").split(",") if name.strip()]
    if len(chosen) < 2:
        raise click.UsageError(
            "name at least two scenarios (--scenario A,B; . is the file as it stands), or --by", context
        )
    return scenarios(file, chosen, set=overrides, demand_factor=demand_factor, as_of=day, built=built)


def _check_options(
    by: By | None, classical: bool, varied: bool, spreads: tuple[str, ...], baseline: str | None
) -> None:
    """Raises click's UsageError for what would be left out of account."""
    context = click.get_current_context()
    if classical and varied:
        raise click.UsageError("--classical or --sensitivity: one of them", context)
    if spreads and not varied:
        raise click.UsageError("--spread goes with --sensitivity", context)
    for name, value in (("--by", by), ("--baseline", baseline)):
        if value is not None and (classical or varied):
            raise click.UsageError(f"--classical and --sensitivity are of one plan: give no {name}", context)


def _check_plans(names: tuple[Path, ...], overlaid: bool, least: int) -> None:
    """Raises click's UsageError."""
    context = click.get_current_context()
    if overlaid:
        words = "plans were made with their own --scenario, --set and the like: give none with PLAN"
        raise click.UsageError(words, context)
    if least == 1 and len(names) > 1:
        raise click.UsageError("--classical and --sensitivity take one plan", context)
    if len(names) < least:
        raise click.UsageError("one plan alone is not compared: name two or more", context)
