"""Tables, the bill as CSV, and the workbook: what a reader gets back, also from hostile names."""

from __future__ import annotations

import csv
import io
import json
import re
from datetime import datetime
from decimal import Decimal
from pathlib import Path

import openpyxl
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from markdown_it import MarkdownIt
from plan_fixtures import SAMPLE, make_plan, sample

from qplan.assessment.facts import assess
from qplan.costing.money_text import format_money
from qplan.inventory.model import Inventory
from qplan.outputs.bill.tables import (
    BILL_HEADER,
    BUDGET_PARTS,
    LINK_HEADER,
    bill_csv,
    corridor_table,
    link_table,
    site_table,
)
from qplan.outputs.bill.workbook import CREATED, workbook_bytes
from qplan.outputs.costs.costs_json import costs_json
from qplan.outputs.report.markdown import report_markdown
from qplan.outputs.report.report import report_html
from qplan.outputs.text.summary import summary_text
from qplan.outputs.text.tables import (
    LEAST_CELL,
    LONGEST_NAME,
    csv_text,
    escape_markdown,
    fitted_rows,
    markdown_table,
    one_line,
    shortened,
    text_table,
    text_width,
)

HOSTILE = (
    "=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", "  =1", "＝1+1", '=HYPERLINK("http://x.example")', "a|b", "a\nb",
    "\\|", "<script>alert(1)</script>", "&lt;", "[x](http://x.example)", "![x](y)", "`a`", "a_b_c", "**b**", "~~s~~",
    "$x$", "http://x.example", "www.x.example", "@team", "- item", "1. item", "# head", "> quote", "=====",
    "\u202eevil\u2066", "\x00\x07\x1b[31m", "\ud800", "\ufffe", "\u2028", "{=", "ZWJ \u200d", "http://x.example",
    "漢字", "", "'", '"', ",",
)  # fmt: skip
texts = st.one_of(
    st.sampled_from(HOSTILE), st.text(max_size=12), st.text(alphabet="=|\\`*_[]<>#-.1@ ab\n", max_size=12)
)


@given(st.lists(st.tuples(texts, texts), max_size=5))
def test_csv_reads_back_with_no_cell_that_would_run(rows):
    text = csv_text(("A", "B"), rows)
    text.encode()
    assert text.count("\r\n") == len(rows) + 1 == len(text.split("\n")) - 1
    header, *cells = csv.reader(io.StringIO(text, newline=""))
    assert header == ["A", "B"]
    for row, read in zip(rows, cells, strict=True):
        for cell, back in zip(row, read, strict=True):
            assert back in (one_line(cell), "'" + one_line(cell))
            assert not re.match(r"\s*[=+\-@＝＋－＠﹣﹢﹦﹫]", back)


def test_numbers_in_csv_are_plain_decimals():
    row = (1, -2.5, Decimal("1E+3"), Decimal("0.00"), 1e22, Decimal("1.50"), None, 0.1 + 0.2)
    assert (
        csv_text("ABCDEFGH", [row]).splitlines()[1] == "1,-2.5,1000,0,10000000000000000000000,1.50,,0.30000000000000004"
    )


PARSER = MarkdownIt("commonmark", {"html": True}).enable(["table", "strikethrough"])


@settings(max_examples=300)
@given(texts, texts)
@example("a\\", "|")
def test_markdown_tables_show_every_text_literally(a, b):
    table = markdown_table(("A", "B"), [(a, b)], right=("B",))
    assert not {"<", ">"} & set(table)
    tokens = PARSER.parse(table)
    cells = [token for token in tokens if token.type == "inline"]
    assert [token.type for token in tokens].count("tr_open") == 2
    for text, cell in zip((a, b), cells[2:], strict=True):
        assert {child.type for child in cell.children} <= {"text", "text_special"}
        assert "".join(child.content for child in cell.children).replace("\u200b", "") == one_line(text).strip()


@settings(max_examples=300)
@given(texts)
def test_markdown_text_begins_no_block_and_links_nothing(text):
    escaped = escape_markdown(text)
    tokens = PARSER.parse(escaped)
    assert {token.type for token in tokens} <= {"paragraph_open", "inline", "paragraph_close"}
    assert not re.search(r"(?i)https?://|\bwww\.|(^|\s)@\w", escaped)


@pytest.mark.parametrize(
    ("amount", "text"),
    [
        (1_240_000, "EUR 1 240 000"),
        (1240.5, "EUR 1 240.50"),
        (Decimal("999.995"), "EUR 1 000"),
        (-1240.5, "EUR -1 240.50"),
        (0.004, "EUR 0"),
        (-0.004, "EUR 0"),
        (1e22, "EUR 10 000 000 000 000 000 000 000"),
        (None, "to be quoted"),
    ],
)
def test_money(amount, text):
    assert format_money(amount, "EUR") == text


