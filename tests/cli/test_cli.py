"""The command's promises: exit codes, what goes where, what is written and what is left alone."""

from __future__ import annotations

import hashlib
import json
import os
import random
import re
import select
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import hash_seeds
import jsonschema
import pytest

from qplan.cli.main import main
from qplan.inventory.reader import read_inventory
from qplan.outputs.swap import HIDDEN
from qplan.plan.model import Plan
from qplan.plan.verify.verifier import verify

ROOT = Path(__file__).parents[2]
EXAMPLES = ROOT / "examples"
COMMAND = [sys.executable, "-m", "qplan"]
PLAN_FILES = {
    "plan.json", "inventory.json", "topology.svg", "topology.dot", "topology.mmd", "map.html", "bom.csv", "bom.xlsx",
    "costs.json", "report.md", "report.html", "candidates.csv",
}  # fmt: skip
EXPLANATION_FILES = {"explanation.json", "explanation.md"}


def square(**changes) -> dict:
    """Four sites in a ring; one corridor across it, at least cost over b: 3 nodes, 1 relay, 2 systems = 10 + 40."""
    system = {"key_rate_curve": [[1, 1000], [12, 100]], "price": 20}
    return {
        "qplan": 1,
        "sites": {"a": {}, "b": {"relay_cost": 10}, "c": {}, "d": {"relay_cost": 15}},
        "fibres": {f"{x}{y}": {"ends": [x, y], "length_km": 20, "loss_db": 5} for x, y in ("ab", "bc", "cd", "da")},
        "equipment": {"qkd_systems": {"q": system}},
        "corridors": {"across": {"ends": ["a", "c"], "key_rate_bps": 50}},
        "policy": {"max_bypass_sites": 0},
        "scenarios": {"ring": {"set": {"corridors.across.paths": 2}}},
    } | changes


def grid(size: int = 4, corridors: int = 20) -> dict:
    """A grid whose links' rates bind: plans are found at once, proofs take hours."""
    rng = random.Random(1)
    cells = [(i, j) for i in range(size) for j in range(size)]
    steps = [(a, b) for a in cells for b in ((a[0] + 1, a[1]), (a[0], a[1] + 1)) if b in cells]
    sites = {f"g{i}{j}": {"node_cost": rng.randrange(10, 99), "relay_cost": rng.randrange(10, 99)} for i, j in cells}
    return {
        "qplan": 1,
        "sites": sites,
        "fibres": {
            f"f{n}": {"ends": [f"g{i}{j}", f"g{k}{m}"], "loss_db": 4, "length_km": 10, "strands": 40}
            for n, ((i, j), (k, m)) in enumerate(steps)
        },
        "equipment": {"qkd_systems": {"q": {"key_rate_curve": [[1, 1000], [12, 1000]], "price": 100}}},
        "corridors": {
            f"c{n:02}": {"ends": rng.sample(sorted(sites), 2), "key_rate_bps": rng.randrange(300, 700)}
            for n in range(corridors)
        },
        "policy": {"max_bypass_sites": 1},
    }


@pytest.fixture
def here(tmp_path, monkeypatch) -> Path:
    """The current folder, with the square in sites.yaml."""
    monkeypatch.chdir(tmp_path)
    save(square())
    return tmp_path


def save(inventory: dict, name: str = "sites.yaml") -> Path:
    Path(name).write_text(json.dumps(inventory), encoding="utf-8")
    return Path(name)


@pytest.fixture
def qplan(monkeypatch, capsys):
    """Run the command in this process: exit code, stdout, stderr."""

    def run(*arguments: object) -> tuple[int, str, str]:
        monkeypatch.setattr(sys, "argv", ["qplan", *map(str, arguments)])
        with pytest.raises(SystemExit) as end:
            main()
        return end.value.code, *capsys.readouterr()

    return run


def process(*arguments: object, **environment: str) -> subprocess.CompletedProcess:
    environment = {**os.environ, **environment}
    command = [*COMMAND, *map(str, arguments)]
    return subprocess.run(command, check=False, capture_output=True, env=environment, timeout=120)


