"""The first hour: starting a project, settings, suggestions, colours, completion; what every verb has in common."""

from __future__ import annotations

import json
import os
import re
import shlex
import subprocess
import sys
from functools import cache
from pathlib import Path

import click
import pytest
import yaml
from jsonschema import Draft202012Validator

from qplan import __version__
from qplan.cli.main import COMMANDS, OTHER_WORDS, cli, main
from qplan.outputs.schemas import SCHEMAS
from qplan.outputs.starter.starter import starter_files

ROOT = Path(__file__).parents[2]
README = (ROOT / "README.md").read_text("utf-8")
IMPOSSIBLE = "corridors.mirror.max_relays=0"


@pytest.fixture
def here(tmp_path, monkeypatch) -> Path:
    """An empty current folder."""
    monkeypatch.chdir(tmp_path)
    for name in [name for name in os.environ if name.startswith("QPLAN_") or name in ("NO_COLOR", "FORCE_COLOR")]:
        monkeypatch.delenv(name)
    return tmp_path


STARTER = cache(starter_files)


@pytest.fixture
def project(here) -> Path:
    """A folder as `qplan init` leaves it, which has a test of its own."""
    for place, content in STARTER().items():
        Path(place).parent.mkdir(parents=True, exist_ok=True)
        Path(place).write_bytes(content)
    return here


# ---- init


def test_init_writes_a_project_that_plans_at_once(here, qplan):
    code, out, err = qplan("init", "lab", "--pre-commit")
    assert (code, err) == (0, "") and out.endswith("\nNext: qplan optimize lab/sites.yaml\n")
    written = {path.relative_to(here).as_posix() for path in here.rglob("*") if path.is_file()}
    assert written == {f"lab/{place}" for place in starter_files(pre_commit=True)}
    first = Path("lab/sites.yaml").read_text("utf-8").splitlines()[0]
    schema = Path("lab", first.partition("$schema=")[2])
    assert schema.read_bytes() == (ROOT / "schemas" / "inventory.schema.json").read_bytes()
    assert qplan("validate", "--strict", "lab/sites.yaml")[0] == 0
    assert qplan("fmt", "--check", "lab/sites.yaml") == (0, "", "")
    code, out, err = qplan("optimize", "lab/sites.yaml")
    assert (code, err) == (0, "") and "Proven optimal" in out


def test_the_starter_is_the_file_of_the_readme():
    assert f"```yaml\n{starter_files()['sites.yaml'].decode()}```" in README


def test_init_overwrites_nothing(here, qplan):
    Path("sites.yaml").write_text("mine")
    Path(".gitignore").symlink_to("nowhere")
    code, out, _ = qplan("init")
    assert code == 0 and "kept  sites.yaml\n" in out and "kept  .gitignore\n" in out
    assert Path("sites.yaml").read_text() == "mine" and not Path("nowhere").exists()
    before = {path.name: path.read_bytes() for path in here.iterdir() if path.is_file()}
    assert "wrote" not in qplan("init")[1]
    assert {path.name: path.read_bytes() for path in here.iterdir() if path.is_file()} == before
    code, _, err = qplan("init", "sites.yaml")
    assert code == 1 and "cannot write sites.yaml/sites.yaml" in err


INSTALLED = 'pip install "${QPLAN:?fill it in at the top of this file}"'
PIPELINES = {"github": ".github/workflows/qplan.yml", "gitlab": ".gitlab-ci.yml"}


def steps(forge: str) -> list[str]:
    """The commands of a pipeline that was begun here, but the installation."""
    text = Path(PIPELINES[forge]).read_text("utf-8")
    pipeline = yaml.safe_load(text)
    found = pipeline["qplan"]["script"] if forge == "gitlab" else pipeline["jobs"]["plan"]["steps"]
    lines = [step if forge == "gitlab" else step.get("run") for step in found]
    assert f"FILL IN where pip finds qplan {__version__}" in text and lines.count(INSTALLED) == 1
    return [line for line in lines if line and line.startswith("qplan ")]


