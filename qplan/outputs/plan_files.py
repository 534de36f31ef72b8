"""What stands in a plan folder."""

from __future__ import annotations

from qplan.assessment.facts import PlanFacts
from qplan.candidates.model import CandidateGraph
from qplan.plan.model import Plan


def essential_files(plan: Plan, effective_json: str) -> dict[str, bytes]:
    """The plan and its inventory, from which everything else can be made."""
    return {"plan.json": plan.to_json().encode(), "inventory.json": effective_json.encode()}


def plan_files(facts: PlanFacts, effective_json: str, graph: CandidateGraph) -> dict[str, bytes]:
    """Every file of a plan folder, by name.

    `effective_json` is the text of `inventory.json`, whose hash the plan carries; `graph` is what it was chosen from.
    """
    from qplan.candidates.listing import list_considered
    from qplan.outputs.bill.tables import bill_csv
    from qplan.outputs.bill.workbook import workbook_bytes
    from qplan.outputs.costs.costs_json import costs_json
    from qplan.outputs.map.page import map_html
    from qplan.outputs.report.markdown import report_markdown
    from qplan.outputs.report.report import report_html
    from qplan.outputs.topology.diagram import diagram
    from qplan.outputs.topology.dot import to_dot
    from qplan.outputs.topology.mermaid import to_mermaid
    from qplan.outputs.topology.svg import to_svg
    from qplan.outputs.verbs.candidates import candidates_csv

    picture = diagram(facts)
    texts = {
        "candidates.csv": candidates_csv(facts.inventory, list_considered(facts.inventory, graph)),
        "topology.svg": to_svg(picture),
        "topology.dot": to_dot(picture),
        "topology.mmd": to_mermaid(picture),
        "map.html": map_html(facts),
        "bom.csv": bill_csv(facts),
        "costs.json": costs_json(facts),
        "report.md": report_markdown(facts),
        "report.html": report_html(facts),
    }
    others = {name: text.encode() for name, text in texts.items()}
    return essential_files(facts.plan, effective_json) | others | {"bom.xlsx": workbook_bytes(facts)}
