"""What the workbook's sheets have in common: styles, print set-up and harmless text."""

from __future__ import annotations

import math
from collections.abc import Collection, Sequence
from dataclasses import dataclass

from xlsxwriter.format import Format
from xlsxwriter.workbook import Workbook
from xlsxwriter.worksheet import Worksheet

from qplan.costing.cents import Exact
from qplan.outputs.text.tables import Cell, one_line

A4 = 9
FONT = {"font_name": "Calibri", "font_size": 10}
INPUT_BLUE = "#1F4E9E"
LINE_HEIGHT = 13.5  # points, of one line of text at this font
MOST_LINES = 10  # of wrapped text that a row shows


@dataclass(frozen=True)
class Styles:
    title: Format
    header: Format
    figure_header: Format
    text: Format
    number: Format
    share: Format
    factor: Format
    money: Format
    money_input: Format
    text_input: Format
    date_input: Format
    number_input: Format
    share_input: Format
    total: Format
    total_text: Format
    warning: Format
    to_be_quoted: Format
    illustrative: Format


def make_styles(book: Workbook, currency: str) -> Styles:
    """Formats of the whole workbook; what a buyer may type is blue."""
    money = f'"{currency}" #,##0.00;-"{currency}" #,##0.00;"–"'
    blue = {"font_color": INPUT_BLUE}
    rule = {"bold": True, "top": 1}
    head = {"bold": True, "text_wrap": True, "bg_color": "#DDE3EA", "bottom": 1, "valign": "vcenter"}

    def style(**properties: object) -> Format:
        return book.add_format({**FONT, "valign": "top", **properties})

    return Styles(
        title=style(bold=True, font_size=14),
        header=style(**head, align="left", indent=1),
        figure_header=style(**head, align="right"),
        text=style(text_wrap=True, align="left", indent=1),
        number=style(num_format="#,##0.###"),
        share=style(num_format="0.0%"),
        factor=style(num_format="0.0000"),
        money=style(num_format=money, align="right"),
        money_input=style(num_format=money, align="right", **blue),
        text_input=style(text_wrap=True, align="left", indent=1, **blue),
        date_input=style(num_format="yyyy-mm-dd", align="left", indent=1, **blue),
        number_input=style(num_format="#,##0", **blue),
        share_input=style(num_format="0.0%", **blue),
        total=style(num_format=money, **rule),
        total_text=style(align="left", indent=1, **rule),
        warning=style(text_wrap=True, align="left", indent=1, bg_color="#FFE699", font_color="#7F4F00"),
        to_be_quoted=book.add_format({"bg_color": "#FFE699", "font_color": "#7F4F00"}),
        illustrative=book.add_format({"italic": True, "bg_color": "#FBE5D6", "font_color": "#B33C00"}),
    )


def write(sheet: Worksheet, row: int, column: int, cell: Cell, style: Format) -> None:
    """A text as text, whatever it begins with (xlsxwriter cuts it at 32,767 characters); None as an empty cell."""
    if cell is None or cell == "":
        sheet.write_blank(row, column, None, style)
    elif isinstance(cell, str):
        sheet.write_string(row, column, one_line(cell), style)
    else:
        sheet.write_number(row, column, float(cell), style)


def formula(sheet: Worksheet, row: int, column: int, text: str, style: Format, value: Exact | float | str) -> None:
    """A formula with the value that it has now, for readers that do not calculate."""
    sheet.write_formula(row, column, text, style, value if isinstance(value, str) else float(value))


def lay_out(
    sheet: Worksheet,
    styles: Styles,
    header: Sequence[str],
    figures: Collection[str],
    widths: Sequence[float],
    last_row: int,
) -> None:
    """Header row, frozen and repeated in print, a filter down to `last_row`, column widths, landscape on one width."""
    for column, name in enumerate(header):
        sheet.write_string(0, column, name, styles.figure_header if name in figures else styles.header)
    sheet.set_row(0, 2.5 * LINE_HEIGHT)
    sheet.autofilter(0, 0, last_row, len(header) - 1)
    sheet.freeze_panes(1, 0)
    sheet.repeat_rows(0)
    print_set_up(sheet, widths)


def print_set_up(sheet: Worksheet, widths: Sequence[float]) -> None:
    for column, width in enumerate(widths):
        sheet.set_column(column, column, width)
    sheet.hide_gridlines(1)
    sheet.set_landscape()
    sheet.set_paper(A4)
    sheet.set_margins(left=0.4, right=0.4, top=0.5, bottom=0.6)
    sheet.fit_to_pages(1, 0)
    sheet.set_footer("&L&A&RPage &P of &N")


def fit_height(sheet: Worksheet, row: int, cells: Sequence[Cell], widths: Sequence[float]) -> None:
    """Height for the longest wrapped text of a row."""
    texts = [(cell, width) for cell, width in zip(cells, widths, strict=False) if isinstance(cell, str)]
    lines = (math.ceil(len(text) / width) for text, width in texts if text)
    sheet.set_row(row, LINE_HEIGHT * min(max(lines, default=1), MOST_LINES))


def total_row(sheet: Worksheet, styles: Styles, row: int, columns: int) -> None:
    """A rule over the whole width, with the word "Total"; the sums are written over it."""
    for column in range(columns):
        sheet.write_blank(row, column, None, styles.total_text)
    sheet.write_string(row, 0, "Total", styles.total_text)
