"""`qplan import`."""

from __future__ import annotations

import os
from pathlib import Path

import click

from qplan.cli.common import ANY_PATH
from qplan.errors import QplanError
from qplan.files import replace_file
from qplan.interchange.imports import summary
from qplan.interchange.imports.formats import FORMATS
from qplan.interchange.imports.importing import OTDR, Outcome, imported, map_to_complete, to_fill_in
from qplan.interchange.imports.mapping import ImportMap, read_map
from qplan.inventory.rules import printable

STDOUT = Path("-")
WORDS = {name: form.words for name, form in FORMATS.items()} | {
    OTDR: "OTDR traces (.sor): losses of fibres that are there"
}


class ImportCommand(click.Command):
    def format_epilog(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Formats"):
            formatter.write_dl(list(WORDS.items()))
        with formatter.section("Examples"):
            formatter.write_dl([
                ("qplan import csv sites.csv fibres.csv", "two spreadsheets saved as CSV"),
                ("qplan import xlsx plant.xlsx --write-map", "headings that are not known: a mapping file to complete"),
                ("qplan import csv fibres.csv --update --diff", "what new measurements would change"),
            ])  # fmt: skip


@click.command("import", cls=ImportCommand)
@click.argument("form", metavar="FORMAT", type=click.Choice(list(WORDS)))
@click.argument("files", metavar="FILE…", nargs=-1, required=True, type=ANY_PATH)
@click.option("-o", "--out", type=ANY_PATH, default=Path("sites.yaml"), show_default=True,
              help="The inventory to write; - is standard output.")  # fmt: skip
@click.option("--map", "map_file", type=ANY_PATH, metavar="MAP.yaml", help="Which heading is which field.")
@click.option("--write-map", is_flag=True, help="Write a mapping file to complete, and import nothing.")
@click.option("--update", is_flag=True, help="Merge into the inventory that is there; comments and rules stay.")
@click.option("--diff", "show_diff", is_flag=True, help="Show what would change, and write nothing.")
@click.option("--format", "style", type=click.Choice(list(summary.FORMATS)), default="text", show_default=True)
def command(
    form: str,
    files: tuple[Path, ...],
    out: Path,
    map_file: Path | None,
    write_map: bool,
    update: bool,
    show_diff: bool,
    style: str,
) -> int:
    """Make an inventory of what you have, or merge new measurements into one.

    Nothing is dropped or guessed in silence: each doubt is a finding (QP6…), printed and written into the file. An
    inventory that is there is never overwritten: --update merges into it, and deletes nothing.
    """
    if write_map:
        return _write_map(form, files, map_file)
    there = out != STDOUT and os.path.lexists(out)
    if there and not update and not show_diff:
        others = "--update merges into it, --diff shows what would change, -o names another"
        raise QplanError(f"{_name(out)} is there: {others}")
    mapping = read_map(map_file) if map_file else ImportMap()
    outcome = imported(form, files, mapping, out if there else None)
    if show_diff:
        click.echo(outcome.diff(out.as_posix().lstrip("/")), nl=False)
        click.echo(summary.FORMATS[style](summary.Summary(outcome, _name(out), False)), nl=False, err=True)
    elif out == STDOUT:
        click.echo(outcome.text, nl=False)
        click.echo(summary.FORMATS[style](summary.Summary(outcome, "-", False)), nl=False, err=True)
    else:
        _write(out, outcome)
        click.echo(summary.FORMATS[style](summary.Summary(outcome, _name(out), True, to_fill_in(out))), nl=False)
    return 0


def _write_map(form: str, files: tuple[Path, ...], map_file: Path | None) -> int:
    if form not in FORMATS or not FORMATS[form].has_columns:
        columns = ", ".join(name for name, known in FORMATS.items() if known.has_columns)
        raise click.UsageError(f"{form} has no columns that a mapping file could name; formats that have: {columns}")
    path = map_file or files[0].with_name(f"{files[0].name}.map.yaml")
    text = map_to_complete(form, files)
    _create(path, text)
    click.echo(f"Wrote {_name(path)}: say in it which heading is which field, then give it with --map {_name(path)}")
    return 0


def _write(out: Path, outcome: Outcome) -> None:
    if outcome.before is None:
        _create(out, outcome.text)
    elif outcome.text != outcome.before:
        _replace(out, outcome.text)


def _create(path: Path, text: str) -> None:
    """A new file, whole or not at all; never over another. Raises `QplanError`."""
    if os.path.lexists(path):
        raise QplanError(f"{_name(path)} is there already and is not overwritten: name another")
    _replace(path, text)


def _replace(path: Path, text: str) -> None:
    try:
        replace_file(path.resolve(), text.encode())
    except (OSError, ValueError) as error:
        raise QplanError(f"cannot write {_name(path)}: {getattr(error, 'strerror', None) or error}") from error


def _name(path: Path) -> str:
    return printable(os.fsencode(path).decode("utf-8", "replace"))
