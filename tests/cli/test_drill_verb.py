"""`qplan drill` and `qplan availability`: what they print, in files under `tests/cli/drills`, and how they end.

`python tests/cli/test_drill_verb.py` writes what is expected anew, to be read before it is committed.
"""

from __future__ import annotations

import contextlib
import csv
import io
import json
import os
import re
import shlex
import shutil
import signal
import sys
import tempfile
from pathlib import Path
from xml.etree import ElementTree

import jsonschema
import pytest

from qplan.assessment.judgement import judge
from qplan.cli.main import main
from qplan.cli.progress import ProgressLine
from qplan.inventory.reader import Reading, read_inventory
from qplan.optimizer.limits import SearchParameters
from qplan.optimizer.planner import optimize
from qplan.plan.model import Plan, reference
from qplan.plan.reader import read_plan

ROOT = Path(__file__).parents[2]
PAIRS = Path(__file__).parent / "drills"
UUID = re.compile("[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
COMMANDS = {
    "dig.txt": "drill motorway.plan dig-at-the-motorway",
    "dig.md": "drill motorway.plan dig-at-the-motorway --format markdown",
    "dig.csv": "drill motorway.plan dig-at-the-motorway dig-and-any-chain --format csv",
    "dig.cef": "drill motorway.plan dig-at-the-motorway --events cef",
    "dig.ecs": "drill motorway.plan dig-at-the-motorway --events ecs",
    "dig.ocsf": "drill motorway.plan dig-at-the-motorway --events ocsf",
    "dig.syslog": "drill motorway.plan dig-at-the-motorway --events syslog --clock 2030-06-01T00:00:00+02:00",
    "week.json": "drill motorway.plan bad-week --events json",
    "mended.txt": "drill mended.plan dig-at-the-motorway",
    "all-single.txt": "drill motorway.plan --all-single",
    "all-double.txt": "drill motorway.plan --all-double",
    "stores.txt": "drill motorway.plan --autonomy 24 --without ducts.motorway",
    "availability.txt": "availability motorway.plan",
}


def run(command: str) -> tuple[int, str, str]:
    out, err, before = io.StringIO(), io.StringIO(), sys.argv
    sys.argv = ["qplan", *shlex.split(command)]
    try:
        with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
            main()
    except SystemExit as end:
        return end.code, out.getvalue(), err.getvalue()
    finally:
        sys.argv = before


def plan_example(name: str, folder: Path, scenario: str | None = None) -> None:
    """The two files of a plan that drills read."""
    reading = read_inventory(ROOT / "examples" / name / "sites.yaml", scenario=scenario)
    parameters = SearchParameters(gap=0.001)
    put(folder, optimize(reading.inventory, reference(reading), "highs", parameters).plan, reading)


def put(folder: Path, plan: Plan, reading: Reading) -> None:
    folder.mkdir()
    told = judge(reading.inventory, plan, reading.warnings)
    (folder / "plan.json").write_text(told.to_json(), encoding="utf-8")
    (folder / "inventory.json").write_text(reading.effective_json, encoding="utf-8")


def prepare(folder: Path) -> None:
    """The two plans of the example, with the drills in their inventories."""
    plan_example("drills", folder / "motorway.plan")
    plan_example("drills", folder / "mended.plan", "mended")


@pytest.fixture(scope="module")
def prepared(tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("drills")
    prepare(folder)
    return folder


@pytest.fixture
def here(prepared, monkeypatch) -> Path:
    monkeypatch.chdir(prepared)
    return prepared


def printed(name: str) -> str:
    """What a command prints, without the ids that follow from the bytes of the plan."""
    return UUID.sub("UUID", run(COMMANDS[name])[1])


@pytest.mark.parametrize("name", COMMANDS)
def test_command_prints_what_the_file_says(name, here):
    assert printed(name) == (PAIRS / name).read_bytes().decode()


def test_an_expectation_that_is_not_kept_ends_with_6_and_the_mended_plan_with_0(here):
    assert run("drill motorway.plan")[0] == 6
    assert run("drill mended.plan")[0] == 0
    assert run("drill motorway.plan dig-and-any-chain")[0] == 0
    assert run("drill motorway.plan dig-at-the-motorway --restoration any")[0] == 0


def test_checks_of_failure_are_judged_by_drill_as_by_optimize(tmp_path):
    example, plan = ROOT / "examples" / "drills" / "sites.yaml", tmp_path / "plan"
    error = "--set checks.ducts.severity=error --set 'checks.money={metric: capex, max: 1}'"
    assert run(f"optimize {example} {error} -q -o {plan}")[0] == 6
    code, out, _ = run(f"drill {plan} --surge 1 --format json")
    judged = {check["id"]: check for check in json.loads(out)["checks"]}
    assert code == 6
    assert {key: check["ok"] for key, check in judged.items()} == {"ducts": False, "nines": True, "short": True}
    planned = {check["id"]: check for check in json.loads((plan / "plan.json").read_text())["checks"]}
    assert judged == {key: planned[key] for key in judged}
    assert judged["short"]["value"] == 900 and judged["nines"]["value"] == pytest.approx(0.99994747, abs=1e-8)


@pytest.mark.parametrize(
    ("command", "code", "says"),
    [
        ("drill motorway.plan dig-at-the-motorwy", 3, "the inventory has no drill 'dig-at-the-motorwy'; did you mean"),
        (
            "drill motorway.plan nonsense-without-any-likeness",
            3,
            "declared: bad-week, dig-and-any-chain, dig-at-the-motorway",
        ),
        ("drill none.plan", 1, "cannot read none.plan"),
        ("drill motorway.plan --surge 0", 2, "not a number from"),
        ("drill motorway.plan --surge nan", 2, "not a number from"),
        ("drill motorway.plan --clock yesterday", 2, "is not a time such as"),
        ("drill motorway.plan --without ducts.motorway", 2, "is said of an autonomy in hours"),
        ("drill motorway.plan --autonomy 24 --without ducts.nowhere", 3, "there is no 'nowhere' among the ducts"),
        ("drill motorway.plan --autonomy 24 --without nonsense", 3, "'nonsense' is no address"),
        ("drill motorway.plan --svg x.svg", 2, "a picture is of one drill, and 3 were played"),
        ("drill motorway.plan bad-week --svg no/x.svg", 1, "the folder no does not exist"),
        ("drill motorway.plan bad-week --events json --clock 9999-12-30", 2, "ends after the year"),
        ("availability none.plan", 1, "cannot read none.plan"),
    ],
)
def test_what_is_wrong_is_said(command, code, says, here):
    found, out, err = run(command)
    assert (found, out) == (code, "") and says in err and "Traceback" not in err


def test_a_plan_that_does_not_hold_is_not_played(here):
    shutil.copytree("motorway.plan", "broken.plan")
    text = Path("broken.plan/plan.json").read_text(encoding="utf-8")
    Path("broken.plan/plan.json").write_text(text.replace('"hill"', '"vale"'), encoding="utf-8")
    for verb in ("drill", "availability"):
        code, out, err = run(f"{verb} broken.plan")
        assert (code, out) == (6, "") and "the plan does not hold for its own inventory" in err


def test_an_inventory_without_drills_says_which_need_none(here):
    reading = read_inventory(ROOT / "examples" / "drills" / "sites.yaml", overrides=["drills={}", "checks={}"])
    put(
        Path("plain.plan"),
        read_plan(Path("motorway.plan")).model_copy(update={"inventory": reference(reading)}),
        reading,
    )
    code, _, err = run("drill plain.plan")
    assert code == 2 and "declares no drills; --all-single" in err
    assert run("drill plain.plan --all-single")[0] == 0


@pytest.mark.parametrize(
    ("command", "schema"),
    [
        ("drill motorway.plan --all-double --autonomy 24 --format json", "drill"),
        ("drill motorway.plan --format json", "drill"),
        ("availability motorway.plan --format json", "availability"),
        ("availability motorway.plan --with-ends --format json", "availability"),
    ],
)
def test_json_fits_its_schema_and_repeats(command, schema, here):
    text = run(command)[1]
    document = json.loads(text)
    assert next(iter(document)) == "format_version"
    stored = json.loads((ROOT / "schemas" / f"{schema}.schema.json").read_text(encoding="utf-8"))
    jsonschema.Draft202012Validator(stored).validate(document)
    assert run(command)[1] == text


def test_promised_keys(here):
    (drill,) = json.loads(run("drill motorway.plan dig-at-the-motorway --format json")[1])["drills"]
    assert {"id", "duration_s", "corridors", "links", "log", "expectations"} <= drill.keys()
    assert {
        "id",
        "asked_bits",
        "delivered_bits",
        "served_s",
        "longest_gap_s",
        "first_loss_s",
        "switches",
        "stale_s",
        "down_s",
        "fallback",
    } <= drill["corridors"][0].keys()
    assert [corridor["id"] for corridor in drill["corridors"]] == ["coast-line", "mirror", "office"]
    assert [link["id"] for link in drill["links"]] == sorted(link["id"] for link in drill["links"])
    assert all({"id", "lowest_bits", "final_bits"} <= link.keys() for link in drill["links"])
    assert all({"t", "event", "address"} <= entry.keys() for entry in drill["log"])
    assert [(item["corridor"], item["ok"]) for item in drill["expectations"]] == [("mirror", False)]
    mirror = drill["corridors"][1]
    assert mirror["served_s"] + mirror["stale_s"] + mirror["down_s"] == pytest.approx(drill["duration_s"])
    found = json.loads(run("availability motorway.plan --format json")[1])["corridors"]
    assert all({"id", "availability", "downtime_min_per_year", "contributors"} <= corridor.keys() for corridor in found)


def test_csv_has_a_row_for_every_corridor_of_every_drill(here):
    rows = list(csv.DictReader(io.StringIO(run("drill motorway.plan --format csv")[1])))
    assert len(rows) == 9 and {row["Expectations"] for row in rows} == {"", "kept", "not kept"}


def test_the_picture_is_well_formed_and_repeats(here):
    for name in ("one.svg", "two.svg"):
        assert run(f"drill motorway.plan dig-at-the-motorway --svg {name} -q")[0] == 6
    one, two = (Path(name).read_bytes() for name in ("one.svg", "two.svg"))
    assert one == two
    root = ElementTree.fromstring(one)
    texts = [element.text for element in root.iter("{http://www.w3.org/2000/svg}text")]
    assert {"Drill dig-at-the-motorway", "mirror", "hill--north"} <= set(texts)
    lines = [element.get("points") for element in root.iter("{http://www.w3.org/2000/svg}polyline")]
    assert len(lines) == 2  # the two stores that moved


PUBLISHED = {
    "cambridge": (None, "outage-2019", [(2060, "corridor.rerouted"), (3660.009922, "corridor.rerouted")]),
    "tokyo": (None, "alarm-2010", [(300, "corridor.rerouted"), (1098.412698, "corridor.lost")]),
    "vienna": (
        "demonstration",
        "exhaustion-2008",
        [
            (pytest.approx(3584, abs=0.1), "corridor.rerouted"),
            (pytest.approx(8640, abs=0.1), "corridor.rerouted"),
            (pytest.approx(10_483.2, abs=0.1), "corridor.lost"),
        ],
    ),
}


@pytest.mark.parametrize("name", PUBLISHED)
def test_published_events_come_out_of_the_examples(name, tmp_path):
    scenario, drill, expected = PUBLISHED[name]
    plan_example(name, tmp_path / "plan", scenario)
    log = json.loads(run(f"drill {tmp_path}/plan {drill} --format json")[1])["drills"][0]["log"]
    corridor = {"cambridge": "encryptors", "tokyo": "voice", "vienna": "terminal"}[name]
    found = [
        (entry["t"], entry["event"])
        for entry in log
        if entry["address"] == f"corridors.{corridor}" and entry["event"] in ("corridor.rerouted", "corridor.lost")
    ]
    assert found == [(t if not isinstance(t, float) else pytest.approx(t, abs=1e-6), event) for t, event in expected]


def test_ctrl_c_gives_what_is_done(here, monkeypatch):
    """The signal comes while pairs are looked at."""
    shown = []

    def show(line: ProgressLine, text: str) -> None:
        shown.append(text)
        if len(shown) == 3:
            signal.raise_signal(signal.SIGINT)

    monkeypatch.setattr(ProgressLine, "show", show)
    code, out, _ = run("drill motorway.plan --all-double --format json")
    document = json.loads(out)
    assert code == 5 and not document["complete"]
    assert 0 < document["pairs"]["looked_at"] < document["pairs"]["count"]


def write_expected() -> None:
    before = Path.cwd()
    with tempfile.TemporaryDirectory() as folder:
        prepare(Path(folder))
        os.chdir(folder)
        for name in COMMANDS:
            (PAIRS / name).write_bytes(printed(name).encode())
        os.chdir(before)


if __name__ == "__main__":
    write_expected()
