"""What is to be done so that an inventory includes a file of offers."""

from __future__ import annotations

import os
import shlex
from collections.abc import Iterable
from itertools import chain

from qplan.interchange.imports.rows import listed
from qplan.interchange.imports.update import Inventory
from qplan.interchange.imports.yaml_text import flow
from qplan.inventory.source.boundary import enclosing_repository, refusal_of_include


def steps(inventory: Inventory, file: str, offers: Iterable[str]) -> list[str]:
    """One after the other, commands and edits; `file` holds the offers by these ids."""
    folder = os.path.realpath(os.path.dirname(inventory.path) or ".")
    name, path = os.path.relpath(os.path.realpath(file), folder), shlex.quote(inventory.path)
    moved = []
    if _refused(name, folder):
        others = (f"offers-{number}.yaml" for number in range(1, len(os.listdir(folder)) + 2))
        name = next(
            other for other in chain([os.path.basename(file)], others)
            if not _refused(other, folder) and not os.path.lexists(os.path.join(folder, other))
        )  # fmt: skip
        moved = [f"mv {shlex.quote(file)} {shlex.quote(os.path.join(os.path.dirname(inventory.path), name))}"]
    there = [f"offers.{offer}" for offer in offers if offer in inventory.entries(("offers",))]
    its = "its" if len(there) == 1 else "their"
    deleted = [f"delete {listed(there)} in {path}: what takes {its} place is in {name}"] if there else []
    return [
        *moved, *deleted, *_included(inventory, name.replace(os.sep, "/"), folder),
        f"qplan validate {path}", f"qplan optimize {path}",
    ]  # fmt: skip


def _refused(name: str, folder: str) -> bool:
    """Whether no inventory in a folder may include a file of that name."""
    real = os.path.realpath(os.path.join(folder, name))
    return bool(refusal_of_include(name, real, folder, enclosing_repository(folder) or folder))


def _included(inventory: Inventory, name: str, folder: str) -> list[str]:
    """The line to put into the inventory, unless it includes the file already."""
    before = inventory.value.get("include") or []
    real = {os.path.realpath(os.path.join(folder, other)) for other in before}
    if os.path.realpath(os.path.join(folder, name)) in real:
        return []
    what = "in place of its include" if before else "a line of its own"
    return [f"include: {flow([*before, name])}    # in {inventory.path}, {what}"]
