"""Plans side by side as a workbook: amounts, and differences from the baseline as formulas with cached values."""

from __future__ import annotations

import io

from xlsxwriter import Workbook
from xlsxwriter.format import Format
from xlsxwriter.utility import xl_col_to_name
from xlsxwriter.worksheet import Worksheet

from qplan.comparison.beside_classical import BesideClassical
from qplan.comparison.columns import SideBySide
from qplan.outputs.bill.sheets import Styles, fit_height, formula, lay_out, make_styles, write
from qplan.outputs.bill.workbook import BOOK_OPTIONS, CREATED
from qplan.outputs.compare.classical import classical_sections
from qplan.outputs.compare.rows import Row, Value, money_name, rows, verdicts

FIRST = 1  # row of the first value


def compared_workbook(table: SideBySide) -> bytes:
    """One sheet with every row, one with the verdicts."""
    buffer = io.BytesIO()
    currencies = {each.facts.plan.costs.currency for each in table.columns if each.facts is not None}
    currency = currencies.pop() if len(currencies) == 1 else ""
    with Workbook(buffer, BOOK_OPTIONS) as book:
        book.set_properties({"title": "Plans side by side", "created": CREATED})
        styles = make_styles(book, currency)
        sheet, said = book.add_worksheet("Compare"), book.add_worksheet("Verdicts")
        change = book.add_format({"font_name": "Calibri", "font_size": 10, "num_format": "+0.0%;-0.0%;0.0%"})
        _fill(sheet, styles, change, table)
        lay_out(said, styles, ("Against the baseline",), (), (130,), max(len(table.columns) - 1, 1))
        for number, verdict in enumerate(verdicts(table), FIRST):
            write(said, number, 0, verdict, styles.text)
    return buffer.getvalue()


def _fill(sheet: Worksheet, styles: Styles, change: Format, table: SideBySide) -> None:
    names = tuple(column.id for column in table.columns)
    found = rows(table)
    header = ("Group", "", *names)
    lay_out(sheet, styles, header, names, (24, 34, *(22 for _ in names)), max(len(found), 1))
    at = {row.key: number for number, row in enumerate(found, FIRST)}
    base = names.index(table.baseline)
    for number, row in enumerate(found, FIRST):
        write(sheet, number, 0, row.group, styles.text)
        write(sheet, number, 1, row.name, styles.text)
        for column, value in enumerate(row.values):
            if row.kind == "change" and isinstance(value, int | float):
                source = at[row.key.rpartition(".")[0]] + 1
                here, there = (f"{xl_col_to_name(2 + each)}{source}" for each in (column, base))
                share = row.key.endswith(".share")
                text = f"=IF({there}=0,0,({here}-{there})/{there})" if share else f"={here}-{there}"
                formula(sheet, number, 2 + column, text, change if share else styles.money, value)
            else:
                _write(sheet, number, 2 + column, row, value, styles)


def _write(sheet: Worksheet, number: int, column: int, row: Row, value: Value, styles: Styles) -> None:
    style = {"money": styles.money, "share": styles.share}.get(row.kind, styles.number)
    write(sheet, number, column, value, styles.text if isinstance(value, str) else style)


def classical_workbook(beside: BesideClassical) -> bytes:
    """One sheet: both designs in all and by corridor; what QKD adds is a formula with its cached value."""
    buffer = io.BytesIO()
    with Workbook(buffer, BOOK_OPTIONS) as book:
        book.set_properties({"title": "Classical beside quantum", "created": CREATED})
        styles = make_styles(book, beside.extra.currency)
        sheet, said_sheet = book.add_worksheet("Classical"), book.add_worksheet("Reading")
        columns = ("Classical", "With QKD", "QKD adds")
        names = (
            ("Capex", "capex"),
            ("Contingency", "contingency"),
            ("Opex of year 1", "opex_per_year"),
            ("TCO", "tco"),
        )
        three = (beside.classical, beside.quantum, beside.extra)
        found = [(name, *(getattr(costs, key) for costs in three)) for name, key in names]
        found += [
            (f"TCO of {money_name(each.id)}", each.classical, each.quantum, each.extra) for each in beside.corridors
        ]
        lay_out(sheet, styles, ("", *columns), columns, (44, 22, 22, 22), len(found))
        for number, (name, classical, quantum, extra) in enumerate(found, FIRST):
            write(sheet, number, 0, name, styles.text)
            write(sheet, number, 1, classical, styles.money)
            write(sheet, number, 2, quantum, styles.money)
            formula(sheet, number, 3, f"=C{number + 1}-B{number + 1}", styles.money, extra)
        points = [text for section in classical_sections(beside) for text in (*section.paragraphs, *section.points)]
        lay_out(said_sheet, styles, ("Reading",), (), (130,), max(len(points), 1))
        for number, text in enumerate(points, FIRST):
            write(said_sheet, number, 0, text, styles.text)
            fit_height(said_sheet, number, (text,), (130,))
    return buffer.getvalue()
