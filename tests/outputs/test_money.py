"""What is said of money: what decided for want of a price, what counts as 0, what is firm."""

from __future__ import annotations

import csv
import io
import json
import re

import openpyxl
import pytest
from plan_fixtures import make_link, make_plan

from qplan.api.buying import render_bill
from qplan.api.columns import render_columns
from qplan.assessment.facts import assess
from qplan.assessment.unstated import unstated_anywhere
from qplan.comparison.columns import Column, lay_side_by_side
from qplan.comparison.cost_account import hold_costs
from qplan.explain.sensitivity import Sensitivities
from qplan.inventory.model import Inventory
from qplan.outputs.bill.summary_sheet import BEYOND_TERMS
from qplan.outputs.bill.tables import bill_csv
from qplan.outputs.bill.workbook import workbook_bytes
from qplan.outputs.compare.page import compared_document
from qplan.outputs.compare.rows import rows
from qplan.outputs.compare.sensitivity import sensitivity_section
from qplan.outputs.costs.costs_json import costs_json
from qplan.outputs.costs.sections import account_sections
from qplan.outputs.quotes.request import requests
from qplan.outputs.report.markdown import report_markdown
from qplan.outputs.report.report import report_document, report_html
from qplan.outputs.text.money import at_least
from qplan.outputs.text.summary import summary_json, summary_markdown, summary_text
from qplan.plan.model import Path

SITE = {"node_cost": 0.0, "node_cost_per_year": 0.0}
FIBRE = {"setup_cost_per_strand": 0.0, "cost_per_strand_year": 0.0}
SYSTEM = {"price": 100.0, "support_per_year": 0.0}
SPARE, WORK = {"qkd_systems.s": 1}, {"per": "link", "effort_days": 2.0}  # nobody states what a day costs


def facts(site=SITE, fibre=FIBRE, system=SYSTEM, length_km=40.0, **rest):
    """Two sites and one fibre, its length None where unknown, with one system."""
    length = {} if length_km is None else {"length_km": length_km}
    inventory = Inventory.model_validate(
        {
            "qplan": 1,
            "sites": {"a": site, "b": site},
            "fibres": {"ab": {"ends": ("a", "b"), "loss_db": 9.0, **length, **fibre}},
            "equipment": {"qkd_systems": {"s": {"key_rate_curve": ((20.0, 1e3),), **system}}},
            "corridors": {"c": {"ends": ("a", "b"), "key_rate_bps": 100.0}},
            **rest,
        }
    )
    link = make_link(inventory, ("a", "b"), "s", (), load_bps=100.0).model_copy(update={"fibres": ("ab",)})  # any loss
    return assess(inventory, make_plan(inventory, (link,), {"c": (Path(links=(link.id,), relays=()),)}))


def without(entry, *keys):
    return {key: value for key, value in entry.items() if key not in keys}


