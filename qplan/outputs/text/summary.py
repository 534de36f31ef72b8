"""The summary that `qplan optimize` prints: text for a terminal, Markdown for a job's page, JSON for programs."""

from __future__ import annotations

import json
from itertools import chain

from qplan.assessment.facts import PlanFacts
from qplan.assessment.weaknesses import SmallestSet
from qplan.outputs.report.design_sections import corridors_table, links_table
from qplan.outputs.report.document import Table
from qplan.outputs.report.markdown import markdown_head
from qplan.outputs.report.report import report_document
from qplan.outputs.text import money
from qplan.outputs.text.existing import STATES
from qplan.outputs.text.names import SiteNames
from qplan.outputs.text.tables import one_line, shortened, text_table, wrapped_rows
from qplan.outputs.text.verdict import figures, plan_line, title, warnings

SUMMARY_VERSION = "1.0"
CELL_CHARACTERS = 36
ROUTE_CHARACTERS = 48
LINK_ROWS = 15
LINK_COLUMNS = ("Route", "System", "State", "Loss", "Headroom", "Key rate", "Load")


def summary_text(facts: PlanFacts, window: int | None = None) -> str:
    """About a screen: result, links, every corridor, and the verdict as the last line.

    Tables are as wide as the window: cells take several lines, and are cut where they are longer than it. Without one
    (in a file, say) each cell is one line, cut to a fixed length.
    """
    names, rows = SiteNames(facts.inventory), figures(facts)
    width = max(len(label) for label, _ in rows)
    blocks = [
        one_line(": ".join(part for part in (title(facts), money.decided_text(facts)) if part)),
        "\n".join(f"! {one_line(warning)}" for warning in warnings(facts)),
        "\n".join(f"{label:<{width}}  {one_line(value)}" for label, value in rows),
        _text_table(_columns(links_table(facts, names), LINK_COLUMNS), ROUTE_CHARACTERS, window, LINK_ROWS),
        _text_table(corridors_table(facts, names), CELL_CHARACTERS, window),
        plan_line(facts),
    ]
    return "\n\n".join(block for block in blocks if block) + "\n"


def _columns(table: Table, header: tuple[str, ...]) -> Table:
    header = tuple(name for name in header if name in table.header)
    places = [table.header.index(name) for name in header]
    return Table(table.title, header, tuple(tuple(row[place] for place in places) for row in table.rows), table.right)


def _text_table(table: Table, characters: int, window: int | None, limit: int | None = None) -> str:
    if not table.rows:
        return ""
    longest = characters if window is None else window
    cells = [[shortened(one_line(cell), longest) for cell in row] for row in table.rows[:limit]]
    left_out = len(table.rows) - len(cells)
    rows = chain(*wrapped_rows(table.header, cells, longest, window))
    text = text_table(table.header, rows, table.right).rstrip("\n")
    return text + (f"\n… and {left_out} more: see report.md." if left_out else "")


def summary_markdown(facts: PlanFacts) -> str:
    """Verdict, figures and every corridor."""
    return "\n\n".join(markdown_head(report_document(facts))) + "\n"


def summary_json(facts: PlanFacts) -> str:
    """The same for programs: ids and numbers; `format_version` says when a field changes its meaning."""
    plan = facts.plan
    summary = {
        "format_version": SUMMARY_VERSION,
        "summary": plan_line(facts),
        "status": plan.status,
        "stopped_by": plan.solver.stopped_by,
        "objective": plan.objective.model_dump(),
        "notes": plan.notes,
        "nodes": len(plan.nodes),
        "relays": plan.relays,
        "links": len(plan.links),
        "systems": facts.system_count,
        **({"existing": _existing(facts)} if facts.beside_existing else {}),
        "costs": plan.costs.model_dump(),
        "lines_to_be_quoted": facts.lines_to_be_quoted,
        "quoted_share": facts.costs.firmness.quoted,
        "unpriced": facts.unpriced,
        "counted_as_0": [{"what": each.what, "missing": each.missing, "of": each.of} for each in facts.unstated],
        "corridors": [
            {
                "id": corridor.id,
                "served": corridor.served,
                "key_rate_bps": corridor.demand_bps,
                "spare_bps": corridor.spare_bps if corridor.served else None,
                "relay_sees_key": bool(corridor.relays) and corridor.relay_sees_key,
                "revealed_by": _groups(corridor.revealed_by),
                "revealed_by_size": corridor.revealed_by and corridor.revealed_by.size,
                "cut_off_by": _groups(corridor.cut_off_by),
                "cut_off_by_size": corridor.cut_off_by and corridor.cut_off_by.size,
                "paths": [{"relays": path.relays, "spare_bps": path.spare_bps} for path in corridor.paths],
            }
            for corridor in facts.corridors
        ],
        "failed_checks": [
            {
                "name": result.id,
                "metric": result.check.metric,
                "value": result.value,
                "where": result.check.where.model_dump(exclude_none=True),
                "min": result.check.min,
                "max": result.check.max,
                "severity": result.check.severity,
                "message": result.check.message,
            }
            for result in facts.failed_checks
        ],
    }
    return json.dumps(summary, indent=2, allow_nan=False) + "\n"


def _existing(facts: PlanFacts) -> dict[str, object]:
    """Ids of the plan's links by what of them is there, of retired ones as the inventory names them; new nodes."""
    states = {state: [link.link.id for link in facts.links if link.state == state] for state in STATES}
    return {**states, "retired": facts.retired, "new_nodes": facts.new_nodes}


def _groups(found: SmallestSet | None) -> tuple[tuple[str, ...], ...] | None:
    """Addresses; one out of each group makes a smallest set. Without groups, sets are of the size given or larger."""
    return None if found is None else found.groups


FORMATS = {"text": summary_text, "json": summary_json, "markdown": summary_markdown}
