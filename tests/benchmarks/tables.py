"""Rows of a benchmark run as a table of text or Markdown, and what can be checked across methods."""

from __future__ import annotations

import math
import os
import platform
from collections import defaultdict
from collections.abc import Callable, Sequence
from importlib.metadata import PackageNotFoundError, version

HEADS = (
    "case", "sites", "links", "corridors", "method", "value", "bound", "gap", "above best", "s", "CPU s", "MiB",
    "verified", "ended by", "limit s", "target", "met", "commit",
)  # fmt: skip
PACKAGES = ("qplan", "highspy", "pulp", "ortools", "topohub", "numpy", "scipy")
SIZES = ("150", "500", "1000")
SLACK = 1e-6  # relative: what a bound may lie above a value before it counts as wrong


def gap(row: dict) -> float | None:
    """Relative gap of a row; None where value or bound is missing."""
    if row["value"] is None or row["bound"] is None:
        return None
    return max(0.0, (row["value"] - row["bound"]) / max(abs(row["value"]), 1e-9))


def met(row: dict) -> str:
    """Was the target reached: gap and seconds? A dash where the target is that a gap be stated."""
    if row["target_gap"] is None:
        return "–"
    reached = gap(row) is not None and gap(row) <= row["target_gap"] + 1e-9 and row["wall_s"] <= row["target_s"]
    return "yes" if reached else "no"


def instance(row: dict) -> str:
    """The case, with its seed where that is not the first."""
    seed = row.get("seed", 1)  # older rows have none
    return row["case"] if seed == 1 else f"{row['case']}, seed {seed}"


def best_values(rows: list[dict]) -> dict[str, float]:
    """The least value of a design that holds, by instance."""
    best: dict[str, float] = {}
    for row in rows:
        if row["value"] is not None:
            best[instance(row)] = min(row["value"], best.get(instance(row), row["value"]))
    return best


def contradictions(rows: list[dict]) -> list[str]:
    """Bounds above the value of a verified design of the same case, designs that do not hold, optima that differ."""
    best, found = best_values(rows), []
    for row in rows:
        who, value = f"{instance(row)}, {row['method']}", best.get(instance(row))
        if row["bound"] is not None and value is not None and row["bound"] > value * (1 + SLACK):
            found.append(f"{who}: bound {row['bound']} is above {value}, the value of a design that holds")
        if row["verified"] is False:
            found.append(f"{who}: the design does not hold: {'; '.join(row['notes'])}")
        optimum = row["published"]
        if optimum is not None and not (row["bound"] or 0.0) <= optimum <= (row["value"] or optimum) + SLACK:
            found.append(f"{who}: value {row['value']} and bound {row['bound']}, published {optimum}")
    return found


def cells(rows: list[dict]) -> list[tuple[str, ...]]:
    best = best_values(rows)
    return [
        (
            instance(row), _number(row["sites"]), _number(row["links"]), _number(row["corridors"]), row["method"],
            _number(row["value"]), _number(row["bound"]), _percent(gap(row)),
            _percent(None if row["value"] is None else row["value"] / max(best[instance(row)], 1e-9) - 1),
            _number(row["wall_s"], 1), _number(row["cpu_s"], 1), _number(row["peak_mib"]),
            {True: "yes", False: "NO", None: "–"}[row["verified"]], row["stopped_by"], _number(row["seconds"]),
            _target(row), met(row), row["commit"],
        )
        for row in rows
    ]  # fmt: skip


def _target(row: dict) -> str:
    return f"{_percent(row['target_gap']) if row['target_gap'] is not None else 'stated'} in {row['target_s']:g} s"


def _number(figure: float | None, digits: int = 0) -> str:
    return "–" if figure is None else f"{figure:,.{digits}f}".replace(",", " ")


def _percent(share: float | None) -> str:
    return "–" if share is None else f"{100 * share:.2f} %".replace(".00 %", " %")


def text(rows: list[dict]) -> str:
    table = [HEADS, *cells(rows)]
    widths = [max(len(line[i]) for line in table) for i in range(len(HEADS))]
    padded = ([cell.ljust(width) for cell, width in zip(line, widths, strict=True)] for line in table)
    return "\n".join("  ".join(line).rstrip() for line in padded)


def progress(row: dict) -> str:
    """One row as it comes, in a line."""
    seconds = _number(row["wall_s"], 1)
    figures = f"value {_number(row['value'])}, bound {_number(row['bound'])}, gap {_percent(gap(row))}, {seconds} s"
    notes = "".join(f"\n    {note}" for note in row["notes"])
    return (
        f"{instance(row)}, {row['method']}: {figures}, {row['stopped_by']} (target {_target(row)}: {met(row)}){notes}"
    )