@pytest.mark.parametrize(
    ("change", "said", "least"),
    [
        ({}, "", ()),
        ({"site": without(SITE, "node_cost")}, "fit-out of 2 of 2 nodes", ("Capex", "TCO")),
        ({"site": without(SITE, "node_cost_per_year")}, "hosting of 2 of 2 nodes", ("Opex", "TCO")),
        ({"fibre": without(FIBRE, "setup_cost_per_strand")}, "set-up of 1 of 1 fibre", ("Capex", "TCO")),
        ({"fibre": without(FIBRE, "cost_per_strand_year")}, "lease of 1 of 1 fibre", ("Opex", "TCO")),
        ({"system": without(SYSTEM, "support_per_year")}, "support of 1 of 1 product (s)", ("Opex", "TCO")),
        ({"system": without(SYSTEM, "price")}, "price of 1 of 1 product (s)", ("Capex", "TCO")),
        ({"system": without(SYSTEM, "price"), "spares": SPARE}, "price of 1 of 1 product (s)", ("Capex", "TCO")),
        ({"services": {"w": WORK}}, "service price of 1 of 1 service (w)", ("Capex", "TCO")),
        (
            {"services": {"w": {**WORK, "price": 5.0}, "x": {"per": "plan", "price": 0.0}}},
            "service price of 1 of 2 services (w)",
            ("Capex", "TCO"),
        ),
        (
            {"fibre": {**FIBRE, "cost_per_strand_km_year": 5.0}, "length_km": None},
            "length of 1 of 1 fibre leased by length",
            ("Opex", "TCO"),
        ),
    ],
)
def test_what_is_not_stated_is_listed_and_totals_are_at_least(change, said, least):
    found = facts(**change)
    document = report_document(found)
    sentences = [warning for warning in document.warnings if warning.startswith("Counted as 0")]
    assert sentences == ([f"Counted as 0, because not stated: {said}."] if said else [])
    totals = {label.split()[0]: value for label, value in document.figures}
    for label in ("Capex", "Opex", "TCO"):
        assert totals[label].startswith("at least ") == (label in least), label
        word = label if label != "Opex" else "opex"
        assert (f"{word} at least" in document.headline.replace("(10 y, 5 %) ", "")) == (label in least)
    told = json.loads(summary_json(found))["counted_as_0"]
    assert told == json.loads(costs_json(found))["counted_as_0"]
    found_words = [f"{each['what']} of {len(each['missing'])} of {each['of']} " for each in told]
    assert len(found_words) == bool(said) and all(map(said.startswith, found_words))
    of_any_plan = {each.what: each.missing for each in unstated_anywhere(found.inventory)}
    assert {each.what: each.missing for each in found.unstated}.items() <= of_any_plan.items()
    assert not of_any_plan.keys() - {"relay fit-out", "relay operation"} - {each.what for each in found.unstated}


def test_unpriced_things_that_decided_are_said_first():
    found = facts(system=without(SYSTEM, "price"), metadata={"name": "Net"})
    assert summary_text(found).splitlines()[0] == "Net: unpriced things decided it, counted as 0: s"
    for text in (summary_markdown(found), report_markdown(found), report_html(found)):
        assert "unpriced things decided it" in text
    assert "unpriced" not in summary_text(facts()).splitlines()[0]


def test_a_comparison_takes_no_open_total_for_the_least():
    """What has no price looks cheapest: every form says so of its amounts, and none ranks it."""
    stated, lacking = facts(metadata={"name": "Net"}), facts(system=without(SYSTEM, "price"))
    table = lay_side_by_side([Column("all", "optimal", stated), Column("some", "optimal", lacking)])
    missing, verdict = "price of 1 of 1 product (s)", "some: TCO of what is stated EUR -100 (-100.0 %) against all"
    for style in ("text", "markdown", "html"):
        said = re.sub(r"\s+", " ", render_columns(table, style).decode())
        for words in ("at least 0", f"some: Counted as 0, because not stated: {missing}", verdict):
            assert words in said.replace("\\", ""), (style, words)
        assert "at least 100" not in said
    page = compared_document(table)
    assert page.headline == "Which TCO is the least is open: of what is stated some has the least, at least EUR 0."
    assert page.figures == (("all", "TCO EUR 100"), ("some", "TCO at least EUR 0"))
    assert "some, at least" in page.sections[0].pictures[0]
    lines = {line["key"]: line for line in csv.DictReader(io.StringIO(render_columns(table, "csv").decode()))}
    assert [lines[key]["some"] for key in ("amounts", "tco", "unstated")] == ["at least", "0", missing]
    assert (lines["amounts"]["all"], lines["to_be_quoted"]["all"]) == ("", "authentication")
    (some,) = (each for each in json.loads(render_columns(table, "json"))["columns"] if each["id"] == "some")
    assert some["counted_as_0"] == [{"what": "price", "missing": ["s"], "of": 1}]
    book = openpyxl.load_workbook(io.BytesIO(render_columns(table, "xlsx")))
    (tco,) = (row for row in book["Compare"].iter_rows() if row[0].value == "TCO")
    assert ["at least" in cell.number_format for cell in tco[2:]] == [False, True]
    assert [cell.value for cell in book["Costs by year"][1]] == ["Year", "all", "some, at least"]
    spared = facts(system=without(SYSTEM, "price"), spares=SPARE, metadata={"name": "Net"})
    stocked = lay_side_by_side([Column("all", "optimal", stated), Column("some", "optimal", spared)])
    (row,) = (row for row in rows(stocked) if row.key == "capex.spares")
    assert row.texts == ("–", "at least 0")
    firm = lay_side_by_side([Column("a", "optimal", stated), Column("b", "optimal", stated)])
    assert compared_document(firm).headline == "Least TCO: a and b, EUR 100."
    assert b"at least" not in render_columns(firm) and b"of what is stated" not in render_columns(firm)