@pytest.mark.parametrize("forge", PIPELINES)
def test_a_pipeline_has_steps_that_are_commands(here, qplan, forge):
    assert qplan("init", "--ci", forge)[0] == 0
    assert len(steps(forge)) >= 3
    for line in steps(forge):
        _, verb, *words = shlex.split(line.partition(" >")[0])
        cli.get_command(click.Context(cli), verb).make_context(verb, words)


def test_the_steps_of_a_pipeline_run(here, qplan):
    """In a shell, in a project that was begun so."""
    assert qplan("init", "--ci", "github")[0] == 0
    script = ["set -eu", f'qplan() {{ {shlex.quote(sys.executable)} -m qplan "$@"; }}', *steps("github")]
    environment = {**os.environ, "GITHUB_STEP_SUMMARY": "summary.md"}
    done = subprocess.run(["sh", "-c", "\n".join(script)], check=False, capture_output=True, text=True, env=environment)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    assert Path("sites.plan/plan.json").exists() and Path("summary.md").read_text("utf-8").startswith("## ")


# ---- schema, catalogue, doctor


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("validate", ["sites.yaml", "--set", "sites.north.lng=8"]),
        ("verify", ["sites.yaml", "sites.plan", "--set", "sites.west.operator=x"]),
        ("doctor", []),
    ],
)
def test_documents_fit_their_schemas(project, qplan, name, words):
    Path("sites.yaml").write_text(Path("sites.yaml").read_text("utf-8").replace("ducts: [shore]}", "ducts: [s]}", 1))
    assert qplan("optimize", "-q")[0] == 0
    document = json.loads(qplan(name, *words, "--format", "json")[1])
    schema = json.loads(qplan("schema", name)[1])
    assert next(iter(document)) == "format_version" and {*document} == {*schema["properties"]} == {*schema["required"]}
    assert [error.message for error in Draft202012Validator(schema).iter_errors(document)] == []


def test_schemas_are_printed(qplan):
    for path in (ROOT / "schemas").glob("*.schema.json"):
        assert qplan("schema", path.name.partition(".")[0])[1] == path.read_text("utf-8")
    code, out, err = qplan("schema", "plna")
    assert (code, out) == (2, "") and "did you mean 'plan'?" in err


def test_catalogues_are_listed_and_shown(qplan):
    file = ROOT / "qplan" / "catalogue" / "illustrative-2026.yaml"
    systems = yaml.safe_load(file.read_text("utf-8"))["equipment"]["qkd_systems"]
    out = qplan("catalogue", "list")[1]
    assert all(re.search(rf"^{name} .*illustrative$", out, re.MULTILINE) for name in systems)
    told = json.loads(qplan("catalogue", "--format", "json")[1])
    assert next(iter(told)) == "format_version"
    classical, quantum = told["catalogues"]
    assert quantum["qkd_systems"].keys() == systems.keys() and "qkd_systems" not in classical
    assert "\nEncryptors: ipsec-10g\n" in out
    for name in (file.stem, f"catalogue:{file.stem}"):
        assert qplan("catalogue", "show", name)[1] == file.read_text("utf-8")
    code, _, err = qplan("catalogue", "show", "ilustrative-2026")
    assert code == 2 and f"did you mean '{file.stem}'?" in err
    code, _, err = qplan("catalogue", "show", "cv-metro")
    assert code == 2 and f"'cv-metro' stands in `qplan catalogue show {file.stem}`" in " ".join(err.split())
    assert qplan("catalogue", "show")[0] == 2


