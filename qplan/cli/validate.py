"""`qplan validate`."""

from __future__ import annotations

from pathlib import Path

import click

from qplan.cli.common import ANY_PATH, default_file, overlay_options
from qplan.errors import Exit, QplanError
from qplan.inventory.rules import RULES
from qplan.inventory.source.messages import did_you_mean
from qplan.inventory.validation import report, validate
from qplan.outputs.verbs import findings
from qplan.outputs.verbs.findings_sarif import sarif

FORMATS = {
    "text": findings.text,
    "json": findings.as_json,
    "sarif": sarif,
    "github": findings.github,
    "junit": findings.junit,
    "codequality": findings.code_quality,
}


class RuleCodes(click.ParamType):
    """Codes of rules or their beginnings, with commas: `QP3,QP501`."""

    name = "codes"

    def convert(self, value: object, param: click.Parameter | None, ctx: click.Context | None) -> tuple[str, ...]:
        codes = tuple(code.strip().upper() for code in str(value).split(",")) if isinstance(value, str) else value
        for code in codes:
            if not code or not any(known.startswith(code) for known in RULES):
                hint = did_you_mean(code, RULES)
                self.fail(f"no rule begins with '{code}'" + (f"; {hint}" if hint else ""), param, ctx)
        return codes


@click.command("validate")
@click.argument("files", nargs=-1, metavar="[FILE]…", type=ANY_PATH)
@click.option("--format", "style", type=click.Choice(list(FORMATS)), default="text", show_default=True)
@click.option("--strict", is_flag=True, help="Warnings count as errors.")
@click.option("--select", multiple=True, type=RuleCodes(), metavar="CODE", help="Show these rules only: QP303, or QP3.")
@click.option("--ignore", multiple=True, type=RuleCodes(), metavar="CODE", help="Do not show these rules.")
@click.option("--soft-fail", is_flag=True, help="Exit with 0 where findings would give 3.")
@overlay_options
def command(
    files: tuple[Path, ...],
    style: str,
    strict: bool,
    select: tuple[tuple[str, ...], ...],
    ignore: tuple[tuple[str, ...], ...],
    soft_fail: bool,
    scenario: str | None,
    overrides: tuple[str, ...],
) -> int:
    """Read every FILE (default sites.yaml) with its includes and report every problem found.

    A comment suppresses a warning in its line, or in the line below it: `# qplan-ignore: QP303 measured twice`. An
    error cannot be suppressed, and makes the inventory invalid (exit 3) even where --select or --ignore leave it out.
    A FILE that cannot be read ends with 1, after the findings about the others.
    """
    files = files or (default_file(click.get_current_context()),)
    validated, unreadable = [], []
    for file in files:
        try:
            validated.append(validate(file, scenario=scenario, overrides=overrides))
        except QplanError as error:
            unreadable.append(str(error))
    if validated:
        found = report(validated, sum(select, ()), sum(ignore, ()), strict)
        click.echo(FORMATS[style](found), nl=False)
    if unreadable:
        raise QplanError("\n".join(unreadable))
    return int(Exit.INVALID if found.invalid and not soft_fail else Exit.DONE)