def test_a_sensitivity_says_of_what_total_it_is():
    found = facts(system=without(SYSTEM, "price"))
    varied = sensitivity_section(found, Sensitivities(found.plan.costs.tco, (), ()))
    assert varied.paragraphs[0].startswith("The plan's TCO is at least EUR 0; so is every amount here. ")
    assert varied.paragraphs[1] == "Counted as 0, because not stated: price of 1 of 1 product (s)."
    assert "at least" not in sensitivity_section(facts(), Sensitivities(100.0, (), ())).paragraphs[0]


@pytest.mark.parametrize(
    ("system", "as_of", "said"),
    [
        ({"provenance": "quote"}, None, "100 % of the TCO is quoted"),
        ({"provenance": "illustrative"}, None, "0 % of the TCO is quoted, 100 % is illustrative"),
        (
            {"provenance": "quote", "labels": {"quote_valid_until": "2020-01-01"}},
            "2026-01-01",
            "0 % of the TCO is quoted, 100 % rests on expired quotes",
        ),
        ({"provenance": "quote", "labels": {"currency": "USD"}}, None, "100 % is in foreign currency"),
        (
            {"provenance": "quote", "labels": {"currency": "USD", "quote_valid_until": "2020-01-01"}},
            "2026-01-01",
            "100 % rests on expired quotes in foreign currency",
        ),
    ],
)
def test_the_quoted_share_of_the_total_stands_in_the_first_screen(system, as_of, said):
    found = facts(system={**SYSTEM, **system})
    plan = found.plan.model_copy(update={"inventory": found.plan.inventory.model_copy(update={"as_of": as_of})})
    text = summary_text(assess(found.inventory, plan))
    prices = next(line for line in text.splitlines() if line.startswith("Prices"))
    assert said in prices and prices.endswith("1 line to be quoted (in no total)")


def test_what_a_price_rests_on_is_one_word_in_every_format():
    labels = {"currency": "USD", "quote_valid_until": "2020-01-01"}
    found = facts(system={**SYSTEM, "support_per_year": 1.0, "provenance": "quote", "labels": labels})
    ref = found.plan.inventory.model_copy(update={"as_of": "2026-01-01"})
    found = assess(found.inventory, found.plan.model_copy(update={"inventory": ref}))
    word = "expired quote, foreign currency"
    (row,) = (row for row in csv.DictReader(io.StringIO(bill_csv(found))) if row["Line"] == "system.s")
    assert (row["Provenance"], row["Support provenance"]) == (word, word)
    (line,) = (line for line in json.loads(render_bill(found, style="json"))["lines"] if line["line"] == "system.s")
    assert (line["provenance"], line["support_provenance"]) == (word, word)
    assert word in render_bill(found).decode()
    sheet = openpyxl.load_workbook(io.BytesIO(workbook_bytes(found)), data_only=True)["Bill"]
    cells = dict(zip(*([cell.value for cell in row] for row in (sheet[1], sheet[2])), strict=True))
    assert (cells["Line"], cells["Provenance"], cells["Support provenance"]) == ("system.s", word, word)


