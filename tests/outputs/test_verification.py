"""What is said of a plan that was re-checked: what holds, what was not proven again, which results have changed."""

from __future__ import annotations

import json
from xml.etree import ElementTree

import qplan
from qplan.api.words import render_verification
from qplan.errors import Exit
from qplan.outputs.verbs.verification import verification, verification_json, verification_text
from qplan.plan.model import Plan

SITES = """\
qplan: 1
sites: {a: {}, b: {}}
fibres: {f: {ends: [a, b], length_km: 20}}
equipment: {qkd_systems: {s: {key_rate_curve: [[5, 1e6], [20, 1e3]], price: 100}}}
corridors: {c: {ends: [a, b], key_rate_bps: 100}}
checks: {few: {metric: links, max: 1}}
"""


def planned(folder):
    (folder / "sites.yaml").write_text(SITES)
    reading = qplan.load(folder / "sites.yaml")
    return reading, qplan.optimize(reading).plan


def test_what_verification_does_not_prove_again_is_said(tmp_path):
    reading, plan = planned(tmp_path)
    found = verification(reading, plan)
    assert (found.holds, found.exit_code) == (True, Exit.DONE)
    assert "Not proven again, but taken from the plan: status optimal, bound 100, gap 0 %." in verification_text(found)
    assert json.loads(verification_json(found))["not_reproven"] == {"status": "optimal", "bound": 100.0, "gap": 0.0}
    unbound = plan.model_copy(
        update={"status": "feasible", "objective": plan.objective.model_copy(update={"bound": None, "gap": None})}
    )
    assert "no bound" in verification_text(verification(reading, unbound))


def test_what_a_plan_says_of_how_it_was_read_is_not_believed_in_silence(tmp_path):
    reading, plan = planned(tmp_path)
    assert verification(reading, plan).read_otherwise == ()
    false = {"scenario": "funded", "set": {"policy.loss_margin_db": 3}, "sha256": "0" * 64}
    wrong = plan.model_copy(update={"inventory": plan.inventory.model_copy(update=false)})
    found = verification(reading, wrong)
    assert found.holds and json.loads(verification_json(found))["read_otherwise"] == ["sha256", "scenario", "set"]
    assert "how its inventory was read (sha256, scenario, set) is not so here" in verification_text(found)
    worse = wrong.model_copy(update={"checks": ()})
    assert "(sha256, scenario, set) is not so here" in verification_text(verification(reading, worse))
    other = {"effective_sha256": "0" * 64}
    edited = plan.model_copy(update={"inventory": plan.inventory.model_copy(update=other)})
    assert verification(reading, edited).read_otherwise == ()


def test_results_of_checks_are_judged_again(tmp_path):
    reading, plan = planned(tmp_path)
    (check,) = plan.checks
    severity, message, where = {"severity": "warning"}, {"message": "fine"}, {"where": {"site": "a"}}
    for changed in ({"value": 3.0}, {"ok": False}, {"limits": {"max": 7.0}}, {"id": "other"}, severity, message, where):
        wrong = plan.model_copy(update={"checks": (check.model_copy(update=changed),)})
        found = verification(reading, wrong)
        assert found.exit_code == Exit.CHECK and {each.rule for each in found.violations} == {"check-value"}
        assert all(each.found != each.limit for each in found.violations)
    rounded = check.model_copy(update={"value": check.value * (1 + 1e-15) + 1e-15})
    assert rounded != check and verification(reading, plan.model_copy(update={"checks": (rounded,)})).holds
    twice = plan.model_copy(update={"checks": (check.model_copy(update={"ok": not check.ok}), check)})
    assert [each.limit for each in verification(reading, twice).violations] == ["one result"]
    gone = verification(reading, plan.model_copy(update={"checks": ()}))
    assert [(each.address, each.found) for each in gone.violations] == [("checks.few", "none")]
    silent = json.loads(plan.model_dump_json())
    del silent["checks"]
    assert verification(reading, Plan.model_validate_json(json.dumps(silent))).holds


