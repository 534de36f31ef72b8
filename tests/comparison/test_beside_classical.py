"""The classical design beside a plan: worked out by hand, and the quantum column is the sum of the other two."""

from __future__ import annotations

import csv
import io
import json
import re
from decimal import Decimal

import pytest
from jsonschema import Draft202012Validator
from openpyxl import load_workbook
from plan_fixtures import sample
from test_comparison import east_only, edited
from workbooks import unfit_sheets

from qplan.api.columns import beside_classical, render_classical
from qplan.api.planning import Result
from qplan.assessment.facts import assess
from qplan.comparison.beside_classical import BesideClassical, compare_with_classical
from qplan.costing.classical import classical_design
from qplan.errors import WrongUsage
from qplan.inventory.model import Inventory
from qplan.inventory.reader import Reading, read_inventory
from qplan.outputs.compare.classical import classical_document, classical_sections, money_rows
from qplan.outputs.costs.costs_json import costs_json
from qplan.outputs.report.report import report_html
from qplan.outputs.schemas import SCHEMAS

GATE = {"price": 1000, "support_per_year": 100, "pqc_licence_per_year": 10, "qkd_licence_per_year": 7, "life_years": 4}
BLOCK = {
    "encryptor": "gate",
    "per_end": 2,
    "effort_days_per_tunnel": 3,
    "programme": [{"item": "inventory", "effort_days": 10, "price": 500}],
    "per_site": [{"item": "firmware", "price": 50}],
}
STATED = {"equipment__encryptors": {"gate": GATE}, "classical": BLOCK, "economics__day_rate": 1000}
RATE, YEARS = Decimal("1.04"), 10
HEADINGS = ("Classical", "With QKD", "QKD adds")


def stated(**changes: object) -> Inventory:
    """The sample with a classical design: bank-a rekeys 8 tunnels, grid-b states a rate."""
    return edited(**{**STATED, "economics__horizon_years": YEARS, "economics__discount_rate": 0.04, **changes})


@pytest.fixture(scope="module")
def beside() -> BesideClassical:
    return compare_with_classical(east_only(stated()))


def test_the_classical_design_costs_what_it_does_by_hand():
    inventory = stated(economics__contingency=0.1)
    corridors = inventory.corridors
    tunnels = sum(corridor.rekey.tunnels if corridor.rekey else 1 for corridor in corridors.values())
    sites = len({end for corridor in corridors.values() for end in corridor.ends})
    units = 2 * 2 * len(corridors)
    design = classical_design(inventory)
    capex = Decimal(units * 1000 + tunnels * 3000 + 10 * 1000 + 500 + sites * 50)
    assert Decimal(str(design.costs.capex)) == capex
    yearly = units * 110
    assert design.costs.opex_per_year == yearly
    later = sum((yearly + (units * 1000 if y in (4, 8) else 0)) / RATE**y for y in range(1, YEARS + 1))
    assert design.costs.tco == pytest.approx(float(capex * Decimal("1.1") + later), abs=0.01)
    for total, part in ((design.costs.capex, "capex"), (design.costs.tco, "tco")):
        assert sum(getattr(share, part) for share in design.shares) == Decimal(str(total))


def test_an_owned_encryptor_costs_its_tunnels_alone_and_offers_are_taken():
    inventory = stated(classical={**BLOCK, "encryptor": "owned"})
    assert [line.address for line in classical_design(inventory).lines] == [
        "classical.tunnels",
        "classical.per_site.0",
        "classical.programme.0",
    ]
    offer = {"for": "encryptors.gate", "list_price": 1000, "discount": 0.5, "support_per_year": 100}
    plain, offered = (classical_design(stated(offers=offers)) for offers in ({}, {"half": offer}))
    units = 4 * len(plain.shares)
    assert plain.costs.capex - offered.costs.capex == units * 500


def test_what_has_no_price_is_told():
    design = classical_design(stated(economics__day_rate=None, equipment__encryptors={"gate": {}}))
    assert {line.address for line in design.lines if line.to_be_quoted} == {
        "encryptors.gate",
        "classical.tunnels",
        "classical.programme.0",
    }


