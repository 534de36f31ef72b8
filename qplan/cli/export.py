"""`qplan export`."""

from __future__ import annotations

from pathlib import Path

import click
from click.shell_completion import CompletionItem

from qplan.api.exchange import export, export_format, export_formats, write_export
from qplan.api.planning import load_result
from qplan.api.words import printable
from qplan.cli.terminal import usage
from qplan.cli.verb import Verb
from qplan.errors import Exit

FORMATS = export_formats()
TITLES = "\n    ".join(f"{name:<10} {known.title}" for name, known in FORMATS.items())
EXAMPLES = (
    ("qplan export geojson sites.plan -o plan.geojson", "one file"),
    ("qplan export netbox sites.plan -o netbox", "several files, into a folder"),
)


def _complete(ctx: click.Context, param: click.Parameter, incomplete: str) -> list[CompletionItem]:
    return [CompletionItem(name, help=known.title) for name, known in FORMATS.items() if name.startswith(incomplete)]


@click.command("export", cls=Verb, examples=EXAMPLES, help=f"""
    Write PLAN (a plan's folder, or the plan.json in it) in the FORMAT of another tool.

    \b
    {TITLES}

    One file goes to stdout where no --out is given; netbox, qkdnetsim, etsi-015 and quditto are several files and go
    into a folder. What a format cannot say is told on stderr. An export replaces what an earlier export of the same
    format wrote, and nothing else.
    """)  # fmt: skip
@click.argument("name", metavar="FORMAT", shell_complete=_complete)
@click.argument("plan", type=click.Path(path_type=Path))
@click.option("-o", "--out", type=click.Path(path_type=Path), metavar="PATH", help="File or folder; - is stdout.")
@click.option("-q", "--quiet", is_flag=True, help="Do not tell what the format cannot say.")
def command(name: str, plan: Path, out: Path | None, quiet: bool) -> int:
    if name not in FORMATS and str(plan) in FORMATS:
        raise usage("first the format, then the plan", "export", plan, name)
    form = export_format(name)
    to_stdout = out is None or str(out) == "-"
    if to_stdout and form.several_files:
        raise click.UsageError(f"{name} is several files: name a folder with --out")
    result = load_result(plan)
    exported = export(result, name)
    if out is None or to_stdout:
        for text in exported.files.values():
            click.echo(text, nl=False)
    else:
        write_export(out, name, result, exported)
    if not quiet:
        for note in exported.notes:
            click.echo(f"note: {printable(note)}", err=True)
    return int(Exit.DONE)
