"""Steiner tree instances with published optima, planned as inventories: `python tests/benchmarks/steiner.py FOLDER`.

FOLDER holds SteinLib `.stp` and PACE `.gr` files and a README.md with their optima. Every vertex is a site, every edge
a fibre whose set-up cost is the edge's, and the only system is free; corridors join one terminal to every other. The
least capex is then the weight of a Steiner minimal tree, whichever terminal is the common end.
"""

from __future__ import annotations

import re
import sys
import time
from pathlib import Path

from qplan.inventory.model import Inventory
from qplan.plan.model import InventoryRef
from qplan.planning.planner import optimise
from qplan.planning.solver import SearchLimits

REF = InventoryRef(name="steiner", sha256="", files=(), scenario=None, set={}, effective_sha256="")


def steiner_inventory(text: str, common: int = 0) -> Inventory:
    """The inventory of an instance; `common` picks the terminal that all corridors share."""
    edges = [match.split()[1:] for match in re.findall(r"^E \d+ \d+ \d+", text, re.MULTILINE)]
    terminals = [match.split()[1] for match in re.findall(r"^T \d+", text, re.MULTILINE)]
    hub = terminals.pop(common)
    return Inventory.model_validate({
        "qplan": 1,
        "sites": {f"v{v}": {} for v in sorted({end for a, b, _ in edges for end in (a, b)})},
        "fibres": {
            f"e{i}": {"ends": [f"v{a}", f"v{b}"], "loss_db": 1, "length_km": 1, "strands": 999,
                      "setup_cost_per_strand": float(cost)}
            for i, (a, b, cost) in enumerate(edges)
        },
        "equipment": {"qkd_systems": {"free": {"key_rate_curve": [[2, 1e9]], "price": 0.0}}},
        "corridors": {f"t{t}": {"ends": [f"v{hub}", f"v{t}"], "key_rate_bps": 1.0} for t in terminals},
        "policy": {"max_bypass_sites": 0},
        "objective": "capex",
    })  # fmt: skip


def published_optima(readme: str) -> dict[str, int]:
    """Instance name -> optimum, from the README beside the instances."""
    steinlib = re.search(r"b01 … b08 \| ([\d ]+)", readme)
    optima = {f"b{i:02}": int(v) for i, v in enumerate(steinlib.group(1).split(), 1)} if steinlib else {}
    return optima | {name: int(value) for name, value in re.findall(r"PACE (instance\d+): (\d+)", readme)}


def main(folder: Path) -> int:
    """Plan every instance and print a Markdown table; exit 1 where a value differs from the published optimum."""
    optima = published_optima((folder / "README.md").read_text())
    print("| instance | sites | terminals | published | qplan | bound | status | s |\n|---|---|---|---|---|---|---|---|")
    wrong = 0
    for path in sorted([*folder.rglob("*.stp"), *folder.rglob("*.gr")]):
        inventory = steiner_inventory(path.read_text())
        began = time.monotonic()
        result = optimise(inventory, REF, "highs", SearchLimits(gap=0.0, deadline=began + 300))
        seconds = time.monotonic() - began
        wrong += result.search.value != optima[path.stem] or result.search.status != "optimal"
        print(
            f"| {path.stem} | {len(inventory.sites)} | {len(inventory.corridors) + 1} | {optima[path.stem]} "
            f"| {result.search.value} | {result.search.bound} | {result.search.status} | {seconds:.1f} |",
            flush=True,
        )
    return int(wrong > 0)


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1])))