def content(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir()}


def plan_of(folder: str | Path) -> dict:
    return json.loads(Path(folder, "plan.json").read_text(encoding="utf-8"))


# ---- exit codes


def test_0_and_the_default_names(here, qplan):
    code, out, err = qplan("optimize")
    assert (code, err) == (0, "")
    assert "across" in out and "optimal" in out.lower()
    assert content(here / "sites.plan").keys() == PLAN_FILES
    assert plan_of("sites.plan")["objective"]["value"] == 50
    assert qplan("optimize", "--scenario", "ring", "-q") == (0, "", "")
    assert plan_of("sites.ring.plan")["objective"]["value"] == 105
    assert {path.name for path in here.iterdir()} == {"sites.yaml", "sites.plan", "sites.ring.plan"}


def test_default_file_is_the_only_one_of_its_kind(here, qplan):
    (here / "sites.yaml").rename(here / "lake.qplan.yaml")
    assert qplan("optimize", "-q") == (0, "", "")
    assert (here / "lake.qplan.plan" / "plan.json").exists()
    save(square(), "second.qplan.yaml")
    code, out, err = qplan("optimize")
    assert (code, out) == (2, "") and "there are 2 files" in err


def test_default_folder_is_beside_the_file_not_here(here, qplan, monkeypatch):
    (here / "elsewhere").mkdir()
    monkeypatch.chdir(here / "elsewhere")
    assert qplan("optimize", "../sites.yaml", "-q")[0] == 0
    assert (here / "sites.plan" / "plan.json").exists()
    assert list((here / "elsewhere").iterdir()) == []


def test_standard_input(here, qplan, monkeypatch):
    monkeypatch.setattr(sys, "stdin", open("sites.yaml", encoding="utf-8"))
    assert qplan("optimize", "-", "-q") == (0, "", "")
    assert content(here / "stdin.plan").keys() == PLAN_FILES


@pytest.mark.parametrize("name", ["missing.yaml", ".", "sites.yaml/x"])
def test_1_where_the_inventory_cannot_be_read(here, qplan, name):
    code, out, err = qplan("optimize", name)
    assert (code, out) == (1, "") and err.startswith("error: ") and name in err


USAGE = ["--frobnicate", "--gap=nan", "--gap=2", "--time-limit=0", "--time-limit=-1", "--time-limit=inf",
         "--threads=0", "--solver=gurobi", "--objective=cost", "--format=yaml"]  # fmt: skip


@pytest.mark.parametrize("option", USAGE)
def test_2_on_wrong_usage(here, qplan, option):
    code, out, err = qplan("optimize", option)
    assert (code, out) == (2, "") and "Usage" in err and option.split("=")[0] in err
    assert not (here / "sites.plan").exists()


@pytest.mark.parametrize(
    ("arguments", "code_named"),
    [
        (["--scenario", "rung"], "QP017"),
        (["--set", "corridors.acros.paths=2"], "QP016"),
        (["--set", "corridors.across.paths"], "QP015"),
        (["--set", "corridors.across.paths=0"], "--set"),
        (["--set", "corridors.across.ends=[a, z]"], "--set"),
    ],
)
def test_3_on_invalid_overlays(here, qplan, arguments, code_named):
    code, out, err = qplan("optimize", *arguments)
    assert (code, out) == (3, "") and code_named in err
    assert not (here / "sites.plan").exists()


@pytest.mark.parametrize(
    "data", [b"", b"sites: [", b"\xff\xfe\x00", b"qplan: 1\ninclude: [gone.yaml]", b"qplan: 1\nsites: {a: {lng: 1}}"]
)
def test_3_on_invalid_files(here, qplan, data):
    Path("sites.yaml").write_bytes(data)
    for verb, results in (("optimize", ""), ("validate", "error[QP")):
        code, out, err = qplan(verb)
        assert code == 3 and "sites.yaml" in out + err and "error[QP" in out + err
        assert results in out and bool(results) == bool(out)  # what `validate` finds is its result


