"""Answers to requests for quotation, as people type them: read right, or refused with their place."""

from __future__ import annotations

import csv
import io
import os
import re
import shlex
import shutil
import subprocess
import zipfile
from copy import deepcopy
from datetime import date, datetime
from decimal import Decimal
from functools import cache
from pathlib import Path

import openpyxl
import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st
from importer import codes, findings, outcome, qplan, written
from openpyxl.comments import Comment
from openpyxl.styles.numbers import BUILTIN_FORMATS
from plan_fixtures import SAMPLE, sample

from qplan.api.imports import import_files
from qplan.api.inventories import load
from qplan.api.planning import optimize
from qplan.assessment.facts import assess
from qplan.errors import InvalidInput
from qplan.interchange.imports.fields import Unreadable
from qplan.interchange.imports.offers import cells
from qplan.interchange.imports.offers.answers import read_form
from qplan.interchange.imports.offers.asked import is_unit
from qplan.interchange.imports.offers.offers import quoted
from qplan.interchange.imports.offers.suppliers import meant
from qplan.interchange.imports.sources import Refused, SourceFile
from qplan.interchange.imports.update import read_existing
from qplan.inventory.answer_form import ANSWERS, LINE, QUANTITY, UNIT, WHAT, WHOLE, line_code
from qplan.inventory.commercial import Offer
from qplan.inventory.model import Inventory
from qplan.inventory.reader import read_inventory
from qplan.outputs.quotes.form import request_csv
from qplan.outputs.quotes.request import requests
from qplan.outputs.quotes.workbook import request_workbook

EXAMPLE = Path(__file__).parents[3] / "examples" / "offers"
SYSTEM, KMS = line_code("qkd_systems.dv-metro"), line_code("node_items.KMS-1")
GROUPS = {
    "": ".,",
    " ": ".,",
    "\u2009": ",",
    "'": ".,",
    "\u202f": ",",
    ".": ",",
    ",": ".",
}  # mark between thousands → of fractions


def written_amount(value: Decimal, group: str, mark: str, places: int) -> str:
    whole, _, fraction = f"{value:.{places}f}".partition(".")
    return f"{int(whole):,}".replace(",", group) + (mark + fraction if fraction else "")


styles = st.sampled_from([(group, mark) for group, marks in GROUPS.items() for mark in marks])
money_words = st.sampled_from([("", ""), ("EUR ", "EUR"), (" eur", "EUR"), (" €", "EUR"), ("€", "EUR"), ("CHF", "CHF")])


@given(st.integers(0, 10**11), st.sampled_from([0, 1, 2, 3]), styles, money_words, st.booleans(), styles)
def test_an_amount_is_read_as_it_was_meant_or_not_at_all(number, places, style, words, before, other):
    """Whatever else the table holds: that says at most how `1.234` is meant."""
    value = Decimal(number).scaleb(-places)
    text = written_amount(value, *style, places)
    word, currency = words
    typed = f"{word.strip()} {text}" if before else f"{text}{word}"
    mark = cells.fraction_mark([written_amount(Decimal("1234567.5"), *other, 2)])
    readable = {len({Decimal(a) for a in cells.amounts(text).values()})}
    for seen in ("", style[1], mark):
        try:
            read = cells.money(typed, seen)
        except Unreadable:
            assert readable != {1}
            continue
        same_style = seen in ("", style[1])
        assert read == (value, currency) or (not same_style and readable == {2})


@given(st.dates(date(2020, 1, 1), date(2039, 12, 31)))
def test_a_day_is_read_as_it_was_meant_or_not_at_all(day):
    plain = day.isoformat()
    assert cells.day(day) == cells.day(datetime(day.year, day.month, day.day)) == cells.day(plain) == plain
    for form in ("%d.%m.%Y", "%Y/%m/%d", "%d %B %Y", "%B %d, %Y", "%d. %b %Y"):
        assert cells.day(day.strftime(form)) == plain
    for form in ("%d/%m/%Y", "%m/%d/%Y"):
        if day.day > 12 or day.day == day.month:
            assert cells.day(day.strftime(form)) == plain
        else:
            with pytest.raises(Unreadable):
                cells.day(day.strftime(form))


@pytest.mark.parametrize(
    ("typed", "meant"),
    [("12 %", "0.12"), ("12,5%", "0.125"), (0.12, "0.12"), ("0,12", "0.12"), (12, "0.12"), (12.5, "0.125"), (0, "0"),
     ("100 %", "1"), (1, None), ("1", None), (-0.1, None), ("-5 %", None), (120, None), ("a tenth", None)],
)  # fmt: skip
def test_a_discount_is_a_share_or_percent(typed, meant):
    if meant is None:
        with pytest.raises(Unreadable):
            cells.share(typed)
    else:
        assert cells.share(typed).value == Decimal(meant)


