"""`qplan validate` and `qplan rules`: formats, selection, suppressions, explanations, exit codes, speed."""

from __future__ import annotations

import io
import json
import re
import sys
from pathlib import Path
from urllib.parse import unquote
from xml.etree import ElementTree

import jsonschema
import pytest
import yaml
from benchmarks.large_inventory import cpu_s, times

from qplan.inventory.explanations import explanations
from qplan.inventory.reader import read_inventory
from qplan.inventory.rules import IMPORTS, PLANS, RULES
from qplan.inventory.source.suppressions import SUPPRESSIBLE
from qplan.inventory.validation import report, validate
from qplan.outputs.verbs import findings

HERE = Path(__file__).parent
UNLIKELY = HERE / "errors" / "unlikely.yaml"
SARIF = jsonschema.Draft4Validator(  # the schema as SchemaStore and the npm package @microsoft/jest-sarif (MIT) have it
    json.loads((HERE / "sarif-2.1.0.schema.json").read_text(encoding="utf-8")),
    format_checker=jsonschema.Draft4Validator.FORMAT_CHECKER,
)
NOT_IN_A_TEXT = {"QP002"}  # an example is text in UTF-8, and the rule is about files that are not

MIXED = """\
qplan: 1
sites:
  a: {name: "50%, ]]> <b> [x](javascript:0) {0}", lat: 47.0, lon: 8.0}
  b: {lat: 47.1, lon: 8.1}
  buoy: {lat: 0, lon: 0}  # qplan-ignore: QP302 <at sea>, 100 %
fibres:
  f: {ends: [a, b], length_km: 20, loss_db: 100}
  g: {ends: [a, b], length_km: 20, "x](y) {0} %0A::error::": 5}
  h: {ends: [a, "50%, ]]>"], length_km: 20}
corridors:
  c: {ends: [a, b], key_rate_bps: 1}
"""
GOOD = """\
qplan: 1
sites: {a: {}, b: {}}
fibres: {f: {ends: [a, b], length_km: 20}}
equipment: {qkd_systems: {s: {key_rate_curve: [[9, 1e3]], price: 1}}}
corridors: {c: {ends: [a, b], key_rate_bps: 1}}
"""


@pytest.fixture
def here(tmp_path, monkeypatch):
    """A repository whose inventory lies in a folder, and that folder the working one."""
    (tmp_path / ".git").mkdir()
    (tmp_path / "net").mkdir()
    monkeypatch.chdir(tmp_path / "net")
    return tmp_path / "net"


def mixed(here: Path, qplan, style: str, *options: str, text: str = MIXED, name: str = "sites.yaml") -> str:
    (here / name).write_text(text, encoding="utf-8")
    code, out, err = qplan("validate", name, "--format", style, *options)
    assert (code, err) == (3, "")
    return out


def found(here: Path, text: str, **options) -> list[tuple[str, int]]:
    (here / "sites.yaml").write_bytes(text.encode())
    return [(item.code, item.line) for item in validate("sites.yaml", **options).findings]


# what rules are


def test_every_rule_is_explained_in_one_paragraph():
    assert list(explanations()) == list(RULES) == sorted(RULES)
    for code, explained in explanations().items():
        assert "\n" not in explained.text and explained.text.endswith("."), code
        assert len(explained.text.split()) > 15 or code in ("QP105", "QP401"), code


@pytest.mark.parametrize(
    "code", [code for code in RULES if code not in NOT_IN_A_TEXT and not code.startswith((IMPORTS, PLANS))]
)
def test_example_has_the_finding_and_the_better_one_has_not(code, here):
    (here / "fibres.yaml").write_text("fibres: {}\n")
    for name, price in (("old", 1), ("new", 2)):
        (here / f"{name}-quotes.yaml").write_text(f"offers: {{q-1: {{for: services.s, list_price: {price}}}}}\n")
    (here / "common.yaml").write_text("policy: {loss_margin_db: 3}\n")
    explained = explanations()[code]
    options = dict(zip(explained.options[::2], explained.options[1::2], strict=True))
    overlay = {"scenario": options.get("--scenario"), "overrides": [v for k, v in options.items() if k == "--set"]}
    begin = "" if explained.after.startswith("qplan: 1") else "qplan: 1\n"
    assert code in {item for item, _ in found(here, begin + explained.before, **overlay)}
    if explained.after:
        better = found(here, begin + explained.after, **overlay)
        assert not [item for item, _ in better if item == code or RULES[item].severity == "error"]
    else:
        assert code == "QP015"  # the slip is on the command line


