"""What several verbs share: the inventory argument, overlay and search options, what is said of the reading."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar, get_args

import click

from qplan.api.columns import write_file
from qplan.api.inventories import DEFAULT_FILE, load
from qplan.api.planning import GAP, MOST_THREADS, TIME_LIMIT_S, Solver
from qplan.api.words import Style, printable, render_warnings
from qplan.cli.completion import complete_override, complete_scenario
from qplan.cli.terminal import factor, ratio, say, seconds

if TYPE_CHECKING:
    from qplan import Reading

ANY_PATH = click.Path(path_type=Path, readable=False)  # the reader says what cannot be read, and ends with 1
F = TypeVar("F", bound=Callable[..., object])
S = TypeVar("S", bound=str)


def inventory_argument(function: F) -> F:
    return click.argument("file", required=False, type=ANY_PATH, callback=_default_file)(function)


def overlay_options(function: F) -> F:
    """`--scenario`, `--set` and `--demand-factor`."""
    function = click.option("--demand-factor", type=factor, metavar="X", help="Every demand, however stated, times X.")(
        function
    )
    words = "Override a value by its address (+=, -=, *= change a number; * is any id); repeatable."
    function = click.option(
        "--set", "overrides", multiple=True, metavar="ADDRESS=VALUE", help=words, shell_complete=complete_override
    )(function)
    return click.option(
        "--scenario", metavar="NAME", help="Apply a scenario of the inventory.", shell_complete=complete_scenario
    )(function)


def search_options(function: F) -> F:
    """`--time-limit`, `--gap`, `--solver` and `--threads`."""
    threads = click.IntRange(1, MOST_THREADS)
    for option in (
        click.option("--threads", type=threads, default=1, show_default=True, help="Solver threads."),
        click.option("--solver", type=click.Choice(get_args(Solver)), default="highs", show_default=True),
        click.option("--gap", type=ratio, default=GAP, show_default=True, help="Gap at which a plan counts as proven."),
        click.option(
            "--time-limit",
            type=seconds,
            default=TIME_LIMIT_S,
            show_default=True,
            help="Stop searching after S seconds.",
        ),
    ):
        function = option(function)
    return function


def style_option(function: F) -> F:
    """`--format` of what people and programs read."""
    styles = click.Choice(get_args(Style))
    return click.option("--format", "style", type=styles, default="text", show_default=True)(function)


def as_of_option(function: F) -> F:
    """`--as-of`, which judges quotes."""
    days = click.DateTime(["%Y-%m-%d"])
    return click.option("--as-of", type=days, metavar="DATE", help="Quotes that end before DATE have run out.")(
        function
    )


def built_option(function: F) -> F:
    """`--built`, a plan whose plant is there."""
    words = "A plan that is built: its links, nodes and relays exist."
    return click.option("--built", type=ANY_PATH, metavar="PLAN", help=words)(function)


def to_file_option(function: F) -> F:
    """`--out`, a file instead of stdout, which is `-`."""
    words = "File to write instead of stdout (-)."

    def chosen(context: click.Context, parameter: click.Parameter, out: Path | None) -> Path | None:
        return None if out == Path("-") else out

    return click.option("-o", "--out", type=ANY_PATH, metavar="PATH", help=words, callback=chosen)(function)


def style_of(style: S | None, out: Path | None, suffixes: Mapping[str, S], default: S) -> S:
    """The format asked for, else that of the file's name. Raises click's UsageError."""
    ending = "" if out is None else out.suffix.lower()
    if style is None and ending and ending not in suffixes:
        offered = f"{', '.join(suffixes)}, or --format beside another"
        message = f"{printable(str(out))} ends with {printable(ending)}, which stands for no format; expected {offered}"
        raise click.UsageError(message, click.get_current_context())
    chosen = style or suffixes.get(ending, default)
    if chosen == "xlsx" and out is None:
        raise click.UsageError("a workbook is no text: name a file with --out", click.get_current_context())
    return chosen


def put(data: bytes, out: Path | None, style: str) -> None:
    """Print what a verb comes to, or write it into a file, whole or not at all."""
    if out is None:
        say(data.decode(), style)
    else:
        write_file(out, data)


def read(
    file: Path,
    scenario: str | None,
    overrides: tuple[str, ...],
    demand_factor: float | None,
    as_of: datetime | None,
    built: Path | None,
    quiet: bool = False,
) -> Reading:
    """Read the inventory and print its warnings."""
    day = None if as_of is None else as_of.date()
    reading = load(file, scenario=scenario, set=overrides, demand_factor=demand_factor, as_of=day, built=built)
    say_warnings(reading, quiet)
    return reading


def say_warnings(reading: Reading, quiet: bool) -> None:
    if not quiet:
        say(render_warnings(reading), err=True)


def _default_file(ctx: click.Context, param: click.Parameter, value: Path | None) -> Path:
    return default_file(ctx) if value is None else value


def default_file(ctx: click.Context) -> Path:
    """`sites.yaml`, else the only `*.qplan.yaml`. Raises click's UsageError where there is neither."""
    if Path(DEFAULT_FILE).exists():
        return Path(DEFAULT_FILE)
    named = sorted(Path().glob("*.qplan.yaml"))
    if len(named) == 1:
        return named[0]
    found = f"are {len(named)} files named *.qplan.yaml" if named else f"is neither {DEFAULT_FILE} nor a *.qplan.yaml"
    raise click.UsageError(f"there {found} here: name the inventory file", ctx)
