"""The workbook of the bill: what its formulas carry, what a page holds, hostile names. test_recalculated calculates."""

from __future__ import annotations

import csv
import io
import json
import re
from datetime import datetime

import openpyxl
import pytest
from hostile import CELLS
from plan_fixtures import SAMPLE, make_plan, sample
from workbooks import unfit_sheets

from qplan.api.columns import render_columns
from qplan.assessment.facts import PlanFacts, assess
from qplan.comparison.columns import Column, lay_side_by_side
from qplan.inventory.model import Inventory
from qplan.outputs.bill import allocation_sheets
from qplan.outputs.bill.bill_columns import BEHIND, LETTER, PRINTED
from qplan.outputs.bill.books import CREATED
from qplan.outputs.bill.tables import bill_csv
from qplan.outputs.bill.workbook import workbook_bytes
from qplan.outputs.costs.costs_json import costs_json
from qplan.outputs.text.tables import one_line
from qplan.outputs.text.wording import tco_label

SHEETS = [
    *("Summary", "Bill", "By site", "Link schedule", "Fibre orders", "Link budgets", "By corridor", "Allocation"),
    *("Costs by year", "Offers", "Sensitivity", "Assumptions", "Provenance", "Sources", "Findings"),
]


@pytest.fixture(scope="module")
def facts() -> PlanFacts:
    return assess(*sample())


@pytest.fixture(scope="module")
def data(facts) -> bytes:
    return workbook_bytes(facts)


def read(data: bytes, values: bool) -> openpyxl.Workbook:
    return openpyxl.load_workbook(io.BytesIO(data), data_only=values)


def test_the_same_plan_gives_the_same_bytes(facts, data):
    assert data == workbook_bytes(assess(*sample()))
    book = read(data, values=False)
    assert book.properties.created == book.properties.modified == CREATED
    assert book.sheetnames == [name for name in SHEETS if name not in ("Offers", "Findings")]  # there are none


def test_lines_are_formulas_with_the_plans_figures(facts, data):
    sheet, cached = read(data, values=False)["Bill"], read(data, values=True)["Bill"]
    assert tuple(cell.value for cell in sheet[1]) == (*PRINTED, *BEHIND)
    for row, line in enumerate(facts.bill, start=2):
        at = {name: f"{letter}{row}" for name, letter in LETTER.items()}
        shown = {name: cached[cell].value for name, cell in at.items()}
        total = "to be quoted" if line.to_be_quoted else line.line_total
        assert shown["Line total"] == (total if total is None or isinstance(total, str) else float(total))
        assert (shown["Support per year"] or 0) == float(line.support_per_year)
        assert (shown["Provenance"] or "") == line.provenance
        assert (shown["Support provenance"] or "") == line.support_provenance
        assert all(str(sheet[at[name]].value).startswith("=") for name in ("Provenance", "Quote has run out"))
    quote = next(row for row, line in enumerate(facts.bill, start=2) if line.quote_ref)
    assert cached[f"{LETTER['Quote valid until']}{quote}"].value == datetime(2031, 3, 31)
    assert cached[f"{LETTER['Quote ref']}{quote}"].value == "Q-2291"


