"""`qplan explain`, `candidates` and `show`: commands and what they print, in pairs of files under `tests/explain`.

`python tests/explain/test_explain_verb.py` writes what is expected anew, to be read before it is committed.
"""

from __future__ import annotations

import contextlib
import io
import json
import os
import shlex
import shutil
import sys
import tempfile
from pathlib import Path

import pytest

from qplan.cli.main import main

PAIRS = Path(__file__).parent / "pairs"


def run(command: str) -> str:
    """What the command prints, and its exit code as the last line."""
    out, before = io.StringIO(newline=None), sys.argv
    sys.argv = shlex.split(command)
    try:
        with contextlib.redirect_stdout(out), contextlib.redirect_stderr(out):
            main()
    except SystemExit as end:
        return f"{out.getvalue()}exit {end.code}\n".replace("\r\n", "\n")
    finally:
        sys.argv = before


def prepare(folder: Path) -> None:
    shutil.copy(PAIRS / "sites.yaml", folder)
    assert run(f"qplan optimize {folder}/sites.yaml -q") == "exit 0\n"


@pytest.fixture(scope="module")
def prepared(tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("explain")
    prepare(folder)
    return folder


@pytest.fixture
def here(prepared, monkeypatch):
    monkeypatch.chdir(prepared)


@pytest.mark.parametrize("pair", sorted(PAIRS.glob("*.txt")), ids=lambda path: path.stem)
def test_what_a_command_prints(here, pair):
    command, _, expected = pair.read_text(encoding="utf-8").partition("\n")
    assert run(command.removeprefix("$ ")) == expected


def test_json_says_the_same_in_ids_and_numbers(here):
    told = json.loads(run("qplan explain sites.plan corridors.mirror --format json").rpartition("exit")[0])
    assert (told["address"], told["in_plan"], told["share"]["tco"]) == ("corridors.mirror", True, 340.0)
    assert told["revealed_by"] == [["sites.east", "sites.west"]] and len(told["cut_off_by"]) == 2
    [without] = told["without"]
    assert (without["status"], without["value"], without["difference"]) == ("optimal", 155.0, -225.0)
    assert without["settings"] == ["corridors.mirror=null"] and without["newly_served"] == ["hill"]
    overview = json.loads(run("qplan explain sites.plan --format json").rpartition("exit")[0])
    assert [limit["where"] for limit in overview["binding_limits"]] == ["budget.capex"]
    assert sum(share["tco"] for share in overview["shares"]) == told["plan"]["objective"]["value"] == 380.0


@pytest.mark.parametrize(
    ("edit", "code", "told"),
    [
        (lambda plan: plan.pop("inventory.json"), 1, "there is no other/inventory.json"),
        (lambda plan: plan.pop("plan.json"), 1, "cannot read other/plan.json"),
        (lambda plan: plan.update({"plan.json": plan["plan.json"].replace('"1.0"', '"2.0"')}), 3,
         "format version '2.0'"),
        (lambda plan: plan.update({"plan.json": "{"}), 3, "it is not JSON"),
        (lambda plan: plan.update({"plan.json": "[]"}), 3, "it states no format_version"),
        (lambda plan: plan.update({"inventory.json": plan["inventory.json"].replace("Small", "Large")}), 3, "SHA-256"),
        (lambda plan: plan.update({"inventory.json": "{}"}), 3, "QP018"),
        (lambda plan: plan.update({"plan.json": plan["plan.json"].replace('"count": 1', '"count": 2')}), 6,
         "does not hold"),
    ],
)  # fmt: skip
def test_a_plan_that_cannot_be_explained(here, edit, code, told):
    files = {name: Path("sites.plan", name).read_text(encoding="utf-8") for name in ("plan.json", "inventory.json")}
    edit(files)
    shutil.rmtree("other", ignore_errors=True)
    Path("other").mkdir()
    for name, text in files.items():
        Path("other", name).write_text(text, encoding="utf-8")
    printed = run("qplan explain other sites.west")
    assert printed.endswith(f"exit {code}\n") and told in printed and "Traceback" not in printed


def test_a_folder_with_an_explanation_in_place_of_a_plan(here):
    assert run("qplan optimize sites.yaml --set corridors.mirror.paths=4 -o none -q").endswith("exit 4\n")
    printed = run("qplan explain none")
    assert "explanation.md in it says why there is no plan" in printed and printed.endswith("exit 1\n")


def test_a_file_that_is_not_there_is_not_taken_for_an_address(here):
    assert run("qplan explain lost.yaml") == "error: cannot read lost.yaml: No such file or directory\nexit 1\n"


def test_an_inventory_without_corridors(here):
    overrides = " ".join(f"--set corridors.{q}=null" for q in ("mirror", "mail", "hill"))
    assert run(f"qplan explain sites.yaml -q {overrides}").endswith(": No corridor is required.\nexit 0\n")
    run(f"qplan optimize sites.yaml -q -o empty {overrides}")
    assert "No QKD module stands there" in run("qplan explain empty sites.west")
    assert run("qplan explain empty").endswith("exit 0\n")


def test_a_plan_of_fewest_relays(here):
    run("qplan optimize sites.yaml -q -o relays --objective relays")
    printed = run("qplan explain relays corridors.mirror")
    assert "mirror not served: 0 relays, 2 less; proven" in printed
    assert "south a relay: 4 relays, 2 more; proven" in run("qplan explain relays sites.south")


def test_a_site_that_the_best_plan_with_it_uses(here):
    """South costs more than east by 50 once; no duct of its ways is one of west's if the quay is told apart."""
    run("qplan optimize sites.yaml -q -o two --set fibres.hq-south.ducts=[] --set budget.capex=null")
    printed = run("qplan explain two sites.south")
    assert "the best plan in which it does is below" in printed
    assert "south a relay: tco EUR 505, EUR 50 (11 %) more; proven; new nodes: south; nodes no more: east" in printed


def test_names_cannot_break_the_page(here):
    nasty = '"<script>|`x`\\u202e\\e[31m\\n# y"'
    overrides = f"--set 'sites.south.operator={nasty}' --set corridors.mail.allowed_operators=[acme]"
    assert run(f"qplan optimize sites.yaml -q -o nasty {overrides}") == "exit 0\n"
    text, markdown = (run(f"qplan explain nasty sites.south --format {style}") for style in ("text", "markdown"))
    assert "It may not relay for mail by allowed_operators (found <script>|`x`" in text
    assert not any(hidden in text + markdown for hidden in "\u202e\x1b") and "\n# y" not in text + markdown
    assert "<script>" not in markdown


def test_an_answer_says_that_time_was_over(here, monkeypatch):
    printed = run("qplan explain sites.plan corridors.mirror --time-limit 0.001")
    assert "not decided in the time allowed" in printed and printed.endswith("exit 5\n")


def write_expected() -> None:
    with tempfile.TemporaryDirectory() as folder:
        prepare(Path(folder))
        os.chdir(folder)
        for pair in sorted(PAIRS.glob("*.txt")):
            command = pair.read_text(encoding="utf-8").partition("\n")[0]
            pair.write_text(f"{command}\n{run(command.removeprefix('$ '))}", encoding="utf-8")
        os.chdir("/")


if __name__ == "__main__":
    write_expected()
