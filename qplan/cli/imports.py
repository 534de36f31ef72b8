"""`qplan import`."""

from __future__ import annotations

import os
from pathlib import Path
from typing import get_args

import click

from qplan.api.imports import (
    STDOUT,
    ImportStyle,
    answers_requests,
    begin_map,
    import_files,
    import_formats,
    render_import,
    summarise_import,
    write_import,
)
from qplan.api.words import printable
from qplan.cli.common import ANY_PATH, default_file
from qplan.cli.terminal import say
from qplan.cli.verb import Verb
from qplan.errors import Exit, QplanError

FORMATS = import_formats()
TITLES = "\n    ".join(f"{name:<10} {title}" for name, title in FORMATS.items())
EXAMPLES = (
    ("qplan import csv sites.csv fibres.csv", "two spreadsheets saved as CSV"),
    ("qplan import xlsx plant.xlsx --write-map", "headings that are not known: a mapping file to complete"),
    ("qplan import csv fibres.csv --update --diff", "what new measurements would change"),
    ("qplan import offers qkd.xlsx -o offers.yaml", "what suppliers answered, for sites.yaml to include"),
)


@click.command("import", cls=Verb, examples=EXAMPLES, help=f"""
    Make an inventory of what you have, or merge new measurements into one.

    \b
    {TITLES}

    Nothing is dropped or guessed in silence: each doubt is a finding (QP6…). A new file has all of them as comments, an
    update prints all of them. An inventory that is there is never overwritten: --update merges into it, and deletes
    nothing.
    """)  # fmt: skip
@click.argument("form", metavar="FORMAT", type=click.Choice(list(FORMATS)))
@click.argument("files", metavar="FILE…", nargs=-1, required=True, type=ANY_PATH)
@click.option("-o", "--out", type=ANY_PATH, default="sites.yaml", show_default=True, help="The inventory; - is stdout.")
@click.option("--map", "map_file", type=ANY_PATH, metavar="MAP.yaml", help="Which heading is which field.")
@click.option("--write-map", is_flag=True, help="Write a mapping file to complete, and import nothing.")
@click.option("--update", is_flag=True, help="Merge into the inventory that is there; comments and rules stay.")
@click.option("--diff", "show_diff", is_flag=True, help="Show what would change, and write nothing.")
@click.option(
    "--for", "asked_of", type=ANY_PATH, metavar="FILE", help="Of offers: the inventory that was asked for; else --out."
)
@click.option("--format", "style", type=click.Choice(get_args(ImportStyle)), default="text", show_default=True)
def command(
    form: str,
    files: tuple[Path, ...],
    out: Path,
    map_file: Path | None,
    write_map: bool,
    update: bool,
    show_diff: bool,
    asked_of: Path | None,
    style: ImportStyle,
) -> int:
    if asked_of is not None and not answers_requests(form):
        raise click.UsageError(f"--for names the inventory that offers answer to; {form} takes none")
    if write_map:
        name = begin_map(form, files, map_file)
        click.echo(f"Wrote {name}: say in it which heading is which field, then give it with --map {name}")
        return int(Exit.DONE)
    there = str(out) != STDOUT and os.path.lexists(out)
    if there and not update and not show_diff:
        others = "--update merges into it, --diff shows what would change, -o names another"
        raise QplanError(f"{printable(str(out))} is there: {others}")
    if answers_requests(form) and asked_of is None and not (there and update):
        asked_of = default_file(click.get_current_context())
    outcome = import_files(form, files, map_file=map_file, into=out if there else None, asked_of=asked_of)
    if show_diff or str(out) == STDOUT:
        click.echo(outcome.diff(out.as_posix().lstrip("/")) if show_diff else outcome.text, nl=False)
        say(render_import(summarise_import(outcome, out), style), style, err=True)
    else:
        say(render_import(write_import(out, outcome), style), style)
    return int(Exit.DONE)
