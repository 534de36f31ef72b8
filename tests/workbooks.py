"""What is asked of every sheet of every workbook: confidential, on A4, readable, with the header of its own table."""

from __future__ import annotations

import io
from collections.abc import Iterator

import openpyxl
from openpyxl.worksheet.worksheet import Worksheet

READABLE = 60  # percent: below it a page is too small to read
PAGE_PIXELS = 1046  # of A4 across, between margins, at 100 percent
A4 = "9"


def unfit_sheets(data: bytes) -> list[str]:
    """What is wrong with a page, by sheet."""
    book = openpyxl.load_workbook(io.BytesIO(data))
    return [f"{sheet.title}: {fault}" for sheet in book for fault in _faults(sheet)]


def _faults(sheet: Worksheet) -> Iterator[str]:
    if "Confidential" not in (sheet.oddHeader.left.text or ""):
        yield "not marked as confidential"
    if (sheet.page_setup.paperSize, sheet.page_setup.orientation) != (int(A4), "landscape"):
        yield "not on A4"
    if not sheet.print_area:
        yield "no print area"
    scale, breaks = sheet.page_setup.scale or 100, len(sheet.col_breaks.brk)
    if sheet.sheet_properties.pageSetUpPr and sheet.sheet_properties.pageSetUpPr.fitToPage:
        shown = [each for each in sheet.column_dimensions.values() if not each.hidden]
        scale, breaks = 100 * PAGE_PIXELS / sum((7 * each.width + 5) * (each.max - each.min + 1) for each in shown), 0
    if scale < READABLE:
        yield f"printed at {scale:.0f} percent"
    if breaks and not sheet.print_title_cols:
        yield "a second page without the first column"
    if sheet.freeze_panes is not None:
        header = [cell.value for cell in sheet[1]][: sheet.max_column]
        if sheet.print_title_rows != "$1:$1" or None in header[1:]:
            yield "a frozen header that is none"
