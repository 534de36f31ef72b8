"""Workbooks (XLSX, XLS): sites, fibres, corridors and equipment as sheets; looked at before they are unpacked."""

from __future__ import annotations

import io
import posixpath
import re
import zipfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from qplan.errors import Diagnostic
from qplan.interchange.imports.fields import Cell
from qplan.interchange.imports.mapping import ImportMap
from qplan.interchange.imports.number_formats import Shown, column, formats_of, shown_in
from qplan.interchange.imports.records import rows_of
from qplan.interchange.imports.rows import Origin, Rows, clean, doubt, listed
from qplan.interchange.imports.sources import OLE, Element, Refused, SourceFile, archive, refused, unpacked, xml_root
from qplan.interchange.imports.tables import MAX_COLUMNS, MAX_ROWS, Table, records_of
from qplan.inventory.source.messages import counted, shown

MAX_CELLS = 20_000_000  # what is between the first and the last cell takes memory, filled or not
CELL = re.compile(rb'<c\b[^>]*?\br="([A-Z]{1,3})([0-9]{1,7})"')
NO_VALUE = re.compile(
    rb'<c\b[^>]*?\br="([A-Z]+[0-9]+)"[^>]*>\s*<f\b(?:[^>]*/>|[^>]*>[^<]*</f>)\s*(?:<v\s*/>|<v>\s*</v>)?\s*</c>'
)
HIDDEN_ROW = re.compile(rb'<row\b[^>]*\bhidden="(?:1|true)"')


@dataclass(frozen=True)
class Sheet:
    """A sheet as a table, and what its cells hide."""

    table: Table
    findings: tuple[Diagnostic, ...] = field(default=())
    comments: tuple[Diagnostic, ...] = field(default=())


def read(sources: Sequence[SourceFile], mapping: ImportMap) -> Rows:
    """The rows of all sheets whose headings are known or mapped. Raises `Refused` where a workbook has none."""
    rows, refusals = Rows(), list[Diagnostic]()
    for source in sources:
        try:
            rows = rows.joined(_read(sheets_of(source), mapping, source))
        except Refused as error:
            refusals += error.findings
    if refusals:
        raise Refused(*refusals)
    return rows


def tables(source: SourceFile) -> list[Table]:
    return [sheet.table for sheet in sheets_of(source) if sheet.table.rows]


def _read(sheets: Sequence[Sheet], mapping: ImportMap, source: SourceFile) -> Rows:
    rows, unknown = Rows(), list[Diagnostic]()
    for sheet in sheets:
        if not sheet.table.rows:
            continue
        try:
            records = records_of(sheet.table, mapping)
        except Refused as error:
            if error.findings[0].code != "QP603":
                raise
            unknown.append(error.findings[0])
            continue
        name = sheet.table.origin.table
        rows = rows.joined(rows_of(records, sheet.table.origin) if records else Rows(read=(f"{name}: ignored",)))
        rows = rows.adding(*((*sheet.findings, *sheet.comments) if records else ()))
    if not rows.read:
        raise Refused(*unknown) if unknown else refused("QP605", source.origin, "the workbook has no filled sheet")
    return rows.adding(*(_passed_over(item) for item in unknown))


def _passed_over(item: Diagnostic) -> Diagnostic:
    return doubt("QP614", Origin(item.file), "", f"sheet not read: {item.message}", item.hint)


def sheets_of(source: SourceFile) -> list[Sheet]:
    """Every sheet in its order. Raises `Refused` where the file is no workbook, or one that would exhaust memory."""
    if source.data[:4] == OLE:
        beneath: dict[str, _Beneath] = {}
    elif source.data[:2] == b"PK":
        beneath = _looked_at(source)
    else:
        raise refused("QP601", source.origin, "not a workbook (XLSX or XLS)", "save it as XLSX, or use the format csv")
    return list(_calamine_sheets(source, beneath))


@dataclass(frozen=True)
class _Beneath:
    """What lies beneath the values of a sheet."""

    findings: tuple[Diagnostic, ...] = ()
    comments: tuple[Diagnostic, ...] = ()
    shown: Mapping[tuple[int, int], Shown] = field(default_factory=dict)


def _looked_at(source: SourceFile) -> dict[str, _Beneath]:
    """What lies beneath the values of each sheet of an XLSX, by its name."""
    opened = archive(source)
    names = {entry.filename for entry in opened.infolist()}
    if "xl/workbook.xml" not in names or "xl/_rels/workbook.xml.rels" not in names:
        raise refused("QP601", source.origin, "a zip archive, but not an XLSX workbook", "save it as XLSX")
    targets = {item.get("Id"): target for item, target in _related(source, opened, "xl/workbook.xml")}
    styles = "xl/styles.xml"
    formats = formats_of(xml_root(unpacked(source, opened, styles))) if styles in names else {}
    found = {}
    for sheet in xml_root(unpacked(source, opened, "xl/workbook.xml")).all("sheet"):
        name, target = sheet.attributes.get("name", ""), targets.get(sheet.attributes.get("id", ""), "")
        if target in names:
            content = unpacked(source, opened, target).data
            hidden = _hidden(Origin(source.name, name), content, sheet.attributes.get("state", "visible"))
            comments = _comments(Origin(source.name, name), source, opened, target)
            found[name] = _Beneath(tuple(hidden), tuple(comments), shown_in(content, formats))
    return found


