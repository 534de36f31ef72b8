"""`qplan report`."""

from __future__ import annotations

from pathlib import Path
from typing import get_args

import click

from qplan.api.comparing import ReportStyle, report
from qplan.api.planning import load_result
from qplan.cli.common import ANY_PATH
from qplan.cli.terminal import say
from qplan.cli.verb import Verb

EXAMPLES = (
    ("qplan report sites.plan > report.html", "a page that needs nothing else"),
    ("qplan report sites.plan --format markdown --compare-to old.plan", "the comment for a pull request"),
)


@click.command("report", cls=Verb, examples=EXAMPLES)
@click.argument("plan", type=ANY_PATH)
@click.option("--format", "style", type=click.Choice(get_args(ReportStyle)), default="html", show_default=True)
@click.option("--compare-to", type=ANY_PATH, metavar="PLAN", help="Show first what differs from this plan.")
def command(plan: Path, style: ReportStyle, compare_to: Path | None) -> int:
    """The report of PLAN (a folder, or plan.json in it), on stdout.

    With --compare-to what changes comes first, with new, changed and retired parts marked in the topology. As
    Markdown the report fits a comment (60,000 characters) and then begins with the one screen of `qplan diff`; a hidden
    first line lets a pipeline find the comment again and replace it.
    """
    say(report(load_result(plan), style, None if compare_to is None else load_result(compare_to)), style)
    return 0
