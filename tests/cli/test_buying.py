"""`qplan bom` and `qplan cost`: what they print, what they refuse, how they end."""

from __future__ import annotations

import csv
import io
import json
import os
from pathlib import Path

import openpyxl
import pytest
from jsonschema import Draft202012Validator

from qplan import load, optimize, write
from qplan.outputs.schemas import SCHEMAS

SITES = r"""
qplan: 1
metadata: {{name: "=Two\u0007 | sites"}}
defaults: {{site: {{node_cost: 1000, node_cost_per_year: 100}}}}
sites:
  a: {{name: "=HYPERLINK(1)"}}
  b: {{name: Ende}}
fibres: {{ab: {{ends: [a, b], loss_db: 9, operator: citynet, setup_cost_per_strand: 0, cost_per_strand_year: 10}}}}
equipment:
  qkd_systems:
    s: {{key_rate_curve: [[20, 1000]], {price}manufacturer: Acme, provenance: quote,
        labels: {{quote_ref: Q-1, quote_valid_until: 2027-03-31}}}}
corridors: {{c: {{ends: [a, b], key_rate_bps: 10}}}}
economics: {{currency: {currency}, horizon_years: 2, discount_rate: 0}}
"""
PRICED = "price: {}, support_per_year: 50, "


@pytest.fixture(scope="module")
def plans(tmp_path_factory):
    """Folders of five plans: cheap, dear (TCO 5 % more), without a price, in another currency, over one year."""
    folder = tmp_path_factory.mktemp("buying")
    for name, price, currency in (
        ("cheap", PRICED.format(6480), "EUR"), ("dear", PRICED.format(6930), "EUR"), ("open", "", "EUR"),
        ("francs", PRICED.format(6480), "CHF"), ("brief", PRICED.format(6480), "EUR"),
    ):  # fmt: skip
        text = SITES.format(price=price, currency=currency)
        years = "horizon_years: 1" if name == "brief" else "horizon_years: 2"
        (folder / f"{name}.yaml").write_text(text.replace("horizon_years: 2", years))
        made = optimize(load(folder / f"{name}.yaml"))
        write(made, folder / name)
    return folder


@pytest.fixture
def inside(plans, monkeypatch):
    monkeypatch.chdir(plans)
    for name in [name for name in os.environ if name.startswith("QPLAN_")]:
        monkeypatch.delenv(name)
    return plans


@pytest.mark.parametrize(
    ("words", "code", "kept"),
    [
        ((), 0, None),
        (("--max-total", "9000"), 0, True),  # 6 480 + 2 000 + 2 × (50 + 200 + 10): to the cent
        (("--max-total", "8999.99"), 6, False),
        (("--max-total", "8 999.99"), 6, False),
        (("--max-total", "9\u202f000"), 0, True),
        (("--compare-to", "dear", "--max-increase", "0"), 0, True),
        (("--compare-to", "dear", "--max-increase", "0%"), 0, True),
        (("--max-total", "8999.99", "--soft-fail"), 0, False),
    ],
)
def test_a_limit_is_held_in_whole_cents(inside, qplan, words, code, kept):
    found, out, err = qplan("cost", "cheap", *words, "--format", "json")
    assert (found, err) == (code, "NOT KEPT: TCO EUR 9 000, --max-total EUR 8 999.99\n" if kept is False else "")
    document = json.loads(out)
    assert document["tco"] == 9000 and document["firmness"]["unpriced_lines"] == 1
    assert [limit["ok"] for limit in document["limits"]] == ([] if kept is None else [kept])
    text = qplan("cost", "cheap", *words)[1]
    assert ("NOT KEPT: TCO EUR 9 000, --max-total EUR 8 999.99" in text) == (kept is False)


@pytest.mark.parametrize(
    ("limit", "code"), [("450", 0), ("449.99", 6), ("5%", 0), ("4.99 %", 6), ("5.0e0%", 0), ("1 000", 0)]
)
def test_an_increase_is_money_or_a_share(inside, qplan, limit, code):
    found, out, _ = qplan("cost", "dear", "--compare-to", "cheap", "--max-increase", limit, "--format", "json")
    document = json.loads(out)
    Draft202012Validator(SCHEMAS["cost"]()).validate(document)
    assert found == code
    assert document["compared"]["tco"] == {"before": 9000.0, "after": 9450.0, "delta": 450.0, "share": 0.05}
    assert document["compared"]["corridors"] == {"c": 450.0}
    assert document["limits"][0]["value"] == 450
    assert "\nAgainst cheap\n" in qplan("cost", "dear", "--compare-to", "cheap")[1]  # both are called the same