def test_doctor_tries_what_is_needed(qplan, monkeypatch):
    code, out, _ = qplan("doctor", "--format", "json")
    told = json.loads(out)
    assert code == 0 and told["sound"] and {part["name"]: part["works"] for part in told["parts"]}["HiGHS"]
    assert told["libraries"]["pydantic"]
    assert re.search(r"^works +graphviz-pure +\d", qplan("doctor")[1], re.MULTILINE)
    monkeypatch.setattr("qplan.outputs.verbs.doctor.run_graphviz", lambda *words: "")
    code, out, _ = qplan("doctor")
    assert code == 1 and re.search(r"^FAILS +graphviz-pure", out, re.MULTILINE)


# ---- words


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["optimise"], "did you mean 'optimize'?"),
        (["plan"], "did you mean 'optimize'?"),
        (["validat"], "did you mean 'validate'?"),
        (["xyzzy"], "qplan --help lists all"),
        (["sites.yaml"], "`qplan optimize sites.yaml`?"),
        (["verify", "sites.plan", "sites.yaml"], "qplan verify sites.yaml sites.plan"),
        (["export", "sites.plan", "geojson"], "qplan export geojson sites.plan"),
        (["export", "geojsn", "sites.plan"], "did you mean 'geojson'?"),
        (["explain", "sites.west", "sites.plan"], "qplan explain sites.plan sites.west"),
        (["explain", "sites.yaml", "corridors.miror"], "did you mean 'mirror'?"),
        (["validate", "--frmat", "json"], "--format"),
    ],
)
def test_what_was_meant_is_said(project, qplan, words, said):
    Path("sites.plan").mkdir()
    code, out, err = qplan(*words)
    assert (code, out) == (2, "") and said in err


def test_standard_input_is_read_once(project, qplan):
    assert qplan("validate", "-", "-")[0] == 2 and "can be read only once" in qplan("diff", "-", "-")[2]


def test_other_words_lead_to_verbs():
    assert {word for word in OTHER_WORDS.values() if not word.startswith("-")} <= {*COMMANDS}
    assert not OTHER_WORDS.keys() & COMMANDS.keys()


def test_a_folder_or_a_plan_is_no_inventory(project, qplan):
    assert qplan("optimize", "-q")[0] == 0
    for words, code, said in (
        (["optimize", "."], 1, "the inventory in it is sites.yaml"),
        (["validate", "sites.plan"], 1, "the inventory in it is sites.plan/inventory.json"),
        (["optimize", "sites.plan/plan.json"], 3, "is a plan, not an inventory"),
        (["optimize", "--start", "sites.yaml"], 3, "sites.yaml is not a plan"),
    ):
        found, out, err = qplan(*words)
        assert (found, out) == (code, "") and said in err


@pytest.mark.parametrize("name", COMMANDS)
def test_help_has_examples_that_are_commands(project, name):
    command = cli.get_command(click.Context(cli), name)
    assert command.examples
    assert all(line in command.get_help(click.Context(command)) for line, _ in command.examples)
    for line, _ in command.examples:
        program, verb, *words = shlex.split(line.rpartition("| ")[2].partition(" > ")[0])
        assert (program, verb) == ("qplan", name)
        command.make_context(verb, words)


def test_what_is_printed_as_json_has_a_schema(project, qplan):
    commands = {name: cli.get_command(click.Context(cli), name) for name in COMMANDS}
    prints_json = {n for n, c in commands.items() if any("json" in getattr(p.type, "choices", ()) for p in c.params)}
    assert prints_json <= SCHEMAS.keys()
    Path("sites.csv").write_text("id,lat,lon\na,47,8\nb,47.1,8\n", "utf-8")
    Path("fibres.csv").write_text("id,from,to,length_km\nf,a,b,20\n", "utf-8")
    for schema, words in {
        "optimize": "optimize",
        "explain": f"optimize -o none.plan --set {IMPOSSIBLE}",
        "explain-plan": "explain sites.plan",
        "explain-address": "explain sites.plan corridors.mirror",
        "import": "import csv sites.csv fibres.csv -o new.yaml",
        "catalogue": "catalogue list",
        "rules": "rules QP303",
    }.items():
        printed = json.loads(qplan(*words.split(), "--format", "json")[1])
        assert next(iter(printed)) == "format_version"
        Draft202012Validator(SCHEMAS[schema]()).validate(printed)
    Draft202012Validator(SCHEMAS["explain"]()).validate(
        json.loads(Path("none.plan/explanation.json").read_text("utf-8"))
    )