@pytest.mark.parametrize(
    "text",
    ["1.234", "1,234", "12 34", "1.23.456", "1'2", "5-9", "1200-1400", "-5", "1e5", "12 000 EUR net", "EUR 5 CHF",
     "5 $", "#N/A", "", "on request", True, date(2027, 5, 9), float("nan")],
)  # fmt: skip
def test_what_is_no_amount_or_two_is_refused(text):
    with pytest.raises(Unreadable):
        cells.money(text)


def test_other_cells_as_people_type_them():
    assert cells.money("1'200.–") == (Decimal(1200), "") and cells.money("2.450,-- €") == (Decimal(2450), "EUR")
    assert cells.money("1.234", ",") == (Decimal(1234), "")  # the table's other amounts have a decimal comma
    with pytest.raises(Unreadable):
        cells.money("1.234", ".")  # nobody writes money with three decimals: is it meant as 1234?
    assert [cells.whole_number(cell, 1) for cell in ("from 10", "10+", "≥ 10", 10.0, "ab 10")] == [10] * 5
    assert cells.counted_in("3 years", cells.IN_MONTHS, "months") == 36
    assert cells.counted_in("16 Wochen", cells.IN_WEEKS, "weeks") == 16
    for bad in ("4 months", "16-18", "soon"):
        with pytest.raises(Unreadable):
            cells.counted_in(bad, cells.IN_WEEKS, "weeks")


@pytest.fixture
def project(tmp_path):
    """An inventory whose plan asks for quotations, and the request as workbook and CSV."""
    values = deepcopy(SAMPLE)
    values["services"] = {"install": {"description": "Installation", "per": "link", "price": 500.0}}
    values["economics"]["exchange_rates"] = {"EUR": 0.95}
    _, plan = sample()
    (request,) = requests(assess(Inventory.model_validate(values), plan), supplier="Example Photonics")
    values["offers"] = {"old": {
        "for": "qkd_systems.dv-metro", "supplier": "Example Photonics", "list_price": 140000.0, "discount": 0.1,
        "tiers": ({"from": 9, "discount": 0.2},), "labels": {"asked": "by phone", "complies": "partly"},
        "includes": ("support", "install"), "spares": "one pair", "quote_ref": "EP-1",
    }}  # fmt: skip
    inventory = Inventory.model_validate(values).model_dump_json(exclude_unset=True)
    (tmp_path / "sites.yaml").write_text(yaml.safe_dump(yaml.safe_load(inventory)), encoding="utf-8")
    (tmp_path / "asked.xlsx").write_bytes(request_workbook(request))
    (tmp_path / "asked.csv").write_text(request_csv(request), encoding="utf-8")
    return tmp_path


def answered(project: Path, rows: list[dict], whole: dict | None = None, name: str = "answered.xlsx") -> Path:
    """The workbook filled in: answers put behind each other, so that rows of the form are typed over or added."""
    book = openpyxl.load_workbook(project / "asked.xlsx")
    sheet, cover = book["Offer"], book["Request"]
    columns = {cell.value: cell.column for cell in sheet[1]}
    for row, values in enumerate(rows, start=2):
        if str(values[LINE]).upper() != str(sheet.cell(row, 1).value).upper():
            values = dict.fromkeys((WHAT, QUANTITY, UNIT)) | values
        for field, value in values.items():
            sheet.cell(row, columns[ANSWERS.get(field, field)]).value = value
    labels = {label: field for field, label in WHOLE.items()}
    for label, value in cover.iter_rows(min_col=1, max_col=2):
        field = labels.get(label.value)
        if field in (whole or {}):
            value.value = whole[field]
    book.save(project / name)
    return project / name


WHOLE_ANSWER = {"quote": "EP-77", "quoted": datetime(2026, 11, 2), "all_until": "30. April 2027", "warranty": "2 years"}
ROWS = [  # rows moved, added and typed by hand
    {LINE: KMS, "part": "KMS-1", "price": "1 234,50", "support": "included", "complies": "Ja", "lead": "16 Wochen"},
    {LINE: SYSTEM.lower(), "price": 150000, "discount": "12 %", "support": "14'000.–", "complies": "yes", "lead": 12},
    {LINE: SYSTEM, "from": "10+", "price": "120.000,00 EUR", "complies": "yes", "currency": "EUR"},
    {LINE: SYSTEM, "kind": "Miete", "fee": "3.900,00", "price": 12000, "term": "3 Jahre", "support": "included",
     "until": datetime(2027, 1, 31), "complies": "partly", "remark": "repair in ten days", "currency": "EUR"},
]  # fmt: skip


def offers_of(project: Path, answer: Path) -> dict[str, Offer]:
    """What an answer comes to, alone, as the inventory reads it."""
    text = outcome("offers", answer, asked_of=project / "sites.yaml").text
    return {name: Offer.model_validate(value) for name, value in yaml.safe_load(text)["offers"].items()}


