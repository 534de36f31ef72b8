"""CONTRIBUTING.md speaks of what is there: every room, every file, every function that it names."""

from __future__ import annotations

import re
from pathlib import Path

from qplan import __version__
from qplan.plan.model import FORMAT_VERSION

ROOT = Path(__file__).parents[1]
PAGE = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
CHANGES = (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")
OF_USERS = {"sites.yaml", "plan.json"}
CODE = re.findall(r"`([^`\n]+)`", re.sub(r"^```.*?^```$", "", PAGE, flags=re.DOTALL | re.MULTILINE))


def test_every_room_is_in_the_picture_and_in_the_table():
    rooms = {path.parent.name for path in ROOT.glob("qplan/*/__init__.py")}
    table = PAGE.split("| in `qplan/` | what is there |\n")[1].split("\n\n")[0].splitlines()[1:]
    assert {re.match(r"\| `(\w+)/`", row)[1] for row in table} == rooms
    picture = PAGE.split("none above;")[1].split("```")[1]
    assert {room for room in rooms if not re.search(rf"\b{room}\b", picture)} == set()


def test_what_it_names_is_there():
    paths = [word for word in CODE if re.fullmatch(r"[\w./-]+(\.py|\.yaml|\.json|/)", word) and word not in OF_USERS]
    assert len(paths) > 40
    rooms = [ROOT, ROOT / "qplan", *(path for path in (ROOT / "qplan").rglob("*") if path.is_dir())]
    assert [word for word in paths if not any((room / word).exists() for room in rooms)] == []
    assert [target for target in re.findall(r"\]\(([^)#]+)\)", PAGE + CHANGES) if not (ROOT / target).exists()] == []


def test_the_walk_names_modules_by_their_room():
    walk = PAGE.split("### One number through the house")[1].split("### Words")[0]
    named = [word for word in re.findall(r"`([\w/]+\.py)`", walk) if "/" in word]
    assert len(named) > 12 and [word for word in named if not (ROOT / "qplan" / word).exists()] == []


def test_changes_know_the_versions():
    minor = ".".join(__version__.split(".")[:2])
    assert re.search(rf"^\| {re.escape(minor)} \| 1 \| {re.escape(FORMAT_VERSION)} \|", CHANGES, re.MULTILINE)
