"""`qplan cost`."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import get_args

import click

from qplan.api.buying import CostStyle, exit_code, hold_costs, limits_not_kept, render_costs
from qplan.api.planning import load_result
from qplan.cli.common import ANY_PATH, as_of_option, put, style_of, to_file_option
from qplan.cli.terminal import amount, say, window
from qplan.cli.verb import Verb

EXAMPLES = (
    ("qplan cost sites.plan", "by year, kind and corridor, what it rests on, and the register of quotes"),
    ("qplan cost sites.plan --as-of 2027-02-01", "which quotes hold on that day"),
    ("qplan cost sites.plan --compare-to old.plan --max-increase 5%", "for a pipeline: ends with 6 where it is dearer"),
    ("qplan cost sites.plan --max-total 2500000 --format json", "a ceiling of the TCO, and all figures for a program"),
)
SUFFIXES: dict[str, CostStyle] = {".json": "json", ".md": "markdown", ".csv": "csv", ".txt": "text"}


@click.command("cost", cls=Verb, examples=EXAMPLES, soft_fail=True)
@click.argument("plan", type=ANY_PATH)
@click.option("--compare-to", type=ANY_PATH, metavar="PLAN", help="Say what is dearer and cheaper than in this plan.")
@click.option("--max-total", type=amount, metavar="X", help="Exit with 6 where the TCO is above X.")
@click.option(
    "--max-increase", metavar="X|X%", help="With --compare-to: exit with 6 where the TCO is higher by more than that."
)
@as_of_option
@click.option("--format", "style", type=click.Choice(get_args(CostStyle)), help="Default text, or as --out ends.")
@to_file_option
def command(
    plan: Path,
    compare_to: Path | None,
    max_total: float | None,
    max_increase: str | None,
    as_of: datetime | None,
    style: CostStyle | None,
    out: Path | None,
) -> int:
    """What PLAN (a plan's folder or its plan.json) costs, and how firm that is.

    Capex, contingency, opex with its growth, refresh and energy; nominal and discounted by year, as an equal payment a
    year, by corridor and per delivered bit/s; what the total rests on, and the register of quotes: who, number, date,
    valid until, which lines, firm or not (--as-of says on which day).

    Amounts are held against limits in whole cents; what is not kept is said on stderr, too. What has no price is in no
    total: then a limit that is kept is kept so far.
    """
    chosen = style_of(style, out, SUFFIXES, "text")
    account = hold_costs(
        load_result(plan),
        compare_to=None if compare_to is None else load_result(compare_to),
        max_total=max_total,
        max_increase=max_increase,
        as_of=None if as_of is None else as_of.date(),
        compare_at=str(compare_to or ""),
    )
    put(render_costs(account, chosen, window()).encode(), out, chosen)
    for text in limits_not_kept(account):
        say(f"{text}\n", err=True)
    return int(exit_code(account))
