"""`qplan validate`."""

from __future__ import annotations

from pathlib import Path

import click

from qplan.cli.common import inventory_argument, overlay_options, read


@click.command("validate")
@inventory_argument
@overlay_options
def command(file: Path, scenario: str | None, overrides: tuple[str, ...]) -> int:
    """Read FILE (default sites.yaml) with its includes and report every problem found."""
    inventory = read(file, scenario, overrides).inventory
    click.echo(
        f"{file}: valid ({len(inventory.sites)} sites, {len(inventory.fibres)} fibres, "
        f"{len(inventory.equipment.qkd_systems)} QKD systems, {len(inventory.corridors)} corridors)"
    )
    return 0
