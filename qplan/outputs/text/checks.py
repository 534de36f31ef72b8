"""The user's checks in words: what one is of, what it measured, what it allows, how it is broken."""

from __future__ import annotations

from collections.abc import Mapping

from qplan.assessment.checks import MONEY_METRICS, SHARE_METRICS, CheckResult
from qplan.costing.money_text import format_money
from qplan.inventory.user_checks import Check, Metric
from qplan.outputs.text.tables import format_number
from qplan.outputs.text.wording import listed, percent, percentage

NAMES: Mapping[Metric, str] = {
    "capex": "capex",
    "opex_per_year": "opex of year 1",
    "tco": "TCO",
    "relays": "trusted nodes that relay",
    "nodes": "QKD nodes",
    "links": "QKD links",
    "trusted_nodes": "trusted nodes that relay",
    "new_trusted_nodes": "new trusted nodes",
    "corridors_seen": "corridors whose keys are seen",
    "headroom_db": "least headroom",
    "load": "highest load of a link",
    "relays_on_path": "most relays on a path",
    "cost_of": "share of the TCO",
    "quoted_share": "quoted share of the TCO",
    "unpriced_lines": "lines to be quoted",
    "survives": "least share of corridors left by a loss",
    "availability": "availability",
    "max_gap_s": "longest gap without fresh keys",
    "autonomy_h": "how long keys last",
}
UNITS: Mapping[Metric, str] = {"headroom_db": " dB", "max_gap_s": " s", "autonomy_h": " h"}
NOTHING = "nothing to measure"


def check_name(check: Check) -> str:
    """`trusted nodes that relay (country: DE)`."""
    where = check.where.model_dump(exclude_none=True)
    selection = ", ".join(f"{key.replace('_', ' ')}: {value}" for key, value in where.items())
    return NAMES[check.metric] + (f" ({selection})" if selection else "")


def check_value(result: CheckResult, currency: str) -> str:
    if result.hindrance:
        return f"not measured: {result.hindrance}"
    return NOTHING if result.value is None else _figure(result.check.metric, result.value, currency)


def check_limits(result: CheckResult, currency: str) -> str:
    """`at most CHF 1 200 000`."""
    words = {"min": "at least", "max": "at most"}
    return ", ".join(
        f"{words[bound]} {_figure(result.check.metric, limit, currency)}" for bound, limit in result.limits.items()
    )


def breach(result: CheckResult) -> str:
    """`capex 1034000 exceeds 800000`: how a check is broken, in figures as programs write them, and by which corridors.

    An availability is written with its nines, as it is everywhere.
    """
    if result.hindrance:
        return f"{result.check.metric} cannot be measured: {result.hindrance}"
    bound = result.broken
    assert bound is not None and result.value is not None, "asked of what a check is broken by"
    verb, metric = "exceeds" if bound == "max" else "is below", result.check.metric
    value, limit = (
        percentage(1 - figure) if metric == "availability" else f"{figure:.15g}"
        for figure in (result.value, result.limits[bound])
    )
    return f"{metric}{_of_short(result)} {value} {verb} {limit}"


def breaker(result: CheckResult) -> str:
    """`ceiling`, or `up of mirror`: a check that is not kept, and by which corridors."""
    return result.id + _of_short(result)


def _of_short(result: CheckResult) -> str:
    return f" of {listed(result.short)}" if result.short else ""


def _figure(metric: Metric, value: float, currency: str) -> str:
    if metric in MONEY_METRICS:
        return format_money(value, currency)
    if metric == "availability":
        return percentage(1 - value)
    if metric in SHARE_METRICS:
        return percent(value)
    return format_number(value) + UNITS.get(metric, "")
