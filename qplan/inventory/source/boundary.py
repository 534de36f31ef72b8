"""Which files an inventory may be read from: those of its repository, and no secrets among them.

An inventory may come from a stranger's change, and what is wrong in it is printed with its lines, in logs that anyone
may read.
"""

from __future__ import annotations

import os
import re
import stat

from qplan.errors import QplanError
from qplan.inventory.rules import printable

SECRETS = re.compile(r"\.env(\..*)?|.*\.env", re.IGNORECASE)


def enclosing_repository(folder: str) -> str | None:
    """The top of the git repository that an absolute folder lies in; None where there is none."""
    while not os.path.lexists(os.path.join(folder, ".git")):
        if os.path.dirname(folder) == folder:
            return None
        folder = os.path.dirname(folder)
    return folder


def is_inside(folder: str, real: str) -> bool:
    """Whether a real path lies in a folder, or is it."""
    try:
        return os.path.commonpath([folder, real]) == folder
    except ValueError:  # on another drive
        return False


def check_main_file(path: str) -> None:
    """Refuse a main file that is a link out of its repository (or, where there is none, its folder), or holds secrets.

    Raises QplanError. Pipes and devices are for the caller's shell to answer for.
    """
    if not stat.S_ISREG(os.stat(path).st_mode):
        return
    real, folder = os.path.realpath(path), os.path.realpath(os.path.dirname(path) or ".")
    boundary = enclosing_repository(folder)
    if not is_inside(boundary or folder, real):
        where = "git repository" if boundary else "folder"
        raise QplanError(f"cannot read {printable(path)}: it is a link out of its {where}; name the file itself")
    if _is_of_git(real) or SECRETS.fullmatch(os.path.basename(real)):
        raise QplanError(f"cannot read {printable(path)}: no inventory is kept in {printable(os.path.basename(real))}")


def refusal_of_include(name: str, real: str, folder: str, boundary: str) -> str:
    """Why a file must not be included; empty where it may. `name` is as written, `folder` that of the main file."""
    if not is_inside(boundary, real):
        return "it lies outside the inventory's folder and its git repository"
    steps = [*re.split(r"[/\\]", name), *os.path.relpath(real, folder).split(os.sep)]
    if any(step.startswith(".") and step.strip(".") for step in steps) or _is_of_git(real):
        return "hidden files and folders are not read"
    if SECRETS.fullmatch(os.path.basename(real)):
        return "it looks like a file of secrets"
    return ""


def _is_of_git(real: str) -> bool:
    return ".git" in real.lower().split(os.sep)
