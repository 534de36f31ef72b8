"""What verbs print as JSON, as models: the schemas in `schemas/` are made of them. Later versions may add keys."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from qplan import __version__
from qplan.plan.model import JudgedCheck


class Document(BaseModel):
    model_config = ConfigDict(frozen=True, json_schema_serialization_defaults_required=True)

    def text(self) -> str:
        """As it is printed."""
        return self.model_dump_json(indent=2) + "\n"


class Printed(Document):
    """A whole document of a verb, with what its readers may rely on."""

    format_version: Literal["1.0"] = "1.0"
    qplan_version: str = Field(default_factory=lambda: __version__)


class Finding(Document):
    """A finding about an inventory; its place is null where it is about the command line."""

    file: str
    line: int | None
    column: int | None
    code: str
    severity: str
    """error | warning"""
    address: str
    message: str
    found: str
    expected: str
    hint: str
    end_column: int | None
    """Behind the last character, on the same line."""
    suppressed: bool


class SuppressedFinding(Finding):
    """A finding that a comment suppresses."""

    reason: str


class FindingsSummary(Document):
    """How many findings there are."""

    errors: int
    warnings: int
    suppressed: int
    errors_not_shown: int
    """Left out by `--select` or `--ignore`; the inventory is invalid all the same."""


class Findings(Printed):
    """What `qplan validate --format json` prints."""

    files: tuple[str, ...]
    findings: tuple[Finding, ...]
    suppressed: tuple[SuppressedFinding, ...]
    summary: FindingsSummary


class BrokenRule(Document):
    """A rule that a plan breaks."""

    rule: str
    address: str
    found: str
    expected: str


class NotReproven(Document):
    """What the optimiser proved, as the plan states it; no re-check can prove that nothing is better."""

    status: str
    bound: float | None
    gap: float | None


class VerificationDocument(Printed):
    """What `qplan verify --format json` prints."""

    holds: bool
    only_figures_differ: bool
    """What the plan builds keeps every rule, `checks` apart; figures in it are out of date."""
    inventory_edited: bool
    """The inventory is another than the one that the plan was made from."""
    read_otherwise: tuple[str, ...]
    """Keys of the plan's `inventory` that are not so here, though the effective inventory is the same."""
    not_reproven: NotReproven
    violations: tuple[BrokenRule, ...]
    checks: tuple[JudgedCheck, ...]
    """How the inventory's checks come out, by id; none where the plan states figures or parts that are not so."""


class PartDocument(Document):
    """A program that qplan uses."""

    name: str
    version: str | None
    needed: bool
    works: bool
    said: str
    """What it is for, or what went wrong."""


class DoctorDocument(Printed):
    """What `qplan doctor --format json` prints."""

    python_version: str
    sound: bool
    """Everything that is needed works."""
    parts: tuple[PartDocument, ...]
    libraries: dict[str, str | None]
    """Versions by package."""


class ImportUpdate(Document):
    """Addresses in an inventory that was there."""

    added: tuple[str, ...]
    changed: tuple[str, ...]


class ImportFinding(Document):
    """A doubt about what was read; `line` is null where it is about no line."""

    code: str
    severity: str
    file: str
    line: int | None
    address: str
    message: str
    hint: str


class ImportDocument(Printed):
    """What `qplan import --format json` prints."""

    file: str
    written: bool
    read: tuple[str, ...]
    made: dict[str, int]
    """Entries by section."""
    update: ImportUpdate | None
    """Where an inventory was there."""
    findings: tuple[ImportFinding, ...]
    to_fill_in: tuple[str, ...]
    worth_stating: tuple[str, ...]
    next: tuple[str, ...]
    """Commands."""