# ---- settings


def test_a_flag_goes_before_the_environment_and_that_before_settings(project, qplan, monkeypatch):
    def gap() -> float:
        return json.loads(Path("sites.plan/plan.json").read_text("utf-8"))["solver"]["gap_asked"]

    Path("qplan.toml").write_text("[optimize]\ngap = 0.5\nquiet = true\n[validate]\nselect = ['QP3', 'QP4']\n")
    assert qplan("optimize") == (0, "", "") and gap() == 0.5
    monkeypatch.setenv("QPLAN_OPTIMIZE_GAP", "0.25")
    assert qplan("optimize") == (0, "", "") and gap() == 0.25
    assert qplan("optimize", "--gap", "0.125") == (0, "", "") and gap() == 0.125
    assert qplan("validate", "--ignore", "QP5")[0] == 0


def test_settings_are_those_of_the_repository(here, qplan, monkeypatch):
    Path("qplan.toml").write_text("[rules]\nx = 1\n")
    Path("inner/deep").mkdir(parents=True)
    monkeypatch.chdir("inner/deep")
    assert qplan("rules")[0] == 0  # no repository: nothing above counts
    (here / ".git").mkdir()
    assert qplan("rules")[0] == 2
    (here / "inner" / "pyproject.toml").write_text("[tool.other]\n")
    assert qplan("rules")[0] == 2
    (here / "inner" / "pyproject.toml").write_text("[tool.qplan.rules]\n")
    assert qplan("rules")[0] == 0


@pytest.mark.parametrize("text", ["[tool]\nqplan = 3\n", "tool = 3\n[qplan]\n", "[tool\n# qplan"])
def test_a_pyproject_may_hold_anything(project, qplan, text):
    Path("pyproject.toml").write_text(text)
    code, _, err = qplan("rules")
    assert (code, err) == (0, "") or (code == 2 and err.startswith("error: pyproject.toml"))


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("[optimize]\ngapp = 1\n", "qplan.toml: 'optimize' has no option 'gapp'; did you mean 'gap'?"),
        ("[optimize]\ngap = 'much'\n", "'much' is not a number from 0 to 1 (in qplan.toml)"),
        ("[optimize]\ngap = [1]\n", "qplan.toml: optimize.gap is [1]; expected a text or a number"),
        ("[optimize]\nquiet = 'yes'\n", "qplan.toml: optimize.quiet is 'yes'; expected true or false"),
        ("[optimize]\ngap = 2026-01-01\n", "expected a text or a number"),
        ("optimize = 3\n", "expected a table"),
        ("[optimze]\ngap = 1\n", "qplan.toml: there is no verb 'optimze'; did you mean 'optimize'?"),
        ("gap = 1\n", "qplan.toml: there is no verb 'gap'"),
        ("[optimize\n", "qplan.toml is no TOML"),
        ("\xff", "qplan.toml is no TOML"),
        ("a=" + "[" * 5000, "qplan.toml is no TOML"),
        ('["\\u001b[2J"]', "there is no verb '\\x1b[2J'"),
    ],
)
def test_wrong_settings_are_told(project, qplan, text, said):
    Path("qplan.toml").write_bytes(text.encode("latin-1"))
    code, out, err = qplan("optimize")
    assert (code, out) == (2, "") and said in err
    code, _, err = qplan("doctor")
    assert code == 2 and said.removesuffix(" (in qplan.toml)") in err


