"""The topology as a Mermaid flowchart, as GitHub and GitLab render it in Markdown."""

from __future__ import annotations

from itertools import pairwise

from qplan.outputs.diagram import MEANING, ROLE, Diagram, DiagramLink, Kind

SHAPE: dict[Kind, tuple[str, str]] = {
    "end": ("(", ")"),
    "relay": ("{{", "}}"),
    "end_relay": ("{{", "}}"),
    "existing": ("{{", "}}"),
    "end_existing": ("{{", "}}"),
    "bypass": ("([", "])"),
    "unused": ("[", "]"),
}
CLASS: dict[Kind, str] = {
    "end": "fill:#D9EAF7,stroke:#0B5A94,stroke-width:2px,color:#111",
    "relay": "fill:#F7B84B,stroke:#6B4100,stroke-width:2px,color:#111",
    "end_relay": "fill:#F7B84B,stroke:#0B5A94,stroke-width:4px,color:#111",
    "existing": "fill:#FFF0CC,stroke:#6B4100,stroke-width:2px,color:#111",
    "end_existing": "fill:#FFF0CC,stroke:#0B5A94,stroke-width:4px,color:#111",
    "bypass": "fill:#FFF,stroke:#555,color:#444",
    "unused": "fill:#FAFAFA,stroke:#B4B4B4,color:#666",
}


def to_mermaid(diagram: Diagram) -> str:
    """Flowchart text: thick lines are QKD links, dotted lines fibres without one.

    A link that is patched through a site runs over it; the pieces after the first say which link goes on.
    """
    kinds = {node.kind for node in diagram.nodes}
    lines = ["flowchart LR", f"  accTitle: {_plain(diagram.title)}", f"  accDescr: {_plain(diagram.subtitle)}"]
    for node in diagram.nodes:
        opening, closing = SHAPE[node.kind]
        role = f"<br/>{_text(ROLE[node.kind])}" if ROLE[node.kind] else ""
        lines.append(f'  {node.id}{opening}"{_text(node.name)}{role}"{closing}:::is_{node.kind}')
    lines += [piece for link in diagram.links for piece in _pieces(link)]
    if not diagram.nodes:
        lines.append('  empty["no sites"]')
    lines += [f"  classDef is_{kind} {CLASS[kind]}" for kind in MEANING if kind in kinds]
    return "\n".join(lines) + "\n"


def _pieces(link: DiagramLink) -> list[str]:
    if link.system is None:
        return [f"  {link.nodes[0]} -.- {link.nodes[1]}"]
    text = "<br/>".join(map(_text, link.lines))
    via = len(link.nodes) > 2
    labels = [f"{_text(link.name)}<br/>{text}" if via else text] + [_text(link.name)] * (len(link.nodes) - 2)
    return [f'  {a} ===|"{label}"| {b}' for (a, b), label in zip(pairwise(link.nodes), labels, strict=True)]


def _text(text: str) -> str:
    """Text inside quotes: everything but letters, digits and a few harmless marks as a numeric entity of Mermaid."""
    return "".join(char if char.isalnum() or char in " .,+×–…" else f"#{ord(char)};" for char in text) or " "


def _plain(text: str) -> str:
    """Text for a line that knows no entities: whatever could mean something there is a space."""
    return " ".join("".join(char if char.isalnum() or char in " .,+-()–" else " " for char in text).split()) or "QKD topology"
