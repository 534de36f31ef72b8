"""Exports on disk: each file whole or not at all, and nothing replaced that an export did not write."""

from __future__ import annotations

import json
import os
from contextlib import suppress
from pathlib import Path

from qplan import __version__
from qplan.errors import QplanError
from qplan.files import replace_file
from qplan.interchange.exports.exported import MARK, Exported, json_text
from qplan.inventory.rules import printable
from qplan.plan.model import Plan

MANIFEST = "qplan-export.json"
"""In a folder: what the export is of and which files are its own, so that a later one may replace them."""
HEAD_BYTES = 1000  # the mark stands at the beginning of a file


def write_file(path: Path, text: str) -> None:
    """Put the text where nothing is or where an export wrote. Raises QplanError."""
    name = printable(str(path))
    try:
        if path.is_symlink():
            raise QplanError(f"{name} is a symbolic link: name the file it points to, or another, with --out")
        if path.exists() and not (path.is_file() and MARK.encode() in path.read_bytes()[:HEAD_BYTES]):
            raise QplanError(f"{name} was not {MARK}: move it away, or name another file with --out")
        replace_file(path, text.encode())
    except OSError as error:
        raise QplanError(f"cannot write {name}: {error.strerror}") from error


def write_folder(folder: Path, name: str, plan: Plan, exported: Exported) -> None:
    """Put the files of an export in this format into a new or empty folder, or one with an earlier export of it.

    Files of the earlier export that are no longer there go; others in the folder stay. Raises QplanError.
    """
    shown = printable(str(folder))
    try:
        earlier = _files_of_earlier(folder, name, shown)
        for file in sorted({*exported.files, MANIFEST} - earlier):
            if os.path.lexists(folder / file):
                raise QplanError(f"{file} in {shown} was not {MARK}: move it away, or name another folder with --out")
        folder.mkdir(parents=True, exist_ok=True)
        for file in sorted(earlier - {*exported.files, MANIFEST}):
            (folder / file).unlink(missing_ok=True)
        for file, text in exported.files.items():
            replace_file(folder / file, text.encode())
        replace_file(folder / MANIFEST, json_text(_manifest(name, plan, exported)).encode())
    except OSError as error:
        raise QplanError(f"cannot write {shown}: {error.strerror}") from error


def _manifest(name: str, plan: Plan, exported: Exported) -> dict[str, object]:
    return {
        "format_version": "1.0",
        "qplan_version": __version__,
        "export": name,
        "inventory": {"name": plan.inventory.name, "effective_sha256": plan.inventory.effective_sha256},
        "files": sorted(exported.files),
        "notes": list(exported.notes),
    }


def _files_of_earlier(folder: Path, name: str, shown: str) -> set[str]:
    """The names that an earlier export of this format has in the folder, its manifest with them."""
    if not folder.exists():
        return set()
    if not folder.is_dir():
        raise QplanError(f"{shown} is a file, and {name} is several: name a folder with --out")
    if not any(folder.iterdir()):
        return set()
    manifest = folder / MANIFEST
    if not manifest.is_file():
        raise QplanError(f"{shown} holds other files and no export: name an empty or a new folder with --out")
    with suppress(ValueError, RecursionError):
        stated = json.loads(manifest.read_bytes())
        if isinstance(stated, dict) and stated.get("export") == name and isinstance(stated.get("files"), list):
            return {MANIFEST} | {file for file in stated["files"] if _is_plain_name(file)}
    raise QplanError(f"{shown} holds no export to {name}: name an empty or a new folder with --out")


def _is_plain_name(file: object) -> bool:
    return isinstance(file, str) and Path(file).name == file != ".."