def test_what_is_bought_again_is_due_in_the_report():
    found = facts(system={**SYSTEM, "life_years": 3, "provenance": "quote"})
    for groups in (found.costs.by_category, found.costs.by_basis):
        assert sum(group.refresh for group in groups) == sum(year.kinds["refresh"] for year in found.costs.years) == 300
    text = report_markdown(found)
    assert "| Due again later |" in text and "| Year | One-off | Opex | Refresh |" in text


@pytest.mark.parametrize(("growth", "label", "said"), [(0.0, "per year", "/yr"), (0.03, "of year 1", " in year 1")])
def test_opex_that_grows_is_said_to_be_of_year_1(growth, label, said):
    found = facts(system={**SYSTEM, "support_per_year": 9.0}, economics={"escalation": {"support": growth}})
    assert f"opex EUR 9{said}, " in summary_text(found)
    costs = " ".join(str(section) for section in account_sections(hold_costs(found)))
    for text in (summary_markdown(found), report_markdown(found), report_html(found), costs):
        assert set(re.findall(r"Opex (per year|of year 1)", text)) == {label}


@pytest.mark.parametrize("there", [False, True])
def test_what_is_bought_again_without_a_price_is_to_be_quoted_like_its_purchase(there):
    link = {"ends": ("a", "b"), "fibres": ("ab",), "system": "s", "support_per_year": 0.0}
    rest = {"existing": {"links": {"old": link}, "nodes": ("a", "b")}} if there else {}
    found = facts(system={**without(SYSTEM, "price"), "life_years": 3}, **rest)
    if there:
        plan = found.plan.model_copy(update={"links": (found.plan.links[0].model_copy(update={"existing": 1}),)})
        found = assess(found.inventory, plan)
    address = "refresh.old.existing" if there else "refresh.s"
    missing = "renewal of 1 of 1 existing link (old)" if there else "price of 1 of 1 product (s)"
    (row,) = (row for row in render_bill(found).decode().splitlines() if row.startswith(address))
    assert row.split()[-3:] == ["to", "be", "quoted"]
    (cells,) = (row for row in csv.DictReader(io.StringIO(bill_csv(found))) if row["Line"] == address)
    assert (cells["Unit price"], cells["Line total"]) == ("to be quoted", "")
    totals = {label.split()[0]: value for label, value in report_document(found).figures}
    assert [totals[each].startswith("at least") for each in ("Capex", "TCO")] == [not there, True]
    assert f"Counted as 0, because not stated: {missing}." in report_document(found).warnings
    assert "replacement" not in json.loads(costs_json(found))["convention"]


def test_a_renewal_at_the_price_of_an_offer_rests_on_that_offer():
    """A system without a price of its own, existing without an offer: it is bought again on the cheapest one."""
    link = {"ends": ("a", "b"), "fibres": ("ab",), "system": "s", "support_per_year": 0.0}
    offer = {"for": "qkd_systems.s", "list_price": 70.0, "provenance": "quote", "quote_ref": "Q-7"}
    rest = {"existing": {"links": {"old": link}, "nodes": ("a", "b")}}
    found = facts(system={**without(SYSTEM, "price"), "life_years": 3}, **rest)
    there = found.plan.links[0].model_copy(update={"existing": 1, "offer": None})
    stated = json.loads(found.inventory.model_dump_json(exclude_unset=True))
    inventory = Inventory.model_validate_json(json.dumps({**stated, "offers": {"q": offer}}))
    found = assess(inventory, found.plan.model_copy(update={"links": (there,)}))
    (line,) = (line for line in found.bill if line.variant == "existing")
    assert (line.unit_price, line.provenance, line.offer, line.quote_ref) == (70, "quote", "q", "Q-7")


