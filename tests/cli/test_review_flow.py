"""A change in a git repository, from the first commit to the comment: plan, edit, diff, lock, hooks, pipeline."""

from __future__ import annotations

import json
import os
import re
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

import qplan
from qplan.api.planning import load_plan
from qplan.optimizer import planner

ROOT, HERE = Path(__file__).parents[2], Path(__file__).parent
SITES = """\
qplan: 1
include: [plant.yaml]
metadata: {name: Lake}
sites:
  north: {name: North, operator: bank, country: CH}
  south: {name: South, operator: bank, country: CH}
  east: {name: East, operator: bank, country: CH, relay_cost: 1000}
  west: {name: West, operator: citynet, country: DE, relay_cost: 2000}
equipment:
  qkd_systems:
    cheap: {key_rate_curve: [[0, 1000], [20, 100]], price: 50000, provenance: quote}
    strong: {key_rate_curve: [[0, 5000], [30, 100]], price: 130000}
corridors:
  mirror: {ends: [north, south], key_rate_bps: 90}
policy: {max_bypass_sites: 0}
budget: {tco: 400000}
checks:
  abroad: {metric: trusted_nodes, where: {country: DE}, max: 0, severity: warning, message: no keys in clear in Germany}
"""
PLANT = """\
fibres:
  ne: {ends: [north, east], loss_db: 10, length_km: 40}
  es: {ends: [east, south], loss_db: 11, length_km: 45}
  nw: {ends: [north, west], loss_db: 12, length_km: 50}
  ws: {ends: [west, south], loss_db: 12, length_km: 50}
  direct: {ends: [north, south], loss_db: 28, length_km: 100}
"""
EDITS = {  # file, what is there, what then
    "measured": [("plant.yaml", "loss_db: 11", "loss_db: 21.5")],
    "price": [("sites.yaml", "price: 50000", "price: 56000")],
    "moved": [("sites.yaml", "relay_cost: 1000}", "relay_cost: 9000}")],
    "limit": [("sites.yaml", "tco: 400000", "tco: 500000")],
    "shared": [
        ("sites.yaml", "key_rate_bps: 90", "key_rate_bps: 90, paths: 2"),
        ("plant.yaml", "length_km: 40", "length_km: 40, ducts: [bridge]"),
        ("plant.yaml", "12, length_km: 50", "12, length_km: 50, ducts: [bridge]"),
    ],
}
AUTHOR = ("-c", "user.name=Test", "-c", "user.email=test@example.org", "-c", "commit.gpgsign=false")


def git(folder: Path, *words: str) -> str:
    done = subprocess.run(["git", *AUTHOR, *words], cwd=folder, check=True, capture_output=True, text=True)
    return done.stdout


def commit(folder: Path, message: str = "change") -> None:
    git(folder, "add", "-A")
    git(folder, "commit", "-q", "-m", message)


@pytest.fixture(scope="module")
def planned(tmp_path_factory) -> Path:
    """A repository with an inventory, a fragment and the plan, committed."""
    folder = tmp_path_factory.mktemp("planned")
    (folder / "sites.yaml").write_text(SITES)
    (folder / "plant.yaml").write_text(PLANT)
    (folder / ".gitattributes").write_text("*.plan/** -text\n")
    git(folder, "init", "-q", "-b", "main")
    qplan.write(qplan.optimize(qplan.load(folder / "sites.yaml")), folder / "sites.plan")
    commit(folder, "plan")
    return folder


@pytest.fixture
def repository(planned, tmp_path, monkeypatch) -> Path:
    """A copy, which is the current folder."""
    folder = tmp_path / "repository"
    shutil.copytree(planned, folder, symlinks=True)
    monkeypatch.chdir(folder)
    return folder


@pytest.fixture
def no_search(monkeypatch) -> None:
    def search(*_: object, **__: object) -> None:
        raise AssertionError("something was planned")

    monkeypatch.setattr(planner, "optimize", search)


