"""Plans side by side as one page: verdicts, charts and every table; it needs nothing else."""

from __future__ import annotations

from itertools import groupby

from qplan.comparison.columns import Column, SideBySide, unlike
from qplan.outputs.compare.charts import Bar, stacked_bars
from qplan.outputs.compare.remarks import said
from qplan.outputs.compare.rows import NOTHING, Row, money_name, rows
from qplan.outputs.report.document import Document, Section, Table
from qplan.outputs.report.report import document_html
from qplan.outputs.review.wording import NAMED
from qplan.outputs.text.money import at_least, tco_text
from qplan.outputs.text.wording import listed


def compared_html(table: SideBySide) -> str:
    """The page."""
    return document_html(compared_document(table))


def compared_document(table: SideBySide) -> Document:
    """Everything that the page says, as plain text, with its charts."""
    found = rows(table)
    planned = [column.facts for column in table.columns if column.facts is not None]
    name = next((facts.inventory.metadata.name for facts in planned if facts.inventory.metadata.name), None)
    grouped = groupby((row for row in found if row.group != "TCO by corridor"), key=lambda row: row.group)
    return Document(
        title=f"{name}: plans side by side" if name else "Plans side by side",
        subtitle=f"Baseline: {table.baseline}",
        headline=headline(table),
        proven=all(column.status == "optimal" for column in table.columns),
        warnings=(),
        figures=tuple((column.id, _tco(column)) for column in table.columns),
        corridors=_table("TCO by corridor", table, [row for row in found if row.group == "TCO by corridor"]),
        sections=(
            Section("verdicts", "Against the baseline", points=said(table), pictures=_charts(table)),
            *(Section(_anchor(group), group, tables=(_table("", table, list(each)),)) for group, each in grouped),
        ),
    )


def _anchor(group: str) -> str:
    return group.lower().replace(" ", "-")


def headline(table: SideBySide) -> str:
    """The cheapest of what can be compared, unless something in it counts as 0, and what it does not serve."""
    planned = [(column.facts, column) for column in table.columns if column.facts is not None]
    if not planned:
        return "None of these has a plan."
    reasons = {unlike(planned[0][0], facts) for facts, _ in planned}
    if "currency" in reasons:
        return "The plans are in several currencies: their amounts are not compared."
    if "horizon" in reasons:
        return "The plans count different numbers of years: their totals are not compared."
    facts, least = min(planned, key=lambda each: (each[0].plan.costs.tco, -len(each[1].served), each[1].id))
    tco = facts.plan.costs.tco
    names = [each.id for other, each in planned if (other.plan.costs.tco, each.served) == (tco, least.served)]
    missing = frozenset[str]().union(*(column.served for _, column in planned)) - least.served
    but = f", which does not serve {listed(sorted(missing), NAMED)}" if missing else ""
    alike, has = " and ".join(names), "has" if len(names) == 1 else "have"
    if at_least(facts):
        return f"Which TCO is the least is open: of what is stated {alike} {has} the least, {tco_text(facts)}{but}."
    return f"Least TCO: {alike}, {tco_text(facts)}{but}."


def _tco(column: Column) -> str:
    return "no plan" if column.facts is None else f"TCO {tco_text(column.facts)}"


def _table(title: str, table: SideBySide, members: list[Row]) -> Table:
    names = tuple(column.id for column in table.columns)
    cells = tuple((row.name, *row.texts) for row in members)
    return Table(title, ("", *names), cells or ((NOTHING, *(NOTHING for _ in names)),), right=names)


def _charts(table: SideBySide) -> tuple[str, ...]:
    planned = [column for column in table.columns if column.facts is not None]
    currency = planned[0].facts.plan.costs.currency if planned and planned[0].facts else ""
    whole = [Bar(heading(column), _parts(column)) for column in planned]
    shares = [
        Bar(heading(column), tuple((money_name(key), max(tco, 0.0)) for key, tco in column.corridors.items()))
        for column in planned
    ]
    if not planned:
        return ()
    return (
        stacked_bars("TCO: what is paid at once, and what later", whole, currency),
        stacked_bars("TCO by corridor", shares, currency),
    )


def heading(column: Column) -> str:
    """What stands at amounts that are drawn, or are numbers."""
    return column.id if column.facts is None or not at_least(column.facts) else f"{column.id}, at least"


def _parts(column: Column) -> tuple[tuple[str, float], ...]:
    assert column.facts is not None, "columns without a plan are not drawn"
    costs = column.facts.plan.costs
    at_once = costs.capex + costs.contingency
    return (
        ("Capex", costs.capex),
        ("Contingency", costs.contingency),
        ("Opex and refresh, discounted", max(round(costs.tco - at_once, 2), 0.0)),
    )