def test_a_check_that_fails_is_named_beside_what_else_is_broken(tmp_path):
    """No plan is said to keep all limits that does not; that what stands on false figures is not judged is said."""
    _, plan = planned(tmp_path)
    cases = {
        "checks.few.max": (0, "1 figure differs. What it builds still keeps every rule.\nIt keeps 0 of 1 check.\n"),
        "fibres.f.strands": (0, "1 rule broken.\nIt keeps 0 of 1 check.\n"),
        "corridors.c.key_rate_bps": (50, "every rule.\nThe inventory's checks are not judged, as what they measure"),
    }
    for address, (value, said) in cases.items():
        edited = qplan.load(tmp_path / "sites.yaml", set={"checks.few.max": 0, address: value})
        text = verification_text(verification(edited, plan))
        assert said in text
        assert ("check few: error: links 1 exceeds 0\n" in text) == (address != "corridors.c.key_rate_bps")


def test_findings_are_looked_for_again_where_the_same_files_are_read(tmp_path):
    (tmp_path / "sites.yaml").write_text(SITES.replace("price: 100", "price: 100, max_loss_db: 25"))
    reading = qplan.load(tmp_path / "sites.yaml")
    plan = qplan.optimize(reading).plan
    (finding,) = plan.findings
    assert verification(reading, plan).holds
    for changed in ((), (finding.model_copy(update={"text": "all is well"}),), (finding, finding)):
        found = verification(reading, plan.model_copy(update={"findings": changed}))
        assert found.exit_code == Exit.CHECK and {each.rule for each in found.violations} == {"finding-value"}
    other = qplan.load(tmp_path / "sites.yaml", set={"fibres.f.strands": 3})
    assert verification(other, plan.model_copy(update={"findings": ()})).holds


def test_loss_budgets_stand_in_the_plan_and_are_worked_out_again(tmp_path):
    reading, plan = planned(tmp_path)
    (link,) = plan.links
    parts = dict(link.budget_db)
    assert parts == {"fibre": 5.5, "connectors": 0.5, "splices": 0.0, "patching": 0.0, "margin": 0.0}
    wrong = link.model_copy(update={"budget_db": link.budget_db.model_copy(update={"fibre": 5.0, "margin": 0.5})})
    found = verification(reading, plan.model_copy(update={"links": (wrong,)}))
    assert [each.address.rpartition(".")[2] for each in found.violations] == ["fibre", "margin"]
    older = link.model_copy(update={"budget_db": None})
    assert verification(reading, plan.model_copy(update={"links": (older,)})).holds


def test_checks_that_are_not_kept_stand_at_their_line_for_pipelines(tmp_path):
    limits = "checks:\n  few: {metric: links, max: 1}\n  roomy: {metric: headroom_db, min: 20, severity: warning}\n"
    limits += "  none: {metric: links, max: 0, message: build nothing}\n"
    (tmp_path / "sites.yaml").write_text(SITES.replace("checks: {few: {metric: links, max: 1}}\n", limits))
    reading = qplan.load(tmp_path / "sites.yaml")
    result = qplan.optimize(reading)
    assert result.exit_code == Exit.CHECK
    found = verification(reading, result.plan)
    assert (found.holds, found.exit_code) == (True, Exit.CHECK)
    assert "It keeps 1 of 3 checks." in verification_text(found)
    results = json.loads(render_verification(found, "sarif"))["runs"][0]["results"]
    lines = {r["locations"][0]["logicalLocations"][0]["fullyQualifiedName"]: r for r in results}
    places = {key: r["locations"][0]["physicalLocation"]["region"]["startLine"] for key, r in lines.items()}
    assert places == {"checks.none": 9, "checks.roomy": 8}
    assert {key: r["level"] for key, r in lines.items()} == {"checks.none": "error", "checks.roomy": "warning"}
    assert "::error file=" in render_verification(found, "github")
    suite = ElementTree.fromstring(render_verification(found, "junit"))
    assert (suite.get("tests"), suite.get("failures")) == ("4", "1")
    assert len(json.loads(render_verification(found, "codequality"))) == 2
    assert len(json.loads(verification_json(found))["checks"]) == 3