def edit(name: str) -> None:
    for file, before, after in EDITS[name]:
        text = Path(file).read_text()
        assert before in text
        Path(file).write_text(text.replace(before, after))


# ---- diff --against


@pytest.mark.parametrize("name", EDITS)
def test_what_a_reviewer_sees_of_an_edit(name, repository, qplan):
    edit(name)
    code, out, err = qplan("diff", "--against", "HEAD", "--exit-code")
    assert (code, out) == (7, (HERE / "review" / f"{name}.txt").read_text("utf-8"))
    assert "At HEAD: the plan in its folder" in err and "As it is: planned now" in err


def test_nothing_is_planned_where_the_plans_are_committed(repository, qplan, monkeypatch):
    edit("measured")
    assert qplan("optimize", "-q")[0] == 0
    commit(repository)
    monkeypatch.setattr(planner, "optimize", None)
    code, out, _ = qplan("diff", "--against", "HEAD~1", "--format", "json")
    found = json.loads(out)
    assert code == 0 and found["changed"] and found["exposure"]["sites_gained"] == ["west"]
    assert found["inputs"] == [{"address": "fibres.es.loss_db", "before": 11.0, "after": 21.5}]
    same = "No change: neither the plan nor the inventory differs.\n"
    assert qplan("diff", "--against", "HEAD", "--exit-code")[:2] == (0, same)
    code, out, _ = qplan("report", "sites.plan", "--format", "markdown", "--compare-to", "sites.plan")
    assert code == 0 and out.startswith("<!-- qplan:review -->") and "No change to the plan" in out
    code, out, _ = qplan("report", "sites.plan", "--compare-to", "sites.plan")
    assert code == 0 and out.startswith("<!DOCTYPE html>") and "What changes" in out
    assert qplan("diff", "sites.plan", "sites.yaml")[0] == qplan("diff", "sites.plan")[0] == 2


def test_a_finding_that_a_comment_silences_is_told(repository, qplan, no_search):
    """The inventories are the same, and so are the plans."""
    plant = Path("plant.yaml")
    plant.write_text(PLANT.replace("length_km: 45}", "length_km: 45, ducts: [bridge]}"))
    commit(repository)
    plant.write_text(plant.read_text().replace("ducts: [bridge]}", "ducts: [bridge]}  # qplan-ignore: QP210 fine"))
    code, out, _ = qplan("diff", "--against", "HEAD", "--no-plan", "--exit-code")
    assert code == 7 and "Findings silenced: QP210 at fibres.es.ducts" in out and "(fine)" in out
    (silenced,) = json.loads(qplan("diff", "--against", "HEAD", "--no-plan", "--format", "json")[1])["silenced"]
    assert (silenced["code"], silenced["reason"]) == ("QP210", "fine")
    assert "**Findings silenced:**" in qplan("diff", "--against", "HEAD", "--no-plan", "--format", "markdown")[1]


def test_a_scenario_that_is_another_is_told_though_no_plan_is_made_under_it(repository, qplan, no_search):
    sites = Path("sites.yaml")
    sites.write_text(SITES + "scenarios: {lax: {set: {budget.tco: null}}}\n")
    code, out, _ = qplan("diff", "--against", "HEAD", "--exit-code")
    assert code == 7 and "Inputs: new: scenarios.lax" in out
    commit(repository)
    sites.write_text(SITES + "scenarios: {lax: {set: {budget.tco: null, corridors.mirror.fallback: null}}}\n")
    code, out, _ = qplan("diff", "--against", "HEAD", "--no-plan", "--exit-code", "--format", "json")
    lax = {"set": {"budget.tco": None}}
    more = {"set": {"budget.tco": None, "corridors.mirror.fallback": None}}
    assert code == 7 and json.loads(out)["inputs"] == [{"address": "scenarios.lax", "before": lax, "after": more}]


