"""What several verbs share: the inventory argument, overlay options and the reading itself."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import click

from qplan.inventory.reader import Reading, read_inventory
from qplan.inventory.source.rendering import render
from qplan.plan.model import FileHash, InventoryRef

DEFAULT_FILE = "sites.yaml"
ANY_PATH = click.Path(path_type=Path, readable=False)  # the reader says what cannot be read, and ends with 1


def inventory_argument(function: Callable) -> Callable:
    return click.argument("file", required=False, type=ANY_PATH, callback=_default_file)(function)


def overlay_options(function: Callable) -> Callable:
    """`--scenario` and `--set`."""
    function = click.option(
        "--set",
        "overrides",
        multiple=True,
        metavar="ADDRESS=VALUE",
        help="Override a value by its address; repeatable.",
    )(function)
    return click.option("--scenario", metavar="NAME", help="Apply a scenario of the inventory.")(function)


def _default_file(ctx: click.Context, param: click.Parameter, value: Path | None) -> Path:
    return default_file(ctx) if value is None else value


def default_file(ctx: click.Context) -> Path:
    """`sites.yaml`, else the only `*.qplan.yaml`. Raises click's UsageError where there is neither."""
    if Path(DEFAULT_FILE).exists():
        return Path(DEFAULT_FILE)
    named = sorted(Path().glob("*.qplan.yaml"))
    if len(named) == 1:
        return named[0]
    found = f"{len(named)} files named *.qplan.yaml" if named else f"neither {DEFAULT_FILE} nor a *.qplan.yaml"
    raise click.UsageError(f"there is {found} here: name the inventory file", ctx)


def read(file: Path, scenario: str | None, overrides: tuple[str, ...], quiet: bool = False) -> Reading:
    """Read the inventory and print its warnings."""
    reading = read_inventory(file, scenario=scenario, overrides=overrides)
    if not quiet and reading.warnings:
        click.echo(render(reading.warnings, reading.sources, len(reading.suppressed)), err=True, nl=False)
    return reading


def reference(reading: Reading) -> InventoryRef:
    """What a plan records of the inventory it was made from."""
    return InventoryRef(
        name=reading.name,
        sha256=reading.sha256,
        files=tuple(FileHash(path=path, sha256=digest) for path, digest in reading.files),
        scenario=reading.scenario,
        set=reading.set,
        effective_sha256=reading.effective_sha256,
    )
