"""`qplan import` as it is called: what is written, what never is, what is printed, exit codes, time."""

from __future__ import annotations

import json
import random
import subprocess
import time
from pathlib import Path

import pytest
from binaries import workbook
from importer import PAIRS, outcome, qplan, written

from qplan.interchange.imports.mapping import read_map
from qplan.inventory.reader import read_inventory

CSV = [str(PAIRS / "csv" / name) for name in ("standorte.csv", "strecken.csv")]


@pytest.fixture
def here(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_an_inventory_that_is_there_is_never_overwritten(here):
    (here / "sites.yaml").write_text("qplan: 1\n# mine\n")
    run = qplan("import", "csv", *CSV)
    assert run.code == 1 and "--update" in run.err and "--diff" in run.err
    assert (here / "sites.yaml").read_text() == "qplan: 1\n# mine\n" and len(list(here.iterdir())) == 1


def test_diff_writes_nothing_and_is_what_update_does(here):
    run = qplan("import", "csv", *CSV, "--diff")
    assert run.code == 0 and run.out.startswith("--- /dev/null\n+++ b/sites.yaml\n") and list(here.iterdir()) == []
    assert qplan("import", "csv", *CSV, "--update").code == 0  # begins one where there is none
    before = (here / "sites.yaml").read_text(encoding="utf-8")
    assert qplan("import", "csv", *CSV, "--diff").out == ""
    head, first, *rest = Path(CSV[1]).read_bytes().decode("cp1252").splitlines()
    cells = first.split(";")
    table = "\n".join([head, ";".join([*cells[:3], "99,5", "22,2", *cells[5:]]), "NEU;ZH-01;BE-01;140;;2;;;", *rest])
    written(here, "new.csv", table, "cp1252")
    diff = qplan("import", "csv", CSV[0], "new.csv", "--diff")
    assert diff.code == 0 and diff.out.count("\n+") > 2 and (here / "sites.yaml").read_text(encoding="utf-8") == before
    assert "(not written)" in diff.err
    (here / "change.diff").write_text(diff.out, encoding="utf-8")
    subprocess.run(["git", "apply", "--unsafe-paths", "change.diff"], check=True, cwd=here)
    applied = (here / "sites.yaml").read_text(encoding="utf-8")
    (here / "sites.yaml").write_text(before, encoding="utf-8")
    assert qplan("import", "csv", CSV[0], "new.csv", "--update").code == 0
    assert (here / "sites.yaml").read_text(encoding="utf-8") == applied


def test_what_an_update_adds_is_counted_and_its_file_keeps_its_name(here):
    assert qplan("import", "csv", *CSV, "-o", "entrys.yaml").code == 0
    written(here, "more.csv", "Site,Lat,Lon\nx1,47,8\nx2,46,8\n")
    run = qplan("import", "csv", "more.csv", "--update", "-o", "entrys.yaml")
    assert "\nMade  entrys.yaml: 2 new entries, 0 changed\n" in run.out


def test_standard_output_takes_the_inventory_and_stderr_the_words(here):
    run = qplan("import", "csv", *CSV, "-o", "-")
    assert run.out == (PAIRS / "csv" / "sites.yaml").read_text(encoding="utf-8")
    assert run.err.startswith("Read  standorte.csv") and list(here.iterdir()) == []


def test_json_says_the_same_as_the_text(here):
    run = qplan("import", "csv", *CSV, "--format", "json")
    said = json.loads(run.out)
    assert next(iter(said)) == "format_version" and said["written"] and said["file"] == "sites.yaml"
    assert said["made"] == {"sites": 49, "fibres": 65, "equipment.qkd_systems": 0, "corridors": 0}
    assert {"QP611", "QP626", "QP651"} <= {item["code"] for item in said["findings"]}
    assert len(said["to_fill_in"]) == 1 and said["next"][0] == "qplan validate sites.yaml"
    assert all(
        f"{item['file']}:{item['line']}: {item['message'][:40]}"
        in " ".join((here / "sites.yaml").read_text(encoding="utf-8").split())
        for item in said["findings"]
        if item["line"]
    )


def test_a_mapping_file_is_begun_and_can_be_followed(here):
    written(here, "odd.csv", "Objekt A;Objekt B;Wert;Note\nBern;Thun;31,4;x\n")
    run = qplan("import", "csv", "odd.csv")
    assert run.code == 3 and "--write-map" in run.err and not Path("sites.yaml").exists()
    run = qplan("import", "csv", "odd.csv", *CSV, "--write-map")
    assert run.code == 0 and "odd.csv.map.yaml" in run.out
    assert {entry.kind for entry in read_map(Path("odd.csv.map.yaml")).tables} == {"ignore", "sites", "fibres"}
    assert qplan("import", "csv", "odd.csv", "--write-map").code == 1  # not over what may be completed already
    text = Path("odd.csv.map.yaml").read_text(encoding="utf-8")
    assert '# ?: "Objekt A"  # as "Bern"' in text
    for mark, field in (("Objekt A", "from"), ("Objekt B", "to"), ("Wert", "length_km")):
        text = text.replace(f'# ?: "{mark}"', f'{field}: "{mark}"', 1)
    text = text.replace("kind: ignore  # sites, fibres, corridors, equipment?", "kind: fibres", 1).replace(
        "    # columns:", "    columns:", 1
    )
    written(here, "map.yaml", text)
    assert qplan("import", "csv", "odd.csv", *CSV, "--map", "map.yaml").code == 0
    fibre = read_inventory(Path("sites.yaml")).inventory.fibres["Bern--BE-03"]
    assert fibre.length_km == 31.4


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("tables: [{table: a.csv, kind: fibres, columns: {form: Von}}]", "QP604 did you mean 'from'"),
        ("tables: [{table: a.csv, kind: fibre}]", "QP105 map.yaml:1:"),
        ("tabels: []", "QP102 tabels"),
        ("assume: {merge_within_m: -1}", "QP104"),
        ("- a", "QP103"),
        ("a: [", "QP001"),
        ("tables: [{table: a.csv, kind: fibres, columns: {from: Von, to: Nach, loss_db: Loss}}]", "QP604 'Loss'"),
    ],
)
def test_a_mapping_file_that_is_wrong_is_refused(here, text, words):
    written(here, "map.yaml", text)
    written(here, "a.csv", "Von;Nach;Länge km\na;b;3\n")
    run = qplan("import", "csv", "a.csv", "--map", "map.yaml")
    assert run.code == 3 and all(word in run.err for word in words.split(" ", 1)), run.err
    assert not Path("sites.yaml").exists()


