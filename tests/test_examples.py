"""Every example runs through the command line and gives the plan that its `expected.json` promises.

`python tests/test_examples.py` writes the expected files anew, and into `tests/papers` what a buyer reads of `offers`;
both to be read before they are committed.
"""

from __future__ import annotations

import contextlib
import importlib.util
import io
import json
import re
import shlex
import sys
import tempfile
from collections import defaultdict
from pathlib import Path

import pytest
import yaml
from yamlcore import CoreLoader

from qplan.cli.main import main
from qplan.inventory import commercial, drills, existing, model
from qplan.inventory.plant import loss_db
from qplan.inventory.reader import read_inventory
from qplan.optimizer.limits import SearchParameters
from qplan.optimizer.planner import optimize
from qplan.physics.bands import Band
from qplan.physics.key_rate import rate_at_bps
from qplan.plan.model import InventoryRef
from qplan.time_budget import TimeBudget

EXAMPLES = Path(__file__).parents[1] / "examples"
PAPERS_FOLDER = Path(__file__).parent / "papers"
NAMES = sorted(path.parent.name for path in EXAMPLES.glob("*/sites.yaml"))
TUTORIALS = ("metro", "offers")
LARGE = {"germany"}  # its relays are counted, not listed; what it suggests to try next is read, not solved
GAP = 0.001
REF = InventoryRef(name="", sha256="", files=(), scenario=None, set={}, effective_sha256="")
PLAN_FILES = {
    "plan.json", "inventory.json", "topology.svg", "topology.dot", "topology.mmd", "map.html",
    "bom.csv", "bom.xlsx", "costs.json", "report.md", "report.html",
}  # fmt: skip
BUYER = "offers"
PAPERS = {
    "bom.txt": ("bom",),
    "bom-charge.md": ("bom", "--by", "charge", "--format", "markdown"),
    "bom-site.csv": ("bom", "--by", "site", "--format", "csv"),
    "cost.txt": ("cost", "--as-of", "2027-02-15"),
}
"""Commands on the plan of `BUYER`, by the file that holds what they print."""


def sites(name: str) -> Path:
    return EXAMPLES / name / "sites.yaml"


def expected(name: str) -> dict:
    return json.loads((EXAMPLES / name / "expected.json").read_text(encoding="utf-8"))


def tries(name: str) -> list[str]:
    """The options under TRY NEXT in the comment at the top of an example."""
    header = sites(name).read_text(encoding="utf-8").split("\nqplan: 1\n")[0]
    lines = header.split("# TRY NEXT")[1].splitlines()
    options = (re.match(r"#?\s+(--.*?)(?:\s{3,}|$)", line) for line in lines)
    return [option[1] for option in options if option]


