"""Plans side by side: scenarios, vendors or ways to buy, each planned to its own optimum, or plans that are there."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Literal, get_args

from qplan.api.comparing import NothingToCompare, Planner
from qplan.api.inventories import PathName, load
from qplan.api.planning import GAP, TIME_LIMIT_S, Result, Solver, load_result, search_parameters
from qplan.errors import Exit, WrongUsage

if TYPE_CHECKING:
    from qplan.comparison.beside_classical import BesideClassical
    from qplan.comparison.columns import SideBySide
    from qplan.explain.sensitivity import Sensitivities
    from qplan.inventory.model import Inventory
    from qplan.inventory.reader import Reading

By = Literal["manufacturer", "offer-kind"]
ComparedStyle = Literal["text", "json", "markdown", "csv", "html", "xlsx"]
AS_IT_STANDS = "."
"""Stands for a file without a scenario, whose column is called `as-is`."""
ANY = "any"
"""The column in which nothing is ruled out."""
Named = tuple[str, "Reading"]


def scenarios(
    file: PathName,
    names: Sequence[str],
    *,
    set: Sequence[str] = (),
    demand_factor: float | None = None,
    as_of: date | None = None,
    built: PathName | None = None,
) -> tuple[Named, ...]:
    """An inventory under each of some scenarios; `.` is the file as it stands. Raises as `load`, and WrongUsage."""
    if len(names) != len(dict.fromkeys(names)):
        raise WrongUsage("a scenario is named twice")
    return tuple(
        (
            "as-is" if name == AS_IT_STANDS else name,
            load(
                file,
                scenario=None if name == AS_IT_STANDS else name,
                set=set,
                demand_factor=demand_factor,
                as_of=as_of,
                built=built,
            ),
        )
        for name in names
    )


def split(
    file: PathName,
    by: By,
    *,
    scenario: str | None = None,
    set: Sequence[str] = (),
    demand_factor: float | None = None,
    as_of: date | None = None,
    built: PathName | None = None,
) -> tuple[Named, ...]:
    """An inventory as it stands (`any`), and with one manufacturer, or one kind of offer, alone.

    Raises as `load`, and WrongUsage where there is nothing to tell apart.
    """

    def read(*more: str) -> Reading:
        return load(file, scenario=scenario, set=(*set, *more), demand_factor=demand_factor, as_of=as_of, built=built)

    whole = read()
    values = _manufacturers(whole.inventory) if by == "manufacturer" else _kinds(whole.inventory)
    if len(values) < 2:
        found = f"only {values[0]!r}" if values else "none"
        raise WrongUsage(f"there are no two of a {by.replace('-', ' of ')} to compare: {found}")
    columns = [(ANY, whole)]
    for value in values:
        override = f"policy.manufacturers={json.dumps([value])}" if by == "manufacturer" else f"policy.offers={value}"
        columns.append((value, read(override)))
    return tuple(columns)


def _manufacturers(inventory: Inventory) -> list[str]:
    """Of the systems that may be bought."""
    from qplan.inventory.admissible import permitted_systems

    return sorted({system.manufacturer for system in permitted_systems(inventory).values() if system.manufacturer})


def _kinds(inventory: Inventory) -> list[str]:
    """Of the offers, in the order purchase, lease, managed."""
    from qplan.inventory.commercial import Kind

    found = {offer.kind for offer in inventory.offers.values()}
    return [kind for kind in get_args(Kind) if kind in found]


def plans(paths: Sequence[PathName]) -> tuple[tuple[str, Result], ...]:
    """Plans by the names of their folders, re-checked. Raises as `load_result`, and WrongUsage."""
    named = [(_plan_name(Path(path)), path) for path in paths]
    if len({name for name, _ in named}) < len(named):
        named = [(str(path), path) for path in paths]
    if len({name for name, _ in named}) < len(named):
        raise WrongUsage("a plan is named twice")
    return tuple((name, load_result(path)) for name, path in named)


def _plan_name(path: Path) -> str:
    folder = path.resolve().parent if path.name == "plan.json" else path.resolve()
    return folder.name.removesuffix(".plan") or str(path)


def plan_all(named: Sequence[Named], planner: Planner) -> tuple[tuple[str, Result], ...]:
    """Every inventory planned, one after the other."""
    return tuple((name, planner(inventory, name)) for name, inventory in named)


def share_of_time(deadline: float, left: int) -> float:
    """Seconds for the next of so many that are still to be planned until a moment of the monotonic clock."""
    return max(0.0, deadline - time.monotonic()) / max(1, left)


def side_by_side(results: Sequence[tuple[str, Result]], baseline: str | None = None) -> SideBySide:
    """The results as columns; one of them, or the first, is the baseline. Raises WrongUsage."""
    from qplan.comparison.columns import Column, lay_side_by_side
    from qplan.inventory.source.messages import did_you_mean

    names = [name for name, _ in results]
    if len(names) < 2:
        raise WrongUsage("one alone is not compared: name at least two")
    if baseline is not None and baseline not in names:
        hint = did_you_mean(baseline, names) or f"there are {', '.join(names)}"
        raise WrongUsage(f"there is no column '{baseline}'; {hint}")
    columns = [Column(name, result.status, result.facts) for name, result in results]
    return lay_side_by_side(columns, baseline)


def exit_code(results: Sequence[tuple[str, Result]], varied: Sensitivities | None = None) -> Exit:
    """The gravest: no plan possible, then a limit that came first (to what was varied too), then a check not kept."""
    codes = {result.exit_code for _, result in results}
    if varied is not None and varied.undecided:
        codes.add(Exit.LIMIT)
    return next((code for code in (Exit.INFEASIBLE, Exit.LIMIT, Exit.CHECK) if code in codes), Exit.DONE)


def render_columns(table: SideBySide, style: ComparedStyle = "text", window: int | None = None) -> bytes:
    """Side by side, as text for a terminal of some width, for programs, or as a page or a workbook."""
    from qplan.outputs.compare import document, texts

    if style == "xlsx":
        from qplan.outputs.bill.compare_workbook import compared_workbook

        return compared_workbook(table)
    if style == "html":
        from qplan.outputs.compare.page import compared_html

        return compared_html(table).encode()
    if style == "text":
        return texts.compared_text(table, window).encode()
    formats = {"json": document.compared_json, "markdown": texts.compared_markdown, "csv": texts.compared_csv}
    return formats[style](table).encode()


def beside_classical(result: Result) -> BesideClassical:
    """A plan on top of the classical design that its inventory states. Raises WrongUsage, NothingToCompare."""
    from qplan.comparison.beside_classical import compare_with_classical

    if result.facts is None:
        raise NothingToCompare("there is no plan to lay beside the classical design", result.exit_code)
    beside = compare_with_classical(result.facts)
    if beside is None:
        raise WrongUsage(
            "the inventory states no classical design: add a `classical` block, or include catalogue:classical-2026"
        )
    return beside


def render_classical(beside: BesideClassical, style: ComparedStyle = "text", window: int | None = None) -> bytes:
    """The classical design beside the quantum one, in any form."""
    from qplan.outputs.compare import classical, document, texts

    if style == "xlsx":
        from qplan.outputs.bill.beside_workbooks import classical_workbook

        return classical_workbook(beside)
    if style == "html":
        from qplan.outputs.report.report import document_html

        return document_html(classical.classical_document(beside)).encode()
    if style in ("json", "csv"):
        written = {"json": document.classical_json, "csv": classical.classical_csv}[style](beside)
        return written.encode()
    sections = classical.classical_sections(beside)
    text = texts.sections_text(sections, window) if style == "text" else texts.sections_markdown(sections)
    return text.encode()


def sensitivity(
    result: Result,
    spreads: Mapping[str, float],
    *,
    gap: float = GAP,
    time_limit: float = TIME_LIMIT_S,
    solver: Solver = "highs",
    threads: int = 1,
    stop: threading.Event | None = None,
    said: Callable[[str], None] = lambda driver: None,
) -> Sensitivities:
    """How a plan's total answers when a driver moves: held, planned anew, and where another plan takes over.

    `spreads` are shares by driver, `""` for all others. Raises WrongUsage (no such driver), NothingToCompare.
    """
    from qplan.explain.drivers import DRIVERS
    from qplan.explain.sensitivity import sensitivities
    from qplan.explain.trials import Trials
    from qplan.inventory.source.messages import did_you_mean

    if result.facts is None:
        raise NothingToCompare("there is no plan of which anything could be varied", result.exit_code)
    known = [driver.name for driver in DRIVERS]
    for name in spreads:
        if name and name not in known:
            raise WrongUsage(f"no driver is called '{name}'; {did_you_mean(name, known) or ', '.join(known)}")
    wanted = {**(dict.fromkeys(known, spreads[""]) if "" in spreads else {}), **spreads}
    trials = Trials(solver, search_parameters(gap, time_limit, solver, threads, stop))
    return sensitivities(trials, result.facts.inventory, result.facts.plan, wanted, said)


def render_sensitivity(
    name: str, result: Result, found: Sensitivities, style: ComparedStyle = "text", window: int | None = None
) -> bytes:
    """What was found, in any form."""
    from qplan.outputs.compare import document, texts
    from qplan.outputs.compare.sensitivity import sensitivity_csv, sensitivity_html, sensitivity_section

    assert result.facts is not None, "what was varied has a plan"
    if style == "xlsx":
        from qplan.outputs.bill.beside_workbooks import sensitivity_workbook

        return sensitivity_workbook(result.facts, found)
    if style == "json":
        return document.sensitivity_json(name, result.facts, found).encode()
    if style == "csv":
        return sensitivity_csv(found).encode()
    if style == "html":
        return sensitivity_html(result.facts, found).encode()
    sections = (sensitivity_section(result.facts, found),)
    text = texts.sections_text(sections, window) if style == "text" else texts.sections_markdown(sections)
    return text.encode()


def write_file(path: Path, data: bytes) -> None:
    """What a verb comes to: one file, whole or not at all, never over an inventory or a plan. Raises QplanError."""
    from qplan.outputs import folder

    folder.write_file(path, data)