def test_an_answer_typed_by_hand_becomes_offers(project):
    rows = [row | ({"currency": "eur"} if row[LINE].upper() == SYSTEM.upper() else {}) for row in ROWS]
    answer = answered(project, rows, WHOLE_ANSWER)
    found = offers_of(project, answer)
    kms, buy, lease = found["example-photonics-kms-1-purchase"], found["old"], found["example-photonics-dv-metro-lease"]
    assert (kms.list_price, kms.includes, kms.currency, kms.lead_time_weeks) == (1234.5, ("support",), "CHF", 16)
    assert (buy.product, buy.list_price, buy.discount, buy.support_per_year) == (
        "qkd_systems.dv-metro", 150000, 0.12, 14000,
    )  # fmt: skip
    assert (buy.currency, buy.quote_ref, buy.quoted, buy.valid_until) == ("EUR", "EP-77", "2026-11-02", "2027-04-30")
    assert [(tier.at_least, tier.discount) for tier in buy.tiers] == [(10, 0.2)]
    assert (buy.warranty_months, buy.provenance, buy.supplier) == (24, "quote", "Example Photonics")
    assert (lease.kind, lease.setup_fee, lease.fee_per_month, lease.term_months) == ("lease", 12000, 3900, 36)
    assert lease.valid_until == "2027-01-31" and lease.labels == {"complies": "partly", "remark": "repair in ten days"}
    assert codes("offers", [answer], asked_of=project / "sites.yaml") == {"QP693", "QP695"}


def test_libreoffice_gives_back_what_openpyxl_did(project):
    if shutil.which("soffice") is None:
        assert os.environ.get("QPLAN_SOFFICE") != "required", "LibreOffice is not installed: libreoffice-calc"
        pytest.skip("LibreOffice is not installed")
    rows = [row | {"currency": "EUR"} for row in ROWS]
    answer = answered(project, rows, WHOLE_ANSWER)
    before = offers_of(project, answer)
    office = ["soffice", f"-env:UserInstallation=file://{project}/office", "--headless", "--convert-to", "xlsx"]
    subprocess.run([*office, "--outdir", str(project / "saved"), str(answer)], check=True, capture_output=True)
    after = offers_of(project, project / "saved" / answer.name)
    assert after == before


def test_a_decimal_comma_between_commas_is_no_price(project):
    header = (project / "asked.csv").read_text(encoding="utf-8").splitlines()[0]
    place = header.split(",").index(ANSWERS["price"])
    cells = f"{SYSTEM},{',' * (place - 1)}1234,50"
    answer = project / "answered.csv"
    answer.write_text(f"{header}\n{cells}{',' * (header.count(',') - cells.count(',') + 1)}x\n", encoding="utf-8")
    (found,) = findings("offers", [answer], asked_of=project / "sites.yaml")
    assert (found.code, found.line) == ("QP606", 2)


def test_the_csv_is_answered_like_the_workbook(project):
    """As a spreadsheet with German settings saves it: semicolons, decimal commas, Windows-1252."""
    rows = list(csv.DictReader(io.StringIO((project / "asked.csv").read_text(encoding="utf-8"), newline="")))
    by_line = {row[LINE]: row for row in rows}
    by_line[KMS] |= {
        ANSWERS["price"]: "1234,50",
        ANSWERS["complies"]: "ja",
        ANSWERS["support"]: "0",
        WHOLE["quote"]: "N° 5",
    }
    by_line[SYSTEM] |= {ANSWERS["price"]: "150.000", ANSWERS["currency"]: "EUR", ANSWERS["complies"]: "ja"}
    out = io.StringIO()
    by_line[KMS]["Freight"] = "12"
    writer = csv.DictWriter(out, [*rows[0], "Freight"], delimiter=";")
    writer.writeheader()
    writer.writerows(reversed(by_line.values()))
    answer = project / "answered.csv"
    answer.write_bytes(out.getvalue().encode("cp1252"))
    found = offers_of(project, answer)
    (beside,) = [item for item in findings("offers", [answer], asked_of=project / "sites.yaml") if item.code == "QP614"]
    assert beside.message == "1 column that the form has not, not read: 'Freight'"
    assert found["old"].list_price == 150000 and found["old"].currency == "EUR"
    kms = found["example-photonics-kms-1-purchase"]
    assert (kms.list_price, kms.currency, kms.quote_ref, kms.support_per_year) == (1234.5, "CHF", "N° 5", 0)


