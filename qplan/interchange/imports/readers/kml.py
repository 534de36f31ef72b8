"""KML and KMZ of any age and namespace: placemarks with a point are sites, with a line are fibres."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import replace

from qplan.errors import Diagnostic
from qplan.interchange.imports.fields import Cell
from qplan.interchange.imports.mapping import ImportMap
from qplan.interchange.imports.readers.features import NO_LINE, Feature, joined_parts, rows_of, tables_of
from qplan.interchange.imports.rows import Origin, Point, Rows, clean, doubt
from qplan.interchange.imports.sources import Element, SourceFile, archive, refused, unpacked, xml_root
from qplan.interchange.imports.tables import Table
from qplan.inventory.source.messages import counted

FOLDERS = frozenset(["Folder", "Document"])
NUMBER = r"[-+]?(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)(?:[eE][-+]?[0-9]{1,3})?"
TUPLE = re.compile(rf"({NUMBER})\s*,\s*({NUMBER})(?:\s*,\s*{NUMBER})?")
NOT_DRAWN = frozenset(["Polygon", "Model", "Track", "MultiTrack"])


def read(sources: Sequence[SourceFile], mapping: ImportMap) -> Rows:
    """Raises `Refused`."""
    rows = Rows()
    for source in sources:
        root = _root(source)
        found, others = features(source, root)
        rows = rows.joined(rows_of(source, found, others, mapping))
        rows = rows.joined(Rows(findings=tuple(_passed_over(source, root))))
    return rows


def tables(source: SourceFile) -> list[Table]:
    return tables_of(source, features(source, _root(source))[0])


def _root(source: SourceFile) -> Element:
    """The root of the KML, in a KMZ of its first one: names in it are looked at, never followed."""
    if source.data[:2] == b"PK":
        opened = archive(source)
        names = [entry.filename for entry in opened.infolist() if entry.filename.lower().endswith(".kml")]
        if not names:
            raise refused("QP601", source.origin, "a zip archive without a .kml in it")
        first = min(names, key=lambda name: (name.count("/"), names.index(name)))
        source = unpacked(source, opened, first)
    root = xml_root(source)
    if root.name not in ("kml", *FOLDERS, "Placemark"):
        raise refused("QP601", source.origin, f"not KML: the first element is <{root.name[:40]}>")
    return root


def _passed_over(source: SourceFile, root: Element) -> Iterator[Diagnostic]:
    links = sum(1 for _ in root.all("NetworkLink"))
    if links:
        message = f"{counted(links, 'network link')} not followed: what it leads to is not in the file"
        yield doubt("QP614", source.origin, "", message, "save the places themselves, not the link")
    texts = sum(1 for mark in root.all("Placemark") if mark.text_of("description"))
    if texts:
        yield doubt("QP614", source.origin, "", f"{counted(texts, 'description')} of placemarks not read")


def features(source: SourceFile, root: Element) -> tuple[list[Feature], Counter[str]]:
    """Points and lines, and how many of other kinds there are."""
    found: list[Feature] = []
    others: Counter[str] = Counter()
    for folder, mark in _placemarks(root, ""):
        cells = _cells(mark)
        shapes = list(_shapes(mark, others))
        origin = Origin(source.name, line=mark.line)
        for number, points in enumerate(shapes):
            item = f"part {number + 1}" if number else ""
            found.append(Feature(replace(origin, item=item), points, cells, folder))
    return found, others


def _placemarks(element: Element, folder: str) -> Iterator[tuple[str, Element]]:
    """Placemarks with the name of the folder that they lie in."""
    for child in element.children:
        if child.name == "Placemark":
            yield folder, child
        elif child.name in FOLDERS:
            yield from _placemarks(child, clean(child.text_of("name")) if child.name == "Folder" else folder)
        elif child.name not in ("Style", "StyleMap", "Schema", "NetworkLink"):
            yield from _placemarks(child, folder)


def _cells(mark: Element) -> dict[str, Cell]:
    name = clean(mark.text_of("name"))
    cells: dict[str, Cell] = {"name": name} if name else {}
    for data in mark.all("Data"):
        cells[clean(data.attributes.get("name", ""))] = clean(data.text_of("value"))
    for data in mark.all("SimpleData"):
        cells[clean(data.attributes.get("name", ""))] = clean(data.text)
    return {key: value for key, value in cells.items() if key}


def _shapes(mark: Element, others: Counter[str]) -> Iterator[tuple[Point, ...]]:
    drawn = 0
    for point in mark.all("Point"):
        places = _points(point)
        drawn += len(places[:1])
        yield from [places[:1]] if places else []
    lines = [_line(line) for line in mark.all("LineString")]
    yield from joined_parts([line for line in lines if line])
    others[NO_LINE] += lines.count(None)
    for kind in NOT_DRAWN:
        others[kind] += sum(1 for _ in mark.all(kind))
    if not drawn and not lines and not any(next(mark.all(kind), None) for kind in NOT_DRAWN):
        others["placemark without a place"] += 1
    for kind in [kind for kind, number in others.items() if not number]:
        del others[kind]


def _line(shape: Element) -> tuple[Point, ...] | None:
    """None where there are not two points, or where anything else stands among them."""
    points = _points(shape)
    others = re.search(r"\w", TUPLE.sub(" ", shape.text_of("coordinates")))
    return None if others or len(points) < 2 else points


def _points(shape: Element) -> tuple[Point, ...]:
    """Longitude and latitude of every tuple; heights may stand in some of them only."""
    text = shape.text_of("coordinates")
    return tuple((float(match[1]), float(match[2])) for match in TUPLE.finditer(text))