def test_4_explains_and_leaves_an_earlier_plan(here, qplan):
    qplan("optimize", "-q")
    before = content(here / "sites.plan")
    forbidden = [word for s in "bd" for word in ("--set", f"sites.{s}.trusted_node=forbidden")]
    code, out, err = qplan("optimize", *forbidden, "-o", "sites.plan")
    assert (code, err) == (4, "") and "corridors.across cannot be served" in out
    after = content(here / "sites.plan")
    assert after.keys() == PLAN_FILES | EXPLANATION_FILES
    assert {name: after[name] for name in before} == before
    assert json.loads(after["explanation.json"])["status"] == "infeasible"
    assert qplan("optimize", "-q")[0] == 0
    assert content(here / "sites.plan") == before


def test_4_is_json_on_stdout_where_asked(here, qplan):
    code, out, _ = qplan("optimize", "--format", "json", "-o", "sites.plan", "--set", "sites.b.trusted_node=forbidden",
                         "--set", "sites.d.trusted_node=forbidden")  # fmt: skip
    assert code == 4
    assert [entry["corridor"] for entry in json.loads(out)["corridors"]] == ["across"]
    assert content(here / "sites.plan").keys() == EXPLANATION_FILES


def test_5_without_a_plan_is_unknown(here, qplan):
    qplan("optimize", "-q")
    before = content(here / "sites.plan")
    save(grid())
    code, out, err = qplan("optimize", "--time-limit", "0.001")
    assert (code, err) == (5, "") and out.startswith("No plan was found before the search ended")
    after = content(here / "sites.plan")
    assert {name: after.pop(name) for name in before} == before
    assert after.keys() == EXPLANATION_FILES
    explanation = json.loads(after["explanation.json"])
    assert (explanation["status"], explanation["objective"]) == ("unknown", "tco")
    assert explanation["bound"] is not None and explanation["bound_method"] and "bound by: " in out


def checked(maximum: float, severity: str) -> dict:
    limit = {"metric": "capex", "max": maximum, "severity": severity, "message": "too dear"}
    return square(checks={"ceiling": limit})


@pytest.mark.parametrize(
    ("maximum", "severity", "expected"),
    [(49.99, "error", 6), (50, "error", 0), (49.99, "warning", 0), (50, "warning", 0)],
)
def test_6_where_a_check_of_the_file_fails(here, qplan, maximum, severity, expected):
    save(checked(maximum, severity))
    code, _, err = qplan("optimize", "--format", "json")
    assert code == expected
    assert (f"check ceiling: {severity}: capex 50 exceeds 49.99: too dear" in err) == (maximum < 50)
    assert content(here / "sites.plan").keys() == PLAN_FILES


def test_5_goes_before_6(here, qplan):
    save(grid() | {"checks": {"ceiling": {"metric": "capex", "max": 1}}})
    code, out, err = qplan("optimize", "--time-limit", "3", "--gap", "0", "--format", "json")
    assert code == 5 and "check ceiling: error" in err
    summary, plan = json.loads(out), plan_of("sites.plan")
    assert (plan["status"], plan["solver"]["stopped_by"], summary["status"]) == ("feasible", "time_limit", "feasible")
    assert 0 < plan["objective"]["bound"] < plan["objective"]["value"] and plan["objective"]["gap"] > 0.001


# ---- what is recorded