def test_rules_lists_and_explains(qplan):
    code, out, _ = qplan("rules")
    assert code == 0
    listed = dict(re.findall(r"^  (QP\d{3})  (error|warning) ", out, re.MULTILINE))
    assert listed == {code: rule.severity for code, rule in RULES.items()}
    code, out, _ = qplan("rules", "qp303")
    assert code == 0 and out.startswith("QP303 (warning): implausible loss per km\n")
    assert explanations()["QP303"].before.splitlines()[-1] in out and "qplan-ignore: QP303" in out
    assert "qplan-ignore" not in qplan("rules", "QP201")[1]
    code, out, err = qplan("rules", "QP30")
    assert (code, out) == (2, "") and "did you mean 'QP" in err


# formats


def test_text_ends_with_counts_and_a_rule_to_read(here, qplan):
    lines = mixed(here, qplan, "text").splitlines()
    assert lines[-1] == "Found 2 errors, 1 warning (1 suppressed). `qplan rules QP102` explains."
    (here / "good.yaml").write_text(GOOD)
    code, out, _ = qplan("validate", "good.yaml")
    assert (code, out) == (0, "good.yaml: valid (2 sites, 1 fibre, 1 QKD system, 1 corridor)\n")


def test_json_is_versioned_and_counts(here, qplan):
    report = json.loads(mixed(here, qplan, "json"))
    assert list(report) == ["format_version", "qplan_version", "files", "findings", "suppressed", "summary"]
    assert report["format_version"] == "1.0" and report["files"] == ["sites.yaml"]
    assert [(item["code"], item["line"]) for item in report["findings"]] == [
        ("QP303", 7), ("QP102", 8), ("QP106", 9),
    ]  # fmt: skip
    assert [(item["code"], item["line"], item["reason"]) for item in report["suppressed"]] == [
        ("QP302", 5, "<at sea>, 100 %")
    ]
    assert report["summary"] == {"errors": 2, "warnings": 1, "suppressed": 1, "errors_not_shown": 0}
    overridden = json.loads(mixed(here, qplan, "json", "--set", "sites.x.lat=1"))["findings"][0]
    assert (overridden["code"], overridden["line"], overridden["column"]) == ("QP016", None, None)


def test_sarif_keeps_to_the_standard(here, qplan):
    name = "a b,%:é.yaml"
    log = json.loads(mixed(here, qplan, "sarif", "--set", "sites.x.lat=1", name=name))
    SARIF.validate(log)
    (run,) = log["runs"]
    rules = [rule["id"] for rule in run["tool"]["driver"]["rules"]]
    assert rules == list(RULES)
    for result in run["results"]:
        assert rules[result["ruleIndex"]] == result["ruleId"]
        assert not re.search(r"\{[0-9]|\]\(", result["message"]["text"])  # would be a placeholder or a link
        place = result["locations"][0]["physicalLocation"]
        assert re.fullmatch("[A-Za-z0-9._~/%-]+", place["artifactLocation"]["uri"])
        assert unquote(place["artifactLocation"]["uri"]) == f"net/{name}"
        assert ("region" in place) == (result["ruleId"] != "QP016")
    justified = [(item["ruleId"], item["suppressions"]) for item in run["results"] if item["suppressions"]]
    assert justified == [("QP302", [{"kind": "inSource", "justification": "<at sea>, 100 %"}])]


@pytest.mark.parametrize("style", ["sarif", "codequality"])
def test_fingerprints_are_unique_and_stay_when_lines_move(style, here, qplan):
    def prints(text: str) -> list[str]:
        report = json.loads(mixed(here, qplan, style, text=text))
        if style == "codequality":
            return [item["fingerprint"] for item in report]
        return [item["partialFingerprints"]["qplanFinding/v1"] for item in report["runs"][0]["results"]]

    before = prints(MIXED)
    assert len(set(before)) == len(before) >= 3
    assert set(prints(MIXED.replace("sites:\n", "\n# moved\n\nsites:\n"))) == set(before)


def test_github_annotations_survive_odd_names(here, qplan):
    name = "a,b:c%.yaml"
    lines = mixed(here, qplan, "github", name=name).splitlines()
    report = json.loads(mixed(here, qplan, "json", name=name))
    form = re.compile(r"::(error|warning) file=([^,:]*),line=(\d+),col=(\d+)(?:,endColumn=\d+)?,title=(QP\d+)::(.*)")
    for line, item in zip(lines, report["findings"], strict=True):
        severity, file, number, column, title, message = form.fullmatch(line).groups()
        assert (severity, int(number), int(column), title) == tuple(
            item[key] for key in ("severity", "line", "column", "code")
        )
        assert unquote(file) == f"net/{name}"
        assert unquote(message) == item["message"] + (f"; {item['hint']}" if item["hint"] else "")


