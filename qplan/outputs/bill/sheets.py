"""What the workbook's sheets have in common: styles, print set-up and harmless text."""

from __future__ import annotations

import math
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from itertools import pairwise

from xlsxwriter.format import Format
from xlsxwriter.workbook import Workbook
from xlsxwriter.worksheet import Worksheet

from qplan.costing.cents import Exact
from qplan.outputs.bill.tables import CellTable
from qplan.outputs.text.tables import Cell, one_line, shortened

A4 = 9
A4_INCHES = 11.69  # of its long side
MARGIN_INCHES = 0.4
PIXELS_PER_INCH = 96
CONFIDENTIAL = "Confidential"
FONT = {"font_name": "Arial", "font_size": 10, "font_scheme": "none"}
"""As wide in LibreOffice, which has a font of the same metrics."""
INPUT_BLUE = "#1F4E9E"
STATED_SHARE = "0.0########%"
LINE_HEIGHT, GAP = 12.75, 3.0  # points: of one line of text at this font, and between rows
LETTERS = 1.1  # of running text in the width of a digit
MOST_LITERAL = 3000  # characters; those of a formula are 8,192
MOST_LINES = 10  # of wrapped text that a row shows


@dataclass(frozen=True)
class Styles:
    """Formats, and the workbook that they belong to."""

    book: Workbook
    title: Format
    header: Format
    figure_header: Format
    text: Format
    link: Format
    number: Format
    figure: Format
    """A number or a word, to the right."""
    share: Format
    """A part of a whole, worked out."""
    stated_share: Format
    """A share that the inventory states, with all its digits."""
    stated: Format
    """Another number that it states, likewise."""
    loss: Format
    factor: Format
    date: Format
    life: Format
    """Years; so many that it never ends as a dash."""
    change: Format
    change_share: Format
    right_text: Format
    money: Format
    least_money: Format
    """An amount that is at least so much."""
    price: Format
    """What a unit costs: to a hundredth of a cent where it is as fine as that."""
    price_input: Format
    text_input: Format
    date_input: Format
    number_input: Format
    share_input: Format
    total: Format
    total_share: Format
    total_text: Format
    warning: Format
    to_be_quoted: Format
    illustrative: Format