def test_sums_are_those_of_the_account(facts, data):
    """Summary by its labels, cash flow by year, shares of corridors, firmness."""
    values, report, firmness = read(data, values=True), json.loads(costs_json(facts)), facts.costs.firmness
    rows = {row[0]: row[1:] for row in values["Summary"].iter_rows(values_only=True) if row[0]}
    for label, key in (
        ("Capex", "capex"),
        ("Opex of year 1", "opex_per_year"),
        ("Total over the horizon, nominal", "total_nominal"),
        ("Total over the horizon, discounted", "tco"),
    ):
        (amount,) = (cells[0] for name, cells in rows.items() if name.removesuffix(", at least") == label)
        assert amount == pytest.approx(report[key], abs=0.006 if key != "total_nominal" else 1e-9), label
    assert rows["Quoted"][1] == pytest.approx(firmness.quoted)
    assert rows["Illustrative"][1] == pytest.approx(firmness.share("illustrative"))
    assert rows["Lines to be quoted, in no total"][0] == report["to_be_quoted"]["lines"]
    first = [row[0].value for row in values["Summary"].iter_rows(max_row=8)]
    assert first.index("What the total rests on") < len(first)  # it is said before the totals
    years = [(row[0], row[8], row[10]) for row in values["Costs by year"].iter_rows(2, 12, values_only=True)]
    flow = [(year["year"], year["nominal"], year["discounted"]) for year in report["cash_flow"]]
    assert years == [(year, nominal, pytest.approx(discounted, abs=0.011)) for year, nominal, discounted in flow]
    names = ("capex", "contingency", "opex_per_year", "tco")
    *shares, total = (row[4:8] for row in values["By corridor"].iter_rows(2, 4, values_only=True))
    assert shares == [tuple(share[name] for name in names) for share in report["by_corridor"]["shares"]]
    assert total == tuple(report[name] for name in names)


def test_rows_may_be_sorted(data):
    """Formulas stay within their row, or look up by a key; what is folded away is in the filter's range."""
    book = read(data, values=False)
    for sheet in (book["Bill"], book["Allocation"], book["By corridor"]):
        last = sheet.max_row - (sheet.title != "Allocation")  # the last row is the sums
        assert sheet.auto_filter.ref == f"A1:{sheet.cell(last, sheet.max_column).coordinate}", sheet.title
        for cell in (cell for row in sheet.iter_rows(2, last) for cell in row if cell.data_type == "f"):
            others = {int(row) for row in re.findall(r"(?<![$!\w])[A-Z]{1,2}(\d+)\b", cell.value)} - {cell.row}
            assert not others, (sheet.title, cell.coordinate, cell.value)


def test_without_a_sheet_for_too_many_parts_sums_stand_as_values(facts, data, monkeypatch):
    monkeypatch.setattr(allocation_sheets, "MOST_PARTS", 1)
    written = workbook_bytes(facts)
    values, formulas, before = read(written, values=True), read(written, values=False), read(data, values=True)
    assert set(before.sheetnames) - set(values.sheetnames) == {"Allocation"}
    rows = [list(book["By corridor"].iter_rows(max_col=9, values_only=True)) for book in (values, before)]
    assert rows[0] == rows[1]
    cells = [cell.value for sheet in formulas for row in sheet.iter_rows() for cell in row]
    assert not any("Allocation" in str(cell) for cell in cells) and any("have no sheet" in str(cell) for cell in cells)


def test_every_page_is_confidential_readable_and_has_its_header(data):
    assert unfit_sheets(data) == []


def test_blue_cells_say_what_may_be_typed(data):
    book = read(data, values=False)
    kinds = {each.type: str(each.sqref) for each in book["Bill"].data_validations.dataValidation}
    assert kinds.keys() == {"custom", "decimal", "date", "list"}
    assert kinds["list"].startswith(LETTER["If typed over, rests on"])
    assert {each.type for each in book["Assumptions"].data_validations.dataValidation} == {"whole", "decimal", "date"}


