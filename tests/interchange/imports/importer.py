"""Running `qplan import` in a folder, as a user would, and looking at what comes of it."""

from __future__ import annotations

import shlex
from pathlib import Path
from typing import NamedTuple

from click.testing import CliRunner

from qplan.cli.main import cli
from qplan.errors import Diagnostic, InvalidInput
from qplan.interchange.imports.importing import Outcome, imported
from qplan.interchange.imports.mapping import ImportMap, read_map
from qplan.inventory.model import Inventory
from qplan.inventory.reader import read_inventory

PAIRS = Path(__file__).parent / "pairs"


class Run(NamedTuple):
    code: int
    out: str
    err: str


def qplan(*words: object) -> Run:
    """Run the command in this process; its own errors come as they would be printed."""
    result = CliRunner().invoke(cli, [str(word) for word in words], standalone_mode=False)
    if result.exception is not None:
        error = result.exception
        return Run(int(getattr(error, "exit_code", 99)), result.stdout, f"{type(error).__name__}: {error}")
    return Run(int(result.return_value or 0), result.stdout, result.stderr)


def findings(
    form: str,
    files: list[Path],
    mapping: ImportMap | None = None,
    existing: Path | None = None,
    asked_of: Path | None = None,
) -> list[Diagnostic]:
    """Every finding of an import, also of one that is refused."""
    try:
        return list(imported(form, files, mapping or ImportMap(), existing, asked_of).findings)
    except InvalidInput as error:
        return list(error.diagnostics)


def codes(form: str, files: list[Path], **more: object) -> set[str]:
    return {item.code for item in findings(form, files, **more)}  # type: ignore[arg-type]


def outcome(
    form: str,
    *files: Path,
    mapping: ImportMap | None = None,
    existing: Path | None = None,
    asked_of: Path | None = None,
) -> Outcome:
    return imported(form, files, mapping or ImportMap(), existing, asked_of)


def inventory(folder: Path, text: str) -> Inventory:
    """The inventory that a text is."""
    path = folder / "read-back.yaml"
    path.write_text(text, encoding="utf-8")
    return read_inventory(path).inventory


def written(folder: Path, name: str, text: str, encoding: str = "utf-8") -> Path:
    path = folder / name
    path.write_bytes(text.encode(encoding))
    return path


def example(folder: Path, text: str) -> set[str]:
    """Codes found in an example of `qplan rules`: a command, and files under `# NAME`."""
    command, *lines = text.splitlines()
    name = ""
    files: dict[str, list[str]] = {}
    for line in lines:
        if line.startswith("# ") and " " not in line[2:]:
            name = line[2:]
        files.setdefault(name, []).append(line) if line != f"# {name}" else None
    for name, content in files.items():
        written(folder, name, "\n".join(content) + "\n")
    words = shlex.split(command.removeprefix("$ qplan import "))
    form, paths = words[0], [folder / word for word in words[1:] if not word.startswith("--") and word != "map.yaml"]
    try:
        mapping = read_map(folder / "map.yaml") if "--map" in words else ImportMap()
    except InvalidInput as error:
        return {item.code for item in error.diagnostics}
    return codes(form, paths, mapping=mapping, existing=folder / "sites.yaml" if "--update" in words else None)
