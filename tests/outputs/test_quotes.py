"""Requests for quotation: what is asked, what nobody may read in them, and that nothing in them calculates."""

from __future__ import annotations

import csv
import hashlib
import io
import json
import re
import zipfile
from copy import deepcopy
from decimal import Decimal
from pathlib import Path

import openpyxl
import pytest
from click.testing import CliRunner
from plan_fixtures import SAMPLE, sample

from qplan.api.quoting import default_folder, write_requests
from qplan.assessment.facts import assess
from qplan.cli.main import cli
from qplan.errors import QplanError, WrongUsage
from qplan.inventory.answer_form import ANSWERS, LINE, line_code
from qplan.inventory.model import Inventory
from qplan.inventory.reader import effective_json
from qplan.outputs.quotes.form import request_csv
from qplan.outputs.quotes.request import betrayals, requests
from qplan.outputs.quotes.workbook import request_workbook

HOSTILE = '=HYPERLINK("http://x","y")'


def asked(change=lambda values: None, **options):
    """The sample's plan, asked for; with more products and texts."""
    _, plan = sample()
    values = deepcopy(SAMPLE)
    values["fibres"]["f-zrh-win"]["operator"] = "Citynet"
    values["fibres"]["f-win-sg"]["operator"] = "Railfibre"
    values["services"] = {
        "install": {"description": "Installation", "per": "link", "price": 500.0},
        "ceremony": {"description": "Key ceremony", "per": "relay", "price": 900.0},
    }
    values["spares"] = {"qkd_systems.dv-metro": 1}
    values["equipment"]["encryptors"] = {"gate": {"manufacturer": "Gatemaker", "key_inputs": ("etsi-014",)}}
    values["classical"] = {"encryptor": "gate"}
    values["equipment"]["qkd_systems"]["dv-metro"]["price"] = 151357.0
    values["equipment"]["node_items"]["KMS-1"]["price"] = 31357.0
    change(values)
    facts = assess(Inventory.model_validate(values), plan)
    return facts, requests(facts, **options)


def every_byte(request) -> str:
    """All that stands in the files of a request, names of parts of the workbook too."""
    book = zipfile.ZipFile(io.BytesIO(request_workbook(request)))
    parts = [book.read(name).decode() for name in book.namelist()]
    return "\n".join([*book.namelist(), *parts, request_csv(request)])


def test_a_supplier_reads_of_his_own_lines_and_ends_alone():
    facts, (request,) = asked(supplier="example photonics")
    text = every_byte(request)
    assert "QX-1-PAIR" in text and "KMS-1" in text and "Winterthur CO" in text
    secrets = [
        *SAMPLE["corridors"], "corridor", "relay", "trusted", "Sample Quantum", "cv-long", "LR-7", "Citynet",
        "Railfibre", "Gatemaker", *SAMPLE["fibres"], "uster-hut", "Uster hut", "a1-east", "151357", "31357", "Q-2291",
        "HSM", "security module", "regulated", "acme",
    ]  # fmt: skip
    assert [word for word in secrets if word.casefold() in text.casefold()] == []
    assert betrayals(facts, request) == ()


@pytest.mark.parametrize("ware", ["qkd", "fibre", "services", "encryptors"])
def test_a_request_that_goes_to_several_names_none_of_them(ware):
    facts, (request,) = asked(ware=ware)
    text = every_byte(request).casefold()
    makers = ["Example Photonics", "Sample Quantum", "Citynet", "Railfibre", "Gatemaker"]
    ids = ["dv-metro", "cv-long", "QX-1", "LR-7", "KMS-1", "HSM-2", *SAMPLE["fibres"], *SAMPLE["corridors"]]
    assert [word for word in [*makers, *ids, "corridor", "relay", "trusted"] if word.casefold() in text] == []
    assert betrayals(facts, request) == ()


def test_text_of_the_inventory_that_names_a_secret_is_told():
    def change(values):
        values["services"]["install"]["description"] = "Installation of Sample Quantum pairs for Bank-A"

    facts, (request,) = asked(change, ware="services")
    (first, second) = betrayals(facts, request)
    assert "corridor 'bank-a'" in first and "supplier 'Sample Quantum'" in second