@pytest.mark.parametrize(
    ("rows", "words"),
    [
        ([{LINE: KMS, "price": "1.234"}], "row left out, cell H2 is '1.234'; expected an amount that"),
        ([{LINE: KMS, "price": "1.2 Mio"}], "cell H2 is '1.2 Mio'; expected an amount in full, with nothing beside it"),
        ([{LINE: KMS, "price": 250, "fee": "250 TSD"}], "cell L2 is '250 TSD'; expected an amount in full"),
        ([{LINE: KMS, "price": "VAT 97000"}], "row left out, cell H2 is 'VAT 97000'; expected an amount in full"),
        ([{LINE: KMS, "price": 5, "support": "1 net"}], "cell K2 is '1 net'; expected an amount in full"),
        ([{LINE: KMS, "price": 5, "currency": "NET"}], "cell J2 is 'NET'; expected a currency of ISO 4217, as EUR"),
        ([{LINE: KMS, "price": 5, "until": "03/04/2027"}], "cell N2 is '03/04/2027'; expected a day that can"),
        ([{LINE: KMS, "price": "5 USD", "currency": "EUR"}], "two currencies in one offer: EUR in cell J2"),
        ([{LINE: KMS, "fee": 5}], "a fee or a term without a kind: the empty cell under Kind of offer"),
        ([{LINE: KMS, "kind": "lease", "fee": 5}], "the kind lease without a term: the empty cell under Term"),
        ([{LINE: KMS, "remark": "soon"}], "a purchase without a price: the empty cell under Price per unit"),
        ([{LINE: KMS, "price": 5}, {LINE: KMS, "price": 6}], "a second purchase from quantity 1, beside"),
        ([{LINE: KMS, "from": 5, "price": 5}], "prices from quantity 5 on, and none from 1"),
        ([{LINE: KMS, "price": 5}, {LINE: KMS, "from": 5, "price": 6}], "6 from quantity 5 is dearer than the 5"),
        ([{LINE: KMS, "price": 5, "support": 1}, {LINE: KMS, "from": 5, "price": 4, "support": 2}], "says another"),
        ([{LINE: KMS, "price": 5}, {LINE: KMS, "from": 5, "price": 4, "lead": 2}], "Lead time (weeks) from quantity 5"),
        ([{LINE: "QKD-00000000", "price": 5}], "a line that was not asked for: 'QKD-00000000', with an answer"),
        ([{LINE: None, "price": 5}], "an answer without a line: cell A2 is empty"),
        ([{LINE: KMS, "complies": "maybe", "price": 5}], "cell P2 is 'maybe'; expected yes, partly, no"),
        ([{LINE: KMS, "price": 5, "until": "2026-01-01"}], "valid until 2026-01-01, before the quote of 2026-11-02"),
        ([{LINE: KMS, "price": 5, "complies": "no", "remark": "sold out"}], "is not offered: sold out"),
    ],
)  # fmt: skip
def test_what_does_not_fit_is_refused_with_its_place(project, rows, words):
    answer = answered(project, rows, WHOLE_ANSWER)
    found = findings("offers", [answer], asked_of=project / "sites.yaml")
    (said,) = [item for item in found if words in item.message]
    assert said.file == "answered.xlsx[Offer]" and said.line in (2, 3)


@pytest.mark.parametrize(
    ("number_format", "currency"),
    [("[$USD] #,##0", "USD"), ('"EUR" #,##0.00', "EUR"), ('#,##0.00 "€"', "EUR"), ("_-* #,##0.00 [$€-407]_-", "EUR"),
     ("EUR #,##0", "EUR"), (r"\E\U\R\ 0;[Red]-0", "EUR"), (r"_-* #,##0.00\ _€_-;\-* #,##0.00\ _€_-", "CHF"),
     ('_ * #,##0_ ;_ * -#,##0_ ;_ * "-"??_ ', "CHF"), ("[$-409]#,##0.00", "CHF"), ('#,##0 "pcs"', "CHF"),
     ('"usd" #,##0.00', "USD"), ('"US dollars" #,##0', "USD"), ('"SFr." 0', "CHF"), ('#,##0.00;;;"USD"@', "CHF"),
     ('"kr" 0', None), ("[$$-409]#,##0.00", None), ("$#,##0_);[Red]($#,##0)", None), ("0 [$EUR];-0 [$USD]", None),
     (44, None)],
)  # fmt: skip
def test_a_currency_that_the_format_of_a_cell_shows_counts_as_typed_there(project, number_format, currency):
    """An amount is a number on the sheet, whose format alone says what it is in."""
    answer = answered(project, [{LINE: KMS, "price": 27000, "support": 4000, "complies": "yes"}], WHOLE_ANSWER)
    book = openpyxl.load_workbook(answer)
    for place in ("H2", "K2"):
        book["Offer"][place].number_format = BUILTIN_FORMATS.get(number_format, number_format)
    book.save(answer)
    found = findings("offers", [answer], asked_of=project / "sites.yaml")
    if currency is None:
        assert [item.line for item in found if "expected a currency of three letters" in item.message] == [2, 2]
        return
    (offer,) = offers_of(project, answer).values()
    assert (offer.list_price, offer.support_per_year, offer.currency) == (27000, 4000, currency)
    beside = [item.message for item in found if item.code == "QP614"]
    assert beside == [f"cell {place} shows 'pcs' beside its number, by its format: not read"
                      for place in ("H2", "K2") if "pcs" in str(number_format)]  # fmt: skip


@pytest.mark.parametrize(("row", "whole"), [({"currency": "usd"}, {}), ({}, {"all_currency": "USD"})])
def test_a_sign_of_several_currencies_is_the_one_that_the_answer_names(project, row, whole):
    rows = [{LINE: KMS, "price": 27000, "support": 4000, "complies": "yes", **row}]
    answer = answered(project, rows, WHOLE_ANSWER | whole)
    book = openpyxl.load_workbook(answer)
    book["Offer"]["H2"].number_format = "[$$-409]#,##0.00"
    book.save(answer)
    (offer,) = offers_of(project, answer).values()
    assert (offer.list_price, offer.currency) == (27000, "USD")


