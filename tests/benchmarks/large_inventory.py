"""A large inventory as text, and how long it takes to validate against PyYAML's C loaders.

`python tests/benchmarks/large_inventory.py [LINES]` prints both times: CPU time, so that a busy machine does not
matter.
"""

from __future__ import annotations

import math
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import yaml

from qplan.inventory.validation import validate

LINES_PER_SITE = 5 + 2 * 8


def large_inventory(lines: int) -> str:
    """A grid of sites with two fibres each, in block style; every hundredth fibre has a loss that is not plausible."""
    count = lines // LINES_PER_SITE
    side = math.isqrt(count) + 1
    out = ["qplan: 1", "sites:"]
    for i in range(count):
        place = f"    lat: {45 + i // side * 0.01:.4f}", f"    lon: {5 + i % side * 0.015:.4f}"
        out += [f"  site-{i}:", *place, "    country: CH", "    operator: acme"]
    out.append("fibres:")
    for i in range(count):
        for k, other in enumerate((i + 1, i + side)):
            loss_db = 99 if i % 50 == k == 0 else 1.2 + i % 17 / 20
            out += [
                f"  f-{i}-{k}:", f"    ends: [site-{i}, site-{other % count}]", f"    length_km: {2 + i % 7 / 5:.1f}",
                f"    loss_db: {loss_db:.2f}", f"    strands: {2 + i % 6}", f"    ducts: [k{i % 3000}, t{i}]",
                "    fibre_type: G.652.D", "    cost_per_strand_km_year: 240",
            ]  # fmt: skip
    system = "{key_rate_curve: [[5, 1e6], [20, 1e3]], price: 100}"
    out += [f"equipment: {{qkd_systems: {{s: {system}}}}}", "corridors:"]
    out += [f"  c: {{ends: [site-0, site-{count // 2}], key_rate_bps: 100}}"]
    return "\n".join(out) + "\n"


def cpu_s(work: Callable[[], object]) -> float:
    began = time.process_time()
    work()
    return time.process_time() - began


def times(lines: int, folder: Path) -> dict[str, float]:
    """CPU seconds to validate an inventory of so many lines, and to load it with each C loader."""
    file = folder / "sites.yaml"
    file.write_text(large_inventory(lines), encoding="utf-8")
    data = file.read_bytes()
    loaders = {"CSafeLoader": yaml.CSafeLoader, "CLoader": yaml.CLoader}
    measured = {name: cpu_s(lambda loader=loader: yaml.load(data, loader)) for name, loader in loaders.items()}
    return {"validate": cpu_s(lambda: validate(file)), **measured}


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as scratch:
        found = times(int(sys.argv[1]) if len(sys.argv) > 1 else 100_000, Path(scratch))
    for label, seconds in found.items():
        print(f"{label:12} {seconds:6.2f} s  validate takes {found['validate'] / seconds:.2f} times that")
