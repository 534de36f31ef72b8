"""The report of a plan: Markdown that fits a pull-request comment, and a self-contained HTML page; the same facts."""

from __future__ import annotations

import re

from qplan.assessment.facts import PlanFacts
from qplan.outputs.report.basis_sections import assumptions_section, checks_section, provenance_section
from qplan.outputs.report.cost_section import cost_section
from qplan.outputs.report.design_sections import built_section, corridors_section, corridors_table
from qplan.outputs.report.document import Document, Section, Table
from qplan.outputs.report.exposure_section import exposure_section
from qplan.outputs.report.failure_sections import failure_sections
from qplan.outputs.text.names import SiteNames
from qplan.outputs.text.tables import escape_markdown, markdown_table, one_line, shortened
from qplan.outputs.text.verdict import figures, plan_line, title, warnings

MARKER = "<!-- qplan:report -->"
COMMENT_CHARACTERS = 60_000  # GitHub takes 65,536 in a comment
DIAGRAM_CHARACTERS = 20_000  # a larger Mermaid text gives no readable picture
TEXT_CHARACTERS = 600
CELL_CHARACTERS = 300
WARNINGS_SHOWN = 20
FIGURE_SPACE = re.compile(r"(?<=\d) (?=\d{3}\b|%|dB\b|km\b|[kMG]?bit/s|U\b|W\b)|(?<=\b[A-Z]{3}) (?=\d)")
ROWS_TRIED = (200, 100, 50, 20, 10, 5, 2, 0)
TONES = {
    "ok": "good",
    "kept": "good",
    "exceeded": "bad",
    "NOT KEPT": "bad",
    "exceeded (warning)": "warn",
    "not served (optional)": "warn",
}


def report_document(facts: PlanFacts) -> Document:
    """Everything that a report says, as plain text."""
    names, metadata = SiteNames(facts.inventory), facts.inventory.metadata
    subtitle = [metadata.description, metadata.owner and f"Owner: {metadata.owner}"]
    return Document(
        title=title(facts),
        subtitle=" · ".join(part for part in subtitle if part),
        headline=plan_line(facts),
        proven=facts.plan.status == "optimal",
        warnings=warnings(facts),
        figures=figures(facts),
        corridors=corridors_table(facts, names),
        sections=(
            built_section(facts, names),
            corridors_section(facts, names),
            exposure_section(facts, names),
            cost_section(facts),
            checks_section(facts),
            *failure_sections(facts),
            assumptions_section(facts),
            provenance_section(facts),
        ),
    )


def report_html(facts: PlanFacts) -> str:
    """One page that needs nothing else: no script, no font and no picture from elsewhere."""
    from jinja2 import Environment, PackageLoader, StrictUndefined
    from markupsafe import Markup

    environment = Environment(
        loader=PackageLoader("qplan.outputs.report"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters["typeset"] = _typeset
    return environment.get_template("report.html").render(
        document=report_document(facts), topology=Markup(topology_svg(facts)), tones=TONES
    )


def topology_svg(facts: PlanFacts) -> str:
    """The picture as a part of HTML: without the XML prologue."""
    from qplan.outputs.topology.diagram import diagram
    from qplan.outputs.topology.svg import to_svg

    svg = to_svg(diagram(facts))
    return svg[svg.index("<svg") :]


def _typeset(text: str) -> str:
    """One harmless line in which a figure is not parted from its unit at a line's end."""
    return FIGURE_SPACE.sub("\u00a0", one_line(text))


def report_markdown(facts: PlanFacts) -> str:
    """A pull-request comment: verdict, figures and topology in sight, details folded, long tables cut to fit."""
    from qplan.outputs.topology.diagram import diagram
    from qplan.outputs.topology.mermaid import to_mermaid

    document = report_document(facts)
    mermaid = to_mermaid(diagram(facts))
    for rows in ROWS_TRIED:
        text = _markdown(document, mermaid, rows)
        if len(text) <= COMMENT_CHARACTERS:
            break
    return text


def _markdown(document: Document, mermaid: str, rows: int) -> str:
    parts = [MARKER, *markdown_head(document, rows), *_mermaid_block(mermaid)]
    for section in document.sections:
        body = _markdown_section(section, rows)
        parts += [f"<details><summary>{section.title}</summary>", *body, "</details>"]
    return "\n\n".join(parts) + "\n"


def markdown_head(document: Document, rows: int | None = None) -> list[str]:
    """Title, verdict, warnings, figures and corridors, as Markdown blocks."""
    blocks = [f"## {_cut(document.title)}", f"**{_cut(document.headline)}**"]
    if document.subtitle:
        blocks.insert(1, _cut(document.subtitle))
    if document.warnings:
        blocks.append("\n".join(f"- ⚠️ {_cut(warning)}" for warning in document.warnings[:WARNINGS_SHOWN]))
    figures = Table("", ("Figure", "Value"), document.figures)
    corridors = [f"**{document.corridors.title}**", *_markdown_rows(document.corridors, rows)]
    return [*blocks, *_markdown_rows(figures, None), *corridors]


def _cut(text: str) -> str:
    return escape_markdown(shortened(one_line(text), TEXT_CHARACTERS))


def _mermaid_block(mermaid: str) -> list[str]:
    """The topology in a fence longer than any run of backticks in it; nothing where it would not be readable."""
    if len(mermaid) > DIAGRAM_CHARACTERS:
        return ["The topology is too large for a comment: see topology.svg."]
    fence = "`" * max(3, 1 + max(map(len, re.findall("`+", mermaid)), default=0))
    return [f"{fence}mermaid\n{mermaid.rstrip()}\n{fence}"]


def _markdown_section(section: Section, rows: int) -> list[str]:
    blocks = [_cut(paragraph) for paragraph in section.paragraphs]
    if section.points:
        blocks.append("\n".join(f"- {_cut(point)}" for point in section.points))
    for table in section.tables:
        title = [f"**{escape_markdown(table.title)}**"] if table.title else []
        blocks += [*title, *_markdown_rows(table, rows)]
    return blocks


def _markdown_rows(table: Table, rows: int | None) -> list[str]:
    """The table's first rows, and how many are left out."""
    if not table.rows:
        return ["None."]
    shown = [[shortened(cell, CELL_CHARACTERS) for cell in row] for row in table.rows[:rows]]
    left_out = len(table.rows) - len(shown)
    blocks = [markdown_table(table.header, shown, table.right).rstrip()] if shown else []
    return blocks + ([f"… and {left_out} more: see report.html."] if left_out else [])