def test_an_increase_over_a_plan_without_a_price_is_one_of_what_is_stated(inside, qplan):
    code, out, err = qplan("cost", "dear", "--compare-to", "open", "--max-increase", "5%")
    assert code == 6 and "NOT KEPT: TCO increase of what is stated EUR" in err
    assert "That plan: Counted as 0, because not stated: price of 1 of 1 product (s)" in " ".join(out.split())
    row = next(line for line in out.splitlines() if line.startswith("TCO  "))
    assert "at least 2 " in row


@pytest.mark.parametrize(
    ("name", "unlike"), [("francs", "in CHF, not in EUR"), ("brief", "over 1 year, not over 2 years")]
)
def test_two_currencies_or_horizons_have_no_difference(inside, qplan, name, unlike):
    code, out, _ = qplan("cost", name, "--compare-to", "cheap")
    assert code == 0 and f"This plan's costs are {unlike} as that one's: no difference is stated." in out
    document = json.loads(qplan("cost", name, "--compare-to", "cheap", "--format", "json")[1])
    assert document["compared"]["tco"]["delta"] is None and document["compared"]["corridors"] is None
    code, out, err = qplan("cost", name, "--compare-to", "cheap", "--max-increase", "5%")
    assert (code, out) == (2, "") and f"costs are {unlike} as the other's, so no increase can be stated" in err
    code, out, _ = qplan("compare", "cheap", name)
    assert code == 0 and f"{name}: {unlike}, so no difference is stated." in out


@pytest.mark.parametrize(
    ("day", "firm", "said"),
    [("2027-03-31", True, "yes"), ("2027-04-01", False, "no: expired quote"), (None, True, "yes")],
)
def test_the_register_judges_quotes_by_the_day(inside, qplan, day, firm, said):
    as_of = () if day is None else ("--as-of", day)
    document = json.loads(qplan("cost", "cheap", *as_of, "--format", "json")[1])
    (quote,) = document["quotes"]
    assert (quote["seller"], quote["number"], quote["valid_until"]) == ("Acme", "Q-1", "2027-03-31")
    assert (quote["lines"], quote["firm"], document["as_of"]) == (["system.s"], firm, day)
    (row,) = (line for line in qplan("cost", "cheap", *as_of)[1].splitlines() if line.startswith("Acme "))
    assert said in row and "6 580.00" in row
    table = qplan("bom", "cheap", *as_of)[1]
    assert ("expired quote" in table) == (not firm)


def test_what_has_no_price_is_never_shown_as_nothing(inside, qplan):
    code, out, _ = qplan("bom", "open")
    assert code == 0
    assert "! Unpriced things decided it, counted as 0: s." in out
    assert "Capex           at least EUR 2 000\n" in out and "2 lines to be quoted" in out
    (row,) = (line for line in out.splitlines() if line.startswith("system.s "))
    assert row.split("  ")[-1].strip() != "0.00" and row.count("to be quoted") == 2
    (row,) = (line for line in csv.DictReader(io.StringIO(qplan("bom", "open", "--format", "csv")[1]))
              if line["Line"] == "system.s")  # fmt: skip
    assert (row["Unit price"], row["Line total"]) == ("to be quoted", "to be quoted")
    line = next(line for line in json.loads(qplan("bom", "open", "--format", "json")[1])["lines"]
                if line["line"] == "system.s")  # fmt: skip
    assert line["unit_price"] is None and line["to_be_quoted"]
    code, out, _ = qplan("cost", "open", "--max-total", "1e9")
    assert code == 0 and "Nominal         at least EUR" in out
    assert "kept; 2 lines to be quoted may change that" in out


def test_one_more_pair_changes_few_lines(inside, qplan):
    rows = [qplan("bom", name, "--format", "csv")[1].splitlines() for name in ("cheap", "dear")]
    assert len(rows[0]) == len(rows[1])
    changed = [old.split(",")[0] for old, new in zip(*rows, strict=True) if old != new]
    assert changed == ["system.s"]


