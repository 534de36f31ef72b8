"""`qplan rfq`."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import get_args

import click

from qplan.api.planning import load_result
from qplan.api.quoting import (
    QuoteStyle,
    Ware,
    betrayals,
    default_folder,
    render_requests,
    requests,
    write_requests,
)
from qplan.api.words import printable
from qplan.cli.common import ANY_PATH
from qplan.cli.completion import complete_supplier
from qplan.cli.terminal import say
from qplan.cli.verb import Verb
from qplan.errors import Exit

MOST_NAMED = 4
DAYS = click.DateTime(["%Y-%m-%d"])
EXAMPLES = (
    ("qplan rfq sites.plan", "a request for each class of things that the plan buys, to whoever sells them"),
    ("qplan rfq sites.plan --supplier Alpenglow", "to one supplier: what he sells in the plan, with part numbers"),
    ("qplan rfq sites.plan --class fibre --answer-by 2027-01-31", "strands, with ends, lengths and losses"),
)


@click.command("rfq", cls=Verb, examples=EXAMPLES)
@click.argument("plan", type=ANY_PATH)
@click.option(
    "--supplier",
    metavar="X",
    help="Ask this one for what he sells in the plan; his part numbers are named.",
    shell_complete=complete_supplier,
)
@click.option("--class", "ware", type=click.Choice(get_args(Ware)), help="Ask whoever sells these things.")
@click.option("--answer-by", type=DAYS, metavar="DATE", help="When the answer is wanted; else a cell to fill in.")
@click.option("--deliver-by", type=DAYS, metavar="DATE", help="When delivery is wanted; likewise.")
@click.option("-o", "--out", type=ANY_PATH, metavar="DIR", help="Folder; default sites.rfq beside sites.plan.")
@click.option("--format", "style", type=click.Choice(get_args(QuoteStyle)), default="text", show_default=True)
def command(
    plan: Path,
    supplier: str | None,
    ware: Ware | None,
    answer_by: datetime | None,
    deliver_by: datetime | None,
    out: Path | None,
    style: QuoteStyle,
) -> int:
    """Ask for quotations of what PLAN (a plan's folder, or the plan.json in it) buys.

    Each request is a workbook and a CSV: what is wanted, line by line, with loss budgets, guaranteed rates, lengths,
    room, interfaces and lead times; quantities, addresses, dates and terms; questions; and empty cells with
    drop-downs for the answer. A supplier sees his own lines and ends, never a corridor, a relay, a price or another
    supplier. A request by class goes to several and names nobody, nor any part number.

    Files that differ from what is asked now may hold answers and are not overwritten. `qplan import offers` reads what
    comes back.
    """
    if supplier is not None and ware is not None:
        raise click.UsageError("--supplier or --class: a supplier is asked for all that is his")
    result = load_result(plan)
    days = (None if day is None else day.date() for day in (answer_by, deliver_by))
    asked = requests(result, supplier=supplier, ware=ware, **dict(zip(("answer_by", "deliver_by"), days, strict=True)))
    found = {request.name: betrayals(result, request) for request in asked}
    files = write_requests(default_folder(plan) if out is None else out, asked)
    say(render_requests(asked, files, found, style), style)
    for words in sorted({words for each in found.values() for words in each}):
        click.echo(f"warning: {printable(words)}; change that text before you send the request", err=True)
    bare = sorted({site for request in asked for site in request.without_address})
    if bare:
        more = f" and {len(bare) - MOST_NAMED} more" if len(bare) > MOST_NAMED else ""
        keys = ", ".join(f"sites.{site}.address" for site in bare[:MOST_NAMED])
        click.echo(f"note: places without an address: {printable(keys)}{more}", err=True)
    return int(Exit.DONE)