def test_code_quality(here, qplan):
    report = json.loads(mixed(here, qplan, "codequality"))
    assert {(item["check_name"], item["severity"]) for item in report} >= {("QP102", "major"), ("QP303", "minor")}
    for item in report:
        assert set(item) == {"description", "check_name", "fingerprint", "severity", "location"}
        assert item["location"]["path"] == "net/sites.yaml" and item["location"]["lines"]["begin"] >= 1


def test_junit_counts_what_it_holds(here, qplan):
    (here / "good.yaml").write_text(GOOD)
    suites = ElementTree.fromstring(mixed(here, qplan, "junit", "good.yaml").encode())
    assert {suite.get("name"): suite.get("tests") for suite in suites} == {"net/sites.yaml": "4", "net/good.yaml": "1"}
    for holder in (suites, *suites):
        for attribute, tag in (("tests", "testcase"), ("failures", "failure"), ("skipped", "skipped")):
            assert int(holder.get(attribute)) == len(list(holder.iter(tag)))
    assert [failure.get("type") for failure in suites.iter("failure")] == ["QP102", "QP106"]
    assert [skipped.get("message") for skipped in suites.iter("skipped")] == ["suppressed: <at sea>, 100 %"]
    names = [case.get("name") for case in suites.iter("testcase")]
    assert len(set(names)) == len(names)


# selection and exit codes


def test_strict_makes_errors_of_warnings(here, qplan):
    (here / "sites.yaml").write_text(GOOD.replace(", price: 1", ""))
    assert qplan("validate")[0] == 0
    code, out, _ = qplan("validate", "--strict")
    assert code == 3 and "error[QP501]" in out and "warning[" not in out and "valid under --strict" in out
    assert qplan("validate", "--strict", "--soft-fail")[0] == 0
    assert qplan("validate", "--strict", "--ignore", "QP5")[0] == 0
    assert qplan("validate", "--strict", "--select", "QP1,QP2", "--select", "QP3")[0] == 0
    assert qplan("validate", "--strict", "--select", "QP5")[0] == 3


def test_an_error_that_is_not_shown_still_counts(here, qplan):
    assert {item["code"] for item in json.loads(mixed(here, qplan, "json", "--select", "QP3"))["findings"]} == {"QP303"}
    report = json.loads(mixed(here, qplan, "json", "--ignore", "QP102", "--ignore", "qp106"))
    assert {item["severity"] for item in report["findings"]} == {"warning"}
    assert report["summary"]["errors_not_shown"] == 2
    out = mixed(here, qplan, "text", "--select", "QP501")
    assert out == "Found nothing (2 errors not shown).\n"
    assert qplan("validate", "--soft-fail", "--select", "QP501")[0] == 0


@pytest.mark.parametrize("option", ["--select", "--ignore"])
@pytest.mark.parametrize("code", ["QP555", "303", "", "QP3,,QP1"])
def test_unknown_code_is_wrong_usage(option, code, here, qplan):
    (here / "sites.yaml").write_text(GOOD)
    assert qplan("validate", option, code)[:2] == (2, "")


def test_standard_input_is_read_in_the_working_folder(here, qplan, monkeypatch):
    (here / "fibres.yaml").write_text("fibres: {g: {ends: [a, x], length_km: 20}}\n")
    text = GOOD.replace("qplan: 1\n", "qplan: 1\ninclude: [fibres.yaml]\n").replace("price: 1", "pryce: 1")
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(text.encode())))
    code, out, _ = qplan("validate", "-")
    assert code == 3 and "stdin:5:" in out and "fibres.yaml:1:" in out


def test_default_file(here, qplan):
    assert qplan("validate")[0] == 2
    (here / "west.qplan.yaml").write_text(GOOD)
    assert qplan("validate")[:2] == (0, "west.qplan.yaml: valid (2 sites, 1 fibre, 1 QKD system, 1 corridor)\n")
    (here / "east.qplan.yaml").write_text(GOOD)
    assert qplan("validate")[0] == 2
    (here / "sites.yaml").write_text(GOOD)
    assert qplan("validate")[1].startswith("sites.yaml: valid")