@pytest.mark.parametrize(
    ("first", "tier", "currency"),
    [
        ({}, {"price": "25000 USD"}, "CHF in cell H2 (by Currency of all lines) and USD in cell H3"),
        ({}, {"price": 25000, "currency": "USD"}, "CHF in cell H2 (by Currency of all lines) and USD in cell J3"),
        ({"support": "4000 USD"}, {"discount": "5 %"}, "CHF in cell H2 (by Currency of all lines) and USD in cell K2"),
        ({"price": "27000 USD"}, {"price": 25000}, "USD in cell H2 and CHF in cell H3 (by Currency of all lines)"),
        ({"currency": "USD"}, {"price": "25000 CHF"}, "USD in cell J2 and CHF in cell H3"),
        ({"currency": "USD"}, {"price": 25000}, "USD"),
        ({"price": "27000 USD", "support": 0}, {"price": "25000 USD"}, "USD"),
        ({}, {"price": "25000 CHF"}, "CHF"),
    ],
)
def test_every_amount_of_an_offer_is_in_one_currency_or_it_is_none(project, first, tier, currency):
    """What the first row leaves to the form is in the form's currency, whatever a further row names."""
    rows = [{LINE: KMS, "price": 27000, "complies": "yes"} | first, {LINE: KMS, "from": 4} | tier]
    answer = answered(project, rows, {"all_currency": "CHF"})
    said = [item.message for item in findings("offers", [answer], asked_of=project / "sites.yaml")]
    if " in " in currency:
        assert f"{KMS}: left out, two currencies in one offer: {currency}" in said
    else:
        (offer,) = offers_of(project, answer).values()
        assert (offer.list_price, offer.currency) == (27000, currency)


def test_a_service_that_is_due_by_the_year_is_answered_by_its_price_per_year(tmp_path):
    """One that has a price once keeps it until the answer says that nothing is due once."""
    watch, otdr = line_code("services.watch"), line_code("services.otdr")
    services = "{watch: {per: node, price_per_year: 2400}, otdr: {per: fibre, price: 800}}"
    sites = written(tmp_path, "sites.yaml", f"qplan: 1\nservices: {services}\n")
    header = "Line,Price per unit,Currency,Support per unit and year,Discount,Complies"

    def found(*rows: str) -> tuple[dict[str, Offer], list[str]]:
        answer = written(tmp_path, "a.csv", "\n".join([header, f"{watch},,EUR,2200,,yes", *rows]))
        messages = [item.message for item in findings("offers", [answer], asked_of=sites) if item.code == "QP691"]
        return offers_of(tmp_path, answer), messages

    offers, messages = found(f"{otdr},,EUR,70,,yes")
    (offer,) = offers.values()
    assert (offer.product, offer.list_price, offer.support_per_year) == ("services.watch", 0, 2200)
    assert messages == [
        f"{otdr}: left out, a price by the year (column 4) and none that is due once: the empty cell under "
        "Price per unit (one-off)"
    ]
    offers, messages = found(f"{otdr},0,EUR,70,,yes")  # as the finding says
    assert messages == [] and {offer.support_per_year for offer in offers.values()} == {2200, 70}


def test_what_was_asked_and_came_back_changed_is_told(project):
    """Another unit leaves the row out, as its price may be for that; another quantity or description is named."""
    price = {"price": 1000, "support": 1, "complies": "yes"}
    rows = [{LINE: SYSTEM, QUANTITY: 1, UNIT: "lot of 3"} | price, {LINE: KMS, WHAT: "Licence", QUANTITY: 9} | price]
    found = findings("offers", [answered(project, rows)], asked_of=project / "sites.yaml")
    said = [(item.code, item.line, item.message) for item in found if " asked" in item.message]
    address = "offers.example-photonics-kms-1-purchase: "
    assert sorted(said) == [
        ("QP614", 3, f"{address}cell B3 is 'Licence' where 'Key manager (KME)' was asked: not read"),
        ("QP614", 3, f"{address}cell C3 is '9' where '4' was asked: not read"),
        ("QP691", 2, f"{SYSTEM}: left out, cell D2 is 'lot of 3' where 'pair' was asked, and the price may be for "
         "that"),
    ]  # fmt: skip
    assert is_unit("QKD links", "QKD link") and is_unit("strands", "strand") and not is_unit("km", "strand")
    rows[0] |= {QUANTITY: 3, UNIT: "Pairs"}
    answer = answered(project, rows[:1])
    assert offers_of(project, answer)["old"].list_price == 1000  # another word for the same
    assert not [item for item in findings("offers", [answer], asked_of=project / "sites.yaml") if "ask" in item.message]