def test_quantum_is_classical_and_the_plan(beside):
    for name in ("capex", "contingency", "opex_per_year", "tco"):
        parts = getattr(beside.classical, name) + getattr(beside.facts.plan.costs, name)
        assert getattr(beside.quantum, name) == pytest.approx(parts, abs=1e-9)
    assert sum(each.extra for each in beside.corridors) == pytest.approx(beside.facts.plan.costs.tco, abs=0.005)
    served = sum(corridor.served for corridor in beside.facts.corridors)
    payment = json.loads(costs_json(beside.facts))["tco_per_year"]
    assert payment == pytest.approx(beside.extra.tco / float(sum(RATE**-y for y in range(1, YEARS + 1))), abs=0.01)
    assert beside.extra_per_protected_year == pytest.approx(payment / served, abs=0.01)
    assert sum(beside.extra_per_year(each.extra) for each in beside.corridors) == pytest.approx(payment, abs=0.02)


def test_every_column_comes_to_its_tco_and_the_years_to_what_is_paid(beside):
    rows = {key: [Decimal(str(amount)) for amount in amounts] for key, _, amounts in money_rows(beside)}
    parts = ("capex", "contingency", "opex", "refresh", "discount")
    assert [sum(each) for each in zip(*(rows[key] for key in parts), strict=True)] == rows["tco"]
    assert rows["refresh"][1] == 2 * 4 * 1000 * len(beside.corridors)  # gateways, in years 4 and 8
    table = next(each for each in classical_sections(beside)[0].tables if each.title.startswith("By year"))
    for column in (1, 2, 3):
        paid = sum(Decimal(re.sub(r"[^\d.-]", "", row[column])) for row in table.rows)
        assert paid == sum(rows[key][column] for key in parts[:-1])


def test_every_form_says_the_same(beside):
    content = json.loads(render_classical(beside, "json"))
    assert not list(Draft202012Validator(SCHEMAS["compare"]()).iter_errors(content))
    classical, quantum = content["columns"]
    assert (classical["id"], quantum["id"], content["baseline"]) == ("classical", "quantum", "classical")
    for name in ("capex", "opex_per_year", "tco"):
        difference = quantum["costs"][name] - classical["costs"][name]
        assert content["extra"][name] == pytest.approx(difference, abs=0.005)
    for key, amount in content["extra"]["corridors"].items():
        difference = quantum["corridors"][key]["tco"] - classical["corridors"][key]["tco"]
        assert amount == pytest.approx(difference, abs=0.005)
    assert unfit_sheets(render_classical(beside, "xlsx")) == []
    sheet = load_workbook(io.BytesIO(render_classical(beside, "xlsx")), data_only=True)["Classical"]
    rows = {row[0]: row[1:] for row in sheet.iter_rows(min_row=2, values_only=True)}
    for today, classical, quantum, extra in rows.values():
        assert (today, extra) == (0, pytest.approx(quantum - classical, abs=0.005))
    whole = next(cells for name, cells in rows.items() if name.startswith("TCO (10 y"))
    assert whole[3] == beside.extra.tco
    header, *lines = csv.reader(io.StringIO(render_classical(beside, "csv").decode()))
    assert header == ["key", "today", "classical", "quantum", "extra"]
    assert [[float(cell) for cell in line[1:]] for line in lines[: len(rows)]] == [
        [float(cell) for cell in cells] for cells in rows.values()
    ]
    shares = {key: cells for key, *cells in lines[len(rows) :]}
    firm = [column["firmness"] for column in (*content["columns"], {"firmness": beside_costs(beside)})]
    assert [float(share) for share in shares["firmness.illustrative"][1:]] == [each["illustrative"] for each in firm]
    assert "Today" in render_classical(beside, "text").decode()
    for style in ("text", "markdown", "html"):
        assert "safer" not in render_classical(beside, style).decode()


def beside_costs(beside: BesideClassical) -> dict:
    return json.loads(costs_json(beside.facts))["firmness"]


