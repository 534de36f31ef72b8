"""The summary that `qplan optimize` prints: text for a terminal, Markdown for a job's page, JSON for programs."""

from __future__ import annotations

import json
from itertools import chain

from qplan.assessment.facts import PlanFacts
from qplan.outputs.report.design_sections import corridors_table, links_table
from qplan.outputs.report.document import Table
from qplan.outputs.report.markdown import markdown_head
from qplan.outputs.report.report import report_document
from qplan.outputs.text import money
from qplan.outputs.text.names import SiteNames
from qplan.outputs.text.tables import one_line, shortened, text_table, wrapped_rows
from qplan.outputs.text.verdict import figures, plan_line, title, warnings
from qplan.outputs.verbs.summary_document import summary_document

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
    """The same for programs: ids and numbers, in ASCII."""
    return json.dumps(summary_document(facts).model_dump(mode="json"), indent=2, allow_nan=False) + "\n"


FORMATS = {"text": summary_text, "json": summary_json, "markdown": summary_markdown}