def with_part(book: Path, name: str, content: bytes) -> Path:
    """A copy of a workbook with another part of that name in it."""
    copy = book.with_name("broken.xlsx")
    with zipfile.ZipFile(book) as old, zipfile.ZipFile(copy, "w") as new:
        assert name in old.namelist()
        for each in old.namelist():
            new.writestr(each, content if each == name else old.read(each))
    return copy


def test_notes_and_comments_in_an_answer_are_told(project):
    answer = answered(project, [{LINE: SYSTEM, "price": 5, "complies": "yes"}], WHOLE_ANSWER)
    book = openpyxl.load_workbook(answer)
    book["Offer"]["H2"].comment = Comment("price only from 10 pcs", "Zoe")
    book["Request"]["B2"].comment = Comment("not ours", "Zoe")
    book["Offer"]["A8"] = "All prices plus 5 %"
    book.save(answer)
    found = findings("offers", [answer], asked_of=project / "sites.yaml")
    assert [(item.file, item.line, item.message) for item in sorted(found) if item.code in ("QP614", "QP616")] == [
        ("answered.xlsx[Offer]", 0, "1 comment beside cells, not read: cell H2: 'price only from 10 pcs'"),
        ("answered.xlsx[Offer]", 8, "a row without a line, not read: 'All prices plus 5 %'"),
        ("answered.xlsx[Request]", 0, "1 comment beside cells, not read: cell B2: 'not ours'"),
    ]
    broken = with_part(answer, "xl/comments/comment1.xml", b"<comments><bad")
    found = findings("offers", [broken], asked_of=project / "sites.yaml")
    assert [item.code for item in found if "comments beside its cells cannot be read" in item.message] == ["QP616"]
    text = (project / "asked.csv").read_text(encoding="utf-8")
    header = text.splitlines()[0]
    written(project, "asked.csv", f"All plus 5 %{',' * header.count(',')}\n{text}")
    noted = findings("offers", [project / "asked.csv"], asked_of=project / "sites.yaml")
    assert [(item.line, item.message) for item in noted if item.code == "QP614"] == [
        (1, "a row without a line, not read: 'All plus 5 %'")
    ]


def test_a_currency_that_the_inventory_names_is_one(project):
    sites, rows = project / "sites.yaml", [{LINE: KMS, "price": "7 QKC", "currency": "qkc", "complies": "yes"}]
    answer = answered(project, rows, {"all_currency": "QKC"})
    with pytest.raises(InvalidInput, match="QKC"):
        offers_of(project, answer)
    sites.write_text(sites.read_text(encoding="utf-8").replace("EUR: 0.95", "QKC: 0.95"), encoding="utf-8")
    (offer,) = offers_of(project, answer).values()
    assert offer.currency == "QKC"


def test_what_an_answer_leaves_open_is_said(project):
    whole = {"supplier": "Example Photonics Ltd"}
    answer = answered(project, [{LINE: KMS, "part": "KM-2000", "price": "7 GBP"}, {LINE: SYSTEM}], whole)
    found = findings("offers", [answer], asked_of=project / "sites.yaml")
    spelling, said = (item.message for item in sorted(found) if item.code == "QP696")
    assert "beside those of 'Example Photonics'" in spelling
    for words in ("no number of the quote", "no last day", "nothing is said of support", "no rate for GBP"):
        assert words in said
    assert codes("offers", [answer], asked_of=project / "sites.yaml") == {"QP692", "QP693", "QP694", "QP696"}


def test_a_tier_that_is_not_offered_is_told_from_the_product(project):
    rows = [row | {"complies": "no"} if row.get("from") else row | {"currency": "EUR"} for row in ROWS[:3]]
    answer = answered(project, rows, WHOLE_ANSWER)
    (found,) = (each for each in findings("offers", [answer], asked_of=project / "sites.yaml") if each.code == "QP693")
    assert "(qkd_systems.dv-metro) is not offered at the price from quantity 10" in found.message
    assert offers_of(project, answer)["old"].tiers == ()


def test_offers_come_into_the_inventory_as_a_whole_and_are_planned_with(project, monkeypatch):
    monkeypatch.chdir(project)
    answer = answered(project, [{LINE: SYSTEM, "price": 160000, "complies": "yes"}], WHOLE_ANSWER)
    text = (project / "sites.yaml").read_text(encoding="utf-8")
    (project / "sites.yaml").write_text(text.replace("spares: one pair", "spares: one pair  # by phone"))
    run = qplan("import", "offers", answer, "--update")
    said = " ".join(run.out.split())
    assert "(EP-1); the answer says nothing of these: services.install was included and is charged besides" in said
    assert "no longer there: spares (one pair)" in said and "offers.old.spares '# by phone'" in said
    assert run.code == 0 and "list_price 140000.0 → 160000, discount 0.1 → null, tiers 20 % from 9 → null" in run.out
    offer = read_inventory(project / "sites.yaml").inventory.offers["old"]
    assert (offer.list_price, offer.discount, offer.tiers, offer.currency) == (160000, 0, (), "CHF")
    assert (offer.includes, offer.spares, offer.labels) == ((), None, {"asked": "by phone"})
    text = (project / "sites.yaml").read_text(encoding="utf-8")
    (project / "sites.yaml").write_text(text.replace("spares: null", "spares: two pairs"))
    again = qplan("import", "offers", answer, "--update")
    assert "nothing to change" in again.out and "says nothing" not in again.out  # of the same quote, put in by hand
    fragment = qplan("import", "offers", answer, "-o", "offers.yaml")
    assert "delete it in sites.yaml, or import with -o sites.yaml --update" in " ".join(fragment.out.split())
    assert "no mapping file" in qplan("import", "offers", answer, "-o", "o.yaml", "--map", "m.yaml").err
    assert "--for" in qplan("import", "csv", "sites.yaml", "-o", "o.yaml", "--for", "sites.yaml").err


