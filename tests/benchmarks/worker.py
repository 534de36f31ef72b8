"""One method on one case in a fresh interpreter: `python -m benchmarks.worker ORDER.json RESULT.json`.

The order names the case (or the file of a Steiner instance), the method and its limits. Times are of the method alone:
the interpreter's start, the imports and the building of the instance come before. With the clock `cpu` every limit and
`wall_s` are CPU seconds of the process, so that a busy machine does not matter.
"""

from __future__ import annotations

import json
import resource
import sys
import time
from dataclasses import replace
from pathlib import Path

from benchmarks.cases import all_cases
from benchmarks.methods import METHODS, Limits

from qplan.inventory.model import Inventory


def instance(order: dict) -> Inventory:
    if order["file"] is not None:
        from benchmarks.steiner import steiner_inventory

        return Inventory.model_validate(steiner_inventory(Path(order["file"]).read_text()))
    from benchmarks.instances import inventory

    case = next(case for case in all_cases() if case.name == order["case"])
    return inventory(replace(case, seed=order["seed"]))


def measure(order: dict) -> dict:
    if order["clock"] == "cpu":
        time.monotonic = time.process_time
    inventory = instance(order)
    began, cpu = time.monotonic(), _cpu_s()
    limits = Limits(order["gap"], began + order["seconds"], order["threads"], order["verbose"])
    outcome = METHODS[order["method"]](inventory, limits)
    return {
        "sites": len(inventory.sites), "corridors": len(inventory.corridors), "links": outcome.links,
        "value": outcome.value, "bound": outcome.bound, "stopped_by": outcome.stopped_by, "verified": outcome.verified,
        "wall_s": round(time.monotonic() - began, 2), "cpu_s": round(_cpu_s() - cpu, 2), "peak_mib": _peak_mib(),
        "notes": list(outcome.notes),
    }  # fmt: skip


def _usage() -> list[resource.struct_rusage]:
    return [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]


def _cpu_s() -> float:
    return sum(usage.ru_utime + usage.ru_stime for usage in _usage())


def _peak_mib() -> int:
    """Of this process, or of its largest child where that is larger (a solver run as a program of its own)."""
    kibibytes = max(usage.ru_maxrss for usage in _usage())
    return round(kibibytes / (1 << 20 if sys.platform == "darwin" else 1 << 10))


if __name__ == "__main__":
    Path(sys.argv[2]).write_text(json.dumps(measure(json.loads(Path(sys.argv[1]).read_text()))))