@pytest.mark.parametrize("by", ["part", "site", "link", "corridor", "supplier", "charge"])
def test_every_view_counts_the_lines_to_be_quoted_once(by):
    text = render_bill(facts(), by).decode()
    (total,) = (line for line in text.splitlines() if line.startswith("Total "))
    assert "; 1 line to be quoted" in text and " 1 line to be quoted " in total


@pytest.mark.parametrize("price", [None, 40.0])
def test_authentication_has_a_price_once_a_service_covers_it(price):
    check = {"all": {"metric": "unpriced_lines", "max": 0}}
    before = facts(checks=check)
    assert [line.key for line in before.bill if line.to_be_quoted] == [""] and len(before.failed_checks) == 1
    remedy = account_sections(hold_costs(before))
    assert any("services.ID.covers: authentication" in point for section in remedy for point in section.points)
    keys = {"per": "link", "covers": "authentication", **({"price": price} if price else {})}
    found = facts(checks=check, services={"keys": keys})
    assert [line.address for line in found.bill if "authentication" in line.address] == []
    assert [line.key for line in found.bill if line.to_be_quoted] == ([] if price else ["keys"])
    assert (found.plan.costs.capex, len(found.failed_checks)) == ((140.0, 0) if price else (100.0, 1))
    assert ("at least" in summary_text(found)) == (price is None)
    assert any(line.product == "services.keys" for request in requests(found) for line in request.lines)


def test_what_lies_beyond_the_quoted_terms_is_told_apart_wherever_a_quote_is_called_firm():
    found = facts(system={**SYSTEM, "life_years": 3, "provenance": "quote"}, economics={"discount_rate": 0.0})
    assert found.costs.firmness.beyond_terms == 0.75  # bought again in years 3, 6 and 9
    register = next(section for section in account_sections(hold_costs(found)) if section.id == "quotes")
    assert dict(zip(register.tables[0].header, register.tables[0].rows[0], strict=True))["Beyond its terms"] == "75 %"
    assert json.loads(costs_json(found))["quotes"][0]["beyond_terms"] == 300
    book = openpyxl.load_workbook(io.BytesIO(workbook_bytes(found)), data_only=True)
    said = {row[0]: row[1:] for row in book["Summary"].values}
    assert (said["Quoted"][0], said[BEYOND_TERMS][:2]) == (400, (300, 0.75))
    (quoted,) = (row for row in book["Provenance"].values if row[0] == "quote")
    assert quoted[5:] == (400, 1, 300)


def test_a_variant_is_named_in_every_headline():
    found = facts(metadata={"name": "Net"})
    ref = found.plan.inventory.model_copy(update={"scenario": "wet", "set": {"policy.loss_margin_db": 2}})
    varied = assess(found.inventory, found.plan.model_copy(update={"inventory": ref}))
    said = "scenario wet, policy.loss_margin_db=2"
    assert report_document(varied).title == f"Net ({said})"
    assert report_document(varied).headline.startswith(f"Plan ({said}): 2 nodes")
    assert summary_text(varied).splitlines()[0] == f"Net ({said})"


@pytest.mark.parametrize(("support", "missing"), [(None, ("old",)), (0.0, ()), (5.0, ())])
def test_support_that_an_existing_link_does_not_state_makes_totals_at_least_so_much(support, missing):
    link = {"ends": ("a", "b"), "fibres": ("ab",), "system": "s", "support_per_year": support}
    stated = {key: value for key, value in link.items() if value is not None}
    found = facts(existing={"links": {"old": stated}, "nodes": ("a", "b")})
    there = found.plan.links[0].model_copy(update={"existing": 1})
    found = assess(found.inventory, found.plan.model_copy(update={"links": (there,)}))
    kept = [each.missing for each in found.unstated if each.what == "continued support"]
    assert kept == ([missing] if missing else [])
    assert at_least(found, "yearly") == ("at least " if missing else "")