def test_every_link_asks_for_its_rate_at_its_loss_and_every_quantity_is_that_of_the_plan():
    facts, found = asked()
    lines = {line.product: line for request in found for line in request.lines}
    system = lines["qkd_systems.dv-metro"]
    assert (system.quantity, system.spares, len(system.links)) == (3, 1, 3)
    assert sorted((link.loss_db, link.required_bps) for link in system.links) == [
        (pytest.approx(6.1), 2068.267), (pytest.approx(9.8), 2000.0), (pytest.approx(14.2), 2000.0),
    ]  # fmt: skip
    rate = dict(system.requirements)["Secret key rate of a pair, guaranteed"]
    assert rate.startswith("at least 2000 bit/s at 14.20 dB; 2068.267 bit/s at 6.10 dB")
    bought = {line.key: line.quantity for line in facts.bill if line.category.value in ("QKD system", "node equipment")}
    assert {key: lines[f"qkd_systems.{key}"].quantity for key in ("dv-metro", "cv-long")} == {
        key: bought[key] for key in ("dv-metro", "cv-long")
    }
    assert lines["node_items.KMS-1"].quantity == bought["KMS-1"]
    assert sum(place.quantity for place in lines["node_items.KMS-1"].places) == bought["KMS-1"]
    assert lines["relay_items.HSM-2"].places == ()  # an address would name a relay
    assert lines["fibres.f-zrh-win"].quantity == 2
    assert lines["encryptors.gate"].quantity == 4
    assert {place.site: place.quantity for place in lines["encryptors.gate"].places} == {
        "zrh-dc1": Decimal(2), "win-co": Decimal(1), "sg-hq": Decimal(1),
    }  # fmt: skip


def test_others_may_take_the_room_that_the_sites_have_left_and_no_more():
    def needs(change=lambda values: None, **options):
        facts, (request,) = asked(change, **options)
        (line,) = [line for line in request.lines if line.product == "qkd_systems.dv-metro"]
        return facts, dict(line.requirements)["Rack units"]

    _, neutral = needs(ware="qkd")
    said = re.fullmatch("say how much per end; at most ([0-9.]+), left beside what .* [(]planned with 2[)]", neutral)
    assert said is not None and needs(supplier="Example Photonics")[1] == "at most 2 per end"
    for more, fits in ((0, True), (0.2, False)):
        system = {"rack_units": float(said[1]) + more}
        facts, _ = needs(lambda values, s=system: values["equipment"]["qkd_systems"]["dv-metro"].update(s), ware="qkd")
        assert fits == all(n.rack_units.free is None or n.rack_units.used <= n.rack_units.free for n in facts.nodes)
    _, free = needs(lambda values: [site.pop("rack_units", None) for site in values["sites"].values()], ware="qkd")
    assert free == "say how much per end (planned with 2)"


def test_no_cell_becomes_a_formula_and_the_bytes_are_the_same_each_time():
    def change(values):
        values["metadata"] = {"name": HOSTILE, "owner": HOSTILE}
        values["sites"]["zrh-dc1"] |= {"name": HOSTILE, "address": f"@{HOSTILE}", "contact": f"+{HOSTILE}"}
        values["services"]["install"]["description"] = HOSTILE
        values["equipment"]["qkd_systems"]["dv-metro"]["technology"] = HOSTILE

    _, found = asked(change)
    for request in (*found, *asked(change, supplier="Example Photonics")[1]):
        data = request_workbook(request)
        assert data == request_workbook(request)
        book = zipfile.ZipFile(io.BytesIO(data))
        sheets = [book.read(name).decode() for name in book.namelist() if name.startswith("xl/worksheets/sheet")]
        assert len(sheets) >= 4 and not any(re.search("<f[ >]|<hyperlink", sheet) for sheet in sheets)
        cells = [cell for row in csv.reader(io.StringIO(request_csv(request))) for cell in row]
        assert not any(cell.startswith(("=", "+", "-", "@")) for cell in cells)