def test_a_wrong_environment_is_told(project, qplan, monkeypatch):
    monkeypatch.setenv("QPLAN_OPTIMIZE_GAP", "much")
    code, _, err = qplan("optimize")
    assert code == 2 and "QPLAN_OPTIMIZE_GAP" in err


# ---- the terminal


def test_colours_are_seen_where_they_are_wanted(project, qplan, monkeypatch):
    def coloured(*words: str) -> bool:
        return any("\x1b[" in text for text in qplan(*words)[1:])

    words = ("validate", "--set", "sites.north.lng=8")
    plain = qplan(*words)[1]
    assert "error[QP016]" in plain and not coloured(*words)
    assert coloured(*words, "--color", "always")
    assert click.unstyle(qplan(*words, "--color", "always")[1]) == plain
    monkeypatch.setenv("FORCE_COLOR", "1")
    assert coloured(*words) and not coloured(*words, "--color", "never")
    assert not coloured(*words, "--format", "json")
    assert coloured("optimize", "missing.yaml")
    monkeypatch.setenv("NO_COLOR", "1")
    assert not coloured(*words)


def test_soft_fail_takes_back_3_and_6_alone(project, qplan):
    assert qplan("validate", "--soft-fail", "--set", "sites.north.lng=8")[0] == 0
    assert qplan("optimize", "--soft-fail", "--set", "sites.north.lng=8")[0] == 0
    assert qplan("optimize", "--soft-fail", "-q", "--set", "checks.ceiling.max=1")[0] == 0
    assert qplan("optimize", "--soft-fail", "-q", "--set", IMPOSSIBLE)[0] == 4
    assert qplan("validate", "--soft-fail", "missing.yaml")[0] == 1


def test_optimize_ends_with_what_to_do_next(project, qplan):
    code, out, _ = qplan("optimize")
    assert code == 0 and "\nNew trusted nodes: " not in out  # east is there already
    assert out.splitlines()[-1] == "Written to sites.plan: open sites.plan/report.html first."
    out = qplan("optimize", "--set", "policy.loss_margin_db=2")[1]
    folder = next(path.name for path in project.glob("sites.set-*.plan"))
    assert "\nPlan (policy.loss_margin_db=2): " in out and "\nNew trusted nodes: Central office West\n" in out
    for line in re.findall(r"^(?:Next:|     ) (qplan explain .*?)  ", out, re.MULTILINE):
        assert qplan(*shlex.split(line)[1:])[0] == 0
    assert out.endswith(f"Written to {folder}: open {folder}/report.html first.\n")
    assert "variant" not in qplan("optimize", "--format", "json")[1] and "Next:" not in qplan("optimize", "-q")[1]


def test_a_plan_for_no_corridors_says_that_it_builds_nothing(project, qplan):
    Path("bare.yaml").write_text("qplan: 1\nsites: {a: {}, b: {}}\n", encoding="utf-8")
    code, out, _ = qplan("optimize", "bare.yaml")
    assert code == 0 and "! No corridor asks for keys, so the plan builds nothing." in out
    assert "Next: qplan rules QP406  how to state who needs keys\n" in out and "qplan explain" not in out


def test_what_was_changed_never_lands_in_the_plan_of_the_file(project, qplan):
    varied = (["--set", "policy.loss_margin_db=2"], ["--objective", "capex"], ["--demand-factor", "1"])
    for words in ([], ["--scenario", "lost-east"], *varied):
        assert qplan("optimize", "-q", *words)[0] == 0
    twice = ["--scenario", "lost-east", "--set", "policy.loss_margin_db=2"]
    assert qplan("optimize", "-q", *twice)[0] == 0
    names = sorted(path.name for path in project.glob("*.plan"))
    assert len(names) == 6 and {"sites.plan", "sites.lost-east.plan"} < {*names}
    assert sum(bool(re.fullmatch(r"sites\.set-[0-9a-f]{8}\.plan", name)) for name in names) == 3
    assert sum(bool(re.fullmatch(r"sites\.lost-east\.set-[0-9a-f]{8}\.plan", name)) for name in names) == 1
    assert qplan("optimize", "-q", *twice)[0] == 0
    assert len(list(project.glob("*.plan"))) == 6