@pytest.mark.parametrize("by", ["part", "site", "link", "corridor", "supplier", "charge"])
def test_a_view_is_written_as_a_workbook_that_sums(inside, qplan, tmp_path, by):
    assert qplan("bom", "cheap", "--by", by, "-o", str(tmp_path / "bill.xlsx")) == (0, "", "")
    sheet = openpyxl.load_workbook(tmp_path / "bill.xlsx")["Bill"]
    said, shown = openpyxl.load_workbook(tmp_path / "bill.xlsx", data_only=True).worksheets
    assert (said["A1"].data_type, said["A1"].value[:6]) == ("s", "=Two\ufffd ")
    assert said["A2"].value.startswith("Prices: ")
    header = [cell.value for cell in sheet[1]]
    for name, total in (("Line total", 8480), ("Support per year", 260), ("TCO", 9000)):
        column = header.index(name)
        cells = [row[column] for row in sheet.iter_rows(min_row=2)]
        values = [row[column].value for row in shown.iter_rows(min_row=2)]
        sums = {cell.row - 2 for cell in cells if cell.data_type == "f"}
        assert all(cells[row].value.startswith("=SUBTOTAL(9,") for row in sums)
        lines = [each for row, each in enumerate(values) if row not in sums and isinstance(each, int | float)]
        assert values[-1] == pytest.approx(total) == pytest.approx(sum(lines))
        groups = [values[row] for row in sums if row < len(values) - 1]
        assert sum(groups) == pytest.approx(0 if by == "part" else total)
    formulas = [cell.value for row in sheet.iter_rows() for cell in row if cell.data_type == "f"]
    assert not any("HYPERLINK" in text for text in formulas)  # no name of the user's became one


def test_money_is_said_to_the_cent_and_listed_exactly(tmp_path, qplan):
    """In foreign currency, with a price of the kWh; the parts of the opex still sum."""
    text = SITES.format(price="support_per_year: 1, power_w: 55, ", currency="EUR")
    text = text.replace("discount_rate: 0", "discount_rate: 0, exchange_rates: {USD: 0.917346}, energy_per_kwh: 0.2213")
    text += "offers: {o: {for: qkd_systems.s, list_price: 95680, support_per_year: 9900.5, currency: USD}}\n"
    (tmp_path / "sites.yaml").write_text(text)
    write(optimize(load(tmp_path / "sites.yaml")), tmp_path / "plan")
    said = qplan("cost", str(tmp_path / "plan"))[1]
    opex = said.partition("Opex by kind")[2].partition("By corridor")[0].splitlines()
    first = {line.split("  ")[0]: line for line in opex}
    assert "  9 082.18  " in first["Support, services, licences"] and "  213.25  " in first["Energy"]
    bill = qplan("bom", str(tmp_path / "plan"))[1]
    assert "  87 771.67  " in bill and "  0.2213  " in bill
    for csv_bill in (
        qplan("bom", str(tmp_path / "plan"), "--format", "csv")[1],
        (tmp_path / "plan/bom.csv").read_text(),
    ):
        prices = {row["Line"]: row["Unit price"] for row in csv.DictReader(io.StringIO(csv_bill))}
        assert (prices["system.s.o"], prices["energy"]) == ("87771.66528", "0.2213")


def test_a_plan_that_builds_nothing_has_an_empty_bill(tmp_path, qplan):
    text = SITES.format(price="", currency="EUR").replace("key_rate_bps: 10", "key_rate_bps: 1e9, required: false")
    (tmp_path / "sites.yaml").write_text(text)
    write(optimize(load(tmp_path / "sites.yaml")), tmp_path / "plan")
    assert qplan("bom", str(tmp_path / "plan"), "-o", str(tmp_path / "bill.xlsx")) == (0, "", "")
    sheet = openpyxl.load_workbook(tmp_path / "bill.xlsx")["Bill"]
    assert sheet["F3"].value == "=SUBTOTAL(9,F2:F2)"
    for words in (("bom",), ("bom", "--by", "site"), ("bom", "--list", "links"), ("cost",)):
        code, out, _ = qplan(words[0], str(tmp_path / "plan"), *words[1:])
        assert code == 0 and ("Not served: 1 optional corridor (c)." in out or "links" in words)


