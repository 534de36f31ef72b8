"""The drawing program that comes with the package `graphviz-pure`: the same picture on every machine."""

from __future__ import annotations

import shutil
import subprocess
from functools import cache
from importlib.metadata import PackageNotFoundError, files
from pathlib import PurePosixPath

from qplan.errors import QplanError

MISSING = "cannot draw: the program graphviz-pure is not installed; `pip install graphviz-pure` brings it"


def run_graphviz(dot: str, *options: str) -> str:
    """What graphviz-pure writes for a DOT text. Its warnings, on font metrics, are left aside.

    Raises `QplanError` when the program is missing or fails.
    """
    command = [_program(), *options]
    try:
        done = subprocess.run(command, input=dot.encode(), capture_output=True, check=True)
    except OSError as error:
        raise QplanError(f"cannot draw: graphviz-pure does not start: {error.strerror}") from error
    except subprocess.CalledProcessError as error:
        said = error.stderr.decode("utf-8", "replace").strip().splitlines()
        raise QplanError(f"cannot draw: graphviz-pure failed: {said[-1] if said else error.returncode}") from error
    return done.stdout.decode()


@cache
def _program() -> str:
    """The program as installed with this Python, else the one on the search path."""
    try:
        installed = files("graphviz-pure") or []
    except PackageNotFoundError:
        installed = []
    for entry in installed:
        if PurePosixPath(entry).stem == "graphviz-pure":
            return str(entry.locate())
    found = shutil.which("graphviz-pure")
    if found is None:
        raise QplanError(MISSING)
    return found
