"""The report of a plan as a neutral document, and as a self-contained HTML page."""

from __future__ import annotations

import re

from qplan.assessment.facts import PlanFacts
from qplan.outputs.report.basis_sections import assumptions_section, checks_section, provenance_section
from qplan.outputs.report.cost_section import cost_section, drivers_section
from qplan.outputs.report.design_sections import built_section, corridors_section, corridors_table
from qplan.outputs.report.document import Document, Section
from qplan.outputs.report.exposure_section import exposure_section
from qplan.outputs.report.failure_sections import failure_sections
from qplan.outputs.text.names import SiteNames
from qplan.outputs.text.tables import one_line
from qplan.outputs.text.verdict import figures, plan_line, title, warnings
from qplan.outputs.topology.diagram import Diagram, diagram

FIGURE_SPACE = re.compile(r"(?<=\d) (?=\d{3}\b|%|×|dB\b|km\b|[kMG]?bit/s|U\b|W\b)|(?<=\d ×) |(?<=\b[A-Z]{3}) (?=-?\d)")
TONES = {
    "ok": "good",
    "kept": "good",
    "exceeded": "bad",
    "NOT KEPT": "bad",
    "exceeded (warning)": "warn",
    "not served (optional)": "warn",
}


def report_document(facts: PlanFacts, first: tuple[Section, ...] = ()) -> Document:
    """Everything that a report says, as plain text; `first` are sections before all else."""
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
            drivers_section(facts),
            *_classical(facts),
            checks_section(facts),
            *failure_sections(facts),
            assumptions_section(facts),
            provenance_section(facts),
        ),
        first=first,
    )


def _classical(facts: PlanFacts) -> tuple[Section, ...]:
    """Where the inventory states a classical design."""
    from qplan.comparison.beside_classical import compare_with_classical
    from qplan.outputs.compare.classical import classical_sections

    beside = compare_with_classical(facts)
    return () if beside is None else classical_sections(beside)


def report_html(facts: PlanFacts, first: tuple[Section, ...] = ()) -> str:
    """One page that needs nothing else: no script, no font and no picture from elsewhere."""
    return document_html(report_document(facts, first), svg_of(diagram(facts)))


def document_html(document: Document, topology: str = "") -> str:
    """A document as a page, with the topology where there is one."""
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
    page = environment.get_template("report.html")
    return page.render(document=document, topology=Markup(topology), tones=TONES)


def svg_of(picture: Diagram) -> str:
    """The picture as a part of HTML: without the XML prologue."""
    from qplan.outputs.topology.svg import to_svg

    svg = to_svg(picture)
    return svg[svg.index("<svg") :]


def _typeset(text: str) -> str:
    """One harmless line in which a figure is not parted from its unit at a line's end."""
    return FIGURE_SPACE.sub("\u00a0", one_line(text))