def test_terms_are_shown_as_they_are_stated():
    """Shares, rates and prices of a kWh with all their digits; a loss with its unit."""
    terms = {"for": "encryptors.e", "list_price": 88000.0, "discount": 0.1234, "currency": "EUR"}
    tiers = [{"from": 3, "discount": 0.147727273}, {"from": 6, "discount": 0.2222}]
    economics = {"discount_rate": 0.0375, "energy_per_kwh": 0.2345, "exchange_rates": {"EUR": 0.9432}}
    other = {"offers": {"o": {**terms, "tiers": tiers}}, "economics": {"currency": "CHF", **economics}}
    equipment = {**SAMPLE["equipment"], "encryptors": {"e": {}}}
    inventory = Inventory.model_validate({**SAMPLE, **other, "equipment": equipment})
    facts = assess(inventory, sample()[1])
    book = read(workbook_bytes(facts), values=False)
    header, offer = book["Offers"].iter_rows(max_row=2)
    cells = {name.value: cell for name, cell in zip(header, offer, strict=True)}
    assert cells["Tiers"].value == "from 3: 14.7727273 %, from 6: 22.22 %"
    every_digit = cells["Discount"].number_format
    assert cells["Discount"].value == 0.1234 and every_digit == "0.0########%"
    told = {row[0].value: row[1] for row in book["Assumptions"].iter_rows()}
    assert told["Discount rate per year"].number_format == every_digit
    assert {told[name].number_format for name in ("1 EUR", "Energy")} == {"General"}
    table = lay_side_by_side([Column("one", "optimal", facts)])
    compared = read(render_columns(table, "xlsx"), values=False)
    (headroom,) = (row[2] for row in compared["Compare"].iter_rows() if row[0].value == "Least headroom")
    assert headroom.number_format.endswith('" dB"')
    assert {row[1].number_format for row in compared["Assumptions"].iter_rows(4, 5)} == {every_digit}
    assert tco_label(inventory.economics) == "TCO (10 y, 3.75 %)"


def test_hostile_names_stay_text():
    names = {f"P{n:02}": name for n, name in enumerate(CELLS) if name}
    items = {
        part: {"description": name, "manufacturer": name, "source": name, "labels": {"quote_ref": name}}
        for part, name in names.items()
    }
    equipment = {**SAMPLE["equipment"], "node_items": items, "encryptors": {"e": {}}}
    sites = {key: {**site, "name": "=1+1", "address": "=1+1"} for key, site in SAMPLE["sites"].items()}
    offers = {"o": {"for": "encryptors.e", "supplier": "=1+1", "list_price": 1.0, "quote_ref": "=1+1"}}
    metadata = {"name": '=HYPERLINK("http://x.example")'}
    inventory = Inventory.model_validate(
        {**SAMPLE, "sites": sites, "equipment": equipment, "metadata": metadata, "offers": offers}
    )
    _, plan = sample()
    facts = assess(inventory, plan)
    book = read(workbook_bytes(facts), values=False)
    for part, name in names.items():
        (row,) = (row for row in book["Bill"].iter_rows() if row[1].value == part)
        for cell in (row[2], row[3], row[12]):
            assert (cell.value, cell.data_type, cell.hyperlink) == (one_line(name), "s", None)
    typed = [cell for sheet in book for row in sheet.iter_rows() for cell in row if cell.value == "=1+1"]
    assert typed and {cell.data_type for cell in typed} == {"s"}
    assert {cell.parent.title for cell in typed} >= {"By site", "Link schedule", "Fibre orders", "Offers"}
    assert book["Summary"]["A1"].data_type == "s"
    assert len(list(csv.reader(io.StringIO(bill_csv(facts), newline="")))) == len(facts.bill) + 1


def test_extremes():
    inventory, plan = sample()
    empty = make_plan(inventory, (), {})
    rows = {row[0]: row[1] for row in read(workbook_bytes(assess(inventory, empty)), values=True)["Summary"].values}
    assert next(value for name, value in rows.items() if name and name.startswith("Capex")) == 0
    sites = {**SAMPLE["sites"], "zrh-dc1": {**SAMPLE["sites"]["zrh-dc1"], "name": "x" * 40_000, "node_cost": 1e15}}
    economics = {"horizon_years": 10**9, "discount_rate": 1e15}
    huge = Inventory.model_validate({**SAMPLE, "sites": sites, "economics": economics})
    values = read(workbook_bytes(assess(huge, plan)), values=True)
    rows = {row[0]: row[1] for row in values["Summary"].values}
    assert next(value for name, value in rows.items() if name and name.startswith("Capex")) == pytest.approx(1e15)
    assert max(len(str(cell)) for row in values["Bill"].values for cell in row) == 32_767
