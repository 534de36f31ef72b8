"""Findings that touch a plan, and its checks, are written into it."""

from __future__ import annotations

import io
import json

import openpyxl
import pytest
from plan_fixtures import SAMPLE, sample

import qplan
from qplan.assessment.facts import assess
from qplan.assessment.judgement import judge
from qplan.errors import Diagnostic
from qplan.inventory.model import Inventory
from qplan.outputs.bill.workbook import workbook_bytes
from qplan.outputs.report.markdown import report_markdown
from qplan.outputs.report.report import report_html


def warning(code, address, message="odd", hint=""):
    return Diagnostic("sites.yaml", 3, 1, code, "warning", address, message, hint=hint)


def touched(*found):
    return [finding.address for finding in judge(*sample(), [warning("QP300", address) for address in found]).findings]


@pytest.mark.parametrize(
    ("address", "touches"),
    [
        ("sites.win-co.lat", True),
        ("sites.uster-hut", True),  # patched through
        ("sites.elsewhere", False),
        ("fibres.f-zrh-win.ducts[0]", True),
        ("fibres.spare.loss_db", False),
        ("equipment.qkd_systems.dv-metro.labels.currency", True),
        ("equipment.qkd_systems.other", False),
        ("equipment.node_items.KMS-1", True),
        ("corridors.bank-a.ends[1]", True),
        ("policy.technologies[2]", True),
        ("", True),
    ],
)
def test_findings_about_what_the_plan_uses_touch_it(address, touches):
    assert bool(touched(address)) == touches


def test_findings_about_files_touch_no_plan_and_the_others_are_sorted_with_their_remedy():
    inventory, plan = sample()
    found = [warning("QP501", "sites.win-co", "b"), warning("QP302", "sites.win-co", "a", "do"), warning("QP021", "x")]
    found = judge(inventory, plan, [*found, found[0]]).findings
    assert [(each.code, each.text) for each in found] == [("QP302", "a; do"), ("QP501", "b")]


def test_plan_report_and_workbook_state_findings_and_checks():
    checks = {"few": {"metric": "relays", "max": 1.0}, "cheap": {"metric": "capex", "max": 1e9}}
    inventory = Inventory.model_validate({**SAMPLE, "checks": checks})
    plan = judge(inventory, sample()[1], [warning("QP302", "sites.win-co.lat", "is odd")])
    told = json.loads(plan.to_json())
    assert told["findings"] == [{"code": "QP302", "address": "sites.win-co.lat", "text": "is odd"}]
    said = {"where": {}, "severity": "error", "message": None}
    assert told["checks"] == [
        {"id": "cheap", "metric": "capex", "value": 709_000.0, "limits": {"max": 1e9}, "ok": True} | said,
        {"id": "few", "metric": "relays", "value": 2.0, "limits": {"max": 1.0}, "ok": False} | said,
    ]
    facts = assess(inventory, plan)
    for text in (report_markdown(facts), report_html(facts)):
        assert "QP302" in text and "is odd" in text
    sheet = openpyxl.load_workbook(io.BytesIO(workbook_bytes(facts)))["Findings"]
    assert [cell.value for cell in sheet[2]] == ["QP302", "sites.win-co.lat", "is odd"]


def test_what_a_shipped_catalogue_says_of_a_system_that_is_bought_stands_in_the_plan(tmp_path):
    file = tmp_path / "sites.yaml"
    file.write_text(
        "qplan: 1\ninclude: [catalogue:illustrative-2026]\npolicy: {technologies: [dv-cow]}\nsites: {a: {}, b: {}}\n"
        "fibres: {f: {ends: [a, b], length_km: 20}}\ncorridors: {c: {ends: [a, b], key_rate_bps: 9}}\n"
    )
    read = qplan.load(file)
    assert not read.warnings
    assert [item.code for item in qplan.optimize(read).plan.findings] == ["QP314"]
