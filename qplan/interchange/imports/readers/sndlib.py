"""SNDlib's XML: nodes (in degrees or on a picture), links without lengths, and demands of traffic."""

from __future__ import annotations

from collections.abc import Sequence

from qplan.interchange.imports.figures import Figures
from qplan.interchange.imports.mapping import ImportMap
from qplan.interchange.imports.rows import CorridorRow, FibreRow, Origin, Rows, SiteRow, clean, doubt
from qplan.interchange.imports.sources import Element, SourceFile, refused, xml_root
from qplan.inventory.source.messages import counted


def read(sources: Sequence[SourceFile], mapping: ImportMap) -> Rows:
    """Raises `Refused`."""
    rows = Rows()
    for source in sources:
        rows = rows.joined(_read(source, xml_root(source)))
    return rows


def _read(source: SourceFile, root: Element) -> Rows:
    structure = root.child("networkStructure")
    if root.name != "network" or structure is None:
        raise refused("QP601", source.origin, "not SNDlib XML: no <network> with a <networkStructure>")
    nodes, figures = structure.child("nodes"), Figures()
    sites = tuple(_site(source, node, figures) for node in structure.all("node"))
    fibres = tuple(_fibre(source, link) for link in structure.all("link"))
    demands = list(root.all("demand"))
    corridors = tuple(_corridor(source, demand, root.text_of("meta", "unit")) for demand in demands)
    degrees = nodes is None or nodes.get("coordinatesType") != "pixel"
    counts = counted(len(sites), "node"), counted(len(fibres), "link"), counted(len(demands), "demand")
    read_ = f"{source.name}: {', '.join(counts)}"
    findings = tuple(figures.findings())
    rows = Rows(sites, fibres, corridors, findings=findings, read=(read_,), degrees=degrees)
    if not demands:
        return rows
    message = f"{counts[2]} of traffic, which says nothing about keys: the value is kept as labels.demand"
    hint = "keep the corridors that need keys, and state how many"
    return rows.adding(doubt("QP656", source.origin, "", message, hint))


def _site(source: SourceFile, node: Element, figures: Figures) -> SiteRow:
    key, origin = clean(node.get("id")), Origin(source.name, line=node.line)
    lon, lat = (
        figures.read(name, node.text_of("coordinates", axis), origin, f"{key} {axis}").value
        for name, axis in (("lon", "x"), ("lat", "y"))
    )
    return SiteRow(key, origin, None, lat, lon)


def _ends(element: Element) -> tuple[str, str]:
    return clean(element.text_of("source")), clean(element.text_of("target"))


def _fibre(source: SourceFile, link: Element) -> FibreRow:
    return FibreRow(clean(link.get("id")), _ends(link), Origin(source.name, line=link.line))


def _corridor(source: SourceFile, demand: Element, unit: str) -> CorridorRow:
    value = f"{demand.text_of('demandValue')} {clean(unit)}".strip()
    origin = Origin(source.name, line=demand.line)
    return CorridorRow(clean(demand.get("id")), _ends(demand), origin, labels={"demand": value})