def test_two_answers_of_a_supplier_for_a_line_are_none_until_it_is_said_which_holds(project, monkeypatch):
    """Both files are told of; one after the other, the later takes the place of the earlier."""
    monkeypatch.chdir(project)
    whole = [{"supplier": name, "quote": quote} for name, quote in (("Zeta AG", "Z-1"), ("ZETA AG", "Z-1 rev 2"))]
    rows = [{LINE: KMS, "price": price, "support": 1, "complies": "yes"} for price in (20000, 23000)]
    other = {LINE: SYSTEM, "price": 9, "support": 1, "complies": "yes"}
    first = answered(project, [rows[0]], whole[0], "v1.xlsx")
    second = answered(project, [rows[1], other], whole[1], "v2.xlsx")
    made = outcome("offers", first, second, asked_of=project / "sites.yaml")
    left_out = [(item.file, item.line, item.message) for item in made.findings if item.code == "QP691"]
    assert list(made.draft.offers) == ["zeta-ag-dv-metro-purchase"] and left_out == [
        ("v1.xlsx[Offer]", 2, f"{KMS}: left out, supplier 'Zeta AG' answers for node_items.KMS-1 (purchase) in "
         "v2.xlsx[Offer]:2 too"),
        ("v2.xlsx[Offer]", 2, f"{KMS}: left out, supplier 'ZETA AG' answers for node_items.KMS-1 (purchase) in "
         "v1.xlsx[Offer]:2 too"),
    ]  # fmt: skip
    for answer in (first, second):
        assert qplan("import", "offers", answer, "--update").code == 0
    offers = read_inventory(project / "sites.yaml").inventory.offers
    assert [offer.list_price for offer in offers.values() if offer.product == "node_items.KMS-1"] == [23000]
    third = answered(project, [rows[0] | {"price": 21000}], whole[0], "v3.xlsx")
    assert "QP691" in codes("offers", [second, third], existing=project / "sites.yaml")  # for the same offer there


@pytest.mark.parametrize(
    ("out", "asked", "update"),
    [
        ("p/offers.yaml", "p/sites.yaml", False),
        ("p/x y/from all.yaml", "{here}/p/sites.yaml", False),
        ("{here}/p/offers.yaml", "p/sites.yaml", False),
        ("offers.yaml", "p/sites.yaml", False),
        ("p/.offers.yaml", "p/sites.yaml", False),
        ("p/known.yaml", "p/sites.yaml", True),
    ],
)
def test_an_inventory_includes_the_offers_once_what_comes_next_is_followed(project, monkeypatch, out, asked, update):
    """To the letter, by a person with an editor: wherever the file lies, and whatever the inventory has already."""
    monkeypatch.chdir(project)
    answer = answered(project, [{LINE: SYSTEM, "price": 160000, "complies": "yes"}, ROWS[0]], WHOLE_ANSWER)
    (project / "p" / "x y").mkdir(parents=True)
    known = "example-photonics-kms-1-purchase"
    entry = "{for: node_items.KMS-1, supplier: Example Photonics, list_price: 9}"
    written(project, "p/known.yaml", f"qplan: 1\noffers: {{{known}: {entry}}}\n")
    sites = project / "p" / "sites.yaml"
    sites.write_text(f"include: [known.yaml]\n{(project / 'sites.yaml').read_text(encoding='utf-8')}", encoding="utf-8")
    out, asked = out.format(here=project), asked.format(here=project)
    run = qplan("import", "offers", answer, "-o", out, "--for", asked, *["--update"] * update)
    following = f"      {run.out.partition('Next  ')[2]}".splitlines()
    *todo, validate, optimize = (line[6:] for line in following)
    assert (validate, optimize) == (f"qplan validate {asked}", f"qplan optimize {asked}")
    text = sites.read_text(encoding="utf-8")
    for step in todo:
        if step.startswith("mv "):
            subprocess.run(shlex.split(step), check=True)
        elif step.startswith("delete "):
            assert step.startswith(f"delete offers.old in {asked}")
            text = re.sub(r"(?m)^offers:\n(?:  .*\n)+", "offers:\n", text)
        else:
            assert step.endswith(f"in {asked}, in place of its include")
            text = re.sub("include: .*", step.partition("    #")[0], text)
    sites.write_text(text, encoding="utf-8")
    offers = read_inventory(sites).inventory.offers
    assert (offers["old"].list_price, offers[known].list_price) == (160000, 1234.5)


