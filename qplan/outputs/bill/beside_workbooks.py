"""The classical design beside the quantum one, and how a total answers to its drivers, as workbooks."""

from __future__ import annotations

from xlsxwriter.worksheet import Worksheet

from qplan.assessment.facts import PlanFacts
from qplan.comparison.beside_classical import BesideClassical
from qplan.costing.cost import refresh_over_horizon
from qplan.costing.money_text import TO_BE_QUOTED
from qplan.explain.sensitivity import Sensitivities, Side, Swing
from qplan.outputs.bill.books import made_book, said_sheet
from qplan.outputs.bill.sensitivity_sheets import tornado
from qplan.outputs.bill.sheets import Styles, fit_height, formula, lay_out, plain_table, total_row, write
from qplan.outputs.bill.tables import CellTable
from qplan.outputs.compare.classical import classical_sections, headings, money_rows
from qplan.outputs.compare.sensitivity import corridors_text, sensitivity_section
from qplan.outputs.report.document import Table
from qplan.outputs.text.money import firmness_text

LINES_HEADER = ("What", "Quantity", "Unit", "Effort (days)", "One-off", "Year 1", "Bought again", "To be quoted")
LINES_WIDTHS = (60, 10, 14, 13, 20, 20, 20, 14)


def classical_workbook(beside: BesideClassical) -> bytes:
    """Both designs in all and by corridor, what the classical one is made of, reasons and properties."""
    money, reasons, properties = classical_sections(beside)
    with made_book("Classical beside quantum", beside.extra.currency) as (book, styles, data):
        said_sheet(book.add_worksheet("Summary"), styles, money.paragraphs, money.title)
        _classical(book.add_worksheet("Classical"), styles, beside)
        _lines(book.add_worksheet("Classical design"), styles, beside)
        said_sheet(book.add_worksheet("Reasons"), styles, reasons.points, reasons.title)
        _told(book.add_worksheet("Properties"), styles, properties.tables[0], (28, 28, 36, 46, 26))
        said_sheet(book.add_worksheet("Positions"), styles, (*properties.paragraphs, *properties.points))
    return data.getvalue()


def _classical(sheet: Worksheet, styles: Styles, beside: BesideClassical) -> None:
    """What QKD adds is a formula."""
    rows = tuple(money_rows(beside))
    names = headings(beside)
    lay_out(sheet, styles, ("", *names), names, (46, *(22 for _ in names)), len(rows))
    for number, (_, name, amounts) in enumerate(rows, start=1):
        write(sheet, number, 0, name, styles.text)
        for column, amount in enumerate(amounts[:-1], start=1):
            write(sheet, number, column, amount, styles.money)
        formula(sheet, number, 4, f"=D{number + 1}-C{number + 1}", styles.money, amounts[-1])


def _lines(sheet: Worksheet, styles: Styles, beside: BesideClassical) -> None:
    """What the classical design is made of; its sums are formulas."""
    lines, last, economics = beside.design.lines, len(beside.design.lines) + 1, beside.facts.inventory.economics
    lay_out(sheet, styles, LINES_HEADER, LINES_HEADER[1:2] + LINES_HEADER[3:7], LINES_WIDTHS, last - 1)
    for number, line in enumerate(lines, start=1):
        write(sheet, number, 0, line.description, styles.text)
        write(sheet, number, 1, line.quantity, styles.number)
        write(sheet, number, 2, line.unit, styles.text)
        write(sheet, number, 3, line.effort_days, styles.number)
        write(sheet, number, 4, line.cost.capex, styles.money)
        write(sheet, number, 5, line.cost.opex_per_year, styles.money)
        again = refresh_over_horizon(economics, line.cost)
        write(sheet, number, 6, TO_BE_QUOTED if line.to_be_quoted and line.bought_again else again, styles.money)
        write(sheet, number, 7, TO_BE_QUOTED if line.to_be_quoted else "", styles.text)
        fit_height(sheet, number, (line.description,), LINES_WIDTHS)
    total_row(sheet, styles, last, len(LINES_HEADER))
    total = beside.design.total
    amounts = total.capex, total.opex_per_year, refresh_over_horizon(economics, total)
    for column, letter, amount in zip((4, 5, 6), "EFG", amounts, strict=True):
        formula(sheet, last, column, f"=SUM({letter}2:{letter}{last})", styles.total, amount)


def _told(sheet: Worksheet, styles: Styles, table: Table, widths: tuple[int, ...]) -> None:
    plain_table(sheet, styles, CellTable(table.header, table.rows, table.right), widths)


SENSITIVITY_HEADER = (
    "Driver",
    "Spread",
    "Held, lower",
    "Held, higher",
    "Anew, lower",
    "Anew, higher",
    "Lower: besides",
    "Higher: besides",
    "Lower: change",
    "Higher: change",
)
SENSITIVITY_FIGURES = (*SENSITIVITY_HEADER[1:6], *SENSITIVITY_HEADER[8:])
SENSITIVITY_WIDTHS = (22, 9, 19, 19, 19, 19, 28, 28, 18, 18)


def sensitivity_workbook(facts: PlanFacts, found: Sensitivities) -> bytes:
    """Break-evens first, then every driver with its tornado; changes are formulas."""
    section = sensitivity_section(facts, found)
    with made_book("Sensitivity of the TCO", facts.plan.costs.currency) as (book, styles, data):
        said = (*section.paragraphs, *section.points, f"{firmness_text(facts)}.")
        said_sheet(book.add_worksheet("Summary"), styles, said, section.title)
        _swings(book.add_worksheet("Sensitivity"), styles, found)
    return data.getvalue()


def _swings(sheet: Worksheet, styles: Styles, found: Sensitivities) -> None:
    swings, last = found.swings, len(found.swings) + 1
    lay_out(sheet, styles, SENSITIVITY_HEADER, SENSITIVITY_FIGURES, SENSITIVITY_WIDTHS, last - 1)
    for number, swing in enumerate(swings, start=1):
        write(sheet, number, 0, swing.driver, styles.text)
        write(sheet, number, 1, swing.spread, styles.stated_share)
        for column, (side, held) in enumerate(_ends(swing), start=2):
            amount = side.held if held else side.anew
            write(sheet, number, column, _no_amount(side, held) if amount is None else amount, styles.money)
        for column, letter, side in ((6, "E", swing.lower), (7, "F", swing.higher)):
            write(sheet, number, column, _besides(side), styles.text)
            at = f"{letter}{number + 1}"
            change = "" if side.anew is None else side.anew - found.tco
            formula(sheet, number, column + 2, f'=IF(ISNUMBER({at}),{at}-$C${last + 1},"")', styles.change, change)
    total_row(sheet, styles, last, len(SENSITIVITY_HEADER), "TCO as it is")
    write(sheet, last, 2, found.tco, styles.total)
    tornado(sheet, styles, len(swings), "Change of the TCO, planned anew", (8, 9))


def _ends(swing: Swing) -> tuple[tuple[Side, bool], ...]:
    """Side, and whether the plan is held."""
    return (swing.lower, True), (swing.higher, True), (swing.lower, False), (swing.higher, False)


def _besides(side: Side) -> str:
    held = ["held: over the budget"] if side.held is not None and side.over_budget else []
    return "; ".join([*held, *(f"anew: {words}" for words in corridors_text(side.turnover))])


def _no_amount(side: Side, held: bool) -> str:
    return "does not hold" if held else "no plan" if side.status == "infeasible" else "not decided"