def test_the_offer_sheet_has_drop_downs_and_a_frozen_header_that_is_repeated():
    _, (request,) = asked(ware="qkd")
    sheet = openpyxl.load_workbook(io.BytesIO(request_workbook(request)))["Offer"]
    headings = [cell.value for cell in sheet[1]]
    assert headings[0] == LINE and set(ANSWERS.values()) < set(headings)
    assert [sheet.cell(row, 1).value for row in range(2, 6)] == [line.code for line in request.lines]
    lists = {
        headings[next(iter(rule.sqref.ranges)).min_col - 1]: rule.formula1
        for rule in sheet.data_validations.dataValidation
    }
    assert lists["Kind of offer"] == '"purchase,lease,managed"' and lists["Complies"] == '"yes,partly,no"'
    assert "CHF" in lists["Currency"]
    assert (sheet.freeze_panes, sheet.print_title_rows) == ("C2", "$1:$1")
    assert (sheet.page_setup.paperSize, sheet.page_setup.orientation) == (9, "landscape")
    assert "Confidential" in sheet.oddHeader.left.text


def test_one_more_system_changes_the_lines_that_it_is_about_and_no_code():
    _, (before,) = asked(ware="services")
    _, (after,) = asked(lambda values: values["services"].update(more={"per": "plan", "price": 1.0}), ware="services")
    assert {line.code for line in before.lines} < {line.code for line in after.lines}
    assert line_code("qkd_systems.dv-metro") == "QKD-8e4dc4b4"


def test_a_service_says_where_its_price_by_the_year_goes():
    watch = {"description": "Monitoring", "per": "plan", "price_per_year": 2400.0}
    _, (request,) = asked(lambda values: values["services"].update(watch=watch), ware="services")
    prices = {line.what: need.value for line in request.lines for need in line.requirements if need.name == "Price"}
    assert prices["Monitoring"] == (
        "due by the year: under Support per unit and year; Price per unit (one-off) may stay empty"
    )
    assert prices["Installation"].startswith("what is due once under Price per unit (one-off), ")
    assert "The price of a service that is due by the year" in every_byte(request)


def test_what_cannot_be_asked_for_is_said():
    with pytest.raises(WrongUsage, match=r"nothing from 'Sample Quantun'; did you mean 'Sample Quantum'"):
        asked(supplier="Sample Quantun")
    with pytest.raises(WrongUsage, match=r"nothing of services; it buys qkd, fibre"):
        asked(lambda values: values.update(services={}), ware="services")


def test_an_answer_is_not_overwritten(tmp_path, monkeypatch):
    _, found = asked(ware="qkd")
    (paths,) = write_requests(tmp_path, found).values()
    write_requests(tmp_path, found)
    paths[1].write_text("answered")
    with pytest.raises(QplanError, match=r"qkd\.csv, which differ.*may hold answers"):
        write_requests(tmp_path, found)
    folder = tmp_path / "a.plan"
    folder.mkdir()
    monkeypatch.chdir(folder)
    assert {default_folder(plan) for plan in (folder, folder / "plan.json", ".", "plan.json")} == {tmp_path / "a.rfq"}


def test_the_verb_writes_the_requests_beside_the_plan_and_says_what_to_look_at(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    inventory, plan = sample()
    Path("sites.plan").mkdir()
    text = effective_json(inventory)
    Path("sites.plan/inventory.json").write_text(text, encoding="utf-8")
    digest = hashlib.sha256(text.encode()).hexdigest()
    plan = plan.model_copy(update={"inventory": plan.inventory.model_copy(update={"effective_sha256": digest})})
    Path("sites.plan/plan.json").write_text(plan.to_json(), encoding="utf-8")
    run = CliRunner().invoke(cli, ["rfq", "sites.plan", "--class", "qkd", "--format", "json"], standalone_mode=False)
    assert run.return_value == 0 and "places without an address: sites.rap-pop.address" in run.stderr
    (request,) = json.loads(run.stdout)["requests"]
    assert request["files"] == ["sites.rfq/qkd.xlsx", "sites.rfq/qkd.csv"] and request["supplier"] is None
    assert {line["product"] for line in request["lines"]} == {
        "qkd_systems.cv-long", "qkd_systems.dv-metro", "node_items.KMS-1", "relay_items.HSM-2",
    }  # fmt: skip
    said = CliRunner().invoke(cli, ["rfq", "sites.plan", "--supplier", "Sample Quantum"], standalone_mode=False)
    assert "sites.rfq/sample-quantum.xlsx" in said.stdout and Path("sites.rfq/sample-quantum.csv").exists()
