"""The house keeps its order: which room may import which, who may import the solvers, what an import costs.

The rules are about the import statements of the source, wherever in a file they stand, also under `TYPE_CHECKING`.
"""

from __future__ import annotations

import ast
import re
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import pytest

PACKAGE = Path(__file__).parents[2] / "qplan"
FILES = sorted(PACKAGE.rglob("*.py"))
ROOMS = (  # each imports what stands below it
    "cli",
    "api",
    "outputs",
    "comparison",
    "explain",
    "assessment",
    "optimizer",
    "candidates",
    "costing",
    "plan",
    "inventory",
    "physics",
)
BESIDE = {"interchange": {"physics", "inventory", "plan"}}  # of the rooms; api and cli may import it
SKIPPED = {"assessment": {"optimizer"}}  # below, and not to be imported all the same
EVERYWHERE = {"", "errors", "files", "time_budget"}  # of qplan itself: the version, and what has no room
CLI_MAY = {"", "api", "cli", "errors"}
LIBRARIES = {  # who may import them at all
    "pulp": ("optimizer/model", "optimizer/cuts", "optimizer/solvers"),
    "highspy": ("optimizer/solvers", "optimizer/search"),
    "click": ("cli",),
    "jinja2": ("outputs",),
    "xlsxwriter": ("outputs/bill", "outputs/quotes"),
    "graphviz": ("outputs/topology",),
    "geographiclib": ("physics",),
}
LAZY = {  # dear to import: at the top of a file only here, where all of a room needs them
    "networkx": (),
    "scipy": ("candidates", "optimizer"),
    "numpy": ("candidates", "optimizer"),
    "jinja2": (),
}
FUNCTION = (ast.FunctionDef, ast.AsyncFunctionDef)
LONGEST_FUNCTION, LONGEST_MODULE = 65, 380  # a guard against growth; the aim is 40 and 300


@dataclass(frozen=True)
class Import:
    file: str
    line: int
    module: str
    at_top: bool

    @property
    def room(self) -> str:
        """Of what is imported: the first name below qplan."""
        return [*self.module.split("."), ""][1]

    @property
    def owner(self) -> str:
        """The room that imports; empty for the modules beside the rooms."""
        return self.file.split("/")[0] if "/" in self.file else ""

    def __str__(self) -> str:
        return f"qplan/{self.file}:{self.line}: imports {self.module}"


@cache
def trees() -> dict[Path, ast.Module]:
    return {path: ast.parse(path.read_text("utf-8")) for path in FILES}


@cache
def imports() -> tuple[Import, ...]:
    return tuple(each for path, tree in trees().items() for each in imports_of(path, tree))


def imports_of(path: Path, tree: ast.Module) -> Iterator[Import]:
    file = path.relative_to(PACKAGE).as_posix()
    for node, at_top in statements(tree):
        names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
        if isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: imports are absolute"
            whole = {f"{node.module}.{alias.name}" for alias in node.names}
            names = sorted(name for name in whole if is_module(name)) or [str(node.module)]
        yield from (Import(file, node.lineno, name, at_top) for name in names)


def statements(tree: ast.AST, at_top: bool = True) -> Iterator[tuple[ast.AST, bool]]:
    """All of them, and whether each stands outside every function; expressions hold none."""
    for node in ast.iter_child_nodes(tree):
        if not isinstance(node, ast.expr):
            yield node, at_top
            yield from statements(node, at_top and not isinstance(node, FUNCTION))


def functions(tree: ast.AST) -> Iterator[ast.FunctionDef | ast.AsyncFunctionDef]:
    return (node for node, _ in statements(tree) if isinstance(node, FUNCTION))


def ours() -> list[Import]:
    return [each for each in imports() if each.module.split(".")[0] == "qplan"]


def is_module(name: str) -> bool:
    """A module or a room of qplan."""
    path = PACKAGE.parent / name.replace(".", "/")
    return name.startswith("qplan.") and (path.is_dir() or path.with_suffix(".py").exists())


def told(found: Iterator[Import]) -> str:
    return "\n".join(str(each) for each in found)