def test_inventories_alone_a_renamed_file_and_one_that_is_new(repository, qplan, no_search):
    edit("limit")
    _, out, _ = qplan("diff", "--against", "HEAD", "--no-plan")
    assert out.startswith("Inventory change: 1 address, 1 limit among them (1 loosened).")
    git(repository, "mv", "sites.yaml", "lake.yaml")
    assert qplan("diff", "--against", "HEAD", "--no-plan", "lake.yaml")[1] == out
    Path("other.yaml").write_text(SITES)
    _, out, err = qplan("diff", "--against", "HEAD", "--no-plan", "other.yaml")
    assert "other.yaml was not there at HEAD: everything is new." in err and "new: corridors.mirror" in out


def test_a_new_inventory_is_a_plan_that_is_all_new(repository, qplan):
    Path("other.yaml").write_text(SITES)
    _, out, _ = qplan("diff", "--against", "HEAD", "other.yaml", "--format", "gitlab-terraform")
    assert json.loads(out) == {"create": 6, "update": 0, "delete": 0}


def test_a_base_that_does_not_validate_and_one_without_a_plan(repository, qplan):
    good = Path("plant.yaml").read_text()
    Path("plant.yaml").write_text(good.replace("loss_db: 11", "los_db: 11"))
    commit(repository)
    Path("plant.yaml").write_text(good)
    code, _, err = qplan("diff", "--against", "HEAD")
    assert code == 3 and err.startswith("HEAD:plant.yaml:3:") and "did you mean 'loss_db'" in err
    Path("plant.yaml").write_text(good + "corridors: {mirror: {}}\n")
    commit(repository)
    Path("plant.yaml").write_text(good)
    code, _, err = qplan("diff", "--against", "HEAD")
    assert code == 3 and "'corridors.mirror' is defined twice, first in HEAD:sites.yaml:" in err
    Path("sites.yaml").write_text(SITES.replace("tco: 400000", "tco: 1"))
    commit(repository)
    Path("sites.yaml").write_text(SITES)
    code, _, err = qplan("diff", "--against", "HEAD", "--time-limit", "20")
    assert code == 4 and "at HEAD has no plan (infeasible)" in err and "--no-plan" in err


def test_worktrees_and_shallow_clones(repository, qplan, tmp_path, monkeypatch, no_search):
    edit("limit")
    commit(repository)
    git(repository, "worktree", "add", "-q", "../tree", "HEAD")
    monkeypatch.chdir(tmp_path / "tree")
    assert "budget.tco" in qplan("diff", "--against", "HEAD~1", "--no-plan")[1]
    git(tmp_path, "clone", "-q", "--depth", "1", f"file://{repository}", "shallow")
    monkeypatch.chdir(tmp_path / "shallow")
    code, _, err = qplan("diff", "--against", "HEAD~1", "--no-plan")
    assert code == 2 and "no revision HEAD~1; this clone is shallow" in err and "fetch-depth: 0" in err


def test_no_git_no_repository_no_such_revision(repository, qplan, tmp_path, monkeypatch):
    for words, said in ((("--against", "-x"), "is no revision"), (("--against", "gone"), "has no revision gone")):
        code, _, err = qplan("diff", *words)
        assert code == 2 and said in err
    (tmp_path / "alone").mkdir()
    monkeypatch.chdir(tmp_path / "alone")
    Path("sites.yaml").write_text(SITES.replace("include: [plant.yaml]", PLANT))
    code, _, err = qplan("diff", "--against", "HEAD")
    assert code == 1 and "not a git repository" in err
    monkeypatch.setenv("PATH", str(tmp_path / "alone"))
    code, _, err = qplan("diff", "--against", "HEAD")
    assert code == 1 and "git is not installed" in err


