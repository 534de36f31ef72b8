"""`qplan candidates`."""

from __future__ import annotations

import re
from pathlib import Path
from typing import get_args

import click

from qplan.api.questions import list_candidates
from qplan.api.words import CandidatesStyle, render_candidates
from qplan.cli.common import ANY_PATH, default_file, overlay_options, read
from qplan.cli.completion import complete_place
from qplan.cli.terminal import say, usage, window
from qplan.cli.verb import Verb

ADDRESS = re.compile(r"(sites|links|fibres)\.[A-Za-z0-9][A-Za-z0-9_-]*")

EXAMPLES = (
    ("qplan candidates", "every link that could be built from ./sites.yaml, and what is refused"),
    ("qplan candidates sites.yaml links.west--east", "what could join two sites, with its loss budget"),
    ("qplan candidates sites.yaml --set policy.loss_margin_db=2", "what is left when fibres age"),
    ("qplan candidates --format csv > candidates.csv", "for a spreadsheet"),
)


@click.command("candidates", cls=Verb, examples=EXAMPLES)
@click.argument("file", required=False, type=ANY_PATH)
@click.argument("address", required=False, shell_complete=complete_place)
@overlay_options
@click.option("--format", "style", type=click.Choice(get_args(CandidatesStyle)), default="text", show_default=True)
@click.option("-q", "--quiet", is_flag=True, help="Print no warnings.")
def command(
    file: Path | None,
    address: str | None,
    scenario: str | None,
    overrides: tuple[str, ...],
    demand_factor: float | None,
    style: CandidatesStyle,
    quiet: bool,
) -> int:
    """Which QKD links could be built from FILE (default sites.yaml), and why not the others.

    \b
    FILE             every link: loss in dB and what it is made of, limit,
                     headroom, key rate and cost of one system
    FILE links.a--b  what joins two sites
    FILE sites.x     what ends at a site
    FILE fibres.f    what runs over a fibre

    What is refused is listed with its figure and the limit.
    """
    if address is not None and ADDRESS.fullmatch(str(file)) and Path(address).exists():
        raise usage("first the inventory, then the address", "candidates", address, file)
    if file is not None and address is None and ADDRESS.fullmatch(str(file)) and not file.exists():
        file, address = None, str(file)
    file = default_file(click.get_current_context()) if file is None else file
    reading = read(file, scenario, overrides, demand_factor, None, None, quiet)
    say(render_candidates(list_candidates(reading.inventory, address), style, window()), style)
    return 0