def make_styles(book: Workbook, currency: str) -> Styles:
    """Formats of the whole workbook; what a buyer may type is blue."""
    money = f'"{currency}" #,##0.00;-"{currency}" #,##0.00;"–"'
    price = money.replace("0.00", "0.00##")
    change = '+#,##0.00;-#,##0.00;"–"'
    blue = {"font_color": INPUT_BLUE}
    rule = {"bold": True, "top": 1}
    head = {"bold": True, "text_wrap": True, "bg_color": "#DDE3EA", "bottom": 1, "valign": "vcenter"}

    def style(**properties: object) -> Format:
        return book.add_format({**FONT, "valign": "vcenter", **properties})

    return Styles(
        book=book,
        title=style(bold=True, font_size=14),
        header=style(**head, align="left", indent=1),
        figure_header=style(**head, align="right"),
        text=style(text_wrap=True, align="left", indent=1),
        link=style(align="left", indent=1, underline=1, font_color=INPUT_BLUE),
        number=style(num_format="#,##0.###"),
        figure=style(num_format="#,##0.###", align="right"),
        share=style(num_format="0.0%"),
        stated_share=style(num_format=STATED_SHARE),
        stated=style(num_format="General"),
        loss=style(num_format='0.00####" dB"'),
        factor=style(num_format="0.0000"),
        date=style(num_format="yyyy-mm-dd", align="left", indent=1),
        life=style(num_format='[>=1000000]"–";0'),
        change=style(num_format=change, align="right"),
        change_share=style(num_format="+0.0%;-0.0%;0.0%", align="right"),
        right_text=style(text_wrap=True, align="right"),
        money=style(num_format=money, align="right"),
        least_money=style(num_format=f'"at least "{money.split(";")[0]}', align="right"),
        price=style(num_format=price, align="right"),
        price_input=style(num_format=price, align="right", **blue),
        text_input=style(text_wrap=True, align="left", indent=1, **blue),
        date_input=style(num_format="yyyy-mm-dd", align="left", indent=1, **blue),
        number_input=style(num_format="#,##0", **blue),
        share_input=style(num_format=STATED_SHARE, **blue),
        total=style(num_format=money, **rule),
        total_share=style(num_format="0.0%", **rule),
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


def in_cents(amount: str) -> str:
    """An amount of a formula, or many, to the cent with halves to even, as a plan states it; a cell, sum or bracket."""
    up, tie = f"INT(100*{amount}+0.500001)", f"(ABS(100*{amount}-INT(100*{amount})-0.5)<0.000001)"
    return f"({up}-{tie}*MOD({up},2))/100"


def literal(text: str) -> str:
    """A text within a formula, where none may have more than 255 characters."""
    whole = shortened(text, MOST_LITERAL)
    pieces = (whole[first : first + 200].replace('"', '""') for first in range(0, len(whole), 200))
    return "&".join(f'"{piece}"' for piece in pieces)


def lay_out(
    sheet: Worksheet,
    styles: Styles,
    header: Sequence[str],
    figures: Collection[str],
    widths: Sequence[float],
    last_row: int,
    breaks: Sequence[int] = (),
) -> None:
    """Header row, frozen and repeated in print, a filter down to `last_row`, column widths, pages.

    `breaks`: columns at which a further page begins, beside the first column, which then stands on every page.
    """
    for column, name in enumerate(header):
        write(sheet, 0, column, name, styles.figure_header if name in figures else styles.header)
    sheet.set_row(0, 2.5 * LINE_HEIGHT)
    sheet.autofilter(0, 0, last_row, len(header) - 1)
    sheet.freeze_panes(1, 1 if breaks else 0)
    sheet.repeat_rows(0)
    sheet.print_area(0, 0, last_row + 1, len(header) - 1)
    print_set_up(sheet, widths, breaks)


def fold(sheet: Worksheet, styles: Styles, first: int, names: Sequence[str], width: float, last_row: int) -> None:
    """Columns behind a table that is laid out, folded away; they are sorted along."""
    for column, name in enumerate(names, first):
        sheet.write_string(0, column, name, styles.figure_header)
    last = first + len(names)
    sheet.autofilter(0, 0, last_row, last - 1)
    sheet.set_column(first, last - 1, width, None, {"level": 1, "hidden": True})
    sheet.set_column(last, last, None, None, {"collapsed": True})


def print_set_up(sheet: Worksheet, widths: Sequence[float], breaks: Sequence[int] = ()) -> None:
    """Column widths; A4, landscape, so small that the columns between two breaks fit a page; marked confidential."""
    for column, width in enumerate(widths):
        sheet.set_column(column, column, width)
    sheet.set_default_row(GAP + LINE_HEIGHT)
    sheet.hide_gridlines(1)
    sheet.set_landscape()
    sheet.set_paper(A4)
    sheet.set_margins(left=MARGIN_INCHES, right=MARGIN_INCHES, top=0.7, bottom=0.6)
    sheet.set_header(f"&L&10{CONFIDENTIAL}&R&10&A")
    sheet.set_footer("&L&9&F&R&9Page &P of &N")
    if breaks:
        sheet.repeat_columns(0)
        sheet.set_v_pagebreaks(list(breaks))
        sheet.set_print_scale(page_scale(widths, breaks))
    else:
        sheet.fit_to_pages(1, 0)


def page_scale(widths: Sequence[float], breaks: Sequence[int]) -> int:
    """Percent at which the widest of the pages, each with the first column, fits, in a slightly wider font too."""
    pixels = [int(7 * width + 5) for width in widths]  # of the workbook's font
    blocks = pairwise((0, *breaks, len(widths)))
    widest = max(sum(pixels[first:last]) + (pixels[0] if first else 0) for first, last in blocks)
    return min(100, int(94 * (A4_INCHES - 2 * MARGIN_INCHES) * PIXELS_PER_INCH / widest))


def fit_height(sheet: Worksheet, row: int, cells: Sequence[Cell], widths: Sequence[float]) -> None:
    """Height for the longest wrapped text of a row."""
    texts = [(cell, width) for cell, width in zip(cells, widths, strict=False) if isinstance(cell, str)]
    lines = (math.ceil(len(text) / (LETTERS * width)) for text, width in texts if text)
    sheet.set_row(row, GAP + LINE_HEIGHT * min(max(lines, default=1), MOST_LINES))


def plain_table(
    sheet: Worksheet, styles: Styles, table: CellTable, widths: Sequence[float], breaks: Sequence[int] = ()
) -> None:
    """A table without formulas, as a sheet."""
    lay_out(sheet, styles, table.header, table.right, widths, max(len(table.rows), 1), breaks)
    for row, cells in enumerate(table.rows, start=1):
        fit_height(sheet, row, cells, widths)
        for column, (name, cell) in enumerate(zip(table.header, cells, strict=True)):
            words = styles.right_text if name in table.right else styles.text
            write(sheet, row, column, cell, words if isinstance(cell, str) else styles.number)


def total_row(sheet: Worksheet, styles: Styles, row: int, columns: int, label: str = "Total") -> None:
    """A rule over the whole width, with a label; the sums are written over it."""
    for column in range(columns):
        sheet.write_blank(row, column, None, styles.total_text)
    sheet.write_string(row, 0, label, styles.total_text)
