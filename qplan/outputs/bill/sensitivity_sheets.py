"""Sheets on how the total answers when a driver moves, with a tornado that follows what is typed."""

from __future__ import annotations

from decimal import Decimal

from xlsxwriter.worksheet import Worksheet

from qplan.assessment.facts import PlanFacts
from qplan.costing.bill import Category
from qplan.costing.cash_flow import YEARS_LISTED
from qplan.costing.cost import tco
from qplan.costing.sensitivity import ONE_OFF_DRIVERS, ONLY_WHERE_THERE, RATE_DRIVERS, SWING, YEARLY_DRIVERS
from qplan.outputs.bill.bill_columns import LATER_PRICE, LATER_YEARLY, ONE_OFF, bill_range
from qplan.outputs.bill.sheets import Styles, formula, lay_out, write
from qplan.outputs.bill.year_sheet import LAST_PART, listed_rows
from qplan.outputs.bill.year_sheet import SHEET as YEARS

SHEET = "Sensitivity"
HEADER = ("Driver", "Spread", "TCO if lower", "TCO if higher", "Lower: change", "Higher: change")
WIDTHS = (44, 10, 22, 22, 22, 22)
CHART_WIDTH, ROW_HEIGHT = 980, 17  # pixels
HELD = "the plan as it is, not planned anew"


def held_sheet(sheet: Worksheet, styles: Styles, facts: PlanFacts) -> None:
    """Of the plan as it is: spreads are inputs, and every total is a formula."""
    middle = tco(facts.inventory.economics, facts.costs.total)
    listed = facts.inventory.economics.horizon_years <= YEARS_LISTED
    moving = [
        each
        for each in facts.costs.drivers
        if each.tco_if_lower != each.tco_if_higher and (listed or each.driver not in RATE_DRIVERS)
    ]
    lay_out(sheet, styles, HEADER, HEADER[1:], WIDTHS, max(len(moving), 1))
    for row, driver in enumerate(moving, start=1):
        write(sheet, row, 0, driver.driver, styles.text)
        write(sheet, row, 1, SWING, styles.share_input)
        for column, sign, value in ((2, "-", driver.lower), (3, "+", driver.higher)):
            text = _moved(facts, driver.driver, f"{sign}B{row + 1}")
            formula(sheet, row, column, f"={text}", styles.money, value)
        _changes(sheet, styles, row, (driver.lower, driver.higher), middle)
    share = {"validate": "decimal", "criteria": "between", "minimum": 0, "maximum": 1}
    sheet.data_validation(1, 1, max(len(moving), 1), 1, share)
    tornado(sheet, styles, len(moving), f"Change of the TCO, {HELD}", (4, 5))


def _moved(facts: PlanFacts, driver: str, by: str) -> str:
    """The total with a driver moved by a share, as a formula."""
    rows = bill_range(facts.bill)
    categories = {**ONE_OFF_DRIVERS, **YEARLY_DRIVERS, **ONLY_WHERE_THERE}
    if driver == "contingency":
        return f"tco_total{by}*contingency_share*capex_total"
    if driver not in categories:
        first, last = listed_rows(facts.inventory.economics)
        years = f"'{YEARS}'!$A${first}:$A${last}"
        paid = f"'{YEARS}'!$B${first}:${LAST_PART}${last}"
        total = f"SUMPRODUCT({paid}*(1+discount_rate*(1{by}))^-{years})"
        return f'IF(horizon_years>{last - 2},"",{total})'
    kind = rows.column("Category")

    def sums(column: str) -> str:
        order = [each for each in Category if each in categories[driver]]
        return "+".join(f'SUMIF({kind},"{each.value}",{rows.column(column)})' for each in order)

    one_off, later = f"(1+contingency_share)*({sums(ONE_OFF)})", f"{sums(LATER_PRICE)}+{sums(LATER_YEARLY)}"
    if driver in ONE_OFF_DRIVERS:
        return f"tco_total{by}*{one_off}"
    part = sums(LATER_YEARLY) if driver in YEARLY_DRIVERS else f"{one_off}+{later}"
    return f"tco_total{by}*({part})"


def _changes(sheet: Worksheet, styles: Styles, row: int, ends: tuple[Decimal, Decimal], middle: Decimal) -> None:
    for column, source, end in ((4, "C", ends[0]), (5, "D", ends[1])):
        moved = f"{source}{row + 1}"
        formula(sheet, row, column, f'=IF(ISNUMBER({moved}),{moved}-tco_total,"")', styles.change, end - middle)


def tornado(sheet: Worksheet, styles: Styles, drivers: int, title: str, columns: tuple[int, int]) -> None:
    """Bars to both sides of the total as it is, the widest on top, below a table of so many drivers."""
    if not drivers:
        return
    chart = styles.book.add_chart({"type": "bar", "subtype": "stacked"})
    for column, name, colour in zip(columns, ("lower", "higher"), ("#00664B", "#F7B84B"), strict=True):
        chart.add_series(
            {
                "name": f"driver {name}",
                "categories": [sheet.name, 1, 0, drivers, 0],
                "values": [sheet.name, 1, column, drivers, column],
                "fill": {"color": colour},
                "gap": 40,
                "overlap": 100,
            }
        )
    font = {"name": "Arial", "size": 10}
    chart.set_title({"name": title, "name_font": {**font, "size": 12}})
    chart.set_y_axis(
        {"reverse": True, "label_position": "low", "num_font": font, "major_gridlines": {"visible": False}}
    )
    chart.set_x_axis({"num_format": "#,##0", "num_font": font, "major_gridlines": {"visible": True}})
    chart.set_legend({"position": "bottom", "font": font})
    height = 110 + 34 * drivers
    chart.set_size({"width": CHART_WIDTH, "height": height})
    sheet.insert_chart(drivers + 3, 0, chart)
    sheet.fit_to_pages(1, 1)
    sheet.print_area(0, 0, drivers + 4 + height // ROW_HEIGHT, columns[-1])