def _related(source: SourceFile, opened: zipfile.ZipFile, part: str) -> Iterator[tuple[Element, str]]:
    """What a part of the workbook refers to: the entry, and the name of the other part."""
    folder, name = posixpath.split(part)
    listing = f"{folder}/_rels/{name}.rels"
    if listing in opened.namelist():
        for item in xml_root(unpacked(source, opened, listing)).all("Relationship"):
            yield item, posixpath.normpath(posixpath.join("/", folder, item.get("Target"))).lstrip("/")


def _comments(origin: Origin, source: SourceFile, opened: zipfile.ZipFile, sheet: str) -> Iterator[Diagnostic]:
    """Of all cells in one; where one is a thread, its old form only says how to read threads."""
    try:
        found = _commented(source, opened, sheet)
    except Refused:
        yield doubt("QP616", origin, "", "comments beside its cells cannot be read", "put what counts into cells")
        return
    if found:
        said = listed([f"cell {place}: {shown(' / '.join(words))}" for place, words in found.items()])
        message = f"{counted(len(found), 'comment')} beside cells, not read: {said}"
        yield doubt("QP616", origin, "", message, "put what counts into cells")


def _commented(source: SourceFile, opened: zipfile.ZipFile, sheet: str) -> dict[str, list[str]]:
    """The comments of a sheet by cell. Raises `Refused`."""
    texts: dict[str, dict[str, list[str]]] = {"comment": {}, "threadedComment": {}}
    for item, target in _related(source, opened, sheet):
        kind = item.get("Type").rpartition("/")[2].removesuffix("s")
        if kind in texts and target in opened.namelist():
            for comment in xml_root(unpacked(source, opened, target)).all(kind):
                words = clean("".join(part.text for part in (*comment.all("t"), *comment.all("text"))))
                if words.strip():
                    texts[kind].setdefault(comment.get("ref"), []).append(words)
    return {**texts["comment"], **texts["threadedComment"]}


def _hidden(origin: Origin, content: bytes, state: str) -> Iterator[Diagnostic]:
    """Raises `Refused` where the sheet is too large."""
    rows = columns = 0
    for match in CELL.finditer(content):
        rows, columns = max(rows, int(match[2])), max(columns, column(match[1].decode()))
    if rows > MAX_ROWS or columns > MAX_COLUMNS or rows * columns > MAX_CELLS:
        raise refused("QP602", origin, f"the sheet reaches to row {rows} and column {columns}: too large")
    if state != "visible":
        yield doubt("QP616", origin, "", "the sheet is hidden, and read all the same")
    if hidden := len(HIDDEN_ROW.findall(content)):
        yield doubt(
            "QP616",
            origin,
            "",
            f"{counted(hidden, 'hidden row')} read like the others",
            "delete rows that do not count",
        )
    if empty := [match[1].decode() for match in NO_VALUE.finditer(content)]:
        message = f"{counted(len(empty), 'formula', 'formulae')} without a value, read as empty: {listed(empty)}"
        yield doubt("QP616", origin, "", message, "open and save the workbook in a spreadsheet program")


def _calamine_sheets(source: SourceFile, beneath: Mapping[str, _Beneath]) -> Iterator[Sheet]:
    from python_calamine import CalamineWorkbook, SheetTypeEnum

    try:
        workbook = CalamineWorkbook.from_filelike(io.BytesIO(source.data))
        kinds = [(meta.name, meta.typ) for meta in workbook.sheets_metadata]
        for name, kind in kinds:
            if kind == SheetTypeEnum.WorkSheet:
                sheet = workbook.get_sheet_by_name(name)
                below = beneath.get(name, _Beneath())
                origin, rows = Origin(source.name, name), sheet.to_python(skip_empty_area=False)
                table, findings = _table(origin, rows, _merged(sheet), below.shown)
                yield Sheet(table, (*below.findings, *findings), below.comments)
    except Refused:
        raise
    except BaseException as error:  # a panic of the Rust library is no Exception
        if isinstance(error, KeyboardInterrupt | SystemExit | GeneratorExit | MemoryError):
            raise
        raise refused("QP601", source.origin, f"the workbook cannot be read: {str(error)[:200]}") from None


def _merged(sheet: object) -> list[tuple[tuple[int, int], tuple[int, int]]]:
    return list(getattr(sheet, "merged_cell_ranges", None) or [])


def _table(
    origin: Origin,
    rows: Sequence[Sequence[Cell]],
    merged: list[tuple[tuple[int, int], tuple[int, int]]],
    shown: Mapping[tuple[int, int], Shown],
) -> tuple[Table, list[Diagnostic]]:
    """Cells as a table; what is merged over several rows stands in each of them, with what is shown beside it."""
    cells, beside = [list(row) for row in rows], dict(shown)
    filled = 0
    for (top, left), (bottom, _) in merged:
        for row in range(top + 1, min(bottom, len(cells) - 1) + 1):
            if left < len(cells[row]) and top < len(cells) and cells[row][left] in ("", None):
                cells[row][left] = cells[top][left]
                if (top + 1, left) in shown:
                    beside[row + 1, left] = shown[top + 1, left]
                filled += 1
    table = Table(origin, tuple(map(tuple, cells)), tuple(range(1, len(cells) + 1)), shown=beside)
    if not filled:
        return table, []
    message = f"cells merged over several rows count for each of them ({counted(filled, 'cell')} filled)"
    return table, [doubt("QP616", origin.at(merged[0][0][0] + 1), "", message)]
