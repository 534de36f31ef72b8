"""The formats by name: who reads them, in words, and whether a mapping file tells their columns."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from importlib import import_module
from typing import Any, NamedTuple

from qplan.interchange.imports.mapping import ImportMap
from qplan.interchange.imports.rows import Rows
from qplan.interchange.imports.sources import SourceFile
from qplan.interchange.imports.tables import Table


class Format(NamedTuple):
    module: str
    words: str
    has_columns: bool = False

    def read(self, sources: Sequence[SourceFile], mapping: ImportMap) -> Rows:
        """Raises `Refused`."""
        reader: Callable[[Sequence[SourceFile], ImportMap], Rows] = self._reader().read
        return reader(sources, mapping)

    def tables(self, source: SourceFile) -> list[Table]:
        """The tables whose columns a mapping file can name. Raises `Refused`."""
        found: list[Table] = self._reader().tables(source)
        return found

    def _reader(self) -> Any:
        return import_module(f"qplan.interchange.imports.readers.{self.module}")


OTDR, OFFERS = "otdr", "offers"
ADDITIONS = {
    OTDR: "OTDR traces (.sor): losses of fibres that are there",
    OFFERS: "answers to requests of `qplan rfq` (XLSX, CSV): offers for what is there",
}
"""What adds to an inventory and makes none."""

FORMATS = {
    "csv": Format("csv", "CSV tables of sites, fibres, corridors, equipment", True),
    "xlsx": Format("workbook", "the same as sheets of a workbook (XLSX, XLS)", True),
    "netbox": Format("netbox", "NetBox: CSV of import or export, JSON of the API; Nautobot"),
    "ofds": Format("ofds", "Open Fibre Data Standard 0.3 (JSON, GeoJSON)"),
    "geojson": Format("geojson", "points are sites, lines are fibres", True),
    "kml": Format("kml", "placemarks: points are sites, lines are fibres (KML, KMZ)", True),
    "gnpy": Format("gnpy", "GNPy topologies (JSON, XLS, XLSX)"),
    "graphml": Format("graphml", "GraphML, as the Topology Zoo has it; node-link JSON, as topohub has it"),
    "sndlib": Format("sndlib", "SNDlib XML with its demands"),
}