@pytest.mark.parametrize(
    ("said", "known"),
    [("Alpenglow GmbH", "Alpenglow"), ("alpenglo", "Alpenglow"), ("North", "North Line AG"), ("ALPENGLOW", None),
     ("Nordwind", None), ("", None)],
)  # fmt: skip
def test_a_supplier_spelt_almost_like_one_that_is_known_is_asked_about(said, known):
    assert meant(said, ("Alpenglow", "North Line AG")) == known


@pytest.mark.parametrize(
    ("offering", "said", "words", "instead"),
    [
        ("Northline Ltd", "Northline", "whose offers stand beside those of 'Northline Ltd'", "Northline Ltd"),
        ("Northline Ltd", "Northline Limited", "whose offers stand beside those of 'Northline Ltd'", "Northline Ltd"),
        ("Reseller", "Northline Limited", "who has no offer yet, beside 'Northline'", "Northline"),
    ],
)
def test_who_has_offers_is_meant_before_who_makes_things_and_the_spelling_that_is_told_works(
    tmp_path, offering, said, words, instead
):
    text = (EXAMPLE / "sites.yaml").read_text(encoding="utf-8")
    written(tmp_path, "sites.yaml", text.replace("supplier: Northline\n", f"supplier: {offering}\n"))
    answer = (EXAMPLE / "answer-northline.csv").read_text(encoding="utf-8")

    def spelling(supplier: str) -> tuple[list[str], set[str]]:
        file = written(tmp_path, "answer.csv", answer.replace("Northline;", f"{supplier};"))
        found = findings("offers", [file], existing=tmp_path / "sites.yaml")
        return [item.message for item in found if "of its own" in item.message], {item.code for item in found}

    ((message,), _) = spelling(said)
    assert words in message
    told, found = spelling(instead)
    assert told == [] and ("QP695" in found) == (offering == instead)


def test_an_update_prints_every_finding_as_no_file_holds_them(project, monkeypatch):
    monkeypatch.chdir(project)
    rows = [{LINE: f"QKD-0000000{number}", "price": 5} for number in range(6)]
    answer = answered(project, [{LINE: KMS, "price": 5}, *rows], WHOLE_ANSWER)
    run = qplan("import", "offers", answer, "--update")
    assert [row[LINE] for row in rows if row[LINE] not in run.out] == [] and "more" not in run.out


scribbles = st.one_of(
    st.text(st.characters(codec="utf-8", exclude_characters="\0"), max_size=12),
    st.text(".,'0123456789 €%-", max_size=9),
    st.sampled_from(
        ["1 234,50", "12 %", "31.12.2027", "lease", "yes", "36", "EUR", KMS, SYSTEM, "from 10", "included"]
    ),
)


@cache
def products():
    return read_existing(EXAMPLE / "sites.yaml")


@given(st.lists(st.dictionaries(st.sampled_from([LINE, *ANSWERS, *WHOLE]), scribbles, max_size=9), max_size=4))
def test_whatever_is_scribbled_ends_with_offers_or_findings(scribbled):
    """What is read is an offer as the inventory takes it; everything that was typed is in it, or in a finding."""
    headings = {LINE: LINE, **ANSWERS, **WHOLE}
    out = io.StringIO()
    writer = csv.writer(out)
    writer.writerow(headings.values())
    writer.writerows([row.get(field, "") for field in headings] for row in ({LINE: KMS, **row} for row in scribbled))
    try:
        draft = quoted([read_form(SourceFile("a.csv", out.getvalue().encode()))], products(), alone=True)
    except Refused as error:
        assert error.findings
        return
    for offer in draft.offers.values():
        Offer.model_validate({name: value for name, value in offer.items() if value is not None})


def test_a_file_that_is_no_answer_is_refused(project, tmp_path):
    (tmp_path / "x.csv").write_text("a,b\n1,2\n")
    with pytest.raises(InvalidInput) as error:
        outcome("offers", tmp_path / "x.csv", asked_of=project / "sites.yaml")
    assert error.value.diagnostics[0].code == "QP603"
    empty = findings("offers", [project / "asked.xlsx"], asked_of=project / "sites.yaml")
    assert {item.code for item in empty} == {"QP605", "QP692"}


def test_the_answer_of_the_example_is_read_and_planned_with(tmp_path):
    """As the comment at its top says, with its figure."""
    sites, answer = EXAMPLE / "sites.yaml", EXAMPLE / "answer-northline.csv"
    (tmp_path / "next.yaml").write_bytes(sites.read_bytes())
    into = import_files("offers", [answer], into=tmp_path / "next.yaml")
    assert {item.code for item in into.findings} == {"QP674", "QP692", "QP693", "QP695"}
    (tmp_path / "next.yaml").write_text(into.text, encoding="utf-8")
    value = optimize(load(tmp_path / "next.yaml")).value
    assert f"EUR {round(value):,}".replace(",", " ") in sites.read_text(encoding="utf-8")
