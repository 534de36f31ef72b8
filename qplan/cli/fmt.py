"""`qplan fmt`."""

from __future__ import annotations

import difflib
import sys
from collections.abc import Iterator
from pathlib import Path

import click

from qplan.api.inventories import Layout, layout, write_layout
from qplan.cli.common import ANY_PATH, default_file
from qplan.cli.verb import Verb
from qplan.errors import Exit, InvalidInput, QplanError

EXAMPLES = (
    ("qplan fmt", "bring ./sites.yaml into its layout"),
    ("qplan fmt --check --diff sites.yaml common.yaml", "show what would change, for pipelines"),
)


@click.command("fmt", cls=Verb, examples=EXAMPLES)
@click.argument("files", nargs=-1, metavar="[FILE]…", type=ANY_PATH)
@click.option("--check", is_flag=True, help="Change nothing; exit 8 where a file would be changed.")
@click.option("--diff", is_flag=True, help="Change nothing; print what would be changed.")
def command(files: tuple[Path, ...], check: bool, diff: bool) -> int:
    """Bring every FILE (default sites.yaml; an inventory or a fragment; - is stdin to stdout) into its one layout.

    Two blanks a level, one between words, at most one blank line, comments beside or above what they were beside or
    above. Order, numbers, quotes, anchors, brackets and their line breaks stay as they are, and so does the meaning:
    it is compared, and a file is left alone where it would change. The names of changed files go to stdout.
    """
    failed: list[QplanError] = []
    changed = 0
    for file in files or (default_file(click.get_current_context()),):
        try:
            changed += _format(layout(file), check, diff)
        except QplanError as error:
            failed.append(error)
    if failed:
        raise _together(failed)
    return int(Exit.LAYOUT if check and changed else Exit.DONE)


def _format(found: Layout, check: bool, diff: bool) -> bool:
    """Whether the layout of the file differs from what it should be; done to it where nothing else is asked for."""
    differs = found.before != found.after
    if diff:
        click.echo("".join(_diff(found)), nl=False)
    elif found.path == "-" and not check:
        sys.stdout.buffer.write(found.after)
    elif differs:
        if not check:
            write_layout(found)
        click.echo(found.name)
    return differs


def _diff(found: Layout) -> Iterator[str]:
    old, new = (data.decode().splitlines(keepends=True) for data in (found.before, found.after))
    for line in difflib.unified_diff(old, new, found.name, f"{found.name} (layout)"):
        yield line if line.endswith("\n") else f"{line}\n\\ No newline at end of file\n"


def _together(failed: list[QplanError]) -> QplanError:
    """One failure for all: invalid input where that is all there is."""
    if len(failed) == 1:
        return failed[0]
    invalid = [error for error in failed if isinstance(error, InvalidInput)]
    if len(invalid) < len(failed):
        return QplanError("\n".join(map(str, failed)))
    sources = {name: text for error in invalid for name, text in error.sources.items()}
    return InvalidInput(tuple(item for error in invalid for item in error.diagnostics), sources)