def test_every_folder_is_a_room_that_says_what_belongs_there():
    folders = {path.parent.name for path in PACKAGE.glob("*/__init__.py")}
    assert folders - {*ROOMS, *BESIDE} == set()
    for path in PACKAGE.rglob("__init__.py"):
        assert ast.get_docstring(ast.parse(path.read_text("utf-8"))), f"{path} says nothing"


def test_imports_run_down_the_house():
    def wrong(each: Import) -> bool:
        if each.room in EVERYWHERE or each.room == each.owner or each.owner in EVERYWHERE:
            return False
        if each.owner in BESIDE:
            return each.room not in BESIDE[each.owner]
        if each.room in BESIDE:
            return each.owner not in ("api", "cli")
        too_high = ROOMS.index(each.room) < ROOMS.index(each.owner)
        return too_high or each.room in SKIPPED.get(each.owner, ())

    assert told(filter(wrong, ours())) == ""


def test_modules_without_a_room_import_the_face_alone():
    """`errors` and `files` stand below all rooms; `__init__` and `__main__` above."""
    bottom = [each for each in ours() if each.file in ("errors.py", "files.py")]
    assert told(each for each in bottom if each.room not in EVERYWHERE) == ""


def test_the_command_line_reaches_past_the_face_nowhere():
    assert told(each for each in ours() if each.owner == "cli" and each.room not in CLI_MAY) == ""


def test_the_verifier_shares_nothing_with_what_plans():
    its = [each for each in ours() if each.file.startswith("plan/verify/")]
    assert told(each for each in its if each.room not in {*EVERYWHERE, "physics", "inventory", "plan"}) == ""
    assert told(each for each in its if each.module == "qplan.inventory.plant") == ""


@pytest.mark.parametrize("library", LIBRARIES)
def test_libraries_stay_in_their_rooms(library):
    users = [each for each in imports() if each.module.split(".")[0] == library]
    assert users, f"{library} is not used any more: take it from the list"
    assert told(each for each in users if not each.file.startswith(LIBRARIES[library])) == ""


@pytest.mark.parametrize("library", LAZY)
def test_dear_libraries_are_imported_where_they_are_needed(library):
    users = [each for each in imports() if each.module.split(".")[0] == library and each.at_top]
    assert told(each for each in users if not each.file.startswith(LAZY[library] or "-")) == ""


def test_modules_and_functions_are_short():
    long = [
        f"{path.relative_to(PACKAGE)}: {lines} lines"
        for path in FILES
        if (lines := len(path.read_text("utf-8").splitlines())) > LONGEST_MODULE
    ]
    for path, tree in trees().items():
        for function in functions(tree):
            lines = function.end_lineno - function.lineno + 1
            if lines > LONGEST_FUNCTION:
                long.append(f"{path.relative_to(PACKAGE)}: {function.name}: {lines} lines")
    assert long == []


def test_few_type_errors_are_ignored_and_each_with_a_reason():
    ignores = []
    for path in FILES:
        for number, line in enumerate(path.read_text("utf-8").splitlines(), 1):
            if re.search(r"#\s*(type:\s*ignore|noqa)", line):
                ignores.append(f"{path.relative_to(PACKAGE)}:{number}: {line.strip()}")
    bare = [each for each in ignores if not re.search(r"# (type: ignore\[[a-z-]+\]|noqa: [A-Z0-9]+)  # \w.{5}", each)]
    assert bare == []
    assert len(ignores) <= 20


def test_the_face_has_no_type_that_says_nothing():
    for path in (PACKAGE / "api").glob("*.py"):
        names = {node.id for node in ast.walk(ast.parse(path.read_text("utf-8"))) if isinstance(node, ast.Name)}
        assert "Any" not in names, path


HEAVY = {"pydantic", "yaml", "numpy", "scipy", "highspy", "pulp", "networkx", "jinja2", "graphviz", "xlsxwriter"}


@pytest.mark.parametrize(("program", "most"), [("import qplan", set()), ("import qplan.cli.main", {"click"})])
def test_start_imports_little(program, most):
    """What a start costs is what it imports; the clock is looked at in the benchmarks."""
    script = f"import sys\n{program}\nprint(*{{name.partition('.')[0] for name in sys.modules}})"
    run = subprocess.run([sys.executable, "-c", script], check=True, capture_output=True, text=True)
    assert (HEAVY | {"click"}) & {*run.stdout.split()} <= most