def markdown(machine: dict, rows: list[dict]) -> str:
    """The machine, qplan's gaps against the targets, methods side by side, a table per group, what contradicts."""
    parts = ["# Benchmark results", "", *(f"- {key}: {value}" for key, value in machine.items())]
    for title, table in overviews(rows).items():
        parts += ["", f"## {title}", "", *_lines(table)]
    groups: dict[str, list[dict]] = defaultdict(list)
    for row in rows:
        groups[row["group"]].append(row)
    for group, members in groups.items():
        parts += ["", f"## {group}", "", *_lines([HEADS, *cells(members)])]
    problems = contradictions(rows)
    if problems:
        parts += ["", "## Contradictions", "", *(f"- {problem}" for problem in problems)]
    return "\n".join(parts) + "\n"


def _worst(rows: list[dict]) -> list[dict]:
    """Of the seeds of a case the run that ended furthest from a proof, else took longest."""
    by_case: dict[str, list[dict]] = defaultdict(list)
    for row in rows:
        by_case[row["case"]].append(row)

    def badness(row: dict) -> tuple[bool, float, float]:
        reached = gap(row)
        return met(row) == "no", math.inf if reached is None else reached, row["wall_s"] or math.inf

    return [max(members, key=badness) for members in by_case.values()]


def _lines(table: list[tuple[str, ...]]) -> list[str]:
    heads, *lines = (f"| {' | '.join(line)} |" for line in table)
    return [heads, "|" + "---|" * len(table[0]), *lines]


def overviews(rows: list[dict]) -> dict[str, list[tuple[str, ...]]]:
    """What a reader looks for first: qplan against its targets, network by network, and all methods on one network."""
    mine = _worst([row for row in rows if row["method"] == "qplan" and row["group"] != "steiner"])
    twins = [row for row in mine if _network(row).endswith("-alt")]
    table = [row for row in mine if _network(row) in SIZES]
    others = [row for row in mine if row not in twins and row not in table]
    twin_places = sorted({_network(row) for row in twins}, key=len)
    found = {
        "qplan: gap in seconds (target; ✓ where met)": _by_place(table, SIZES, _reached),
        "qplan on other networks": _by_place(others, sorted({_network(row) for row in others}), _reached),
        "qplan with two routes for most pairs": _by_place(twins, twin_places, _reached),
        "All methods on 150 sites: gap (cost above the best)": _by_method(rows),
    }
    return {title: lines for title, lines in found.items() if len(lines) > 1}


def _by_place(rows: list[dict], places: Sequence[str], cell: Callable[[dict], str]) -> list[tuple[str, ...]]:
    """Groups down, networks across."""
    known = {(row["group"], _network(row)): cell(row) for row in rows}
    groups = dict.fromkeys(row["group"] for row in rows)
    return [("", *places), *((group, *(known.get((group, place), "") for place in places)) for group in groups)]


def _by_method(rows: list[dict]) -> list[tuple[str, ...]]:
    """Groups down, methods across, on the first of the sizes."""
    here = [row for row in rows if _network(row) == SIZES[0] and row.get("seed", 1) == 1]
    best = best_values(rows)
    methods = dict.fromkeys(row["method"] for row in here)
    known = {
        (row["group"], row["method"]): "no plan" if row["value"] is None else
        f"{_percent(gap(row))} (+{_percent(row['value'] / max(best[instance(row)], 1e-9) - 1)})"
        for row in here
    }  # fmt: skip
    groups = dict.fromkeys(row["group"] for row in here)
    return [("", *methods), *((group, *(known.get((group, method), "") for method in methods)) for group in groups)]


def _reached(row: dict) -> str:
    mark = " ✓" if met(row) == "yes" else ""
    waited = row["cpu_s"] is not None and row["wall_s"] > 1.2 * row["cpu_s"] + 1
    cpu = f", CPU {_number(row['cpu_s'])} s" if waited else ""
    wall = _number(row["wall_s"], 0 if (row["wall_s"] or 0) >= 10 else 1)
    unit = "CPU s" if row.get("clock") == "cpu" else "s"
    return f"**{_percent(gap(row))}** in {wall} {unit}{cpu}{mark} ({_target(row)})"


def _network(row: dict) -> str:
    return row["case"].removeprefix(row["group"] + "-")


def machine() -> dict:
    """What the figures depend on beside the code."""
    packages = {}
    for name in PACKAGES:
        try:
            packages[name] = version(name)
        except PackageNotFoundError:
            continue
    return {
        "cores": os.cpu_count(),
        "memory": f"{os.sysconf('SC_PAGE_SIZE') * os.sysconf('SC_PHYS_PAGES') / 2**30:.0f} GiB",
        "platform": f"{platform.system()} {platform.machine()}",
        "load": f"{os.getloadavg()[2]:.1f} processes wanted a core, mean of the 15 minutes before the last row",
        "Python": platform.python_version(),
        "packages": ", ".join(f"{name} {number}" for name, number in packages.items()),
    }
