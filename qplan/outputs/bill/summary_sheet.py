"""The first sheet: how much of the money is quoted, then the totals, then what the workbook holds."""

from __future__ import annotations

from collections.abc import Iterator

from xlsxwriter.format import Format
from xlsxwriter.worksheet import Worksheet

from qplan.assessment.facts import PlanFacts
from qplan.assessment.unstated import Charge, may_all_be_typed
from qplan.costing.bill import NO_SOURCE, Category
from qplan.costing.cents import Exact
from qplan.costing.cost import contingency, tco
from qplan.costing.firmness import CONTINGENCY, EXPIRED, EXPIRED_FOREIGN, FOREIGN, ILLUSTRATIVE, PUBLISHED, QUOTED
from qplan.costing.money_text import TO_BE_QUOTED
from qplan.outputs.bill.bill_columns import OPEN, bill_range
from qplan.outputs.bill.provenance_sheet import basis_cells, beyond_cell
from qplan.outputs.bill.sheets import Styles, fit_height, formula, literal, print_set_up, total_row, write
from qplan.outputs.text import money
from qplan.outputs.text.tables import Cell, one_line
from qplan.outputs.text.verdict import title

SHEET = "Summary"
WIDTHS = (46, 24, 14, 74)
AUTHENTICATION = Category.AUTHENTICATION.value
BEYOND_TERMS = "Of what is quoted, beyond the quoted terms"
PRICED = "All that had no price has one now; the plan was made without."
RESTS_ON = (
    ("Quoted", (QUOTED,), "quotes that hold, in the plan's currency: firm within their terms"),
    ("Foreign currency", (FOREIGN,), "moves with the rate of exchange"),
    ("Expired quote", (EXPIRED,), "by the day under Assumptions"),
    ("Expired quote, foreign currency", (EXPIRED_FOREIGN,), "both"),
    ("Published or derived", PUBLISHED, "datasheet, paper, measured or derived"),
    ("No source", (NO_SOURCE,), "the inventory states the amount, and not where it comes from"),
    ("Illustrative", (ILLUSTRATIVE,), "an order of magnitude that no vendor has confirmed"),
    ("Contingency", (CONTINGENCY,), "share of capex, see Assumptions"),
)


def summary_sheet(sheet: Worksheet, styles: Styles, facts: PlanFacts, contents: dict[str, str]) -> None:
    """`contents` says of each other sheet what it holds."""
    print_set_up(sheet, WIDTHS)
    write(sheet, 0, 0, title(facts), styles.title)
    what = "Bill of materials and costs of a QKD network plan. Confidential."
    sheet.merge_range(1, 0, 1, len(WIDTHS) - 1, what, styles.text)
    row = _warned(sheet, styles, facts, 2)
    row = _rests_on(sheet, styles, facts, row)
    row = _header(sheet, styles, row, "Totals")
    for label, charge, text, amount, note in _totals(facts):
        _label(sheet, styles.text, row, facts, label, charge)
        formula(sheet, row, 1, text, styles.money, amount)
        write(sheet, row, 3, note, styles.text)
        row += 1
    row = _header(sheet, styles, row + 1, "The plan")
    for label, cell in _plan_figures(facts):
        write(sheet, row, 0, label, styles.text)
        write(sheet, row, 1, cell, styles.figure)
        row += 1
    row = _header(sheet, styles, row + 1, "Sheets of this workbook")
    for name, what in contents.items():
        sheet.write_url(row, 0, f"internal:'{name}'!A1", styles.link, name)
        sheet.merge_range(row, 1, row, len(WIDTHS) - 1, what, styles.text)
        row += 1
    row = _header(sheet, styles, row + 1, "How to use it")
    for text, style in _legend(styles):
        sheet.merge_range(row, 0, row, len(WIDTHS) - 1, text, style)
        row += 1
    sheet.print_area(0, 0, row - 1, len(WIDTHS) - 1)
    sheet.fit_to_pages(1, 1)


def _header(sheet: Worksheet, styles: Styles, row: int, *names: str) -> int:
    for column in range(len(WIDTHS)):
        style = styles.figure_header if column in (1, 2) else styles.header
        write(sheet, row, column, names[column] if column < len(names) else None, style)
    return row + 1


def _warned(sheet: Worksheet, styles: Styles, facts: PlanFacts, row: int) -> int:
    """What a total does not know, where it does not know something."""
    missing = [text for text in (money.decided_text(facts), money.unstated_text(facts)) if text]
    if not missing:
        return row + 1
    said = one_line(" ".join(f"{text[:1].upper()}{text[1:].removesuffix('.')}." for text in missing))
    sheet.merge_range(row, 0, row, len(WIDTHS) - 1, said, styles.warning)
    if may_all_be_typed(facts.unstated):
        text = f"=IF({_still_open(facts)},{literal(said)},{literal(PRICED)})"
        formula(sheet, row, 0, text, styles.warning, said)
    fit_height(sheet, row, (said,), (sum(WIDTHS),))
    return row + 2


