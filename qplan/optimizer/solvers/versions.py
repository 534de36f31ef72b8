"""Which solver is there, in which version; told without what solving takes, as a plan may be taken over unsolved."""

from __future__ import annotations

import re
import subprocess


def solver_version(solver: str) -> tuple[str, str]:
    """Name and version for the record. Raises SolverFailed where it is not installed."""
    if solver == "highs":
        from highspy import Highs

        return "HiGHS", str(Highs().version())  # type: ignore[no-untyped-call]  # highspy states no types there
    from qplan.optimizer.solvers.cbc import cbc_path

    command = [cbc_path(), "-quit"]
    text = subprocess.run(command, check=False, capture_output=True, text=True, stdin=subprocess.DEVNULL).stdout
    version = re.search(r"Version:?\s+(\S+)", text)
    return "CBC", version.group(1) if version else "unknown"
