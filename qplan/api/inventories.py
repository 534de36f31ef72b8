"""Inventory files: read, checked, laid out; and the rules they are held against."""

from __future__ import annotations

import json
import os
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from qplan.errors import Exit, QplanError, WrongUsage

if TYPE_CHECKING:
    from qplan.inventory.reader import Reading
    from qplan.inventory.source.built import Built
    from qplan.inventory.validation import Report, Validated

DEFAULT_FILE = "sites.yaml"
Plain = Literal["text", "json"]
PathName = str | os.PathLike[str]
Overrides = Mapping[str, object] | Sequence[str]
"""Values by address (`{"policy.loss_margin_db": 2}`), or texts as `--set` takes them (`"policy.loss_margin_db+=2"`)."""


class NoInventory(QplanError):
    """What should be an inventory is a plan."""

    exit_code = Exit.INVALID


def load(
    path: PathName,
    *,
    scenario: str | None = None,
    set: Overrides = (),
    demand_factor: float | None = None,
    as_of: date | None = None,
    built: PathName | None = None,
) -> Reading:
    """Read an inventory with its includes, a scenario and overrides, and check it; `-` is standard input.

    Every demand, however stated, is multiplied by `demand_factor` (above 0). Quotes are judged as of a day; by None
    none has run out. `built` is the folder of a plan whose links, nodes and relays are there. What was read is
    `.inventory`, what is unlikely about it `.warnings`. Raises InvalidInput with every finding where anything is wrong,
    and QplanError where a file cannot be read.
    """
    from qplan.inventory.reader import read_inventory

    _refuse_others(Path(path))
    if demand_factor is not None and not demand_factor > 0:
        raise WrongUsage(f"demand_factor is {demand_factor!r}; expected a number above 0")
    return read_inventory(
        path,
        scenario=scenario,
        overrides=_texts(set),
        demand_factor=demand_factor,
        as_of=as_of,
        built=None if built is None else _built(Path(built)),
    )


def _built(path: Path) -> Built:
    """The plant of a plan that holds, from its folder. Raises QplanError."""
    from qplan.api.planning import load_result
    from qplan.costing.as_built import as_built

    result = load_result(path)
    assert result.plan is not None, "it was loaded"
    return as_built(result.inventory.inventory, result.plan)


def validate(
    path: PathName,
    *,
    scenario: str | None = None,
    set: Overrides = (),
    demand_factor: float | None = None,
    as_of: date | None = None,
) -> Validated:
    """Every finding about an inventory, valid or not; quotes are judged as of a day, by default today.

    Raises QplanError where the file cannot be read.
    """
    from qplan.inventory import validation

    _refuse_others(Path(path))
    return validation.validate(path, scenario=scenario, overrides=_texts(set), demand_factor=demand_factor, as_of=as_of)


def _refuse_others(path: Path) -> None:
    """Say of a folder and of a plan which inventory may be meant. Raises QplanError, NoInventory."""
    from qplan.inventory.rules import printable
    from qplan.plan.reader import INVENTORY_FILE, PLAN_FILE, is_plan

    name = printable(str(path))
    if path.is_dir():
        for found, meant in ((PLAN_FILE, INVENTORY_FILE), (DEFAULT_FILE, DEFAULT_FILE)):
            if (path / found).exists():
                inside = printable(str(path / meant))
                raise QplanError(f"cannot read {name}: it is a folder; the inventory in it is {inside}")
    elif is_plan(path):
        raise NoInventory(f"{name} is a plan, not an inventory; {INVENTORY_FILE} beside it is the one it was made from")


def _texts(overrides: Overrides) -> Sequence[str]:
    if isinstance(overrides, str):
        return [overrides]
    if isinstance(overrides, Mapping):
        return [f"{address}={json.dumps(value)}" for address, value in overrides.items()]
    return overrides


def report(
    validated: Iterable[Validated], *, select: Sequence[str] = (), ignore: Sequence[str] = (), strict: bool = False
) -> Report:
    """The findings about several inventories that are shown: of the rules selected (codes or their beginnings)."""
    from qplan.inventory import validation

    return validation.report(validated, select, ignore, strict)


def rule_codes(texts: Iterable[str]) -> tuple[str, ...]:
    """Codes of rules, or beginnings of such, in upper case. Raises WrongUsage where no rule begins so."""
    from qplan.inventory.rules import RULES
    from qplan.inventory.source.messages import did_you_mean

    codes = tuple(text.strip().upper() for text in texts)
    for code in codes:
        if not code or not any(known.startswith(code) for known in RULES):
            hint = did_you_mean(code, RULES)
            raise WrongUsage(f"no rule begins with '{code}'" + (f"; {hint}" if hint else ""))
    return codes


def rules(code: str | None = None, style: Plain = "text") -> str:
    """All rules, or one with an example. Raises WrongUsage where there is no such rule."""
    from qplan.inventory.rules import RULES
    from qplan.inventory.source.messages import did_you_mean
    from qplan.outputs.verbs.rules import rule_text, rules_json, rules_table

    known = None if code is None else code.upper()
    if known is not None and known not in RULES:
        hint = did_you_mean(known, RULES) or "`qplan rules` lists all"
        raise WrongUsage(f"there is no rule '{code}'; {hint}")
    if style == "json":
        return rules_json(RULES if known is None else [known])
    return rules_table() if known is None else rule_text(known)


@dataclass(frozen=True)
class Layout:
    """A file as it is and as it should be."""

    path: str
    name: str
    """As messages give it."""
    before: bytes
    after: bytes


def layout(path: PathName) -> Layout:
    """A file in its one layout. Raises QplanError where it cannot be read, is no YAML, or has no layout."""
    from qplan.inventory.layout.canonical import canonical
    from qplan.inventory.rules import printable
    from qplan.inventory.source.includes import STDIN, STDIN_NAME, read_bytes

    file = os.fspath(path)
    name = STDIN_NAME if file == STDIN else printable(file)
    before = read_bytes(file)
    return Layout(file, name, before, canonical(name, before))


def write_layout(layout: Layout) -> None:
    """Put the file in its layout in its place. Raises QplanError."""
    from qplan.files import replace_file
    from qplan.inventory.rules import printable

    path = Path(layout.path).resolve()
    try:
        replace_file(path, layout.after)
    except OSError as error:
        raise QplanError(f"cannot write {printable(str(path))}: {error.strerror}") from error
