"""`qplan bom`."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import get_args

import click

from qplan.api.buying import BillStyle, Listed, View, facts_as_of, render_bill, render_list
from qplan.api.planning import load_result
from qplan.cli.common import ANY_PATH, as_of_option, put, style_of, to_file_option
from qplan.cli.terminal import window
from qplan.cli.verb import Verb

EXAMPLES = (
    ("qplan bom sites.plan", "what to buy, rent and order, with what is quoted said first"),
    ("qplan bom sites.plan --by supplier -o bill.xlsx", "whom to ask for what, as a workbook"),
    ("qplan bom sites.plan --by site", "what goes where: which side of which link, which items, which works"),
    ("qplan bom sites.plan --list links --format csv", "ends with addresses, route, dB, key rate required, strands"),
    ("qplan bom sites.plan --list fibres", "strands to be ordered, from whom, measured or computed dB"),
)
SUFFIXES: dict[str, BillStyle] = {".json": "json", ".md": "markdown", ".csv": "csv", ".xlsx": "xlsx", ".txt": "table"}


@click.command("bom", cls=Verb, examples=EXAMPLES)
@click.argument("plan", type=ANY_PATH)
@click.option("--by", type=click.Choice(get_args(View)), help="Groups with sums of their own; default part.")
@click.option(
    "--list", "listed", type=click.Choice(get_args(Listed)), help="The link schedule or the fibre order list instead."
)
@click.option("--format", "style", type=click.Choice(get_args(BillStyle)), help="Default table, or as --out ends.")
@to_file_option
@as_of_option
def command(
    plan: Path,
    by: View | None,
    listed: Listed | None,
    style: BillStyle | None,
    out: Path | None,
    as_of: datetime | None,
) -> int:
    """The bill of materials of PLAN (a plan's folder or its plan.json): every line that is bought, ordered or rented.

    \b
    --by part       to buy: lines of one part number on the same terms are one
    --by site       to install: half of a pair stands at either end
    --by link       what each QKD link takes; nodes and the whole plan stand apart
    --by corridor   who causes what, in equal parts of what several use
    --by supplier   whom to ask: who offers it or lets the fibre, else the manufacturer
    --by charge     when it is paid: one-off, yearly, fee, refresh

    Services, spares, refreshes within the horizon, authentication, what a tier asks for beyond the need, leases and
    managed fees are lines like others. Every view sums to the plan's totals, to the cent. A line's key stays the same
    from plan to plan. What has no price is "to be quoted" and in no total.
    """
    if by is not None and listed is not None:
        raise click.UsageError("--by or --list: one of them", click.get_current_context())
    chosen = style_of(style, out, SUFFIXES, "table")
    facts = facts_as_of(load_result(plan), None if as_of is None else as_of.date())
    if listed is None:
        data = render_bill(facts, by or "part", chosen, window())
    else:
        data = render_list(facts, listed, chosen, window())
    put(data, out, "text" if chosen == "table" else chosen)
    return 0