def test_several_files_and_a_fragment_that_they_share(here, qplan):
    (here / "fibres.yaml").write_text("fibres: {f: {ends: [a, b], length_km: 20, loss_db: 99}}\n")
    for name in ("one.yaml", "two.yaml"):
        (here / name).write_text(re.sub("fibres: .*", "include: [fibres.yaml]", GOOD))
    (here / "three.yaml").write_text("qplan: 2\n")
    code, out, _ = qplan("validate", "one.yaml", "two.yaml", "three.yaml")
    assert code == 3 and "one.yaml: valid" in out and "two.yaml: valid" in out and "three.yaml: valid" not in out
    assert out.endswith("Found 1 error, 1 warning. `qplan rules QP018` explains.\n")
    suites = ElementTree.fromstring(qplan("validate", "one.yaml", "two.yaml", "--format", "junit")[1].encode())
    assert [suite.get("tests") for suite in suites] == ["1", "1"]


def test_a_file_that_cannot_be_read_costs_no_finding_about_the_others(here, qplan):
    (here / "bad.yaml").write_text("qplan: 2\n")
    code, out, err = qplan("validate", "gone.yaml", "bad.yaml", "lost.yaml", "--format", "json")
    assert [item["code"] for item in json.loads(out)["findings"]] == ["QP018"]
    assert code == 1 and "gone.yaml" in err and "lost.yaml" in err


# suppressions


@pytest.mark.parametrize("form", ["behind", "above", "windows"])
def test_each_warning_can_be_suppressed_by_itself(form, here):
    text = UNLIKELY.read_text(encoding="utf-8")
    if form == "windows":
        text = text.replace("\n", "\r\n")
    (here / "sites.yaml").write_bytes(text.encode())
    warnings = read_inventory("sites.yaml").warnings
    assert len({item.code for item in warnings} & SUPPRESSIBLE) > 15
    for item in warnings:
        lines = text.splitlines()
        comment = f"# qplan-ignore: {item.code} because: of [this], # and that"
        if form == "above":
            lines.insert(item.line - 1, f"  {comment}\n  # another comment")
        else:
            lines[item.line - 1] += f"  {comment}"
        (here / "sites.yaml").write_bytes(("\r\n" if form == "windows" else "\n").join(lines).encode())
        reading = read_inventory("sites.yaml")
        gone = [other for other in warnings if (other.line, other.code) == (item.line, item.code)]
        assert [(s.address, s.reason) for s in reading.suppressed] == [
            (other.address, "because: of [this], # and that") for other in gone
        ]
        assert sorted((w.code, w.address) for w in reading.warnings) == sorted(
            (w.code, w.address) for w in warnings if w not in gone
        )


def test_unused_suppressions_are_told_only_where_that_is_known(here):
    comment = "# qplan-ignore: QP407 trial"
    text = GOOD + f"{comment}\nscenarios:\n  none: {{set: {{corridors.c.key_rate_bps: 0}}}}  {comment}\n"
    assert found(here, text) == [("QP021", 6)]
    assert found(here, text, scenario="none") == []
    assert found(here, text, overrides=["corridors.c.paths=1"]) == []
    assert found(here, text + "sits: {}\n") == [("QP102", 9)]


def test_text_that_looks_like_a_suppression_is_none(here):
    values = ('"# qplan-ignore: QP1"', "'x # qplan-ignore: QP1'", "|\n    # qplan-ignore: QP1\n", "a#qplan-ignore x")
    for value in values:
        assert found(here, GOOD + f"metadata:\n  name: {value}\n") == []


def test_planning_honours_suppressions(here, qplan):
    text = GOOD.replace("length_km: 20", "length_km: 20, loss_db: 2")
    (here / "sites.yaml").write_text(text)
    assert "warning[QP303]" in qplan("optimize")[2]
    (here / "sites.yaml").write_text(text.replace("loss_db: 2}}", "loss_db: 2}}  # qplan-ignore: QP303 short jumper"))
    code, _, err = qplan("optimize")
    assert (code, err) == (0, "")


# around it


HOOKS = yaml.safe_load((HERE.parents[1] / ".pre-commit-hooks.yaml").read_text(encoding="utf-8"))


@pytest.mark.parametrize("hook", HOOKS, ids=[hook["id"] for hook in HOOKS])
def test_pre_commit_hook_runs_on_inventories(hook, here, qplan):
    (here / "sites.yaml").write_text(GOOD)
    (here / "west.qplan.yaml").write_text(GOOD)
    touched = sorted(path.name for path in here.iterdir() if re.search(hook["files"], path.name))
    assert touched == ["sites.yaml", "west.qplan.yaml"]
    chosen = touched if hook.get("pass_filenames", True) else []  # else ./sites.yaml with what it includes
    assert not chosen or not re.search(hook["files"], "websites.yaml")
    program, *arguments = hook["entry"].split()
    assert program == "qplan" and qplan(*arguments, *chosen)[0] == 0