def test_names_that_run_from_right_to_left_are_kept_apart():
    inventory, plan = sample()
    sites = {**inventory.sites, "zrh-dc1": inventory.sites["zrh-dc1"].model_copy(update={"name": "מרכז נתונים 1"})}
    inventory = inventory.model_copy(update={"sites": sites})
    facts, apart = assess(inventory, plan), "\u2068מרכז נתונים 1\u2069"
    html, markdown, summary = report_html(facts), report_markdown(facts), summary_text(facts)
    assert all(f"{apart} → " in text or f" → {apart}" in text for text in (html, markdown, summary))
    assert "\ufffd" not in html + markdown + summary
    assert one_line("\u2068a\u202eb\u2069 \u2068c") == "\u2068a\ufffdb\u2069 \ufffdc"
    assert shortened(f"{apart} → x", 6) == "\u2068מרכז\u2069…" and text_width(apart) == 13


def test_plain_tables_line_up_with_wide_characters():
    table = text_table(("Name", "Rate"), [("漢字", 7), ("e\u0301", 1200), ("a\nb", None)], right=("Rate",))
    assert table == "Name  Rate\n----  ----\n漢字     7\ne\u0301     1200\na b\n"


def test_bom_csv_of_the_sample():
    text = bill_csv(assess(*sample()))
    assert text.replace("\r\n", "\n") == Path(__file__).with_name("sample_bom.csv").read_text("utf-8")


def test_views_as_tables():
    facts = assess(*sample())
    sites = site_table(facts)
    assert sites.rows[0][:6] == ("rap-pop", "Rapperswil PoP", "transmitter (Tx)", "", "LR-7", 1)
    pairs = sum(row[6] for row in sites.rows if row[3] == "QX-1-PAIR" and row[6])
    assert pairs == next(line.quantity for line in facts.bill if line.part_number == "QX-1-PAIR")
    labels = {cell.value for cell in read(workbook_bytes(facts), values=True)["Summary"]["A"]}
    assert "Capex" + (", at least" if any(each.charge == "one-off" for each in facts.unstated) else "") in labels
    for row, entry in zip(link_table(facts).rows, facts.links, strict=True):
        cells = dict(zip(LINK_HEADER, row, strict=True))
        assert sum(cells[part] for part in BUDGET_PARTS) == pytest.approx(cells["Loss (dB)"], abs=1e-5)
        assert cells["Headroom (dB)"] <= entry.headroom_db < cells["Headroom (dB)"] + 0.002
    corridors = corridor_table(facts)
    assert corridors.rows[1][:5] == ("grid-b", "zrh-dc1", "win-co", pytest.approx(256 / 60 * 16), Decimal("115500.00"))


def read(data: bytes, values: bool):
    return openpyxl.load_workbook(io.BytesIO(data), data_only=values)


def test_workbook_is_the_same_bytes_and_its_formulas_carry_the_plan():
    facts = assess(*sample())
    data = workbook_bytes(facts)
    assert data == workbook_bytes(assess(*sample()))
    formulas, values = read(data, values=False), read(data, values=True)
    assert formulas.properties.created == formulas.properties.modified == CREATED
    bill, report = facts.bill, json.loads(costs_json(facts))
    sheet, cached = formulas["BOM"], values["BOM"]
    assert tuple(cell.value for cell in sheet[1])[: len(BILL_HEADER)] == BILL_HEADER
    for row, line in enumerate(bill, start=2):
        one_off = None if line.category.recurring else f'=IF(ISNUMBER(H{row}),F{row}*H{row},"to be quoted")'
        yearly = f"=F{row}*H{row}" if line.category.recurring else f'=IF(ISNUMBER(V{row}),F{row}*V{row},"")'
        assert (sheet[f"J{row}"].value, sheet[f"K{row}"].value) == (one_off, yearly)
        total = "to be quoted" if line.to_be_quoted else line.line_total
        assert cached[f"J{row}"].value == (total if total is None or isinstance(total, str) else float(total))
        assert (cached[f"K{row}"].value or 0) == float(line.support_per_year)
        assert sheet[f"O{row}"].value.startswith(
            f"=IF(ISNUMBER(H{row}),IF(AND(H{row}=W{row},M{row}=Y{row},N{row}=Z{row}),"
        )
        assert (cached[f"O{row}"].value or "") == line.provenance
        assert (cached[f"U{row}"].value or "") == line.support_provenance
    last = len(bill) + 2
    assert (sheet[f"J{last}"].value, sheet[f"K{last}"].value) == (f"=SUM(J2:J{last - 1})", f"=SUM(K2:K{last - 1})")
    assert formulas.defined_names["capex_total"].attr_text == f"BOM!$J${last}"
    quote = next(row for row, line in enumerate(bill, start=2) if line.quote_ref)
    assert cached[f"N{quote}"].value == datetime(2031, 3, 31) and cached[f"M{quote}"].value == "Q-2291"
    summary = [values["Summary"][f"B{row}"].value for row in range(4, 12)]
    names = ("capex", "contingency", "opex_per_year", "total_nominal", "tco")
    assert summary[:5] == pytest.approx([report[name] for name in names], abs=0.006)
    firmness = facts.costs.firmness
    assert summary[5:] == [
        pytest.approx(firmness.quoted), pytest.approx(firmness.share("illustrative")), report["to_be_quoted"]["lines"],
    ]  # fmt: skip
    years = [(row[0], row[3], row[5]) for row in values["Costs by year"].iter_rows(2, 12, values_only=True)]
    flow = [(year["year"], year["nominal"], year["discounted"]) for year in report["cash_flow"]]
    assert years == [pytest.approx(year, abs=0.011) for year in flow]
    allocation = formulas["Allocation"]
    for corridor, *_, capex in formulas["By corridor"].iter_rows(2, 3, max_col=5, values_only=True):
        first, final = map(int, re.findall(r"E(\d+)", capex))
        inside = {allocation[f"A{row}"].value for row in range(first, final + 1)}
        assert inside == {corridor} and corridor not in (allocation[f"A{row}"].value for row in (first - 1, final + 1))
    shares = [(row[4], row[7]) for row in values["By corridor"].iter_rows(2, 3, values_only=True)]
    expected = [(share["capex"], share["tco"]) for share in report["by_corridor"]["shares"]]
    assert shares == [pytest.approx(share, abs=0.006) for share in expected]