def test_plan_json_has_the_keys_of_the_format_in_their_order(here, qplan):
    assert qplan("optimize", "--scenario", "ring", "-o", "p", "-q")[0] == 0
    plan = plan_of("p")
    keys = ["format_version", "qplan_version", "inventory", "status", "objective", "nodes", "links", "corridors",
            "costs", "solver"]  # fmt: skip
    assert [key for key in plan if key in keys] == keys
    promised = {
        "inventory": "name sha256 files scenario set effective_sha256",
        "objective": "name value bound gap",
        "nodes": "site roles",
        "links": "id ends system count fibres bypass_sites length_km loss_db key_rate_bps capacity_bps load_bps",
        "corridors": "id served key_rate_bps paths",
        "costs": "currency capex contingency opex_per_year tco",
        "solver": "name version",
    }
    for part, names in promised.items():
        for entry in plan[part] if isinstance(plan[part], list) else [plan[part]]:
            assert [key for key in entry if key in names.split()] == names.split()
    assert [list(path) for path in plan["corridors"][0]["paths"]] == [["links", "relays"]] * 2
    for part, name in (("nodes", "site"), ("links", "id"), ("corridors", "id")):
        assert [entry[name] for entry in plan[part]] == sorted(entry[name] for entry in plan[part])


def test_plan_json_fits_its_schema(here, qplan):
    schema = json.loads((ROOT / "schemas" / "plan.schema.json").read_text(encoding="utf-8"))
    qplan("optimize", "-q")
    qplan("optimize", EXAMPLES / "metro" / "sites.yaml", "-o", "metro", "-q")
    for folder in ("sites.plan", "metro"):
        assert not list(jsonschema.Draft202012Validator(schema).iter_errors(plan_of(folder)))


def test_record_of_the_inventory_and_replanning_from_it(here, qplan):
    Path("more.yaml").write_text("qplan: 1\nsites:\n  e: {name: Ødeland}\n", encoding="utf-8")
    save(square(include=["more.yaml"]))
    options = ["--scenario", "ring", "--set", "sites.d.relay_cost=5", "--objective", "capex"]
    assert qplan("optimize", *options, "-o", "first", "-q")[0] == 0
    first = plan_of("first")
    digest = {name: hashlib.sha256(Path(name).read_bytes()).hexdigest() for name in ("more.yaml", "sites.yaml")}
    effective = Path("first", "inventory.json").read_bytes()
    assert first["inventory"] == {
        "name": "sites.yaml",
        "sha256": digest["sites.yaml"],
        "files": [{"path": name, "sha256": digest[name]} for name in sorted(digest)],
        "scenario": "ring",
        "set": {"sites.d.relay_cost": 5, "objective": "capex"},
        "effective_sha256": hashlib.sha256(effective).hexdigest(),
        "as_of": None,
    }
    assert first["objective"]["name"] == "capex" and first["objective"]["value"] == 95
    assert qplan("optimize", "first/inventory.json", "-o", "again", "-q")[0] == 0
    again = plan_of("again")
    assert again.pop("inventory") != first.pop("inventory")
    assert again == first
    assert Path("again", "inventory.json").read_bytes() == effective


def test_an_objective_given_counts_as_the_inventorys_in_every_verb(here, qplan):
    qplan("optimize", "--objective", "relays", "-q", "-o", "sites.plan")
    assert plan_of("sites.plan")["objective"] == {"name": "relays", "value": 1, "bound": 1, "gap": 0}
    assert qplan("verify", "sites.plan/inventory.json", "sites.plan")[0] == 0


# ---- stdout and stderr


def warned() -> dict:
    """The square with a length that is not stated, which is a warning."""
    inventory = square()
    inventory["sites"] |= {"a": {"lat": 47.0, "lon": 8.0}, "d": {"lat": 47.1, "lon": 8.0, "relay_cost": 15}}
    inventory["fibres"]["da"] = {"ends": ["d", "a"], "loss_db": 5}
    return inventory


def test_results_on_stdout_everything_else_on_stderr(here, monkeypatch, capfd):
    """Also what a solver prints past Python's own streams."""

    def qplan(*arguments: str) -> tuple[str, str]:
        monkeypatch.setattr(sys, "argv", ["qplan", "optimize", *arguments])
        with pytest.raises(SystemExit) as end:
            main()
        assert end.value.code == 0
        return capfd.readouterr()

    save(warned())
    out, err = qplan("--format", "json", "-v")
    assert json.loads(out)["costs"]["tco"] == 50
    assert "warning[QP" in err and "candidate links" in err and "\r" not in err
    out, err = qplan("--format", "markdown")
    assert out.startswith("## sites.yaml\n") and err.count("warning[QP") == 1
    assert qplan("-q", "-v") == ("", "")