ODD_SHAPES = {  # head, and what is repeated
    "one line": ("sites: {", "s{}: {{lat: 45, lon: 8}}, ", "}"),
    "unknown keys": ("x-a: 1\n", "key-{}: 1\n", ""),
    "wrong types": ("sites:\n", "  s{}: {{lat: x}}\n", ""),
    "overrides": ("sites: {a: {}}\nset:\n", "  sites.s{}: {{lat: 1}}\n  sites.t{}.lat: 1\n", ""),
    "suppressions": ("sites:\n", "# qplan-ignore: QP206 number {}\n", "  a: {}\n"),
}


@pytest.mark.parametrize("shape", ODD_SHAPES)
def test_four_times_as_much_takes_far_less_than_sixteen_times_as_long(shape, tmp_path):
    head, repeated, tail = ODD_SHAPES[shape]

    def seconds(count: int) -> float:
        text = "qplan: 1\n" + head + "".join(repeated.replace("{}", str(i)) for i in range(count)) + tail
        (tmp_path / "sites.yaml").write_text(text.replace("{{", "{").replace("}}", "}"))
        return cpu_s(lambda: findings.text(report([validate(tmp_path / "sites.yaml")], (), (), False)))

    seconds(10)
    assert any(seconds(4000) < 9 * seconds(1000) + 0.1 for _ in range(4))  # a machine under load disturbs some


def test_validating_takes_at_most_three_times_as_long_as_loading(tmp_path):
    def ratio() -> float:
        measured = times(10_000, tmp_path)
        return measured["validate"] / min(measured["CSafeLoader"], measured["CLoader"])

    assert any(ratio() <= 3 for _ in range(3))  # other processes make single measurements worse, never better


# many findings, and findings inside shipped files


def many(count: int, wrong: str = "") -> str:
    sites = "".join(f"  s{i}: {{lat: {47 + i / 100}, lon: 8}}\n" for i in range(count + 1))
    fibres = "".join(f"  f{i}: {{ends: [s{i}, s{i + 1}]{wrong}}}\n" for i in range(count))
    return f"qplan: 1\nsites:\n{sites}fibres:\n{fibres}"


def test_many_findings_alike_are_one_group_in_text_and_all_in_machine_formats(here, qplan):
    (here / "sites.yaml").write_text(many(750, ", lenght_km: 5") + "  g: {ends: [s0, s1], strnds: 4}\n")
    code, text, _ = qplan("validate")
    assert code == 3 and len(text.splitlines()) < 40
    assert "… and 747 more errors[QP102], in sites.yaml:758, 759, 760, 761, 762 …\n" in text
    assert "unknown key 'strnds'" in text  # another mistake under the same rule is not hidden
    assert text.endswith("Found 751 errors. `qplan rules QP102` explains.\n")
    assert len(json.loads(qplan("validate", "--format", "json")[1])["findings"]) == 751
    assert len(qplan("validate", "--format", "github")[1].splitlines()) == 751
    (here / "sites.yaml").write_text(many(5))
    assert qplan("validate")[1].count("warning[QP305]") == 5


def test_what_a_shipped_catalogue_says_counts_for_no_one(here, qplan):
    including = GOOD.replace("qplan: 1\n", "qplan: 1\ninclude: [catalogue:illustrative-2026]\n")
    (here / "sites.yaml").write_text(including)
    assert qplan("validate", "--strict")[0] == 0
    reading = read_inventory("sites.yaml")
    assert not reading.warnings and {item.code for item in reading.shipped_warnings} == {"QP314"}
    (here / "sites.yaml").write_text(including + "set: {equipment.qkd_systems.cow-legacy.price: null}\n")
    assert [item.code for item in read_inventory("sites.yaml").warnings] == ["QP501"]


def test_an_error_inside_a_shipped_catalogue_is_told_at_the_file_that_includes_it(here, qplan):
    text = "qplan: 1\ninclude: [catalogue:illustrative-2026]\nset: {equipment.qkd_systems.dv-metro-1g.clock_hz: 1000}\n"
    log = json.loads(mixed(here, qplan, "sarif", text=text))
    SARIF.validate(log)
    (place,) = [r["locations"][0]["physicalLocation"] for r in log["runs"][0]["results"] if r["ruleId"] == "QP311"]
    assert place == {"artifactLocation": {"uri": "net/sites.yaml", "uriBaseId": "%SRCROOT%"}}
    assert "file=net/sites.yaml,title=QP311::catalogue" in mixed(here, qplan, "github", text=text)
    text = "qplan: 1\nequipment: {qkd_systems: {cow-legacy: {key_rate_curve: [[1, 2]]}}}\n"
    text += "include: [catalogue:illustrative-2026]\n"
    assert ("QP014", 2) in found(here, text)
