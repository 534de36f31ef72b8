"""The topology as SVG: drawn by graphviz-pure, then given titles that people can read and text that stays centred."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import cast
from xml.dom.minidom import Document, Element, Node, parseString

from qplan.outputs.topology.diagram import Diagram
from qplan.outputs.topology.dot import FONT, to_dot
from qplan.outputs.topology.graphviz_pure import run_graphviz

FONT_FAMILY = "Helvetica, Arial, 'Liberation Sans', 'Noto Sans', sans-serif"
_NUMBER = re.compile(r"-?\d+(?:\.\d+)?")


@lru_cache(maxsize=1)  # it stands in the report too
def to_svg(diagram: Diagram) -> str:
    """One self-contained SVG with a title, a description and a title per node and link.

    Raises `QplanError` when the drawing program is missing.
    """
    document = parseString(run_graphviz(to_dot(diagram), "-Kneato", "-n2", "-Tsvg"))
    root = cast(Element, document.documentElement)
    details = {node.id: node.detail for node in diagram.nodes} | {link.id: link.detail for link in diagram.links}
    for group in _elements(root, "g"):
        _set_title(document, group, details.get(group.getAttribute("id")))
        if group.getAttribute("class") in ("node", "edge"):
            _centre_text(group)
    _raise_labels([group for group in _elements(root, "g") if group.getAttribute("class") == "edge"])
    for text in _elements(root, "text"):
        if text.getAttribute("font-family").startswith(FONT):
            text.setAttribute("font-family", FONT_FAMILY)
    _describe(document, root, diagram)
    return root.toxml() + "\n"


def _elements(parent: Element, tag: str) -> list[Element]:
    return list(parent.getElementsByTagName(tag))


def _set_title(document: Document, group: Element, text: str | None) -> None:
    """The group's own title becomes the text; without one it goes, so that no internal id pops up."""
    for child in list(group.childNodes):
        if child.nodeType == Node.COMMENT_NODE or child.nodeName == "title":
            group.removeChild(child)
    if text:
        group.insertBefore(_element(document, "title", text), group.firstChild)


def _element(document: Document, tag: str, text: str) -> Element:
    element = document.createElement(tag)
    element.appendChild(document.createTextNode(text))
    return element


def _centre_text(group: Element) -> None:
    """Text is anchored in the middle of its shape: Graphviz' metrics are not those of the reader's font."""
    shape = next((child for tag in ("polygon", "ellipse", "path") for child in _elements(group, tag)), None)
    texts = _elements(group, "text")
    if shape is None or not texts:
        return
    middle = shape.getAttribute("cx") or _middle(shape.getAttribute("points") or shape.getAttribute("d"))
    for text in texts:
        text.setAttribute("text-anchor", "middle")
        text.setAttribute("x", middle)


def _raise_labels(links: list[Element]) -> None:
    """The label of every link, with the paper beneath it, above all lines: no line runs through a word."""
    for link in links:
        label = cast(Element, link.cloneNode(deep=True))
        label.removeAttribute("id")
        label.setAttribute("class", "label")
        for group, tags in ((link, ("polygon", "text")), (label, ("path",))):
            for part in [part for tag in tags for part in _elements(group, tag)]:
                group.removeChild(part)
        if _elements(label, "text"):
            drawing, behind_all = cast(Element, link.parentNode), cast("Element | None", links[-1].nextSibling)
            drawing.insertBefore(label, behind_all)


def _middle(outline: str) -> str:
    """Middle, across, of an outline given by x,y pairs."""
    across = [float(number) for number in _NUMBER.findall(outline)[::2]]
    return f"{(min(across) + max(across)) / 2:.2f}"


def _describe(document: Document, root: Element, diagram: Diagram) -> None:
    description = " ".join(part for part in (diagram.subtitle, diagram.hint) if part)
    heading = _element(document, "title", f"{diagram.title}: QKD topology"), _element(document, "desc", description)
    for element, name in zip(heading, ("topology-title", "topology-description"), strict=True):
        element.setAttribute("id", name)
        root.insertBefore(element, root.firstChild)
    root.insertBefore(heading[0], root.firstChild)
    root.setAttribute("role", "img")
    root.setAttribute("aria-labelledby", "topology-title topology-description")