def test_what_both_sides_rest_on_is_said_before_the_amounts():
    gate = {**GATE, "provenance": {"price": "quote", "support_per_year": "illustrative"}, "power_w": 50}
    work = [{**BLOCK["programme"][0], "provenance": "derived"}]
    inventory = stated(
        equipment__encryptors={"gate": gate}, classical={**BLOCK, "programme": work}, economics__energy_per_kwh=0.2
    )
    found = compare_with_classical(east_only(inventory))
    classical, quantum, extra = found.firmness
    amounts = {"derived": 10_500.0, "quote": 0.0, "illustrative": 0.0, "no source": 0.0}
    for line in found.design.lines:
        if line.address == "encryptors.gate":
            licence, power = line.cost.support * 10 / 110, line.cost.energy
            worth = sum(1 / RATE**y for y in range(1, YEARS + 1))
            again = line.cost.capex * (RATE**-4 + RATE**-8)
            amounts["quote"] += float(line.cost.capex + again)
            amounts["illustrative"] += float((line.cost.support - licence) * worth)
            amounts["no source"] += float((licence + power) * worth)
        elif line.address != "classical.programme.0":
            amounts["illustrative"] += float(line.cost.capex)
    assert {each: share * found.classical.tco for each, share in classical.shares.items()} == pytest.approx(
        amounts | {"contingency": found.classical.contingency}, abs=0.01
    )
    whole = (classical.share("illustrative"), found.classical.tco), (extra.share("illustrative"), found.extra.tco)
    mixed = sum(share * tco for share, tco in whole) / found.quantum.tco
    assert quantum.share("illustrative") == pytest.approx(mixed)
    said = classical_sections(found)[0].paragraphs
    assert [text.split(":")[0] for text in said[1:4]] == ["Classical", "With QKD", "QKD adds"]
    assert all("% is illustrative" in text for text in said[1:4])
    for style in ("text", "markdown", "html", "csv"):
        assert "illustrative" in render_classical(found, style).decode(), style
    book = load_workbook(io.BytesIO(render_classical(found, "xlsx")))
    assert any("illustrative" in str(row[0]) for row in book["Summary"].iter_rows(values_only=True))


def test_a_side_that_counts_something_as_0_is_at_least_so_much_in_every_form():
    """The sample's cv-long has no price; the gateway of the second has none, and is bought again."""
    extra_open = compare_with_classical(east_only(stated()))
    both_open = compare_with_classical(east_only(stated(equipment__encryptors={"gate": {"life_years": 4}})))
    for found, columns in ((extra_open, ("With QKD", "QKD adds")), (both_open, ("Classical", "With QKD", "QKD adds"))):
        content = json.loads(render_classical(found, "json"))
        assert [bool(column["counted_as_0"]) for column in content["columns"]] == ["Classical" in columns, True]
        text = re.sub(r"\s+", " ", render_classical(found, "text").decode())
        assert "QKD adds at least CHF" in text and ": at least CHF" in text
        assert "QKD adds: counted as 0, because not stated: price of 1 of" in text and "(cv-long)" in text
        assert "QKD adds: to be quoted, in no total: QKD system" in text
        sheet = load_workbook(io.BytesIO(render_classical(found, "xlsx")))["Classical"]
        assert [cell.value for cell in sheet[1]][2:] == [
            f"{name}, at least" if name in columns else name for name in HEADINGS
        ]
        last = list(csv.reader(io.StringIO(render_classical(found, "csv").decode())))[-1]
        assert last == ["amounts", "", *("at least" if name in columns else "" for name in HEADINGS)]
        figures = dict(classical_document(found).figures)
        assert [figures[name].startswith("TCO at least") for name in HEADINGS] == [name in columns for name in HEADINGS]
    bought = next(table for table in classical_sections(both_open)[0].tables if table.title == "The classical design")
    assert bought.rows[0][-1] == "to be quoted"


def test_without_years_what_is_protected_is_said_all_the_same():
    found = compare_with_classical(east_only(stated(economics__horizon_years=0)))
    said = classical_sections(found)[0].paragraphs[0]
    assert said.endswith("of TCO over 0 years and protects 2 corridors.") and found.extra_per_protected_year is None
    assert "at the end of each year" not in " ".join(classical_sections(found)[1].points)


def test_the_report_has_the_section_where_a_design_is_stated_alone(beside):
    assert "Classical beside quantum" in report_html(beside.facts)
    assert "Classical beside quantum" not in report_html(assess(*sample()))


def test_without_a_block_the_way_to_one_is_told(tmp_path):
    inventory, plan = sample()
    reading = Reading.__new__(Reading)
    object.__setattr__(reading, "inventory", inventory)
    with pytest.raises(WrongUsage, match="catalogue:classical-2026"):
        beside_classical(Result(reading, plan))


def test_the_shipped_block_is_ready(tmp_path):
    file = tmp_path / "sites.yaml"
    file.write_text(
        "qplan: 1\ninclude: [catalogue:classical-2026]\neconomics: {day_rate: 1000}\n"
        "sites: {a: {}, b: {}}\nfibres: {f: {ends: [a, b], length_km: 10}}\n"
        "corridors: {c: {ends: [a, b], key_rate_bps: 1}}\n"
    )
    design = classical_design(read_inventory(file).inventory)
    assert design.costs.capex == 2 * 12000 + 3 * 1000 + 40_000 + 50_000 + 15_000 + 5_000 + 2 * 2 * 1000