@pytest.mark.parametrize("name", NAMES)
def test_example_gives_its_expected_plan(name, tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(sys, "argv", ["qplan", "optimize", str(sites(name)), "-o", str(tmp_path / "plan"), "-q"])
    with pytest.raises(SystemExit) as end:
        main()
    assert capsys.readouterr().out == ""
    found, promised = summary(name, tmp_path / "plan", end.value.code), expected(name)
    value, promised_value = found.pop("value", None), promised.pop("value", None)
    assert close(value, promised_value)
    promised.pop("variants")
    assert found == promised
    written = {path.name for path in (tmp_path / "plan").iterdir()}
    assert written >= (PLAN_FILES if end.value.code == 0 else {"explanation.json", "explanation.md"})
    for paper, command in PAPERS.items() if name == BUYER else ():
        monkeypatch.setattr(sys, "argv", ["qplan", *command, str(tmp_path / "plan")])
        with pytest.raises(SystemExit):
            main()
        assert capsys.readouterr().out.replace("\r\n", "\n") == (PAPERS_FOLDER / paper).read_text(encoding="utf-8"), (
            paper
        )


def close(value: float | None, promised: float | None) -> bool:
    return value is promised if None in (value, promised) else value == pytest.approx(promised, rel=GAP)


def summary(name: str, folder: Path, exit_code: int) -> dict:
    """What `expected.json` holds of one run, without the variants."""
    warnings = [f"{warning.code} {warning.address}" for warning in read_inventory(sites(name)).warnings]
    if not (folder / "plan.json").exists():
        why = json.loads((folder / "explanation.json").read_text(encoding="utf-8"))
        reasons = {
            entry["corridor"]: sorted({reason["code"] for reason in entry["reasons"]}) for entry in why["corridors"]
        }
        return {"exit_code": exit_code, "status": why["status"], "reasons": reasons, "warnings": warnings}
    plan = json.loads((folder / "plan.json").read_text(encoding="utf-8"))
    relays = {entry["id"]: [path["relays"] for path in entry["paths"]] for entry in plan["corridors"]}
    if name in LARGE:
        relays = sum("relay" in node["roles"] for node in plan["nodes"])
    return {
        "exit_code": exit_code,
        "status": plan["status"],
        "objective": plan["objective"]["name"],
        "value": round(plan["objective"]["value"]),
        "nodes": len(plan["nodes"]),
        "links": len(plan["links"]),
        "relays": relays,
        "warnings": warnings,
    }


@pytest.mark.parametrize("name", NAMES)
def test_what_to_try_next_does_what_the_comment_says(name):
    options = tries(name)
    assert options
    if name in LARGE:
        for option in options:
            read_option(name, option)
        return
    found, promised = {option: variant(name, option) for option in options}, expected(name)["variants"]
    assert found.keys() == promised.keys()
    for option, (status, value) in found.items():
        assert status == promised[option]["status"], option
        assert close(value, promised[option].get("value")), option


def read_option(name: str, option: str) -> model.Inventory:
    scenario, overrides = None, []
    words = shlex.split(option)
    for flag, value in zip(words[::2], words[1::2], strict=True):
        if flag == "--scenario":
            scenario = value
        else:
            overrides.append({"--set": value, "--objective": f"objective={value}"}[flag])
    return read_inventory(sites(name), scenario=scenario, overrides=overrides).inventory


def variant(name: str, option: str) -> tuple[str, float | None]:
    result = optimize(read_option(name, option), REF, "highs", SearchParameters(GAP, TimeBudget.of(600)))
    return result.search.status, None if result.plan is None else result.plan.objective.value


def test_every_scenario_is_suggested_at_the_top():
    for name in NAMES:
        declared = set(yaml.load(sites(name).read_text(encoding="utf-8"), Loader=CoreLoader).get("scenarios", {}))
        assert declared == {words[1] for words in map(str.split, tries(name)) if words[0] == "--scenario"}, name


def test_published_rates_come_out_at_published_losses():
    checked = 0
    for name in NAMES:
        inventory = read_inventory(sites(name)).inventory
        for fibre in inventory.fibres.values():
            if "published_rate_bps" in fibre.labels:
                system = inventory.equipment.qkd_systems[fibre.labels["published_system"]]
                rate = rate_at_bps(system.key_rate_curve, loss_db(inventory, fibre, Band.C))
                assert rate == pytest.approx(fibre.labels["published_rate_bps"], rel=1e-9), fibre.ends
                checked += 1
    assert checked == 14  # Cambridge 3, Sweden 1, Tokyo 5, Vienna 5


def test_tutorials_use_every_key_of_the_format():
    """Technical and operational keys stand in `metro`, commercial ones in `offers`."""
    metro, offers = (yaml.load(sites(name).read_text(encoding="utf-8"), Loader=CoreLoader) for name in TUTORIALS)
    used: dict[type, list[dict]] = defaultdict(list)
    for text in (metro, offers):
        defaults, equipment = text["defaults"], text["equipment"]
        drilled = text.get("drills", {}).values()
        pilots = [scenario["set"].get("existing.links.pilot") for scenario in text["scenarios"].values()]
        for kind, entries in (
            (model.InventoryFile, [text]),
            (model.Metadata, [text["metadata"]]),
            (model.Defaults, [defaults]),
            (model.Site, [*text["sites"].values(), defaults["site"]]),
            (model.Fibre, [*text["fibres"].values(), defaults["fibre"]]),
            (model.Equipment, [equipment]),
            (model.QkdSystem, equipment["qkd_systems"].values()),
            (model.Item, equipment["node_items"].values()),
            (model.Corridor, [*text["corridors"].values(), defaults["corridor"]]),
            (model.Rekey, [corridor["rekey"] for corridor in text["corridors"].values() if "rekey" in corridor]),
            (model.Policy, [text["policy"]]),
            (model.Budget, [text.get("budget", {})]),
            (model.Scenario, text["scenarios"].values()),
            (model.Check, text.get("checks", {}).values()),
            (model.KeyStores, [text.get("key_stores", {})]),
            (model.Reliability, [text.get("reliability", {})]),
            (model.Repair, [system.get("reliability", {}) for system in equipment["qkd_systems"].values()]),
            (drills.Drill, drilled),
            (drills.DrillPolicy, [drill["policy"] for drill in drilled]),
            (drills.DrillEvent, [event for drill in drilled for event in drill["events"]]),
            (drills.Expectation, [limit for drill in drilled for limit in drill["expect"]]),
            (commercial.Economics, [text["economics"]]),
            (commercial.Escalation, [text["economics"].get("escalation", {})]),
            (commercial.Service, text.get("services", {}).values()),
            (commercial.Encryptor, equipment.get("encryptors", {}).values()),
            (commercial.Classical, [text.get("classical", {})]),
            (existing.Existing, [text.get("existing", {})]),
            (existing.ExistingLink, filter(None, pilots)),
        ):
            used[kind] += entries
    missing = {kind.__name__: set(kind.model_fields).difference(*entries) for kind, entries in used.items()}
    assert {kind: sorted(keys - {"labels"}) for kind, keys in missing.items() if keys - {"labels"}} == {}
    stated = set().union(*offers["offers"].values(), {"product"})  # `for` in a file
    assert set(commercial.Offer.model_fields) <= stated
    assert set(commercial.Sla.model_fields) <= offers["offers"]["b-managed"]["sla"].keys()


def test_what_the_pilot_has_built_is_not_paid_again(tmp_path, monkeypatch):
    """The two commands at the top of the example: the second phase beside the pilot, and the same on a green field."""
    pilot, second = tmp_path / "pilot.plan", tmp_path / "second.plan"
    for options in (["--scenario", "pilot", "-o", str(pilot)], ["--built", str(pilot), "-o", str(second)]):
        monkeypatch.setattr(sys, "argv", ["qplan", "optimize", str(sites("phases")), "-q", *options])
        with pytest.raises(SystemExit) as end:
            main()
        assert end.value.code == 0
    before, after = (json.loads((folder / "plan.json").read_text("utf-8")) for folder in (pilot, second))
    there = {link["id"] for link in after["links"] if link["existing"]}
    assert there == {link["id"] for link in before["links"]}
    assert [entry["units"] for entry in after["offers"]] == [len(after["links"]) - len(there)]
    assert after["costs"]["capex"] < before["costs"]["capex"] < expected("phases")["value"] > after["costs"]["tco"]
    assert "2 links in use; 3 of 4 nodes there" in (second / "report.md").read_text("utf-8")


def test_germany_is_what_its_script_writes():
    pytest.importorskip("topohub")
    spec = importlib.util.spec_from_file_location("build", EXAMPLES / "germany" / "build.py")
    build = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(build)
    assert build.sites_yaml() == sites("germany").read_text(encoding="utf-8")


def write_expected(name: str) -> None:
    with tempfile.TemporaryDirectory() as folder:
        sys.argv = ["qplan", "optimize", str(sites(name)), "-o", f"{folder}/plan", "-q"]
        try:
            main()
        except SystemExit as end:
            found = summary(name, Path(folder, "plan"), end.code)
        if name == BUYER:
            write_papers(Path(folder, "plan"))
    variants = {}
    for option in () if name in LARGE else tries(name):
        status, value = variant(name, option)
        variants[option] = {"status": status} | ({} if value is None else {"value": round(value)})
    text = json.dumps({**found, "variants": variants}, indent=2, ensure_ascii=False)
    text = re.sub(r"\[\n[^\[\]{}]*\]", _on_one_line, text)
    (EXAMPLES / name / "expected.json").write_text(text + "\n", encoding="utf-8", newline="\n")


def write_papers(plan: Path) -> None:
    for paper, command in PAPERS.items():
        printed = io.StringIO()
        sys.argv = ["qplan", *command, str(plan)]
        with contextlib.suppress(SystemExit), contextlib.redirect_stdout(printed):
            main()
        (PAPERS_FOLDER / paper).write_text(printed.getvalue().replace("\r\n", "\n"), encoding="utf-8", newline="\n")


def _on_one_line(innermost_list: re.Match) -> str:
    return json.dumps(json.loads(innermost_list[0]), ensure_ascii=False)


if __name__ == "__main__":
    for each in sys.argv[1:] or NAMES:
        write_expected(each)
