"""The topology of a change as a Mermaid flowchart: what is new, changed and retired is marked by sign and colour."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace

from qplan.comparison.model import Action, PlanChange
from qplan.outputs.review.rows import rows
from qplan.outputs.text.names import SiteNames
from qplan.outputs.text.tables import one_line
from qplan.outputs.text.wording import db, listed
from qplan.outputs.topology.diagram import Diagram, DiagramLink, DiagramNode, diagram
from qplan.outputs.topology.mermaid import plain_line, quoted
from qplan.outputs.topology.palette import CHANGE_COLOURS
from qplan.plan.model import Link

MOST_EDGES = 200  # Mermaid takes 500, and nobody reads so many
MOST_CHARACTERS = 20_000  # Mermaid takes 50,000, and the comment has to hold it
MARKS: Mapping[Action | None, str] = {"create": "+ ", "update": "~ ", "delete": "- ", None: ""}
STYLES: Mapping[Action | None, str] = {
    "create": f"fill:#dafbe1,stroke:{CHANGE_COLOURS['create']},stroke-width:3px,color:#1f2328",
    "update": f"fill:#fff8c5,stroke:{CHANGE_COLOURS['update']},stroke-width:3px,color:#1f2328",
    "delete": f"fill:#ffebe9,stroke:{CHANGE_COLOURS['delete']},stroke-width:2px,stroke-dasharray:5 4,color:#1f2328",
    None: f"fill:#f6f8fa,stroke:{CHANGE_COLOURS[None]},stroke-width:1px,color:#1f2328",
}
STROKES: Mapping[Action | None, str] = {
    "create": f"stroke:{CHANGE_COLOURS['create']},stroke-width:4px",
    "update": f"stroke:{CHANGE_COLOURS['update']},stroke-width:4px",
    "delete": f"stroke:{CHANGE_COLOURS['delete']},stroke-width:2px,stroke-dasharray:5 4",
}
CLASSES: Mapping[Action | None, str] = {
    "create": "is_new",
    "update": "is_changed",
    "delete": "is_retired",
    None: "is_kept",
}


@dataclass(frozen=True)
class _Edge:
    link: Link
    address: str
    action: Action | None


def change_mermaid(change: PlanChange) -> str | None:
    """Both plans in one picture, or where that is too large, what changed; None where even that is."""
    edges = list(_edges(change))
    for shown in (edges, [edge for edge in edges if edge.action]):
        text = _flowchart(change, shown, whole=shown is edges)
        if len(shown) <= MOST_EDGES and len(text) <= MOST_CHARACTERS:
            return text
    return None


def _edges(change: PlanChange) -> Iterable[_Edge]:
    """The links of the plan, and those that it no longer has; marked where the rows tell of them."""
    told = {row.address for row in rows(change)[0]}
    actions = {each.address: each.action for each in change.changes if each.address in told}
    for facts in change.after.links:
        address = change.links[1][facts.link.id]
        yield _Edge(facts.link, address, actions.get(address))
    kept = set(change.links[1].values())
    for facts in change.before.links:
        address = change.links[0][facts.link.id]
        if address not in kept:
            yield _Edge(facts.link, address, "delete")


def _flowchart(change: PlanChange, edges: list[_Edge], whole: bool) -> str:
    actions = {each.address: each.action for each in change.changes}
    roles = {node.node.site: node.node.roles for facts in (change.before, change.after) for node in facts.nodes}
    marked = {site for site in roles if f"nodes.{site}" in actions}
    ends = {site for edge in edges for site in edge.link.ends}
    sites = sorted(ends | (set(roles) if whole else marked))
    ids = {site: f"n{number}" for number, site in enumerate(sites, 1)}
    names = [SiteNames(facts.inventory) for facts in (change.after, change.before)]
    here = set(change.after.inventory.sites)
    lines = [
        "flowchart LR",
        f"  accTitle: {plain_line('Change of the topology' if whole else 'What changes of the topology')}",
        "  accDescr: plus is new, tilde is changed, minus is retired",
    ]
    for site in sites:
        action = actions.get(f"nodes.{site}")
        name = names[0 if site in here else 1][site]
        relay = "relay" in roles.get(site, ())
        opening, closing = ("{{", "}}") if relay else ("(", ")")
        role = "<br/>trusted node" if relay else ""
        label = f"{quoted(MARKS[action] + one_line(name))}{role}"
        lines.append(f'  {ids[site]}{opening}"{label}"{closing}:::{CLASSES[action]}')
    lines += [_line(edge, ids) for edge in edges]
    for action, stroke in STROKES.items():
        numbers = [str(number) for number, edge in enumerate(edges) if edge.action == action]
        lines += [f"  linkStyle {','.join(numbers)} {stroke}"] if numbers else []
    used = {actions.get(f"nodes.{site}") for site in sites}
    lines += [f"  classDef {CLASSES[action]} {style}" for action, style in STYLES.items() if action in used]
    return "\n".join(lines) + "\n"


def _line(edge: _Edge, ids: Mapping[str, str]) -> str:
    link = edge.link
    system = link.system if link.count == 1 else f"{link.count} × {link.system}"
    via = f", via {', '.join(link.bypass_sites)}" if link.bypass_sites else ""
    label = quoted(one_line(f"{MARKS[edge.action]}{system}, {db(link.loss_db)}{via}"))
    stroke = "-.-" if edge.action == "delete" else "==="
    return f'  {ids[link.ends[0]]} {stroke}|"{label}"| {ids[link.ends[1]]}'


def not_drawn(change: PlanChange, drawn: Diagram) -> Iterator[str]:
    """Which links that the plan no longer has are not in its diagram either: the inventory lacks a site of theirs."""
    sources = {link.source for link in drawn.links}
    gone = [edge.address for edge in _edges(change) if edge.action == "delete" and edge.link.id not in sources]
    if gone:
        yield f"Not in the picture, as a site of theirs is gone: {listed(gone, 6)}."


def change_diagram(change: PlanChange) -> Diagram:
    """The plan's topology with the same marks, and with the links that it no longer has."""
    edges = list(_edges(change))
    gone = {edge.link.id for edge in edges if edge.action == "delete"}
    links = {edge.link.id: edge.action for edge in edges if edge.action != "delete"}
    nodes = {each.address: each.action for each in change.changes}
    drawn = diagram(change.after, tuple(facts for facts in change.before.links if facts.link.id in gone))

    def action_of(link: DiagramLink) -> Action | None:
        return links.get(link.source) if link.system is not None else "delete" if link.source in gone else None

    def marked(link: DiagramLink, action: Action | None) -> DiagramLink:
        lines = (MARKS[action] + line if not number else line for number, line in enumerate(link.lines))
        return replace(link, lines=tuple(lines), change=action)

    def marked_node(node: DiagramNode, action: Action | None) -> DiagramNode:
        return replace(node, name=MARKS[action].strip() + node.name, change=action)

    return replace(
        drawn,
        nodes=tuple(marked_node(node, nodes.get(f"nodes.{node.site}")) for node in drawn.nodes),
        links=tuple(marked(link, action_of(link)) for link in drawn.links),
        compared=True,
    )