def test_usage_is_told(here):
    assert "formats that have: csv, xlsx, geojson, kml" in qplan("import", "ofds", "x.json", "--write-map").err
    alone = qplan("import", "otdr", CSV[0])
    assert alone.code == 2 and "--update" in alone.err
    assert "'csvs' is not" in qplan("import", "csvs", "x").err
    assert qplan("import", "csv").code == 2
    help_ = qplan("import", "--help").out
    assert all(word in help_ for word in ("ofds", "otdr", "sndlib", "--write-map", "Examples"))


def test_two_spreadsheets_to_a_plan(here):
    """What the first hour is about: import, say who needs keys, plan."""
    assert qplan("import", "csv", *CSV).code == 0
    text = Path("sites.yaml").read_text(encoding="utf-8")
    stub = [line for line in text.splitlines() if line.startswith("#")][-6:]
    assert stub[0] == "# corridors:"
    Path("sites.yaml").write_text(text + "\n".join(line[2:] for line in stub) + "\n", encoding="utf-8")
    assert qplan("validate", "sites.yaml").code == 0
    assert qplan("optimize", "sites.yaml", "-q").code == 0 and Path("sites.plan/plan.json").exists()


def test_two_thousand_rows_take_no_time(here):
    """The whole command stays under three seconds on a machine at rest; reading and validating YAML is half of it."""
    rng = random.Random(1)
    places = [(f"Site {n}", round(46 + n // 32 * 0.06, 4), round(6 + n % 32 * 0.08, 4)) for n in range(800)]
    rows = []
    for n in range(2000):
        ends = f"Site {n % 800}", f"Site {(n + rng.choice([1, 32])) % 800}"
        rows.append([f"K{n}", *ends, round(rng.uniform(8, 14), 2), 3.1, 4])
    sites = [["Id", "Latitude", "Longitude"], *places]
    fibres = [["Id", "From", "To", "Length km", "Loss dB", "Free strands"], *rows]
    (here / "plant.xlsx").write_bytes(workbook({"Sites": sites, "Fibres": fibres}))
    before = time.process_time()
    made = outcome("xlsx", here / "plant.xlsx")
    assert time.process_time() - before < 2.0
    assert made.draft.read[1] == "plant.xlsx[Fibres]: 2000 fibres" and len(made.draft.sites) == 800
