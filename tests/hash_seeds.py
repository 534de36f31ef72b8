"""The same script under different orders of sets: what it prints must not differ."""

from __future__ import annotations

import contextlib
import io
import json
import os
import subprocess
import sys

OTHER = "2" if os.environ.get("PYTHONHASHSEED") == "1" else "1"
"""A hash seed that this process does not have (but for one chance in four thousand million)."""


def under_two_hash_seeds(script: str) -> list[dict]:
    """What a script prints as JSON: in this process, and in one with another hash seed."""
    with contextlib.redirect_stdout(io.StringIO()) as said:
        exec(script, {})
    environment = os.environ | {"PYTHONHASHSEED": OTHER, "PYTHONPATH": os.pathsep.join(sys.path)}
    run = subprocess.run([sys.executable, "-c", script], env=environment, capture_output=True, text=True)
    assert run.returncode == 0, run.stderr
    return [json.loads(said.getvalue()), json.loads(run.stdout)]