def _rests_on(sheet: Worksheet, styles: Styles, facts: PlanFacts, row: int) -> int:
    """What part of the total is firm, and what part is a guess."""
    row = _header(sheet, styles, row, "What the total rests on", "Amount", "Share", "")
    firmness, whole = facts.costs.firmness, tco(facts.inventory.economics, facts.costs.total)
    for label, bases, note in RESTS_ON:
        share = sum(firmness.share(basis) for basis in bases)
        write(sheet, row, 0, label, styles.text)
        formula(sheet, row, 1, f"={basis_cells(*bases)}", styles.money, share * float(whole))
        formula(sheet, row, 2, f"=IF(tco_total=0,0,B{row + 1}/tco_total)", styles.share, share)
        write(sheet, row, 3, note, styles.text)
        row += 1
    first = row - len(RESTS_ON) + 1
    total_row(sheet, styles, row, len(WIDTHS))
    _label(sheet, styles.total_text, row, facts, "TCO")
    formula(sheet, row, 1, f"=SUM(B{first}:B{row})", styles.total, whole)
    formula(sheet, row, 2, f"=SUM(C{first}:C{row})", styles.total_share, 1 if whole else 0)
    row += 1
    beyond = firmness.beyond_terms
    write(sheet, row, 0, BEYOND_TERMS, styles.text)
    formula(sheet, row, 1, f"={beyond_cell()}", styles.money, beyond * float(whole))
    formula(sheet, row, 2, f"=IF(tco_total=0,0,B{row + 1}/tco_total)", styles.share, beyond)
    write(sheet, row, 3, "further terms, and what is bought again: nobody has quoted them yet", styles.text)
    row += 1
    write(sheet, row, 0, "Lines to be quoted, in no total", styles.text)
    count = f"=SUM({bill_range(facts.bill).column(OPEN)})"
    formula(sheet, row, 1, count, styles.number, facts.lines_to_be_quoted)
    above = {"type": "cell", "criteria": ">", "value": 0, "format": styles.to_be_quoted}
    sheet.conditional_format(row, 1, row, 1, above)
    return row + 2


def _label(
    sheet: Worksheet, style: Format, row: int, facts: PlanFacts, name: str, charge: Charge | None = None
) -> None:
    """The name of a total: `at least` while something of it has no price, where cells take all prices."""
    open_, least = money.counted_as_0(facts, charge), f"{name}, at least"
    if may_all_be_typed(open_) if open_ else charge != "yearly":
        text = f'=IF({_still_open(facts)},"{least}","{name}")'
        formula(sheet, row, 0, text, style, least if open_ else name)
    else:
        write(sheet, row, 0, least if open_ else name, style)


def _still_open(facts: PlanFacts) -> str:
    """Whether a line without a price is left that makes totals `at least` so much."""
    lines = bill_range(facts.bill)
    return f'COUNTIFS({lines.column(OPEN)},1,{lines.column("Category")},"<>{AUTHENTICATION}")>0'


def _totals(facts: PlanFacts) -> Iterator[tuple[str, Charge | None, str, Exact | float, str]]:
    """Label, charge, formula, its present value and a note."""
    economics, total = facts.inventory.economics, facts.costs.total
    reserve = contingency(economics, total.capex)
    yield "Capex", "one-off", "=capex_total", total.capex, "one-off: sum of the line totals in Bill"
    yield "Contingency", "one-off", "=capex_total*contingency_share", reserve, "share of capex, see Assumptions"
    what = "support, hosting, relay operation, leases, fees, licences, energy"
    yield "Opex of year 1", "yearly", "=opex_total", total.opex_per_year, what
    later = "capex, contingency, opex of every year, what is bought again"
    yield "Total over the horizon, nominal", None, "=nominal_total", facts.costs.nominal, later
    yield "Total over the horizon, discounted", None, "=tco_total", tco(economics, total), "TCO, see Costs by year"


def _plan_figures(facts: PlanFacts) -> Iterator[tuple[str, Cell]]:
    plan, served = facts.plan, len(facts.corridors) - len(facts.unserved)
    yield "QKD nodes", len(plan.nodes)
    yield "of these trusted relays", len(plan.relays)
    yield "QKD links", len(plan.links)
    yield "QKD systems (Tx and Rx pairs)", facts.system_count
    yield "Corridors served", f"{served} of {len(facts.corridors)}"


def _legend(styles: Styles) -> Iterator[tuple[str, Format]]:
    blue = "What is blue (in Bill, Assumptions and Sensitivity) may be typed over: every total follows."
    typed = (
        "A price, a support, a number or a day of a quote that is typed over counts as quoted, or as you pick beside."
    )
    plan = "The plan itself does not follow: it was made with the prices declared. Plan again where much moves."
    yield from ((text, styles.text) for text in (blue, typed, plan))
    yield f"{TO_BE_QUOTED}: no price is known, and none is in the totals", styles.to_be_quoted
    yield "illustrative: an order of magnitude that no vendor has confirmed", styles.illustrative
