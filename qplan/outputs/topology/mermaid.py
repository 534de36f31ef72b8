"""The topology as a Mermaid flowchart, as GitHub and GitLab render it in Markdown."""

from __future__ import annotations

from itertools import pairwise

from qplan.outputs.topology.diagram import MEANING, ROLE, Diagram, DiagramLink, Kind
from qplan.outputs.topology.palette import PAINT

SHAPE: dict[Kind, tuple[str, str]] = {
    "end": ("(", ")"),
    "relay": ("{{", "}}"),
    "end_relay": ("{{", "}}"),
    "existing": ("{{", "}}"),
    "end_existing": ("{{", "}}"),
    "idle": ("(", ")"),
    "bypass": ("([", "])"),
    "unused": ("[", "]"),
}


def to_mermaid(diagram: Diagram) -> str:
    """Flowchart text: thick lines are QKD links, thin ones exist already, dotted ones are fibres or retired links.

    A link that is patched through a site runs over it; the pieces after the first say which link goes on.
    """
    kinds = {node.kind for node in diagram.nodes}
    lines = ["flowchart LR", f"  accTitle: {plain_line(diagram.title)}", f"  accDescr: {plain_line(diagram.subtitle)}"]
    for node in diagram.nodes:
        opening, closing = SHAPE[node.kind]
        role = f"<br/>{quoted(ROLE[node.kind])}" if ROLE[node.kind] else ""
        lines.append(f'  {node.id}{opening}"{quoted(node.name)}{role}"{closing}:::is_{node.kind}')
    lines += [piece for link in diagram.links for piece in _pieces(link)]
    if not diagram.nodes:
        lines.append('  empty["no sites"]')
    lines += [f"  classDef is_{kind} {_style(kind)}" for kind in MEANING if kind in kinds]
    return "\n".join(lines) + "\n"


def _pieces(link: DiagramLink) -> list[str]:
    if link.system is None and not link.lines:
        return [f"  {link.nodes[0]} -.- {link.nodes[1]}"]
    line = "-.-" if link.system is None else "---" if link.existing else "==="
    text = "<br/>".join(map(quoted, link.lines))
    via = len(link.nodes) > 2
    labels = [f"{quoted(link.name)}<br/>{text}" if via else text] + [quoted(link.name)] * (len(link.nodes) - 2)
    return [f'  {a} {line}|"{label}"| {b}' for (a, b), label in zip(pairwise(link.nodes), labels, strict=True)]


def _style(kind: Kind) -> str:
    paint = PAINT[kind]
    return f"fill:{paint.fill},stroke:{paint.line},stroke-width:{4 if paint.bold_line else 2}px,color:{paint.text}"


def quoted(text: str) -> str:
    """Text inside quotes: everything but letters, digits and a few harmless marks as a numeric entity of Mermaid."""
    return "".join(char if char.isalnum() or char in " .,+×–…" else f"#{ord(char)};" for char in text) or " "


def plain_line(text: str) -> str:
    """Text for a line that knows no entities: whatever could mean something there is a space."""
    spelt = text.replace("%", "per cent")
    harmless = "".join(char if char.isalnum() or char in " .,+-()–" else " " for char in spelt)
    return " ".join(harmless.split()) or "QKD topology"