def test_help_starts_without_the_heavy_modules():
    script = (
        "import sys; sys.argv = ['qplan', '--help']\n"
        "from qplan.cli.main import main\n"
        "try: main()\n"
        "except SystemExit as end: assert end.code == 0\n"
        "print(*sys.modules, file=sys.stderr)"
    )
    run = subprocess.run([sys.executable, "-c", script], check=False, capture_output=True, text=True)
    assert run.returncode == 0 and "optimize" in run.stdout
    heavy = {"pulp", "highspy", "numpy", "scipy", "networkx", "pydantic", "jinja2", "yaml"}
    assert "click" in run.stderr.split() and not heavy.intersection(run.stderr.split())


def test_version_and_unknown_verb(qplan):
    code, out, _ = qplan("--version")
    assert code == 0 and re.fullmatch(r"qplan, version \d+\.\d+\.\d+\S*\n", out)
    assert qplan("optimise")[0] == 2


@pytest.mark.parametrize("stream", ["stdout", "stderr"])
def test_a_reader_that_has_gone_ends_without_a_traceback(here, stream):
    save(warned())
    child = subprocess.Popen([*COMMAND, "candidates"], stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    getattr(child, stream).close()
    other = child.stderr if stream == "stdout" else child.stdout
    said = other.read()
    other.close()
    assert child.wait(60) in (0, 1) and b"Traceback" not in said and b"Exception ignored" not in said


# ---- solver, gap, LP


def test_cbc_and_gap_0_agree(here, qplan):
    metro = EXAMPLES / "metro" / "sites.yaml"
    values = {}
    for solver in ("highs", "cbc"):
        assert qplan("optimize", metro, "--gap", "0", "--solver", solver, "-o", solver, "-q")[0] == 0
        plan = plan_of(solver)
        values[solver] = plan["objective"]["value"]
        assert plan["solver"]["name"].lower() == solver and plan["solver"]["version"]
        assert plan["objective"]["gap"] == 0 and plan["solver"]["gap_asked"] == 0
    assert values["highs"] == pytest.approx(values["cbc"], abs=0.01)


def lp_optimum(path: Path) -> float:
    import highspy

    highs = highspy.Highs()
    highs.setOptionValue("output_flag", False)
    highs.setOptionValue("mip_rel_gap", 0.0)
    assert highs.readModel(str(path)) == highspy.HighsStatus.kOk
    highs.run()
    assert highs.getModelStatus() == highspy.HighsModelStatus.kOptimal
    return highs.getInfo().objective_function_value


def lp_optimum_by_cbc(path: Path) -> float:
    from qplan.optimizer.solvers.cbc import cbc_path

    command = [cbc_path(), str(path), "-solve", "-quit"]
    log = subprocess.run(command, check=False, capture_output=True, text=True, stdin=subprocess.DEVNULL).stdout
    return float(re.findall(r"Objective value:\s+(\S+)", log)[-1])


@pytest.mark.parametrize("name", ["cambridge", "metro", "sweden"])
def test_written_lp_has_the_plans_value_and_readable_names(here, qplan, name):
    example = EXAMPLES / name / "sites.yaml"
    assert qplan("optimize", example, "--gap", "0", "-o", "p", "--write-lp", "m.lp", "-q")[0] == 0
    text, value = Path("m.lp").read_text(encoding="utf-8"), plan_of("p")["objective"]["value"]
    for node in plan_of("p")["nodes"]:
        assert re.search(rf"\b{node['site'].replace('-', '.')}\b", text)
    assert lp_optimum(Path("m.lp")) == pytest.approx(value, rel=1e-6)
    assert lp_optimum_by_cbc(Path("m.lp")) == pytest.approx(value, rel=1e-6)


def test_an_lp_that_cannot_be_written_costs_no_plan_and_no_time(here, qplan):
    code, out, err = qplan("optimize", "--write-lp", "gone/m.lp")
    assert (code, out) == (1, "") and "gone" in err
    assert not (here / "sites.plan").exists()


def test_an_output_takes_the_place_of_no_source_and_of_no_device(here, qplan):
    assert qplan("optimize", "-q")[0] == 0
    before = {path: path.read_bytes() for path in here.rglob("*") if path.is_file()}
    shutil.copy("sites.yaml", "sites.json")
    for out in ("sites.yaml", "sites.json", "sites.plan/plan.json", "sites.plan/inventory.json"):
        for verb in (
            ["optimize", "--write-lp"],
            ["bom", "sites.plan", "--format", "csv", "-o"],
            ["cost", "sites.plan", "--format", "text", "-o"],
        ):
            code, _, err = qplan(*verb, out)
            assert code == 1 and "is not overwritten" in err, (verb, out)
    assert {path: path.read_bytes() for path in before} == before
    shutil.copytree("sites.plan", "other.plan")
    for verb in (["bom", "sites.plan"], ["cost", "sites.plan"], ["compare", "sites.plan", "other.plan"]):
        found = qplan(*verb)
        assert found[0] == 0 and qplan(*verb, "-o", "-") == found and not Path("-").exists()
    Path("link.csv").symlink_to("aim.csv")
    os.mkfifo("pipe")
    reader = os.open("pipe", os.O_RDONLY | os.O_NONBLOCK)
    for out in ("link.csv", "pipe"):
        assert qplan("bom", "sites.plan", "--format", "csv", "-o", out)[0] == 0
    assert os.read(reader, 100_000) == Path("aim.csv").read_bytes() and Path("link.csv").is_symlink()
    os.close(reader)


# ---- same input, same bytes


@pytest.mark.parametrize("name", ["metro", "tokyo"])
def test_bytes_depend_on_neither_hash_seed_nor_threads(tmp_path, qplan, name):
    source = EXAMPLES / name / "sites.yaml"
    assert qplan("optimize", source, "-o", tmp_path / "one", "-q")[0] == 0
    run = process("optimize", source, "-o", tmp_path / "two", "--threads", 2, PYTHONHASHSEED=hash_seeds.OTHER)
    assert run.returncode == 0, run.stderr
    assert content(tmp_path / "one") == content(tmp_path / "two")
    assert content(tmp_path / "one").keys() == PLAN_FILES


# ---- signals


class Watched:
    """The command with a terminal as its stderr, so that its progress can be waited for."""

    def __init__(self, *arguments: str):
        pty = pytest.importorskip("pty", reason="no pseudo-terminals here")
        self.terminal, theirs = pty.openpty()
        self.said = b""
        self.child = subprocess.Popen([*COMMAND, *arguments], stdout=subprocess.PIPE, stderr=theirs)
        os.close(theirs)

    def wait_for(self, pattern: bytes, seconds: float = 60) -> None:
        end = time.monotonic() + seconds
        while not re.search(pattern, self.said):
            assert time.monotonic() < end and self.child.poll() is None, self.said[-500:]
            self._listen()

    def end(self, seconds: float = 60) -> tuple[int, str, str]:
        end = time.monotonic() + seconds
        while self.child.poll() is None:
            assert time.monotonic() < end, self.said[-500:]
            self._listen()
        self._listen()
        os.close(self.terminal)
        with self.child.stdout as out:
            return self.child.returncode, out.read().decode(), self.said.decode()

    def _listen(self) -> None:
        if select.select([self.terminal], [], [], 0.1)[0]:
            try:
                self.said += os.read(self.terminal, 65536)
            except OSError:  # the other end has been closed
                time.sleep(0.1)


PLAN_KNOWN = rb"best EUR \d| [1-9]\d s "  # a value on the line, or seconds in which one is found many times over


def test_5_with_the_best_plan_when_stopped(here):
    save(grid(6, 40))
    run = Watched("optimize", "--gap", "0")
    run.wait_for(PLAN_KNOWN)
    run.child.send_signal(signal.SIGINT)
    code, out, err = run.end()
    assert code == 5 and "Traceback" not in err and ("interrupted" in out or "would have taken longer" in err)
    plan = Plan.model_validate_json(Path("sites.plan", "plan.json").read_bytes())
    assert (plan.status, plan.solver.stopped_by) == ("feasible", "interrupt")
    assert verify(read_inventory("sites.yaml").inventory, plan) == ()
    assert {path.name for path in here.iterdir()} == {"sites.yaml", "sites.plan"}
    in_time = "would have taken longer" not in err  # else, on a machine under load, the essentials alone
    assert content(here / "sites.plan").keys() == (PLAN_FILES if in_time else {"plan.json", "inventory.json"})


def test_5_whatever_was_found_when_stopped_at_the_very_start(here):
    save(grid(6, 40))
    run = Watched("optimize", "--gap", "0")
    run.wait_for(rb" s  ")
    run.child.send_signal(signal.SIGTERM)
    code, out, err = run.end()
    assert code == 5 and "Traceback" not in err
    if out.startswith("No plan was found before the search ended"):
        assert content(here / "sites.plan").keys() == EXPLANATION_FILES
        assert json.loads(Path("sites.plan", "explanation.json").read_bytes())["status"] == "unknown"
    else:
        assert content(here / "sites.plan").keys() == PLAN_FILES and plan_of("sites.plan")["status"] == "feasible"


def test_second_signal_ends_at_once_and_writes_nothing_more(here):
    save(grid(6, 40))
    run = Watched("optimize", "--gap", "0")
    run.wait_for(PLAN_KNOWN)
    for _ in range(2):
        run.child.send_signal(signal.SIGINT)
        time.sleep(0.02)
    code, out, err = run.end(5)
    assert code == 5 and out == "" and "stopped: nothing more was written" in err and "Traceback" not in err
    there = {path.name for path in here.iterdir() if not path.name.startswith(HIDDEN)}  # which the next run clears away
    assert there <= {"sites.yaml", "sites.plan"}
    assert "sites.plan" not in there or content(here / "sites.plan").keys() == {"plan.json", "inventory.json"}


# ---- folders


def test_targets_that_are_refused_before_any_work(here, qplan):
    (here / "file").write_text("mine")
    (here / "full").mkdir()
    (here / "full" / "thesis.tex").write_text("mine")
    save(grid())  # would take hours
    refused = {
        "file": "is a file", "full": "holds other files", "file/below": "file is a file, not a folder",
        ".": "is the folder you are in",
    }  # fmt: skip
    for target, said in refused.items():
        code, out, err = qplan("optimize", "-o", target)
        assert (code, out) == (1, "") and said in err and err.count("\n") == 1
    assert {path.name for path in here.iterdir()} == {"sites.yaml", "file", "full"}


def test_no_permission(here, qplan):
    locked = here / "locked"
    locked.mkdir(mode=0o555)
    if os.access(locked, os.W_OK):
        pytest.skip("nothing is forbidden to this user")
    for options in (["-o", "locked/plan"], ["-o", "locked"], ["--write-lp", "locked/m.lp"]):
        code, out, err = qplan("optimize", *options)
        assert (code, out) == (1, "") and "no permission" in err and "locked" in err
    assert {path.name for path in here.iterdir()} == {"sites.yaml", "locked"}
    (here / "sites.yaml").chmod(0)
    code, out, err = qplan("optimize")
    assert (code, out) == (1, "") and "sites.yaml" in err and "ermission" in err


@pytest.mark.parametrize("name", ["a b", "Zürich–Süd", "line\nbreak", "-dash", "per%cent", "quo'te\"", "deep/er/plan"])
def test_any_folder_name_will_do(here, qplan, name):
    assert qplan("optimize", f"--out={name}", "-q") == (0, "", "")
    assert content(here / name).keys() == PLAN_FILES
    assert qplan("verify", "--", "sites.yaml", name)[0] == 0


# ---- small and odd inventories


def test_no_corridors_is_an_empty_optimal_plan(here, qplan):
    save(square(corridors={}, scenarios={}))
    assert qplan("optimize")[0] == 0
    plan = plan_of("sites.plan")
    assert (plan["status"], plan["nodes"], plan["links"], plan["corridors"]) == ("optimal", [], [], [])
    assert plan["objective"] == {"name": "tco", "value": 0, "bound": 0, "gap": 0}
    assert all(content(here / "sites.plan").values())
    assert qplan("verify", "sites.yaml", "sites.plan")[0] == 0


@pytest.mark.parametrize("sites", [{}, {"a": {}}])
def test_no_fibres_at_all(here, qplan, sites):
    save({"qplan": 1, "sites": sites})
    assert qplan("optimize", "-q")[0] == 0
    assert content(here / "sites.plan").keys() == PLAN_FILES


def test_optional_corridors_that_nothing_can_serve(here, qplan):
    save(square(corridors={"far": {"ends": ["a", "c"], "key_rate_bps": 1e6, "required": False}}, scenarios={}))
    code, out, _ = qplan("optimize")
    assert code == 0 and "far" in out
    plan = plan_of("sites.plan")
    assert plan["status"] == "optimal" and plan["links"] == []
    assert plan["corridors"] == [{"id": "far", "served": False, "key_rate_bps": 1e6, "paths": []}]


def test_corridors_with_the_same_ends_share_what_is_built(here, qplan):
    twin = {"ends": ["c", "a"], "key_rate_bps": 50}
    save(square(corridors={"one": square()["corridors"]["across"], "two": twin}, scenarios={}))
    assert qplan("optimize", "-q")[0] == 0
    plan = plan_of("sites.plan")
    assert plan["objective"]["value"] == 50 and [link["load_bps"] for link in plan["links"]] == [100, 100]
    there, back = (corridor["paths"][0]["links"] for corridor in plan["corridors"])
    assert there == back[::-1]


# ---- verify


def tampered(plan: dict, *path: object, value: object) -> None:
    *way, last = path
    for step in way:
        plan = plan[step]
    plan[last] = value


TAMPERINGS = [
    (("costs", "tco"), 1.0),
    (("links", 0, "loss_db"), 1.0),
    (("links", 0, "count"), 2),
    (("corridors", 0, "paths", 0, "relays"), ["d"]),
    (("objective", "bound"), 60.0),
    (("nodes",), []),
]


@pytest.mark.parametrize(("path", "value"), TAMPERINGS, ids=lambda x: str(x))
def test_verify_holds_a_plan_against_its_inventory(here, qplan, path, value):
    qplan("optimize", "-q")
    code, out, err = qplan("verify", "sites.yaml", "sites.plan/plan.json")
    said = "Not proven again, but taken from the plan: status optimal, bound"
    assert (code, err) == (0, "") and out.startswith(f"The plan holds.\n{said} ")
    plan = plan_of("sites.plan")
    tampered(plan, *path, value=value)
    Path("bad.json").write_text(json.dumps(plan))
    code, out, err = qplan("verify", "sites.yaml", "bad.json")
    assert code == 6 and "does not hold" in out and err == ""


def test_verify_follows_the_inventory(here, qplan):
    qplan("optimize", "-q")
    code, out, _ = qplan("verify", "sites.yaml", "sites.plan", "--set", "sites.b.trusted_node=forbidden")
    assert code == 6 and "b" in out
    assert qplan("verify", "sites.yaml", "sites.plan", "--scenario", "ring")[0] == 6


@pytest.mark.parametrize(
    ("data", "expected"), [(None, 1), (b"", 3), (b"[]", 3), (b"{}", 3), (b"\xff", 3), (b"[" * 100_000, 3)]
)
def test_verify_of_what_is_no_plan(here, qplan, data, expected):
    if data is not None:
        Path("plan.json").write_bytes(data)
    code, out, err = qplan("verify", "sites.yaml", "plan.json")
    assert (code, out) == (expected, "") and "plan.json" in err