def test_an_earlier_plan_beside_an_explanation_is_called_stale(project, qplan):
    assert qplan("optimize", "-q", "-o", "one.plan")[0] == 0
    before = Path("one.plan/plan.json").read_bytes()
    code, out, _ = qplan("optimize", "--set", IMPOSSIBLE, "-o", "one.plan")
    last = out.splitlines()[-1]
    assert code == 4 and "TCO" in last
    assert last.startswith("one.plan/plan.json is an earlier plan, not of this inventory")
    assert out.startswith(f"With {IMPOSSIBLE}: ")
    assert json.loads(Path("one.plan/explanation.json").read_text("utf-8"))["stale_plan"] is True
    assert Path("one.plan/plan.json").read_bytes() == before
    assert "earlier plan" not in qplan("optimize", "--set", IMPOSSIBLE)[1]
    code, out, _ = qplan("optimize", "--time-limit", "0.001", "-o", "one.plan")  # reading alone takes longer
    assert code == 5 and out.startswith("No plan was found before the search ended")
    assert out.splitlines()[-1].startswith("one.plan/plan.json is an earlier plan, of this inventory, and stays")
    assert json.loads(Path("one.plan/explanation.json").read_text("utf-8"))["stale_plan"] is False
    assert Path("one.plan/plan.json").read_bytes() == before


# ---- completion


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("qplan opt", {"optimize"}),
        ("qplan optimize --scenario ", {"lost-east"}),
        ("qplan optimize sites.yaml --set corridors.mirror.p", {"corridors.mirror.paths="}),
        ("qplan explain sites.yaml ", {"corridors.mirror"}),
        ("qplan explain sites.plan sites.w", {"sites.west"}),
        ("qplan rfq sites.plan --supplier gen", {"generic"}),
        ("qplan export geo", {"geojson"}),
        ("qplan schema inv", {"inventory"}),
        ("qplan catalogue show ", {"classical-2026", "illustrative-2026"}),
        ("qplan optimize --scenario x --gap ", set()),
        ("qplan explain broken.yaml cor", set()),
    ],
)
def test_a_shell_completes(project, qplan, line, expected, monkeypatch, capsys):
    Path("broken.yaml").write_text("a: [")
    if "sites.plan" in line:
        assert qplan("optimize", "-q")[0] == 0
    words = line.split(" ")
    monkeypatch.setenv("_QPLAN_COMPLETE", "bash_complete")
    monkeypatch.setenv("COMP_WORDS", line)
    monkeypatch.setenv("COMP_CWORD", str(len(words) - 1))
    monkeypatch.setattr(sys, "argv", ["qplan"])
    with pytest.raises(SystemExit):
        main()
    out, err = capsys.readouterr()
    assert err == "" and {entry.partition(",")[2] for entry in out.splitlines()} - {""} == expected


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_the_line_of_the_readme_sets_completion_up(here, qplan, shell, monkeypatch):
    assert f"_QPLAN_COMPLETE={shell}_source qplan" in README or f"`{shell}_source` in" in README
    monkeypatch.setenv("_QPLAN_COMPLETE", f"{shell}_source")
    code, out, err = qplan()
    assert (code, err) == (0, "") and f"{shell}_complete" in out


def test_the_settings_of_the_readme_are_settings(project, qplan):
    (text,) = re.findall(r"^  ```toml\n(.*?)^  ```$", README, re.DOTALL | re.MULTILINE)
    Path("qplan.toml").write_text(text)
    assert qplan("optimize", "-q") == (0, "", "")
    assert json.loads(Path("sites.plan/plan.json").read_text("utf-8"))["solver"]["gap_asked"] == 0.01
    assert qplan("validate")[0] == 0
