"""GNPy topologies: JSON with elements and connections, or a workbook with the sheets Nodes and Links."""

from __future__ import annotations

from collections.abc import Sequence

from qplan.interchange.imports.mapping import ImportMap
from qplan.interchange.imports.readers import gnpy_json, gnpy_workbook
from qplan.interchange.imports.rows import Rows
from qplan.interchange.imports.sources import OLE, SourceFile


def read(sources: Sequence[SourceFile], mapping: ImportMap) -> Rows:
    """Raises `Refused`."""
    rows = Rows()
    for source in sources:
        is_workbook = source.data[:4] == OLE or source.data[:2] == b"PK"
        rows = rows.joined((gnpy_workbook if is_workbook else gnpy_json).read(source))
    return rows