@pytest.mark.parametrize("listed", ["links", "fibres"])
def test_the_lists_have_every_form(inside, qplan, tmp_path, listed):
    document = json.loads(qplan("bom", "cheap", "--list", listed, "--format", "json")[1])
    Draft202012Validator(SCHEMAS[f"bom-{listed}"]()).validate(document)
    (entry,) = document[listed]
    assert entry["loss_db"] == 9.0
    (row,) = csv.DictReader(io.StringIO(qplan("bom", "cheap", "--list", listed, "--format", "csv")[1]))
    assert row["First end name"] == "'=HYPERLINK(1)" and row["Loss (dB)"] == "9"
    for style in ("table", "markdown"):
        assert "Ende" in qplan("bom", "cheap", "--list", listed, "--format", style)[1]
    assert qplan("bom", "cheap", "--list", listed, "-o", str(tmp_path / "list.xlsx"))[0] == 0
    assert openpyxl.load_workbook(tmp_path / "list.xlsx").worksheets[0].max_row == 2


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        (("bom", "cheap", "--by", "vendor"), 2, "'vendor' is not one of"),
        (("bom", "cheap", "--by", "site", "--list", "links"), 2, "--by or --list: one of them"),
        (("bom", "cheap", "--format", "xlsx"), 2, "name a file with --out"),
        (("bom", "cheap.yaml"), 3, "cheap.yaml is not a plan"),
        (("bom", "nowhere"), 1, "cannot read nowhere"),
        (("bom",), 2, "Missing argument 'PLAN'"),
        (("cost", "cheap.yaml"), 3, "cheap.yaml is not a plan"),
        (("cost", "cheap", "--compare-to", "cheap.yaml"), 3, "cheap.yaml is not a plan"),
        (("cost", "cheap", "--max-increase", "5%"), 2, "name it with --compare-to PLAN"),
        (("cost", "cheap", "--compare-to", "dear", "--max-increase", "five"), 2, "'five'; expected an amount"),
        (("cost", "cheap", "--compare-to", "dear", "--max-increase", "nan%"), 2, "expected an amount"),
        (("cost", "cheap", "--compare-to", "dear", "--max-increase=-1"), 2, "expected an amount"),
        (("cost", "cheap", "--max-total", "much"), 2, "'much' is not a number"),
        (("cost", "cheap", "--as-of", "tomorrow"), 2, "tomorrow"),
        (("cost", "cheap", "--format", "xlsx"), 2, "'xlsx' is not one of"),
        (
            ("cost", "cheap", "-o", "a.xlsx"),
            2,
            "a.xlsx ends with .xlsx, which stands for no format; expected .json, .md",
        ),
        (("cost", "cheap", "-o", "a.b/A.PDF"), 2, "expected .json, .md, .csv, .txt, or --format beside another"),
        (("bom", "cheap", "-o", "bill.docx"), 2, "expected .json, .md, .csv, .xlsx, .txt, or --format beside another"),
        (("compare", "cheap", "dear", "-o", "a.pdf"), 2, "ends with .pdf, which stands for no format; expected .json"),
    ],
)
def test_what_cannot_be_answered_is_said(inside, qplan, words, code, said):
    found, out, err = qplan(*words)
    assert (found, out) == (code, "") and said in err and "Traceback" not in err


def test_a_file_with_another_ending_or_none_is_written_as_is_asked(inside, qplan, tmp_path):
    for name, words in (("cost", ()), ("cost.txt", ()), ("cost.log", ("--format", "text"))):
        assert qplan("cost", "cheap", "-o", str(tmp_path / name), *words) == (0, "", "")
    assert len({path.read_text() for path in tmp_path.iterdir()}) == 1
    assert qplan("cost", "cheap", "-o", str(tmp_path / "cost.md"))[0] == 0
    assert "| ---" in (tmp_path / "cost.md").read_text() and "| ---" not in (tmp_path / "cost.txt").read_text()


def test_a_bill_is_written_whole_or_not_at_all(inside, qplan):
    code, out, err = qplan("bom", "cheap", "-o", "nowhere/bill.csv")
    assert (code, out) == (1, "") and "cannot write nowhere/bill.csv" in err
    assert not Path("nowhere").exists()