def test_workbook_and_csv_keep_hostile_names_as_text():
    names = {f"P{n:02}": name for n, name in enumerate(HOSTILE) if name}
    items = {
        part: {"description": name, "manufacturer": name, "source": name, "labels": {"quote_ref": name}}
        for part, name in names.items()
    }
    equipment = {**SAMPLE["equipment"], "node_items": items}
    sites = {key: {**site, "name": "=1+1"} for key, site in SAMPLE["sites"].items()}
    economics = {**SAMPLE["economics"], "currency": "EUR"}
    metadata = {"name": '=HYPERLINK("http://x.example")'}
    inventory = Inventory.model_validate(
        {**SAMPLE, "sites": sites, "equipment": equipment, "economics": economics, "metadata": metadata}
    )
    _, plan = sample()
    facts = assess(inventory, plan)
    book = read(workbook_bytes(facts), values=False)
    for part, name in names.items():
        (row,) = (row for row in book["BOM"].iter_rows() if row[1].value == part)
        for cell in (row[2], row[3], row[12]):
            assert (cell.value, cell.data_type, cell.hyperlink) == (one_line(name), "s", None)
    assert book["Summary"]["A1"].data_type == "s"
    assert all(cell.data_type == "s" for row in book["By site"].iter_rows(min_row=2) for cell in row[:5] if cell.value)
    assert len(list(csv.reader(io.StringIO(bill_csv(facts), newline="")))) == len(facts.bill) + 1


def test_workbook_of_extremes():
    inventory, plan = sample()
    empty = make_plan(inventory, (), {})
    assert read(workbook_bytes(assess(inventory, empty)), values=True)["Summary"]["B4"].value == 0
    sites = {**SAMPLE["sites"], "zrh-dc1": {**SAMPLE["sites"]["zrh-dc1"], "name": "x" * 40_000, "node_cost": 1e15}}
    economics = {"horizon_years": 10**9, "discount_rate": 1e15}
    huge = Inventory.model_validate({**SAMPLE, "sites": sites, "economics": economics})
    values = read(workbook_bytes(assess(huge, plan)), values=True)
    assert values["Summary"]["B4"].value == pytest.approx(1e15)
    assert max(len(str(cell)) for row in values["BOM"].values for cell in row) == 32_767


@given(st.lists(st.lists(st.text("abä …", max_size=60), min_size=3, max_size=3), max_size=4), st.integers(1, 150))
def test_a_table_fits_the_window_where_it_can(rows, window):
    header = ("Id", "What it is", "Where")
    cells = fitted_rows(header, rows, 10, window)
    width = max(map(len, text_table(header, cells).splitlines()))
    natural = max(map(len, text_table(header, rows).splitlines()))
    assert width <= max(window, LONGEST_NAME + len("What it is") + LEAST_CELL + 4)
    assert natural > window or cells == rows
    assert all(a == b or (a.endswith("…") and b.startswith(a[:-1])) for x, y in zip(cells, rows, strict=True)
               for a, b in zip(x, y, strict=True))  # fmt: skip
