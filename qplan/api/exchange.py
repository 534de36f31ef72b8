"""Formats of other tools."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from qplan.api.inventories import PathName
from qplan.api.planning import Result
from qplan.errors import WrongUsage

if TYPE_CHECKING:
    from qplan.interchange.exports.exported import Exported
    from qplan.interchange.exports.formats import Format
    from qplan.plan.model import Plan


def export_formats() -> Mapping[str, Format]:
    """The formats that a plan can be exported to, by name."""
    from qplan.interchange.exports.formats import FORMATS

    return FORMATS


def export_format(name: str) -> Format:
    """The format of this name. Raises WrongUsage where there is none."""
    from qplan.inventory.source.messages import did_you_mean

    known = export_formats()
    if name not in known:
        hint = did_you_mean(name, known) or f"there are {', '.join(known)}"
        raise WrongUsage(f"there is no format '{name}'; {hint}")
    return known[name]


def export(result: Result, name: str) -> Exported:
    """A plan in the format of this name: texts by file name, and what the format cannot say. Raises WrongUsage."""
    from qplan.interchange.exports import formats

    export_format(name)
    return formats.export(name, result.inventory.inventory, _plan(result))


def write_export(out: PathName, name: str, result: Result, exported: Exported) -> None:
    """Write an export to a file or a folder, over nothing but an earlier export. Raises QplanError."""
    from qplan.interchange.exports import writing

    path = Path(out)
    if export_format(name).several_files:
        writing.write_folder(path, name, _plan(result), exported)
        return
    for file, text in exported.files.items():
        writing.write_file(path / file if path.is_dir() else path, text)


def _plan(result: Result) -> Plan:
    if result.plan is None:
        raise WrongUsage("there is no plan to export")
    return result.plan
