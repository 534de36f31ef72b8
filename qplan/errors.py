"""What qplan tells its user when something is wrong, and the exit codes that go with it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import IntEnum


class Exit(IntEnum):
    """Exit codes promised to users."""

    DONE = 0
    FAILED = 1
    USAGE = 2
    INVALID = 3
    INFEASIBLE = 4
    LIMIT = 5
    CHECK = 6
    CHANGED = 7
    LAYOUT = 8


@dataclass(frozen=True, order=True)
class Diagnostic:
    """One finding about an input file, at a place, with a stable code.

    `line` and `column` count from 1; 0 means that the place is not known (an override given on the command line).
    `message` is one sentence that says what was found and what was expected; `hint` is a remedy ("did you mean …").
    """

    file: str
    line: int
    column: int
    code: str
    severity: str  # "error" | "warning"
    address: str
    message: str
    found: str = ""
    expected: str = ""
    hint: str = ""
    end_column: int = 0  # behind the last character, on the same line; 0: not known
    reason: str = ""  # why it is suppressed; empty where it is not

    def text(self) -> str:
        """`file:line:column: severity[CODE]: message; hint`."""
        place = f"{self.file}:{self.line}:{self.column}" if self.line else self.file
        return f"{place}: {self.severity}[{self.code}]: {self.message}" + (f"; {self.hint}" if self.hint else "")


class QplanError(Exception):
    """A failure that is reported to the user in one message and ends with `exit_code`."""

    exit_code = Exit.FAILED
    diagnostics: tuple[Diagnostic, ...] = ()
    """What is wrong with the input, with its places; empty where the failure is another."""


class WrongUsage(QplanError):
    """An argument names nothing that there is, or contradicts another."""

    exit_code = Exit.USAGE


class InvalidInput(QplanError):
    """The inventory, its includes, a scenario or an override is invalid; carries every finding.

    `sources` is the text of every file read, by the name that findings give it, for showing the lines; `suppressed` are
    the findings that a comment suppresses.
    """

    exit_code = Exit.INVALID

    def __init__(
        self,
        diagnostics: tuple[Diagnostic, ...],
        sources: Mapping[str, str] | None = None,
        suppressed: tuple[Diagnostic, ...] = (),
    ) -> None:
        super().__init__("\n".join(d.text() for d in diagnostics))
        self.diagnostics = diagnostics
        self.sources = sources or {}
        self.suppressed = suppressed


class SolverFailed(QplanError):
    """The solver is missing, crashed, or returned what cannot be trusted."""
