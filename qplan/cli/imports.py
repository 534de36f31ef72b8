"""`qplan import`."""

from __future__ import annotations

import os
from pathlib import Path
from typing import get_args

import click

from qplan.api.imports import (
    STDOUT,
    ImportStyle,
    begin_map,
    import_files,
    import_formats,
    render_import,
    summarise_import,
    write_import,
)
from qplan.api.words import printable
from qplan.cli.common import ANY_PATH, Verb
from qplan.errors import Exit, QplanError

FORMATS = import_formats()
EXAMPLES = [
    ("qplan import csv sites.csv fibres.csv", "two spreadsheets saved as CSV"),
    ("qplan import xlsx plant.xlsx --write-map", "headings that are not known: a mapping file to complete"),
    ("qplan import csv fibres.csv --update --diff", "what new measurements would change"),
]


class ImportVerb(Verb):
    """With formats and examples behind the options."""

    def format_epilog(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        for title, rows in (("Formats", list(FORMATS.items())), ("Examples", EXAMPLES)):
            with formatter.section(title):
                formatter.write_dl(rows)


@click.command("import", cls=ImportVerb)
@click.argument("form", metavar="FORMAT", type=click.Choice(list(FORMATS)))
@click.argument("files", metavar="FILE…", nargs=-1, required=True, type=ANY_PATH)
@click.option("-o", "--out", type=ANY_PATH, default="sites.yaml", show_default=True, help="The inventory; - is stdout.")
@click.option("--map", "map_file", type=ANY_PATH, metavar="MAP.yaml", help="Which heading is which field.")
@click.option("--write-map", is_flag=True, help="Write a mapping file to complete, and import nothing.")
@click.option("--update", is_flag=True, help="Merge into the inventory that is there; comments and rules stay.")
@click.option("--diff", "show_diff", is_flag=True, help="Show what would change, and write nothing.")
@click.option("--format", "style", type=click.Choice(get_args(ImportStyle)), default="text", show_default=True)
def command(
    form: str,
    files: tuple[Path, ...],
    out: Path,
    map_file: Path | None,
    write_map: bool,
    update: bool,
    show_diff: bool,
    style: ImportStyle,
) -> int:
    """Make an inventory of what you have, or merge new measurements into one.

    Nothing is dropped or guessed in silence: each doubt is a finding (QP6…), printed and written into the file. An
    inventory that is there is never overwritten: --update merges into it, and deletes nothing.
    """
    if write_map:
        name = begin_map(form, files, map_file)
        click.echo(f"Wrote {name}: say in it which heading is which field, then give it with --map {name}")
        return int(Exit.DONE)
    there = str(out) != STDOUT and os.path.lexists(out)
    if there and not update and not show_diff:
        others = "--update merges into it, --diff shows what would change, -o names another"
        raise QplanError(f"{printable(str(out))} is there: {others}")
    outcome = import_files(form, files, map_file=map_file, into=out if there else None)
    if show_diff or str(out) == STDOUT:
        click.echo(outcome.diff(out.as_posix().lstrip("/")) if show_diff else outcome.text, nl=False)
        click.echo(render_import(summarise_import(outcome, out), style), nl=False, err=True)
    else:
        click.echo(render_import(write_import(out, outcome), style), nl=False)
    return int(Exit.DONE)
