"""The same script under different orders of sets: what it prints must not differ."""

from __future__ import annotations

import json
import os
import subprocess
import sys


def under_two_hash_seeds(script: str) -> list[dict]:
    """What a script prints as JSON, once under each of two hash seeds."""
    runs = []
    for seed in ("1", "2"):
        environment = os.environ | {"PYTHONHASHSEED": seed, "PYTHONPATH": os.pathsep.join(sys.path)}
        run = subprocess.run([sys.executable, "-c", script], env=environment, capture_output=True, text=True)
        assert run.returncode == 0, run.stderr
        runs.append(json.loads(run.stdout))
    return runs
