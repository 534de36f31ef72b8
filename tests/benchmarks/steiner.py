"""Steiner tree instances with published optima as inventories: `python tests/benchmarks/run.py --steiner FOLDER`.

FOLDER holds SteinLib `.stp` and PACE `.gr` files and a README.md with their optima. Every vertex is a site, every edge
a fibre whose set-up cost is the edge's, and the only system is free; corridors join one terminal to every other. The
least capex is then the weight of a Steiner minimal tree, whichever terminal is the common end.
"""

from __future__ import annotations

import re


def steiner_inventory(text: str) -> dict:
    """The inventory of an instance; all corridors share the first terminal."""
    edges = [match.split()[1:] for match in re.findall(r"^E \d+ \d+ \d+", text, re.MULTILINE)]
    hub, *terminals = (match.split()[1] for match in re.findall(r"^T \d+", text, re.MULTILINE))
    return {
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
    }  # fmt: skip


def published_optima(readme: str) -> dict[str, int]:
    """Instance name -> optimum, from the README beside the instances."""
    steinlib = re.search(r"b01 … b08 \| ([\d ]+)", readme)
    optima = {f"b{i:02}": int(v) for i, v in enumerate(steinlib.group(1).split(), 1)} if steinlib else {}
    return optima | {name: int(value) for name, value in re.findall(r"PACE (instance\d+): (\d+)", readme)}
