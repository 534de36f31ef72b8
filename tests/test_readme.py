"""README.md says what is so: its commands, its picture, its output, its file, its tables.

`python tests/test_readme.py` draws the picture anew; what else a test finds out of date is edited by hand.
"""

from __future__ import annotations

import json
import re
import shlex
import shutil
import sys
import tempfile
from pathlib import Path
from typing import get_args

import pytest

from qplan.api.inventories import load
from qplan.api.planning import load_result
from qplan.api.questions import list_candidates, show
from qplan.api.words import make_screen, render_candidates, render_view
from qplan.cli.main import main
from qplan.errors import Exit
from qplan.outputs.folder import EXPLANATION_FILES, PLAN_FILES
from qplan.plan.model import Plan

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text(encoding="utf-8")
METRO = ROOT / "examples" / "metro"


def blocks(language: str) -> list[str]:
    """Code blocks, in order."""
    return re.findall(rf"^```{language}\n(.*?)^```$", README, re.DOTALL | re.MULTILINE)


def first_column(header: str) -> list[str]:
    """What stands in the first column of the table with this header, without the marks of code."""
    rows = README.split(f"\n{header}\n")[1].split("\n\n")[0].splitlines()[1:]
    return [row.split("|")[1].replace("`", "").strip() for row in rows]


def qplan(*words: str) -> int:
    before, sys.argv = sys.argv, ["qplan", *words]
    try:
        main()
    except SystemExit as end:
        return end.code
    finally:
        sys.argv = before


def test_output_and_picture_are_those_of_the_example(tmp_path, capsys):
    assert qplan("optimize", str(METRO / "sites.yaml"), "-o", str(tmp_path / "plan")) == 0
    printed = capsys.readouterr().out
    for paragraph in blocks("text")[0].split("\n\n"):
        assert paragraph.strip() in printed
    assert (METRO / "topology.svg").read_bytes() == (tmp_path / "plan" / "topology.svg").read_bytes()
    assert "(examples/metro/topology.svg)" in README
    view = show(load_result(tmp_path / "plan"), time_limit=600)
    drawn = render_view(view, "text", make_screen(100, colour=False, unicode=True))
    assert all(paragraph.strip() in drawn for paragraph in blocks("text")[3].split("\n\n"))


def test_the_session_from_spreadsheets_to_answers(tmp_path, monkeypatch, capsys):
    """Every command of it ends with 0 and prints every line that is shown, in that order."""
    for file in (ROOT / "examples" / "first-hour").glob("*.csv"):
        shutil.copy(file, tmp_path)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "100")
    commands = blocks("console")[0].split("$ qplan ")[1:]
    for command in commands:
        line, *shown = [each for each in command.splitlines() if each != "…"]
        assert qplan(*shlex.split(line, comments=True)) == 0
        printed = iter(capsys.readouterr().out.splitlines())
        assert all(each in printed for each in shown), line
    assert len(commands) == 5


def test_the_costs_are_those_of_the_example():
    """As printed in a file that the tests of the examples compare."""
    printed = iter((ROOT / "tests" / "papers" / "cost.txt").read_text(encoding="utf-8").splitlines())
    command, *shown = [line for line in blocks("console")[1].splitlines() if line != "…"]
    assert command == "$ qplan cost offers.plan --as-of 2027-02-15"
    assert shown and all(line in printed for line in shown)


def test_candidates_are_those_of_the_example():
    command, listed = blocks("text")[2].split("\n\n")
    _, _, file, address = command.split()
    found = list_candidates(load(ROOT / file).inventory, address)
    assert listed in render_candidates(found, "text", 100)


def test_explanation_is_that_of_the_example(tmp_path, capsys):
    assert qplan("optimize", str(ROOT / "examples/infeasible/sites.yaml"), "-o", str(tmp_path / "plan")) == 4
    assert " ".join(blocks("text")[1].split()) in " ".join(capsys.readouterr().out.split())


def test_the_drill_is_that_of_the_example():
    """As printed in a file that the tests of the verb compare, with the cost that the tests of the examples compare."""
    printed = (ROOT / "tests" / "cli" / "drills" / "dig.txt").read_text(encoding="utf-8")
    for paragraph in blocks("text")[4].split("\n\n"):
        assert paragraph.strip() in printed
    declared = (ROOT / "examples" / "drills" / "sites.yaml").read_text(encoding="utf-8")
    assert all(line.strip() in declared for line in blocks("yaml")[1].splitlines())
    expected = json.loads((ROOT / "examples" / "drills" / "expected.json").read_text(encoding="utf-8"))
    dearer = expected["variants"]["--scenario mended"]["value"] - expected["value"]
    assert f"EUR {round(dearer, -3):,}".replace(",", " ") in README


def test_the_review_is_that_of_the_change(tmp_path, capsys):
    screen = next(block for block in blocks("text") if block.startswith("Plan change"))
    options = re.search(r"`((--set \S+ ?)+)`\):\n\n```text\nPlan change", README)[1].split()
    for name, words in (("old", []), ("new", options)):
        assert qplan("optimize", str(METRO / "sites.yaml"), "-o", str(tmp_path / name), "-q", *words) == 0
    capsys.readouterr()
    assert qplan("diff", str(tmp_path / "old"), str(tmp_path / "new")) == 0
    assert capsys.readouterr().out == screen
    assert qplan("diff", str(tmp_path / "old"), str(tmp_path / "new"), "--format", "markdown") == 0
    comment = capsys.readouterr().out
    shown = comment[comment.index("**Plan change") : comment.index("<details>")].strip()
    assert re.sub(r"^> ?", "", README[README.index("> **Plan change") :].split("\n\n")[0], flags=re.MULTILINE) == shown


@pytest.mark.parametrize("options", [[], ["--scenario", "lost-east"]])
def test_the_tour_is_a_whole_inventory_without_findings(options, tmp_path, monkeypatch, capsys):
    file = tmp_path / "sites.yaml"
    file.write_text(blocks("yaml")[0], encoding="utf-8")
    assert qplan("optimize", str(file), *options) == 0
    monkeypatch.chdir(tmp_path)
    assert qplan(*re.search(r"^qplan (candidates sites\.yaml \S+) +#", README, re.MULTILINE)[1].split()) == 0
    assert capsys.readouterr().err == ""


def test_both_commands_stand_alone_on_their_lines():
    commands = [block.strip() for block in blocks("") if block.startswith("python3 -m venv")]
    assert [command.split()[-1] for command in commands] == ["examples/metro/sites.yaml", "pytest"]
    assert not any("\n" in command for command in commands)


def test_tables_are_complete():
    assert set(", ".join(first_column("| file | what it is |")).split(", ")) == set(PLAN_FILES)
    assert all(f"`{name}`" in README for name in EXPLANATION_FILES)
    assert first_column("| exit | meaning |") == [str(int(code)) for code in Exit]
    statuses = get_args(Plan.model_fields["status"].annotation)
    assert first_column("| status | exit | meaning |") == [*statuses, "infeasible", "unknown"]


def test_every_link_leads_somewhere():
    targets = re.findall(r"\]\(([^)#]+)\)", README)
    assert len(targets) > 5
    assert [target for target in targets if not (ROOT / target).exists()] == []


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as folder:
        qplan("optimize", str(METRO / "sites.yaml"), "-o", f"{folder}/plan", "-q")
        (METRO / "topology.svg").write_bytes(Path(folder, "plan", "topology.svg").read_bytes())
