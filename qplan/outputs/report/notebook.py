"""A plan as a notebook shows it: verdict, warnings, topology and corridors in one piece of HTML."""

from __future__ import annotations

from html import escape

from qplan.assessment.facts import PlanFacts
from qplan.outputs.report.document import Table
from qplan.outputs.report.report import report_document, svg_of
from qplan.outputs.text.tables import one_line
from qplan.outputs.topology.diagram import diagram


def plan_html(facts: PlanFacts) -> str:
    """The piece of HTML; needs nothing from elsewhere."""
    document = report_document(facts)
    parts = [
        f"<h3>{_text(document.title)}</h3>",
        f"<p><b>{_text(document.headline)}</b></p>",
        *(f"<p>⚠ {_text(warning)}</p>" for warning in document.warnings),
        svg_of(diagram(facts)),
        _table(document.corridors),
    ]
    return "\n".join(["<div>", *parts, "</div>"])


def explanation_html(text: str) -> str:
    """An explanation where there is no plan."""
    return f"<pre>{escape(text)}</pre>"


def _table(table: Table) -> str:
    head = "".join(f"<th>{_text(name)}</th>" for name in table.header)
    rows = ["".join(f"<td>{_text(cell)}</td>" for cell in row) for row in table.rows]
    return f"<table><tr>{head}</tr>{''.join(f'<tr>{row}</tr>' for row in rows)}</table>"


def _text(text: str) -> str:
    return escape(one_line(text))
