"""Work on what is imported does not grow with its square."""

from __future__ import annotations

from collections.abc import Callable

from binaries import workbook
from growth import is_linear

from qplan.interchange.imports.mapping import Assumptions
from qplan.interchange.imports.readers import gnpy_workbook
from qplan.interchange.imports.rows import FibreRow, Origin, Rows, SiteRow
from qplan.interchange.imports.sources import SourceFile
from qplan.interchange.imports.stages import snapping


def test_lines_far_from_every_site(monkeypatch):
    def workload(number: int) -> Callable[[], object]:
        where = Origin("x")
        sites = tuple(SiteRow(f"s{i}", where, lat=40.0, lon=i / 10) for i in range(number))
        routes = (((i / 10, 41.0), (i / 10, 42.0)) for i in range(number))
        lines = tuple(FibreRow(f"f{i}", ("", ""), where, route=route) for i, route in enumerate(routes))
        return lambda: snapping.snapped(Rows(sites, lines), Assumptions())

    monkeypatch.setattr(snapping, "MOST_LISTED", 5)
    assert is_linear(workload)


def test_links_in_a_workbook_of_gnpy():
    def workload(number: int) -> Callable[[], object]:
        nodes = [["City", "Type"], *([f"c{i}", "ROADM"] for i in range(number))]
        links = [["Node A", "Node Z"], *([f"c{i}", f"c{i * 7 % number}"] for i in range(number))]
        source = SourceFile("x.xlsx", workbook({"Nodes": nodes, "Links": links}))
        return lambda: gnpy_workbook.read(source)

    assert is_linear(workload)