def test_nothing_of_the_repository_runs(repository, qplan, tmp_path, no_search, monkeypatch):
    """Hooks, filters, monitors and settings of a repository under review, and what a hook's environment says."""
    marker = tmp_path / "it-ran"
    script = tmp_path / "run.sh"
    script.write_text(f"#!/bin/sh\ntouch {shlex.quote(str(marker))}\ncat\n")
    script.chmod(0o755)
    Path(".gitattributes").write_text("* filter=evil diff=evil\n")
    edit("limit")
    commit(repository)
    for key in ("core.fsmonitor", "filter.evil.clean", "filter.evil.smudge", "diff.evil.textconv", "diff.external"):
        git(repository, "config", key, str(script))
    hook = repository / ".git" / "hooks" / "post-checkout"
    hook.parent.mkdir(exist_ok=True)
    shutil.copy(script, hook)
    (repository / "qplan.toml").write_text('[diff]\nagainst = "gone"\n')
    monkeypatch.setenv("QPLAN_SETTINGS", "off")
    monkeypatch.setenv("GIT_DIR", str(tmp_path / "elsewhere"))
    code, out, _ = qplan("diff", "--against", "HEAD~1", "--no-plan")
    assert code == 0 and "budget.tco" in out and not marker.exists()


# ---- the lock


def files(folder: str) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in sorted(Path(folder).iterdir())}


def test_the_committed_plan_is_written_again_byte_for_byte_without_a_search(repository, qplan, no_search):
    before = files("sites.plan")
    code, _, err = qplan("optimize", "--start", "sites.plan")
    assert code == 0 and "Proof taken over, not repeated" in err and files("sites.plan") == before
    Path("sites.yaml").write_text(SITES + "# a comment\n")
    assert qplan("optimize", "--start", "sites.plan", "-o", "again.plan", "-q")[0] == 0
    assert files("again.plan") == before
    assert qplan("optimize", "--start", "sites.plan", "--gap", "0.01", "-q")[0] == 0 and files("sites.plan") == before


@pytest.mark.parametrize("words", [["--prove"], ["--gap", "0"], ["--set", "policy.loss_margin_db=0.5"]])
def test_what_is_asked_beyond_the_lock_is_searched(repository, qplan, words, no_search):
    with pytest.raises(AssertionError, match="something was planned"):
        qplan("optimize", "--start", "sites.plan", *words)


def test_a_proof_repeated_gives_the_same_plan(repository, qplan):
    before = files("sites.plan")
    code, _, err = qplan("optimize", "--start", "sites.plan", "--prove")
    assert code == 0 and "taken over" not in err and files("sites.plan") == before
    edit("limit")
    assert qplan("optimize", "--start", "sites.plan", "-q")[0] == 0
    assert load_plan("sites.plan").start_sha256 is not None
    once = files("sites.plan")
    assert qplan("optimize", "--start", "sites.plan", "-q")[0] == 0 and files("sites.plan") == once


def test_of_plans_as_good_the_one_begun_from_stays(repository, qplan):
    Path("sites.yaml").write_text(SITES.replace("relay_cost: 2000", "relay_cost: 1000").replace("DE", "CH"))
    west = ("--set", "sites.east.trusted_node=forbidden", "-o", "west.plan", "-q")
    assert qplan("optimize", *west)[0] == 0 and load_plan("west.plan").relays == ("west",)
    for start in ("west.plan", "sites.plan"):
        assert qplan("optimize", "--start", start, "-o", "new.plan", "-q")[0] == 0
        assert load_plan("new.plan").relays == load_plan(start).relays


@pytest.mark.parametrize("file", ["plan.json", "inventory.json"])
def test_a_merge_conflict_in_a_plan_is_told_and_planning_again_ends_it(repository, qplan, file):
    path = Path("sites.plan", file)
    whole = path.read_text()
    path.write_text(f"<<<<<<< ours\n{whole}=======\n{whole}>>>>>>> theirs\n")
    code, _, err = qplan("diff", "sites.plan", "sites.plan")
    assert code == 3 and "holds a merge conflict" in err and "plan again" in err
    assert qplan("optimize", "-q")[0] == 0 and path.read_text() == whole


# ---- hooks and pipelines


