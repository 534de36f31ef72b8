"""Pictures of a plan's topology: one neutral diagram, and a writer for each format."""

from qplan.outputs.diagram import Diagram, diagram
from qplan.outputs.dot import to_dot
from qplan.outputs.mermaid import to_mermaid
from qplan.outputs.svg import to_svg

__all__ = ["Diagram", "diagram", "to_dot", "to_mermaid", "to_svg"]
