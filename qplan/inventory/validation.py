"""What `qplan validate` finds in one or several inventories, and which of it is shown."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date

from qplan.errors import Diagnostic, InvalidInput
from qplan.inventory.checks.costs import today
from qplan.inventory.model import Inventory
from qplan.inventory.reader import read_inventory
from qplan.inventory.rules import printable


@dataclass(frozen=True)
class Validated:
    """The findings about one inventory; `inventory` is None where it is invalid."""

    file: str
    """The main file, by the name that findings give it."""
    findings: tuple[Diagnostic, ...]
    suppressed: tuple[Diagnostic, ...]
    inventory: Inventory | None = None
    sources: Mapping[str, str] = field(default_factory=dict, repr=False)


@dataclass(frozen=True)
class Report:
    """The findings about all inventories that are shown, and how many errors are not."""

    files: tuple[Validated, ...]
    errors_not_shown: int = 0

    @property
    def findings(self) -> tuple[Diagnostic, ...]:
        """Each once, though several inventories may include the file that it is about."""
        return tuple(dict.fromkeys(item for file in self.files for item in file.findings))

    @property
    def suppressed(self) -> tuple[Diagnostic, ...]:
        """Each once, likewise."""
        return tuple(dict.fromkeys(item for file in self.files for item in file.suppressed))

    @property
    def sources(self) -> dict[str, str]:
        """The text of every file read, by the name that findings give it."""
        return {name: text for file in self.files for name, text in file.sources.items()}

    def count(self, severity: str) -> int:
        """How many findings are of the severity."""
        return sum(item.severity == severity for item in self.findings)

    @property
    def invalid(self) -> bool:
        """Whether there is an error, shown or not."""
        return bool(self.errors_not_shown or self.count("error"))


def validate(
    path: str | os.PathLike[str],
    *,
    scenario: str | None = None,
    overrides: Sequence[str] = (),
    demand_factor: float | None = None,
    as_of: date | None = None,
) -> Validated:
    """Every finding about one inventory, quotes as of a day, today by default.

    Raises `QplanError` where the main file cannot be read.
    """
    day = as_of or today()
    try:
        reading = read_inventory(path, scenario=scenario, overrides=overrides, demand_factor=demand_factor, as_of=day)
    except InvalidInput as error:
        return Validated(_main(error.sources), error.diagnostics, error.suppressed, None, error.sources)
    return Validated(_main(reading.sources), reading.warnings, reading.suppressed, reading.inventory, reading.sources)


def report(files: Iterable[Validated], select: Sequence[str], ignore: Sequence[str], strict: bool) -> Report:
    """The findings under the selected rules (codes or their beginnings; none: all) that are not ignored.

    An error that is not shown is counted, since the inventory is invalid all the same. `strict` makes errors of the
    warnings that are shown.
    """
    files = tuple(files)

    def chosen(item: Diagnostic) -> bool:
        return item.code.startswith(tuple(select) or "") and not item.code.startswith(tuple(ignore))

    return Report(
        tuple(_shown(file, chosen, strict) for file in files),
        sum(item.severity == "error" for item in Report(files).findings if not chosen(item)),
    )


def _shown(file: Validated, chosen: Callable[[Diagnostic], bool], strict: bool) -> Validated:
    findings = tuple(item for item in file.findings if chosen(item))
    if strict:
        findings = tuple(replace(item, severity="error") for item in findings)
    return replace(file, findings=findings, suppressed=tuple(item for item in file.suppressed if chosen(item)))


def _main(sources: Mapping[str, str]) -> str:
    return printable(next(iter(sources)))