def test_hooks_check_the_inventory_when_a_fragment_changes(repository, qplan):
    """As pre-commit calls them: the files changed that match, behind the entry."""
    hooks = {hook["id"]: hook for hook in yaml.safe_load((ROOT / ".pre-commit-hooks.yaml").read_text())}

    def run(hook: dict, changed: str) -> int | None:
        if not re.search(hook["files"], changed):
            return None
        named = [changed] if hook.get("pass_filenames", True) else []
        return qplan(*hook["entry"].split()[1:], *named)[0]

    assert run(hooks["qplan-validate"], "plant.yaml") == 0
    Path("plant.yaml").write_text(PLANT.replace("loss_db: 11", "loss_db: -11"))
    assert run(hooks["qplan-validate"], "plant.yaml") == 3
    assert run(hooks["qplan-validate"], "README.md") is None and run(hooks["qplan-fmt"], "plant.yaml") is None
    Path("sites.yaml").write_text(SITES.replace("budget: {", "budget:   {"))
    assert run(hooks["qplan-fmt"], "sites.yaml") == 0 and "budget: {" in Path("sites.yaml").read_text()


def test_the_actions_steps_run_as_shell(repository, tmp_path):
    """All but the installation and what GitHub does itself, in one shell after the other, as a runner would."""
    edit("measured")
    commit(repository)
    action = yaml.safe_load((ROOT / "action.yml").read_text())
    given = {"file": "sites.yaml", "base": "HEAD~1", "gap": "0.001", "time-limit": "60", "out": "review", "qplan": "."}
    assert set(given) == set(action["inputs"])
    (tmp_path / "bin").mkdir()
    (tmp_path / "bin" / "qplan").write_text(f'#!/bin/sh\nexec {shlex.quote(sys.executable)} -m qplan "$@"\n')
    (tmp_path / "bin" / "qplan").chmod(0o755)
    runner = {"GITHUB_OUTPUT": str(tmp_path / "output"), "GITHUB_STEP_SUMMARY": str(tmp_path / "summary")}
    path = os.pathsep.join([str(tmp_path / "bin"), str(Path(sys.executable).parent), os.environ["PATH"]])
    ran = []
    for step in action["runs"]["steps"]:
        assert "${{" not in step.get("run", ""), "an input in a script could be made a command"
        if "run" not in step or "install" in step["name"].lower() or step["name"] == "Verdict":
            continue
        env = {
            k: given[v[len("${{ inputs.") : -len(" }}")]] if v.startswith("${{") else v for k, v in step["env"].items()
        }
        assert env["QPLAN_SETTINGS"] == "off"
        shell = ["bash", "--noprofile", "--norc", "-eo", "pipefail", "-c", step["run"]]
        done = subprocess.run(shell, env=os.environ | env | runner | {"PATH": path}, capture_output=True, text=True)
        assert done.returncode == 0, done.stdout + done.stderr
        ran.append(step["name"])
        if step.get("id") == "plan":
            assert "::warning::The plan committed is not the one of this inventory" in done.stdout
            lines = done.stdout.splitlines()
            assert lines[0].startswith("::stop-commands::") and f"::{lines[0].split('::')[2]}::" in lines
    assert len(ran) == 4
    assert (tmp_path / "output").read_text() == "code=0\nchanged=true\n"
    assert (tmp_path / "summary").read_text() == Path("review/comment.md").read_text()
    assert json.loads(Path("review/diff.json").read_text())["exposure"]["countries_gained"] == ["DE"]
    results = json.loads(Path("review/sarif/checks.sarif").read_text())["runs"][0]["results"]
    assert [result["ruleId"] for result in results] == ["QP901"]


def test_pipelines_are_yaml_and_call_verbs_with_options_that_there_are():
    from qplan.cli.main import cli

    texts = [(ROOT / "action.yml").read_text(), *(path.read_text() for path in (ROOT / "examples/ci").glob("*.yml"))]
    for text in texts:
        assert yaml.safe_load(text)
        for verb, words in re.findall(r"qplan (optimize|validate|verify|diff) ([^\n|]*)", text):
            known = {name for each in cli.get_command(None, verb).params for name in each.opts}
            assert {word.split("=")[0] for word in re.findall(r"(?<=\s)--[a-z-]+|^--[a-z-]+", words)} <= known, words
